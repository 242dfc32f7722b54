"""A file of generated code: functions over one set of fixed numbers and one work memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy import ndarray

from ...plan.actions import Buffer
from .calls import run
from .dialect import Dialect
from .lowering import Lowered, Port, Small
from .naming import Names
from .reading import buffers
from .steps import Around, block
from .storage import Work, set_apart
from .training import Model, Training
from .walk import KINDS, WORK, Located, Walk


@dataclass
class Fixed:
    """Fixed numbers of a file, flat: weights, and constants of the functions.

    Attributes:
        exact: whether they have the digits of float64.
        small: the matrix in small whole numbers, if it is written so.
    """

    name: str
    array: ndarray
    kind: str
    exact: bool
    small: Small | None = None


@dataclass
class Routine:
    """A function of the file.

    Attributes:
        inputs, outputs: the names and the ports.
        model: how it takes the model: ``"reads"``, ``"trains"``, or ``""`` for not at all.
        lines: its body; ``@stop`` and ``@done`` stand for the ways out of a training step.
    """

    name: str
    lowered: Lowered
    inputs: list[tuple[str, Port]]
    outputs: list[tuple[str, Port]]
    model: str = ""
    lines: list[str] = field(default_factory=list)


class Unit:
    """Collects functions, their fixed numbers and the size of the work memory.

    Args:
        dialect: the language.
        numbers: how Python's arithmetic on floats becomes an expression of their names.

    Attributes:
        model: what training changes, if the file trains.
        trained: the fields after one step from the example.
        in_file: whether the fixed numbers are in a file of their own.
        changes: by how much weights in 8 bits change the results of each function.
    """

    def __init__(self, dialect: Dialect, numbers: Callable[[object, dict[int, str]], str]) -> None:
        self.dialect, self.numbers = dialect, numbers
        self.fixed: dict[bytes, Fixed] = {}
        self.work = Work()
        self.routines: list[Routine] = []
        self.model: Model | None = None
        self.trained: dict[str, ndarray] = {}
        self.changes: dict[str, float] = {}
        self.in_file = False

    def add(self, name: str, lowered: Lowered) -> Routine:
        """Writes the body of a function."""
        held = [*self.model.values] if self.model else []
        routine = self._routine(name, lowered, len(lowered.inputs) - len(held), len(lowered.outputs))
        set_apart(lowered)
        routine.outputs = [(n, p) for (n, _), p in zip(routine.outputs, lowered.outputs, strict=True)]
        self.work.fit(lowered.actions)
        places = self._ports(routine) | self._held(lowered, held)
        routine.model = "reads" if held else ""
        routine.lines = self.body(lowered, places, [n for n, _ in routine.inputs])
        self.routines.append(routine)
        return routine

    def _routine(self, name: str, lowered: Lowered, inputs: int, outputs: int) -> Routine:
        """A function whose arguments and results have names."""
        names = Names()
        own = [(names.new(p.word or f"input_{k + 1}"), p) for k, p in enumerate(lowered.inputs[:inputs])]
        taken = {n for n, _ in own}
        results = enumerate(lowered.outputs[:outputs])
        return Routine(name, lowered, own, [(names.new(_result_word(p.word, k, taken)), p) for k, p in results])

    def _ports(self, routine: Routine) -> dict[Buffer, Located]:
        inputs = {p.buffer: Located(n, number=not p.shape) for n, p in routine.inputs if p.buffer is not None}
        return inputs | {p.buffer: Located(n) for n, p in routine.outputs if p.buffer is not None}

    def _held(self, lowered: Lowered, names: Sequence[str]) -> dict[Buffer, Located]:
        """The places of the parameters that a model holds, the last inputs."""
        ports = lowered.inputs[len(lowered.inputs) - len(names) :]
        pairs = zip(ports, names, strict=True)
        return {p.buffer: Located(self.dialect.field(name)) for p, name in pairs if p.buffer is not None}

    def train(self, name: str, training: Training) -> Routine:
        """Writes a training step."""
        first, second, count = training.gradients, training.update, training.results
        model = training.model
        routine = self._routine(name, first, len(first.inputs) - len(model.values), count)
        set_apart(first, count)
        set_apart(second)
        routine.outputs = [(n, p) for (n, _), p in zip(routine.outputs, first.outputs[:count], strict=True)]
        between = first.outputs[count:]
        at = self._between(first, second, between)
        places = self._ports(routine) | self._held(first, [*model.values])
        places |= {p.buffer: Located(WORK["real"], offset) for p, offset in zip(between, at, strict=True) if p.buffer}
        steps = Around(self.dialect, training, routine.outputs[0][0], at)
        routine.model = "trains"
        if training.step.accumulate == 1:
            self.trained = dict(zip(model.updated(training.step), second.expected, strict=True))
        routine.lines = [
            *block(self.body(first, places, [n for n, _ in routine.inputs])),
            *steps.checked(),
            *block(steps.with_numbers(self.body(second, self._of_update(training, at), []))),
            *steps.counted(),
        ]
        self.routines.append(routine)
        return routine

    def _between(self, first: Lowered, second: Lowered, ports: Sequence[Port]) -> list[int]:
        """Where in the work memory lies what the first half of a training step hands to the second."""
        for lowered in (first, second):
            self.work.fit(lowered.actions)
        offsets = [self.work.real]
        for port in ports:
            offsets.append(offsets[-1] + max(size(port), 1))
        self.work.real = offsets.pop()
        return offsets

    def _of_update(self, training: Training, at: Sequence[int]) -> dict[Buffer, Located]:
        """The places of the update: its results take the fields of what they replace."""
        second, model = training.update, training.model
        field_of = self.dialect.field
        gradients = [Located(WORK["real"], offset) for offset in at[:-1]]
        moments = [Located(field_of(name)) for name in model.moments]
        numbers = [Located(f"p{k}n", number=True) for k in range(len(training.numbers))]
        values = [Located(field_of(name)) for name in model.values]
        ports = zip(second.inputs, [*gradients, *moments, *numbers, *values], strict=True)
        places = {p.buffer: place for p, place in ports if p.buffer is not None}
        results = zip(second.outputs, map(field_of, model.updated(training.step)), strict=True)
        return places | {p.buffer: Located(name) for p, name in results if p.buffer is not None}

    def body(self, lowered: Lowered, places: dict[Buffer, Located], inputs: list[str]) -> list[str]:
        """The lines of a function whose arguments and results have places."""
        walk = Walk(self.dialect, places)
        floats = {k: inputs[at] for k, at in lowered.floats.items()}
        for k, (buffer, arithmetic) in enumerate(lowered.computed.items()):
            places[buffer] = Located(f"n{k}", number=True)
            walk.line(self.dialect.constant("real", f"n{k}", self.numbers(arithmetic, floats)))
        for buffer in buffers(lowered.actions):
            if buffer.kind == "constant":
                places[buffer] = self._constant(buffer, lowered.small.get(buffer))
            elif buffer not in places:
                kind = KINDS[buffer.dtype.kind]
                size = WORK[kind]
                places[buffer] = Located(size, buffer.offset_bytes // buffer.dtype.itemsize)
        for action in lowered.actions:
            run(walk, action)
        return walk.lines

    def _constant(self, buffer: Buffer, small: Small | None) -> Located:
        array = np.asarray(buffer.source).reshape(-1)
        if array.size and (array == array[0]).all():
            return Located("", value=array[0].item())
        own = self.keep(array, small)
        return Located(own.name, scale=None if small is None else (f"{own.name}_scale", small.columns))

    def keep(self, array: ndarray, small: Small | None = None) -> Fixed:
        """Fixed numbers of the file; equal ones are there once."""
        kind = KINDS[array.dtype.kind]
        wide = array.reshape(-1).astype({"real": np.float64, "whole": np.int64, "flag": np.uint8}[kind])
        exact = array.dtype == np.float64
        key = f"{kind} {exact} {small and small.columns} ".encode() + wide.tobytes()
        if key not in self.fixed:
            self.fixed[key] = Fixed(f"w{len(self.fixed)}", wide, kind, exact, small)
        return self.fixed[key]


def _result_word(word: str, k: int, inputs: set[str]) -> str:
    word = word or ("y" if k == 0 else f"y_{k + 1}")
    return f"{word}_out" if word in inputs else word


def size(port: Port) -> int:
    return prod(port.shape)
