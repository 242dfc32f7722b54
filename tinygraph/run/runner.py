"""A plan that can be run: its actions in stretches, each done by native code or by numpy, over one block of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.traced import Noise
from ..plan.actions import Buffer
from ..plan.memory import lay_out
from ..plan.planner import Layout
from .numpy_backend.backend import ByNumpy, aligned_block
from .products.numpy_forms import choose_numpy
from .questions import question_of, steps_around


class Runner:
    """Runs a layout.

    Args:
        layout: actions, and the buffers they work on.
        native: whether native code does what it can.

    Attributes:
        forms: of each product how it is done, in words.
        held_bytes: what the plan keeps from call to call.
        peak_bytes: that, and what one call gives out.
    """

    def __init__(self, layout: Layout, native: bool) -> None:
        self.memory = aligned_block(lay_out(layout.actions))
        results = [view.buffer for view in layout.results]
        self._given: list[Buffer] = [*layout.arguments, *layout.parameters, *results]
        self._parameters = [buffer.source for buffer in layout.parameters]
        self._results = [(view.shape, view.dtype) for view in layout.results]
        self.stretches = _stretches(layout.actions, self.memory, native)
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


class _Numpy:
    """Actions that numpy does."""

    def __init__(self, actions: list[Any], memory: ndarray) -> None:
        found = {product: choose_numpy(question_of(product, True), steps)
                 for product, steps in steps_around(actions).items()}  # fmt: skip
        self.forms = {product: str(form) for product, form in found.items()}
        self.program = ByNumpy(actions, memory, forms=found)
        self.extra_bytes = self.program.temporary_bytes
        self.text = self.program.source

    def bind(self, given: Sequence[Buffer]) -> Callable[[list[ndarray]], None]:
        """What runs the actions, told the arrays of the buffers ``given`` in their order."""
        run = self.program.run
        return lambda arrays: run(dict(zip(given, arrays, strict=True)))


def _stretches(actions: Sequence[Any], memory: ndarray, native: bool) -> list[Any]:
    if not native:
        return [_Numpy(list(actions), memory)]
    from .native.stretch import NativeStretch, can_run

    return [(NativeStretch if able else _Numpy)(list(part), memory) for able, part in groupby(actions, can_run)]
