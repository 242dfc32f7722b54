"""What numpy's functions on nodes refuse, each by its name and with what came; and near each what they do not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, repeat
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.op import Spec
from tinygraph.ops.inference import as_shape
from tinygraph.ops.lookup import ARRAY

X, V = np.arange(6.0).reshape(2, 3) + 0.5, np.arange(3.0) + 1
V1 = Spec((), np.dtype(float))


def p(array: Any) -> tg.Node:
    return tg.parameter(array)


REFUSED: dict[str, Callable[[], Any]] = {
    "np.cov: no degrees of freedom are left": lambda: np.cov(p(X[:, :1])),
    "np.cov: weights are not supported": lambda: np.cov(p(X), aweights=[1, 2, 3]),
    "np.cumulative_sum: which axis?": lambda: np.cumulative_sum(p(X)),
    "np.rot90: two axes are needed": lambda: np.rot90(p(X), axes=(0,)),
    "np.convolve: unknown mode": lambda: np.convolve(p(V), V, mode="circular"),
    "np.choose: mode is not supported": lambda: np.choose([0, 1], [p(V[:2]), V[1:]], mode="wrap"),
    "concatenate: too many arguments": lambda: tg.concatenate([p(X), p(X)], 0, 1),
    "concatenate needs at least one array": lambda: tg.concatenate([]),
    "np.add: nodes do not support \\['order'\\]": lambda: np.add(p(X), 1, order="F"),
    "np.add: what where= hides has no value": lambda: np.add(p(X), 1, where=X > 1),
    "np.vecdot: nodes do not support \\['keepdims'\\]": lambda: np.vecdot(p(X), X, keepdims=True),
    "np.take: no such mode": lambda: np.take(p(X), [1], mode="clop"),
    "take has no setting mode\n  expected  axis$": lambda: p(X).take([1], mode="clip"),
    "np.concatenate: [^\n]*iterator[^\n]*\n[^\n]*\n  got       generator": lambda: np.concatenate(p(X) for _ in "ab"),
    "np.busday_count is not [^\n]*\n  expected  one of the names in": lambda: np.busday_count(p(V), p(V)),
    "clip: a limit is not a number": lambda: tg.ops.clip.forward(V, V, None),
    "clip: a limit is not a number\n": lambda: tg.ops.clip.forward(V, None, p(V)),
    "np.apply_along_axis: there is nothing": lambda: np.apply_along_axis(np.sum, 1, p(np.ones((0, 3)))),
    "solve: sizes differ": lambda: np.linalg.solve(p(np.ones((2, 2, 2))), np.ones((3, 2, 1))),
    "solve: sizes differ\n": lambda: np.linalg.solve(p(np.eye(2)), np.ones((3, 1))),
    "np.vecdot: the sizes of the summed axis differ": lambda: np.vecdot(p(X), V[:2]),
    "sum: 'str' object [^\n]*\n  got       axis 'a'": lambda: tg.sum(p(X), axis="a"),
    "sum: no such axis\n  expected  -2 to 1, each once\n  got       shape \\(2, 3\\), axis 2": lambda: tg.sum(p(X), 2),
    "mean: no such axis\n  expected  -2 to 1, each once\n  got[^\n]*axis \\(0, -2\\)": lambda: tg.mean(p(X), (0, -2)),
    "max: no such axis\n  expected  -1 to 0, each once\n  got[^\n]*axis -2": lambda: tg.max(p(V), -2),
    "reshape: cannot [^\n]*\n  got       \\(2, 3\\), shape=\\(4, 4\\)": lambda: tg.reshape(p(X), (4, 4)),
    "transpose: rep[^\n]*\n  got       \\(2, 3\\), axes=\\(0, 0\\)": lambda: tg.transpose(p(X), (0, 0)),
    "swapaxes: axis2[^\n]*\n  got       \\(2, 3\\), axis1=0, axis2=5": lambda: tg.swapaxes(p(X), 0, 5),
    "getitem: too[^\n]*\n  got       \\(2, 3\\), index=\\(0, 0, 0\\)": lambda: p(X)[0, 0, 0],
    "np.cross: vectors of 3 numbers are needed\n  got       \\(2, 2\\), \\(3,\\)": lambda: np.cross(p(X[:, :2]), V),
    "np.cross: vectors of 3 numbers are needed\n  got       \\(2, 3\\), \\(2,\\)": lambda: np.cross(p(X), V[:2]),
    "add_at: an index is out of range for 3 rows: 0 to 3": lambda: tg.ops.add_at(p(V), [0, 3, 1], shape=(3,), axis=0),
    "add_at: an index is out of range for 3 rows: -4 to 1": lambda: tg.ops.add_at(p(V), [0, -4, 1], shape=(3,), axis=0),
    "pick: the index has not as many places": lambda: tg.ops.pick(p(X), [1], index=(ARRAY, ARRAY)),
    "pick: the index has not as many places as": lambda: tg.ops.pick(p(X), 0, 1, index=(ARRAY,)),
    "pick: too many indices": lambda: tg.ops.pick(p(V), [0], index=(ARRAY, 0)),
    "pick: an index of booleans": lambda: _compiled(lambda x: tg.ops.pick(x, X[:, 0] > 0, index=(ARRAY,))),
    "labels are not integers\n  expected  integers below 3": lambda: tg.softmax_cross_entropy(
        p(X), np.array([0.0, 1.0])
    ),
    "labels are not integers\n  expected  integers below 4": lambda: tg.one_hot(np.array([0.5]), 4),
    "the reduced axes are empty": lambda: _compiled(lambda x: tg.softmax_cross_entropy(x[:, :0], [0, 0])),
    "put: wrong number of pieces\n  expected  1 pieces": lambda: tg.ops.put.infer(V1, V1, shape=(3,), indexes=[(0,)]),
    "write: wrong number of pieces\n  expected  2 pieces": lambda: tg.ops.write.infer(V1, V1, indexes=[(0,), (1,)]),
    "np.linalg.norm: this ord is for matrices\n  got       ord='fro'": lambda: np.linalg.norm(p(V), "fro"),
    "the result does not fit into the array": lambda: tg.recorded(_grows)(),
    "np.vecdot: the sizes of the summed axis differ\n  got       \\(3, 2\\) and \\(2, 3\\)": lambda: np.linalg.vecdot(
        p(X), X.T, axis=0
    ),
    "axis -2 is out of bounds": lambda: np.linalg.vecdot(p(X), V, axis=-2),
    "axis 1 is out of bounds": lambda: np.linalg.vecdot(p(V), X, axis=1),
    "clip: a limit is not a number\n ": lambda: tg.ops.clip.forward(V, p(1.0), None),
    "clip: a limit is not a number\n  ": lambda: tg.ops.clip.forward(V, None, np.ones(1)),
    "got       xp \\(2, 2\\), fp \\(2, 2\\), period=None": lambda: np.interp(0.5, X[:, 1:], p(X[:, 1:])),
    "got       xp \\(3,\\), fp \\(2,\\), period=None": lambda: np.interp(0.5, V, p(V[1:])),
    "got       xp \\(1,\\), fp \\(1,\\), period=None": lambda: np.interp(0.5, V[:1], p(V[1:2])),
    "got       xp \\(3,\\), fp \\(3,\\), period=360": lambda: np.interp(0.5, V, p(V), period=360),
    "np.cov: weights are not supported on": lambda: np.cov(p(X), fweights=[1, 2, 3]),
    "wrong number of distances[^\n]*\n[^\n]*\n  got       1 for 2 axes": lambda: np.gradient(p(X), [1.0, 2.0]),
    "np.convolve: [^\n]*\n[^\n]*\n  got       \\(3,\\) and \\(2, 3\\)": lambda: np.convolve(p(V), X),
    "np.convolve: [^\n]*\n[^\n]*\n  got       \\(2, 3\\) and \\(3,\\)": lambda: np.convolve(p(X), V),
    "np.convolve: [^\n]*\n[^\n]*\n  got       \\(0,\\) and \\(3,\\)": lambda: np.convolve(p(V[:0]), V),
    "np.convolve: [^\n]*\n[^\n]*\n  got       \\(3,\\) and \\(0,\\)": lambda: np.convolve(p(V), V[:0]),
    "x does not broadcast to the shape[^\n]*\n[^\n]*\n  got       \\(2, 3\\) to \\(3,\\)": lambda: np.broadcast_to(
        p(X), (3,)
    ),
    "shapes differ[^\n]*\n  expected  shapes that differ in axis 1 only": lambda: np.concatenate([p(X), p(X[:1])], 1),
    "shapes differ[^\n]*\n  expected  shapes that differ in axis 0 only": lambda: np.concatenate([p(X), X[:, :1]]),
    "got       shape \\(3,\\), q=0.5, method='hazen', weights=None": lambda: np.quantile(p(V), 0.5, method="hazen"),
    "got       shape \\(3,\\), q=1.5, method='linear', weights=None": lambda: np.quantile(p(V), 1.5),
    "got       shape \\(3,\\), q=-0.5, method='linear', weights=None": lambda: np.quantile(p(V), -0.5),
    "got       shape \\(0,\\), q=0.5, method='linear', weights=None": lambda: np.quantile(p(V[:0]), 0.5),
    "got       shape \\(3,\\), q=0.5, method='linear', weights=\\[1, 2, 3\\]": lambda: np.quantile(
        p(V), 0.5, weights=[1, 2, 3]
    ),
    "np.clip: a limit was passed twice": lambda: np.clip(p(V), None, 2.0, max=3.0),
    "np.clip: a limit was passed twice\n": lambda: np.clip(p(V), 1.0, None, min=3.0),
    "np.modf: what where= hides has no value": lambda: np.modf(p(V), where=V > 1),
    "np.modf: what where= hides has no value\n": lambda: np.modf(p(V), where=V > 1, out=(np.ones(3), np.ones(3))),
    "np.average: [^\n]*\n[^\n]*\n  got       \\(3,\\), axis None": lambda: np.average(p(X), weights=V),
    "np.average: [^\n]*\n[^\n]*\n  got       \\(3,\\), axis 0": lambda: np.average(p(X), 0, weights=V),
    "solve: sizes differ\n ": lambda: _compiled(lambda x: tg.ops.linalg.solve(np.eye(2), x[0, :2])),
    "einsum: wrong number of operands\n  expected  1 for ''\n  got       0 operands": lambda: tg.einsum(),
    "labels do not match[^\n]*\n[^\n]*\n  got       logits \\(\\), labels \\(\\)": lambda: tg.softmax_cross_entropy(
        p(1.0), 1.0
    ),
}


def _compiled(fn: Callable[[Any], Any]) -> Any:
    return tg.compile(fn, backend="numpy")(X)


def _grows() -> Any:
    a = np.zeros(3)
    a += p(X)
    return a


@each("problem", REFUSED)
def test_what_is_refused_is_told(problem: str) -> None:
    with pytest.raises(tg.GraphError, match=problem):
        REFUSED[problem]()


WRITES: dict[str, Callable[[], Any]] = {
    "np.add.at": lambda: np.add.at(p(V), [0], 1.0),
    "np.exp": lambda: np.exp(p(V), out=np.zeros(3)),
    "np.max": lambda: np.max(p(X), 0, np.zeros(3)),
    "np.std": lambda: np.std(p(X), 0, None, np.zeros(3)),
    "np.cumulative_sum": lambda: np.cumulative_sum(p(V), out=np.zeros(3)),
    "np.stack": lambda: np.stack([p(V), p(V)], 0, np.zeros((2, 3))),
    "np.concatenate": lambda: np.concatenate([p(V), p(V)], 0, np.zeros(6)),
    "np.concatenate by an older numpy": lambda: tg.ops.numpy_speaks.FULL[np.concatenate]([p(V)], 0, np.zeros(3)),
}


@each("name", WRITES)
def test_a_place_for_the_result_is_refused(name: str) -> None:
    word = name.split(" ")[0]
    with pytest.raises(tg.MutationError, match=rf"{word}.* would change a|cannot be changed by {word}") as error:
        WRITES[name]()
    assert ("a + " if "add" in name else "omit out= and use the result") in str(error.value)


class Telling(tg.Op):
    """The user's own, which tells itself what is wrong."""

    def forward(self, x: Any) -> Any:
        raise tg.GraphError("telling: three numbers are needed", got=str(x.shape))

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz


