"""Basic indexing ``x[1:3, 0]``, split, concatenate, stack, and `put`, the gradient of indexing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..core.errors import GraphError, refusing, shown
from ..core.leaves import node_of
from ..core.node import Node
from ..core.op import Spec
from .inference import NEEDED, as_shape, axes_of, check_shape, promoted, strict_axes, strong, viewed
from .shape import _Rearrangement


class Getitem(_Rearrangement):
    """z = x[index], a view      x: any shape  index: ints, slices, None and ``...``

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.constant(np.arange(6.0).reshape(2, 3))[1, :2].value
        array([3., 4.])
    """

    def infer(self, x: Spec, index: Any = NEEDED) -> Spec:  # type: ignore[override]
        return viewed(self, x, lambda z: z[index], index=index)

    def forward(self, x: Any, index: Any = NEEDED) -> Any:
        return x[index]

    def _computed(self, nodes: tuple[Node, ...], attributes: dict[str, Any]) -> Any:
        return nodes[0]._value[attributes.get("index", NEEDED)]  # as `forward`, for speed: steps slice often

    def backward(self, gz: Any, z: Any, x: Any, index: Any = NEEDED) -> Any:
        return put.of(gz, shape=x.shape, indexes=(index,))


class Put(_Rearrangement):
    """z = zeros of ``shape`` with each piece added at its index      pieces: the shapes that the indexes select

    It is the gradient of all slices of one array at once: T slices of a (T, ...) array cost T small additions
    instead of T arrays of T steps.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.put.forward(np.ones(2), np.array(5.0), shape=(4,), indexes=[(slice(1, 3),), (1,)])
        array([0., 6., 1., 0.])
    """

    def infer(self, *pieces: Spec, shape: Any = (), indexes: Any = ()) -> Spec:  # type: ignore[override]
        z = Spec(as_shape(shape), promoted(*[p.dtype for p in pieces]))
        if len(pieces) != len(indexes):
            expected = f"{len(indexes)} pieces, one for each index"
            raise GraphError(f"{self.name}: wrong number of pieces", expected=expected, got=str(len(pieces)))
        for piece, index in zip(pieces, indexes, strict=True):
            check_shape(self, f"the piece at {index}", piece.shape, getitem.infer(z, index).shape)
        return z

    def forward(self, *pieces: Any, shape: Any = (), indexes: Any = ()) -> Any:
        axis = _tiled_axis(indexes, shape)
        if axis is not None:
            return np.concatenate(pieces, axis=axis)
        z = np.zeros(shape, np.result_type(*pieces))
        for piece, index in zip(pieces, indexes, strict=True):
            part = z[index]
            if isinstance(part, np.ndarray):
                part += piece  # a view of z, which ``z[index] += piece`` would copy onto itself
            else:
                z[index] += piece
        return z

    def backward(self, gz: Any, z: Any, *pieces: Any, shape: Any = (), indexes: Any = ()) -> Any:
        return [gz[index] for index in indexes]


def _tiled_axis(indexes: Any, shape: tuple[int, ...]) -> int | None:
    """The axis along which the indexes split an array of ``shape`` into adjacent parts, as `split` does; else None."""
    axis = len(indexes[0]) - 1
    end = 0
    for index in indexes:
        last = index[-1] if len(index) == axis + 1 > 0 else None
        if type(last) is not slice or last.start != end or last.step is not None or index[:-1] != _ALL[:axis]:
            return None
        if last.stop is None or last.stop < end:  # such a slice ends at the end of x, or is empty
            return None
        end = last.stop
    return axis if end == shape[axis] else None


_ALL = (slice(None),) * 64
"""Full slices for the most axes that numpy allows."""


class _Joining(_Rearrangement):
    """z = arrays joined; they may be one list or separate arguments, so that ``tg.stack(x)`` joins x with nothing

    ``np.stack(x)`` and ``np.concatenate(x)`` join the parts of x along its first axis, as numpy does.
    """

    def __call__(self, *arrays: Any, name: str | None = None, **attributes: Any) -> Node:
        if arrays and isinstance(arrays[0], (list, tuple)):
            arrays, more = tuple(arrays[0]), arrays[1:]
            if len(more) > len(self.settings):
                expected = f"a list of arrays, {', '.join(self.settings)}"
                got = f"{len(more)} after the list"
                raise GraphError(f"{self.name}: too many arguments", expected=expected, got=got)
            attributes = dict(zip(self.settings, more, strict=False)) | attributes
        if not arrays:
            raise GraphError(f"{self.name} needs at least one array", got="an empty list")
        return super().__call__(*strong(arrays), name=name, **attributes)


class Concatenate(_Joining):
    """z = arrays joined along ``axis``      arrays: shapes that differ in ``axis`` only

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.concatenate([tg.constant(np.ones((2, 3))), np.zeros((1, 3))], axis=0).shape
        (3, 3)
    """

    def infer(self, *arrays: Spec, axis: int = 0) -> Spec:  # type: ignore[override]
        _need_axis(axis)
        shape = arrays[0].shape
        (at,) = strict_axes(self, shape, axis)
        before, after = shape[:at], shape[at + 1 :]
        total = 0
        for x in arrays:
            if len(x.shape) != len(shape) or x.shape[:at] != before or x.shape[at + 1 :] != after:
                got = " and ".join(str(x.shape) for x in arrays)
                expected = f"shapes that differ in axis {shown(axis)} only"
                raise GraphError(f"{self.name}: shapes differ", expected=expected, got=got)
            total += x.shape[at]
        return Spec((*before, total, *after), promoted(*[x.dtype for x in arrays]))

    def forward(self, *arrays: Any, axis: int = 0) -> Any:
        _need_axis(axis)
        return np.concatenate(arrays, axis=axis)

    def backward(self, gz: Any, z: Any, *arrays: Any, axis: int = 0) -> Any:
        ends = np.cumsum([x.shape[axis] for x in arrays]).tolist()
        before = (slice(None),) * (axis % z.ndim)
        return [gz[(*before, slice(a, b))] for a, b in pairwise([0, *ends])]


def _need_axis(axis: Any) -> None:
    if axis is None:
        fix = "reshape(-1) each array first"
        raise GraphError("concatenate: an axis is needed", expected="an integer", got="axis=None", fix=fix)


class Stack(_Joining):
    """z = arrays joined along a new axis ``axis``      arrays: equal shapes

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.stack([tg.constant(np.ones(3)), np.zeros(3)]).shape
        (2, 3)
    """

    def infer(self, *arrays: Spec, axis: int = 0) -> Spec:  # type: ignore[override]
        shape = arrays[0].shape
        for x in arrays:
            if x.shape != shape:
                got = " and ".join(str(x.shape) for x in arrays)
                raise GraphError(f"{self.name}: shapes differ", expected="equal shapes", got=got)
        (at,) = axes_of(self, (*shape, 1), axis)
        return Spec((*shape[:at], len(arrays), *shape[at:]), promoted(*[x.dtype for x in arrays]))

    def forward(self, *arrays: Any, axis: int = 0) -> Any:
        return np.stack(arrays, axis=axis)

    def backward(self, gz: Any, z: Any, *arrays: Any, axis: int = 0) -> Any:
        before = (slice(None),) * (axis % z.ndim)
        return [gz[(*before, i)] for i in range(len(arrays))]


getitem = Getitem()
put = Put()
concatenate = Concatenate()
stack = Stack()


@refusing
def split(x: Any, sections: Any, axis: int = 0) -> list[Node]:
    """Splits ``x`` along ``axis``, the inverse of `concatenate`.

    Args:
        x: array or node of any shape.
        sections: the number of equal parts, or a list of indices where parts begin, as in `np.split`.
        axis: the axis to split.

    Returns:
        the parts as nodes.

    Raises:
        GraphError: there is no such axis, or its size is not a multiple of ``sections``.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> [part.shape for part in tg.split(tg.constant(np.zeros((2, 6))), 3, axis=1)]
        [(2, 2), (2, 2), (2, 2)]
    """
    if not isinstance(x, Node):
        x = node_of(x)
    shape = x.shape
    ndim = len(shape)
    if not isinstance(axis, (int, np.integer)) or not -ndim <= axis < ndim:
        raise GraphError("split: no such axis", expected=f"-{ndim} to {ndim - 1}", got=shown(axis))
    size = shape[axis]
    if isinstance(sections, (int, np.integer)):
        if sections < 1 or size % sections:
            problem, fix = f"split: {size} does not divide into {sections} equal parts", "pass a list of indices"
            raise GraphError(problem, got=f"shape {shape}, axis {shown(axis)}", fix=fix)
        sections = [size // sections * k for k in range(1, sections)]
    elif not np.iterable(sections):
        expected = "a number of parts, or a list of indices"
        raise GraphError("split: invalid sections", expected=expected, got=repr(sections))
    cuts = [0, *sections, size]
    before = _ALL[: axis % ndim]
    return [getitem(x, index=(*before, slice(a, b))) for a, b in pairwise(cuts)]
