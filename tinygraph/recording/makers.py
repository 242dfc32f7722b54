"""numpy's functions that make arrays, here arrays that may hold nodes, and those that take lists of nodes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import now
from ..ops.numpy_functions import FUNCTIONS, SEQUENCES, copied, joined
from .layout import layout
from .record import is_number, own


def _writable(value: np.ndarray, fill: float | None = None) -> Any:
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
        return _writable(function(*args, **kwargs), fill)

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


def _of_lists(function: Any) -> Any:
    """A function of numpy's that takes arrays, which sees no nodes within a list by itself."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if type(x) in SEQUENCES:
                args = tuple(map(_joined, args))
                break
        for word in _ARRAYS & kwargs.keys():
            kwargs[word] = _joined(kwargs[word])
        return function(*args, **kwargs)

    return call


_ARRAYS = {"a", "x", "y", "m", "weights", "fp", "xp", "p", "arr", "ary", "array", "initial", "prepend", "append"}
"""Names of arguments that are arrays."""


def _like(function: Callable[..., Any], fill: float | None = None) -> Callable[..., Any]:
    """numpy's zeros_like and the like: the array lies in memory as its model does."""
    make = _maker(function, fill)

    @functools.wraps(make)
    def like(a: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(a, Node):
            return make(a, *args, **kwargs)
        known = layout(a)
        model = (
            np.empty_like(known, a.dtype, order="K", subok=False) if known is not None else np.empty(a.shape, a.dtype)
        )
        z = make(model, *args, **kwargs)
        if known is None and isinstance(z, Node):
            own(z).scattered = True
        return z

    return like


class _OfArrays(type):
    """``isinstance(x, np.ndarray)`` is True for nodes that stand for arrays, too."""

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
    node, order = _joined(object), settings.get("order") or "K"
    if not isinstance(node, Node):
        new = np.array(object, dtype, copy=copy, ndmin=ndmin, **settings)
        return new if new is object else _writable(new)
    if dtype is not None and np.dtype(dtype) != node.dtype:
        node = ops.astype(node, dtype)
    elif node is object and copy is not False and copy is not None:
        node = copied(node, order)
    return node if node.ndim >= ndmin else ops.reshape(node, (1,) * (ndmin - node.ndim) + node.shape)


def asarray(a: Any, dtype: Any = None, order: Any = None, **settings: Any) -> Any:
    """numpy.asarray: ``a`` itself if it is an array or a node of this dtype and order; lists with nodes become one."""
    node, known = _joined(a), layout(a) if isinstance(a, Node) else None
    if not isinstance(node, Node):
        return np.asarray(a, dtype, order, **settings)
    node = array(node, dtype, copy=False)
    if order not in ("C", "F"):
        return node
    lies_so = known is not None and (known.flags.c_contiguous if order == "C" else known.flags.f_contiguous)
    return node if lies_so else copied(node, order)


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """numpy.ascontiguousarray: ``a`` itself if it lies in C order, else a copy that does."""
    node = _joined(a)
    return asarray(node, dtype, "C") if isinstance(node, Node) else np.ascontiguousarray(a, dtype)


def asanyarray(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """numpy.asanyarray: as asarray."""
    node = _joined(a)
    return asarray(node, dtype, order) if isinstance(node, Node) else np.asanyarray(a, dtype, order)


def isscalar(element: Any) -> bool:
    """numpy.isscalar: of a number that an op computed True, of an array without axes False."""
    if not isinstance(element, Node):
        return np.isscalar(element)
    return is_number(element)


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """numpy.copy: an array of its own that may be written.

    a: an array, a node or a list of any shape  result: the same shape
    """
    return array(a, order=order)


def _product(function: Any) -> Any:
    """np.dot or np.outer, which steps of loops call often: not by way of numpy, so that it takes no longer."""
    ours = FUNCTIONS[function]

    @functools.wraps(function)
    def call(a: Any, b: Any, out: Any = None) -> Any:
        if out is None and (isinstance(a, (Node, list)) or isinstance(b, (Node, list))):
            a, b = _joined(a), _joined(b)
            if isinstance(a, Node) or isinstance(b, Node):
                return ours(a, b)
        return function(a, b, out)

    return call


dot, outer = map(_product, (np.dot, np.outer))


class vectorize(np.vectorize):  # noqa: N801  numpy's name
    """numpy.vectorize, whose result is a node if the function gives nodes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        z = super().__call__(*args, **kwargs)
        return tuple(map(joined, z)) if isinstance(z, tuple) else joined(z)


def fromiter(iter: Any, dtype: Any = float, count: int = -1, **settings: Any) -> Any:
    """numpy.fromiter, of nodes too."""
    numbers = [*(iter if count < 0 else itertools.islice(iter, count))]
    z = _joined(numbers)
    return array(z, dtype) if isinstance(z, Node) else _writable(np.fromiter(numbers, dtype, count, **settings))


class _OfNumbers(type):
    """``np.float64(node)`` is a node, so that its gradient stays; it is numpy's own dtype."""

    def __call__(cls, *args: Any) -> Any:
        return array(args[0], cls.kind) if args and isinstance(_joined(args[0]), Node) else cls.kind(*args)

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, cls.kind) or (isinstance(x, Node) and is_number(x) and x.dtype == cls.kind)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, cls.kind)

    def __eq__(cls, other: object) -> bool:
        return other is cls.kind or other is cls

    def __hash__(cls) -> int:
        return hash(cls.kind)


class float64(np.float64, metaclass=_OfNumbers):  # noqa: N801  numpy's name
    """numpy.float64, which keeps the gradient of a node."""

    kind = np.float64


class float32(np.float32, metaclass=_OfNumbers):  # noqa: N801  numpy's name
    """numpy.float32, which keeps the gradient of a node."""

    kind = np.float32


_DISPATCHED = type(np.concatenate)
_OF_MANY = {"concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack", "row_stack", "block"}
_OF_MANY |= {"broadcast_arrays", "meshgrid", "select", "choose", "einsum", "einsum_path", "lexsort", "ix_", "piecewise"}
_OF_MANY |= {"where", "reshape", "transpose", "expand_dims", "zeros_like", "ones_like", "full_like", "empty_like"}
"""Functions that nodes in a list reach by themselves, or of which a list is no array."""
_OF_STEPS = {"squeeze", "append", "split", "hsplit", "vsplit", "dsplit", "array_split", "tensordot", "inner", "moveaxis"}
"""Functions of the steps of loops, made of several ops: with one frame more, pictures could not tell who made those."""
_OF_LISTS = {
    name: _of_lists(getattr(np, name))
    for name in np.__all__
    if type(getattr(np, name)) is _DISPATCHED and name not in _OF_MANY | _OF_STEPS | {"copy", "dot", "outer"}
}


def __getattr__(name: str) -> Any:
    try:
        return _OF_LISTS[name]
    except KeyError:
        raise AttributeError(name) from None


def _joined(x: Any) -> Any:
    """A list or tuple with nodes as one node; all else as it is, arrays of nodes too."""
    return joined(x, SEQUENCES) if isinstance(x, SEQUENCES) else x


__all__ = [  # noqa: PLE0604  names of numpy's
    *("array", "asanyarray", "asarray", "ascontiguousarray", "copy", "dot", "empty", "empty_like", "eye", "float32"),
    *("float64", "fromiter", "full", "full_like", "identity", "isscalar", "ndarray", "ones", "ones_like", "outer"),
    *("vectorize", "zeros", "zeros_like"),
    *_OF_LISTS,
]
