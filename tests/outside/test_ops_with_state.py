"""An op of the user's whose state changes later: compiled, value and gradient are of one state, and it is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

OUTSIDE = {"k": 1.0}


class Scale(tg.Op):
    def __init__(self) -> None:
        self.k, self.settings, self.array, self.own = 1.0, {"k": 1.0}, np.ones(1), SimpleNamespace(k=1.0)

    def factor(self) -> Any:
        return self.k

    def forward(self, x: Any) -> Any:
        return x * self.factor()

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * self.factor()


class ByADict(Scale):
    def factor(self) -> Any:
        return self.settings["k"]


class ByAnArray(Scale):
    def factor(self) -> Any:
        return self.array


class ByAnObject(Scale):
    def factor(self) -> Any:
        return self.own.k


class ByAGlobal(Scale):
    def factor(self) -> Any:
        return OUTSIDE["k"]


class ByItsClass(Scale):
    k = 1.0

    def factor(self) -> Any:
        return type(self).k


class Counting(Scale):
    calls = 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return x * self.factor()


CHANGES: dict[type[Scale], Any] = {
    Scale: lambda op, k: setattr(op, "k", k),
    ByADict: lambda op, k: op.settings.update(k=k),
    ByAnArray: lambda op, k: op.array.fill(k),
    ByAnObject: lambda op, k: setattr(op.own, "k", k),
    ByAGlobal: lambda op, k: OUTSIDE.update(k=k),
    ByItsClass: lambda op, k: setattr(ByItsClass, "k", k),
    Counting: lambda op, k: setattr(op, "k", k),
}
ONE_STATE = (Scale, ByADict, ByAnArray)
WAYS: dict[str, Any] = {
    "an attribute": lambda op: SimpleNamespace(op=op).op.__call__,
    "a loop": lambda op: lambda w: tg.unroll(lambda x, h: (op(x + h),) * 2, np.zeros((2, 2)), w)[1],
}


def differentiated(op: Any, w: tg.Node, backend: str) -> Any:
    return tg.compile(tg.value_and_grad(lambda: tg.sum(op(w)), w), backend=backend)


@each_backend
@each("way", [*WAYS])
@each("kind", [*CHANGES])
def test_a_change_is_told_at_the_next_look(kind: type[Scale], way: str, backend: str) -> None:
    if way == "a loop" and kind not in ONE_STATE:
        return
    op, w = kind(), tg.parameter([1.0, 1.0])
    CHANGES[kind](op, 1.0)
    f = differentiated(WAYS[way](op), w, backend)
    for _ in range(3):
        value, gradient = f()
        assert value == 2.0 and gradient.tolist() == [1.0, 1.0]
    CHANGES[kind](op, 6.0)
    if kind in ONE_STATE:
        value, gradient = f()
        assert value == 2.0 and gradient.tolist() == [1.0, 1.0]
    else:
        f()
    with pytest.raises(tg.GraphError, match="that the function reaches by itself has changed"):
        f()
    value, gradient = differentiated(WAYS[way](op), w, backend)()
    factor = 36.0 if way == "a loop" else 6.0
    assert value == 2 * factor and gradient.tolist() == [factor, factor]
    CHANGES[kind](op, 1.0)


@each_backend
def test_what_forward_alone_reads_and_sets_is_read_at_each_call(backend: str) -> None:
    class Shifted(tg.Op):
        def __init__(self) -> None:
            self.shift, self.calls = 0.0, 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return x + self.shift

        def backward(self, gz: Any, z: Any, x: Any) -> Any:
            return gz

    op, w = Shifted(), tg.parameter([1.0, 1.0])
    f = differentiated(op, w, backend)
    for k in range(9):
        op.shift, before = float(k), op.calls
        value, gradient = f()
        assert value == 2.0 + 2 * k and gradient.tolist() == [1.0, 1.0] and op.calls > before
