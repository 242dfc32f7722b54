"""Gradients that arrive in many parts: of slices of one array, and of one weight at many time steps."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from ..core.leaves import Parameter
from ..core.node import Node
from ..ops import getitem, matmul, put, transpose

ROWS = 128
"""Rows that `RowSum` collects before it multiplies: enough for BLAS to run at full speed."""


class Parts:
    """Gradients in many parts, which are cheaper to sum at once when all parts have arrived.

    Attributes:
        slices: maps x to the gradients of its slices ``x[index]`` with their indexes; they go into one array.
        products: maps a parameter in matrix products to the sum of its gradients a^T b.
        trajectories: maps a loop to the `each` and `last` nodes of its values, with their gradients.
        begun: the nodes of which a part has arrived.
    """

    def __init__(self, wrt: set[Node]) -> None:
        self.wrt = wrt
        self.begun: set[Node] = set()
        self.slices: defaultdict[Node, list[tuple[Any, Any]]] = defaultdict(list)
        self.products: dict[Node, RowSum] = {}
        self.trajectories: defaultdict[Node, list[tuple[Node, Any]]] = defaultdict(list)

    def keep(self, node: Node, gz: Any) -> None:
        """Collects the gradient of a slice, or of an `each` or `last` node of a loop."""
        x = node._inputs[0]
        self.begun.add(x)
        if node._op is getitem:
            self.slices[x].append((gz, node._attributes["index"]))
        else:
            self.trajectories[x].append((node, gz))

    def keep_factors(self, node: Node, gz: np.ndarray, wanted: list[bool]) -> None:
        """Collects the gradients of a matrix product's parameters and sets their entries in ``wanted`` to False.

        A cell multiplies by the transpose of its parameter: the gradient of that is b^T a where its own is a^T b.
        """
        w, x = node._inputs
        for side, leaf in enumerate((w, x)):
            if wanted[side]:
                turned = leaf._op is transpose and leaf not in self.wrt and leaf._attributes.get("axes") is None
                parameter = leaf._inputs[0] if turned else leaf
                if isinstance(parameter, Parameter):
                    factors = matmul.factors(gz, w._value, x._value, side)
                    if factors is not None:
                        wanted[side] = False
                        self._add(parameter, *(factors[::-1] if turned else factors))

    def _add(self, parameter: Node, a: np.ndarray, b: np.ndarray) -> None:
        if parameter not in self.products:
            self.products[parameter] = RowSum(a, b)
            self.begun.add(parameter)
        self.products[parameter].add(a, b)

    def total(self, node: Node, whole: Any) -> Any:
        """The sum of all gradients of ``node``: its parts and ``whole``, those that did not come in parts."""
        if node in self.trajectories:
            return self.trajectories.pop(node)
        if node in self.slices:
            # Reversed, they are in the order of creation, in which the parts of a split lie end to end.
            pieces, indexes = zip(*reversed(self.slices.pop(node)), strict=True)
            joined = put.of(*pieces, shape=node.shape, indexes=indexes)
            whole = joined if whole is None else whole + joined
        if node in self.products:
            joined = self.products.pop(node).total().astype(node.dtype, copy=False)
            whole = joined if whole is None else whole + joined
        return whole


class RowSum:
    """The sum of a^T b over pairs a (R, M), b (R, N) that arrive one by one, with ``ROWS`` rows in one product.

    The rows are copied into buffers that live as long as the sum. Concatenating lists of arrays took twice as long
    here: the system provides new memory of this size page by page.
    """

    def __init__(self, a: np.ndarray, b: np.ndarray) -> None:
        self.a = np.empty((ROWS, a.shape[1]), a.dtype)
        self.b = np.empty((ROWS, b.shape[1]), b.dtype)
        self.rows = 0
        self.sum: np.ndarray | None = None
        self.product: np.ndarray | None = None

    def add(self, a: np.ndarray, b: np.ndarray) -> None:
        end = self.rows + len(a)
        if end > ROWS:
            self._multiply(self.a[: self.rows], self.b[: self.rows])
            self.rows, end = 0, len(a)
        if len(a) > ROWS or a.dtype != self.a.dtype or b.dtype != self.b.dtype:
            self._multiply(a, b)
            return
        self.a[self.rows : end] = a
        self.b[self.rows : end] = b
        self.rows = end

    def total(self) -> np.ndarray:
        self._multiply(self.a[: self.rows], self.b[: self.rows])
        assert self.sum is not None
        return self.sum

    def _multiply(self, a: np.ndarray, b: np.ndarray) -> None:
        if not len(a):
            return
        if self.sum is None:
            self.sum = a.T @ b
        elif np.result_type(a, b) != self.sum.dtype:
            self.sum = self.sum + a.T @ b
        else:
            self.product = np.matmul(a.T, b, out=self.product)
            self.sum += self.product
