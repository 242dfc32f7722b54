"""A traced graph as one function jitted by JAX, for plans whose backend takes the whole graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.graph import ancestors
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.traced import Live, Slot
from .jax_backend.translation import JaxGraph


class Jitted:
    """Computes the results of a graph by JAX, in the dtypes that the graph has, float64 too.

    Attributes: see `Runner`, in whose place it stands; its code is XLA's.
    """

    forms: dict[Any, str] = {}  # noqa: RUF012  none: XLA chooses kernels itself
    stretches: Sequence[Any] = ()
    code_bytes: dict[Any, int] = {}  # noqa: RUF012  unknown
    held_bytes = 0

    def __init__(self, results: Sequence[Node], slots: Sequence[Slot]) -> None:
        import jax

        self._wide, self._results = jax.enable_x64, results
        self._leaves: list[Any] = [n for n in ancestors(results) if isinstance(n, Parameter | Live)]
        self.results_bytes = sum(y.size * y.dtype.itemsize for y in results)

        def compute(values: list[Any], arrays: list[Any]) -> list[Any]:
            own = dict(zip([*self._leaves, *slots], [*values, *arrays], strict=True))
            return JaxGraph(jax, own).compute(results)

        self._compute = jax.jit(compute)

    def run(self, arguments: Sequence[ndarray]) -> list[ndarray]:
        """Runs the function once and returns its results as new arrays."""
        values = [leaf.read() if isinstance(leaf, Live) else leaf._value for leaf in self._leaves]
        with self._wide(True):
            results = self._compute(values, [*arguments])
        return [np.array(y, node.dtype) for y, node in zip(results, self._results, strict=True)]
