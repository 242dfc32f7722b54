"""Reductions over axes: sum, prod, mean, max, min, logsumexp, argmax."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.op import Op, Spec
from .broadcasting import broadcast_to
from .inference import (
    at_least_float32,
    axes_of,
    check_elements,
    check_shape,
    in_floats,
    promoted,
    result_dtype,
    strict_axes,
    tried,
    without,
)
from .running import other_factors


def kept(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape of a reduction's result with the reduced axes as size 1."""
    if axis is None or not shape:  # numpy accepts axis 0 for a single number
        return (1,) * len(shape)
    reduced = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def spread(g: Any, x: Any, axis: Any) -> Any:
    """Broadcasts ``g``, of the shape of a reduction's result, to the shape of ``x``."""
    if axis is not None or g.ndim:
        g = g.reshape(kept(x.shape, axis))
    return broadcast_to.of(g, shape=x.shape)


class _Reduction(Op):
    """z = f(x) over ``axis``: an int, a tuple, or None for all axes; ``keepdims`` keeps them as size 1"""

    of_none: ClassVar[bool] = True
    """Whether it is defined for zero elements."""

    def infer(self, x: Spec, axis: Any = None, **keepdims: Any) -> Spec:  # type: ignore[override]
        if not x.shape:
            # Some numpy functions accept axis 0 for a single number.
            return tried(self, np.ones((), x.dtype), axis=axis, **keepdims)
        axes = strict_axes(self, x.shape, axis)
        if not self.of_none:
            check_elements(self, x.shape, axes)
        keep = keepdims.get("keepdims", False)
        if type(keep) is not bool:  # numpy takes 1, but no np.True_
            tried(self, np.ones(1, x.dtype), **keepdims)
        return Spec(without(x.shape, axes, keep), result_dtype(self, x.dtype))

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        return specs[0].size


class Sum(_Reduction):
    """z = the sum of x over ``axis``      x: any shape  z: x's shape without ``axis``, or 1 there with ``keepdims``

    Example:
        >>> import tinygraph as tg
        >>> tg.sum(tg.constant([[1.0, 2.0], [3.0, 4.0]]), axis=0).value
        array([4., 6.])
    """

    def forward(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return x.sum(axis=axis, keepdims=keepdims)

    def backward(self, gz: Any, z: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return spread(gz, x, axis)


class Prod(_Reduction):
    """z = the product of x over ``axis``      x: any shape  z: x's shape without ``axis``, or 1 there with ``keepdims``

    The gradient divides by no x, so it is right where some are 0.

    Example:
        >>> import tinygraph as tg
        >>> x = tg.parameter([2.0, 0.0, 5.0])
        >>> tg.grad(tg.prod(x), x).value
        array([ 0., 10.,  0.])
    """

    def forward(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return np.prod(x, axis=axis, keepdims=keepdims)

    def backward(self, gz: Any, z: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return spread(gz, x, axis) * other_factors(x, axis)


class Mean(_Reduction):
    """z = the mean of x over ``axis``      x: any shape  z: x's shape without ``axis``, or 1 there with ``keepdims``

    Example:
        >>> import tinygraph as tg
        >>> tg.mean(tg.constant([[1.0, 2.0], [3.0, 4.0]])).item()
        2.5
    """

    def forward(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return np.mean(x, axis=axis, keepdims=keepdims)

    def backward(self, gz: Any, z: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        count, wide = max(x.size // max(z.size, 1), 1), at_least_float32(gz.dtype)
        # In float16 a count above 65,504 is infinite.
        gx = gz / count if gz.dtype == wide else (gz.astype(wide) / count).astype(gz.dtype)
        return spread(gx, x, axis)


class Ties(_Reduction):
    """z = 1 / (number of ties) where x equals the extreme, else 0; no gradient

    x: any shape  extreme: the max or min of x over ``axis``  z: x's shape

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.ties.forward(np.array([3.0, 1.0, 3.0]), np.array(3.0))
        array([0.5, 0. , 0.5])
    """

    differentiable = False

    def infer(self, x: Spec, extreme: Spec, axis: Any = None) -> Spec:  # type: ignore[override]
        axes = axes_of(self, x.shape, axis) if x.shape else ()  # numpy accepts axis 0 for a single number
        if extreme.shape != without(x.shape, axes, True):
            check_shape(self, "extreme", extreme.shape, without(x.shape, axes, False))
        return Spec(x.shape, result_dtype(self, x.dtype, extreme.dtype))

    def forward(self, x: Any, extreme: Any, axis: Any = None) -> Any:
        equal = x == extreme.reshape(kept(x.shape, axis))
        # In float16 a count above 65,504 is infinite.
        count = equal.sum(axis=axis, keepdims=True).astype(at_least_float32(x.dtype))
        return (equal / count).astype(x.dtype, copy=False)


class Max(_Reduction):
    """z = the largest of x over ``axis``      x: any shape; ties share the gradient equally

    Example:
        >>> import tinygraph as tg
        >>> tg.max(tg.constant([[1.0, 2.0], [3.0, 4.0]]), axis=1).value
        array([2., 4.])
    """

    of_none = False

    def forward(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return np.max(x, axis=axis, keepdims=keepdims)

    def backward(self, gz: Any, z: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return spread(gz, x, axis) * ties.of(x, z, axis=axis)


class Min(_Reduction):
    """z = the smallest of x over ``axis``      x: any shape; ties share the gradient equally

    Example:
        >>> import tinygraph as tg
        >>> tg.min(tg.constant([[1.0, 2.0], [3.0, 4.0]]), axis=1).value
        array([1., 3.])
    """

    of_none = False

    def forward(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return np.min(x, axis=axis, keepdims=keepdims)

    def backward(self, gz: Any, z: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return spread(gz, x, axis) * ties.of(x, z, axis=axis)


class Logsumexp(_Reduction):
    """z = ln(sum of exp(x) over ``axis``), stable      x: any shape; where all x are -inf, z is -inf, the gradient 0

    Example:
        >>> import tinygraph as tg
        >>> tg.logsumexp(tg.constant([1e4, 1e4])).item()
        10000.69314718056
    """

    of_none = False

    def forward(self, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        dtype, x = promoted(x.dtype, np.float16), in_floats(x)
        top = np.max(x, axis=axis, keepdims=True)
        top = np.where(np.isfinite(top), top, 0)
        with np.errstate(divide="ignore"):
            z = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
        return (z if keepdims else np.squeeze(z, axis=axis)).astype(dtype, copy=False)

    def backward(self, gz: Any, z: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        # Where z is -inf, every x is: exp(x - 0) = 0, but exp(x - z) would be NaN.
        return spread(gz, x, axis) * np.exp(x - spread(np.where(z == -np.inf, 0, z), x, axis))


class Argmax(_Reduction):
    """z = the index of the largest of x over ``axis`` (None: in the flattened x)      x: any shape  z: integers

    Example:
        >>> import tinygraph as tg
        >>> tg.argmax(tg.constant([0.1, 0.7, 0.2])).item()
        1
    """

    of_none = False
    differentiable = False

    def forward(self, x: Any, axis: Any = None) -> Any:
        return np.argmax(x, axis=axis)


sum = Sum()
prod = Prod()
mean = Mean()
largest = Max()
smallest = Min()
ties = Ties()
logsumexp = Logsumexp()
argmax = Argmax()
