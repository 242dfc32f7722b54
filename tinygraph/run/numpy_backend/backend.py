"""Compiles actions to one Python function of numpy calls, binds the memory of a call, and runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...plan.actions import Buffer, Product
from ..products.numpy_forms import NumpyForm
from .places import ArrayPlace, CallBuffer, aligned_block
from .source import NumpyWriter, Temporary, compiled

MOST_VIEWS = 200_000
"""Most array objects that a plan keeps for the steps of its loops; others are made per step."""

VIEW_BYTES, AXIS_BYTES = 120, 16
"""Memory of an array object in a list, and of the size and stride of each of its axes."""


class ByNumpy:
    """Actions as one Python function of numpy calls.

    Args:
        actions: the actions in order.
        memory: the plan's memory block, uint8, which holds its scratch buffers.
        forms: maps products with a weight to their forms (see `numpy_forms`); the others are plain products.
        most_views: maximal number of array objects that are kept for the steps of loops.

    Attributes:
        source: the generated source.
        function: the compiled source; programs of equal source share it.
        temporary_bytes: memory in addition to ``memory``: temporaries of fused chains and packed weights.
        views_bytes: memory of the array objects for the steps of loops.

    Example:
        >>> import numpy as np
        >>> from tinygraph.plan.actions import Buffer, Elementwise, Instruction, View
        >>> from tinygraph.run.numpy_backend import ByNumpy, aligned_block
        >>> x = Buffer("argument", 3, np.dtype(float))
        >>> z = Buffer("result", 3, np.dtype(float))
        >>> x3, z3 = (View(buffer, 0, (3,), (1,)) for buffer in (x, z))
        >>> action = Elementwise((3,), (x3,), (Instruction("square", (0,), z.dtype),), ((1, z3),))
        >>> program = ByNumpy([action], aligned_block(0))
        >>> print(program.source)
        def run(places):
            (
                argument1, result2,
            ) = places
            multiply(argument1, argument1, result2)
        >>> z_value = np.empty(3)
        >>> program.run({x: np.array([1.0, 2.0, 3.0]), z: z_value})
        >>> z_value
        array([1., 4., 9.])
    """

    def __init__(
        self,
        actions: Sequence[Any],
        memory: ndarray,
        *,
        forms: Mapping[Product, NumpyForm] | None = None,
        most_views: int = MOST_VIEWS,
    ) -> None:
        writer = NumpyWriter(actions, forms or {})
        self.source = writer.source
        self.temporary_bytes = sum(writer.slots_bytes) + writer.packed_bytes
        self._quiet = writer.quiet
        self.function = compiled(self.source)
        self._memory = memory
        self._views_left = most_views
        self.views_bytes = 0
        self._slots = [aligned_block(n) for n in writer.slots_bytes]
        self._call_buffers: dict[Buffer, CallBuffer] = {}
        self._places = [self._place(number, entry) for number, entry in enumerate(writer.places.values())]
        self._transient = [b for b in self._call_buffers.values() if b.buffer.kind != "parameter"]

    def run(self, arrays: Mapping[Buffer, ndarray]) -> None:
        """Run the actions once.

        Args:
            arrays: maps every argument, parameter and result to its memory: contiguous, of the buffer's dtype and size,
                flat or in the shape of the plan. A parameter is bound again only if its array object changes.
        """
        places = self._places
        for buffer, call_buffer in self._call_buffers.items():
            call_buffer.bind(arrays[buffer], places)
        try:
            if self._quiet:
                # In the tail of the sigmoid exp overflows to infinity, whose reciprocal is the correct 0.
                with np.errstate(over="ignore"):
                    self.function(places)
            else:
                self.function(places)
        finally:
            for call_buffer in self._transient:
                call_buffer.release(places)

    def _place(self, number: int, entry: Any) -> Any:
        """The initial value of place ``number``; None if the memory comes with the call."""
        if isinstance(entry, Temporary):
            return np.ndarray(entry.shape, entry.dtype, self._slots[entry.slot])
        if not isinstance(entry, ArrayPlace):
            return entry
        if entry.buffer.kind == "constant":
            return entry.place(np.ascontiguousarray(entry.buffer.source))
        if entry.buffer.kind == "scratch":
            listed = bool(entry.loops) and entry.views <= self._views_left
            if listed:
                self._views_left -= entry.views
                self.views_bytes += entry.views * (VIEW_BYTES + AXIS_BYTES * len(entry.shape[entry.loops :]))
            return entry.place(self._memory, listed)
        self._call_buffers.setdefault(entry.buffer, CallBuffer(entry.buffer)).layouts.append((number, entry))
        return None
