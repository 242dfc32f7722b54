"""The band ``after``: the actions of a plan in order, and which of them wrote the numbers that another reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ...core.node import Node
from ...passes.journal import Journal
from ...plan.actions import Buffer, Call, Elementwise, Product, Reduction, Repeat, View
from ...plan.memory import views_of
from ...plan.report import traffic_of, work_of
from ..labels import clean, op_words, shape
from ..picture import Part
from ..views.terms import SIGNS
from .items import Block, Item, LoopCard, Side

A_LINE = 26
"""Characters per line in the list of a fused action's members."""
DRAWERS, WIDE = 256, 8
"""Number of parts of a buffer's index; a view over more than WIDE of them is kept separately."""

Steps = tuple[int, ...]
"""The lengths of the enclosing loops, outermost first."""


def planned(journal: Journal, parameters: dict[Node, str]) -> Side:
    """Returns the actions of a plan in order; ``parameters``: their names in the other band."""
    planning = _Planning(journal, parameters)
    planning.level(journal.actions, planning.side.parts, None, ())
    return planning.side


class _Planning:
    """One walk over the actions and those of their loops.

    Attributes:
        written: maps each buffer to the writes to it.
        chips: maps each buffer to the names of the parameters that it holds, copied or concatenated.
    """

    def __init__(self, journal: Journal, parameters: dict[Node, str]) -> None:
        self.journal, self.side = journal, Side(parameters=parameters)
        self.written: dict[Buffer, WrittenParts] = {}
        self.chips: dict[Buffer, list[str]] = {}

    def level(self, actions: Sequence[Any], parts: list[Block], loop: Node | None, steps: Steps) -> None:
        """Add the actions outside of all loops, or those of one loop; ``steps``: lengths of the enclosing loops."""
        first = len(self.side.items)
        reads: list[tuple[int, View]] = []
        for action in actions:
            nodes = self.journal.done_by.get(id(action), [])
            if isinstance(action, Repeat):
                card = LoopCard("loop" + " backwards" * _backwards(action), action.steps, [])
                parts.append(card)
                # A loop that was not traced, such as a stack of products, is done in the loop around it.
                own = next((x for x in nodes if "body" in x.attributes), loop)
                self.level(action.actions, card.parts, own, (*steps, action.steps))
                continue
            loads, stores = _ends(action)
            item = self._item(action, nodes, loop, steps)
            item.before = [*dict.fromkeys(w.at for v in loads for w in self._sources(v, steps))]
            at = self.side.add(parts, item)
            reads += [(at, v) for v in loads]
            held = self._chips_of(loads[0]) if item.kind == "copy" else []
            for v in stores:
                self.chips[v.buffer] = [*dict.fromkeys([*self.chips.get(v.buffer, []), *held])] if held else []
                self.written.setdefault(v.buffer, WrittenParts(v.buffer.size)).add(v, at, steps)
        if steps:
            self._tie(reads, first, steps)

    def _sources(self, v: View, steps: Steps) -> list[Write]:
        return self.written[v.buffer].meeting(v, steps) if v.buffer in self.written else []

    def _tie(self, reads: list[tuple[int, View]], first: int, steps: Steps) -> None:
        """Mark what an action of a loop reads from an action of the previous step."""
        for at, v in reads:
            writes = [w for w in self._sources(v, steps) if w.at >= first]
            if any(w.at < at and same_step(v, steps, w) for w in writes):
                continue
            item, late = self.side.items[at], dict.fromkeys(w.at for w in writes)
            item.late = [*dict.fromkeys([*item.late, *late])]
            item.before = [k for k in item.before if k not in late]

    def _chips_of(self, v: View) -> list[str]:
        """Returns the parameters that a view's buffer holds, also after a copy or a concatenation."""
        if v.buffer.kind == "parameter":
            return [self.side.name(v.buffer.source)]
        return self.chips.get(v.buffer, [])

    def _operand(self, v: View) -> list[Part]:
        turned = len(v.shape) == 2 and v.strides[1] != 1 and v.shape[1] > 1 and v.strides[1] != 0
        chips = [Part(clean(name + ".T" * turned), "chip") for name in self._chips_of(v)]
        if v.buffer.kind == "argument":
            return [Part("data")]
        if v.buffer.kind == "constant":
            values = v.buffer.source
            return [Part(f"{values[0]:.3g}" if values.size == 1 else "data" if np.any(values) else "zeros")]
        return chips

    def _item(self, action: Any, nodes: Sequence[Node], loop: Node | None, steps: Steps) -> Item:
        name, _, flops = work_of(action)
        bytes_moved, times = traffic_of(action), prod(steps)
        kind, title, below = self._words(action)
        tip = [name, f"{flops:,} FLOP, {bytes_moved:,} bytes" + f" × {times} steps" * (times > 1)]
        return Item(title, below, tip, kind, loop, flops * times, bytes_moved * times, nodes=nodes)

    def _words(self, action: Any) -> tuple[str, list[Part], str]:
        """Returns the kind of an action, its title, and what stands below."""
        if isinstance(action, Product):
            joined = max(len(self._chips_of(v)) for v in (action.a, action.b))
            sizes = f"{shape(action.a.shape)} @ {shape(action.b.shape)}"
            below = f"{joined} joined\n{sizes}" if joined > 1 else sizes
            return "product", self._signed("@", [action.a, action.b]), below
        if isinstance(action, Reduction):
            return action.kind, [Part(action.kind)], f"{shape(action.x.shape)} → {shape(action.out.shape)}"
        if isinstance(action, Call):
            return str(action.op.name), [Part(op_words(action.op.name))], shape(action.out.shape)
        assert isinstance(action, Elementwise)
        names, size = names_of(action), shape(action.shape)
        if len(names) > 1:
            return "fused pass", [Part(f"{len(names)} ops in one pass")], "\n".join([*wrapped(names), size])
        sign = SIGNS.get(names[0])
        if sign and len(action.instructions[0].args) == 2:
            return names[0], self._signed(sign, [action.loads[k] for k in action.instructions[0].args]), size
        return names[0], [Part(clean(names[0])), *self._signed("", action.loads)], size

    def _signed(self, sign: str, views: Sequence[View]) -> list[Part]:
        """Returns ``data @ W``, ``1 - ·``; an operand with an arrow is not written."""
        sides = [self._operand(v) for v in views]
        parts: list[Part] = []
        for k, side in enumerate(sides):
            parts += [*[Part(sign)] * (k > 0 and sign != ""), *side]
        return [*parts, Part("·")] if sign and sides[0] and not sides[1] else parts


