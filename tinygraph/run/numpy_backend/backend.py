"""The numpy backend: binds the memory of a call to the places of the generated code, and runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...plan.actions import Buffer, Product
from ..products.numpy_forms import NumpyForm
from .places import ArrayPlace, Given, aligned_block
from .source import NumpyWriter, Temporary, compiled

MOST_VIEWS = 200_000
"""Arrays of about 200 bytes that one plan keeps for the steps of its loops; beyond it a step makes them anew."""


class ByNumpy:
    """A plan's actions as one Python function of numpy calls.

    Args:
        actions: the plan, in order.
        memory: the plan's block of memory, uint8, in which its scratch buffers lie.
        forms: how products with a weight are to be done (see `product_forms`); the others as they stand.
        most_views: how many arrays may be kept for the steps of loops.

    Attributes:
        source: the function's text.
        temporary_bytes: memory beside ``memory``: what lies between the ops of fused chains, and weights in panels.

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
        self._function = compiled(self.source)
        self._memory = memory
        self._views_left = most_views
        self._slots = [aligned_block(n) for n in writer.slots_bytes]
        self._given: dict[Buffer, Given] = {}
        self._places = [self._place(number, what) for number, what in enumerate(writer.places.values())]
        self._transient = [given for given in self._given.values() if given.buffer.kind != "parameter"]

    def run(self, arrays: Mapping[Buffer, ndarray]) -> None:
        """Run the plan.

        Args:
            arrays: for every argument, parameter and result its memory: contiguous, of the buffer's dtype and
                size; flat or of the shape that the plan sees. A parameter costs nothing while
                the very same array is given.
        """
        places = self._places
        for buffer, given in self._given.items():
            given.bind(arrays[buffer], places)
        try:
            if self._quiet:
                # The tails of the sigmoid: exp overflows to infinity, whose reciprocal is the 0 that is meant.
                with np.errstate(over="ignore"):
                    self._function(places)
            else:
                self._function(places)
        finally:
            for given in self._transient:
                given.release(places)

    def _place(self, number: int, what: Any) -> Any:
        """What place ``number`` holds from the start: None where the memory comes with the call."""
        if isinstance(what, Temporary):
            return np.ndarray(what.shape, what.dtype, self._slots[what.slot])
        if not isinstance(what, ArrayPlace):
            return what
        if what.buffer.kind == "constant":
            return what.place(np.ascontiguousarray(what.buffer.source))
        if what.buffer.kind == "scratch":
            listed = bool(what.loops) and what.views <= self._views_left
            self._views_left -= what.views if listed else 0
            return what.place(self._memory, listed)
        self._given.setdefault(what.buffer, Given(what.buffer)).layouts.append((number, what))
        return None
