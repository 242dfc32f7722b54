"""numpy's functions of lists of nodes, which numpy turns into arrays of nodes before it asks a node what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each
from tinygraph.ops import numpy_speaks

V, X = np.array([0.5, -1.5, 2.0]), np.arange(6.0).reshape(2, 3) - 2.2


def square(v: Any) -> list[Any]:
    return [v[k] * v[k] for k in range(3)]


LISTS: dict[str, Callable[[Any, Any], Any]] = {
    "np.sum": lambda v, x: np.sum(square(v)),
    "np.sum of one": lambda v, x: np.sum([v[0] * 2]),
    "np.sum of a tuple with numbers": lambda v, x: np.sum((1.0, v[0], v[1] * v[2])),
    "np.sum of arrays": lambda v, x: np.sum([v * v, x[0]]),
    "np.prod": lambda v, x: np.prod(square(v)),
    "mean by hand": lambda v, x: np.sum(square(v)) / 3,
    "np.mean of np.stack": lambda v, x: np.mean(np.stack(square(v))),
    "np.max of np.stack": lambda v, x: np.max(np.stack(square(v))),
    "np.array": lambda v, x: np.array(square(v)),
    "np.sum along an axis": lambda v, x: np.sum([v * v, x[0], x[1]], axis=0),
    "np.mean along an axis": lambda v, x: np.mean([v * v, x[0], x[1]], axis=0),
    "np.concatenate": lambda v, x: np.concatenate([np.array(square(v)), x[0]]),
    "np.concatenate of them alone": lambda v, x: np.concatenate([np.array(square(v)), np.array([v[1]])]),
    "np.dot": lambda v, x: np.dot(x, np.array(square(v))),
    "np.dot on the left": lambda v, x: np.dot(np.array(square(v)[:2]), x),
    "@": lambda v, x: x @ np.array(square(v)),
    "np.hstack": lambda v, x: np.hstack([x, np.array([[v[0]], [v[1] * v[1]]])]),
    "np.where": lambda v, x: np.where(np.array([True, False, True]), np.array(square(v)), x[0]),
    "np.outer": lambda v, x: np.outer(np.array(square(v)), x[0]),
    **{
        f"np.{name} of lists": lambda v, x, f=f: f(v * 2, square(v)) + f(square(v), x[0] + v)
        for name in ("vdot", "inner", "outer", "kron", "cross", "dot", "vecdot", "multiply")
        for f in (getattr(np, name),)
    },
    "np.tensordot of lists": lambda v, x: np.tensordot(v, square(v), 0) + np.tensordot(square(v), x[0], axes=0),
    "np.append": lambda v, x: np.append(x, np.array(square(v))),
    "np.einsum": lambda v, x: np.einsum("ij,j->i", x, np.array(square(v))),
}


def numbers(z: Any) -> np.ndarray:
    if isinstance(z, np.ndarray) and z.dtype.hasobject:
        return np.array([n.item() for n in z.flat]).reshape(z.shape)
    return np.asarray(z.value if isinstance(z, tg.Node) else z)


@each("name", LISTS)
def test_values_and_gradients(name: str) -> None:
    call = LISTS[name]
    v, x = tg.parameter(V), tg.parameter(X)
    z, right = call(v, x), np.asarray(call(V, X))
    np.testing.assert_allclose(numbers(z), right, 1e-13)
    weights = np.cos(np.arange(right.size)).reshape(right.shape)

    def total(v: Any, x: Any) -> Any:
        return np.sum((call(v, x) if right.ndim else call(v, x) * 1.0) * weights)

    tg.check.gradients(lambda v, x: total(v, x), [V, X], order=2)


@each_backend
def test_compiled_too(backend: str) -> None:
    """Of arguments, and of parameters."""
    v, x = tg.parameter(V), tg.parameter(X)
    for inside in (True, False):
        step = tg.compile(
            lambda a, b, w=(v, x) if inside else (): [call(*(w or (a, b))) for call in LISTS.values()], backend=backend
        )
        for name, got in zip(LISTS, step(V, X), strict=True):
            np.testing.assert_allclose(got, LISTS[name](V, X), 1e-13, err_msg=f"{name} {inside}")


@each_backend
def test_the_gradient_of_a_sum_of_losses_compiled(backend: str) -> None:
    def step(v: Any, x: Any) -> Any:
        loss = np.sum([np.mean((x[k] - v) ** 2) for k in range(2)])
        return loss, tg.grad(loss, v)

    loss, g = tg.compile(step, backend=backend)(V, X)
    assert loss == pytest.approx(sum(np.mean((X[k] - V) ** 2) for k in range(2)), rel=1e-13)
    np.testing.assert_allclose(g, sum(2 / 3 * (V - X[k]) for k in range(2)), 1e-12)


@each("name", ["mean", "std", "var", "average"])
def test_a_mean_of_a_list_would_be_a_plain_number_and_is_refused(name: str) -> None:
    """numpy makes a float of the mean, which no library can prevent; the message says what to write."""
    with pytest.raises(tg.MutationError, match=r"(?s)test_lists_of_nodes.py.*np\.mean\(np\.stack\(nodes\)\)"):
        getattr(np, name)(square(tg.parameter(V)))
    with pytest.raises(tg.GraphError, match=r"np\.mean\(np\.stack\(nodes\)\)"):
        tg.compile(lambda v: getattr(np, name)(square(v)), backend="numpy")(V)


def test_a_large_argument_is_not_spelled_out() -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)2500 nodes.*np\.stack"):
        tg.compile(lambda x: np.sum([x, x]), backend="numpy")(np.ones((50, 50)))


def test_of_nodes_without_gradient_it_is_a_number() -> None:
    assert np.mean(square(tg.constant(V))) == pytest.approx(np.mean(V * V))


def test_so_many_numbers_are_made_nodes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (100, 101):
        w = tg.parameter(np.arange(float(size)))
        if size == 100:
            assert np.ones(2).dot([w, w * 2.0])[-1].item() == 3 * 99
        else:
            with pytest.raises(tg.GraphError, match=r"array\.dot of[\s\S]*each number of which would be a node"):
                np.ones(2).dot([w, w * 2.0])
    traced = tg.compile(lambda a: (np.array([a]), a * 2.0)[1], backend="numpy")
    assert traced(np.ones(1000)).sum() == 2000
    with pytest.raises(tg.GraphError, match="would make 1001 nodes of one element"):
        traced(np.ones(1001))
    with pytest.raises(tg.GraphError, match="would make 100001 nodes of one element"):
        np.array(tg.parameter(np.ones(100_001)))
    monkeypatch.setattr(numpy_speaks, "LARGEST_LIST", 6)
    monkeypatch.setattr(numpy_speaks, "LARGEST_TRACED", 3)
    x, v = tg.parameter(X), tg.parameter(V)
    assert np.array(x).shape == (2, 3) and np.array([v, v]).shape == (2, 3)
    with pytest.raises(tg.GraphError, match="would make 7 nodes of one element"):
        np.array(tg.parameter(np.ones(7)))
    assert tg.compile(lambda a: np.array([a, a]).sum(), backend="numpy")(V) == 2 * V.sum()
    with pytest.raises(tg.GraphError, match="would make 4 nodes of one element"):
        tg.compile(lambda a: np.array([a, a]).sum(), backend="numpy")(np.ones(4))


def test_dot_of_an_array_that_holds_nodes() -> None:
    x = tg.parameter(V)
    array = np.empty(3, object)
    array[:] = [x[0], 2.0, x[2] * x[2]]
    z = array.dot(x)  # x0 x0 + 2 x1 + x2 x2 x2
    assert z.item() == V[0] ** 2 + 2 * V[1] + V[2] ** 3
    np.testing.assert_allclose(tg.grad(z, x).value, [2 * V[0], 2.0, 3 * V[2] ** 2])
