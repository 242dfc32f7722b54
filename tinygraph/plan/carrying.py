"""The memory of a loop: one row per step for values that are read later, one row for other carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.node import Node
from ..core.traced import Slot
from ..loops.loop import Body
from ..passes.journal import makers
from . import views
from .actions import Repeat, View
from .schedule import is_light, is_view

if TYPE_CHECKING:
    from .planner import Level


class Carrying:
    """Plans one loop: its body becomes a `Level` of its own, whose slots are bound to views of outer buffers.

    Attributes:
        selections: maps what is selected from the loop (a body node, or the index of a carry) to the selecting node.
        picks: the selected body nodes; their value at every step is read after the loop.
        copies: pairs (node, view) that are copied at the end of every step.
        final: the view of each carry's last value.
    """

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
        """Append the loop's actions to the outer level."""
        body, depth = self.body, self.outer.depth
        a, b = len(body.slices), len(body.slices) + len(body.carries)
        inputs = self.node._inputs
        for slot, x in zip(body.slices, inputs[:a], strict=True):
            self.inner.views[slot] = self._at_step(self.outer.view(x))
        for slot, x in zip(body.fixed, inputs[b:], strict=True):
            self.inner.views[slot] = self.outer.view(x)
        with_rows = self._carries_with_rows()
        for k, x in enumerate(inputs[a:b]):
            self._carry(k, x, k in with_rows)
        self._place_picks()
        self.inner.claim_memory()
        self._allocate_picks()
        self.inner.emit()
        for source, target in self.copies:
            self.inner.copy(self.inner.view(source), target)
        repeat = Repeat(body.steps, depth, tuple(self.inner.actions))
        self.outer.actions.append(repeat)
        if self.outer.root.journal is not None:
            self.outer.root.journal.done_by[id(repeat)] = [*makers(self.node)]
        for of, selection in self.selections.items():
            view = self.final[of] if isinstance(of, int) else self._over_time(self.inner.view(of))
            if selection in self.outer.homes and selection not in self.outer.views:
                self.outer.copy(view, self.outer.place(selection))
            self.outer.views.setdefault(selection, view)

    def _at_step(self, v: View) -> View:
        return views.one_step(v, self.outer.depth, self.body.steps, self.body.reverse)

    def _over_time(self, v: View) -> View:
        return views.all_steps(v, self.outer.depth, self.body.steps, self.body.reverse)

    def _carries_with_rows(self) -> set[int]:
        """The indices of the carries that need a row per step: a later loop or another carry reads every step."""
        bases = {self.inner.base(p) for p in self.picks}
        indices = set()
        for k, n in enumerate(self.body.nexts):
            if n in bases or self.body.carries[k] in bases:
                indices.add(k)
            source = self.inner.base(n)
            if source in self.number and source is not self.body.carries[k]:
                indices |= {k, self.number[source]}
        return indices

    def _carry(self, k: int, start: Node, has_rows: bool) -> None:
        """Bind the slot of carry k to a view, and copy its initial value to where the first step reads it."""
        slot, T, reverse = self.body.carries[k], self.body.steps, self.body.reverse
        if has_rows:
            rows = self.outer.allocate((T + 1, *slot.shape), slot.dtype)
            lower, upper = views.indexed(rows, (slice(0, T),)), views.indexed(rows, (slice(1, T + 1),))
            before, self_after = (upper, lower) if reverse else (lower, upper)
            first, final = views.indexed(rows, (T if reverse else 0,)), views.indexed(rows, (0 if reverse else T,))
            self.inner.views[slot], self.after = self._at_step(before), self._at_step(self_after)
        else:
            first = final = self.after = self.outer.allocate(slot.shape, slot.dtype)
            self.inner.views[slot] = first
        self.outer.copy(self.outer.view(start), first)
        self.final.append(final)
        self._set_target(k, self.after, has_rows)

    def _set_target(self, k: int, target: View, has_rows: bool) -> None:
        """Let the next value of carry k be written to ``target``: directly where no later read needs the old value."""
        n, slot = self.body.nexts[k], self.body.carries[k]
        if n is slot and not has_rows:
            return
        if self.inner.is_computed(n) and n not in self.inner.homes and (has_rows or self._is_read_before(slot, n)):
            self.inner.homes[n] = lambda: target
        else:
            self.copies.append((n, target))

    def _is_read_before(self, slot: Slot, writer: Node) -> bool:
        """Whether every read of the carry, of which no later loop reads each step, comes before its next is written.

        A group of one element-wise pass reads each element before it writes that element, so its own reads are safe.
        """
        level = self.inner
        at = level.when[writer]
        for unit_number, unit in enumerate(level.units):
            for n in unit:
                if is_view(n) or all(level.base(x) is not slot for x in n._inputs):
                    continue
                in_place = is_light(writer) and all(x is slot or level.base(x) is not slot for x in n._inputs)
                if unit_number > at or (unit_number == at and not in_place):
                    return False
        return True

    def _place_picks(self) -> None:
        """Write each selected value directly into the memory of its selection."""
        for p in self.picks:
            if self.inner.is_computed(p) and p not in self.inner.homes and p not in {*self.body.nexts}:
                selection = self.selections[p]
                self.inner.homes[p] = lambda s=selection: self._at_step(self.outer.place(s))  # type: ignore[misc]

    def _allocate_picks(self) -> None:
        """Give every other selected value, or the base that it is a view of, a buffer with one row per step."""
        for p in self.picks:
            for n in {p, self.inner.base(p)}:
                while n in self.inner.within:
                    n = self.inner.within[n]
                if n in self.inner.when and n not in self.inner.homes:
                    shape, dtype = (self.body.steps, *n.shape), n.dtype
                    self.inner.homes[n] = lambda s=shape, d=dtype: self._at_step(self.outer.allocate(s, d))  # type: ignore[misc]
