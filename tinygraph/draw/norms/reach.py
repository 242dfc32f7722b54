"""How far back a loss reaches: gradients of each step's loss with respect to the states of all steps."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from copy import copy
from functools import cached_property
from itertools import count

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import derive
from ..shown.folding import Folded
from ..shown.padding import is_masked
from ..shown.phases import MANY, Phases, phases
from .heat import norm_of
from .states import State

Seeds = dict[int, dict[Node, np.ndarray]]
"""Maps each step to the gradients that enter its nodes from outside of time."""


def by_loss_step(root: Node, wrt: list[Node], seeds: Seeds) -> Iterator[tuple[int, dict[Node, np.ndarray]]]:
    """Yields, for each step t of ``seeds``, t and a dict from nodes of ``wrt`` to the gradient of the loss at t.

    The loss at t is the part of ``root`` that leaves the recurrence at step t, so the gradients of all t sum to
    d root / d node. Nodes that the loss at t does not reach are missing. Each t takes one backward pass.
    """
    order = ancestors([root], gradients=True)
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
        copies[node] = twin = copy(node)
        twin._op, twin._inputs = (node.op, tuple([copies[x] for x in node.inputs])) if node in outer else (None, ())
    inner = {copies[x]: x for x in copies if x not in outer and _carries(x)}
    with np.errstate(all="ignore"):
        gradients = derive([*copies.values()], set(inner), {copies[root]: one}, as_graph=False)
    return _parted({inner[x]: g for x, g in gradients.items()}, lambda x: x.step or 0)


def _parted(entering: dict[Node, np.ndarray], number: Callable[[Node], int]) -> Seeds:
    """Parts gradients by a number of their nodes; one for which all are zero is left out, unless all are."""
    parts: Seeds = {}
    for node in sorted(entering, key=lambda x: x.serial):
        parts.setdefault(number(node), {})[node] = entering[node]
    nonzero = {i: part for i, part in parts.items() if any(map(np.any, part.values()))}
    return dict(sorted((nonzero or parts).items()))


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


class Reach:
    """Gradient norms of one state: ``norms[t, s]`` is that of the loss at t with respect to the state at s.

    A pair is missing if the loss at t does not reach the state at s.

    Attributes:
        columns, rows: the steps of the state and of the losses that are shown.
        entry: the step at which all losses enter the state's loop, if they belong to a later phase; None if the loss
            at t enters at t.
        blurred: why there is no step at which the loss at t enters, for example attention; else "".
        heading, loss: the state, and a loss, in words; with the losses' phase if there are losses of several.
        of_state, of_losses: their phases.
    """

    def __init__(self, state: State, columns: list[int], entry: int | None = None, blurred: str = "") -> None:
        self.state, self.columns, self.entry, self.blurred = state, columns, entry, blurred
        self.rows: list[int] = []
        self.heading, self.loss = state.heading, "loss"
        self.of_state, self.of_losses = 0, 0
        self.norms: dict[tuple[int, int], float] = {}

    def add(self, t: int, arrived: dict[Node, np.ndarray]) -> None:
        """Add the gradients of the loss at t; zeros before the first state that it reaches are left out."""
        is_reached = False
        for s in sorted(self.state.at, reverse=self.state.turn > 0):  # as a gradient passes them
            parts = [arrived[x] for x in self.state.at[s] if x in arrived]
            with np.errstate(all="ignore"):
                norm = norm_of(sum(parts[1:], parts[0])) if parts else 0.0
            is_reached = is_reached or norm != 0
            if parts and is_reached:
                self.norms[t, s] = norm

    def value(self, t: int, s: int) -> float | None:
        """Returns the norm, 0 behind a cut, or None if s is later than t in the direction of time."""
        if (t, s) in self.norms:
            return self.norms[t, s]
        return None if (t - s) * self.state.turn < 0 and self._one_way else 0.0

    @cached_property
    def _one_way(self) -> bool:
        """Whether no loss reaches a state that is later than it."""
        return all((t - s) * self.state.turn >= 0 for t, s in self.norms)

    @cached_property
    def _apart(self) -> dict[tuple[int, int], list[tuple[int, float]]]:
        """Maps (t, side) to the pairs (steps from where the loss at t enters, norm), nearest first."""
        apart: dict[tuple[int, int], list[tuple[int, float]]] = {(t, side): [] for t in self.rows for side in (1, -1)}
        for (t, s), norm in self.norms.items():
            ahead = (t if self.entry is None else self.entry) - s
            for side in (1, -1) if not ahead else (1,) if ahead > 0 else (-1,):
                apart[t, side].append((abs(ahead), norm))
        return {key: sorted(pairs) for key, pairs in apart.items()}

    def sides(self) -> list[int]:
        """Returns 1 if a loss reaches states before the step where it enters, and -1 if it reaches later ones."""
        return [side for side in (1, -1) if any(d and n for t in self.rows for d, n in self._apart[t, side])]

    def factor(self, side: int) -> float | None:
        """Returns the factor of the norm per step on one side: the geometric mean over all losses and steps.

        It is measured from one step away on, if possible, because the loss may use the state of its step directly: an
        LSTM's loss uses h but not c, so the first step differs from all others.
        """
        for least in (1, 0):
            usable = [[(d, n) for d, n in self._apart[t, side] if d >= least and 0 < n < math.inf] for t in self.rows]
            ends = [(x[0], x[-1]) for x in usable if len(x) > 1]
            if ends:
                logs = sum(math.log(last) - math.log(first) for (_, first), (_, last) in ends)
                return math.exp(logs / sum(last - first for (first, _), (last, _) in ends))
        return None

    def length(self, side: int, *, zeros: bool = False) -> int:
        """Returns over how many steps norms are known on one side, with that where losses enter; or norms but 0."""
        return 1 + max((d for t in self.rows for d, n in self._apart[t, side] if n or zeros), default=0)

    def medians(self, side: int) -> list[tuple[int, float]]:
        """Returns pairs (steps away, median norm); NaN counts as the largest."""
        norms: dict[int, list[float]] = {}
        for t in self.rows:
            for distance, norm in self._apart[t, side]:
                norms.setdefault(distance, []).append(norm)
        return [(d, _median(x)) for d, x in sorted(norms.items())]


def _median(norms: list[float]) -> float:
    """Returns the middle one, or the mean of the middle two."""
    ranked = sorted(norms, key=lambda x: math.inf if math.isnan(x) else x)
    low, high = ranked[(len(ranked) - 1) // 2], ranked[len(ranked) // 2]
    return low + (high - low) / 2 if high - low < math.inf else high


def reaches(root: Node, states: list[State], seeds: Seeds, most: int, last: int, room: int) -> tuple[list[Reach], int]:
    """Returns the norms of each state for the losses of each phase apart, and how many such pairs there are.

    Their steps have the same numbers but are not the same time. The losses of the last phase come first; phases of
    which no loss reaches a state are left out, unless that are all. Of all pairs the first ``room`` are followed.
    """
    times = phases([root])
    entering = {x: gradient for seed in seeds.values() for x, gradient in seed.items()}
    phased = _parted(entering, lambda x: times.of.get(x, 0))  # one whose gradients are all zero is none, as a step
    parts = {i: _parted(part, lambda x: x.step or 0) for i, part in reversed(phased.items())}
    seen = {i: set(ancestors([x for y in part.values() for x in y], gradients=True)) for i, part in parts.items()}
    heard = [{i for i in parts if seen[i] & _members(state)} or {max(parts)} for state in states]
    result: list[Reach] = []
    for i, part in parts.items():
        reached = [state for state, heard_of in zip(states, heard, strict=True) if i in heard_of]
        shown = _followed(root, reached[: max(room - len(result), 0)], part, times, most, last)
        for reach in shown:
            reach.of_state, reach.of_losses = min(times.of[x] for x in _members(reach.state)), i
            if len(parts) > 1:
                name = _name(i, reached, times)
                reach.heading, reach.loss = f"{reach.heading}, losses of {name}", f"loss of {name}"
        result += shown
    return result, sum(map(len, heard))


def _members(state: State) -> set[Node]:
    return {x for nodes in state.at.values() for x in nodes}


def _name(phase: int, states: list[State], times: Phases) -> str:
    """Returns the name of the only cell of a phase, as panels are called by cells, or else that of the phase."""
    cells = {state.cell for state in states if {times.of[x] for x in _members(state)} == {phase}}
    return "".join(cells if len(cells) == 1 else ()) or times.names[phase]


def _followed(root: Node, states: list[State], seeds: Seeds, times: Phases, most: int, last: int) -> list[Reach]:
    """Returns the norms for losses of one phase; of more than ``most`` steps for the ``last`` ones alone.

    The columns of a state then end where losses enter it, which is at the first steps if it runs backward. Only the
    first and the last loss are followed beyond the columns, for the verdict.
    """
    result = [_reach(state, _heard(state, seeds, times, most, last), times, seeds, most, last) for state in states]
    ends = {t for reach in result for t in (reach.rows[0], reach.rows[-1])}
    between = {t for reach in result for t in reach.rows} - ends
    near = [x for reach in result for s in reach.columns for x in reach.state.at[s]]
    far = [x for state in states for x in _members(state)]
    for wrt, losses in ((far, ends), (near, between)):
        for t, gradients in by_loss_step(root, wrt, {t: seeds[t] for t in sorted(losses)}):
            for reach in result:
                if t in reach.rows:
                    reach.add(t, gradients)
    return result


def _heard(state: State, seeds: Seeds, times: Phases, most: int, last: int) -> list[int]:
    """Returns the steps of the losses that are computed from a state's loop, the last ones if they are many."""
    own = sum(1 << i for i in {times.loop[x] for x in _members(state)})
    rows = [t for t, seed in seeds.items() if any(times.below.get(times.loop.get(x, -1), own) & own for x in seed)]
    rows = rows or [*seeds]
    return rows[-last if len(rows) > most else 0 :]


