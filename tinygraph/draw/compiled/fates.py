"""What became of each traced op: found again among the actions by its op and the amount of its work.

No name of a node outlives the passes, but the work does: an op that is done once for all T steps, split into
parts, or joined with others of its kind has as many elements, or FLOPs, in a call as it had before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice

from .items import OUTSIDE, Item, Side


def settle(before: Side, after: Side) -> dict[int, list[int]]:
    """Give each item its role and mark; of each op that is found again the actions that do it."""
    found = _Search(before, after)
    ops = before.items
    # What cannot have left its loop takes its place there first.
    found.match(sorted(range(len(ops)), key=lambda i: not ops[i].stuck), lambda item: [item.loop])
    found.match(range(len(ops)), lambda item: _around(before, item.loop))
    _tell(before, after, found.done)
    return found.done


class _Search:
    """The actions' pieces that stand for no op yet.

    Attributes:
        pools: of each kind and loop, by amount, the numbers of the actions.
        bounds: of each loop the first and the last action in it.
        done: of each op that is found again the actions that do it.
    """

    def __init__(self, before: Side, after: Side) -> None:
        self.ops = before.items
        self.pools: dict[tuple[str, int], dict[int, list[int]]] = {}
        self.bounds: dict[int, tuple[int, int]] = {}
        self.done: dict[int, list[int]] = {}
        meant = _same_loops(before.loops, after.loops)
        for at, item in enumerate(after.items):
            loop = meant[item.loop]
            self.bounds[loop] = self.bounds.get(loop, (at, at))[0], at
            for piece in item.pieces:
                self.pools.setdefault((piece.kind, loop), {}).setdefault(piece.amount, []).append(at)

    def match(self, order: Iterable[int], loops: Callable[[Item], list[int]]) -> None:
        """One op by one piece; else one by several equal ones; else several by one."""
        left = [i for i in order if i not in self.done]
        for i in left:
            any(self._take(i, loop, 1) for loop in loops(self.ops[i]))
        for i in left:
            if i not in self.done:
                any(self._split(i, loop) for loop in loops(self.ops[i]))
        alike: dict[tuple[str, int], list[int]] = {}
        for i in left:
            if i not in self.done:
                alike.setdefault((self.ops[i].pieces[0].kind, self.ops[i].loop), []).append(i)
        for group in alike.values():
            for loop in loops(self.ops[group[0]]):
                self._join(group, loop)

    def _pool(self, i: int, loop: int) -> dict[int, list[int]]:
        return self.pools.get((self.ops[i].pieces[0].kind, loop), {})

    def _take(self, i: int, loop: int, parts: int) -> bool:
        """Have ``parts`` pieces of equal amount do the op; those that lie where it can have gone first."""
        item, pool = self.ops[i], self._pool(i, loop)
        amount = item.pieces[0].amount // parts
        fit = (at for at in pool.get(amount, []) if loop == item.loop or self._can_go(item, at))
        free = list(islice(fit, parts))
        if len(free) < parts:
            return False
        self.done[i] = list(dict.fromkeys(free))
        for at in free:
            pool[amount].remove(at)
        return True

    def _can_go(self, item: Item, at: int) -> bool:
        """In front of its loop if it does not wait for the state, behind it if no later step needs it.

        A sum that does both may have lost terms to the front.
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
        """Equal ops, or all that are left of a kind in a loop, by the one piece that is as large as they together."""
        pool = self._pool(group[0], loop)
        sizes = {i: self.ops[i].pieces[0].amount for i in group}
        for n in sorted(pool, reverse=True):
            for amount, many in Counter(sizes[i] for i in group if i not in self.done).items():
                if pool[n] and amount and n % amount == 0 and 1 < n // amount <= many:
                    same = [i for i in group if i not in self.done and sizes[i] == amount]
                    at = pool[n].pop(0)
                    self.done.update((i, [at]) for i in same[: n // amount])
            left = [i for i in group if i not in self.done]
            if pool[n] and len(left) > 1 and sum(sizes[i] for i in left) == n:
                at = pool[n].pop(0)
                self.done.update((i, [at]) for i in left)


def _around(side: Side, loop: int) -> list[int]:
    """The loops around a loop, the nearest first, and what is outside of all."""
    found = []
    while loop != OUTSIDE:
        loop = side.loops[loop][0]
        found.append(loop)
    return found


def _same_loops(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> dict[int, int]:
    """Of each loop of the plan the traced one that it runs; a stack of products is part of what is around it."""
    meant, at = {OUTSIDE: OUTSIDE}, 0
    for k, (around, steps) in enumerate(after):
        same = next((j for j in range(at, len(before)) if before[j] == (meant[around], steps)), None)
        meant[k] = meant[around] if same is None else same
        at = at if same is None else same + 1
    return meant


def _tell(before: Side, after: Side, done: dict[int, list[int]]) -> None:
    """Roles, and equal numbers for an op that left its loop and what does it now."""
    meant = _same_loops(before.loops, after.loops)
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
        elif meant[after.items[done[i][0]].loop] != item.loop:
            item.role, item.gone = "moved", True
            for at in done[i]:
                after.items[at].role = "moved"
            marks.setdefault(done[i][0], 0)
    for number, at in enumerate(sorted(marks), 1):
        marks[at] = after.items[at].mark = number
    for i, item in enumerate(before.items):
        if item.role == "moved":
            item.mark = marks[done[i][0]]
