"""Blame: which operation of a hand-written backward pass is wrong, and what it should have made.

An operation is to blame if all gradients, or the most, become right once it makes another thing of the right graph,
step by step, and nothing before it can be mended so. Then the search goes on with right values in its place, so that
faults which hide behind others come out, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...core.node import Node
from .book import same
from .right import Thing
from .written import Operation, Written

SHIFTS = (0, 1, -1)
"""By how many steps the thing that is due may lie elsewhere than the order of the runs says."""


@dataclass(frozen=True)
class Departure:
    """An operation that made something else than what is due.

    Attributes:
        operation: where it happens.
        node: the first of its nodes that is wrong.
        due: what it should have made there.
        mended: the parameters whose gradients become right if it does.
    """

    operation: Operation
    node: Node
    due: Thing | None
    mended: frozenset[str]


class Blame:
    """Finds the departures of a written backward pass, one after the other."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self._families = _families(written)
        self._right: dict[Node, np.ndarray] = {}

    def departures(self, most: int = 8) -> list[Departure]:
        """The operations to blame, in the order in which they were found."""
        departures: list[Departure] = []
        while len(departures) < most:
            wrong = self.written.wrong(self.written.replay(self._right))
            step = self._best(wrong) if wrong else None
            if step is None:
                break
            departure, overrides = step
            departures.append(departure)
            self._right |= overrides
        return departures

    def _best(self, wrong: frozenset[str]) -> tuple[Departure, dict[Node, np.ndarray]] | None:
        """The operation whose mending makes most gradients right; of equals the one that departs first."""
        best: tuple[Departure, dict[Node, np.ndarray]] | None = None
        for operation in self.written.operations:
            if operation.nodes[0].size == 1:
                continue
            for things in self._candidates(operation):
                overrides = {x: _as(t.array, x) for x, t in things.items() if not same(x._value, _as(t.array, x))}
                if any(self.written.is_settled(x) for x in overrides):
                    continue
                node = min(overrides, key=lambda x: x.serial, default=None)
                if node is None or (best is not None and best[0].mended == wrong and best[0].node.serial <= node.serial):
                    continue
                still = self.written.wrong(self.written.replay({**self._right, **overrides}))
                rank = len(wrong - still), -node.serial
                if still < wrong and (best is None or rank > (len(best[0].mended), -best[0].node.serial)):
                    best = Departure(operation, node, things[node], wrong - still), overrides
        return best

    def _candidates(self, operation: Operation) -> Iterator[dict[Node, Thing]]:
        """Assignments of things of the right graph to the nodes of an operation, step by step."""
        nodes = operation.nodes
        for family in self._families.get(nodes[0].size, []):
            steps = sorted(family)
            for ordered in (steps[::-1], steps) if len(steps) > 1 else (steps,):
                for shift in SHIFTS if len(steps) > 1 and len(nodes) > 1 else (0,):
                    pairs = {x: family[ordered[k + shift]] for k, x in enumerate(nodes) if 0 <= k + shift < len(ordered)}
                    if pairs and all(fits(t.array, x) for x, t in pairs.items()):
                        yield pairs


def fits(array: np.ndarray, node: Node) -> bool:
    return array.shape == node.shape or array.T.shape == node.shape


def _as(array: np.ndarray, node: Node) -> np.ndarray:
    return array if array.shape == node.shape else array.T


def _families(written: Written) -> dict[int, list[Mapping[int, Thing]]]:
    """For each size the families of things, each by step."""
    families: dict[Hashable, dict[int, Thing]] = defaultdict(dict)
    for thing in written.right.things:
        families[thing.family][thing.step or 0] = thing
    by_size: dict[int, list[Mapping[int, Thing]]] = defaultdict(list)
    order = {"adjoint": 0, "sum": 1, "part": 2, "value": 3}
    for family in sorted(families.values(), key=lambda f: order[next(iter(f.values())).kind]):
        by_size[next(iter(family.values())).array.size].append(family)
    return by_size
