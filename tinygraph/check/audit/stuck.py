"""Lines that pick the values of one and the same step each time they run, as ``cache[-1]`` does in a loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .book import same
from .candidates import Candidates, mending_none
from .departures import Departure
from .present import Present
from .prospects import DEPTH, Outlook
from .right import gathers
from .written import Operation


def stuck(
    present: Present, candidates: Candidates, operations: Iterable[Operation], wrong: frozenset[str]
) -> Departure | None:
    """A line that picks the values of one step each time it runs, where its readers want those of their own."""
    best, most = None, (0, 0, False)
    for operation in operations:
        for things in filter(None, candidates.of_stuck(operation)):
            trial = mending_none(present, operation, things)
            left = present.left_wrong(trial.right)
            rank = (len(wrong - left), *_speaking_for(present, trial))
            if left <= wrong and rank > most:
                best, most = replace(trial, mended=wrong - left), rank
    return best


def _speaking_for(present: Present, trial: Departure) -> tuple[int, bool]:
    """How many readers want what else is picked, and whether several things are, and were right the first time."""
    right, nodes = trial.right, trial.operation.nodes
    changed = [x for x, due in right.items() if not same(present.value(x), due)]
    outlook, rows, own = Outlook(present, [right]), np.zeros(1, int), {x: np.array([True]) for x in right}
    pairs = [(x, r) for x in changed if np.any(right[x]) for r, _ in outlook.over_readers(x, rows, own)]
    asks = [outlook.asks(r, {x: right[x][None]}, rows, own, DEPTH) for x, r in pairs if not gathers(r)]
    asking = sum(int(a[0]) for a in asks)
    return asking, len(right) > len(nodes) and not {nodes[0], nodes[-1]} <= {*changed} and bool(changed)
