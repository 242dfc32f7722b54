"""What an op of the user's own keeps on ``self`` in whatever form: each call has the gradient of its own forward."""

from __future__ import annotations

from collections import deque, namedtuple
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.core.keeping import Base, W, assert_refused_compiled
from tests.each import each

Pair = namedtuple("Pair", "mask size")


class Context:
    mask: Any


class InAList(Base):
    def put(self, mask: Any) -> None:
        self.keep[:] = [mask]

    def get(self) -> Any:
        return self.keep[-1]


class ReadInALambda(Base):
    """What a function within the method names is named by the method."""

    def put(self, mask: Any) -> None:
        self.keep[:] = [mask]

    def get(self) -> Any:
        return (lambda: self.keep[-1])()


def _put(op: Any, mask: Any) -> None:
    op.keep[:] = [mask]


class ByAFunction(Base):
    """Functions beside the class have ``self``; one calls itself."""

    def put(self, mask: Any) -> None:
        _put(self, mask)

    def get(self) -> Any:
        return _got(self, 3)


def _got(op: Any, depth: int) -> Any:
    return _got(op, depth - 1) if depth else op.keep[-1]


class ByAProperty(Base):
    def put(self, mask: Any) -> None:
        self.last = mask

    @property
    def last(self) -> Any:
        return self.keep[-1]

    @last.setter
    def last(self, mask: Any) -> None:
        self.keep[:] = [mask]

    def get(self) -> Any:
        return self.last


class ByAClassMethod(Base):
    @classmethod
    def filled(cls, op: Any, mask: Any) -> None:
        op.keep[:] = [mask]

    def put(self, mask: Any) -> None:
        self.filled(self, mask)

    @staticmethod
    def of(op: Any) -> Any:  # type: ignore[override]
        return op.keep[-1]

    def get(self) -> Any:
        return self.of(self)


class InABufferOfAnotherClass(Base):
    @staticmethod
    def start() -> Any:
        return np.ma.array(np.zeros(3))

    def put(self, mask: Any) -> None:
        self.keep[:] = mask

    def get(self) -> Any:
        return np.asarray(self.keep)


class InAListThatHoldsItself(InAList):
    def put(self, mask: Any) -> None:
        self.keep[:] = [self.keep, self.keep, mask]


class InADict(Base):
    start = dict

    def put(self, mask: Any) -> None:
        self.keep["mask"] = mask

    def get(self) -> Any:
        return self.keep["mask"]


class InAListOfADict(Base):
    @staticmethod
    def start() -> Any:
        return {"of": [None]}

    def put(self, mask: Any) -> None:
        self.keep["of"][0] = Pair(mask, mask.size)

    def get(self) -> Any:
        return self.keep["of"][0].mask


class InADeque(InAList):
    start = deque

    def put(self, mask: Any) -> None:
        self.keep.append(mask)


class InANamespace(Base):
    start = SimpleNamespace

    def put(self, mask: Any) -> None:
        self.keep.mask = mask

    def get(self) -> Any:
        return self.keep.mask


class InAnObject(InANamespace):
    start = Context

    def put(self, positive: Any) -> None:
        self.keep.mask = positive


class InABuffer(Base):
    @staticmethod
    def start() -> Any:
        return [np.zeros(3)]

    def put(self, mask: Any) -> None:
        self.keep[0][:] = mask

    def get(self) -> Any:
        return self.keep[0]


class InABufferOfATuple(InABuffer):
    @staticmethod
    def start() -> Any:
        return (np.zeros(3),)


class InAnArrayOfObjects(Base):
    @staticmethod
    def start() -> Any:
        return np.array([[], None], object)

    def put(self, mask: Any) -> None:
        self.keep[0][:], self.keep[1] = [mask], mask

    def get(self) -> Any:
        return self.keep[0][-1] & self.keep[1]


class OnItself(Base):
    def put(self, mask: Any) -> None:
        self.mask = mask

    def get(self) -> Any:
        return self.mask


class Popping(tg.Op):
    """It takes from a stack what `forward` put there."""

    def __init__(self) -> None:
        self.stack: list[Any] = []

    def forward(self, x: Any) -> Any:
        self.stack.append(x > 0)
        return x * self.stack[-1]

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * self.stack.pop()


KEEPING = [InAList, ReadInALambda, InADict, InAListOfADict, InADeque, InANamespace, InAnObject, InABuffer, OnItself]
KEEPING += [InABufferOfATuple, InABufferOfAnotherClass, InAnArrayOfObjects, InAListThatHoldsItself, Popping]
KEEPING += [ByAFunction, ByAProperty, ByAClassMethod]


@each("op", KEEPING)
def test_each_call_has_the_gradient_of_its_own_forward(op: Any) -> None:
    relu, w = op(), tg.parameter(W)
    one, other = relu(w), relu(-w)
    for _ in range(2):
        np.testing.assert_array_equal(tg.grad(tg.sum(one), w).value, [1.0, 0.0, 1.0])
        np.testing.assert_array_equal(tg.grad(tg.sum(other), w).value, [0.0, -1.0, 0.0])
    (tg.sum(one) + 3 * tg.sum(other)).backward()
    np.testing.assert_array_equal(w.grad, [1.0, -3.0, 1.0])


@each("backend", ["numpy", "native"])
@each("op", KEEPING)
def test_compiled_it_is_refused(op: Any, backend: str) -> None:
    assert_refused_compiled(op(), backend)


def test_a_large_buffer_that_is_filled_again_is_refused() -> None:
    class Large(InABuffer):
        @staticmethod
        def start() -> Any:
            return [np.zeros(200_000)]

    class Direct(OnItself):
        mask = np.zeros(200_000)

        def put(self, mask: Any) -> None:
            self.mask = self.mask
            self.mask[:] = mask

    w = tg.parameter(np.where(np.arange(200_000) % 2, 1.0, -1.0))
    for relu in (Large(), Direct()):
        last = relu(w)
        np.testing.assert_array_equal(tg.grad(tg.sum(last), w).value, w.value > 0)
        first, _ = last, relu(-w)
        with pytest.raises(tg.GraphError, match=r"more than 1 MiB[\s\S]*self\.mask = x > 0"):
            tg.grad(tg.sum(first), w)


@each("size, large", [((1 << 17) - 1, False), (1 << 17, False), ((1 << 17) + 1, True)])
def test_from_one_mebibyte_on_a_buffer_is_large(size: int, large: bool) -> None:
    class Buffered(InABuffer):
        @staticmethod
        def start() -> Any:
            return [np.zeros(size)]

    w = tg.parameter(np.where(np.arange(size) % 2, 1.0, -1.0))
    relu = Buffered()
    first, _ = relu(w), relu(-w)
    if large:
        with pytest.raises(tg.GraphError, match="of more than 1 MiB was written to"):
            tg.grad(tg.sum(first), w)
    else:
        np.testing.assert_array_equal(tg.grad(tg.sum(first), w).value, w.value > 0)


def test_a_list_that_backward_alone_writes_stays_the_users() -> None:
    class Probe(tg.Op):
        def __init__(self) -> None:
            self.norms: list[float] = []

        def forward(self, x: Any) -> Any:
            return x

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            self.norms.append(float(np.abs(gz).max()))
            return gz

    probe, w = Probe(), tg.parameter(W)
    tg.sum(probe(probe(w) * 2)).backward()
    assert probe.norms == [1.0, 2.0]
