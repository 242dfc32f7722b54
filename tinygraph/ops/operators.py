"""Operators and array methods of nodes: ``+ - * / ** @ []``, comparisons, ``.T``, ``.sum()`` and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import GraphError, MutationError, users_line
from ..core.leaves import as_nodes
from ..core.node import Node
from . import arithmetic, choice, exponential, product, reduction, shape
from .lookup import ARRAY, pick, take
from .slicing import getitem


def index(x: Node, key: Any) -> Node:
    """``x[key]`` with ints, slices, None, ``...``, and arrays of integers or booleans."""
    keys = key if isinstance(key, tuple) else (key,)
    if all(isinstance(k, (int, slice, type(None), type(...), np.integer)) and not isinstance(k, bool) for k in keys):
        return getitem(x, index=keys)
    template: list[Any] = []
    arrays: list[Any] = []
    for k in keys:
        if isinstance(k, (list, np.ndarray, Node)):
            parts = _integers(x, k)
            arrays += parts
            template += [ARRAY] * len(parts)
        else:
            template.append(k)
    if template == [ARRAY]:
        return take(x, arrays[0], axis=0)
    return pick(x, *arrays, index=tuple(template))


def _integers(x: Node, key: Any) -> tuple[Any, ...]:
    """An index array as integer arrays; a boolean mask becomes the indices where it is True."""
    array = key if isinstance(key, (Node, np.ndarray)) else as_nodes((key or np.zeros(0, int),))[0].value
    if array.dtype.kind == "b":
        return np.nonzero(array.value if isinstance(array, Node) else array)
    if array.dtype.kind not in "iu":
        problem, expected = f"getitem of {x.label()}: invalid index array", "an array of integers or booleans"
        raise GraphError(problem, expected=expected, got=f"{array.dtype} {array.shape}")
    return (array,)


def _refuse(what: str, fix: str) -> Callable[..., Any]:
    def refuse(self: Node, *args: Any) -> Any:
        raise MutationError(f"{self.label()} cannot be changed by {what}", got=users_line(), fix=fix)

    return refuse


def _in_place(sign: str, op: Any) -> Callable[..., Any]:
    def in_place(self: Node, other: Any) -> Any:
        # numpy scalars are immutable too, so `loss += term` binds the name to a new number with either. An array
        # would change in place, and a node must not.
        if self.ndim == 0:
            return op(self, other)
        fix = f"write a = a {sign} b, which makes a new node"
        raise MutationError(f"{self.label()} cannot be changed by '{sign}='", got=users_line(), fix=fix)

    return in_place


def _to_float(self: Node) -> float:
    if depends_on_parameter(self):
        problem = f"float() of {self.label()} would lose its gradient"
        fix = "write .item() for the number; join nodes with tg.stack instead of storing them in an array"
        raise MutationError(problem, got=users_line(), fix=fix)
    return float(self.value)


def depends_on_parameter(node: Node) -> bool:
    """Whether a gradient flows from ``node`` to a parameter."""
    visited, stack = {node}, [node]
    while stack:
        x = stack.pop()
        if x.kind == "parameter":
            return True
        if x.op is not None and x.op.differentiable:
            stack += [i for i in x.inputs if i not in visited]
            visited.update(x.inputs)
    return False


def _operator(op: Any) -> Callable[[Node, Any], Node]:
    call = op.__call__  # bound once: otherwise Python looks up __call__ at each call
    return lambda self, other: call(self, other)


def _swapped(op: Any) -> Callable[[Node, Any], Node]:
    return lambda self, other: op(other, self)


def _install() -> None:
    signs = {
        "+": ("add", arithmetic.add),
        "-": ("sub", arithmetic.subtract),
        "*": ("mul", arithmetic.multiply),
        "/": ("truediv", arithmetic.divide),
        "**": ("pow", arithmetic.power),
        "@": ("matmul", product.matmul),
    }
    for sign, (word, op) in signs.items():
        setattr(Node, f"__{word}__", _operator(op))
        setattr(Node, f"__r{word}__", _swapped(op))
        setattr(Node, f"__i{word}__", _in_place(sign, op))
    relations = {
        "gt": choice.greater,
        "ge": choice.greater_equal,
        "lt": choice.less,
        "le": choice.less_equal,
        "eq": choice.equal,
        "ne": choice.not_equal,
    }
    for word, op in relations.items():
        setattr(Node, f"__{word}__", _operator(op))
    _install_methods()


def _reshape(self: Node, *sizes: Any) -> Node:
    return shape.reshape(self, shape=sizes[0] if len(sizes) == 1 else sizes)


def _transpose(self: Node, *axes: Any) -> Node:
    return shape.transpose(self, axes=axes[0] if len(axes) == 1 else axes or None)


def _install_methods() -> None:
    methods = {
        "sum": reduction.sum,
        "mean": reduction.mean,
        "max": reduction.largest,
        "min": reduction.smallest,
        "argmax": reduction.argmax,
        "swapaxes": shape.swapaxes,
        "astype": shape.astype,
        "dot": product.matmul,
        "take": take,
        "clip": choice.clip,
        "exp": exponential.exp,
        "log": exponential.log,
        "sqrt": exponential.sqrt,
        "tanh": exponential.tanh,
    }
    for word, op in methods.items():
        setattr(Node, word, lambda self, *args, op=op, **settings: op(self, *args, **settings))
    others: dict[str, Any] = {
        "__getitem__": index,
        "__setitem__": _refuse("item assignment", "collect the parts in a list and join them by np.stack"),
        "__neg__": lambda self: arithmetic.negative(self),
        "__pos__": lambda self: self,
        "__abs__": lambda self: choice.abs(self),
        "__float__": _to_float,
        "reshape": _reshape,
        "transpose": _transpose,
        "T": property(shape.transpose),
        "ravel": lambda self: shape.reshape(self, shape=-1),
        "flatten": lambda self: shape.reshape(self, shape=-1),
        "copy": lambda self: self,
    }
    for word, method in others.items():
        setattr(Node, word, method)


_install()
