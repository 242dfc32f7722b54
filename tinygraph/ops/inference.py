"""Shape inference: the shape and dtype of an op's result without computing it.

It allocates no memory of the result's size, and its time does not grow with that size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import islice
from operator import index as as_int
from typing import Any

import numpy as np

from ..core.errors import UNFIT, GraphError, kind_of, shown
from ..core.op import Op, Spec

Shape = tuple[int, ...]

NEEDED: Any = "none was passed"
"""The default of a setting that has to be passed: numpy refuses it as a shape and as an index."""

MOST_AXES = 64
"""The most axes that numpy allows."""

_ONE_NUMBER = bytes(64)
"""Memory for one number of any dtype."""


def hollow(x: Any) -> np.ndarray:
    """An array of x's shape and dtype with strides of 0, so that numpy can compute the shapes of its views.

    `np.broadcast_to` takes five times as long.

    Example:
        >>> import numpy as np
        >>> from tinygraph.core.op import Spec
        >>> from tinygraph.ops.inference import hollow
        >>> hollow(Spec((1000, 1000, 1000), np.dtype(float)))[0, ::2].shape
        (500, 1000)
    """
    return np.ndarray(x.shape, x.dtype, _ONE_NUMBER, 0, (0,) * len(x.shape))


def viewed(op: Op, x: Any, view: Callable[[np.ndarray], Any], **settings: Any) -> Spec:
    """The spec of ``view(x)``, a numpy view; numpy's error becomes a `GraphError`."""
    try:
        z = view(hollow(x))
    except UNFIT as error:
        told = ", ".join(f"{k}={shown(v)}" for k, v in settings.items())
        raise refusal(op, error, f"{x.shape}, {told}") from None
    return Spec(z.shape, x.dtype)


def refusal(op: Op, problem: Any, got: str) -> GraphError:
    return kind_of(problem)(f"{op.name}: {problem}", got=got)


def result_dtype(op: Op, *dtypes: np.dtype, **settings: Any) -> np.dtype:
    """The dtype of ``op.forward`` for inputs of ``dtypes``: it runs once on ones, and the result is cached."""
    # With types, because 1 == 1.0 == True, and `clip` returns different dtypes for them.
    key = tuple([(k, type(v), v) for k, v in settings.items()]) if settings else ()
    try:
        return _tried(op, dtypes, key)
    except TypeError:  # a setting that cannot be hashed
        return _tried.__wrapped__(op, dtypes, key)


@lru_cache(maxsize=4096)
def _tried(op: Op, dtypes: tuple[np.dtype, ...], settings: Any) -> np.dtype:
    return tried(op, *(np.ones(1, d) for d in dtypes), **{k: v for k, _, v in settings}).dtype


def tried(op: Op, *arrays: np.ndarray, **settings: Any) -> Spec:
    """The spec of the op's result for small ``arrays``; numpy's error becomes a `GraphError`."""
    try:
        with np.errstate(all="ignore"):
            z = np.asarray(op.forward(*arrays, **settings))
    except UNFIT as error:
        raise refusal(op, error, ", ".join(f"{x.shape} {x.dtype}" for x in arrays)) from None
    return Spec(z.shape, z.dtype)


promoted: Callable[..., np.dtype] = lru_cache(maxsize=4096)(np.result_type)
"""numpy's common dtype of several dtypes, cached."""


@lru_cache
def at_least_float32(dtype: np.dtype) -> np.dtype:
    """The dtype to compute in for numbers of ``dtype``: a sum of exponentials leaves float16, integers wrap around."""
    return np.result_type(dtype, np.float32)


def in_floats(x: Any) -> Any:
    """An array or a node in `at_least_float32`."""
    dtype = at_least_float32(x.dtype)
    return x if x.dtype == dtype else x.astype(dtype)


def floating(x: Any) -> Any:
    """An array with integers as the floating-point numbers that np.exp makes of them: -1 is 255 in uint8."""
    return x if x.dtype.kind == "f" else x.astype(promoted(x.dtype, np.float16))


