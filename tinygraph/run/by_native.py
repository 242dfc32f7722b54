"""Backend "native": actions as machine code of our own, one call for each stretch of them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from struct import Struct
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.errors import GraphError
from ..plan.actions import Buffer, Product
from .native import product_block
from .native.compiler import compile_text, vector_bytes
from .native.program import program_text
from .native.table import GIVEN, HEAD, LIST, MOVED, OUTSIDE, Filling, can_run
from .products.choose import choose
from .products.question import question_of, steps_around

__all__ = ["Native", "NativeStretch", "can_run"]


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

    def bind(self, buffers: Sequence[Buffer]) -> Callable[[list[ndarray]], None]:
        """What runs the actions, told the arrays of ``buffers`` in their order."""
        place = {buffer: k for k, buffer in enumerate(buffers)}
        wanted = [place[buffer] for buffer in self.native.given]
        run = self.native.run
        return lambda arrays: run([arrays[k] for k in wanted])

    def _place(self, memory: ndarray) -> None:
        start = memory.ctypes.data
        self.native.place(
            {b: b.source.ctypes.data if b.kind == "constant" else start + b.offset_bytes for b in self.native.others}
        )

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


class Native:
    """Actions compiled to one native function, with the table of this plan's sizes, strides and addresses.

    Another plan of the same structure (another T or B) shares the code: only its table is its own. One thread at a
    time may run it, since the table and the scratch memory are its own too.

    Attributes:
        text: the LLVM text; two programs with the same text have the same machine code.
        table: the numbers it reads, int64.
        given: the buffers whose addresses `run` takes, in that order.
        others: the buffers that `place` is to be told once: scratch and constants.
        sites: for each `Product` in order, the action and its block of the table (see `product_block`), a view of it.

    Args:
        actions: those that `can_run` accepts.
        given: buffers whose addresses change from run to run; by default the arguments, parameters and results
            that the actions use, in the order of their first use.
    """

    def __init__(self, actions: Sequence[Any], given: Sequence[Buffer] | None = None) -> None:
        filling = Filling()
        forms = tuple([filling.add(action) for action in actions])
        self.text = program_text(forms, vector_bytes())
        self.given, self.others = _sorted_buffers(filling, given)
        others = set(self.others)
        self._kept = [view for view in filling.views if view[1] in others]
        self.table = _table(filling, self.given)
        self.sites: list[tuple[Product, np.ndarray]] = [
            (action, self.table[at : at + product_block.SIZE]) for action, at in filling.sites
        ]
        self._set = Struct(f"={len(self.given)}q").pack_into
        self._at = (len(self.table) - len(self.given)) * 8
        self._bytes = self.table.data.cast("B")
        self._pointer = self.table.ctypes.data
        self._run: Callable[[int], None] | None = None

    def place(self, addresses: Mapping[Buffer, int]) -> None:
        """Tell where buffers of ``others`` lie; they stay there until told again.

        Args:
            addresses: of each buffer's first element, in bytes. The caller keeps the memory alive.
        """
        for at, buffer, offset in self._kept:
            if buffer in addresses:
                self.table[at] = addresses[buffer] + offset

    def compile(self) -> Callable[[int], None]:
        """Make the machine code ready, which the first `run` otherwise does; the function of a table's address."""
        _check_head()
        # A function of CFUNCTYPE lets go of Python's lock while it runs, so that another thread may run Python.
        address = compile_text(self.text, tidy=True).address("run")
        self._run = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
        return self._run

    def run(self, arrays: Sequence[np.ndarray]) -> None:
        """Do the actions once.

        Args:
            arrays: contiguous, for the ``given`` buffers in their order; the caller holds them until it is done.
        """
        self._set(self._bytes, self._at, *map(id, arrays))
        run = self._run or self.compile()
        run(self._pointer)


@cache
def _check_head() -> None:
    """Raise where an array object does not begin as the generated code reads it."""
    array = np.zeros(1)
    if ctypes.c_void_p.from_address(id(array) + HEAD).value != array.ctypes.data:
        raise GraphError(
            "compile: native code cannot read this numpy's arrays", got=f"numpy {np.__version__}", fix="backend='numpy'"
        )


def _sorted_buffers(filling: Filling, given: Sequence[Buffer] | None) -> tuple[list[Buffer], list[Buffer]]:
    """The buffers given at each run, and the others, in the order of their first use."""
    used = list(dict.fromkeys(buffer for _, buffer, _ in filling.views))
    outside = [buffer for buffer in used if buffer.kind in OUTSIDE] if given is None else list(given)
    known = set(outside)
    return outside, [buffer for buffer in used if buffer not in known]


def _table(filling: Filling, given: list[Buffer]) -> np.ndarray:
    numbers = {buffer: number for number, buffer in enumerate(given)}
    values, at = filling.values, len(filling.values)
    moved = [(slot, numbers[buffer], offset) for slot, buffer, offset in filling.views if buffer in numbers]
    values[MOVED], values[LIST], values[GIVEN] = len(moved), at, at + 3 * len(moved)
    return np.array([*values, *(n for entry in moved for n in entry), *[0] * len(given)], np.int64)
