"""How far back a loss reaches: gradients of each step's loss with respect to the states of all steps."""

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
"""Maps each step to the gradients that enter its nodes from outside of time."""


def by_loss_step(root: Node, wrt: list[Node], seeds: Seeds) -> Iterator[tuple[int, dict[Node, np.ndarray]]]:
    """Yields, for each step t of ``seeds``, t and a dict from nodes of ``wrt`` to the gradient of the loss at t.

    The loss at t is the part of ``root`` that leaves the recurrence at step t, so the gradients of all t sum to
    d root / d node. Nodes that the loss at t does not reach are missing. Each t takes one backward pass.
    """
    order = ancestors([root], _differentiable)
    serials = [x.serial for x in order]
    for t, seed in seeds.items():
        last = max(x.serial for x in seed)
        with np.errstate(all="ignore"):
            yield t, derive(order[: bisect_right(serials, last)], set(wrt), dict(seed), as_graph=False)


def seeds_of(root: Node, folded: Folded, role: dict[Node, str]) -> Seeds:
    """Returns the gradients that enter each time step from outside of time: from nodes without a step, or loss sums.

    They are computed on a copy of this outer graph in which the nodes with a step are leaves, so no gradient that
    went through time is included. Steps whose gradients are all zero are left out, unless all steps are.
    """
    sums = _sums(folded, role)
    outer = {x for x in ancestors([root], lambda x: _is_outer(x, sums)) if _is_outer(x, sums)}
    one = np.ones(root.shape, root.dtype)
    if root not in outer:
        return {} if root.step is None else {root.step: {root: one}}
    copies: dict[Node, Node] = {}
    for node in ancestors([root], outer.__contains__):
        copies[node] = _copy_op(node, copies) if node in outer else _as_leaf(node)
    inner = {copies[x]: x for x in copies if x not in outer and _carries(x)}
    with np.errstate(all="ignore"):
        gradients = derive(list(copies.values()), set(inner), {copies[root]: one}, as_graph=False)
    return _by_step({inner[x]: g for x, g in gradients.items()})


def _by_step(entering: dict[Node, np.ndarray]) -> Seeds:
    seeds: Seeds = {}
    for node in sorted(entering, key=lambda x: x.serial):
        assert node.step is not None
        seeds.setdefault(node.step, {})[node] = entering[node]
    nonzero = {t: seed for t, seed in seeds.items() if any(map(np.any, seed.values()))}
    return dict(sorted((nonzero or seeds).items()))


def _carries(node: Node) -> bool:
    """Whether a node is the float result of an op with a step."""
    return node.step is not None and node.op is not None and node.dtype.kind == "f"


def _is_outer(node: Node, sums: set[Node]) -> bool:
    return (node.step is None or node in sums) and node.op is not None and node.op.differentiable


def _sums(folded: Folded, role: dict[Node, str]) -> set[Node]:
    """Returns the losses that are summed inside of time, ``total = total + loss``: they belong to no single step."""
    sums: set[Node] = set()
    for node in folded.nodes:
        if node.step is not None and role[node] == "loss":
            sources = [x.source for x in folded.arrows[node] if role[x.source] == "loss"]
            if any(x in sums or (x.step is not None and x.step != node.step) for x in sources):
                sums.add(node)
    return sums


def _copy_op(node: Node, copies: dict[Node, Node]) -> Node:
    return _like(
        node, Node(node.op, tuple([copies[x] for x in node.inputs]), dict(node.attributes), node.value, node.name)
    )


def _as_leaf(node: Node) -> Node:
    return node if node.op is None else _like(node, Node(None, (), {}, node.value, node.name))


def _like(node: Node, copy: Node) -> Node:
    """Returns the copy with serial number and place of the node, so that `derive` notices parameters set later."""
    copy.serial, copy._place = node.serial, node._place
    return copy


def _differentiable(node: Node) -> bool:
    return node.op is None or node.op.differentiable


