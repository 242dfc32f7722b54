"""Gradients that arrive in many parts: slices of one array, products of one weight at many time steps."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from .core.node import Node, Parameter
from .ops import matmul, put

ROWS = 128
"""Rows of a weight's matrix products that are joined into one product: enough for BLAS to run at its full pace."""


class Parts:
    """Gradients in many parts, which are cheaper added up in one go when all consumers of their node have spoken.

    Attributes:
        slices: gradients of slices ``x[index]`` with their indexes: they go into one array.
        factors: of plain arrays, pairs (a, b) from the matrix products of a parameter, to which
            each sends a^T b. The sum over T steps is one product over the joined rows of all.
    """

    def __init__(self) -> None:
        self.slices: defaultdict[Node, list[tuple[Any, Any]]] = defaultdict(list)
        self.factors: defaultdict[Node, list[tuple[Any, Any]]] = defaultdict(list)

    def keep_factors(self, node: Node, gz: np.ndarray, wanted: list[bool]) -> list[tuple[Node, np.ndarray]]:
        """Put aside the factors of a product's parameters, whose gradients then are no longer ``wanted``.

        Gives the gradients for which enough rows have come, so that few arrays are kept alive.
        """
        w, x = node._inputs
        ready: list[tuple[Node, np.ndarray]] = []
        for side, leaf in enumerate((w, x)):
            if wanted[side] and isinstance(leaf, Parameter):
                factors = matmul.factors(gz, w._value, x._value, side)
                if factors is not None:
                    wanted[side] = False
                    self.factors[leaf].append(factors)
                    if len(self.factors[leaf]) * len(factors[0]) >= ROWS:
                        ready.append((leaf, self._product(leaf)))
        return ready

    def total(self, node: Node, whole: Any) -> Any:
        """All that arrived at ``node``, what came ``whole`` included."""
        if node in self.slices:
            pieces, indexes = zip(*self.slices.pop(node), strict=True)
            joined = put.of(*pieces, shape=node.shape, indexes=indexes)
            whole = joined if whole is None else whole + joined
        if node in self.factors:
            joined = self._product(node)
            whole = joined if whole is None else whole + joined
        return whole

    def _product(self, leaf: Node) -> np.ndarray:
        lefts, rights = zip(*self.factors.pop(leaf), strict=True)
        gradient = np.concatenate(lefts).T @ np.concatenate(rights)
        return gradient.astype(leaf.dtype, copy=False)