def _reach(state: State, rows: list[int], times: Phases, seeds: Seeds, most: int, last: int) -> Reach:
    members = _members(state)
    loops = {times.loop[x] for x in members}
    own, of_losses = {times.of[x] for x in members}, {times.of.get(x, 0) for t in rows for x in seeds[t]}
    entered = set().union(*(times.entered.get(i, ()) for i in loops))
    elsewhere = of_losses != own
    entry = min(entered) if not own & of_losses and len(entered - {MANY}) == len(entered) == 1 else None
    clear = entry is not None if elsewhere else not loops & times.seen_whole
    blurred = "" if clear else "each loss looks at many steps"
    entering = [pair for seed in seeds.values() for pair in seed.items() if is_masked(pair[0], "real")]
    if any(np.where(x.inputs[0].value, 0, g).any() for x, g in entering):  # each sequence's own last step
        blurred = "sequences end before the loss"
    reach = Reach(state, _columns(state, rows if entry is None else [entry], most, last), entry, blurred)
    reach.rows = rows
    return reach


def _columns(state: State, ends: list[int], most: int, last: int) -> list[int]:
    steps = list(state.at)
    if len(steps) <= most:
        return steps
    if state.turn > 0:
        return [s for s in steps if s <= max(ends)][-last:] or steps[-last:]
    return [s for s in steps if s >= min(ends)][:last] or steps[:last]


def spaced(steps: list[int], most: int) -> list[int]:
    """Returns at most ``most`` of the steps: every 2nd, 5th, 10th, 20th, ..., including the last."""
    stride = next(k * 10**p for p in count() for k in (1, 2, 5) if k * 10**p * most >= len(steps))
    return steps[::-stride][::-1]
