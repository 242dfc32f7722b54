"""scipy.special's functions of whole arrays in files that are recorded: softmax, log_softmax, logsumexp of nodes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import GraphError, users_line
from ..core.node import Node
from .makers import one_node

Axis = int | tuple[int, ...] | None


def softmax(x: Any, axis: Axis = None) -> Any:
    return np.exp(log_softmax(x, axis))


def log_softmax(x: Any, axis: Axis = None) -> Any:
    return x - logsumexp(x, axis, keepdims=True)


def logsumexp(a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """ln of the sum of b e^a over the axes."""
    if return_sign:
        fix = "np.log(np.abs(s)) and np.sign(s) of s = np.sum(b * np.exp(a))"
        raise GraphError("scipy's logsumexp of nodes gives no sign", got=users_line(), fix=fix)
    if b is None:
        return ops.logsumexp(a, axis=axis, keepdims=keepdims)
    top = ops.stop_gradient(np.max(a, axis=axis, keepdims=True))
    total = np.log(np.sum(b * np.exp(a - top), axis=axis, keepdims=keepdims))
    return total + (top if keepdims else ops.reshape(top, total.shape))


def taking_nodes(function: Callable[..., Any], of_nodes: Callable[..., Any]) -> Callable[..., Any]:
    """scipy's function, or ours where a node is among the arrays."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        arrays = [*args, *kwargs.values()]
        if not any(isinstance(one_node(x), Node) for x in arrays):
            return function(*args, **kwargs)
        return of_nodes(*map(one_node, args), **{word: one_node(x) for word, x in kwargs.items()})

    return call


SPECIAL: dict[str, Callable[..., Any]] = {"softmax": softmax, "log_softmax": log_softmax, "logsumexp": logsumexp}
"""Maps the names in scipy.special to what they do with nodes."""
