"""Passes: graph in, graph of the same values out, each rule in a file of its own."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.node import Node
from ..core.traced import tracing
from .contract import contract
from .decompose import decompose
from .fold_constants import fold_constants
from .gather_sums import GatherSums
from .hoist_after import HoistAfter
from .hoist_before import HoistBefore
from .join_products import JoinProducts
from .merge_equal import MergeEqual
from .push_slices import PushSlices
from .rewriting import Pass, Rule, Rules
from .simplify import simplify
from .sum_products import SumProducts

ROUNDS = 4
"""How often the local rules are tried again: each round sees what the one before uncovered."""

LIGHT = 4096
"""Elements up to which an op leaves a loop where each is a numpy call: 0.4 us, as much as the work on so many."""


def optimise(results: Sequence[Node], *, fuses: bool) -> tuple[list[Node], list[str]]:
    """The graph as it is to be planned, and what was done in words.

    Args:
        results: nodes of a traced graph.
        fuses: whether the backend fuses element-wise nodes; if not, all of them that can leave a loop do.
    """
    found, notes, light = list(results), [], 0 if fuses else LIGHT
    with tracing():
        found = _tidy(found)
        for made in (GatherSums(), JoinProducts(), SumProducts(), HoistBefore(light), HoistAfter(light)):
            found = made.run(found)
            notes += made.notes
        found = _tidy(found)
        if fuses:
            found = _tidy(PushSlices().run(_tidy(found, decompose)))
    return found, notes


def _tidy(results: list[Node], *more: Rule) -> list[Node]:
    for _ in range(ROUNDS):
        tidy = MergeEqual(*more, contract, simplify, fold_constants)
        results = tidy.run(results)
        if not tidy.changed:
            break
    return results


__all__ = ["GatherSums", "HoistAfter", "HoistBefore", "JoinProducts", "MergeEqual", "Pass", "PushSlices", "Rules",
           "SumProducts", "contract", "decompose", "fold_constants", "optimise", "simplify"]  # fmt: skip
