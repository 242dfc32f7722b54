"""What nodes and numpy's functions do where arrays may be written: ``x[i] = v``, ``x += v``, np.copyto and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.node import Node
from ..core.trail import reach_user
from ..ops.numpy_functions import FUNCTIONS, SEQUENCES, joined
from ..ops.operators import SIGNS
from .writing import assign, in_place


def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    kind = getattr(src, "dtype", np.dtype(object))
    if not (kind.hasobject or np.can_cast(kind, dst.dtype, casting)):
        raise GraphError("np.copyto: the rule does not allow it", got=f"{kind} to {dst.dtype}, casting={casting!r}")
    assign(dst, ..., src if where is True else _chosen(where, src, dst))


def putmask(a: Any, mask: Any, values: Any) -> None:
    values = np.reshape(_as_many(values, a.size), a.shape) if np.ndim(values) else values
    assign(a, ..., _chosen(np.reshape(mask, a.shape), values, a))


def _chosen(mask: Any, values: Any, others: Any) -> Node:
    chosen: Node = np.where(mask, values, others)
    reach_user(chosen)
    return chosen


def place(arr: Any, mask: Any, vals: Any) -> None:
    places = np.nonzero(np.reshape(np.asarray(mask), arr.shape))
    assign(arr, places, _as_many(vals, len(places[0])))


def put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    places = np.take(np.arange(a.size), np.ravel(ind), mode=mode)
    assign(a, np.unravel_index(places, a.shape), _as_many(v, places.size))


def _as_many(values: Any, count: int) -> Any:
    """As many values as places, from the first on again where there are fewer."""
    values = joined(values, SEQUENCES)
    if count and not np.size(values):
        raise GraphError("there is no value to write", expected="one or more", got=users_line())
    return np.resize(values, count)


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    places = np.zeros(a.shape, bool)
    np.fill_diagonal(places, True, wrap)
    place(a, places, val)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    if axis is None:
        put(arr, indices, np.broadcast_to(joined(values, SEQUENCES), np.shape(indices)))
        return
    grid: list[Any] = [*np.ogrid[tuple(slice(n) for n in arr.shape)]]
    grid[axis] = indices
    assign(arr, tuple(grid), values)


def fill(self: Node, value: Any) -> None:
    assign(self, ..., value)


def install() -> None:
    """Gives nodes their operators of writing, and numpy's functions that write their forms for nodes."""
    for sign, (word, op) in SIGNS.items():
        setattr(Node, f"__i{word}__", in_place(sign, op))
    setattr(Node, "__setitem__", assign)  # noqa: B010  core/node.py declares it for type checkers
    setattr(Node, "fill", fill)  # noqa: B010
    FUNCTIONS.update({np.copyto: copyto, np.putmask: putmask, np.fill_diagonal: fill_diagonal})
    FUNCTIONS.update({np.put_along_axis: put_along_axis, np.place: place, np.put: put})
