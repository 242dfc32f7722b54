"""Questions about values are answered by plain numpy, and refused while tracing; masks and operators on booleans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, eager
from tests.each import each

X = np.array([[1.5, -2.0, 0.0], [3.0, -0.5, 1.5]])
ODD = np.array([[np.nan, np.inf, 1.0], [-np.inf, -0.0, 2.0]])

ASKED: dict[str, Any] = {
    "isclose": lambda x: np.isclose(x, 1.5),
    "allclose": lambda x: (np.allclose(x, x + 1e-12), np.allclose(X, x), np.allclose(x, X + 1)),
    "array_equal": lambda x: (np.array_equal(x, X), np.array_equal(x, x), np.array_equal(x, X[0])),
    "array_equiv": lambda x: np.array_equiv(x, X),
    "any": lambda x: (np.any(x), np.any(x, axis=0), np.any(x > 2, axis=1, keepdims=True), (x > 9).any(), x.any(1)),
    "all": lambda x: (np.all(x), np.all(x, axis=0), np.all(x < 9, axis=1, keepdims=True), (x < 9).all(), x.all(1)),
    "all by its ufunc": lambda x: (np.logical_and.reduce(x > -9), np.logical_or.reduce(x > 1, axis=1)),
    "argsort": lambda x: (np.argsort(x), np.argsort(-x, axis=0), x.argsort(), x.argsort(axis=None, kind="stable")),
    "argpartition": lambda x: (np.argpartition(x, 1)[:, 0], x.argpartition(0)[:, 0]),
    "nonzero": lambda x: (*np.nonzero(x), *x.nonzero(), *np.where(x > 0)),
    "flatnonzero": lambda x: np.flatnonzero(x),
    "argwhere": lambda x: np.argwhere(x > 0),
    "unique": lambda x: (*np.unique(x, return_counts=True, return_inverse=True)[1:], np.unique(x > 0)),
    "count_nonzero": lambda x: (np.count_nonzero(x), np.count_nonzero(x > 0, axis=1)),
    "searchsorted": lambda x: (np.searchsorted([0.0, 1.0], x), np.searchsorted(np.sort(X[0]), x[0, 0])),
    "bincount": lambda x: np.bincount((x > 0).astype(int).ravel(), minlength=3),
    "digitize": lambda x: np.digitize(x, [0.0, 1.0]),
    "histogram": lambda x: np.histogram(x, bins=3, range=(-3, 3)),
    "isin": lambda x: np.isin(x, [1.5, 3.0]),
    "signbit": lambda x: np.signbit(x),
    "matrix_rank": lambda x: np.linalg.matrix_rank(x[:, 2:]),
    "lexsort": lambda x: np.lexsort((x[0], x[1])),
    "isposinf": lambda x: (np.isposinf(x), np.isneginf(x)),
}
"""Answered outside of compiled functions alone."""

MASKS: dict[str, Any] = {
    "isnan": lambda x: np.isnan(x),
    "isinf": lambda x: np.isinf(x),
    "isfinite": lambda x: np.isfinite(x),
    "logical_and": lambda x: np.logical_and(x > 0, x),
    "logical_or": lambda x: np.logical_or(x, X > 1),
    "logical_xor": lambda x: np.logical_xor(x > 0, x < 2),
    "logical_not": lambda x: np.logical_not(x),
    "argmax": lambda x: np.argmax(x),
    "argmax over an axis": lambda x: np.argmax(x, 1),
    "argmax, kept": lambda x: np.argmax(x, axis=0, keepdims=True),
    "argmax of all, kept": lambda x: np.argmax(x, keepdims=True),
    "x.argmax": lambda x: x.argmax(-1),
    "argmin": lambda x: np.argmin(x),
    "argmin over an axis": lambda x: np.argmin(x, axis=0),
    "argmin, kept": lambda x: x.argmin(axis=1, keepdims=True),
    "argmin of integers": lambda x: np.argmin((x > 0).astype(np.uint8) + np.uint8(1), axis=0),
    "argmin of booleans": lambda x: np.argmin(x > 0),
}
"""Answered in compiled functions, too, by nodes."""

OPERATORS: dict[str, Any] = {
    "&": lambda x: (x > 0) & (x < 2),
    "& of an array": lambda x: (X > 0) & (x < 2),
    "& of one boolean": lambda x: (x < 2) & True,
    "|": lambda x: (x < 0) | (X > 2),
    "^": lambda x: (x > 0) ^ (x < 2),
    "~": lambda x: ~(x > 0),
    "functions": lambda x: np.bitwise_or(np.bitwise_and(x > 0, x < 2), np.invert(np.bitwise_xor(x > 0, X > 1))),
}


def parts(answer: Any) -> list[Any]:
    return [*answer] if isinstance(answer, tuple) else [answer]


@each("name", ASKED | MASKS)
def test_questions_are_answered_by_plain_numpy(name: str) -> None:
    ask = (ASKED | MASKS)[name]
    for array in (X, ODD):
        for node in (tg.parameter(array), tg.constant(array), tg.parameter(array) * 1.0):
            with np.errstate(all="ignore"):
                right, got = parts(ask(array)), parts(ask(node))
            for a, b in zip(got, right, strict=True):
                assert type(a) is type(b) and np.shape(a) == np.shape(b)
                assert np.asarray(a).dtype == np.asarray(b).dtype
                np.testing.assert_array_equal(a, b)
                assert not isinstance(a, np.ndarray) or a.flags.writeable  # it is the user's own


def test_an_answer_is_a_key_and_an_index() -> None:
    p = tg.parameter([0.1, 0.7, 0.2])
    words = {0: "no", 1: "yes", 2: "perhaps"}
    assert words[np.argmax(p)] == words[p.argmax()] == "yes"
    assert ["no", "yes", "perhaps"][np.argmin(p)] == "no"
    assert type(np.argmax(p)) is np.int64 and isinstance(tg.argmax(p), tg.Node)
    order = np.argsort(p)[::-1]
    assert order.tolist() == [1, 2, 0] and p[order].value.tolist() == [0.7, 0.2, 0.1]
    assert tg.grad(p[np.argmax(p)] * 3.0, p).value.tolist() == [0, 3, 0]
    if np.any(np.isnan(p)) or not np.all(p > 0):
        raise AssertionError
    assert f"{np.allclose(p, [0.1, 0.7, 0.2])} {np.array_equal([p[0], p[1]], [0.1, 0.7])}" == "True True"


@each("name", ASKED)
def test_while_a_function_is_compiled_they_are_refused_by_name(name: str) -> None:
    name_of = name.partition(" ")[0]
    with pytest.raises(tg.GraphError, match=rf"(?s)np\.(linalg\.)?{name_of} of .*(where|while).*fix .*tg\.where"):
        tg.compile(ASKED[name], backend="numpy")(X)
    w = tg.parameter(X)
    with pytest.raises(tg.GraphError):
        tg.compile(lambda x: (ASKED[name](w), x)[1], backend="numpy")(X)


def test_while_a_function_is_compiled_arrays_of_it_are_answered() -> None:
    at = tg.constant([0.1, 0.9])

    def chosen(x: Any) -> Any:
        return x * (2.0 if np.any(at > 0.5) and np.argmax(at.value) else 3.0)

    with pytest.raises(tg.GraphError, match=r"np\.any"):
        tg.compile(chosen, backend="numpy")(X)  # at > 0.5 is traced
    step = tg.compile(lambda x: x * (2.0 if np.any(at) and np.argmax(at) else 3.0), backend="numpy")
    np.testing.assert_array_equal(step(X), 2 * X)


@each_backend
@each("name", MASKS | OPERATORS)
def test_masks_are_nodes_in_a_compiled_function(name: str, backend: str) -> None:
    ask = (MASKS | OPERATORS)[name]

    def masked(x: Any) -> Any:
        mask = ask(x)
        return mask, np.where(mask, x * x, 3 * x) if mask.shape == X.shape else x[0]

    step = tg.compile(masked, backend=backend)
    with np.errstate(all="ignore"):
        for array in (X, ODD):
            right = np.asarray(ask(array))
            got, chosen = step(array)
            assert got.dtype == right.dtype and got.shape == right.shape
            np.testing.assert_array_equal(got, right)
            np.testing.assert_array_equal(chosen, eager(masked, array)[1])


@each("name", OPERATORS)
def test_operators_of_masks_make_nodes(name: str) -> None:
    x = tg.parameter(X)
    mask = OPERATORS[name](x)
    assert isinstance(mask, tg.Node) and mask.dtype == bool
    np.testing.assert_array_equal(mask.value, OPERATORS[name](X))
    slope = tg.grad(tg.sum(np.where(mask, x * x, 3 * x)), x)
    np.testing.assert_array_equal(slope.value, np.where(mask.value, 2 * X, 3))
    np.testing.assert_array_equal(x[mask].value, X[mask.value])
    np.testing.assert_array_equal(X[mask.value], X[np.asarray(mask)])


@each("call", [lambda x: x & (x > 0), lambda x: (x > 0) | 1, lambda x: True ^ x, lambda x: ~x, lambda x: X & (x > 0)])
def test_operators_of_numbers_are_refused(call: Any) -> None:
    for x in (tg.parameter(X), tg.constant(np.array(3))):
        with pytest.raises(tg.GraphError, match=r"(?s)^[&|^~] of .* is for masks.*fix"):
            call(x)


@each_backend
def test_a_feedback_by_argmax(backend: str) -> None:
    cell, xs = tg.cells.GRU(3, 3, rng=0), np.eye(3)[[[0, 1]] * 4]

    def run(xs: Any) -> Any:
        return tg.unroll(cell, xs, feedback=lambda y: tg.one_hot(np.argmax(y, axis=-1), 3))[0]

    # The cell is of float32, whose tanh native code rounds in its own way.
    np.testing.assert_allclose(tg.compile(run, backend=backend)(xs), run(xs).value, 2e-6)


def test_what_a_node_is() -> None:
    x = tg.parameter(np.ones(2, np.float32))
    assert np.result_type(x, np.float64) == np.float64 and np.isrealobj(x) and not np.iscomplexobj(x)


def test_a_mask_of_an_array_is_not_changed_in_place() -> None:
    mask = tg.parameter(X) > 0
    with pytest.raises(tg.MutationError, match="'&='"):
        mask &= mask


def test_weights_of_a_count_are_refused_since_they_would_lose_their_gradient() -> None:
    w = tg.parameter([0.5, 1.5])
    for call in (lambda: np.bincount([0, 1], weights=w), lambda: np.histogram([0.0, 1.0], weights=w * 2)):
        with pytest.raises(tg.GraphError, match="lose their gradient"):
            call()
    assert np.bincount(tg.constant([0, 1, 1]), weights=np.ones(3)).tolist() == [1, 2]