def test_an_error_of_the_ops_own_comes_out_as_it_is() -> None:
    for call in (lambda: Telling()(p(V)), lambda: tg.compile(lambda x: Telling()(x), backend="numpy")(V)):
        with pytest.raises(tg.GraphError) as error:
            call()
        assert str(error.value).splitlines()[:2] == ["telling: three numbers are needed", "  got       (3,)"]


SAME: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "corrcoef of one row": (np.corrcoef, 2 * V),
    "cov of one row": (np.cov, 2 * V),
    "cov without rowvar": (lambda x: np.cov(x, x[:, ::-1] ** 2, rowvar=False, ddof=0), X),
    "cov of one number a row": (lambda x: np.cov(x, ddof=0), X[:, :1]),
    "cov with bias": (lambda x: np.cov(x, bias=True), X),
    "vector_norm along one axis": (lambda x: np.linalg.vector_norm(x, axis=-1, keepdims=True, ord=3), X),
    "vector_norm along two": (lambda x: np.linalg.vector_norm(x, axis=(0, 1), ord=1), X),
    "vector_norm of all": (lambda x: np.linalg.vector_norm(x, keepdims=True), X),
    "cumulative_sum from 0": (lambda x: np.cumulative_sum(x, include_initial=True), V),
    "cumulative_prod along -1 from 1": (lambda x: np.cumulative_prod(x, axis=-1, include_initial=True), X),
    "cumulative_sum along 1": (lambda x: np.cumulative_sum(x, axis=1), X),
    "rot90 of other axes": (lambda x: np.rot90(x, 3, axes=(1, 0)), X),
    "where=True": (lambda x: np.multiply(x, x, where=True), X),
    "settings by place": (lambda x: np.transpose(np.swapaxes(np.take(x, [1, 0], 1), 0, 1), (1, 0)), X),
    "settings that are None": (lambda x: np.take(np.transpose(x, axes=None), 2, axis=None, out=None), X),
    "a diagonal of one": (lambda x: np.diagonal(x, 2), X),
    "a diagonal below, of one": (lambda x: np.diagonal(x, -1), X),
    "no diagonal": (lambda x: np.diagonal(x, 3), X),
    "no diagonal below": (lambda x: np.diagonal(x, -2), X),
    "the sum of no diagonal": (lambda x: np.trace(x, 7), X),
    "vecdot along each one's own first axis": (lambda x: np.linalg.vecdot(x, x[:, 0], axis=0), X),
    "vecdot along an axis from the end": (lambda x: np.linalg.vecdot(x[None] * 2, x, axis=-2), X),
    "cov with rows of another": (lambda x: np.cov(x, x[::-1] ** 2), X),
    "cov with one row of another": (lambda x: np.cov(x[:, 0], x[None, :, 1], rowvar=False), X),
    "interp of two points": (lambda x: np.interp(1.2, [1.0, 2.0], x), V[:2]),
    "diff with what follows": (lambda x: np.diff(x, append=7.0), V),
    "diff with what is before": (lambda x: np.diff(x, prepend=7.0), V),
    "a column before a column": (lambda x: np.insert(x, slice(1, 2), np.array([[9.0], [8.0]]), axis=1), X),
    "numbers before a column": (lambda x: np.insert(x, 1, np.array([9.0, 8.0]), axis=1), X),
    "two results of a linspace": (lambda x: np.linspace(0.0, x, 3, retstep=True)[1], V),
    "piecewise of one number": (lambda x: np.piecewise(x, [x < 0, x > 0], [3.0, lambda v: v * v]), np.array(1.5)),
    "piecewise of another number": (lambda x: np.piecewise(x, [False], [3.0, lambda v: v * v]), np.array(1.5)),
    "matrix_power 1": (lambda x: np.linalg.matrix_power(x, 1), X[:, :2]),
    "matrix_power -2": (lambda x: np.linalg.matrix_power(x, -2), X[:, :2]),
    "clip by both kinds of limit": (lambda x: np.clip(x, min=1.5, max=2.5), V),
    "apply_along_axis": (lambda x: np.apply_along_axis(lambda v: v * v, 0, x), X),
}


