"""A stretch of a plan in native code: its products' ways are chosen, its memory is placed, it runs in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...plan.actions import Buffer, Product
from ..products.choose import choose
from ..questions import question_of, steps_around
from .native import Native, can_run

__all__ = ["NativeStretch", "can_run"]


class NativeStretch:
    """Actions that native code can do, over the plan's block of memory.

    Attributes:
        forms: of each product by which way it is done, in words.
        extra_bytes: memory for packed weights.
        text: the generated code.
    """

    def __init__(self, actions: list[Any], memory: ndarray) -> None:
        self.native = Native(actions)
        self.text = self.native.text
        self.forms: dict[Product, str] = {}
        self._kept: list[ndarray] = [memory]
        self._place(memory)
        self._choose(steps_around(actions))
        self.extra_bytes = sum(block.nbytes for block in self._kept[1:])
        self.native.compile()

    def bind(self, given: Sequence[Buffer]) -> Callable[[list[ndarray]], None]:
        """What runs the actions, told the arrays of the buffers ``given`` in their order."""
        place = {buffer: k for k, buffer in enumerate(given)}
        wanted = [place[buffer] for buffer in self.native.given]
        run = self.native.run
        return lambda arrays: run([arrays[k] for k in wanted])

    def _place(self, memory: ndarray) -> None:
        start = memory.ctypes.data
        self.native.place({b: b.source.ctypes.data if b.kind == "constant" else start + b.offset_bytes
                           for b in self.native.others})  # fmt: skip

    def _choose(self, steps: Mapping[Product, int]) -> None:
        for product, block in self.native.sites:
            way = choose(question_of(product, product in steps), steps.get(product, 1))
            address = 0
            if way.scratch_bytes:
                kept = np.empty(way.scratch_bytes + 64, np.uint8)
                self._kept.append(kept)
                address = -(-kept.ctypes.data // 64) * 64
            way.install(block, address)
            self.forms[product] = str(way)
