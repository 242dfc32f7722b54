"""numpy's names in files that write into arrays: those that make arrays, and those that meet nodes within lists."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import GraphError, users_line
from ..core.node import Node
from ..core.scope import now
from ..ops import numpy_functions
from ..ops.numpy_functions import FUNCTIONS, SEQUENCES, joined
from . import makers
from .layout import layout
from .makers import *  # noqa: F403  zeros, array and the like
from .makers import array as an_array
from .makers import one_node, writable
from .record import is_number, own


def _of_a_number_too(function: Any) -> Any:
    """numpy's array, asarray, copy or full: what they make of a number is an array without axes, to be written."""

    @functools.wraps(function)
    def make(*args: Any, **settings: Any) -> Any:
        z = function(*args, **settings)
        if isinstance(z, Node) and z.dtype.kind == "f" and is_number(z):
            z = now.recorder.copied(z) if any(x is z for x in args) else z
            own(z).made_by_name = True
        return z

    return make


array, asarray, asanyarray, copy = map(_of_a_number_too, (an_array, makers.asarray, makers.asanyarray, makers.copy))
full, full_like = map(_of_a_number_too, (makers.full, makers.full_like))


def _of_lists(function: Any) -> Any:
    """A function of numpy's that takes arrays, which sees no nodes within a list by itself."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if type(x) in SEQUENCES or (type(x) is np.ndarray and x.dtype.hasobject):
                args = tuple(map(one_node, args))
                break
        for word in _ARRAYS & kwargs.keys():
            kwargs[word] = one_node(kwargs[word])
        return function(*args, **kwargs)

    return call


_ARRAYS = {"a", "x", "y", "m", "weights", "fp", "xp", "p", "arr", "ary", "array", "initial", "prepend", "append"}
"""Names of arguments that are arrays."""


def _product(function: Any) -> Any:
    """np.dot or np.outer, which steps of loops call often: not by way of numpy, so that it takes no longer."""
    ours = FUNCTIONS[function]

    @functools.wraps(function)
    def call(a: Any, b: Any, out: Any = None) -> Any:
        if out is None and (isinstance(a, (Node, list)) or isinstance(b, (Node, list))):
            a, b = one_node(a), one_node(b)
            if isinstance(a, Node) or isinstance(b, Node):
                return ours(a, b)
        return function(a, b, out)

    return call


dot, outer = map(_product, (np.dot, np.outer))


class vectorize(np.vectorize):  # noqa: N801  numpy's name
    """numpy.vectorize, whose result is a node if the function gives nodes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(one_node(x), Node) for x in (*args, *kwargs.values())):
            z = super().__call__(*args, **kwargs)
            return tuple(map(joined, z)) if isinstance(z, tuple) else joined(z)
        if self.signature is not None:
            fix = "np.stack([f(row) for row in x])"
            raise GraphError("np.vectorize: signature= is not supported on nodes", got=users_line(), fix=fix)
        boxes = np.vectorize(lambda *a, **k: _boxed(self.pyfunc(*a, **k)), excluded=self.excluded)(*args, **kwargs)
        parts = boxes if isinstance(boxes, tuple) else (boxes,)
        results = [_opened(x, kind) for x, kind in zip(parts, self.otypes or [None] * len(parts), strict=True)]
        return tuple(results) if isinstance(boxes, tuple) else results[0]


def _boxed(z: Any) -> Any:
    """What a function gives, such that numpy does not look into it: it takes the kind of the first for that of all."""
    return tuple([lambda x=x: x for x in z]) if isinstance(z, tuple) else lambda: z


def _opened(boxes: Any, kind: Any) -> Any:
    values = np.empty(boxes.shape, object)
    for at in np.ndindex(boxes.shape):
        values[at] = boxes[at]()
    if kind is None and not isinstance(values.flat[0], (Node, float, np.floating)):
        kind = np.asarray(values.flat[0]).dtype.char
    if any(isinstance(x, Node) for x in values.flat):
        return an_array(joined(values), kind)
    return np.array(values.tolist(), kind)


def fromiter(iter: Any, dtype: Any = float, count: int = -1, **settings: Any) -> Any:
    """numpy.fromiter, of nodes too."""
    numbers = [*(iter if count < 0 else itertools.islice(iter, count))]
    z = one_node(numbers)
    return an_array(z, dtype) if isinstance(z, Node) else writable(np.fromiter(numbers, dtype, count, **settings))


class _Elements(AbstractContextManager[Any]):
    """np.nditer of an array that may hold nodes: its steps are views of one element each, as numpy's are."""

    def __init__(self, array: Node, steps: Any) -> None:
        self.operands, self.steps = (array,), steps

    def __getitem__(self, operand: int) -> Any:
        return self.operands[operand][(*self.steps.multi_index, ...)]

    def __iter__(self) -> Iterator[Any]:
        while not self.steps.finished:
            yield self[0]
            self.steps.iternext()

    def __exit__(self, *error: object) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name not in ("finished", "index", "iterindex", "iternext", "itersize", "multi_index", "reset"):
            raise AttributeError(name)  # of its memory, which is not the array's
        return getattr(self.steps, name)