@each("name", SAME)
def test_what_is_not_refused_gives_numpys_number(name: str) -> None:
    fn, array = SAME[name]
    z, right = fn(p(array)), fn(array)
    assert z.shape == np.shape(right)
    np.testing.assert_allclose(z.value, right, 1e-14)


def test_an_array_of_nodes_takes_the_results() -> None:
    v, target = p(V), np.empty((2, 3), object)
    result: Any = np.multiply(v, 2, out=target)
    assert result is target
    for k, node in np.ndenumerate(target):
        assert node.item() == 2 * V[k[1]]
        np.testing.assert_array_equal(tg.grad(node, v).value, 2.0 * np.eye(3)[k[1]])


def test_two_results_are_a_tuple_and_a_plain_array_takes_none_of_them() -> None:
    target = np.empty(3, object)
    results = np.modf(p(V), out=(None, target))
    assert type(results) is tuple and results[1] is target
    np.testing.assert_array_equal([results[0].value, [node.item() for node in target]], np.modf(V))
    for ufunc, args in ((np.modf, ()), (np.divmod, (0.9,))):
        for out in ((np.zeros(3), None), (None, np.zeros(3))):
            with pytest.raises(tg.GraphError, match=rf"^np\.{ufunc.__name__} would change a plain array in place"):
                ufunc(p(V), *args, out=out)


