"""A relu of the user's that keeps its mask somewhere, and what all of its kind are held to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg

W = np.array([1.0, -2.0, 3.0])


class Base(tg.Op):
    """relu, whose mask is kept by `put` and read by `get`, on what `start` makes."""

    start: Any = list

    def __init__(self) -> None:
        self.keep = type(self).start()

    def forward(self, x: Any) -> Any:
        self.put(x > 0)
        return x * self.get()

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * self.get()


def assert_refused_compiled(relu: Any, backend: str) -> None:
    """What the gradient needs would be that of the last call: the error says so."""
    w = tg.parameter(W)
    with pytest.raises(tg.GraphError, match=r"forward sets self\.[\s\S]*compute it in backward"):
        tg.compile(lambda k: tg.grad(tg.sum(relu(w * k)), w), backend=backend)(np.ones(3))