def names_of(action: Elementwise) -> list[str]:
    """Returns the members of an element-wise action, in order."""
    return [*([i.op for i in action.instructions] or ["copy"]), *(kind for kind, _, _ in action.reduces)]


def wrapped(names: list[str]) -> list[str]:
    """Returns the members with their counts, in lines."""
    words = [f"{n} {name}" if n > 1 else name for name, n in Counter(names).items()]
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > A_LINE:
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + clean(word, A_LINE)
    return lines


def _ends(action: Any) -> tuple[Sequence[View], Sequence[View]]:
    """Returns the views that an action reads, and those that it writes."""
    if isinstance(action, Elementwise):
        return action.loads, [*(v for _, v in action.stores), *(v for _, _, v in action.reduces)]
    views = views_of(action)
    return views[:-1], views[-1:]


def _backwards(action: Repeat) -> bool:
    """Whether some view moves from the end of its buffer to the start."""
    views = [v for a in action.actions for v in views_of(a)]
    moves = [v.per_step[action.depth] for v in views if len(v.per_step) > action.depth]
    return any(m < 0 for m in moves)


class Write(NamedTuple):
    """Item ``at`` wrote ``view`` in loops of lengths ``steps``; ``low`` to ``high`` is the range of elements."""

    view: View
    at: int
    steps: Steps
    low: int
    high: int


class WrittenParts:
    """All writes to one buffer, indexed by position, so that a lookup checks only few of them."""

    def __init__(self, size: int) -> None:
        self.part = max(size // DRAWERS, 1)
        self.drawers: dict[int, list[Write]] = {}
        self.wide: list[Write] = []

    def add(self, view: View, at: int, steps: Steps) -> None:
        write = Write(view, at, steps, *_span(view, steps))
        first, last = write.low // self.part, write.high // self.part
        if last - first > WIDE:
            self.wide.append(write)
            return
        for k in range(first, last + 1):
            self.drawers.setdefault(k, []).append(write)

    def meeting(self, view: View, steps: Steps) -> list[Write]:
        """Returns the writes that share an element with the view at any steps, in order; of equal ones the last."""
        low, high = _span(view, steps)
        near = [w for k in range(low // self.part, high // self.part + 1) for w in self.drawers.get(k, ())]
        latest: dict[object, Write] = {}
        for w in sorted([*near, *self.wide], key=lambda w: w.at):
            if w.low <= high and low <= w.high and _columns_meet(view, w.view):
                latest[w.view.offset, w.view.shape, w.view.strides, w.view.per_step] = w
        return sorted(latest.values(), key=lambda w: w.at)


def same_step(view: View, steps: Steps, write: Write) -> bool:
    """Whether a write and a view share an element at every step of the view's loops; their first step is compared."""
    low, high = _span(_still(view, len(steps)), steps)
    lower, higher = _span(_still(write.view, len(steps)), write.steps)
    return low <= higher and lower <= high and _columns_meet(view, write.view)


def _still(v: View, depth: int) -> View:
    """Returns the view at the first step of the ``depth`` outermost loops."""
    return replace(v, per_step=(*(0,) * depth, *v.per_step[depth:]))


def _span(v: View, steps: Steps) -> tuple[int, int]:
    """Returns the first and the last element that the view reaches at any steps."""
    low = high = v.offset
    for n, stride in (*zip(v.shape, v.strides, strict=True), *zip(steps, v.per_step, strict=False)):
        reach = (n - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high


def _columns_meet(a: View, b: View) -> bool:
    """Returns False for disjoint column ranges of the same rows, whose spans interleave without sharing an element."""
    row = _row(a)
    if row <= 1 or row != _row(b):
        return True
    (first, length), (second, other_length) = ((v.offset % row, v.shape[-1]) for v in (a, b))
    if first + length > row or second + other_length > row:
        return True
    return first < second + other_length and second < first + length


def _row(v: View) -> int:
    """Returns the row stride of a view whose last axis is contiguous, else 0."""
    dense = len(v.shape) > 1 and v.strides[-1] == 1 and v.shape[-1] <= abs(v.strides[-2])
    return abs(v.strides[-2]) if dense else 0
