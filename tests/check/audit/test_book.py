"""The book: an array is looked up whatever its sign, scale or transpose, and nothing else is taken for it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.check.audit import book
from tinygraph.check.audit.activations import slopes
from tinygraph.check.audit.book import Book, ratio, same
from tinygraph.check.audit.right import Thing

rng = np.random.default_rng(2)
A, B, COLUMN = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(4, 1))


def thing(name: str, array: Any) -> Thing:
    return Thing("value", name, None, (name,), np.asarray(array, float))


BOOK = Book([thing("a", A), thing("b", B), thing("c", COLUMN), thing("one", [2.0]), thing("no", np.zeros((3, 4)))])


def told(array: Any) -> list[tuple[str, float, bool]]:
    return [(m.thing.of, round(m.factor, 9), m.transposed) for m in BOOK.look(np.asarray(array))]


@each(
    "array, answer",
    [
        (A, [("a", 1.0, False)]),
        (-2.5 * A, [("a", -2.5, False)]),
        (A.T, [("a", 1.0, True)]),
        (3 * B.T, [("b", 3.0, True)]),
        (A.reshape(12), [("a", 1.0, False)]),
        (COLUMN.T, [("c", 1.0, False)]),
        (COLUMN * 1e-9, [("c", 1e-9, False)]),
        (A[::-1], []),
        (np.sort(A, axis=None).reshape(3, 4), []),
        (A + 1e-6, []),
        (A[:2], []),
        (np.zeros((3, 4)), []),
        (A * np.nan, []),
        ([2.0], []),
    ],
)
def test_an_array_is_what_it_is_a_multiple_of(array: Any, answer: list[tuple[str, float, bool]]) -> None:
    assert told(array) == answer


def test_factors_of_one_come_first_and_straight_ones_before_transposed() -> None:
    square = rng.normal(size=(3, 3))
    symmetric = square + square.T
    book = Book([thing("twice", 2 * symmetric), thing("turned", square.T), thing("own", square), thing("s", symmetric)])
    assert [m.thing.of for m in book.look(symmetric)] == ["s", "twice"]
    assert [(m.thing.of, m.transposed) for m in book.look(square)] == [("turned", False), ("own", False)]
    assert [m.is_exact for m in book.look(symmetric)] == [True, False]
    assert [m.is_exact for m in book.look(symmetric * (1 + 1e-9))] == [True, False]
    assert not any(m.is_exact for m in book.look(symmetric * (1 + 1e-7)))


def test_what_is_no_number_is_not_in_the_book() -> None:
    none = [thing("nan", A * np.nan), thing("infinite", A * np.where(A > 0, np.inf, 1))]
    for things in ([none[0], thing("a", A), none[1]], [*none, thing("a", A)]):
        assert [m.thing.of for m in Book(things).look(A)] == ["a"]
    assert Book(none).look(A) == [] and not Book(none).may_have(A[None]).any()


def test_what_a_stack_may_have_is_what_its_rows_have() -> None:
    rows = [A, -B, A + 1, np.zeros((3, 4)), 7 * A, np.full((3, 4), np.nan), B[::-1] * 2 + 1]
    assert BOOK.may_have(np.array(rows)).tolist() == [True, True, False, False, True, False, False]
    assert BOOK.may_have(np.ones((2, 7))).tolist() == [False, False]
    many = np.array([rng.choice([1.0, -3.0, 0.2]) * (A if k % 3 == 0 else rng.normal(size=A.shape)) for k in range(60)])
    has = np.array([bool(BOOK.look(row)) for row in many])
    assert has.sum() == 20 and BOOK.may_have(many)[has].all()
    assert BOOK.may_have(many).sum() < 24


def test_a_ratio_is_that_of_all_numbers_and_not_zero() -> None:
    a, b = A.ravel(), B.ravel()
    assert ratio(3 * a, a) == pytest.approx(3) and ratio(-0.5 * a, a) == pytest.approx(-0.5)
    assert ratio(a, b) is None and ratio(0 * a, b) is None and ratio(a, 0 * b) is None
    assert (
        ratio(np.array([2.0, 0.0]), np.array([1.0, 0.0])) == 2 and ratio(np.array([2.0, 1]), np.array([1.0, 0])) is None
    )


def plainly(a: np.ndarray, b: np.ndarray, near: float) -> bool:
    """`same` as it is meant: by the largest difference and the largest number."""
    return float(np.abs(a - b).max()) <= near * max(float(np.abs(b).max()), 1e-300)


@each("near", [1e-8, 1e-6, 1e-3])
def test_two_arrays_are_the_same_up_to_the_largest_number(near: float) -> None:
    tried = {True: 0, False: 0}
    for size in (1, 2, 7, 300):
        for spread in (0, 3):  # numbers of one size, and of many: the norm and the largest number differ then
            b = rng.normal(size=size) * 10.0 ** rng.uniform(-spread, 0, size)
            for off in np.logspace(-1.5, 1.5, 31) * near * np.abs(b).max():
                for a in (b + off, b + off * rng.uniform(-1, 1, size), b + off * (np.arange(size) == size // 2)):
                    if not math.isclose(np.abs(a - b).max(), near * np.abs(b).max(), rel_tol=1e-3):
                        assert same(a, b, near) == plainly(a, b, near)
                        tried[plainly(a, b, near)] += 1
    assert min(tried.values()) > 100


def test_arrays_of_other_shapes_and_none_are_never_the_same() -> None:
    assert not same(None, A) and not same(A.ravel(), A) and not same(A.T, A)
    assert same(np.zeros(3), np.zeros(3)) and not same(np.full(3, 1e-200), np.zeros(3))
    assert same(np.zeros((0, 2)), np.zeros((0, 2)))


def test_slopes_are_those_of_tanh_and_of_a_sigmoid_before_and_behind_it() -> None:
    z, step = rng.normal(size=5), 1e-6

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    of_tanh, of_sigmoid = ((f(z + step) - f(z - step)) / (2 * step) for f in (np.tanh, sigmoid))
    np.testing.assert_allclose(slopes(np.tanh(z))[0], of_tanh, rtol=1e-8)
    np.testing.assert_allclose(slopes(sigmoid(z))[1], of_sigmoid, rtol=1e-8)
    np.testing.assert_allclose(slopes(z)[2:], [of_tanh, of_sigmoid], rtol=1e-8)


def test_of_an_array_and_its_transpose_the_first_is_told_however_their_marks_are_rounded() -> None:
    orders = set()
    for seed in range(60):
        square = np.random.default_rng(seed).normal(size=(10, 10))
        turned = np.ascontiguousarray(square.T)
        orders.add(np.sign(book._mark(square) - book._mark(turned)))
        for first, second in ((square, turned), (turned, square)):
            names = [m.thing.of for m in Book([thing("first", first), thing("second", second)]).look(square)]
            assert names == ["first", "second"]
    assert {-1, 1} <= orders, "their marks differ by rounding, either way"
