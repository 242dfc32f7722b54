"""Every cell of the index as a live page: its loss, states and truncated gradients are those of `tg.unroll`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.house.map import CELLS

from .networks import NETWORK, T, needs_node, same

ODD = ("ClockworkRNN", "IndRNN", "LayerNormLSTM", "LMU", "LRU", "MCLSTM", "PhasedLSTM", "RHN", "SCRN", "minLSTM")
"""Cells that differ in their states: of other sizes, with counters, with phases, in pairs."""
RUN = """
const all = {};
for (const name of NAMES) {
    const { network, data } = await import(`./${name}.mjs`), net = network(data);
    net.cut = 3;
    net.run();
    all[name] = [net.loss, net.gradients.map((g) => [...g]), net.steps.at(-1).after.map((x) => [...x])];
}
console.log(JSON.stringify(all));
"""
INPUTS = np.random.default_rng(2).normal(size=(T, 1, 8))


def compared(folder: Path, names: list[str]) -> None:
    cells = {name: getattr(tg.cells, name)(8, 8, rng=0, dtype=np.float64) for name in names}
    for name, cell in cells.items():
        page = tg.draw.live(cell, INPUTS)
        data = f"export const data = {json.dumps(page.data)};"
        text = "\n".join([page.module, NETWORK.read_text(encoding="utf-8"), data, "export { network };"])
        (folder / f"{name}.mjs").write_text(text, encoding="utf-8")
    (folder / "run.mjs").write_text(f"const NAMES = {json.dumps(names)};{RUN}")
    run = subprocess.run(["node", "run.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    computed = json.loads(run.stdout)
    failures = [name for name, cell in cells.items() if not _is_ours(cell, computed[name])]
    assert not failures


def _is_ours(cell: Any, computed: Any) -> bool:
    outputs, last = tg.unroll(cell, INPUTS, truncate=3)
    loss, weights = tg.mean(outputs**2), [*cell.parameters().values()]
    slopes = [g.value.ravel() for g in tg.grad(loss, weights, strict=False)]
    states = [s.value.ravel() for s in (last if isinstance(last, tuple) else (last,))]
    try:
        same(computed, [loss.item(), slopes, states], 1e-10)
    except AssertionError:
        return False
    return True


@needs_node
def test_cells_with_odd_states(tmp_path: Path) -> None:
    compared(tmp_path, list(ODD))


@needs_node
@pytest.mark.slow
def test_every_cell(tmp_path: Path) -> None:
    compared(tmp_path, CELLS)