_NUMBERS = frozenset((int, float, bool))


def strong(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Python numbers as arrays of their own dtype, which they are for numpy in calls that are not element-wise."""
    if _NUMBERS.isdisjoint(map(type, inputs)):
        return inputs
    return tuple([np.asarray(x) if type(x) in _NUMBERS else x for x in inputs])


def joint_shape(op: Op, shapes: Sequence[Shape]) -> Shape:
    """The shape of several arrays after broadcasting."""
    joint = shapes[0]
    for shape in shapes:
        if shape != joint and shape:
            try:
                joint = stretched(joint, shape) if joint else shape
            except ValueError:
                expected, got = "sizes that are equal or 1, from the last axis on", " and ".join(map(str, shapes))
                problem, fix = f"{op.name}: shapes do not broadcast", "reshape or transpose one of them"
                raise GraphError(problem, expected=expected, got=got, fix=fix) from None
    return joint


def stretched(a: Shape, b: Shape) -> Shape:
    """The broadcast shape of two shapes, or a ValueError; in a third of the time of `np.broadcast_shapes`."""
    if len(a) < len(b):
        a, b = b, a
    joint = list(a)
    for i, n in enumerate(b, len(a) - len(b)):
        if joint[i] == 1:
            joint[i] = n
        elif n != 1 and n != joint[i]:
            raise ValueError
    return tuple(joint)


def as_shape(shape: Any) -> Shape:
    """The setting ``shape``, an int or a sequence, as a tuple."""
    if not np.iterable(shape):
        return (as_int(shape),)
    sizes = tuple(map(as_int, islice(shape, MOST_AXES + 1)))
    if len(sizes) > MOST_AXES:
        raise ValueError(f"an array has at most {MOST_AXES} axes")
    return sizes


def axes_of(op: Op, shape: Shape, axis: Any) -> Shape:
    """The setting ``axis`` (None, an int or a tuple) as a tuple of axes from 0 on."""
    ndim = len(shape)
    if axis is None:
        return tuple(range(ndim))
    try:
        axes = tuple([as_int(a) for a in axis[: ndim + 1]]) if type(axis) is tuple else (as_int(axis),)
    except TypeError as error:
        raise refusal(op, error, f"axis {shown(axis)}") from None
    if not axes or (min(axes) >= -ndim and max(axes) < ndim):
        axes = tuple([a % ndim for a in axes])
        if len(axes) < 2 or len(set(axes)) == len(axes):
            return axes
    places = f"{-ndim} to {ndim - 1}" if ndim else "none for a single number"
    got = f"shape {shown(shape)}, axis {shown(axis)}"
    raise GraphError(f"{op.name}: no such axis", expected=f"{places}, each once", got=got)


def strict_axes(op: Op, shape: Shape, axis: Any) -> Shape:
    """`axes_of` for a call of numpy's that takes no True for 1, as most do."""
    if bool in map(type, axis if type(axis) is tuple else (axis,)):
        raise refusal(op, TypeError("an integer is required for the axis"), f"axis {shown(axis)}")
    return axes_of(op, shape, axis)


def without(shape: Shape, axes: Shape, keepdims: bool) -> Shape:
    """The shape of a reduction's result over ``axes``, which are not negative."""
    if keepdims:
        return tuple([1 if i in axes else n for i, n in enumerate(shape)])
    return tuple([n for i, n in enumerate(shape) if i not in axes])


def check_elements(op: Op, shape: Shape, axes: Shape) -> None:
    """Raises if an axis in ``axes`` is empty, where a maximum is not defined."""
    if math.prod([shape[a] for a in axes]) == 0:
        got = f"shape {shape}, axes {axes}"
        raise GraphError(f"{op.name}: the reduced axes are empty", expected="one element or more", got=got)


def check_shape(op: Op, what: str, shape: Shape, expected: Shape) -> None:
    """Raises unless the input called ``what`` has the expected shape."""
    if shape != expected:
        raise GraphError(f"{op.name}: {what} has the wrong shape", expected=str(expected), got=str(shape))
