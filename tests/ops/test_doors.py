"""What each of numpy's functions on nodes refuses itself: the first words, what was expected, and what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

X, V = np.arange(6.0).reshape(2, 3) + 0.5, np.arange(3.0) + 1
EMPTY = np.zeros((0, 3))


def p(array: Any) -> tg.Node:
    return tg.parameter(array)


REFUSED: dict[str, Callable[[], Any]] = {
    "np.diff: n is negative|0 or more|-1": lambda: np.diff(p(X), -1),
    "np.gradient: booleans have no difference||bool": lambda: np.gradient(p(X) > 1),
    "np.gradient: unknown edge_order|1 or 2|3": lambda: np.gradient(p(X), edge_order=3),
    "np.gradient: wrong coordinates|a number or (3,)|(2,)": lambda: np.gradient(p(V), V[:2]),
    "np.gradient: wrong number of distances|none, one, or one an axis|3 for 2 axes": lambda: np.gradient(p(X), 1, 2, 3),
    "np.gradient: too few elements|2 or more|shape (1,)": lambda: np.gradient(p(V[:1])),
    "np.gradient: too few elements|3 or more|shape (2,)": lambda: np.gradient(p(V[:2]), edge_order=2),
    "np.convolve: vectors are needed|(n,) and (m,)|(2, 3) and (3,)": lambda: np.convolve(p(X), V),
    "np.convolve: vectors are needed|(n,) and (m,)|(3,) and (0,)": lambda: np.convolve(p(V), V[:0]),
    "np.take_along_axis: wrong indices|integers with 2 axes|float64 (2, 3)": lambda: np.take_along_axis(p(X), X, 1),
    "np.take_along_axis: wrong indices|integers with 2 axes|int64 (1,)": lambda: np.take_along_axis(
        p(X), np.array([1]), 1
    ),
    "np.sort: a node has no fields||order='a'": lambda: np.sort(p(V), order="a"),
    "einsum: sizes of j differ|one size for each letter|'ij,jk->ik' with": lambda: tg.einsum("ij,jk->ik", p(X), X),
    "einsum: invalid result 'z'|letters of the terms|'ij->z' with shapes (2, 3)": lambda: tg.einsum("ij->z", p(X)),
    "einsum: 'ij' needs 2 axes|a letter for each axis|'ij->i' with shapes (3,)": lambda: tg.einsum("ij->i", p(V)),
    "np.concatenate: the parts cannot be cast||float64 to dtype('int64'), casting='same_kind'": lambda: np.concatenate(
        [p(V), V], dtype=np.dtype(np.int64)
    ),
    "np.block: lists are empty, or not equally deep||[": lambda: np.block([[p(V)], V]),
    "np.hsplit: too few axes|1 or more|()": lambda: np.hsplit(p(1.0), 1),
    "np.vsplit: too few axes|2 or more|(3,)": lambda: np.vsplit(p(V), 1),
    "np.dsplit: too few axes|3 or more|(2, 3)": lambda: np.dsplit(p(X), 1),
    "np.linspace: num is negative|0 or more|-1": lambda: np.linspace(p(0.0), 1.0, -1),
    "np.linalg.inv: inv needs square matrices|(..., N, N)|(2, 3)": lambda: np.linalg.inv(p(X)),
    "np.linalg.det: det needs square matrices|(..., N, N)|(3,)": lambda: np.linalg.det(p(V)),
    "np.linalg.det: det: numpy has none for float16||float16": lambda: np.linalg.det(p(np.eye(2, dtype=np.float16))),
    "astype of parameter: numpy's rules do not allow it||float64 to <class 'int'>": lambda: p(V).astype(
        int, casting="safe"
    ),
    "np.positive: booleans have no sign|numbers|bool": lambda: np.positive(p(V) > 1),
    "np.reciprocal: of integers numpy gives 0, -1 or 1|floating-point numbers|int64": lambda: np.reciprocal(
        tg.constant([1, 2])
    ),
    "np.linalg.norm: ord needs a vector or a matrix||shape (1, 2, 3), ord=1": lambda: np.linalg.norm(p(X[None]), 1),
    "getitem of parameter: invalid index array|integers or booleans|float64 (1,)": lambda: p(V)[np.array([0.5])],
    "getitem of parameter: invalid index array|integers or booleans|bool ()": lambda: p(V)[True],
    "reshape of parameter: a shape is needed||": lambda: p(V).reshape(),
    "matmul needs arrays with axes||() @ (3,)": lambda: tg.matmul(p(2.0), V),
    "np.roll: a single number has no axis||axis=()": lambda: np.roll(p(2.0), 1, axis=()),
    "np.meshgrid: unknown indexing|'xy' or 'ij'|'yx'": lambda: np.meshgrid(p(V), V, indexing="yx"),
    "np.select: as many choices as conditions are needed||2 and 1": lambda: np.select([V > 1] * 2, [p(V)]),
    "np.compress: the condition needs one axis||2 axes": lambda: np.compress(X > 1, p(X), axis=0),
    "np.clip: a limit was passed twice": lambda: np.clip(p(V), 0, 1, min=0),
    "split: 3 does not divide into 2 equal parts||shape (2, 3), axis 1": lambda: tg.split(p(X), 2, axis=1),
    "split: invalid sections|a number of parts, or a list of indices|None": lambda: tg.split(p(X), None),
    "np.max: where= hides elements, and none may be left": lambda: np.max(p(X), axis=0, where=X > 99),
    "np.mean: no elements are left to divide by|one or more|shape (0, 3), axis 0": lambda: np.mean(
        p(EMPTY), axis=0, where=EMPTY > 0
    ),
    "np.var: no elements are left to divide by|one or more|shape (2, 3), axis 0, 2.0 degrees": lambda: np.var(
        p(X), axis=0, ddof=2
    ),
    "np.average: the weights sum to 0": lambda: np.average(p(V), weights=[1, -1, 0]),
}


@each("told", REFUSED)
def test_what_it_refuses_is_told(told: str) -> None:
    problem, *lines = told.split("|")
    with pytest.raises(tg.GraphError) as error:
        REFUSED[told]()
    first, *rest = str(error.value).splitlines()
    assert first.startswith(problem), error.value
    for word, line in zip(("expected", "got"), lines, strict=False):
        assert any(x.strip().startswith(word) and line in x for x in rest) or not line, error.value
