"""Traced graphs of all the cells that `tests/compiled` compares, and how a pass is run on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from operator import is_
from typing import Any

import numpy as np

from tests.arrays import assert_close
from tests.compiled.comparing import with_gradients
from tests.compiled.test_numbers import CASES, built
from tinygraph.core.graph import ancestors
from tinygraph.core.leaves import as_nodes
from tinygraph.core.op import Spec
from tinygraph.core.structure import leaves
from tinygraph.core.traced import Slot, Tracing

from .evaluation import evaluate


@dataclass(frozen=True, eq=False)
class Graph:
    """A traced function: its results, and the array that stands for each slot."""

    results: list[Any]
    values: dict[Any, np.ndarray]

    @cached_property
    def numbers(self) -> list[np.ndarray]:
        """What it gives as it was traced."""
        return numbers_of(self, self.results)


def trace(fn: Any, *args: np.ndarray) -> Graph:
    slots = [Slot(Spec(a.shape, a.dtype)) for a in args]
    with Tracing():
        results = [as_nodes((y,))[0] for y in leaves(fn(*slots))]
    return Graph(results, dict(zip(slots, args, strict=True)))


@cache
def graph_of(name: str) -> Graph:
    """One of the cells with its gradients, float64."""
    fn, weights, args = built(name, "f8")
    return trace(with_gradients(fn, weights), *args)


def run(made: Any, results: list[Any]) -> list[Any]:
    """The results after a pass."""
    with Tracing():
        return made.run(results)


def numbers_of(graph: Graph, results: list[Any]) -> list[np.ndarray]:
    with np.errstate(all="ignore"):
        return evaluate(results, graph.values)


def assert_same_numbers(graph: Graph, results: list[Any], tolerance: float = 1e-12) -> None:
    if all(map(is_, results, graph.results)):
        return  # the very same nodes
    for a, b in zip(numbers_of(graph, results), graph.numbers, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        size = np.abs(b).max(initial=1e-30) if b.dtype.kind == "f" else 0
        assert_close(a, b, 0, tolerance * size)


def ops_of(results: list[Any]) -> list[str]:
    """Names of the ops outside of loops, sorted."""
    return sorted(n.op.name for n in ancestors(results) if n.op is not None)


def loops_of(results: list[Any]) -> list[Any]:
    """The loops of a graph that are not within others, in order."""
    return [n for n in ancestors(results) if n.op is not None and n.op.name == "loop"]


def picked(results: list[Any], over: Any) -> list[Any]:
    """The nodes of a loop's body that are selected at every step."""
    found = [n.attributes["of"] for n in ancestors(results) if n.inputs and n.inputs[0] is over and n.op.selects]
    return [n for n in found if not isinstance(n, int)]


def ops_within(results: list[Any], number: int = 0) -> list[str]:
    """Names of the ops in the body of one of the loops, sorted."""
    over = loops_of(results)[number]
    return ops_of([*over.attributes["body"].nexts, *picked(results, over)])


def count(results: list[Any]) -> int:
    """Nodes, those of loops' bodies counted once."""
    total = 0
    for n in ancestors(results):
        total += 1
        if n.op is not None and n.op.name == "loop":
            total += count([*n.attributes["body"].nexts, *picked(results, n)])
    return total


__all__ = ["CASES"]
