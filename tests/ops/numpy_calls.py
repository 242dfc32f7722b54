"""Calls that numpy accepts or refuses, right and wrong settings among them: for a node each must mean the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

DTYPES = [np.bool_, np.int8, np.uint8, np.int64, np.float16, np.float32, np.float64]
SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (0,), (2, 3), (2, 0, 3), (1, 3), (2, 1, 3), (2, 3, 4)]
AXES = [None, 0, 1, -1, -2, 5, -9, (0,), (0, 1), (0, 0), (0, -1), (), True, 1.0, np.int64(0), [0]]
ORDERS = ["C", "F", "A", "K", None, "f"]

OF_TWO = ["arctan2", "logaddexp", "fmax", "fmin", "copysign", "remainder", "floor_divide", "fmod"]
UNARY = [
    "abs",
    "cos",
    "exp",
    "floor",
    "log",
    "negative",
    "sign",
    "sin",
    "sqrt",
    "square",
    "tanh",
    "positive",
    "reciprocal",
    "log2",
    "log10",
    "fabs",
    "ravel",
    "squeeze",
    "transpose",
    "copy",
    "shape",
    "ndim",
    "size",
    "zeros_like",
    "ones_like",
    "sum",
    "mean",
    "max",
    "min",
    "argmax",
    "prod",
    "isnan",
    "expm1",
    "tan",
    "sinh",
    "cosh",
    "arcsin",
    "arccos",
    "arctan",
    "arcsinh",
    "arccosh",
    "arctanh",
    "exp2",
    "log1p",
    "ceil",
    "trunc",
    "rint",
    "round",
    "around",
    "fix",
    "deg2rad",
    "rad2deg",
    "radians",
    "degrees",
    "nan_to_num",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "float_power",
    "maximum",
    "minimum",
    "greater",
    "less_equal",
    "equal",
    "not_equal",
    "matmul",
    "dot",
    "outer",
    "hypot",
    "mod",
    *OF_TWO,
]
REDUCTIONS = ["sum", "mean", "max", "min", "argmax"]
STATISTICS = ["prod", "var", "std", "ptp", "amax", "amin", "nansum", "nanprod", "nanmean"]
ALONG = ["cumsum", "cumprod", "sort", "flip", "diff", "roll"]
NUMBERS = [2, True, 0.5, 0, np.float64(0.5), np.float32(2), np.int8(2)]
LIMITS = [
    (0, 1),
    (None, 1),
    (0, None),
    (2, 1),
    (0.5, 1),
    (np.array(0.0), 1),
    (np.array([0.0]), 1),
    (np.float64(0.5), 1),
    (np.float32(0), 1),
    ([0], 2),
    (-200, 300),
    (np.nan, 1),
]
SECTIONS = [1, 2, 3, [1], [3, 1], [1, 0, 2], [-1], [9], [], (2, 2), np.array([1, 2]), 0, -1, 1.0, [1.5]]
INDICES = [[0], 0, [0, -1], np.array([[0, 0]]), 1.0, [], 9, -9, [0.0], np.uint8(0)]
SIZES = [(-1,), (3, 2), 6, (2, -1), (-1, -1), (), (1, -1), (3, 2.0), [2, 3], np.array([3, 2]), np.int64(6)]
TURNS = [(0, 1), (1, 0), (1, 1), (-1, 0), (0, 5), (0.0, 1), ((0, 1), (1, 0)), ((0, 0), (1, 0)), ((0,), (1, 0))]
ROWS = np.array([True, False, True])
KEYS = [
    True,
    np.True_,
    False,
    0,
    -1,
    5,
    None,
    ...,
    slice(0, 2),
    slice(2, 0),
    (0, 0),
    (0, ...),
    (..., 0),
    np.array([True]),
    np.array(True),
    ROWS,
    ROWS[:2],
    [True, False],
    np.ones((2, 3), bool),
    np.ones((3, 2), bool),
    (slice(None), ROWS),
    (slice(None), [True]),
    (ROWS[:2], np.array([0])),
    (np.array([True, True]), 0),
    (True, 0),
    [0, 1],
    [],
    [0, 9],
    np.array([0]),
    np.array(0),
    np.zeros((0,), bool),
    1.0,
    (..., ...),
    (0, None, ...),
    [0.0],
    ([0, 1], [0, 1]),
    ([0, 1], [0, 1, 2]),
    [[True, False, True]],
    np.int64(0),
    (np.ones((2, 3), bool), 0),
    (..., ROWS),
    ((0, 1), (0, 1)),
    (ROWS[:2], slice(None), np.array([0])),
    slice(None, None, 0),
    np.zeros((2, 0), bool),
    (..., ROWS, 0),
]


class Call(NamedTuple):
    name: str
    function: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]


def numbers(shape: tuple[int, ...], dtype: Any, start: int = 0) -> np.ndarray:
    """Distinct numbers around 0 as far as the dtype has them."""
    whole = (np.arange(int(np.prod(shape))) * 7 + start) % 11
    if dtype is np.bool_:
        return (whole % 2 == 1).reshape(shape)
    signed = np.dtype(dtype).kind in "fi"
    array = (whole - 3 * signed).reshape(shape).astype(dtype)
    return np.asarray(array + dtype(0.25)) if np.dtype(dtype).kind == "f" else array


def calls() -> Iterator[Call]:
    for shape in SHAPES:
        for dtype in DTYPES:
            x = numbers(shape, dtype)
            yield from of_one(x)
            yield from of_values(x)
            for other in DTYPES:
                for second in {shape, (), (3,), (1,)}:
                    yield from of_two(x, numbers(second, other, 1))
        for dtype in (np.int8, np.float64):
            yield from rearranging(numbers(shape, dtype))
        for second in [*SHAPES, (3, 2), (2, 4, 2)]:
            yield from joining(numbers(shape, np.float64), numbers(second, np.float32, 2))


def of_one(x: np.ndarray) -> Iterator[Call]:
    for name in UNARY:
        yield Call(name, getattr(np, name), (x,))
    for name in REDUCTIONS:
        for axis in AXES:
            for settings in ({}, {"keepdims": True}):
                yield Call(f"{name} {axis}", lambda x, n=name, a=axis, s=settings: getattr(np, n)(x, axis=a, **s), (x,))
                yield Call(f".{name} {axis}", lambda x, n=name, a=axis, s=settings: getattr(x, n)(axis=a, **s), (x,))
    yield from along_axes(x)
    for name in REDUCTIONS:
        for more in ((0, np.float32), (0, None), (0, None, None, True), (0, None, None, False)):
            yield Call(f"{name} {more}", lambda x, n=name, m=more: getattr(np, n)(x, *m), (x,))
    for number in NUMBERS:
        for name in BINARY[:10]:
            yield Call(f"{name} {number!r}", lambda x, n=name, c=number: getattr(np, n)(x, c), (x,))
            yield Call(f"{number!r} {name}", lambda x, n=name, c=number: getattr(np, n)(c, x), (x,))
        for name in ("dot", "outer"):
            yield Call(f"{name} {number!r}", lambda x, n=name, c=number: getattr(np, n)(x, c), (x,))
        yield Call(f"where {number!r}", lambda x, c=number: np.where(x > 0, x, c), (x,))
        yield Call(f"stack {number!r}", lambda x, c=number: np.stack([x, c]), (x,))
        yield Call(f"einsum {number!r}", lambda x, c=number: np.einsum("...,->...", x, c), (x,))


def along_axes(x: np.ndarray) -> Iterator[Call]:
    for axis in AXES:
        for settings in ({}, {"keepdims": True}):
            for n in STATISTICS:
                yield Call(f"{n} {axis}", lambda x, n=n, a=axis, s=settings: getattr(np, n)(x, axis=a, **s), (x,))
        for n in ALONG:
            more = (1,) if n in ("diff", "roll") else ()
            yield Call(f"{n} {axis}", lambda x, n=n, a=axis, m=more: getattr(np, n)(x, *m, axis=a), (x,))


def of_two(x: np.ndarray, y: np.ndarray) -> Iterator[Call]:
    for name in BINARY:
        yield Call(name, getattr(np, name), (x, y))


def rearranging(x: np.ndarray) -> Iterator[Call]:
    for axis in AXES:
        for name in ("expand_dims", "squeeze", "transpose"):
            yield Call(f"{name} {axis}", lambda x, n=name, a=axis: getattr(np, n)(x, a), (x,))
        for name in ("stack", "concatenate"):
            yield Call(f"{name} of one {axis}", lambda x, n=name, a=axis: getattr(np, n)(x, axis=a), (x,))
            yield Call(f"{name} {axis}", lambda x, n=name, a=axis: getattr(np, n)([x, x], axis=a), (x,))
        for cuts in SECTIONS:
            yield Call(f"split {cuts} {axis}", lambda x, c=cuts, a=axis: np.split(x, c, axis=a), (x,))
        for at in INDICES:
            yield Call(f"take {at} {axis}", lambda x, i=at, a=axis: np.take(x, i, axis=a), (x,))
    for turn in TURNS:
        yield Call(f"swapaxes {turn}", lambda x, t=turn: np.swapaxes(x, *t), (x,))
        yield Call(f"moveaxis {turn}", lambda x, t=turn: np.moveaxis(x, *t), (x,))
    for order in ORDERS:
        yield Call(f"ravel {order}", lambda x, o=order: np.ravel(x, order=o), (x,))
        yield Call(f".flatten {order}", lambda x, o=order: x.flatten(o), (x,))
        for size in SIZES:
            yield Call(f"reshape {size} {order}", lambda x, s=size, o=order: np.reshape(x, s, order=o), (x,))
            yield Call(f".reshape {size} {order}", lambda x, s=size, o=order: x.reshape(s, order=o), (x,))
    for size in SIZES:
        yield Call(f"broadcast_to {size}", lambda x, s=size: np.broadcast_to(x, s), (x,))
    for limits in LIMITS:
        yield Call(f"clip {limits}", lambda x, c=limits: np.clip(x, *c), (x,))
    for key in KEYS:
        yield Call(f"[{key!r}]", lambda x, k=key: x[k], (x,))


PRODUCTS = ("dot", "outer", "matmul", "inner", "vdot", "kron", "cross", "tensordot", "array_equal", "isin")
ASKED = ("any", "all", "argmin", "argsort", "count_nonzero")
MATRICES = ("inv", "det", "slogdet", "cholesky", "norm", "matrix_power")
ORDERS_OF_NORMS = (None, 1, -1, 2, 0, 3, np.inf, -np.inf, "fro", "x")


def of_values(x: np.ndarray) -> Iterator[Call]:
    for name in ("isnan", "isfinite", "isinf", "signbit", "logical_not", "invert", "nonzero", "flatnonzero", "unique"):
        yield Call(name, lambda x, n=name: [*np.atleast_1d(getattr(np, n)(x))], (x,))
    for name in ASKED:
        for axis in AXES:
            yield Call(f"{name} {axis}", lambda x, n=name, a=axis: getattr(np, n)(x, axis=a), (x,))
    for axis in (None, 0, -1, (0, 1), (1, 0), (0, 0), 5):
        for p in ORDERS_OF_NORMS:
            yield Call(f"norm {p} {axis}", lambda x, p=p, a=axis: np.linalg.norm(x, p, a, True), (x,))
    for name in MATRICES[:5]:
        call = getattr(np.linalg, name)
        yield Call(name, lambda x, f=call: f((x @ x.T if x.ndim == 2 else x) * 1.0 + np.eye(2)), (x,))


def joining(x: np.ndarray, y: np.ndarray) -> Iterator[Call]:
    for name in PRODUCTS:
        yield Call(name, getattr(np, name), (x, y))
    yield Call(".dot", lambda x, y: x.dot(y), (x, y))
    for axis in (0, -1, 1):
        yield Call(f"concatenate {axis}", lambda x, y, a=axis: np.concatenate([x, y], a), (x, y))
        yield Call(f"stack {axis}", lambda x, y, a=axis: np.stack((x, y), a), (x, y))
