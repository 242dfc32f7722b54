"""Lines that pick the values of one and the same step each time they run, as ``cache[-1]`` does in a loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from ...core.node import Node
from .book import same
from .candidates import Candidates, mending_none
from .departures import Departure
from .present import Present
from .prospects import DEPTH, MOST_READERS
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
    pairs = [(x, r) for x in changed if np.any(right[x]) for r in _other_readers(present, x, right) if not gathers(r)]
    asking = sum(_asks(present, r, {x: right[x]}, right, DEPTH) for x, r in pairs)
    return asking, len(right) > len(nodes) and not {nodes[0], nodes[-1]} <= {*changed} and bool(changed)


def _other_readers(present: Present, node: Node, overrides: Mapping[Node, np.ndarray]) -> list[Node]:
    return [r for r in present.written.readers(node) if r not in overrides][:MOST_READERS]


def _asks(
    present: Present, reader: Node, values: Mapping[Node, np.ndarray], overrides: Mapping[Node, np.ndarray], depth: int
) -> bool:
    """Whether a reader, or one after it, makes another thing with these values, and a right one."""
    new = present.written.run(reader, {**present.values, **values})
    if present.written.holding(new[None])[0] and not same(new, present.value(reader)):
        return True
    readers = _other_readers(present, reader, overrides) if depth > 1 else []
    return any(_asks(present, r, {**values, reader: new}, overrides, depth - 1) for r in readers)
