"""What became of each traced op: finds the actions that do it, by its op and its amount of work.

No name of a node outlives the passes, but the work does: an op that is done once for all T steps, split into parts,
or joined with equal ops has the same number of elements, or FLOPs, per call as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice

from .items import OUTSIDE, Item, Side


def settle(before: Side, after: Side) -> dict[int, list[int]]:
    """Set role and mark of each item; returns a dict from each matched op to the actions that do it."""
    search = _Search(before, after)
    ops = before.items
    # Ops that cannot leave their loop are matched first.
    search.match(sorted(range(len(ops)), key=lambda i: not ops[i].stuck), lambda item: [item.loop])
    search.match(range(len(ops)), lambda item: _around(before, item.loop))
    _mark(before, after, search.done)
    return search.done


class _Search:
    """The work of the actions that is not yet matched to an op.

    Attributes:
        pools: maps (kind, loop) to a dict from amount to the numbers of the actions.
        bounds: maps each loop to its first and its last action.
        done: maps each matched op to the actions that do it.
    """

    def __init__(self, before: Side, after: Side) -> None:
        self.ops = before.items
        self.pools: dict[tuple[str, int], dict[int, list[int]]] = {}
        self.bounds: dict[int, tuple[int, int]] = {}
        self.done: dict[int, list[int]] = {}
        loop_of = _same_loops(before.loops, after.loops)
        for at, item in enumerate(after.items):
            loop = loop_of[item.loop]
            self.bounds[loop] = self.bounds.get(loop, (at, at))[0], at
            for piece in item.pieces:
                self.pools.setdefault((piece.kind, loop), {}).setdefault(piece.amount, []).append(at)

    def match(self, order: Iterable[int], loops: Callable[[Item], list[int]]) -> None:
        """Match one op to one piece; else one op to several equal pieces; else several ops to one piece."""
        remaining = [i for i in order if i not in self.done]
        for i in remaining:
            any(self._take(i, loop, 1) for loop in loops(self.ops[i]))
        for i in remaining:
            if i not in self.done:
                any(self._split(i, loop) for loop in loops(self.ops[i]))
        equal_ops: dict[tuple[str, int], list[int]] = {}
        for i in remaining:
            if i not in self.done:
                equal_ops.setdefault((self.ops[i].pieces[0].kind, self.ops[i].loop), []).append(i)
        for group in equal_ops.values():
            for loop in loops(self.ops[group[0]]):
                self._join(group, loop)

    def _pool(self, i: int, loop: int) -> dict[int, list[int]]:
        return self.pools.get((self.ops[i].pieces[0].kind, loop), {})

    def _take(self, i: int, loop: int, parts: int) -> bool:
        """Match an op to ``parts`` pieces of equal amount, if there are enough where the op can be."""
        item, pool = self.ops[i], self._pool(i, loop)
        amount = item.pieces[0].amount // parts
        candidates = (at for at in pool.get(amount, []) if loop == item.loop or self._can_go(item, at))
        free = list(islice(candidates, parts))
        if len(free) < parts:
            return False
        self.done[i] = list(dict.fromkeys(free))
        for at in free:
            pool[amount].remove(at)
        return True

    def _can_go(self, item: Item, at: int) -> bool:
        """Whether an op can be done by the action at ``at``.

        It can move before its loop if it does not depend on the state, and after it if no later step needs it. A sum
        that is stuck may have lost terms to the front.
        """
        first, last = self.bounds.get(item.loop, (at, at))
        if at < first:
            return item.stuck or not item.waits
        return at <= last or not item.needed

    def _split(self, i: int, loop: int) -> bool:
        whole = self.ops[i].pieces[0].amount
        sizes = [n for n in self._pool(i, loop) if n and n < whole and whole % n == 0]
        return any(self._take(i, loop, whole // n) for n in sorted(sizes, reverse=True))

    def _join(self, group: list[int], loop: int) -> None:
        """Match equal ops, or all remaining ops of a kind in a loop, to one piece of their total amount."""
        pool = self._pool(group[0], loop)
        sizes = {i: self.ops[i].pieces[0].amount for i in group}
        for n in sorted(pool, reverse=True):
            for amount, count in Counter(sizes[i] for i in group if i not in self.done).items():
                if pool[n] and amount and n % amount == 0 and 1 < n // amount <= count:
                    equal_ops = [i for i in group if i not in self.done and sizes[i] == amount]
                    at = pool[n].pop(0)
                    self.done.update((i, [at]) for i in equal_ops[: n // amount])
            remaining = [i for i in group if i not in self.done]
            if pool[n] and len(remaining) > 1 and sum(sizes[i] for i in remaining) == n:
                at = pool[n].pop(0)
                self.done.update((i, [at]) for i in remaining)


def _around(side: Side, loop: int) -> list[int]:
    """Returns the loops around a loop, the innermost first, then OUTSIDE."""
    loops = []
    while loop != OUTSIDE:
        loop = side.loops[loop][0]
        loops.append(loop)
    return loops


def _same_loops(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> dict[int, int]:
    """Maps each loop of the plan to the traced loop that it runs.

    A loop without one (a stack of products) belongs to the loop around it.
    """
    loop_of, next_loop = {OUTSIDE: OUTSIDE}, 0
    for k, (around, steps) in enumerate(after):
        same = next((j for j in range(next_loop, len(before)) if before[j] == (loop_of[around], steps)), None)
        loop_of[k] = loop_of[around] if same is None else same
        next_loop = next_loop if same is None else same + 1
    return loop_of


def _mark(before: Side, after: Side, done: dict[int, list[int]]) -> None:
    """Set the roles, and the same number for an op that left its loop and the action that does it now."""
    loop_of = _same_loops(before.loops, after.loops)
    marks: dict[int, int] = {}
    for side in (before, after):
        for source in {k for item in side.items for k in item.late}:
            side.items[source].role = "state"
    for i, item in enumerate(before.items):
        if i not in done:
            item.role, item.gone, item.below = "removed", True, ""
            if not item.pieces[0].kind:
                continue
            item.tip.append("none of the actions does it: written another way, or a part of another")
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
