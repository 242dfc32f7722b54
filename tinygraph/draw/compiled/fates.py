"""What became of each traced op, and which actions do it, as the journal of the compilation tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...core.node import Node
from ...passes.journal import Journal
from ...plan.actions import Repeat
from .items import OUTSIDE, Item, Side


def settle(before: Side, after: Side, journal: Journal) -> dict[int, list[int]]:
    """Set role and mark of each item; returns a dict from each op to the actions that do it."""
    loop_of = _loops(before, journal)
    actions: dict[Node, list[int]] = {}
    for at, done in enumerate(_told(journal.actions, journal)):
        for node in dict.fromkeys(done):
            actions.setdefault(node, []).append(at)
    done_by: dict[int, list[int]] = {}
    for i, item in enumerate(before.items):
        every = actions.get(item.node, []) if item.node is not None and not item.is_view else []
        # Of several actions those count that do most: a product whose weights are joined before its loop stays in it.
        most = max((after.items[at].flops for at in every), default=0)
        most_work = [at for at in every if after.items[at].flops == most]
        own = [at for at in most_work if loop_of[after.items[at].loop] == item.loop]
        if every:
            done_by[i] = own or most_work
    _mark(before, after, done_by, loop_of, journal)
    return done_by


def _told(actions: Sequence[Any], journal: Journal) -> Iterator[list[Node]]:
    """Yields the traced nodes of each action, loops in place."""
    for action in actions:
        if isinstance(action, Repeat):
            yield from _told(action.actions, journal)
        else:
            yield journal.done_by.get(id(action), [])


def _loops(before: Side, journal: Journal) -> dict[int, int]:
    """Maps each loop of the plan to the traced loop that it runs.

    A loop without one (a stack of products) belongs to the loop around it.
    """
    loop_of = {OUTSIDE: OUTSIDE}

    def number(actions: Sequence[Any], around: int) -> None:
        for action in actions:
            if isinstance(action, Repeat):
                told = [before.loop_of[x] for x in journal.done_by.get(id(action), []) if x in before.loop_of]
                loop_of[len(loop_of) - 1] = own = told[0] if told else around
                number(action.actions, own)

    number(journal.actions, OUTSIDE)
    return loop_of


def _mark(before: Side, after: Side, done: dict[int, list[int]], loop_of: dict[int, int], journal: Journal) -> None:
    """Set the roles, and the same number for an op that left its loop and the action that does it now."""
    marks: dict[int, int] = {}
    for side in (before, after):
        for source in {k for item in side.items for k in item.late}:
            side.items[source].role = "state"
    for i, item in enumerate(before.items):
        if i not in done:
            _remove(item, journal)
        elif loop_of[after.items[done[i][0]].loop] != item.loop:
            item.role, item.gone = "moved", True
            for at in done[i]:
                after.items[at].role = "moved"
            marks.setdefault(done[i][0], 0)
    for number, at in enumerate(sorted(marks), 1):
        marks[at] = after.items[at].mark = number
    for i, item in enumerate(before.items):
        if item.role == "moved":
            item.mark = marks[done[i][0]]


def _remove(item: Item, journal: Journal) -> None:
    item.role, item.gone, item.below, item.bytes = "removed", True, "", 0
    if item.node is not None and item.node in journal.dropped:
        item.tip.append(journal.dropped[item.node])
    elif item.is_view:
        item.tip.append("places in memory alone: no number is computed")
    else:
        item.tip.append("none of the actions does it: written another way, or a part of another")
