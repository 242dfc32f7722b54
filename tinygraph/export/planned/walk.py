"""The one walk over the actions of a plan: it writes loops and assignments in a `Dialect`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ...plan.actions import Buffer, Elementwise, Instruction, Repeat, View
from .dialect import Dialect, spelled
from .formulas import formula

KINDS = {"f": "real", "b": "flag", "i": "whole", "u": "whole"}
WORK = {"real": "tg_work", "whole": "tg_work_whole", "flag": "tg_work_flag"}
"""The names of the work memory."""
SAME = ("copy", "stop_gradient", "astype")
"""Ops that leave a number as it is, unless it becomes one of another kind."""
Axes = list[tuple[int, list[int]]]
"""The sizes of loops, and for each view what it moves by in each."""


@dataclass(frozen=True)
class Located:
    """Where a buffer is in the generated code.

    Attributes:
        name: of the array, or of the number itself.
        offset: of its first element in the array.
        number: whether the name is that of a single number.
        value: the number itself, if it is known and the buffer holds no other.
        scale: the name of the scales of the rows of a matrix of small whole numbers, and its columns.
    """

    name: str
    offset: int = 0
    number: bool = False
    value: float | None = None
    scale: tuple[str, int] | None = None


class Walk:
    """Writes actions.

    Attributes:
        lines: what is written so far.
        places: where each buffer is.
    """

    def __init__(self, dialect: Dialect, places: dict[Buffer, Located], depth: int = 1) -> None:
        self.dialect, self.places, self.depth = dialect, places, depth
        self.lines: list[str] = []
        self.count = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines within braces."""
        self.line(f"{head} {{")
        self.depth += 1
        yield
        self.depth -= 1
        self.line("}")

    @contextmanager
    def loops(self, names: Sequence[str], sizes: Sequence[int]) -> Iterator[None]:
        """Nested loops; those of one step are left out, their names must not be used."""
        if not sizes:
            yield
        elif sizes[0] == 1:
            with self.loops(names[1:], sizes[1:]):
                yield
        else:
            with self.block(self.dialect.loop(names[0], sizes[0])), self.loops(names[1:], sizes[1:]):
                yield

    def new(self, letter: str) -> str:
        """A name that nothing has."""
        self.count += 1
        return f"{letter}{self.count}"

    def at(self, view: View, moves: Sequence[tuple[str, int]] = ()) -> str:
        """An element as an expression or a target; ``moves`` are names with what the index grows by with each."""
        place = self.places[view.buffer]
        if place.number:
            return place.name
        steps = [(f"t{d}", move) for d, move in enumerate(view.per_step)]
        return f"{place.name}[{total([*steps, *moves], place.offset + view.offset)}]"

    def load(self, view: View, moves: Sequence[tuple[str, int]] = ()) -> str:
        """An element to be read: a number, if it is known."""
        value = self.places[view.buffer].value
        return self.at(view, moves) if value is None else spelled(literal(value, view.dtype), self.dialect)

    def copy(self, source: View, target: View) -> None:
        """Copies a view to one of the same shape."""
        self.elementwise(
            Elementwise(target.shape, (source,), (Instruction("copy", (0,), target.dtype),), ((1, target),))
        )

    def repeat(self, action: Repeat, run: object) -> None:
        assert callable(run)
        with self.block(self.dialect.loop(f"t{action.depth}", action.steps)):
            for part in action.actions:
                run(part)

    def elementwise(self, action: Elementwise) -> None:
        """One pass over the elements: loads, instructions, stores; partial results of reductions along each row."""
        stores = [view for _, view in action.stores]
        sums = [view for _, _, view in action.reduces]
        strides = [v.strides for v in [*action.loads, *stores]] + [(*v.strides, 0) for v in sums]
        axes = joined(action.shape, strides, keep_last=bool(sums))
        if any(n == 0 for n in action.shape) and not sums:
            return
        names = [f"i{k}" for k in range(len(axes))]
        outer, inner = (axes[:-1], axes[-1:]) if sums else (axes, [])
        with self.loops(names[: len(outer)], [n for n, _ in outer]):
            totals = [self.new("s") for _ in sums]
            for total_name, (kind, _, view) in zip(totals, action.reduces, strict=True):
                self.line(self.dialect.variable(KINDS[view.dtype.kind], total_name, self.neutral(kind)))
            with self.loops(names[len(outer) :], [n for n, _ in inner]):
                values = self._values(action, names, axes)
                for k, (number, view) in enumerate(action.stores):
                    self.line(f"{self.at(view, moved(names, axes, len(action.loads) + k))} = {values[number]};")
                for total_name, (kind, number, view) in zip(totals, action.reduces, strict=True):
                    text = self.combined(kind, total_name, values[number], KINDS[view.dtype.kind])
                    self.line(f"{total_name} = {text};")
            for k, (total_name, view) in enumerate(zip(totals, sums, strict=True)):
                at = self.at(view, moved(names, axes, len(action.loads) + len(stores) + k))
                self.line(f"{at} = {total_name};")

    def _values(self, action: Elementwise, names: list[str], axes: Axes) -> list[str]:
        """Writes the loads and the instructions; the names of all values."""
        values: list[str] = []
        known: list[float | None] = []
        for k, view in enumerate(action.loads):
            place = self.places[view.buffer]
            known.append(place.value)
            if place.value is not None:
                values.append(literal(place.value, view.dtype))
                continue
            text = self.at(view, moved(names, axes, k))
            if not place.number and not _copies(action):
                name = self.new("v")
                self.line(self.dialect.constant(KINDS[view.dtype.kind], name, text))
                text = name
            values.append(text)
        kinds = [KINDS[view.dtype.kind] for view in action.loads]
        for instruction in action.instructions:
            kinds.append(KINDS[instruction.dtype.kind])
            known.append(None)
            source = kinds[instruction.args[-1]] if instruction.args else ""
            same = instruction.op in SAME and source == kinds[-1]
            values.append(values[instruction.args[0]] if same else self.instruction(instruction, values, kinds, known))
        return [spelled(value, self.dialect) for value in values]

    def instruction(
        self, instruction: Instruction, values: list[str], kinds: list[str], known: list[float | None]
    ) -> str:
        """Writes one instruction; the name of its value."""
        kind, name = KINDS[instruction.dtype.kind], self.new("v")
        operands = [values[k] for k in instruction.args]
        steps = formula(instruction.op, kind, instruction.attributes, [known[k] for k in instruction.args])
        letters: dict[str, str] = {}
        for letter, step in steps[:-1]:
            letters[letter] = f"{name}{letter}"
            text = spelled(step.format(*operands, **letters), self.dialect)
            self.line(self.dialect.constant("real" if kind == "real" else "whole", letters[letter], text))
        text = spelled(steps[-1].format(*operands, **letters), self.dialect)
        source = kinds[instruction.args[-1]]
        if instruction.op in ("astype", "copy"):
            text = self.converted(text, source, kind)
        self.line(self.dialect.constant(kind, name, text))
        return name

    def converted(self, text: str, source: str, kind: str) -> str:
        if kind == "flag" and source != "flag":
            return f"({text}) != 0"
        if kind == "whole" and source == "real":
            self.dialect.used.add("truncated")
            return self.dialect.truncated(text)
        return f"({text}) ? 1 : 0" if source == "flag" != kind else text

    def neutral(self, kind: str) -> str:
        return {"sum": "0", "prod": "1", "max": self.dialect.number("-inf"), "min": self.dialect.number("inf")}[kind]

    def combined(self, kind: str, a: str, b: str, of: str) -> str:
        """Two partial results of a reduction as one; compilers warn of a whole number that is compared with itself."""
        if kind in ("sum", "prod"):
            return f"{a} {'+' if kind == 'sum' else '*'} {b}"
        sign = ">=" if kind == "max" else "<="
        nan = f" || {a} != {a}" * (of == "real")
        return f"{a} {sign} {b}{nan} ? {a} : {b}"


