"""Arrays written in place, as ops: `write` and `write_at` are ``x[index] = v``, `copy` is ``np.copy(x)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.op import Spec
from .inference import as_shape, check_shape, promoted
from .lookup import Indexed, _picked, fill, pick
from .shape import _Rearrangement
from .slicing import getitem


class Copy(_Rearrangement):
    """z = x, as an array of its own      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> tg.ops.copy(tg.constant([1.0, 2.0])).value
        array([1., 2.])
    """

    def infer(self, x: Spec) -> Spec:  # type: ignore[override]
        return Spec(x.shape, x.dtype)

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz


class Writing(_Rearrangement):
    """z = x with ``z[index] = piece`` for each piece      x, z: any shape  pieces: the shapes that the indexes select

    The indexes hold ints, slices, None and ``...``; no two of them select the same place.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.write(np.zeros(4), np.ones(2), np.array(5.0), indexes=[(slice(0, 2),), (3,)]).value
        array([1., 1., 0., 5.])
    """

    name = "write"

    def infer(self, x: Spec, *pieces: Spec, indexes: Any = ()) -> Spec:  # type: ignore[override]
        if len(pieces) != len(indexes):
            expected = f"{len(indexes)} pieces, one for each index"
            raise GraphError(f"{self.name}: wrong number of pieces", expected=expected, got=str(len(pieces)))
        for piece, index in zip(pieces, indexes, strict=True):
            check_shape(self, f"the piece at {index}", piece.shape, getitem.infer(x, index).shape)
        return Spec(x.shape, promoted(x.dtype, *[p.dtype for p in pieces]))

    def forward(self, x: Any, *pieces: Any, indexes: Any = ()) -> Any:
        z = np.array(x, np.result_type(x, *pieces))
        for piece, index in zip(pieces, indexes, strict=True):
            z[index] = piece
        return z

    def backward(self, gz: Any, z: Any, x: Any, *pieces: Any, indexes: Any = (), wanted: Any = None) -> Any:
        flags = wanted or (True,) * (1 + len(pieces))
        gx = write.of(gz, *(np.zeros(p.shape, gz.dtype) for p in pieces), indexes=indexes) if flags[0] else None
        return [gx, *(gz[index] if flag else None for index, flag in zip(indexes, flags[1:], strict=True))]


class WriteAt(Indexed, _Rearrangement):
    """z = x with ``z[index] = v``, integer arrays in the index      x, z: any shape  v: the shape that it selects

    ``index`` is a tuple with `ARRAY` in place of each of the arrays, in order. Of equal places the last one stays.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> index = (tg.ops.lookup.ARRAY,)
        >>> tg.ops.write_at(np.zeros(4), np.array([5.0, 6.0, 7.0]), np.array([1, 3, 1]), index=index).value
        array([0., 7., 0., 6.])
    """

    def infer(self, x: Spec, v: Spec, *arrays: Spec, index: Any = ()) -> Spec:  # type: ignore[override]
        check_shape(self, "v", v.shape, _picked(self, x, arrays, index))
        return Spec(x.shape, promoted(x.dtype, v.dtype))

    def forward(self, x: Any, v: Any, *arrays: Any, index: Any = ()) -> Any:
        z = np.array(x, np.result_type(x, v), order="C")
        z[fill(index, _in_order(arrays))] = np.ascontiguousarray(v).reshape(v.shape)
        return z

    def backward(self, gz: Any, z: Any, x: Any, v: Any, *arrays: Any, index: Any = ()) -> Any:
        gx = write_at.of(gz, np.zeros(v.shape, gz.dtype), *arrays, index=index)
        stays = last_written.of(*arrays, shape=x.shape, index=index)
        return [gx, np.where(stays, pick.of(gz, *arrays, index=index), 0), *(None for _ in arrays)]


def _in_order(arrays: tuple[Any, ...]) -> list[Any]:
    """The arrays in C order: in any other, numpy goes through them otherwise, and another one is the last."""
    return [np.ascontiguousarray(a).reshape(a.shape) for a in arrays]


class LastWritten(Indexed):
    """z = whether a place of ``index`` is not written again by a later one      arrays: integers  z: booleans

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.last_written.forward(np.array([1, 3, 1]), shape=(4,), index=(tg.ops.lookup.ARRAY,))
        array([False,  True,  True])
    """

    differentiable = False

    def infer(self, *arrays: Spec, shape: Any = (), index: Any = ()) -> Spec:  # type: ignore[override]
        target = Spec(as_shape(shape), np.dtype(int))
        return Spec(_picked(self, target, arrays, index), np.dtype(bool))

    def forward(self, *arrays: Any, shape: Any = (), index: Any = ()) -> Any:
        at, writer = fill(index, _in_order(arrays)), np.zeros(shape, int)
        order = np.arange(writer[at].size).reshape(writer[at].shape)
        writer[at] = order
        return np.equal(writer[at], order)


copy = Copy()
write = Writing()
write_at = WriteAt()
last_written = LastWritten()
