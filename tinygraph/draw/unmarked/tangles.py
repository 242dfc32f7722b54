"""A loop that does nothing but run another one, as ``for layer in layers: for t in range(T): ...``, told apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import zip_longest

from ...core.node import Node
from .runs import Nest, Run

Reads = Callable[[Node, Node], bool]
"""Whether the first node reads the second one as a state, not to add to it."""


def untangled(nests: dict[Node, Nest], reads: Reads) -> dict[Node, Nest]:
    """The runs, with an inner loop beginning anew where an iteration reads nothing of the one before.

    The places of nodes do not show when such an outer loop goes on, for no node is made in it outside of the inner one;
    so all iterations of the inner one were taken for one run.
    """
    for outer, inner in _lonely(nests.values()).items():
        members = {x: dict(nest)[inner] for x, nest in nests.items() if (inner in dict(nest))}
        going_on = {i for x, i in members.items() for y in x.inputs if members.get(y) == i - 1 and reads(x, y)}
        firsts = [i for i in range(inner.count) if i not in going_on]
        if 1 < len(firsts) < inner.count:
            ends = [*firsts[1:], inner.count]
            pieces = [Run(inner.code, inner.begin, end - i) for i, end in zip(firsts, ends, strict=True)]
            outer.count = len(pieces)
            for x, i in members.items():
                piece = bisect_right(firsts, i) - 1
                new = {outer: (outer, piece), inner: (pieces[piece], i - firsts[piece])}
                nests[x] = tuple([new.get(run, (run, j)) for run, j in nests[x]])
    return nests


def _lonely(nests: Iterable[Nest]) -> dict[Run, Run]:
    """Maps each run of one iteration, as it seems, to the run of the only loop in it, where there is nothing else."""
    inner: dict[Run, set[Run | None]] = {}
    for nest in {tuple([run for run, _ in nest if run.begin is not None]) for nest in nests}:
        for a, b in zip_longest(nest, nest[1:]):
            inner.setdefault(a, set()).add(b)
    return {a: b for a, (b, *more) in inner.items() if not more and b is not None and a.count == 1 and b.count > 1}
