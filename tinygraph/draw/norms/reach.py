"""How far back a loss reaches: the gradient of the loss at each step with respect to the states at all steps."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import count

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import derive
from ..shown.folding import Folded
from .heat import norm_of
from .states import State

Seeds = dict[int, dict[Node, np.ndarray]]
"""Of each step the gradients that enter its nodes from outside of time."""


def by_loss_step(root: Node, wrt: list[Node], seeds: Seeds) -> Iterator[tuple[int, dict[Node, np.ndarray]]]:
    """For each step t of ``seeds``: t, and of each node of ``wrt`` the gradient of the loss at t.

    The loss at t is what of ``root`` leaves the recurrence in step t, so the gradients of all t add
    up to d root / d node. A node that the loss at t does not reach is missing. One walk back over
    the graph for each t.
    """
    order = ancestors([root], _differentiable)
    serials = [x.serial for x in order]
    for t, seed in seeds.items():
        last = max(x.serial for x in seed)
        with np.errstate(all="ignore"):
            yield t, derive(order[: bisect_right(serials, last)], set(wrt), dict(seed), as_graph=False)


def seeds_of(root: Node, folded: Folded, role: dict[Node, str]) -> Seeds:
    """What enters the nodes of each time step from outside of time: from nodes of no step, or sums of losses.

    Computed on a copy of that outer part of the graph, in which the nodes of time are leaves: so no
    gradient that came through time is mixed in. Steps that receive nothing but zeros are left out,
    unless all do.
    """
    sums = _sums(folded, role)
    outer = {x for x in ancestors([root], lambda x: _is_outer(x, sums)) if _is_outer(x, sums)}
    one = np.ones(root.shape, root.dtype)
    if root not in outer:
        return {} if root.step is None else {root.step: {root: one}}
    copies: dict[Node, Node] = {}
    for node in ancestors([root], outer.__contains__):
        copies[node] = _copied(node, copies) if node in outer else _leaf(node)
    inner = {copies[x]: x for x in copies if x not in outer and _carries(x)}
    with np.errstate(all="ignore"):
        found = derive(list(copies.values()), set(inner), {copies[root]: one}, as_graph=False)
    return _by_step({inner[x]: g for x, g in found.items()})


def _by_step(entering: dict[Node, np.ndarray]) -> Seeds:
    found: Seeds = {}
    for node in sorted(entering, key=lambda x: x.serial):
        assert node.step is not None
        found.setdefault(node.step, {})[node] = entering[node]
    alive = {t: seed for t, seed in found.items() if any(map(np.any, seed.values()))}
    return dict(sorted((alive or found).items()))


def _carries(node: Node) -> bool:
    """Whether a node is computed in a step and can take a gradient."""
    return node.step is not None and node.op is not None and node.dtype.kind == "f"


def _is_outer(node: Node, sums: set[Node]) -> bool:
    return (node.step is None or node in sums) and node.op is not None and node.op.differentiable


def _sums(folded: Folded, role: dict[Node, str]) -> set[Node]:
    """Losses added up inside of time, ``total = total + loss`` in each step: they belong to no step alone."""
    found: set[Node] = set()
    for node in folded.nodes:
        if node.step is not None and role[node] == "loss":
            sources = [x.source for x in folded.arrows[node] if role[x.source] == "loss"]
            if any(x in found or (x.step is not None and x.step != node.step) for x in sources):
                found.add(node)
    return found


def _copied(node: Node, copies: dict[Node, Node]) -> Node:
    return _like(node, Node(node.op, tuple([copies[x] for x in node.inputs]), node.attributes, node.value, node.name))


def _leaf(node: Node) -> Node:
    return node if node.op is None else _like(node, Node(None, (), {}, node.value, node.name))


def _like(node: Node, copy: Node) -> Node:
    """The copy is as old as the node, so a parameter that was set since is noticed."""
    copy.serial, copy._place = node.serial, node._place
    return copy


def _differentiable(node: Node) -> bool:
    return node.op is None or node.op.differentiable


class Reach:
    """Norms of one state's gradients: ``norms[t, s]`` of the loss at t with respect to the state at s.

    A pair is missing where the loss at t does not reach the state at s.
    """

    def __init__(self, state: State, columns: list[int]) -> None:
        self.state, self.columns = state, columns
        self.rows: list[int] = []
        self.norms: dict[tuple[int, int], float] = {}

    def add(self, t: int, arrived: dict[Node, np.ndarray]) -> None:
        """Take in the gradients of the loss at t; zeros before the first state that it enters are none."""
        self.rows.append(t)
        entered = False
        for s in self._way():
            parts = [arrived[x] for x in self.state.at[s] if x in arrived]
            with np.errstate(all="ignore"):
                norm = norm_of(sum(parts[1:], parts[0])) if parts else 0.0
            entered = entered or norm != 0
            if parts and entered:
                self.norms[t, s] = norm

    def _way(self) -> list[int]:
        """The steps as a gradient goes through them."""
        return self.columns[::-1] if self.state.turn > 0 else self.columns

    def back(self, t: int) -> list[tuple[int, float]]:
        """Norms of one loss from the state where it enters backwards: pairs of steps gone back, and norm."""
        found = [(s, self.norms[t, s]) for s in self._way() if (t, s) in self.norms]
        return [(abs(found[0][0] - s), norm) for s, norm in found]

    def value(self, t: int, s: int) -> float | None:
        """The norm, 0 behind a cut, None where s lies after t in the direction of time."""
        if (t, s) in self.norms:
            return self.norms[t, s]
        after = (t - s) * self.state.turn < 0
        return None if after and all((a - b) * self.state.turn >= 0 for a, b in self.norms) else 0.0

    def factor(self) -> float | None:
        """By what a norm is multiplied on each step back: the geometric mean over all losses and steps.

        Counted from one step back on where that can be, for the state at which a loss enters may take
        it in directly: of an LSTM, h does, and its first step back is like no other.
        """
        return self._factor(1) or self._factor(0)

    def _factor(self, least: int) -> float | None:
        logs, steps = 0.0, 0
        for t in self.rows:
            good = [(d, norm) for d, norm in self.back(t) if d >= least and 0 < norm < math.inf]
            if len(good) > 1:
                logs += math.log(good[-1][1]) - math.log(good[0][1])
                steps += good[-1][0] - good[0][0]
        return math.exp(logs / steps) if steps else None

    def medians(self) -> list[tuple[int, float]]:
        """Of each number of steps gone back the median norm; NaN counts as the greatest."""
        found: dict[int, list[float]] = {}
        for t in self.rows:
            for distance, norm in self.back(t):
                found.setdefault(distance, []).append(norm)
        return [(d, sorted(x, key=_rank)[len(x) // 2]) for d, x in sorted(found.items())]


def _rank(norm: float) -> float:
    return math.inf if math.isnan(norm) else norm


def reaches(root: Node, made: list[State], seeds: Seeds, most: int) -> list[Reach]:
    """The numbers of all states, of more than ``most`` steps of so many evenly spaced ones."""
    found = [Reach(state, spaced(list(state.at), most)) for state in made]
    wrt = [x for reach in found for s in reach.columns for x in reach.state.at[s]]
    for t, arrived in by_loss_step(root, wrt, {t: seeds[t] for t in spaced(list(seeds), most)}):
        for reach in found:
            reach.add(t, arrived)
    return found


def spaced(steps: list[int], most: int) -> list[int]:
    """At most so many of the steps: every 2nd, 5th, 10th, 20th, ..., the last among them."""
    stride = next(k * 10**p for p in count() for k in (1, 2, 5) if k * 10**p * most >= len(steps))
    return steps[::-stride][::-1]
