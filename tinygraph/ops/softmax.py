"""Softmax and log-softmax over one axis, stable for large inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, Spec
from .inference import check_elements, in_floats, promoted, result_dtype, strict_axes, tried


class _AlongAxis(Op):
    """z = f(x) along ``axis``; each element of z depends on all of x along it      x, z: (..., V, ...)"""

    def infer(self, x: Spec, axis: Any = -1) -> Spec:  # type: ignore[override]
        if not x.shape:
            return tried(self, np.ones((), x.dtype), axis=axis)
        check_elements(self, x.shape, strict_axes(self, x.shape, axis))
        return Spec(x.shape, result_dtype(self, x.dtype))


class Softmax(_AlongAxis):
    """z_i = exp(x_i) / sum_j exp(x_j) over ``axis``      x, z: (..., V, ...)

    Example:
        >>> import tinygraph as tg
        >>> tg.softmax(tg.constant([1e4, 1e4])).value
        array([0.5, 0.5])
    """

    def forward(self, x: Any, axis: int = -1) -> Any:
        x, dtype = in_floats(x), promoted(x.dtype, np.float16)
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
        z = e / np.sum(e, axis=axis, keepdims=True)
        return z if z.dtype == dtype else z.astype(dtype)

    def backward(self, gz: Any, z: Any, x: Any, axis: int = -1) -> Any:
        return z * (gz - np.sum(gz * z, axis=axis, keepdims=True))


class LogSoftmax(_AlongAxis):
    """z_i = x_i - ln(sum_j exp(x_j)) over ``axis``      x, z: (..., V, ...)

    Example:
        >>> import tinygraph as tg
        >>> tg.log_softmax(tg.constant([0.0, 0.0])).value
        array([-0.69314718, -0.69314718])
    """

    def forward(self, x: Any, axis: int = -1) -> Any:
        x, dtype = in_floats(x), promoted(x.dtype, np.float16)
        shifted = x - np.max(x, axis=axis, keepdims=True)
        z = shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
        return z if z.dtype == dtype else z.astype(dtype)

    def backward(self, gz: Any, z: Any, x: Any, axis: int = -1) -> Any:
        gz, z = in_floats(gz), in_floats(z)
        return gz - np.exp(z) * np.sum(gz, axis=axis, keepdims=True)


softmax = Softmax()
log_softmax = LogSoftmax()
