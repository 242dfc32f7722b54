"""Runs a planned program: stretches of actions, by native code or by numpy, over one block of memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy import ndarray

from ..core.traced import Live
from ..plan.actions import Buffer
from ..plan.memory import lay_out
from ..plan.planner import Program
from .backends import NUMPY, Backend
from .numpy_backend.places import aligned_block


class Runner:
    """Allocates the memory of a program and runs it.

    Args:
        program: the actions and the buffers that they use.
        backend: runs the actions that it supports; numpy runs the others.

    Attributes:
        forms: maps each matrix product to its kernel and measured time, as text.
        held_bytes: memory of the arrays kept from call to call.
        results_bytes: memory of the results of one call.
        code_bytes: maps compiled code, which several programs may share, to its memory.
    """

    def __init__(self, program: Program, backend: Backend) -> None:
        self.memory = aligned_block(lay_out(program.actions))
        results = [view.buffer for view in program.results]
        buffers: list[Buffer] = [*program.arguments, *program.parameters, *results]
        self._parameters = [buffer.source for buffer in program.parameters]
        self._live = [(k, p) for k, p in enumerate(self._parameters) if isinstance(p, Live)]
        self._results = [(view.shape, view.dtype) for view in program.results]
        (can_run, compiled), (_, by_numpy) = backend.load(), NUMPY.load()
        parts = groupby(program.actions, can_run)  # as long as they can be, by the backend or by numpy
        self.stretches = [(compiled if able else by_numpy)(list(part), self.memory) for able, part in parts]
        self._runs = [stretch.bind(buffers) for stretch in self.stretches]
        self.forms = {action: text for s in self.stretches for action, text in s.forms.items()}
        self.held_bytes = self.memory.nbytes + sum(s.extra_bytes for s in self.stretches)
        self.results_bytes = sum(b.nbytes for b in results)
        self.code_bytes = {s.code: s.code_bytes for s in self.stretches}

    def run(self, arguments: Sequence[ndarray]) -> list[ndarray]:
        """Runs the program once and returns its results as new arrays.

        Args:
            arguments: contiguous arrays with the dtypes and sizes of the argument buffers.
        """
        results = [np.empty(shape, dtype) for shape, dtype in self._results]
        values = [p._value for p in self._parameters]
        for k, live in self._live:
            values[k] = live.read()
        # The flag costs a third of what `ascontiguousarray` does to return the array itself.
        arrays = [*arguments, *[x if x.flags.c_contiguous else np.ascontiguousarray(x) for x in values], *results]
        for run in self._runs:
            run(arrays)
        return results
