"""What the engine refuses, and in whose words: backward functions of users that raise, functions that are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

W = tg.parameter([1.0, 2.0], "w")


class Raising(tg.Op):
    """Its backward raises what it was made with."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def forward(self, x: Any) -> Any:
        return x * 1.0

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        raise self.error


class Returning(tg.Op):
    """Its backward returns what it was made with."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def forward(self, x: Any) -> Any:
        return x * 1.0

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return self.result(gz)


def gradient(op: tg.Op, as_graph: bool) -> Any:
    y = tg.sum(op(W))
    if as_graph:
        return tg.grad(y, W).value
    tg.zero_grad(W)
    y.backward()
    grad, W.grad = W.grad, None
    return grad


@each("as_graph", [True, False])
@each("kind", [ValueError, TypeError, IndexError, AttributeError])
def test_an_error_in_a_users_backward_names_the_op_and_keeps_the_cause(kind: Any, as_graph: bool) -> None:
    with pytest.raises(tg.GraphError, match=r"raising[\s\S]*backward: it went wrong") as caught:
        gradient(Raising(kind("it went wrong")), as_graph)
    assert type(caught.value.__cause__) is kind


@each("as_graph", [True, False])
def test_other_errors_come_out_as_they_are(as_graph: bool) -> None:
    for error in (tg.GraphError("told by the op", got="this"), ZeroDivisionError("of the user's"), KeyError("k")):
        with pytest.raises(type(error)) as caught:
            gradient(Raising(error), as_graph)
        assert caught.value is error


@each("as_graph", [True, False])
def test_a_backward_may_return_arrays_or_nodes_on_both_roads(as_graph: bool) -> None:
    for result in (lambda g: np.array([3.0, 4.0]), lambda g: tg.constant([3.0, 4.0]), lambda g: (np.array([3, 4]),)):
        got = gradient(Returning(result), as_graph)
        assert got.dtype == float
        np.testing.assert_array_equal(got, [3.0, 4.0])
    with pytest.raises(tg.GraphError, match="wrong number of gradients"):
        gradient(Returning(lambda g: (g, g)), as_graph)
    with pytest.raises(tg.GraphError, match=r"wrong shape for parameter 'w'[\s\S]*\(2,\)[\s\S]*\(1, 2\)"):
        gradient(Returning(lambda g: np.ones((1, 2))), as_graph)
    assert gradient(Returning(lambda g: None), as_graph) is None or not gradient(Returning(lambda g: None), True).any()


COMPILED: dict[str, Callable[[Any], Any]] = {
    "backward: a compiled function cannot set .grad": lambda x: tg.sum(W * x).backward(),
    "zero_grad: a compiled function cannot set .grad": lambda x: tg.zero_grad([W]),
}


@each("words", COMPILED)
def test_a_compiled_function_sets_no_gradient(words: str) -> None:
    W.grad = np.array([5.0, 6.0])

    def fn(x: Any) -> Any:
        COMPILED[words](x)
        return W * x

    with pytest.raises(tg.GraphError, match=words):
        tg.compile(fn, backend="numpy")(1.0)
    np.testing.assert_array_equal(W.grad, [5.0, 6.0])
    W.grad = None


def test_zero_grad_takes_nodes_in_any_nesting_and_nothing_else() -> None:
    v = tg.parameter(1.0)
    W.grad, v.grad = np.ones(2), np.ones(())
    with pytest.raises(tg.GraphError, match=r"zero_grad needs nodes[\s\S]*float"):
        tg.zero_grad([W, (v, 2.0)])
    assert W.grad is not None and v.grad is not None
    tg.zero_grad({"w": W, "more": (v, [v])})
    assert W.grad is None and v.grad is None


@each("name", ["jvp", "vjp", "hvp"])
def test_a_function_of_several_results_is_refused(name: str) -> None:
    function, vectors = getattr(tg, name), ((np.ones(2),),)
    for result in (lambda x: (x, x), lambda x: 2.0, lambda x: None):
        with pytest.raises(tg.GraphError):
            function(result, (np.ones(2),), *vectors)
    with pytest.raises(tg.GraphError, match=r"hvp: the function must return one node[\s\S]*tuple"):
        tg.hvp(lambda x: (x, x), (np.ones(2),), (np.ones(2),))


NO_NODES: dict[str, tuple[Any, str]] = {
    "a number": (3.0, "make leaves with tg.parameter"),
    "a function": (lambda: 0, "tg.grad(fn(x), x)"),
    "a name": ("W", "cell.parameters()  # a dict by name"),
    "a cell": (tg.cells.GRU(2, 3), "cell.parameters()\n"),
    "an iterator": (iter([W]), "list(parameters)  # lists"),
}


@each("what", NO_NODES)
def test_what_came_in_place_of_a_node_has_a_way_of_its_own(what: str) -> None:
    other, fix = NO_NODES[what]
    with pytest.raises(tg.GraphError) as told:
        tg.grad(tg.sum(W), other)
    assert f"fix       {fix}" in f"{told.value}\n"
    with pytest.raises(tg.GraphError) as told:
        tg.zero_grad([W, other])
    assert (f"fix       {fix}" in f"{told.value}\n") is (what != "a number")
