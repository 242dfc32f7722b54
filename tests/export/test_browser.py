"""An ES module in a browser: it is imported, computes and trains there as in Python, and says what is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
XS = np.random.default_rng(0).normal(size=(4, 1, 2)).astype(np.float32)
IN_PAGE = """async ([text, xs, targets]) => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const module = await import(url);
    const model = module.start();
    const losses = [];
    for (let k = 0; k < 5; k++) losses.push(module.net_train(model, xs, targets).loss);
    return [losses, Array.from(module.net_run(model, xs).y), module.shapes.net_run.outputs.y];
}"""


def network() -> tuple[Any, Any]:
    """A layer with a head, and its training step."""
    cell, head = tg.cells.LEM(2, 5, rng=0), tg.Linear(5, 1, rng=1)
    parameters = [*cell.parameters().values(), *head.parameters().values()]

    def run(xs: Any) -> Any:
        return head(tg.unroll(cell, xs)[0])

    def loss_of(xs: Any, targets: Any) -> Any:
        loss = tg.mean((run(xs) - targets) ** 2)
        return loss  # noqa: RET504  its name is that of the result

    return run, tg.train.step(loss_of, parameters, tg.train.Adam(parameters, learning_rate=0.05), backend="numpy")


def test_in_a_browser(tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH: apt install chromium")
    run, step = network()
    targets = np.zeros((4, 1, 1), np.float32)
    tg.export.js({"run": run, "train": step}, {"run": XS, "train": (XS, targets)}, tmp_path / "net.js")
    losses = [step(XS, targets).item() for _ in range(5)]
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless"])
        page = browser.new_page()
        text = (tmp_path / "net.js").read_text()
        got, prediction, shape = page.evaluate(IN_PAGE, [text, XS.tolist(), targets.tolist()])
        browser.close()
    np.testing.assert_allclose(got, losses, 1e-5)
    np.testing.assert_allclose(prediction, run(tg.constant(XS)).value.reshape(-1), 1e-4, 1e-5)
    assert shape == [4, 1, 1]


CHECKS = """
import { step, shapes } from "./step.js";
const told = [];
for (const call of [[[1, 2], 0.5], [undefined, 1], ["text", 1], [[[1, 2, 3]], 2], [new Float32Array(3), 2]]) {
    try { told.push(Array.from(step(...call).y)); } catch (error) { told.push(`${error.name}: ${error.message}`); }
}
console.log(JSON.stringify([told, shapes]));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_it_takes_any_array_of_the_size_and_says_what_is_wrong(tmp_path: Path) -> None:
    tg.export.js(lambda x, by: x * by, (np.ones((1, 3), np.float32), 2.0), tmp_path / "step.js")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.mjs").write_text(CHECKS)
    run = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True)
    told, shapes = json.loads(run.stdout)
    assert told[0].startswith("RangeError: x: 3 numbers are expected, got 2; sizes are fixed")
    assert told[1].startswith("RangeError: x: 3 numbers are expected, got undefined; sizes are fixed")
    assert told[2].startswith("RangeError: x: 3 numbers are expected, got 4; sizes are fixed")
    assert told[3:] == [[2, 4, 6], [0, 0, 0]]
    assert shapes == {"step": {"inputs": {"x": [1, 3], "by": []}, "outputs": {"y": [1, 3]}}}
    assert " * @param {Float32Array} x  shape [1, 3]" in (tmp_path / "step.js").read_text()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_weights_in_8_bits(tmp_path: Path) -> None:
    from tests.targets.js import run_in_node

    cell = tg.cells.LSTM(8, 16, rng=0)
    x = np.linspace(-1, 1, 8, dtype=np.float32)[None]
    for name, int8 in (("whole", False), ("small", True)):
        tg.export.js(cell, x, tmp_path / f"{name}.js", int8=int8)
    zeros = np.zeros(16).tolist()
    results = run_in_node(tmp_path, {name: [x.tolist(), zeros, zeros] for name in ("whole", "small")})
    whole, small = (np.array(results[name][0]) for name in ("whole", "small"))
    assert 0 < np.abs(whole - small).max() < 0.02 * np.abs(whole).max()
    sizes = [(tmp_path / f"{name}.js").stat().st_size for name in ("whole", "small")]
    assert sizes[1] < 0.6 * sizes[0]
