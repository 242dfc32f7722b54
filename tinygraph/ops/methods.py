"""Methods of nodes under numpy's names and signatures: ``x.std(axis=0)`` is ``np.std(x, axis=0)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core.errors import OFFER, UNFIT, GraphError, MutationError, refusing, users_line
from ..core.node import Node
from ..core.scope import now
from ..core.traced import Traced
from . import choice, numpy_functions, numpy_products, shape
from .operators import depends_on_parameter

BY_NUMPY = [
    *("all", "any", "argmax", "argmin", "argpartition", "argsort", "cumprod", "cumsum", "diagonal"),
    *("nonzero", "prod", "put", "repeat", "round", "searchsorted", "squeeze", "std", "trace", "var"),
]
"""Methods that are numpy's functions of the same name, with the node as the first argument."""

IN_PLACE = ("sort", "partition")
"""Methods that change an array in place to what numpy's function of that name makes of it."""


def _by_numpy(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Node, *args: Any, **settings: Any) -> Any:
        return function(self, *args, **settings)

    method.__name__, method.__doc__ = name, f"``np.{name}`` of the node."
    return refusing(method, f"x.{name}")


def _in_place(name: str) -> Callable[..., Any]:
    def change(self: Node, *args: Any, **settings: Any) -> None:
        if now.recorder is None:
            problem = f"{self.label()} cannot be changed by .{name}(), which works in place"
            raise MutationError(problem, got=users_line(), fix=f"np.sort(x); {OFFER}")
        self[...] = getattr(np, name)(self, *args, **settings)

    return refusing(change, f"x.{name}")


def _dot(self: Node, b: Any, out: Any = None) -> Any:
    by_numpy: Any = np.dot
    return numpy_products.dot(self, b) if out is None else by_numpy(self, b, out)


def _clip(
    self: Node, min: Any = None, max: Any = None, out: Any = None, *, a_min: Any = None, a_max: Any = None
) -> Any:
    """``np.clip`` of the node; an array's method calls the limits min and max, tg.clip a_min and a_max."""
    low, high = min if a_min is None else a_min, max if a_max is None else a_max
    by_numpy: Any = np.clip
    return choice.clip(self, low, high) if out is None else by_numpy(self, low, high, out=out)


def _check_flags(order: Any, casting: Any, copy: Any) -> None:
    """Refuses what is no setting of ``x.astype``; not by a net around it, whose frame would hide the user's line."""
    if not isinstance(copy, (bool, np.bool_, int)):
        raise GraphError("x.astype: copy is no truth value", expected="True or False", got=copy)
    orders, castings = (*"CFAK", *"cfak"), ("no", "equiv", "safe", "same_kind", "unsafe")
    for word, value, values in (("order", "K" if order is None else order, orders), ("casting", casting, castings)):
        if type(value) is not str or value not in values:
            raise GraphError(f"x.astype: {word} must be one of {', '.join(values)}", got=value)


def _astype(
    self: Node, dtype: Any = np.float64, order: Any = "K", casting: Any = "unsafe", subok: Any = True, copy: Any = True
) -> Any:
    _check_flags(order, casting, copy)
    if casting != "unsafe" and not np.can_cast(self.dtype, dtype, casting):
        got, fix = f"{self.dtype} to {dtype}, casting={casting!r}", "omit casting="
        raise GraphError(f"astype of {self.label()}: numpy's rules do not allow it", got=got, fix=fix)
    if order in ("C", "F") and now.recorder is not None:
        if not copy:
            fix = "np.asarray(x, dtype, order)"
            raise GraphError(f"astype of {self.label()}: it may be the array or a copy", got="copy=False", fix=fix)
        return numpy_functions.copied(shape.astype(self, dtype), order)
    try:
        return self if not copy and self.dtype == dtype else shape.astype(self, dtype)
    except GraphError:
        try:
            dtype = np.dtype(dtype)
        except UNFIT:
            dtype = self.dtype  # the error says it
        if dtype == "O":  # an array of nodes, if a gradient flows
            return np.array(self, object) if now.recorder is None else numpy_functions.copied(self)
        if dtype.kind in "fiub" or depends_on_parameter(self) or isinstance(self, Traced):
            raise
        return self.value.astype(dtype)


def _tolist(self: Node) -> Any:
    """The value as nested lists of Python numbers, which carry no gradient."""
    if now.recorder is not None and now.recorder.keeps_numbers(self):
        return now.recorder.numbers(self)
    return self.value.tolist()


class Elements:
    """``x.flat``: the elements one after the other, to be read and, where arrays may be written, written."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def __len__(self) -> int:
        return self.node.size

    def __iter__(self) -> Iterator[Node]:
        return iter(shape.reshape(self.node, -1))

    def __getitem__(self, key: Any) -> Node:
        return shape.reshape(self.node, -1)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        places = np.arange(self.node.size)[key]
        value = value if np.ndim(value) == 0 else np.resize(value, places.shape)
        index = np.unravel_index(places, self.node.shape)
        self.node[index] = value


setattr(Node, "flat", property(Elements, lambda x, v: Elements(x).__setitem__(slice(None), v)))  # noqa: B010
for _name in BY_NUMPY:
    setattr(Node, _name, _by_numpy(_name))
for _name in IN_PLACE:
    setattr(Node, _name, _in_place(_name))
OTHERS: dict[str, Any] = {"dot": _dot, "clip": _clip, "astype": _astype, "tolist": _tolist}
for _name, _other in OTHERS.items():
    setattr(Node, _name, _other)  # a frame more would hide the user's line from the trail
