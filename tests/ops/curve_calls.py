"""Calls of numpy's functions of sorted numbers, of windows, of curves and columns: for arrays and nodes alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from .array_calls import MASK, Form, S, V, W, X, Y


def holed(x: Any) -> Any:
    """Some numbers as NaN."""
    return np.where(np.arange(12).reshape(3, 4) % 5 == 0, np.nan, x)


BY_VALUES: dict[str, list[Form]] = {
    "partition": [Form(lambda x: np.sort(np.partition(x, 2)[:, :3]), (X,))],
    "unique": [
        Form(np.unique, (X,)),
        Form(lambda v: np.unique(np.concatenate([v, v]) * 2, return_counts=True)[0], (V,)),
    ],
    "piecewise": [
        Form(lambda x: np.piecewise(x, [x < 0, x > 1], [lambda z: z * z, lambda z: np.log(z), 0.5]), (X,)),
        Form(lambda v: np.piecewise(v, [v > 0], [lambda z, k: z * k, 1.0], 3.0), (V,)),
    ],
}
"""Those that look at values, which there are none of while a function is compiled."""

ORDERED: dict[str, list[Form]] = {
    "quantile": [
        Form(lambda x: np.quantile(x, 0.3), (X,)),
        Form(lambda x: np.quantile(x, [0.0, 0.25, 1.0], axis=1), (X,)),
        Form(lambda y: np.quantile(y, 0.6, axis=(0, 2), keepdims=True), (Y,)),
        *[
            Form(lambda x, m=m: np.quantile(x, 0.4, axis=0, method=m), (X,))
            for m in ("linear", "lower", "higher", "midpoint")
        ],
    ],
    "percentile": [Form(lambda x: np.percentile(x, [25, 75], -1), (X,)), Form(lambda v: np.percentile(v, 90), (V,))],
    "median": [Form(np.median, (X,)), Form(lambda x: np.median(x, axis=0, keepdims=True), (X,)), Form(np.median, (V,))],
    "nanmax": [Form(lambda x: np.nanmax(holed(x), 1), (X,)), Form(lambda x: np.nanmax(holed(x)), (X,))],
    "nanmin": [Form(lambda x: np.nanmin(holed(x), axis=0, keepdims=True), (X,))],
}

WINDOWS: dict[str, list[Form]] = {
    "apply_along_axis": [
        Form(lambda x: np.apply_along_axis(np.sum, 0, x), (X,)),
        Form(lambda y: np.apply_along_axis(lambda r: r / np.abs(r).sum(), 1, y), (Y,)),
        Form(lambda y: np.apply_along_axis(lambda r, k: np.outer(r, r) * k, -2, y, 2.0), (Y,)),
        Form(lambda x: np.apply_along_axis(lambda r: [r[0], r[1] * r[2]], 1, x), (X,)),
    ],
    "apply_over_axes": [Form(lambda y: np.apply_over_axes(np.sum, y, [0, 2]), (Y,))],
    "sliding_window_view": [
        Form(lambda v: np.lib.stride_tricks.sliding_window_view(v, 3), (V,)),
        Form(lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)), (X,)),
        Form(lambda y: np.lib.stride_tricks.sliding_window_view(y, 2, axis=1), (Y,)),
    ],
    "correlate": [
        *[Form(lambda v, w, m=m: np.correlate(v, w, m), (V, W)) for m in ("valid", "same", "full")],
        *[Form(lambda v, w, m=m: np.correlate(w, v, m), (V, W)) for m in ("valid", "full")],
        *[Form(lambda v, w, m=m: np.correlate(v[:2], w * w, m), (V, W)) for m in ("valid", "same", "full")],
        *[Form(lambda v, w, m=m: np.convolve(v[:2], w * w, m), (V, W)) for m in ("valid", "same", "full")],
    ],
}

CURVES: dict[str, list[Form]] = {
    "interp": [
        Form(lambda x: np.interp(x, [-1.0, 0.0, 2.0], [0.5, 2.0, -1.0]), (X,)),
        Form(lambda v, w: np.interp(v, [-2.0, 0.1, 1.5], w), (V, W)),
        Form(lambda v: np.interp(v, [-1.0, 0.0, 1.0], [1.0, 3.0, 2.0], left=-9.0, right=9.0), (V,)),
    ],
    "polyval": [Form(np.polyval, (W, X)), Form(lambda x: np.polyval([1.0, -2.0, 0.5], x), (X,))],
    "vander": [Form(np.vander, (V,)), Form(lambda v: np.vander(v, 3, increasing=True), (V,))],
    "cbrt": [Form(np.cbrt, (X,))],
    "sinc": [Form(np.sinc, (X,))],
    "heaviside": [Form(lambda x: np.heaviside(x, 0.5) * x, (X,))],
    "modf": [Form(lambda x: np.modf(x)[0], (X,))],
    "logaddexp2": [Form(lambda x: np.logaddexp2(x, 0.5), (X,))],
    "cov": [
        Form(np.cov, (X,)),
        Form(lambda x: np.cov(x, rowvar=False, bias=True), (X,)),
        Form(lambda v, w: np.cov(v[:3], w), (V, W)),
        Form(lambda v: np.cov(v, ddof=0), (V,)),
    ],
    "corrcoef": [Form(np.corrcoef, (S,)), Form(lambda v, w: np.corrcoef(v[:3], w)[0, 1] * v, (V, W))],
    "ediff1d": [Form(lambda x: np.ediff1d(x, to_begin=0.5, to_end=[1.0, 2.0]), (X,))],
    "resize": [Form(lambda v: np.resize(v, (2, 4)), (V,))],
    "nanvar": [Form(lambda x: np.nanvar(holed(x), axis=1, ddof=1), (X,)), Form(lambda x: np.nanstd(holed(x), 0), (X,))],
    "nancumsum": [
        Form(lambda x: np.nancumsum(holed(x), axis=1), (X,)),
        Form(lambda x: np.nancumprod(holed(x), 0), (X,)),
    ],
    "cumulative_sum": [
        Form(lambda x: np.cumulative_sum(x, axis=1, include_initial=True), (X,)),
        Form(lambda v: np.cumulative_prod(v, include_initial=True), (V,)),
    ],
    "unstack": [Form(lambda y: np.unstack(y, axis=1), (Y,))],
    "vecdot": [
        Form(lambda x: np.vecdot(x, x[::-1]), (X,)),
        Form(lambda y: np.vecdot(y, y * y, axis=-1) + np.vecdot(y, y, axis=-1), (Y,)),
        Form(lambda y: np.vecdot(y, y * y, axis=np.int64(1)), (Y,)),
        Form(lambda y: np.linalg.vecdot(y, y * y, axis=1), (Y,)),
    ],
    "vector_norm": [
        Form(np.linalg.vector_norm, (X,)),
        Form(lambda y: np.linalg.vector_norm(y, axis=(0, 2), ord=1, keepdims=True), (Y,)),
        Form(lambda y: np.linalg.matrix_norm(y, keepdims=True), (Y,)),
        Form(lambda y: np.linalg.matrix_transpose(y) + np.matrix_transpose(y), (Y,)),
    ],
    "linalg": [
        Form(lambda x: np.linalg.outer(x[0], x[1, :3] ** 2), (X,)),
        Form(lambda x: np.linalg.matmul(x, x[::-1].T) + np.linalg.tensordot(x, x[:2].T, axes=1)[:, :1], (X,)),
        Form(lambda y: np.linalg.cross(y[0, :, :3], y[1, :, :3]), (np.resize(X, (2, 2, 3)),)),
    ],
    "where=": [
        Form(lambda x: np.add.reduce(x, axis=1, where=MASK), (X,)),
    ],
}
