"""numpy's array functions in the forms in which people call them: for arrays and nodes alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Form(NamedTuple):
    """``call(*arrays)`` on arrays is what it must be on nodes, gradients included."""

    call: Callable[..., Any]
    arrays: tuple[np.ndarray, ...]


def spread(*shape: int, start: int = 1) -> np.ndarray:
    """Distinct numbers, some of them negative, none near another or near 0."""
    n = int(np.prod(shape))
    return (((np.arange(n) * 7 + start) % (2 * n + 3)) * 0.37 - 0.31 * n - 0.05).reshape(shape)


V, W, X, Y = spread(5), spread(3, start=4), spread(3, 4), spread(2, 3, 4, start=2)
S, Z = spread(4, 4), np.array(1.7)
MASK, ROWS = X > 0, np.array([True, False, True])
PLACES = np.array([[0, 2, 1, 1], [2, 2, 0, 1]])

V0, X0 = V.copy(), X.copy()
V0[1] = V0[3] = 0
X0[0, 1] = X0[1, 1] = X0[2, 3] = 0
HOLED = X.copy()
HOLED[1, 2] = HOLED[0, 0] = np.nan

REDUCTIONS: dict[str, list[Form]] = {
    "sum": [
        Form(lambda x: np.sum(x, dtype=np.float64), (X,)),
        Form(lambda x: np.sum(x, 0, np.float64), (X,)),
        Form(lambda x: np.sum(x, axis=1, where=MASK, keepdims=True), (X,)),
        Form(lambda x: np.sum(x, initial=2.5), (X,)),
        Form(lambda x: np.sum(x, (0, 1), None, None, True, 3.0, MASK), (X,)),
        Form(lambda x, v: np.sum(x, initial=v[0]), (X, V)),
    ],
    "prod": [
        Form(np.prod, (V,)),
        Form(np.prod, (V0,)),
        Form(np.prod, (Z,)),
        Form(lambda x: np.prod(x, axis=0), (X0,)),
        Form(lambda x: np.prod(x, axis=1, keepdims=True), (X0,)),
        Form(lambda y: np.prod(y, axis=(0, -1)), (Y,)),
        Form(lambda y: np.prod(y, axis=()), (Y,)),
        Form(lambda x: np.prod(x, 1, dtype=np.float64, initial=2, where=MASK), (X0,)),
    ],
    "mean": [
        Form(lambda x: np.mean(x, dtype=np.float64), (X,)),
        Form(lambda x: np.mean(x, where=MASK), (X,)),
        Form(lambda x: np.mean(x, 1, keepdims=True, where=[True, False, True, True]), (X,)),
    ],
    "max": [
        Form(lambda x: np.max(x, 1, initial=0.3), (X,)),
        Form(lambda x: np.max(x, axis=0, initial=-0.7, where=MASK, keepdims=True), (X,)),
        Form(lambda x: np.amax(x, 1), (X,)),
        Form(lambda x: np.amax(x, axis=0, keepdims=True, initial=-9), (X,)),
    ],
    "min": [
        Form(lambda x: np.min(x, 1, initial=0.3), (X,)),
        Form(lambda x: np.min(x, where=MASK, initial=9), (X,)),
        Form(lambda x: np.amin(x), (X,)),
    ],
    "var": [
        Form(np.var, (V,)),
        Form(lambda x: np.var(x, 0), (X,)),
        Form(lambda x: np.var(x, axis=-1, ddof=1, keepdims=True), (X,)),
        Form(lambda y: np.var(y, axis=(0, 2), correction=1), (Y,)),
        Form(lambda x: np.var(x, axis=0, where=X > -3), (X,)),
        Form(lambda x: np.var(x, axis=1, mean=np.mean(x, 1, keepdims=True)), (X,)),
    ],
    "std": [
        Form(np.std, (V,)),
        Form(lambda x: np.std(x, axis=1), (X,)),
        Form(lambda x: np.std(x, 0, None, None, 1, True), (X,)),
        Form(lambda y: np.std(y, axis=(1, 2), ddof=0.5, dtype=np.float64), (Y,)),
        Form(lambda x: (x - np.mean(x, 0)) / (np.std(x, 0) + 1e-5), (X,)),
    ],
    "average": [
        Form(np.average, (X,)),
        Form(lambda x: np.average(x, axis=1, keepdims=True), (X,)),
        Form(lambda x, v: np.average(x, axis=0, weights=v), (X, np.array([1.0, 2.5, 0.5]))),
        Form(lambda x: np.average(x, weights=np.arange(1.0, 13).reshape(3, 4)), (X,)),
        Form(lambda x: np.average(x, 0, [3, 1, 2], returned=True), (X,)),
        Form(lambda y, x: np.average(y, axis=(2, 0), weights=x), (Y, np.arange(1.0, 9).reshape(4, 2))),
        Form(lambda x: np.average(x, axis=1, returned=True), (X,)),
    ],
    "ptp": [Form(np.ptp, (X,)), Form(lambda x: np.ptp(x, 0), (X,)), Form(lambda x: np.ptp(x, 1, keepdims=True), (X,))],
    "nansum": [
        Form(lambda x: np.nansum(x + HOLED), (X,)),
        Form(lambda x: np.nansum(x + HOLED, axis=1, keepdims=True), (X,)),
    ],
    "nanprod": [Form(lambda x: np.nanprod(x + HOLED, axis=0), (X,))],
    "nanmean": [
        Form(lambda x: np.nanmean(x + HOLED), (X,)),
        Form(lambda x: np.nanmean(x + HOLED, axis=0), (X,)),
        Form(lambda x: np.nanmean(x, axis=1, where=MASK | (X < -2), keepdims=True), (X,)),
    ],
}

ALONG: dict[str, list[Form]] = {
    "cumsum": [
        *(Form(np.cumsum, (a,)) for a in (V, X, Z)),
        Form(lambda y: np.cumsum(y, axis=1), (Y,)),
        Form(lambda x: np.cumsum(x, -1, np.float64), (X,)),
        Form(np.add.accumulate, (X,)),
        Form(lambda x: np.add.accumulate(x, axis=1), (X,)),
    ],
    "cumprod": [
        *(Form(np.cumprod, (a,)) for a in (V, V0, X0, Z)),
        Form(lambda x: np.cumprod(x, axis=0), (X0,)),
        Form(lambda x: np.cumprod(x, axis=1, dtype=np.float64), (X0,)),
        Form(lambda x: np.multiply.accumulate(x, 1), (X0,)),
    ],
    "ufunc.reduce": [
        Form(np.add.reduce, (X,)),
        Form(lambda x: np.add.reduce(x, axis=None), (X,)),
        Form(lambda x: np.add.reduce(x, 1, keepdims=True, initial=2.0, where=MASK), (X,)),
        Form(lambda x: np.multiply.reduce(x, axis=(0, 1)), (X0,)),
        Form(lambda x: np.maximum.reduce(x, axis=1), (X,)),
        Form(lambda x: np.minimum.reduce(x), (X,)),
        Form(lambda x: np.logaddexp.reduce(x, axis=1), (X,)),
    ],
    "ufunc.accumulate": [
        Form(np.maximum.accumulate, (V,)),
        Form(lambda x: np.maximum.accumulate(x, axis=1), (X,)),
        Form(np.minimum.accumulate, (X,)),
        Form(lambda y: np.minimum.accumulate(y, axis=-1), (Y,)),
    ],
    "ufunc.outer": [
        Form(np.multiply.outer, (V, W)),
        Form(lambda x, w: np.subtract.outer(x, w), (X, W)),
        Form(lambda w: np.add.outer(w, [1.0, 2.0]), (W,)),
    ],
    "diff": [
        Form(np.diff, (V,)),
        Form(lambda x: np.diff(x, axis=0), (X,)),
        Form(lambda x: np.diff(x, 2), (X,)),
        Form(lambda x: np.diff(x, 0), (X,)),
        Form(lambda x: np.diff(x, prepend=0), (X,)),
        Form(lambda x, y: np.diff(x, axis=0, prepend=x[:1] * 2, append=y[0, :2]), (X, Y)),
    ],
    "gradient": [
        Form(np.gradient, (V,)),
        Form(lambda v: np.gradient(v, 0.5, edge_order=2), (V,)),
        Form(lambda v: np.gradient(v, [0.0, 1.0, 1.5, 4.0, 4.5]), (V,)),
        Form(lambda v: np.gradient(v, np.array([0.0, 1.0, 1.5, 4.0, 4.5]), edge_order=2), (V,)),
        Form(np.gradient, (X,)),
        Form(lambda x: np.gradient(x, 2.0, [0.0, 1.0, 3.0, 4.0]), (X,)),
        Form(lambda y: np.gradient(y, axis=1), (Y,)),
        Form(lambda y: np.gradient(y, 0.1, axis=(0, -1)), (Y,)),
    ],
    "trapezoid": [
        Form(np.trapezoid, (V,)),
        Form(lambda x: np.trapezoid(x, dx=0.5, axis=0), (X,)),
        Form(lambda x, w: np.trapezoid(x, w, axis=0), (X, W)),
        Form(lambda x: np.trapezoid(x, np.sort(X, axis=1)), (X,)),
    ],
    "convolve": [
        *(Form(lambda v, w, m=m: np.convolve(v, w, m), (V, W)) for m in ("full", "same", "valid")),
        *(Form(lambda w, v, m=m: np.convolve(w, v, mode=m), (W[:2], V)) for m in ("full", "same", "valid")),
        Form(lambda v, x: np.convolve(v, x[0], "same"), (V, X)),
        Form(np.convolve, (V, V[:5] * 2)),
        Form(lambda v: np.convolve(v, [0.25, 0.5, 0.25]), (V,)),
    ],
    "sort": [
        Form(np.sort, (V,)),
        Form(lambda x: np.sort(x, axis=0), (X,)),
        Form(lambda x: np.sort(x, axis=None, kind="stable"), (X,)),
        Form(lambda y: np.sort(y, 1), (Y,)),
        Form(lambda v: np.sort(v)[::-1] * np.arange(5.0), (V,)),
    ],
    "take": [
        Form(lambda x: np.take(x, np.array([[-5, 1], [7, 2]]), axis=1, mode="wrap"), (X,)),
        Form(lambda x: np.take(x, [[-5, 1], [7, 2]], axis=0, mode="clip"), (X,)),
        Form(lambda y: np.take(y, [-1, 90], mode="clip") + np.take(y, [2, -1], mode="raise"), (Y,)),
    ],
    "take_along_axis": [
        Form(lambda x: np.take_along_axis(x, PLACES, axis=0), (X,)),
        Form(lambda x: np.take_along_axis(x, np.argmax(X, 1)[:, None], 1), (X,)),
        Form(lambda x: np.take_along_axis(x, np.array([3, 0, -1]), axis=None), (X,)),
        Form(lambda y: np.take_along_axis(y, np.array([[[1], [3], [0]]]), -1), (Y,)),
    ],
}
