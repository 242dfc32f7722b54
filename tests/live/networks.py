"""Models for live pages, and what they compute, step by step in tinygraph itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.live.page import LivePage

T, H = 7, 4
XS = np.random.default_rng(0).normal(size=(T, 3))
TARGETS = np.random.default_rng(1).normal(size=(T, H))
NETWORK = Path(tg.__file__).parent / "live" / "shown" / "network.js"

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


class Leaky(tg.cells.Cell):
    """A cell of one's own: no name of it is known to anyone."""

    def __init__(self, input_size: int, hidden_size: int, **options: Any) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.inner = self.weight(hidden_size, input_size)
        self.outer = self.weight(hidden_size, hidden_size, init="orthogonal")

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        candidate = tg.tanh(x @ self.inner.T + h @ self.outer.T)
        h = 0.3 * h + 0.7 * candidate
        return h, h


class Speller(tg.Module):
    """Ids to ids, with an embedding and a head around a cell."""

    def __init__(self, size: int) -> None:
        self.embed = tg.Embedding(size, 3, rng=0, dtype=np.float64)
        self.cell = tg.cells.GRU(3, H, rng=1, dtype=np.float64)
        self.head = tg.Linear(H, size, rng=2, dtype=np.float64)

    def __call__(self, ids: Any) -> Any:
        return self.head(tg.unroll(self.cell, self.embed(ids))[0])


class Judge(tg.Module):
    """One answer at the end of the sequence, from two layers."""

    def __init__(self) -> None:
        cells = [tg.cells.LSTM(3, H, rng=0, dtype=np.float64), tg.cells.RNN(H, H, rng=1, dtype=np.float64)]
        self.layer, self.head = tg.Recurrent(tg.cells.Stack(cells)), tg.Linear(H, 2, rng=2, dtype=np.float64)

    def __call__(self, xs: Any) -> Any:
        return self.head(self.layer(xs)[0][-1])


def in_node(folder: Path, page: LivePage, code: str) -> Any:
    """What code prints as JSON, with the page's network as ``net``."""
    parts = page.module, NETWORK.read_text(encoding="utf-8"), f"const data = {json.dumps(page.data)};"
    (folder / "page.mjs").write_text("\n".join([*parts, "const net = network(data);", code]), encoding="utf-8")
    run = subprocess.run(["node", "page.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


NUMBERS = """
const told = () => [net.loss, net.steps.map((s) => s.after.map((x) => [...x])),
    net.steps.map((s) => s.d.after.map((x) => [...x])), net.gradients.map((g) => [...g])];
"""


def stepped(cell: Any, *, cut: int = T, zero: tuple[int, int, int] | None = None, targets: Any = TARGETS) -> Any:
    """Loss, states and their gradients of each step, and gradients of the weights, from a loop over the steps.

    ``zero``: a state, a unit of it and a step: it is held at zero, for a cell whose output is its first state.
    """
    state, total, states = cell.initial_state(1), 0.0, []
    for t in range(T):
        own = [tg.stop_gradient(s) if t and t % cut == 0 else s for s in _parts(state)]
        y, state = cell(tg.constant(XS[t][None]), own[0] if not isinstance(state, tuple) else tuple(own))
        own = list(_parts(state))
        if zero is not None and zero[2] == t:
            mask = np.ones((1, H))
            mask[0, zero[1]] = 0
            own[zero[0]] = own[zero[0]] * mask
            state, y = (tuple(own) if isinstance(state, tuple) else own[0]), own[0]
        states.append(own)
        total = total + tg.mean((y - targets[t][None]) ** 2) / T
    weights = list(cell.parameters().values())
    flat = [s for own in states for s in own]
    slopes = [g.value for g in tg.grad(total, [*flat, *weights], strict=False)]
    k = len(states[0])
    rows = [[g.ravel() for g in slopes[t * k : t * k + k]] for t in range(T)]
    numbers = [[s.value.ravel() for s in own] for own in states]
    return total.item(), numbers, rows, [g.ravel() for g in slopes[len(flat) :]]


def _parts(state: Any) -> tuple[Any, ...]:
    return state if isinstance(state, tuple) else (state,)


def same(got: Any, expected: Any, tolerance: float = 1e-11) -> None:
    """Nested lists of numbers are equal."""
    if isinstance(expected, (list, tuple)):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            same(a, b, tolerance)
    else:
        np.testing.assert_allclose(np.array(got, float), expected, tolerance, tolerance)
