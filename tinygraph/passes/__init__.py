"""Passes rewrite a traced graph to a faster graph of the same values; each pass has its own module."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.node import Node
from ..core.scope import Kept
from ..core.traced import Tracing
from .contract import contract
from .decompose import decompose
from .fold_constants import fold_constants
from .gather_sums import GatherSums
from .hoist_after import HoistAfter
from .hoist_before import HoistBefore
from .join_products import JoinProducts
from .journal import Journal
from .merge_equal import MergeEqual
from .push_slices import PushSlices
from .rewriting import Pass, Rule, Rules
from .simplify import simplify
from .sum_products import SumProducts

ROUNDS = 4
"""Maximal rounds of the rewrite rules: each round can apply rules to the results of the round before."""

LIGHT = 4096
"""Without fusion, ops of up to so many elements are hoisted: a numpy call costs 0.4 us, like the work on so many."""


def optimise(results: Sequence[Node], *, fuses: bool, journal: Journal | None = None) -> tuple[list[Node], list[str]]:
    """Runs all passes; returns the rewritten graph and notes of the changes as text.

    Args:
        results: nodes of a traced graph.
        fuses: whether the backend fuses element-wise nodes; if not, small ones are hoisted out of loops too.
        journal: where the passes note what they do, if it is wanted.
    """
    notes: list[str] = []
    light = 0 if fuses else LIGHT
    with Kept(), Tracing():
        nodes = _simplified(list(results), journal)
        for each in (GatherSums(), JoinProducts(), SumProducts(), HoistBefore(light), HoistAfter(light)):
            each.journal = journal
            nodes = each.run(nodes)
            notes += each.notes
        if not fuses:
            return _simplified(nodes, journal), notes
        # It notes nothing: the slices are views of what is computed, as before.
        nodes = _simplified(PushSlices().run(_simplified(nodes, journal, decompose)), journal)
    return nodes, notes


def _simplified(results: list[Node], journal: Journal | None, *more: Rule) -> list[Node]:
    """The graph after the rewrite rules and common subexpression elimination, repeated until nothing changes."""
    for _ in range(ROUNDS):
        rules = MergeEqual(*more, contract, simplify, fold_constants)
        rules.journal = journal
        results = rules.run(results)
        if not rules.changed:
            break
    return results


__all__ = ["GatherSums", "HoistAfter", "HoistBefore", "JoinProducts", "MergeEqual", "Pass", "PushSlices", "Rules",
           "SumProducts", "contract", "decompose", "fold_constants", "optimise", "simplify"]  # fmt: skip
