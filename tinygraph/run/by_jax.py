"""A traced graph as one function jitted by JAX, for plans whose backend takes the whole graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.errors import GraphError
from ..core.graph import ancestors
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.traced import Live, Slot
from .jax_backend.translation import JaxGraph


class Jitted:
    """Computes the results of a graph by JAX, in the dtypes that the graph has, float64 too.

    Args:
        by_numpy: makes a `Runner` of the same results, which tells what is out of range.

    Attributes: see `Runner`, in whose place it stands; its code is XLA's.
    """

    forms: dict[Any, str] = {}  # noqa: RUF012  none: XLA chooses kernels itself
    stretches: Sequence[Any] = ()
    code_bytes: dict[Any, int] = {}  # noqa: RUF012  unknown
    held_bytes = 0

    def __init__(self, results: Sequence[Node], slots: Sequence[Slot], by_numpy: Callable[[], Any]) -> None:
        import jax

        self._wide, self._results, self._by_numpy = jax.enable_x64, results, by_numpy
        self._leaves: list[Any] = [n for n in ancestors(results) if isinstance(n, Parameter | Live)]
        self.results_bytes = sum(y.size * y.dtype.itemsize for y in results)

        def compute(values: list[Any], arrays: list[Any]) -> tuple[list[Any], list[Any]]:
            own = dict(zip([*self._leaves, *slots], [*values, *arrays], strict=True))
            graph = JaxGraph(jax, own)
            return graph.compute(results), graph.any_wrong

        self._compute = jax.jit(compute)

    def run(self, arguments: Sequence[ndarray]) -> list[ndarray]:
        """Runs the function once and returns its results as new arrays.

        Raises:
            GraphError: an index, a label or a length is out of range.
        """
        values = [leaf.read() if isinstance(leaf, Live) else leaf._value for leaf in self._leaves]
        with self._wide(True):
            results, wrong = self._compute(values, [*arguments])
        if any(wrong):
            self._by_numpy().run(arguments)  # raises, and says where
            raise GraphError("jax: an index, a label or a length is out of range")
        return [np.array(y, node.dtype) for y, node in zip(results, self._results, strict=True)]
