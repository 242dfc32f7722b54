"""A file of generated code: functions over one set of fixed numbers and one work memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy import ndarray

from ...plan.actions import Buffer
from .calls import run
from .dialect import Dialect
from .lowering import Lowered, Port, Small
from .naming import Names
from .storage import Work, buffers, set_apart
from .walk import KINDS, Place, Walk


@dataclass
class Fixed:
    """Fixed numbers of a file, flat: weights, and constants of the functions.

    Attributes:
        small: the matrix in small whole numbers, if it is written so.
    """

    name: str
    array: ndarray
    kind: str
    small: Small | None = None


@dataclass
class Routine:
    """A function of the file.

    Attributes:
        inputs, outputs: the names and the ports.
        lines: its body.
    """

    name: str
    lowered: Lowered
    inputs: list[tuple[str, Port]]
    outputs: list[tuple[str, Port]]
    lines: list[str] = field(default_factory=list)


class Unit:
    """Collects functions, their fixed numbers and the size of the work memory.

    Args:
        dialect: the language.
        numbers: how Python's arithmetic on floats becomes an expression of their names.
    """

    def __init__(self, dialect: Dialect, numbers: Callable[[object, dict[int, str]], str]) -> None:
        self.dialect, self.numbers = dialect, numbers
        self.fixed: dict[bytes, Fixed] = {}
        self.work = Work()
        self.routines: list[Routine] = []

    def add(self, name: str, lowered: Lowered, by_value: bool) -> Routine:
        """Writes the body of a function; ``by_value``: whether inputs of shape () are handed over as numbers."""
        names = Names()
        inputs = [(names.new(p.word or f"input_{k + 1}"), p) for k, p in enumerate(lowered.inputs)]
        taken = {n for n, _ in inputs}
        outputs = [(names.new(_result_word(p.word, k, taken)), p) for k, p in enumerate(lowered.outputs)]
        routine = Routine(name, lowered, inputs, outputs)
        set_apart(lowered)
        routine.outputs = [(n, p) for (n, _), p in zip(outputs, lowered.outputs, strict=True)]
        self.work.fit(lowered.actions)
        places = {p.buffer: Place(n, number=by_value and not p.shape) for n, p in inputs if p.buffer is not None}
        places |= {p.buffer: Place(n) for n, p in routine.outputs if p.buffer is not None}
        routine.lines = self.body(lowered, places, [n for n, _ in inputs])
        self.routines.append(routine)
        return routine

    def body(self, lowered: Lowered, places: dict[Buffer, Place], inputs: list[str]) -> list[str]:
        """The lines of a function whose arguments and results have places."""
        walk = Walk(self.dialect, places)
        floats = {k: inputs[at] for k, at in lowered.floats.items()}
        for k, (buffer, arithmetic) in enumerate(lowered.computed.items()):
            places[buffer] = Place(f"n{k}", number=True)
            walk.line(self.dialect.constant("real", f"n{k}", self.numbers(arithmetic, floats)))
        for buffer in buffers(lowered.actions):
            if buffer.kind == "constant":
                places[buffer] = self._constant(buffer, lowered.small.get(buffer))
            elif buffer not in places:
                kind = KINDS[buffer.dtype.kind]
                size = WORK[kind]
                places[buffer] = Place(size, buffer.offset_bytes // buffer.dtype.itemsize)
        for action in lowered.actions:
            run(walk, action)
        return walk.lines

    def _constant(self, buffer: Buffer, small: Small | None) -> Place:
        array, kind = np.asarray(buffer.source).reshape(-1), KINDS[buffer.dtype.kind]
        if array.size and (array == array[0]).all():
            return Place("", value=array[0].item())
        wide = array.astype({"real": np.float64, "whole": np.int64, "flag": np.uint8}[kind])
        key = f"{kind} {small and small.columns} ".encode() + wide.tobytes()
        if key not in self.fixed:
            self.fixed[key] = Fixed(f"w{len(self.fixed)}", wide, kind, small)
        own = self.fixed[key]
        return Place(own.name, scale=None if small is None else (f"{own.name}_scale", small.columns))


WORK = {"real": "tg_work", "whole": "tg_work_whole", "flag": "tg_work_flag"}
"""The names of the work memory."""


def _result_word(word: str, k: int, inputs: set[str]) -> str:
    word = word or ("y" if k == 0 else f"y_{k + 1}")
    return f"{word}_out" if word in inputs else word


def size(port: Port) -> int:
    return prod(port.shape)
