"""``array.dot(node)`` of a plain array: its method asks the node for an array, and the answer makes one product of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.node import Node
from .call_site import method_called
from .numpy_functions import joined
from .numpy_products import dot


class _Factor(np.ndarray):
    """A node as the second factor, an array without axes: numpy multiplies by it, which is where np.dot takes over."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        node = np.ndarray.item(self).node
        if ufunc is not np.multiply or method != "__call__" or settings or inputs[1] is not self:
            raise _refused(node, f"it became np.{ufunc.__name__}")
        return dot(_numbers(inputs[0], node.dtype), node)


class _Element:
    """A node that numpy takes for a number, as it does in ``array.dot([x, y])``."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def __rmul__(self, factor: Any) -> Node:
        if self.node.ndim:
            raise _refused(self.node, "a list of arrays")
        return factor * self.node

    def __mul__(self, factor: Any) -> Node:
        return self.__rmul__(factor)


def _refused(node: Node, got: str) -> GraphError:
    fix = "write x @ W, or np.dot(x, np.stack(nodes)) of a list of nodes"
    return GraphError(f"array.dot of {node.label()} is not supported in this form", got=f"{got}; {users_line()}", fix=fix)


def _numbers(left: np.ndarray, dtype: np.dtype) -> Any:
    """The array again, of which numpy has made one of Python's numbers; or the nodes that it held."""
    if left.size and isinstance(left.flat[0], Node):
        return joined(left)
    values = left.astype(np.float64)
    narrow = values.astype(dtype)
    return narrow if (narrow == values).all() else values


def factor(node: Node) -> np.ndarray | None:
    """What numpy gets for the node if the user's line calls the method ``.dot`` of an array with it; else None."""
    if method_called(4) != "dot":
        return None
    array = np.empty((), object)
    array[()] = _Element(node)
    return array.view(_Factor)
