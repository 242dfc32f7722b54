"""A plan that can be run: its actions in stretches, each done by native code or by numpy, over one block of memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy import ndarray

from ..plan.actions import Buffer
from ..plan.memory import lay_out
from ..plan.planner import Program
from ..time.noise import Noise
from .backends import NUMPY, Backend, Stretch
from .numpy_backend.places import aligned_block


class Runner:
    """Runs a layout.

    Args:
        layout: actions, and the buffers they work on.
        backend: what does the actions that it can do; numpy does the others.

    Attributes:
        forms: of each product how it is done, in words.
        held_bytes: what the plan keeps from call to call.
        peak_bytes: that, and what one call gives out.
    """

    def __init__(self, layout: Program, backend: Backend) -> None:
        self.memory = aligned_block(lay_out(layout.actions))
        results = [view.buffer for view in layout.results]
        self._given: list[Buffer] = [*layout.arguments, *layout.parameters, *results]
        self._parameters = [buffer.source for buffer in layout.parameters]
        self._results = [(view.shape, view.dtype) for view in layout.results]
        self.stretches = _stretches(layout.actions, self.memory, backend)
        self._runs = [stretch.bind(self._given) for stretch in self.stretches]
        self.forms = {action: text for s in self.stretches for action, text in s.forms.items()}
        self.held_bytes = self.memory.nbytes + sum(s.extra_bytes for s in self.stretches)
        self.peak_bytes = self.held_bytes + sum(b.nbytes for b in results)

    def run(self, arguments: Sequence[ndarray]) -> list[ndarray]:
        """The results of one call, new arrays.

        Args:
            arguments: contiguous arrays of the dtypes and sizes of the argument buffers.
        """
        results = [np.empty(shape, dtype) for shape, dtype in self._results]
        values = [np.ascontiguousarray(p.drawn() if isinstance(p, Noise) else p._value) for p in self._parameters]
        arrays = [*arguments, *values, *results]
        for run in self._runs:
            run(arrays)
        return results


def _stretches(actions: Sequence[Any], memory: ndarray, backend: Backend) -> list[Stretch]:
    can_run, own = backend.load()
    _, by_numpy = NUMPY.load()
    return [(own if able else by_numpy)(list(part), memory) for able, part in groupby(actions, can_run)]