class Reach:
    """Gradient norms of one state: ``norms[t, s]`` is that of the loss at t with respect to the state at s.

    A pair is missing if the loss at t does not reach the state at s.
    """

    def __init__(self, state: State, columns: list[int]) -> None:
        self.state, self.columns = state, columns
        self.rows: list[int] = []
        self.norms: dict[tuple[int, int], float] = {}

    def add(self, t: int, arrived: dict[Node, np.ndarray]) -> None:
        """Add the gradients of the loss at t; zeros before the first state that it reaches are left out."""
        self.rows.append(t)
        is_reached = False
        for s in self._way():
            parts = [arrived[x] for x in self.state.at[s] if x in arrived]
            with np.errstate(all="ignore"):
                norm = norm_of(sum(parts[1:], parts[0])) if parts else 0.0
            is_reached = is_reached or norm != 0
            if parts and is_reached:
                self.norms[t, s] = norm

    def _way(self) -> list[int]:
        """Returns the steps in the order in which a gradient passes them."""
        return self.columns[::-1] if self.state.turn > 0 else self.columns

    def back(self, t: int) -> list[tuple[int, float]]:
        """Returns pairs (steps back, norm) for the loss at t, from the first state that it reaches."""
        reached = [(s, self.norms[t, s]) for s in self._way() if (t, s) in self.norms]
        return [(abs(reached[0][0] - s), norm) for s, norm in reached]

    def value(self, t: int, s: int) -> float | None:
        """Returns the norm, 0 behind a cut, or None if s is later than t in the direction of time."""
        if (t, s) in self.norms:
            return self.norms[t, s]
        is_later = (t - s) * self.state.turn < 0
        return None if is_later and all((a - b) * self.state.turn >= 0 for a, b in self.norms) else 0.0

    def factor(self) -> float | None:
        """Returns the factor of the norm per step back: the geometric mean over all losses and steps.

        It is measured from one step back on, if possible, because the loss may use the state of its step directly: an
        LSTM's loss uses h but not c, so the first step back differs from all others.
        """
        return self._factor(1) or self._factor(0)

    def _factor(self, least: int) -> float | None:
        logs, steps = 0.0, 0
        for t in self.rows:
            usable = [(d, norm) for d, norm in self.back(t) if d >= least and 0 < norm < math.inf]
            if len(usable) > 1:
                logs += math.log(usable[-1][1]) - math.log(usable[0][1])
                steps += usable[-1][0] - usable[0][0]
        return math.exp(logs / steps) if steps else None

    def medians(self) -> list[tuple[int, float]]:
        """Returns pairs (steps back, median norm); NaN counts as the largest."""
        norms: dict[int, list[float]] = {}
        for t in self.rows:
            for distance, norm in self.back(t):
                norms.setdefault(distance, []).append(norm)
        return [(d, sorted(x, key=_rank)[len(x) // 2]) for d, x in sorted(norms.items())]


def _rank(norm: float) -> float:
    return math.inf if math.isnan(norm) else norm


def reaches(root: Node, states: list[State], seeds: Seeds, most: int) -> list[Reach]:
    """Returns the norms for all states; if there are more than ``most`` steps, for evenly spaced ones."""
    result = [Reach(state, spaced(list(state.at), most)) for state in states]
    wrt = [x for reach in result for s in reach.columns for x in reach.state.at[s]]
    for t, gradients in by_loss_step(root, wrt, {t: seeds[t] for t in spaced(list(seeds), most)}):
        for reach in result:
            reach.add(t, gradients)
    return result


def spaced(steps: list[int], most: int) -> list[int]:
    """Returns at most ``most`` of the steps: every 2nd, 5th, 10th, 20th, ..., including the last."""
    stride = next(k * 10**p for p in count() for k in (1, 2, 5) if k * 10**p * most >= len(steps))
    return steps[::-stride][::-1]