def test_a_python_number_among_the_inputs_is_an_index() -> None:
    x = tg.parameter(X.astype(np.float32))
    assert tg.ops.pick(x, 0, 2, index=(ARRAY, ARRAY)).value == X[0, 2]
    np.testing.assert_array_equal(tg.ops.pick(x, -1, index=(ARRAY,)).value, X[-1].astype(np.float32))
    np.testing.assert_array_equal(tg.ops.scatter(x[0], 1, shape=(2, 3), index=(ARRAY,)).value[1], X[0].astype("f4"))
    np.testing.assert_array_equal(
        tg.ops.add_at(x[0], [2, -3, -1], shape=(3,), axis=0).value, [X[0, 1], 0, X[0, ::2].sum()]
    )


def test_a_shape_is_an_integer_or_at_most_64_of_them() -> None:
    assert as_shape(3) == as_shape([3]) == (3,) and as_shape(np.array([2, 0])) == (2, 0) and as_shape(()) == ()
    assert as_shape(repeat(1, 64)) == (1,) * 64
    for shape in (repeat(1, 65), count()):
        with pytest.raises(ValueError, match="an array has at most 64 axes"):
            as_shape(shape)


def test_a_single_number_of_linspace_has_no_step() -> None:
    z, step = np.linspace(p(V), V + 1, 1, retstep=True)
    assert np.isnan(step) and np.shape(step) == np.shape(np.linspace(V, V + 1, 1, retstep=True)[1])
    np.testing.assert_array_equal(z.value, [V])
