"""The copies of what an op of the user's own keeps on ``self``: equal calls share one."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.core.keeping import W
from tests.each import each
from tinygraph.core.kept_state import SAMPLE, _digest


class Kept(tg.Op):
    """The gradient is what is kept, and nothing else."""

    def __init__(self, kept: Any) -> None:
        self.kept = kept

    def forward(self, x: Any) -> Any:
        return x + 0 * np.sum(self.kept)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * np.resize(np.asarray(self.kept, float), 2)


@each("kept", [3, 2.5, np.ones(2), np.float32(2), np.arange(4.0).reshape(2, 2)])
def test_equal_calls_share_one_copy_of_the_op(kept: Any) -> None:
    op, w = Kept(kept), tg.parameter([1.0, 2.0])
    nodes = [op(w) for _ in range(4)]
    assert len({id(node.op) for node in nodes}) == 1
    assert vars(nodes[0].op).keys() == {"kept"}  # no chain of the calls before


@each(
    "first, second",
    [
        (np.array([0.0, 1.0]), np.array([0.0, 1.0]).view(np.int64)),
        (np.array([[1.0, 2.0]]), np.array([1.0, 2.0])),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0])),
        (2, 3),
    ],
)
def test_calls_that_differ_share_none(first: Any, second: Any) -> None:
    op, w = Kept(first), tg.parameter([1.0, 2.0])
    one = op(w)
    op.kept = second
    other = op(w)
    for node, kept in ((one, first), (other, second)):
        assert np.shape(node.op.kept) == np.shape(kept)
        assert np.asarray(node.op.kept).dtype == np.asarray(kept).dtype
        gradient = tg.grad(tg.sum(node), w).value
        np.testing.assert_array_equal(gradient, np.resize(np.asarray(kept, float), 2))


@each("backend", ["numpy", "native"])
def test_numbers_that_forward_sets_are_refused_compiled(backend: str) -> None:
    class Named(tg.Op):
        def __init__(self) -> None:
            self.a = self.b = self.c = self.d = 0.0

        def forward(self, x: Any) -> Any:
            self.d, self.c, self.b, self.a = (float(x.max()) + k for k in range(4))
            return x * self.a

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            return gz * (self.a + self.b + self.c + self.d)

    w, op = tg.parameter(W), Named()
    with pytest.raises(tg.GraphError, match=r"^named: forward sets self\.a, which"):
        tg.compile(lambda k: tg.grad(tg.sum(op(w * k)), w), backend=backend)(np.ones(3))


def test_of_a_large_array_some_elements_are_compared() -> None:
    assert SAMPLE <= len(_digest(np.zeros(200_000))) / 8 < 2 * SAMPLE
    words = np.full(300, "", "U2000")
    before = _digest(words)
    words[1] = "other"
    assert _digest(words) != before


@each("kept", [list, dict, set, deque])
def test_what_is_empty_at_the_call_is_empty_in_its_gradient(kept: Any) -> None:
    class Counting(tg.Op):
        def __init__(self) -> None:
            self.kept = kept()

        def forward(self, x: Any) -> Any:
            return x * (1 + len(self.kept))

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            return gz * (1 + len(self.kept))

    op, w = Counting(), tg.parameter(W)
    for count in range(3):
        y = op(w)
        (op.kept.update({count: 0}) if kept is dict else getattr(op.kept, "add" if kept is set else "append")(count))
        np.testing.assert_array_equal(tg.grad(tg.sum(y), w).value, np.full(3, 1.0 + count))


def test_large_gradients_that_backward_alone_keeps() -> None:
    class Probe(tg.Op):
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def forward(self, x: Any) -> Any:
            return x * 2

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            self.seen.append(gz)
            return gz * 2

    probe, w = Probe(), tg.parameter(np.ones(200_000))
    for _ in range(3):
        tg.sum(probe(probe(w))).backward()
    assert len(probe.seen) == 6
