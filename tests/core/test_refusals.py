"""What a node refuses, in words of its own and not of numpy; buffers and settings of the ops of users."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

X = tg.parameter(np.arange(6.0).reshape(2, 3), "x")


def while_compiled(change: Callable[[], Any]) -> Callable[[], Any]:
    def call() -> Any:
        def fn(a: Any) -> Any:
            change()
            return X * a

        return tg.compile(fn, backend="numpy")(1.0)

    return call


def _sets_grad() -> None:
    X.grad = np.zeros((2, 3))


def _sets_value() -> None:
    X.value = np.zeros((2, 3))


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "truth of many": (lambda: bool(X > 2), r"neither true nor false[\s\S]*one element[\s\S]*np.any"),
    "truth of none": (lambda: bool(X[:0]), "neither true nor false"),
    "length of a number": (lambda: len(X[0, 0]), "holds one number and has no length"),
    "steps of a number": (lambda: list(X[0, 0]), "holds one number and has no length"),
    "one of many": (X.item, r"'x' is not one number[\s\S]*one element[\s\S]*\(2, 3\)"),
    "one beyond": (lambda: X.item(6), r"item of parameter 'x'[\s\S]*\(2, 3\), "),
    "digits of many": (lambda: f"{X:.2f}", r"is not one number[\s\S]*\(2, 3\)[\s\S]*x.value.round"),
    "digits of a wrong form": (lambda: f"{X[0, 0]:q}", r"is not written so[\s\S]*'q'"),
    "a value": (lambda: setattr(X * 2, "value", 1), "only a parameter's value can be set"),
    "a memo": (lambda: X.__deepcopy__(3), r"the memo is a dict[\s\S]*int"),  # type: ignore[arg-type]
    "a deep copy": (lambda: copy.deepcopy([X * 2]), "its copy would lose its gradient"),
    "a pickle": (lambda: pickle.dumps(X * 2), "its copy would lose its gradient"),
    "a gradient read": (while_compiled(lambda: X.grad), r"\.grad of parameter 'x' was read while"),
    "a gradient set": (while_compiled(_sets_grad), r"\.grad of parameter 'x' was set while a function is compiled"),
    "a value set": (while_compiled(_sets_value), "while a function is compiled"),
}


@each("name", REFUSED)
def test_what_is_refused_is_told(name: str) -> None:
    call, words = REFUSED[name]
    with pytest.raises(tg.GraphError, match=words):
        call()
    assert X.grad is None and X.value[1, 2] == 5


def test_new_values_are_not_set_while_a_function_is_compiled() -> None:
    w = tg.parameter([1.0, 2.0])
    optimizer = tg.train.SGD([w], 0.1)
    w.grad = np.ones(2)

    def fn(x: Any) -> Any:
        optimizer.step()
        return w * x

    with pytest.raises(tg.GraphError, match="while a function is compiled"):
        tg.compile(fn, backend="numpy")(1.0)
    np.testing.assert_array_equal(w.value, [1.0, 2.0])


class Two(tg.Op):
    """z = x * y, whose backward fills two buffers again and again and returns both, in a list or a tuple."""

    def __init__(self, kind: type) -> None:
        self.kind, self.gx, self.gy = kind, np.zeros(3), np.zeros(3)

    def forward(self, x: Any, y: Any) -> Any:
        return x * y

    def backward(self, gz: Any, z: Any, x: Any, y: Any) -> Any:
        return self.kind([np.multiply(gz, y, out=self.gx), np.multiply(gz, x, out=self.gy)])


@each("kind", [list, tuple])
def test_buffers_of_two_gradients_are_each_calls_own(kind: type) -> None:
    op, arrays = Two(kind), [np.array([1.0, 2.0, 3.0]) + k for k in range(3)]
    a, b, c = map(tg.parameter, arrays)
    tg.sum(op(op(a, b), c)).backward()
    for k, p in enumerate((a, b, c)):
        others = [x for j, x in enumerate(arrays) if j != k]
        np.testing.assert_array_equal(p.grad, others[0] * others[1])


class Scaled(tg.Op):
    """z = x times the rows of a setting."""

    def forward(self, x: Any, *, by: Any = 1.0) -> Any:
        return x * np.reshape(by, (-1, 3)).sum(axis=0)

    def backward(self, gz: Any, z: Any, x: Any, *, by: Any = 1.0) -> Any:
        return gz * np.reshape(by, (-1, 3)).sum(axis=0)


@each("form", [lambda a: a, lambda a: [a, a], lambda a: (a,), lambda a: [[a]], lambda a: [list(a)]])
def test_settings_are_those_of_the_call_and_nobody_writes_to_them(form: Any) -> None:
    w, by = tg.parameter(np.ones((1, 3))), np.array([2.0, 3.0, 4.0])
    z = Scaled()(w, by=form(by))
    right = z.value.copy()
    by[:] = -1
    np.testing.assert_array_equal(tg.grad(tg.sum(z), w).value.ravel(), right.ravel())
    kept = z.attributes["by"]
    while isinstance(kept, (list, tuple)):
        kept = kept[0]
    if isinstance(kept, np.ndarray):
        with pytest.raises(ValueError, match="read-only"):
            kept[:] = 0


def test_ops_of_users_are_guarded_and_the_librarys_are_as_they_were_written() -> None:
    assert Two(list).keeps_state and hasattr(Two.forward, "__wrapped__") and hasattr(Two.backward, "__wrapped__")
    for op in (tg.ops.exp, tg.ops.matmul, tg.ops.concatenate, tg.ops.take):
        assert not op.keeps_state and not hasattr(type(op).forward, "__wrapped__")
        assert not hasattr(type(op).backward, "__wrapped__")
