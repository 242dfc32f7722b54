"""A file has one T; a cell's step, called once for each step with its state, goes through sequences of any length."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.structure import leaves

from .in_c import Library, pointer

RNG = np.random.default_rng(0)
W, U = tg.parameter(RNG.normal(size=(3, 4)), "W"), tg.parameter(0.3 * RNG.normal(size=(4, 4)), "U")


def own(x: Any, state: Any) -> Any:
    fast = np.tanh(x @ W + state["fast"] @ U)
    return fast + state["slow"], {"fast": fast, "slow": 0.9 * state["slow"] + 0.1 * fast}


STACK = tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2, rng=0, dtype=np.float64)
CELLS: dict[str, tuple[Any, Any]] = {
    "own": (own, {"fast": np.zeros((1, 4)), "slow": np.zeros((1, 4))}),
    "stack": (STACK, STACK.initial_state(1)),
}
STEPS = {name: cell for name, (cell, _) in CELLS.items()}
EXAMPLES = {name: (np.zeros((1, 3)), state) for name, (_, state) in CELLS.items()}
XS = {T: RNG.normal(size=(T, 1, 3)) for T in (1, 9)}


def assert_whole(name: str, T: int, outputs: Any, state: Any) -> None:
    cell, first = CELLS[name]
    ys, last = tg.unroll(cell, XS[T], first)
    np.testing.assert_allclose(np.reshape(outputs, ys.shape), ys.value, 1e-12, 1e-15, err_msg=name)
    for a, b in zip(state, leaves(last), strict=True):
        np.testing.assert_allclose(np.reshape(a, b.shape), b.value, 1e-12, 1e-15, err_msg=name)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_step_by_step_in_c(tmp_path: Path) -> None:
    library = Library(tmp_path, double=True)
    library.add("net", STEPS, EXAMPLES)
    library.build()
    for name, (_, first) in CELLS.items():
        for T, xs in XS.items():
            state, outputs = [np.array(s) for s in leaves(first)], np.zeros((T, 1, 4))
            for x, y in zip(xs, outputs, strict=True):
                arrays = [np.ascontiguousarray(x), *state, y, *state]
                assert not getattr(library.shared, f"net_{name}")(*map(pointer, arrays))
            assert_whole(name, T, outputs, state)
    assert "All sizes are fixed" in (tmp_path / "net.h").read_text()


RUN = """
import { readFileSync } from "node:fs";
import * as net from "./net.js";
const { calls } = JSON.parse(readFileSync("calls.json"));
const told = [];
for (const [name, xs, first] of calls) {
    const outputs = [];
    let state = first;
    for (const x of xs) {
        const results = Object.values(net[name](x, ...state));
        outputs.push(Array.from(results[0]));
        state = results.slice(1);
    }
    told.push([outputs, state.map((s) => Array.from(s))]);
}
let refused = "";
try { net.net_own([1, 2, 3, 4, 5, 6], [0, 0, 0, 0], [0, 0, 0, 0]); } catch (error) { refused = String(error); }
console.log(JSON.stringify({ told, refused }));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_step_by_step_in_javascript(tmp_path: Path) -> None:
    tg.export.js(STEPS, EXAMPLES, tmp_path / "net.js")
    cases = [(name, T) for name in CELLS for T in XS]
    firsts = {name: [np.asarray(s).reshape(-1).tolist() for s in leaves(first)] for name, (_, first) in CELLS.items()}
    calls = [[f"net_{name}", XS[T].tolist(), firsts[name]] for name, T in cases]
    (tmp_path / "calls.json").write_text(json.dumps({"calls": calls}))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.mjs").write_text(RUN)
    run = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not run.returncode, run.stderr
    answer = json.loads(run.stdout)
    for (name, T), (outputs, state) in zip(cases, answer["told"], strict=True):
        assert_whole(name, T, outputs, state)
    assert "RangeError: x: 3 numbers are expected, got 6; sizes are fixed" in answer["refused"]
