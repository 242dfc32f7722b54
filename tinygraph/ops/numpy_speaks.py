"""numpy functions on nodes, by ``__array_ufunc__`` and ``__array_function__``: np.tanh(node) is tg.tanh(node)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..core.errors import UNFIT, GraphError, MutationError, refuse, refusing, shown, users_line
from ..core.node import Node
from . import arithmetic, choice, exponential, product, shape, slicing
from .inference import axes_of
from .operators import depends_on_parameter

UFUNCS: dict[Any, Callable[..., Any]] = {
    np.float_power: arithmetic.power,
    np.positive: lambda x: x,
    np.reciprocal: lambda x: 1 / x,
    np.log2: lambda x: exponential.log(x) * (1 / math.log(2)),
    np.log10: lambda x: exponential.log(x) * (1 / math.log(10)),
    np.fabs: choice.abs,
}
"""Ufuncs that no op is named after; `register` adds the others."""

LARGEST_LIST = 100_000
"""The most elements for which ``np.array(nodes)`` makes one node each; above, it raises and suggests np.stack."""


def _dot(a: Any, b: Any) -> Node:
    if not a.ndim or not b.ndim:
        return arithmetic.multiply(a, b)
    if b.ndim > 2:
        fix = "tg.einsum, or np.matmul if the leading axes are a batch"
        raise GraphError("np.dot: b has more than two axes", got=f"{a.shape}, {b.shape}", fix=fix)
    return product.matmul(a, b)


def _outer(a: Any, b: Any) -> Node:
    return arithmetic.multiply(shape.reshape(a, (-1, 1)), shape.reshape(b, (1, -1)))


def _expand_dims(a: Any, axis: Any) -> Node:
    axes = axis if isinstance(axis, tuple) else (axis,)
    ndim = a.ndim + len(axes)
    places = {i % ndim for i in axes_of(shape.reshape, (1,) * ndim, axes)}
    sizes = iter(a.shape)
    return shape.reshape(a, tuple(1 if i in places else next(sizes) for i in range(ndim)))


def _squeeze(a: Any, axis: Any = None) -> Node:
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {i % a.ndim for i in axes if axis is not None or a.shape[i] == 1}
    if any(a.shape[i] != 1 for i in gone):
        raise GraphError("squeeze: the axis is not of size 1", got=f"shape {a.shape}, axis {shown(axis)}")
    return shape.reshape(a, tuple(n for i, n in enumerate(a.shape) if i not in gone))


def _moveaxis(a: Any, source: Any, destination: Any) -> Node:
    axes = np.moveaxis(np.empty(range(1, a.ndim + 1)), source, destination).shape
    return shape.transpose(a, tuple(n - 1 for n in axes))


def _reshape(a: Any, *args: Any, **settings: Any) -> Node:
    settings.pop("order", None)
    return shape.reshape(a, args[0] if args else settings["shape"])


def _like(function: Any) -> Callable[..., np.ndarray]:
    return lambda a, *args, **settings: function(np.broadcast_to(np.empty((), a.dtype), a.shape), *args, **settings)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.reshape: _reshape,
    np.ravel: lambda a: shape.reshape(a, -1),
    np.expand_dims: _expand_dims,
    np.squeeze: _squeeze,
    np.moveaxis: _moveaxis,
    np.dot: _dot,
    np.outer: _outer,
    np.copy: lambda a: a,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a: a.size,
    np.zeros_like: _like(np.zeros_like),
    np.ones_like: _like(np.ones_like),
    np.full_like: _like(np.full_like),
}
"""Functions that no op is named after; `register` adds the others."""


def register(vocabulary: Mapping[str, Any]) -> None:
    """Make ``np.name(node)`` call the op ``name``, for every op with the name of a numpy function."""
    for name, op in vocabulary.items():
        function = getattr(np, name, None)
        table = UFUNCS if isinstance(function, np.ufunc) else FUNCTIONS
        if function is not None:
            table.setdefault(function, op)


def array_ufunc(self: Node, ufunc: Any, method: str, *inputs: Any, out: Any = None, **settings: Any) -> Any:
    """Node.__array_ufunc__: numpy calls it for ``ufunc(*inputs)`` with a node among the inputs."""
    if out is not None:
        problem = f"np.{ufunc.__name__} would change an array in place (out= or an operator like +=)"
        raise MutationError(problem, got=users_line(), fix="write a = a + b, which makes a new node")
    op = UFUNCS.get(ufunc) if method == "__call__" else None
    if op is None:
        raise _unsupported(ufunc.__name__ + ("" if method == "__call__" else f".{method}"), UFUNCS)
    if settings:
        raise GraphError(f"np.{ufunc.__name__}: nodes do not support {sorted(settings)}", got=users_line())
    try:
        return op(*map(_joined, inputs))
    except UNFIT as error:
        refuse(error, f"np.{ufunc.__name__}", inputs, {})
        raise


def array_function(self: Node, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Node.__array_function__: numpy calls it for ``function(*args, **kwargs)`` with a node among the arguments."""
    if kwargs.get("out") is not None:
        problem = f"np.{function.__name__} would change an array in place (out=)"
        raise MutationError(problem, got=users_line(), fix="omit out= and use the result")
    op = FUNCTIONS.get(function)
    if op is None:
        raise _unsupported(function.__name__, FUNCTIONS)
    try:
        return op(*args, **kwargs)
    except UNFIT as error:
        refuse(error, f"np.{function.__name__}", args, kwargs)
        raise


@refusing
def array(self: Node, dtype: Any = None, copy: Any = None) -> np.ndarray:
    """Node.__array__: numpy calls it to convert a node, or a list of nodes, to an array.

    A node that depends on no parameter becomes an array of numbers. Any other becomes an array of nodes of one
    element, so that ``np.array(outputs)`` keeps the gradient, although it is slow. If numpy needs plain numbers
    (``a[t] = node``), it raises.
    """
    if not depends_on_parameter(self):
        return np.array(self.value, dtype=dtype)
    if dtype is not None and np.dtype(dtype) != object:
        problem = f"{self.label()} would be stored in a plain array and lose its gradient"
        raise MutationError(problem, got=users_line(), fix="collect the nodes in a list and join them with np.stack")
    if self.size > LARGEST_LIST:
        problem = f"np.array of {self.label()} would make {self.size} nodes of one element"
        raise GraphError(problem, got=users_line(), fix="join a list of nodes with np.stack; omit np.asarray(node)")
    elements = np.empty(self.shape, dtype=object)
    for at in np.ndindex(self.shape):
        elements[at] = slicing.getitem(self, index=at)
    return elements


def _joined(x: Any) -> Any:
    """An array of nodes of one element as one node."""
    if isinstance(x, np.ndarray) and x.dtype.hasobject:
        return shape.reshape(slicing.stack(list(x.flat)), x.shape)
    return x


def _unsupported(name: str, table: dict[Any, Any]) -> GraphError:
    supported = ", ".join(sorted({f.__name__ for f in table}))
    fix = "use these, tg's ops, or your own tg.Op"
    return GraphError(f"np.{name} is not supported on nodes", expected=supported, got=users_line(), fix=fix)


for _word, _method in (("__array_ufunc__", array_ufunc), ("__array_function__", array_function), ("__array__", array)):
    setattr(Node, _word, _method)
