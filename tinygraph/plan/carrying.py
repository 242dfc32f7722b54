"""The memory of a loop: slabs with a row a step for what is read again, one row for a state that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.node import Node
from ..core.traced import Slot
from ..loops.loop import Body
from . import views
from .actions import Repeat, View
from .schedule import is_light, is_view

if TYPE_CHECKING:
    from .planner import Level


class Carrying:
    """One loop while it is planned: its body as a level of its own, its slots bound to views outside."""

    def __init__(self, outer: Level, node: Node) -> None:
        self.outer, self.node = outer, node
        self.body: Body = node._attributes["body"]
        self.selections = {of: n for (over, of), n in outer.selections.items() if over is node}
        self.picks = [of for of in self.selections if not isinstance(of, int)]
        self.inner: Level = type(outer)([*self.body.nexts, *self.picks], outer, outer.fuses, self.body.fixed)
        self.number = {c: k for k, c in enumerate(self.body.carries)}
        self.copies: list[tuple[Node, View]] = []
        self.final: list[View] = []

    def emit(self) -> None:
        """Append the loop's actions to the level around it."""
        body, depth = self.body, self.outer.depth
        a, b = len(body.slices), len(body.slices) + len(body.carries)
        inputs = self.node._inputs
        for slot, x in zip(body.slices, inputs[:a], strict=True):
            self.inner.views[slot] = self._row(self.outer.view(x))
        for slot, x in zip(body.fixed, inputs[b:], strict=True):
            self.inner.views[slot] = self.outer.view(x)
        slabs = self._slabs()
        for k, x in enumerate(inputs[a:b]):
            self._carry(k, x, k in slabs)
        self._aim()
        self.inner.settle()
        self._keep_picks()
        self.inner.emit()
        for source, target in self.copies:
            self.inner.copy(self.inner.view(source), target)
        self.outer.actions.append(Repeat(body.steps, depth, tuple(self.inner.actions)))
        for of, selection in self.selections.items():
            found = self.final[of] if isinstance(of, int) else self._over_time(self.inner.view(of))
            if selection in self.outer.homes and selection not in self.outer.views:
                self.outer.copy(found, self.outer.place(selection))
            self.outer.views.setdefault(selection, found)

    def _row(self, v: View) -> View:
        return views.one_step(v, self.outer.depth, self.body.steps, self.body.reverse)

    def _over_time(self, v: View) -> View:
        return views.all_steps(v, self.outer.depth, self.body.steps, self.body.reverse)

    def _slabs(self) -> set[int]:
        """The carries of which every step is read after it, by a later loop or by another carry."""
        bases = {self.inner.base(p) for p in self.picks}
        found = set()
        for k, n in enumerate(self.body.nexts):
            if n in bases or self.body.carries[k] in bases:
                found.add(k)
            source = self.inner.base(n)
            if source in self.number and source is not self.body.carries[k]:
                found |= {k, self.number[source]}
        return found

    def _carry(self, k: int, start: Node, slab: bool) -> None:
        """Bind the slot of carry k, and put its first value where the first step looks for it."""
        slot, T, reverse = self.body.carries[k], self.body.steps, self.body.reverse
        if slab:
            rows = self.outer.fresh((T + 1, *slot.shape), slot.dtype)
            lower, upper = views.indexed(rows, (slice(0, T),)), views.indexed(rows, (slice(1, T + 1),))
            before, self_after = (upper, lower) if reverse else (lower, upper)
            first, final = views.indexed(rows, (T if reverse else 0,)), views.indexed(rows, (0 if reverse else T,))
            self.inner.views[slot], self.after = self._row(before), self._row(self_after)
        else:
            first = final = self.after = self.outer.fresh(slot.shape, slot.dtype)
            self.inner.views[slot] = first
        self.outer.copy(self.outer.view(start), first)
        self.final.append(final)
        self._send(k, self.after, slab)

    def _send(self, k: int, target: View, slab: bool) -> None:
        """Have the next value of carry k written to ``target``: at once if nothing there is still to be read."""
        n, slot = self.body.nexts[k], self.body.carries[k]
        if n is slot and not slab:
            return
        if self.inner.is_made(n) and n not in self.inner.homes and (slab or self._is_read_before(slot, n)):
            self.inner.homes[n] = lambda: target
        else:
            self.copies.append((n, target))

    def _is_read_before(self, slot: Slot, writer: Node) -> bool:
        """Whether every read of the carry comes before its next value is written."""
        level = self.inner
        at = level.when[writer]
        for unit_number, unit in enumerate(level.units):
            for n in unit:
                if is_view(n) or all(level.base(x) is not slot for x in n._inputs):
                    continue
                together = (
                    unit_number == at
                    and is_light(n)
                    and is_light(writer)
                    and all(x is slot or level.base(x) is not slot for x in n._inputs)
                    and slot.shape == n.shape
                )
                if unit_number > at or (unit_number == at and not together):
                    return False
        return not any(level.base(p) is slot for p in self.picks)

    def _aim(self) -> None:
        """A value that is selected whole goes where its selection is wanted."""
        for p in self.picks:
            if self.inner.is_made(p) and p not in self.inner.homes and p not in {*self.body.nexts}:
                selection = self.selections[p]
                self.inner.homes[p] = lambda s=selection: self._row(self.outer.place(s))  # type: ignore[misc]

    def _keep_picks(self) -> None:
        """Every other value that is selected, or looked into by one that is, gets a row a step."""
        for p in self.picks:
            for n in {p, self.inner.base(p)}:
                while n in self.inner.within and n not in {*self.picks}:
                    n = self.inner.within[n]
                while n in self.inner.within:
                    n = self.inner.within[n]
                if n in self.inner.when and n not in self.inner.homes and n._op is not None:
                    shape, dtype = (self.body.steps, *n.shape), n.dtype
                    self.inner.homes[n] = lambda s=shape, d=dtype: self._row(self.outer.fresh(s, d))  # type: ignore[misc]