def _copies(action: Elementwise) -> bool:
    return len(action.loads) == len(action.stores) == 1 and all(i.op in SAME for i in action.instructions)


def literal(value: float, dtype: np.dtype) -> str:
    """A number of a dtype as formulas have it, in brackets if it is negative."""
    text = real(value) if dtype.kind == "f" else str(int(value))
    return f"({text})" if text.startswith("-") else text


def real(value: float) -> str:
    """A real number as the shortest text that means it, with a point."""
    return "NaN" if value != value else repr(float(value))


def total(moves: Sequence[tuple[str, int]], offset: int) -> str:
    """``offset + 4 * i0 + i1`` as text."""
    text = ""
    for name, move in moves:
        if move:
            sign = ("-" if move < 0 else "") if not text else (" - " if move < 0 else " + ")
            text += sign + (name if abs(move) == 1 else f"{abs(move)} * {name}")
    if not text:
        return str(offset)
    if text.startswith("-"):
        return f"{offset} - {text[1:]}"
    return f"{offset} + {text}" if offset else text


def joined(shape: Sequence[int], strides: Sequence[Sequence[int]], keep_last: bool = False) -> Axes:
    """The axes of a pass, without those of size 1; neighbours through which all views go evenly are one."""
    axes: Axes = []
    last = len(shape) - 1
    for k, n in enumerate(shape):
        own = [s[k] for s in strides]
        alone = keep_last and k == last
        if n == 1 and not alone:
            continue
        if axes and not alone and all(a == n * b for a, b in zip(axes[-1][1], own, strict=True)):
            axes[-1] = (axes[-1][0] * n, own)
        else:
            axes.append((n, own))
    return axes


def moved(names: Sequence[str], axes: Axes, view: int) -> list[tuple[str, int]]:
    """What the index of one view grows by with each loop."""
    return [(name, own[view]) for name, (n, own) in zip(names, axes, strict=True) if n > 1]
