"""Views of arrays of numbers, written in part or all: what has read them before keeps what it read; gradients too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

P = np.array([1.0, 2.0, 3.0])
VIEWS: dict[str, Any] = {
    "a row": lambda z: z[0],
    "a row from the end": lambda z: z[-1, ::-1],
    "a column": lambda z: z[:, 1],
    "a part of a row": lambda z: z[1:2, :].reshape(3),
    "a turned row": lambda z: z.T[:, 2],
    "a diagonal block": lambda z: z[0:1, 0:3][0],
    "a flat part": lambda z: z.reshape(9)[3:6],
    "a view of a view": lambda z: z[1:][0][:],
}
WRITES: dict[str, Any] = {
    "one number": lambda v: v.__setitem__(1, 5.0),
    "a part": lambda v: v.__setitem__(slice(0, 2), [7.0, 8.0]),
    "all": lambda v: v.__setitem__(..., 4.0),
    "places": lambda v: v.__setitem__([0, 2], [6.0, 9.0]),
    "a mask": lambda v: v.__setitem__(np.array([True, False, True]), 3.0),
    "a sum": lambda v: v.__iadd__(10.0),
    "a part of it": lambda v: v[1:].__imul__(3.0),
    "by copyto": lambda v: np.copyto(v, [1.5, 2.5, 3.5]),
}


def run(p: Any, view: Any, write: Any, node: bool) -> Any:
    z = np.array(np.arange(9.0).reshape(3, 3))
    if node:
        z[2, 2] = p[0]
    v = view(z)
    before, through = v * p, z[1] * p
    write(v)
    after = v * p
    whole = np.sum(z * p[:, None])
    write(view(z)[::-1])
    return np.sum(before) + 2 * np.sum(through) + 3 * np.sum(after) + 4 * whole + 5 * np.sum(z * p)


@each("view", list(VIEWS))
@each("write", list(WRITES))
@each("node", [False, True])
def test_readers_keep_what_they_read_and_later_ones_see_what_was_written(view: str, write: str, node: bool) -> None:
    parts = VIEWS[view], WRITES[write], node
    y = tg.recorded(run)(w := tg.parameter(P), *parts)
    assert y.item() == pytest.approx(run(P, *parts), rel=1e-13)
    step = 1e-6 * np.eye(3)
    due = [(run(P + d, *parts) - run(P - d, *parts)) / 2e-6 for d in step]
    np.testing.assert_allclose(tg.grad(y, w).value, due, rtol=1e-7)


@each("view", list(VIEWS))
@each("write", list(WRITES))
def test_compiled_they_are_the_same(view: str, write: str) -> None:
    if view in ("a row", "a flat part") or write == "a part":
        parts = VIEWS[view], WRITES[write], True
        compiled = tg.compile(lambda x: tg.recorded(run)(x, *parts), backend="numpy")
        assert compiled(P) == pytest.approx(run(P, *parts), rel=1e-13)
