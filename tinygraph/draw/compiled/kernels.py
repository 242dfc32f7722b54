"""The band ``after``: the actions of a plan in order, with arrows for what they read and write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...core.node import Node
from ...passes.journal import Journal
from ...plan.actions import Buffer, Call, Elementwise, Product, Reduction, Repeat, View
from ...plan.memory import views_of
from ...plan.report import traffic_of, work_of
from ..labels import clean, op_words, shape
from ..picture import Part
from ..views.wording import SIGNS
from .items import Block, Item, LoopCard, Side
from .overlap import Steps, Write, WrittenParts, same_step

A_LINE = 26
"""Characters per line in the list of a fused action's members."""


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
            return "fused pass", [Part(f"{len(names)} ops in one pass")], "\n".join([*_wrapped(names), size])
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


def _wrapped(names: list[str]) -> list[str]:
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
