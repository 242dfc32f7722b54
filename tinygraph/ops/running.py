"""Running sums and products, the running largest, and the order of an axis: cumsum, cumprod, leading, sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Op, Spec
from .inference import axes_of, result_dtype, strict_axes

_ALL = (slice(None),) * 64


def along(x: Any, axis: int, part: slice) -> Any:
    """A slice of ``x`` along one axis."""
    return x[(*_ALL[: axis % x.ndim], part)]


def backwards(x: Any, axis: int) -> Any:
    return along(x, axis, slice(None, None, -1))


class _Running(Op):
    """z[i] = f(x[0], ..., x[i]) along ``axis``; None: of the flattened x"""

    def infer(self, x: Spec, axis: int | None = None) -> Spec:  # type: ignore[override]
        strict_axes(self, x.shape or (1,), 0 if axis is None else axis)  # numpy accepts axis 0 for a single number
        shape = (x.size,) if axis is None or not x.shape else x.shape
        return Spec(shape, result_dtype(self, x.dtype))

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        return specs[0].size


class Cumsum(_Running):
    """z[i] = x[0] + ... + x[i] along ``axis``      x: any shape  z: x's shape; with axis None that of the flattened x

    Example:
        >>> import tinygraph as tg
        >>> tg.cumsum(tg.constant([1.0, 2.0, 4.0])).value
        array([1., 3., 7.])
    """

    def forward(self, x: Any, axis: int | None = None) -> Any:
        return np.cumsum(x, axis=axis)

    def backward(self, gz: Any, z: Any, x: Any, axis: int | None = None) -> Any:
        at = 0 if axis is None else axis
        return backwards(cumsum.of(backwards(gz, at), axis=at), at).reshape(x.shape)


class Cumprod(_Running):
    """z[i] = x[0] * ... * x[i] along ``axis``      x: any shape  z: x's shape; with axis None that of the flattened x

    The gradient divides by no x, so it is right where some are 0.

    Example:
        >>> import tinygraph as tg
        >>> x = tg.parameter([2.0, 0.0, 5.0])
        >>> tg.grad(tg.sum(tg.cumprod(x)), x).value
        array([ 1., 12.,  0.])
    """

    def forward(self, x: Any, axis: int | None = None) -> Any:
        return np.cumprod(x, axis=axis)

    def backward(self, gz: Any, z: Any, x: Any, axis: int | None = None) -> Any:
        at, lane = (0, x.reshape(-1)) if axis is None else (axis, x.reshape(z.shape))
        if not x.size:
            return gz.reshape(x.shape)
        # gz[i] and what all later ones give, by Horner's rule from the end.
        rest = [along(gz, at, slice(-1, None))]
        for i in range(z.shape[at] - 2, -1, -1):
            here, following = slice(i, i + 1), slice(i + 1, i + 2)
            rest.append(along(gz, at, here) + along(lane, at, following) * rest[-1])
        return (_shifted(z, at) * np.concatenate(rest[::-1], axis=at)).reshape(x.shape)


def _shifted(z: Any, axis: int) -> Any:
    """``z`` one place further along the axis, with 1 in the first place."""
    first = np.ones([1 if i == axis % z.ndim else n for i, n in enumerate(z.shape)], z.dtype)
    return np.concatenate([first, along(z, axis, slice(None, -1))], axis=axis)


def other_factors(x: Any, axis: Any) -> Any:
    """For each x the product of all others with which `prod` over ``axis`` multiplies it."""
    if not x.size or not x.ndim:
        return np.ones(x.shape, x.dtype)
    axes = [*range(x.ndim)] if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
    left = [i for i in range(x.ndim) if i not in axes]
    order, sizes = left + axes, [x.shape[i] for i in left]
    lanes = np.transpose(x, order).reshape((*sizes, -1))
    before = _shifted(cumprod.of(lanes, axis=-1), -1)
    after = backwards(_shifted(cumprod.of(backwards(lanes, -1), axis=-1), -1), -1)
    others = (before * after).reshape(tuple(x.shape[i] for i in order))
    return np.transpose(others, tuple(np.argsort(order).tolist()))


class _Places(_Running):
    """z = integers, places along ``axis``; no gradient"""

    differentiable = False

    def infer(self, x: Spec, axis: int = -1, **settings: Any) -> Spec:  # type: ignore[override]
        axes_of(self, x.shape, axis)
        return Spec(x.shape, np.dtype(np.int64))


class Leading(_Places):
    """z[i] = the place of the largest of x[0], ..., x[i] along ``axis``, or of the ``smallest``      x, z: any shape

    Of equal ones it is the last; a NaN leads from its place on, as in `np.maximum`.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.leading.forward(np.array([1.0, 3.0, 2.0, 5.0]), axis=0)
        array([0, 1, 1, 3])
    """

    def forward(self, x: Any, axis: int = -1, smallest: bool = False) -> Any:
        extreme = (np.minimum if smallest else np.maximum).accumulate(x, axis=axis)
        places = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis % x.ndim))
        return np.maximum.accumulate(np.where((x == extreme) | (x != x), places, 0), axis=axis)


class Sorting(_Places):
    """z = the places of x in the order of their numbers along ``axis``, as `np.argsort`      x, z: any shape

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.sorting.forward(np.array([3.0, 1.0, 2.0]), axis=0)
        array([1, 2, 0])
    """

    def forward(self, x: Any, axis: int = -1) -> Any:
        return np.argsort(x, axis=axis, kind="stable")


cumsum = Cumsum()
cumprod = Cumprod()
leading = Leading()
sorting = Sorting()