def nditer(op: Any, flags: Any = None, op_flags: Any = None, *others: Any, order: Any = "K", **settings: Any) -> Any:
    """numpy.nditer, of one array that may hold nodes, too: what is written to an element is written to the array."""
    parts = op if type(op) in SEQUENCES else (op,)
    if not any(isinstance(one_node(x), Node) for x in parts):
        by_numpy: Any = np.nditer
        return by_numpy(op, flags, op_flags, *others, order=order, **settings)
    known = layout(op) if isinstance(op, Node) and not (others or settings) else None
    flags = {*(flags or ())} - {"refs_ok", "zerosize_ok"}
    if known is None or not flags <= {"multi_index", "c_index", "f_index"}:
        problem = "np.nditer goes over one array that holds nodes, in an order that is known, element by element"
        raise GraphError(problem, got=users_line(), fix="for at in np.ndindex(x.shape): x[at] = 2 * x[at]")
    return _Elements(op, np.nditer(known, [*flags | {"multi_index", "zerosize_ok"}], order=order))


class _OfNumbers(type):
    """``np.float64(node)`` is a node, so that its gradient stays; it is numpy's own dtype."""

    kind: Any

    def __call__(cls, *args: Any) -> Any:
        return an_array(args[0], cls.kind) if args and isinstance(one_node(args[0]), Node) else cls.kind(*args)

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, cls.kind) or (isinstance(x, Node) and is_number(x) and issubclass(x.dtype.type, cls.kind))

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, cls.kind)

    def __eq__(cls, other: object) -> bool:
        return other is cls.kind or other is cls

    def __hash__(cls) -> int:
        return hash(cls.kind)


float64, float32, floating, inexact, number, generic = [
    _OfNumbers(kind.__name__, (kind,), {"kind": kind, "__doc__": f"numpy.{kind.__name__}, also of nodes."})
    for kind in (np.float64, np.float32, np.floating, np.inexact, np.number, np.generic)
]
double, single = float64, float32

_DISPATCHED = type(np.concatenate)
_OF_MANY = {"concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack", "row_stack", "block"}
_OF_MANY |= {"broadcast_arrays", "meshgrid", "select", "choose", "einsum", "einsum_path", "lexsort", "ix_", "piecewise"}
_OF_MANY |= {"where", "reshape", "transpose", "expand_dims", "zeros_like", "ones_like", "full_like", "empty_like"}
_OF_MANY |= {"copyto", "fill_diagonal", "put_along_axis", "putmask", "place", "put"}
"""Functions that nodes in a list reach by themselves, of which a list is no array, or that write."""
_OF_STEPS = {"squeeze", "append", "split", "hsplit", "vsplit", "dsplit", "array_split", "tensordot", "inner"}
_OF_STEPS |= {"moveaxis"}
"""Functions of the steps of loops, made of several ops: with one frame more, pictures could not tell who made those."""
_OF_LISTS = {
    name: _of_lists(function)
    for name, function in vars(np).items()
    if type(function) is _DISPATCHED and name not in _OF_MANY | _OF_STEPS | {"copy", "dot", "outer"}
}


def __getattr__(name: str) -> Any:
    try:
        return _OF_LISTS[name]
    except KeyError:
        raise AttributeError(name) from None


class _Joiner:
    """np.r_ or np.c_, with nodes among the parts."""

    def __init__(self, plain: Any, columns: bool) -> None:
        self.plain, self.columns = plain, columns

    def __getitem__(self, key: Any) -> Any:
        parts = [*map(one_node, key if isinstance(key, tuple) else (key,))]
        if not any(isinstance(x, Node) for x in parts) or any(isinstance(x, str) for x in parts):
            return self.plain[key]
        nodes = [numpy_functions.as_node(np.r_[x] if isinstance(x, slice) else x) for x in parts]
        if not self.columns:
            return np.concatenate([x if x.ndim else ops.reshape(x, 1) for x in nodes])
        return np.concatenate([x if x.ndim > 1 else ops.reshape(x, (-1, 1)) for x in nodes], axis=-1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)


r_, c_ = _Joiner(np.r_, columns=False), _Joiner(np.c_, columns=True)
__all__ = [  # noqa: PLE0604  names of numpy's
    *makers.__all__,
    *("c_", "dot", "double", "float32", "float64", "floating", "fromiter", "generic", "inexact", "nditer", "number"),
    *("outer", "r_", "single", "vectorize"),
    *_OF_LISTS,
]
