"""Ops without arithmetic: reshape, transpose, swapaxes, astype, stop_gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.checks import real
from ..core.op import Op, Spec
from .inference import NEEDED, viewed


class _Rearrangement(Op):
    """z = the elements of x in another arrangement; no arithmetic"""

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        return 0


class Reshape(_Rearrangement):
    """z = x in another shape of the same size      x: any shape  z: ``shape``, in which one size may be -1

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.reshape(tg.constant(np.zeros((2, 3))), (3, -1)).shape
        (3, 2)
    """

    def infer(self, x: Spec, shape: Any = NEEDED) -> Spec:  # type: ignore[override]
        return viewed(self, x, lambda z: z.reshape(shape), shape=shape)

    def forward(self, x: Any, shape: Any = NEEDED) -> Any:
        return x.reshape(shape)

    def backward(self, gz: Any, z: Any, x: Any, shape: Any = NEEDED) -> Any:
        return gz.reshape(x.shape)


class Transpose(_Rearrangement):
    """z = x with its axes in the order ``axes`` (None: reversed)      x: any shape

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.transpose(tg.constant(np.zeros((2, 3, 4))), (1, 0, 2)).shape
        (3, 2, 4)
    """

    def bind(self, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        inputs, attributes = super().bind(inputs, attributes)
        axes = attributes.get("axes")
        if type(axes) is not tuple and axes is not None:  # a list might change before the gradient
            attributes = {"axes": tuple(axes) if np.iterable(axes) else (axes,)}
        return inputs, attributes

    def infer(self, x: Spec, axes: Any = None) -> Spec:  # type: ignore[override]
        return viewed(self, x, lambda z: z.transpose(axes), axes=axes)

    def forward(self, x: Any, axes: Any = None) -> Any:
        return x.transpose(axes)

    def backward(self, gz: Any, z: Any, x: Any, axes: Any = None) -> Any:
        return np.transpose(gz, None if axes is None else tuple(np.argsort([a % x.ndim for a in axes]).tolist()))


Transpose._known = frozenset()  # so that every call with axes goes through `bind`


class Swapaxes(_Rearrangement):
    """z = x with ``axis1`` and ``axis2`` exchanged      x: any shape of two axes or more

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.swapaxes(tg.constant(np.zeros((2, 3, 4))), 0, 2).shape
        (4, 3, 2)
    """

    def infer(self, x: Spec, axis1: int = 0, axis2: int = 1) -> Spec:  # type: ignore[override]
        return viewed(self, x, lambda z: z.swapaxes(axis1, axis2), axis1=axis1, axis2=axis2)

    def forward(self, x: Any, axis1: int = 0, axis2: int = 1) -> Any:
        return np.swapaxes(x, axis1, axis2)

    def backward(self, gz: Any, z: Any, x: Any, axis1: int = 0, axis2: int = 1) -> Any:
        return np.swapaxes(gz, axis1, axis2)


class Astype(_Rearrangement):
    """z = x cast to ``dtype``      x, z: any shape; gradients flow if both dtypes are floating

    Example:
        >>> import tinygraph as tg
        >>> tg.astype(tg.constant([1.0]), "float32").dtype
        dtype('float32')
    """

    def infer(self, x: Spec, dtype: Any = np.float64) -> Spec:  # type: ignore[override]
        return Spec(x.shape, real(self.name, dtype))

    def forward(self, x: Any, dtype: Any = np.float64) -> Any:
        real(self.name, dtype)
        return x.astype(dtype)

    def backward(self, gz: Any, z: Any, x: Any, dtype: Any = np.float64) -> Any:
        return gz.astype(x.dtype) if z.dtype.kind == x.dtype.kind == "f" else None


class StopGradient(_Rearrangement):
    """z = x, but no gradient flows from z to x      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> x = tg.parameter(3.0)
        >>> tg.grad(x * tg.stop_gradient(x), x).item()
        3.0
    """

    differentiable = False

    def infer(self, x: Spec) -> Spec:  # type: ignore[override]
        return Spec(x.shape, x.dtype)

    def forward(self, x: Any) -> Any:
        return x


reshape = Reshape()
transpose = Transpose()
swapaxes = Swapaxes()
astype = Astype()
stop_gradient = StopGradient()
