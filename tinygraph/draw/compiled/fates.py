"""What became of each traced op, and which actions do it, as the journal of the compilation tells."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.node import Node
from .items import Item, Side


def settle(before: Side, after: Side, dropped: Mapping[Node, str]) -> dict[int, list[int]]:
    """Set role and mark of each item; returns a dict from each op to the actions that do it.

    ``dropped``: why passes did away with nodes.
    """
    actions: dict[Node, list[int]] = {}
    for at, action in enumerate(after.items):
        for node in dict.fromkeys(action.nodes):
            actions.setdefault(node, []).append(at)
    done_by: dict[int, list[int]] = {}
    for i, item in enumerate(before.items):
        every = [] if item.is_view else [at for node in item.nodes for at in actions.get(node, [])]
        # Of several actions those count that do most: a product whose weights are joined before its loop stays in it.
        most = max((after.items[at].flops for at in every), default=0)
        most_work = [at for at in every if after.items[at].flops == most]
        own = [at for at in most_work if after.items[at].loop is item.loop]
        if every:
            done_by[i] = own or most_work
    _mark(before, after, done_by, dropped)
    return done_by


def _mark(before: Side, after: Side, done_by: dict[int, list[int]], dropped: Mapping[Node, str]) -> None:
    """Set the roles, and the same number for an op that left its loop and the action that does it now."""
    for side in (before, after):
        for source in {k for item in side.items for k in item.late}:
            side.items[source].role = "state"
    moved: dict[int, list[Item]] = {}
    for i, item in enumerate(before.items):
        if i not in done_by:
            _remove(item, dropped)
        elif after.items[done_by[i][0]].loop is not item.loop:
            item.role, item.gone = "moved", True
            for at in done_by[i]:
                after.items[at].role = "moved"
            moved.setdefault(done_by[i][0], []).append(item)
    for number, at in enumerate(sorted(moved), 1):
        for item in (after.items[at], *moved[at]):
            item.mark = number


def _remove(item: Item, dropped: Mapping[Node, str]) -> None:
    item.role, item.gone, item.below, item.bytes = "removed", True, "", 0
    why = "none of the actions does it: written another way, or a part of another"
    if item.is_view:
        why = "places in memory alone: no number is computed"
    item.tip.append(next((dropped[x] for x in item.nodes if x in dropped), why))
