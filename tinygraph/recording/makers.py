"""numpy's functions that make arrays, here arrays that may hold nodes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import now
from ..ops.numpy_functions import SEQUENCES, copied, joined
from .layout import layout
from .record import doubt, is_number, own


def writable(value: np.ndarray, fill: float | None = None) -> Any:
    """A new array as a constant that may be written; numbers without gradients, such as integers, stay numpy's."""
    if type(value) is not np.ndarray or value.dtype.kind != "f" or now.recorder is None:
        return value
    node = Constant(value)
    node._record = now.recorder.session.blank
    record = own(node)
    record.made_by_name = record.owned = True
    record.fill = fill
    return node


def _maker(function: Callable[..., Any], fill: float | None = None) -> Callable[..., Any]:
    def make(*args: Any, **kwargs: Any) -> Any:
        return writable(function(*args, **kwargs), fill)

    make.__name__ = make.__qualname__ = function.__name__
    make.__doc__ = f"numpy.{function.__name__}, whose array may hold nodes if it holds floating-point numbers."
    return make


def _filler(function: Callable[..., Any]) -> Callable[..., Any]:
    """numpy's full and full_like, which a node may fill, too."""
    make = _maker(function)

    @functools.wraps(make)
    def fill(a: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(fill_value, Node):
            return make(a, fill_value, *args, **kwargs)
        background = function(a, 0.0, *args, **kwargs)
        return ops.astype(ops.broadcast_to(fill_value, background.shape), background.dtype)

    return fill


def _like(function: Callable[..., Any], fill: float | None = None) -> Callable[..., Any]:
    """numpy's zeros_like and the like: the array lies in memory as its model does."""
    make = _maker(function, fill)

    @functools.wraps(make)
    def like(a: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(a, Node):
            return make(a, *args, **kwargs)
        known = layout(a)
        model = np.empty(a.shape, a.dtype) if known is None else np.empty_like(known, a.dtype, subok=False)
        z = make(model, *args, **kwargs)
        if known is None and isinstance(z, Node):
            own(z).scattered = True
        return z

    return like


class _OfArrays(type):
    """``isinstance(x, np.ndarray)`` is True for nodes that stand for arrays, too; a call makes one."""

    def __call__(cls, *args: Any, **settings: Any) -> Any:
        return writable(np.ndarray(*args, **settings)) if cls is ndarray else super().__call__(*args, **settings)

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, np.ndarray) or (isinstance(x, Node) and not isscalar(x))


class ndarray(np.ndarray, metaclass=_OfArrays):  # noqa: N801  numpy's name
    """numpy.ndarray, of which nodes are instances."""


zeros, ones, full = _maker(np.zeros, 0.0), _maker(np.ones, 1.0), _filler(np.full)
zeros_like, ones_like, full_like = _like(np.zeros_like, 0.0), _like(np.ones_like, 1.0), _filler(np.full_like)
empty, empty_like = _maker(np.empty), _like(np.empty_like)
eye, identity = _maker(np.eye), _maker(np.identity)


def array(object: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, **settings: Any) -> Any:
    """numpy.array: a copy that may be written; lists with nodes become one node.

    object: an array, a node, or nested lists of numbers, arrays and nodes  result: an array of their joint shape
    """
    node, order = one_node(object), settings.get("order") or "K"
    if not isinstance(node, Node):
        new = np.array(object, dtype, copy=copy, ndmin=ndmin, **settings)
        return new if new is object else writable(new)
    if dtype is not None and np.dtype(dtype) not in (node.dtype, "O"):  # a node holds objects, its elements, as it is
        node = ops.astype(node, dtype)
    elif node is object and copy is not False and copy is not None:
        node = copied(node, order)
    return node if node.ndim >= ndmin else ops.reshape(node, (1,) * (ndmin - node.ndim) + node.shape)


def asarray(a: Any, dtype: Any = None, order: Any = None, **settings: Any) -> Any:
    """numpy.asarray: ``a`` itself if it is an array or a node of this dtype and order; lists with nodes become one."""
    node, known = one_node(a), layout(a) if isinstance(a, Node) else None
    if not isinstance(node, Node):
        z = np.asarray(a, dtype, order, **settings)
        return writable(z) if type(a) in (float, *SEQUENCES) else z
    node = array(node, dtype, copy=settings.get("copy"))
    if order not in ("C", "F"):
        return node
    lies_so = known is not None and (known.flags.c_contiguous if order == "C" else known.flags.f_contiguous)
    if lies_so:
        return node
    copy: Node = copied(node, order)
    if node is a and known is None and a.ndim > 1 and a._record is not None:
        doubt(copy, a)
    return copy


def _lying(function: Callable[..., Any], *order: str) -> Callable[..., Any]:
    """numpy's ``function``: ``a`` itself if it lies in this order, else a copy that does."""

    @functools.wraps(function)
    def lying(a: Any, dtype: Any = None, *others: Any, **settings: Any) -> Any:
        node = one_node(a)
        if isinstance(node, Node):
            z = asarray(node, dtype, *order, *others, **settings)
            return ops.reshape(z, 1) if order and not z.ndim else z
        return function(a, dtype, *others, **settings)

    return lying


ascontiguousarray, asfortranarray = _lying(np.ascontiguousarray, "C"), _lying(np.asfortranarray, "F")
asanyarray = _lying(np.asanyarray)


def isscalar(element: Any) -> bool:
    """numpy.isscalar: of a number that an op computed True, of an array without axes False."""
    return is_number(element) if isinstance(element, Node) else np.isscalar(element)


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """numpy.copy: an array of its own that may be written.

    a: an array, a node or a list of any shape  result: the same shape
    """
    return array(a, order=order)


def one_node(x: Any) -> Any:
    """A list, tuple or array with nodes as one node; all else as it is."""
    if isinstance(x, np.ndarray):
        of_nodes = x.dtype.hasobject and x.size and all(isinstance(n, Node) and not n.ndim for n in x.flat)
        return joined(x) if of_nodes else x
    return joined(x, SEQUENCES) if isinstance(x, SEQUENCES) else x


__all__ = [  # noqa: PLE0604  names of numpy's
    *("array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray", "copy", "empty", "empty_like", "eye"),
    *("full", "full_like", "identity", "isscalar", "ndarray", "ones", "ones_like", "zeros", "zeros_like"),
]
