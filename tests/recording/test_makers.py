"""`tinygraph.numpy`: all of numpy's names, arrays that may hold nodes, lists of nodes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

import tinygraph as tg
import tinygraph.numpy as tnp
from tests.each import each
from tinygraph.core.graph import ancestors


def test_it_has_all_of_numpys_names() -> None:
    assert {*dir(np)} >= {*tnp.__all__} and all(hasattr(tnp, name) for name in np.__all__)
    assert tnp.pi is np.pi and tnp.linalg is np.linalg and tnp.tanh is np.tanh


@each("name", ["zeros", "ones", "empty"])
def test_arrays_of_floats_may_hold_nodes_and_others_are_numpys(name: str) -> None:
    make = getattr(tnp, name)
    assert isinstance(make((2, 3)), tg.Node) and make((2, 3), np.float32).dtype == np.float32
    assert type(make(3, dtype=int)) is np.ndarray and type(make(3, bool)) is np.ndarray
    like = getattr(tnp, f"{name}_like")
    assert isinstance(like(np.ones(3)), tg.Node) and isinstance(like(tg.parameter([1.0])), tg.Node)
    assert type(like(np.arange(3))) is np.ndarray


X = np.arange(6.0).reshape(2, 3)


def filled(a: Any, b: Any) -> Any:
    """The first array, after both hold ones."""
    a[...] = 0
    b[...] = 1
    a += b
    return a


MAKERS: dict[str, Any] = {
    "zeros": lambda n, k: n.zeros((2, 3), k),
    "ones": lambda n, k: n.ones((2, 3), dtype=k),
    "full": lambda n, k: n.full((2, 3), 2, k),
    "eye": lambda n, k: n.eye(2, 3, 1, dtype=k),
    "identity": lambda n, k: n.identity(3, k),
    "zeros_like": lambda n, k: n.zeros_like(X, k),
    "ones_like": lambda n, k: n.ones_like(X, k),
    "full_like": lambda n, k: n.full_like(X, 3, k),
    "array": lambda n, k: n.array(X, k),
    "copy": lambda n, k: n.copy(X.astype(k)),
    "fromiter": lambda n, k: n.fromiter(X.flat, k).reshape(2, 3),
    "asarray": lambda n, k: n.asarray(X.tolist(), k),
    "ndarray": lambda n, k: filled(n.ndarray((2, 3), k), n.ndarray(shape=(2, 3), dtype=k, order="F")),
}


@each("dtype", [np.float64, np.float32, np.int64, np.bool_])
@each("name", MAKERS)
def test_each_maker_gives_numpys_array_and_one_of_floats_may_hold_a_node(name: str, dtype: Any) -> None:
    new, right = MAKERS[name](tnp, dtype), MAKERS[name](np, dtype)
    assert isinstance(new, tg.Node if np.dtype(dtype).kind == "f" else np.ndarray)
    assert new.dtype == right.dtype and getattr(tnp, name).__name__ == name
    np.testing.assert_array_equal(getattr(new, "value", new), right)
    if isinstance(new, tg.Node):
        w = tg.parameter(np.array([7.0], dtype))
        new[1, 0] = w[0] * 2.0
        right[1, 0] = 14.0
        np.testing.assert_array_equal(new.value, right)
        assert tg.grad(tg.sum(new), w).value.tolist() == [2.0]
        assert X[1, 0] != 14.0, "the model stays as it is"


def test_arrays_of_nodes_are_one_node() -> None:
    w = tg.parameter([1.0, 2.0])
    a = tnp.array([w, [3.0, w[0]], np.ones(2)], dtype=np.float32)
    assert a.value.tolist() == [[1.0, 2.0], [3.0, 1.0], [1.0, 1.0]] and a.dtype == np.float32
    assert tg.grad(tg.sum(a), w).value.tolist() == [2.0, 1.0]
    assert tnp.asarray(w) is w and tnp.array(w) is not w and tnp.array(w, ndmin=2).shape == (1, 2)
    assert tnp.full((2, 2), w).value.tolist() == [[1.0, 2.0], [1.0, 2.0]]
    x = np.ones(2)
    assert tnp.asarray(x) is x and tnp.array([1, 2]).dtype.kind == "i"


def test_a_copy_is_not_what_was_copied() -> None:
    w = tg.parameter([1.0, 2.0])
    for copied in (tnp.copy(w), w.copy(), np.array(w.value) + 0.0 * w, +w, w.flatten(), tnp.array(w)):
        copied[0] = 9.0
        assert copied.value.tolist() == [9.0, 2.0] and w.value.tolist() == [1.0, 2.0]


def test_deepcopy_keeps_the_gradient_where_a_function_is_recorded() -> None:
    w = tg.parameter([1.0, 2.0])

    def copies() -> Any:
        h = w * w
        kept = copy.deepcopy([h, np.zeros(2), w])
        h[0] = 9.0
        kept[1][1] = w[0]
        return kept

    kept = tg.recorded(copies)()
    assert kept[0].value.tolist() == [1.0, 4.0] and kept[1].value.tolist() == [0.0, 1.0] and kept[2] is not w
    assert tg.grad(tg.sum(kept[0]), w).value.tolist() == [2.0, 4.0]


@each("name", ["sum", "mean", "prod", "std", "var", "average", "max", "min"])
def test_lists_of_nodes_eager_and_compiled(name: str) -> None:
    values = np.array([1.0, 3.0, 2.0])

    def loss(w: Any) -> Any:
        return getattr(tnp, name)([w[0] * 2.0, w[1], w[2] * w[2]])

    w = tg.parameter(values)
    right = getattr(np, name)([2.0, 3.0, 4.0])
    np.testing.assert_allclose(loss(w).item(), right, 1e-14)
    np.testing.assert_allclose(tg.compile(loss)(w), right, 1e-14)
    tg.check.gradients(loss, w, order=2)


def test_questions_about_the_type_are_answered_as_of_arrays() -> None:
    w = tg.parameter([1.0, 3.0])
    assert (
        isinstance(w * 2.0, tnp.ndarray)
        and isinstance(np.ones(2), tnp.ndarray)
        and isinstance(tnp.zeros(()), tnp.ndarray)
    )
    assert not isinstance(3.0, tnp.ndarray) and not isinstance(tg.sum(w), tnp.ndarray)
    assert tnp.isscalar(tg.sum(w)) and not tnp.isscalar(w) and not tnp.isscalar(tnp.zeros(())) and tnp.isscalar(2.0)


def test_which_of_a_list_is_the_largest() -> None:
    w = tg.parameter([1.0, 3.0])
    assert tnp.argmax([w[0], w[1]]) == 1 and tnp.argmin([w[0], w[1]]) == 0


def test_what_nodes_lack_numpy_answers_of_data() -> None:
    """Code that does not know of nodes makes a reservoir, and takes its spectral radius."""

    def run(w: Any) -> Any:
        a = np.eye(3)
        a[0, 1] = 0.5
        radius = np.abs(np.linalg.eigvals(a)).max()
        q, _ = np.linalg.qr(np.ones((3, 3)) + a)
        q = np.array(np.linalg.svd(q)[1])
        q[0] = w[0] / radius
        steps, more = np.frexp(np.ones(2))[1], np.unwrap(np.zeros(3))
        more[1] = w[1]
        return q.sum() + more.sum() * steps.sum()

    x = np.array([0.3, 0.4])
    z = tg.recorded(run)(tg.parameter(x))
    assert z.item() == run(x)
    tg.check.gradients(lambda v: tg.recorded(run)(v), [x], order=1)
    spectral = tg.recorded(lambda v: v[0] * np.abs(np.linalg.eigvals(np.eye(3))).max())
    assert tg.compile(lambda v: spectral(v))(x) == 0.3
    for name in ("eigvals", "svd", "qr"):
        try:
            tg.recorded(lambda w, name=name: getattr(np.linalg, name)(np.outer(w, w)))(tg.parameter(x))
        except tg.GraphError as error:
            assert f"np.linalg.{name}" in str(error)
        else:
            raise AssertionError(name)


def test_an_array_of_a_number_is_one_copy_that_may_be_written() -> None:
    def arrays(w: Any) -> Any:
        x, one = w[0] * 2.0, np.zeros(())
        new = [np.array(x), np.copy(x), np.asarray(x), np.asanyarray(x), np.full((), x), np.full_like(one, x)]
        copies = [sum(n._op is tg.ops.copy for n in ancestors([z])) for z in new]
        for z in new:
            z[...] = 5.0
        return x, copies, new

    x, copies, new = tg.recorded(arrays)(tg.parameter([3.0]))
    assert copies == [1, 1, 1, 1, 0, 0]
    assert x.item() == 6.0 and [z.item() for z in new] == [5.0] * 6
