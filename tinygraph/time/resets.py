"""Rows that start anew in the middle of a sequence: their state is replaced before a step, and gradients stop there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import as_nodes
from ..core.node import Node
from ..core.structure import leaves, map_leaves, ordered_as, rebuild
from ..core.traced import Traced
from ..ops import astype, broadcast_to, concatenate, where
from .cell_contract import Step
from .padding import as_mask, awaited, flipped, selected


@dataclass(frozen=True, eq=False)
class Resets:
    """Where rows start anew, and from what.

    The state is replaced after the last step of the sequence before. So it is what the next one starts from wherever
    that is looked at, in a window whose first state has no gradient, too; chunks do not cut it (`begun`).

    Attributes:
        at: booleans (T, B) or (T,): whether a row begins at the step.
        fresh: for each array of the state before the first step, what takes its place.
        real: booleans like ``at``, False in the padding, where nothing begins; None without padding.
        turned: whether ``at`` says instead after which steps a row ends.
    """

    at: Node
    fresh: dict[Node, Node]
    real: Node | None
    turned: bool = False

    def around(self, cell: Step, xs: Any, state: Any, reverse: bool) -> tuple[Step, Any, Any]:
        """The cell with inputs ``(x_t, whether rows end)``, such inputs, and the state before the first step."""
        if any(s not in self.fresh for s in leaves(state)):
            problem, fix = "unroll: reset needs the states as they were passed", "drive the inner cell with its state"
            raise GraphError(problem, got=f"a state that {type(cell).__name__} changed before its first step", fix=fix)
        fresh = map_leaves(self.fresh.get, state)

        def step(inputs: tuple[Any, Node], state: Any) -> tuple[Any, Any]:
            x, ends = inputs
            y, new = cell(x, state)
            return y, _replaced(ends, fresh, new)

        first = state if reverse or self.turned else _replaced(self.at[0], fresh, state)
        return step, (xs, self.ends(reverse)), first

    def ends(self, reverse: bool) -> Node:
        """After which steps a row ends and another sequence begins in it."""
        if self.turned:
            return self.at
        never = np.zeros((1, *self.at.shape[1:]), bool)
        if not reverse:
            return concatenate([self.at[1:], never])
        if self.real is None or self.at.shape[0] == 1:
            return concatenate([never, self.at[1:]])
        return concatenate([never, where(awaited(self.real, reverse=True)[:-1], self.at[1:], False)])

    def begun(self, reverse: bool) -> Node:
        """Before which steps a row has started anew, so that its state is its own first one."""
        ends, never = self.ends(reverse), np.zeros((1, *self.at.shape[1:]), bool)
        return concatenate([ends[1:], never] if reverse else [never, ends[:-1]])

    def turned_round(self, lengths: Node) -> Resets:
        """For sequences that run backwards and were turned round."""
        return replace(self, at=flipped(self.ends(reverse=True), lengths), turned=True)


def starts(reset: Any, xs: Any, real: Node | None, feedback: Any) -> Node | None:
    """The argument ``reset`` as booleans (T, B) or (T,), False in the padding; None if nothing starts anew.

    Raises:
        GraphError: it does not match the inputs, or there is feedback.
    """
    if feedback is not None:
        fix = "unroll each sequence by itself"
        raise GraphError("unroll: with feedback no row starts anew, as what is fed back would go on", fix=fix)
    at = as_mask(reset, xs, "reset")
    if real is not None:
        if real.ndim != at.ndim:
            got = f"{at.shape} and {real.shape}"
            raise GraphError("unroll: reset and the padding have other axes", expected="(T, B)", got=got)
        at = where(real, at, False)
    return None if _is_never(at) else at


def resets(at: Node, real: Node | None, state: Any, fresh: Any) -> tuple[Resets, Any]:
    """The resets and the state before the first step, of which no array stands twice.

    Raises:
        GraphError: ``fresh`` is None, or has another structure than the state.
    """
    if fresh is None:
        problem = "unroll: reset needs the state that rows start from, as the cell has no initial_state"
        raise GraphError(problem, fix="reset_to=state: arrays or nodes with the nesting of the state")
    try:
        anew = leaves(ordered_as(fresh, state))
    except KeyError as error:
        problem = "unroll: reset_to has other keys than the state"
        raise GraphError(problem, got=error.args[0]) from None
    if len(anew) != len(leaves(state)):
        expected, got = f"{len(leaves(state))} arrays, as in the state", f"{len(anew)}"
        raise GraphError("unroll: reset_to has another structure than the state", expected=expected, got=got)
    pairs: dict[Node, Node] = {}
    for s, f in zip(leaves(state), as_nodes(tuple(anew)), strict=True):
        own = s if s not in pairs else s * np.ones((), s.dtype)
        pairs[own] = _like(f, s)
    return Resets(at, pairs, real), rebuild(state, list(pairs))


def _like(fresh: Node, state: Node) -> Node:
    """What a state starts anew from, in the state's dtype and with its axes."""
    try:
        shape = np.broadcast_shapes(fresh.shape, state.shape)
    except ValueError:
        expected, got = f"{state.shape}, as the state, or axes that it has", str(fresh.shape)
        raise GraphError("unroll: reset_to has another shape than the state", expected=expected, got=got) from None
    same = fresh if fresh.dtype == state.dtype else astype(fresh, state.dtype)
    return same if same.shape == shape else broadcast_to(same, shape)


def _is_never(at: Node) -> bool:
    """Whether it is known that nothing starts anew."""
    return not isinstance(at, Traced) and not at.value.any()


def _replaced(anew: Node, fresh: Any, state: Any) -> Any:
    return state if _is_never(anew) else selected(anew, fresh, state, "a state", "reset")
