"""What an op of the user's own keeps in objects that it does not copy: the gradient is that of the call, or refused."""

from __future__ import annotations

import logging
from array import array
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.core.keeping import Base, W, assert_refused_compiled
from tests.each import each


class Gate:
    """The pattern of many articles: it keeps what its gradient needs, and the gradients of its own weights."""

    def forward(self, x: Any) -> Any:
        self.mask = x > 0
        return x * self.mask

    def backward(self, gz: Any) -> Any:
        self.largest = float(np.abs(gz).max())
        return gz * self.mask


class Relu(tg.Op):
    def forward(self, x: Any) -> Any:
        self.mask = x > 0
        return x * self.mask

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * self.mask


class OfAGate(tg.Op):
    def __init__(self) -> None:
        self.gate = Gate()

    def forward(self, x: Any) -> Any:
        return self.gate.forward(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return self.gate.backward(gz)


class OfGates(OfAGate):
    def __init__(self) -> None:
        self.gates = {"one": [Gate()]}

    @property
    def gate(self) -> Any:  # type: ignore[override]
        return self.gates["one"][0]


class OfAnOp(tg.Op):
    def __init__(self) -> None:
        self.relu = Relu()

    def forward(self, x: Any) -> Any:
        return self.relu.forward(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return self.relu.backward(gz, z, x)


class Slots:
    __slots__ = ("mask",)


class InSlots(Base):
    start = Slots

    def put(self, mask: Any) -> None:
        self.keep.mask = mask

    def get(self) -> Any:
        return self.keep.mask


class Store:
    def __init__(self) -> None:
        self.buffer = np.zeros(3)


class InABufferOfAnObject(Base):
    start = Store

    def put(self, mask: Any) -> None:
        self.keep.buffer[:] = mask

    def get(self) -> Any:
        return self.keep.buffer


class InABufferOfSlots(InABufferOfAnObject):
    start = type("Slotted", (), {"__slots__": ("buffer",), "__init__": Store.__init__})


class Worded:
    """It keeps a text, which is replaced and not changed."""

    signs = ""

    def forward(self, x: Any) -> Any:
        self.signs = "".join("01"[int(positive)] for positive in x > 0)
        return self.backward(x)

    def backward(self, gz: Any) -> Any:
        return gz * np.array([sign == "1" for sign in self.signs])


class OfAText(OfAGate):
    def __init__(self) -> None:
        self.gate: Any = Worded()


class InBytes(Base):
    @staticmethod
    def start() -> Any:
        return bytearray(3)

    def put(self, mask: Any) -> None:
        self.keep[:] = mask.tobytes()

    def get(self) -> Any:
        return np.frombuffer(bytes(self.keep), bool)


class InAnArrayOfPython(Base):
    @staticmethod
    def start() -> Any:
        return array("d", [0.0, 0.0, 0.0])

    def put(self, mask: Any) -> None:
        self.keep[:] = array("d", mask.astype(float))

    def get(self) -> Any:
        return np.array(self.keep)


KEEPING = [
    OfAGate,
    OfGates,
    OfAnOp,
    OfAText,
    InSlots,
    InABufferOfAnObject,
    InABufferOfSlots,
    InBytes,
    InAnArrayOfPython,
]


@each("op", KEEPING)
def test_a_gradient_after_the_next_call_is_refused(op: Any) -> None:
    relu, w = op(), tg.parameter(W)
    for _ in range(2):
        one = relu(w)
        for _ in range(2):
            np.testing.assert_array_equal(tg.grad(tg.sum(one), w).value, [1.0, 0.0, 1.0])
    other = relu(-w)
    with pytest.raises(
        tg.GraphError, match=r"^\w+: what self\.\w+ holds was written to after the call\n.*make a new one"
    ):
        tg.grad(tg.sum(one), w)
    np.testing.assert_array_equal(tg.grad(tg.sum(other), w).value, [0.0, -1.0, 0.0])


@each("backend", ["numpy", "native"])
@each("op", KEEPING)
def test_compiled_it_is_refused(op: Any, backend: str) -> None:
    assert_refused_compiled(op(), backend)


def test_a_new_object_at_each_call_is_that_of_the_call() -> None:
    class New(OfAGate):
        def forward(self, x: Any) -> Any:
            self.gate = Gate()
            return self.gate.forward(x)

    relu, w = New(), tg.parameter(W)
    one, other = relu(w), relu(-w)
    np.testing.assert_array_equal(tg.grad(tg.sum(one), w).value, [1.0, 0.0, 1.0])
    np.testing.assert_array_equal(tg.grad(tg.sum(other), w).value, [0.0, -1.0, 0.0])


def test_what_backward_alone_sets_on_an_object_stays_the_users() -> None:
    class Counter:
        def __init__(self) -> None:
            self.calls, self.norms = 0, []

        def factor(self) -> int:
            return 2 if self.calls >= 0 else 3

        def note(self, gz: Any) -> None:
            self.calls += 1
            self.norms.append(float(np.abs(gz).max()))

    class Counting(tg.Op):
        """Forward and backward read the count, and draw and log; `backward` alone changes it."""

        def __init__(self) -> None:
            self.counter, self.rng, self.log = Counter(), np.random.default_rng(0), logging.getLogger("counting")

        def forward(self, x: Any) -> Any:
            self.log.debug("forward %d", self.rng.integers(3))
            return x * self.counter.factor()

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            self.log.info("backward %d", self.rng.integers(3))
            self.counter.note(gz)
            return gz * self.counter.factor()

    counting, w = Counting(), tg.parameter(W)
    one, other = counting(w), counting(counting(w))
    tg.sum(one).backward()
    tg.sum(other).backward()
    assert counting.counter.norms == [1.0, 1.0, 2.0]
    np.testing.assert_array_equal(w.grad, [6.0, 6.0, 6.0])
    gated = OfAGate()
    tg.sum(gated(w) * 5.0).backward()
    assert gated.gate.largest == 5.0


def test_a_large_array_that_backward_alone_reads_is_that_of_the_call_or_refused() -> None:
    class Weighted(tg.Op):
        def __init__(self) -> None:
            self.weights = np.full(200_000, 2.0)

        def forward(self, x: Any) -> Any:
            return 2.0 * x

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            return gz * self.weights

    op, w = Weighted(), tg.parameter(np.ones(200_000))
    first = op(w)
    np.testing.assert_array_equal(tg.grad(tg.sum(first), w).value, op.weights)
    op.weights[:] = 7.0
    with pytest.raises(tg.GraphError, match=r"an array on self of more than 1 MiB was written to after the call"):
        tg.grad(tg.sum(first), w)
