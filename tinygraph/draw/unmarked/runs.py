"""Runs of the user's loops, told from the order and the places in which the nodes of a graph were made."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from types import CodeType

from ...core.node import Node
from ...core.trail import LONGEST, trail_of
from .bytecode import Code, read_code


@dataclass(eq=False)
class Run:
    """One run of a loop, or the calls that a place makes without a loop of its own, as `functools.reduce` does.

    Attributes:
        code, begin: the loop; ``begin`` is None for calls.
        count: the number of iterations.
    """

    code: Code
    begin: int | None
    count: int = 1


Nest = tuple[tuple[Run, int], ...]
"""The runs that a node was made in, with the number of the iteration of each from 0; the outer ones first."""


class LostError(Exception):
    """Trails do not tell which calls made a node: they are too short, or a function calls itself."""


@dataclass(eq=False)
class _Open:
    """A call that is not yet over: where it is, the runs of its loops there, and of calls from there."""

    code: Code
    at: int
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.move(self.at)

    def move(self, at: int) -> None:
        loops = self.code.around(at)
        kept = [run for run, begin in zip(self.runs, loops, strict=False) if run.begin == begin]
        self.runs = kept + [Run(self.code, begin) for begin in loops[len(kept) :]]
        self.at, self.calls = at, Run(self.code, None)

    def again(self, at: int) -> bool:
        """Begins the next iteration of the innermost loop that holds the old and the new place; False without one."""
        common = [run for run in self.runs if at in self.code.loops[run.begin or 0]]
        if not common:
            return False
        common[-1].count += 1
        self.runs = common
        self.move(at)
        return True


Sites = list[tuple[Code, int]]
"""Calls and the place of each, the outer ones first."""


class Calls:
    """The stack of calls, as it is rebuilt from node to node."""

    def __init__(self) -> None:
        self.levels: list[_Open] = []
        self._codes: dict[int, Code] = {}
        self._operators = [read_code(f.__code__) for f in (Node.__add__, Node.__radd__)]
        self._outer: list[list[tuple[Run, int]]] = [[]]

    def made(self, node: Node) -> tuple[list[tuple[Run, int]], Nest] | None:
        """The runs that a node was made in, those of calls outside of what is known so far in a list that may grow.

        None if its trail tells no line of the user's, or one of a function without telling which call of it.
        """
        chain = [self._at(code, position) for code, position in reversed(trail_of(node))]
        users = [code for code, _ in chain if code.users]
        if len(set(users)) < len(users):
            raise LostError  # a function calls itself
        if not users:
            return None
        try:
            self._enter(chain, self._join(chain))
        except LostError:
            if len(users) > 1:
                raise
            return None  # deep in a library, as in `np.var`: where its function was called is told by what comes next
        runs = [run for level in self.levels for run in (*level.runs, level.calls)]
        return self._outer[-1], tuple((run, run.count - 1) for run in runs)

    def _at(self, code: CodeType, position: int) -> tuple[Code, int]:
        if id(code) not in self._codes:
            self._codes[id(code)] = read_code(code)
        read = self._codes[id(code)]
        return read, read.place(position)

    def _join(self, chain: Sites) -> int:
        """The level that the first call of a chain is; outer calls that were not known before come under the levels."""
        if len(chain) < LONGEST:
            return 0
        fits = [i for i, level in enumerate(self.levels) if level.code is chain[0][0]]
        if fits:
            return max(fits, key=lambda i: _alike(self.levels[i:], chain))
        known = self.levels[0].code if self.levels else None
        new = next((i for i, (code, _) in enumerate(chain) if code is known), None)
        if new is None:
            if self.levels:
                raise LostError
            return 0
        outer = [_Open(*call) for call in chain[:new]]
        for runs in self._outer:
            runs[:0] = [(run, 0) for level in outer for run in (*level.runs, level.calls)]
        self._outer.append([])
        self.levels[:0] = outer
        return 0

    def _enter(self, chain: Sites, first: int) -> None:
        for i, (code, at) in enumerate(chain, first):
            level = self.levels[i] if i < len(self.levels) else None
            if level is None or level.code is not code:
                break
            innermost = i == first + len(chain) - 1
            if at == level.at and innermost != (i == len(self.levels) - 1):
                i += 1
                break
            if at != level.at or innermost:
                if level.code.follows(level.at, at) and at != level.at:
                    level.move(at)
                    i += 1
                else:
                    i = self._again(first, i, at, len(chain))
                break
        self.levels[i:] = [_Open(*call) for call in chain[i - first :]]

    def _again(self, first: int, i: int, at: int, length: int) -> int:
        """A place comes again: the next iteration of the nearest loop; returns the first level that begins anew."""
        if self.levels[i].again(at):
            return i + 1
        for k in range(i - 1, first - 1, -1):
            if self.levels[k + 1].code in self._operators and self.levels[k].code.calls_at(self.levels[k].at):
                self.levels[k].calls.count += 1  # Python's own `sum` of a list
                return k + 1
            if self.levels[k].again(self.levels[k].at):
                return k + 1
        if i == first:
            if length == LONGEST:
                raise LostError
            return i
        self.levels[i - 1].calls.count += 1
        return i


def _alike(levels: list[_Open], chain: Sites) -> int:
    same = [level.code is code and level.at == at for level, (code, at) in zip(levels, chain, strict=False)]
    return same.index(False) if False in same else len(same)


def runs_of(nodes: list[Node]) -> dict[Node, Nest]:
    """The runs of the user's loops that nodes were made in; ``nodes`` in the order in which they were made.

    Raises:
        LostError: the trails do not tell.
    """
    calls = Calls()
    told = [(node, nest) for node in nodes if (nest := calls.made(node)) is not None]
    return {node: tuple([x for x in (*outer, *inner) if x[0].code.users]) for node, (outer, inner) in told}


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
