"""Backend "native": a stretch of actions compiled to one function of machine code."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from struct import Struct
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.errors import GraphError
from ..plan.actions import Buffer, Product, View
from .native import product_block
from .native.compiler import MachineCode, compile_text, vector_bytes
from .native.program import program_text
from .native.table import ARRAYS, EXTERNAL, HEAD, REFUSED, RELOCATION_COUNT, RELOCATIONS, Filling, can_run
from .numpy_backend.source import with_named_errors
from .products.choose import choose
from .products.problem import problem_of, steps_around

__all__ = ["Native", "NativeStretch", "can_run"]


class NativeStretch:
    """Actions compiled to native code; the attributes are those of `backends.Stretch`."""

    def __init__(self, actions: list[Any], memory: ndarray) -> None:
        self.native = Native(actions)
        self.text = self.native.text
        self.forms: dict[Product, str] = {}
        self._memory, self._packed = memory, list[ndarray]()
        self._place(memory.ctypes.data)
        self._choose(steps_around(actions))
        self.extra_bytes = sum(array.nbytes for array in self._packed) + self.native.table.nbytes
        self.native.compile()
        assert self.native.code
        self.code, self.code_bytes = self.native.code, self.native.code.nbytes

    def bind(self, buffers: Sequence[Buffer]) -> Callable[[list[ndarray]], None]:
        """Returns a function that runs the actions, given the arrays of ``buffers`` in their order."""
        index = {buffer: k for k, buffer in enumerate(buffers)}
        indices = [index[buffer] for buffer in self.native.external]
        run = self.native.run
        if len(indices) < 2:
            return lambda arrays: run([arrays[k] for k in indices])
        chosen = itemgetter(*indices)
        return lambda arrays: run(chosen(arrays))

    def _place(self, start: int) -> None:
        buffers = self.native.internal
        self.native.place(
            {b: b.source.ctypes.data if b.kind == "constant" else start + b.offset_bytes for b in buffers}
        )

    def _choose(self, steps: Mapping[Product, int]) -> None:
        """Choose a kernel for each matrix product and allocate the memory of packed weights."""
        for product, block in self.native.product_blocks:
            kernel = choose(problem_of(product, product in steps), steps.get(product, 1))
            address = 0
            if kernel.scratch_bytes:
                array = np.empty(kernel.scratch_bytes + 64, np.uint8)
                self._packed.append(array)
                address = -(-array.ctypes.data // 64) * 64
            kernel.install(block, address)
            self.forms[product] = str(kernel)


class Native:
    """Actions compiled to one native function, and the table of the sizes, strides and addresses that it reads.

    Plans of the same structure (another T or B) share the machine code; each has a table of its own. Only one thread
    at a time may run it, because the table and the scratch memory belong to the plan.

    Attributes:
        text: the LLVM IR; equal texts have the same machine code.
        table: the numbers that the code reads, int64.
        external: the buffers whose arrays `run` takes, in that order.
        internal: the buffers whose addresses are set once by `place`: scratch and constants.
        product_blocks: for each `Product` in order, the action and a view of its block of the table (see
            `product_block`).
        code: the machine code, which lives as long as a plan refers to it; None before `compile`.

    Args:
        actions: actions that `can_run` accepts.
        external: buffers whose addresses change from run to run; by default the arguments, parameters and results
            that the actions use, in the order of their first use.
    """

    def __init__(self, actions: Sequence[Any], external: Sequence[Buffer] | None = None) -> None:
        filling = Filling()
        forms = tuple([filling.add(action) for action in actions])
        self.text = program_text(forms, vector_bytes())
        self.external, self.internal = _sorted_buffers(filling, external)
        internal = set(self.internal)
        self._internal_views = [view for view in filling.views if view[1] in internal]
        self.table = _table(filling, self.external)
        self.product_blocks: list[tuple[Product, np.ndarray]] = [
            (action, self.table[start : start + product_block.SIZE]) for action, start in filling.product_blocks
        ]
        # struct writes the addresses of the arrays faster than numpy does.
        self._set = Struct(f"={len(self.external)}q").pack_into
        self._offset = (len(self.table) - len(self.external)) * 8
        self._bytes = self.table.data.cast("B")
        self._pointer = self.table.ctypes.data
        self._lookups, self._addresses = filling.lookups, dict[Buffer, int]()
        self._run: Callable[[int], None] | None = None
        self.code: MachineCode | None = None

    def place(self, addresses: Mapping[Buffer, int]) -> None:
        """Set the addresses of ``internal`` buffers; they hold until the next call of `place`.

        Args:
            addresses: maps a buffer to the address of its first element. The caller keeps the memory alive.
        """
        self._addresses.update(addresses if self._lookups else {})
        for slot, buffer, offset in self._internal_views:
            if buffer in addresses:
                self.table[slot] = addresses[buffer] + offset

    def compile(self) -> Callable[[int], None]:
        """Compile the machine code, as the first `run` does otherwise; returns the function of the table's address."""
        _check_head()
        # CFUNCTYPE releases Python's global lock during the call, so that another thread can run Python.
        self.code = compile_text(self.text, vectorised=True)
        self._run = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.code.address("run"))
        return self._run

    def run(self, arrays: Sequence[np.ndarray]) -> None:
        """Run the actions once.

        Args:
            arrays: contiguous arrays for the ``external`` buffers in their order; the caller keeps them alive.
        """
        self._set(self._bytes, self._offset, *map(id, arrays))
        run = self._run or self.compile()
        run(self._pointer)
        if self._lookups and self.table[REFUSED]:
            self._refuse(arrays)

    def _refuse(self, arrays: Sequence[np.ndarray]) -> None:
        """Raise what numpy raises about the indices or labels at which the program stopped."""
        call, slot, around = next(entry for entry in self._lookups if self.table[entry[1]])
        steps = dict(zip(around, self.table[slot + 1 :].tolist(), strict=False))
        self.table[REFUSED] = self.table[slot] = 0
        with_named_errors(call.op, call.attributes)(*(self._array(view, steps, arrays) for view in call.inputs))
        raise GraphError(f"{call.op.name}: an index is out of range")

    def _array(self, view: View, steps: Mapping[int, int], arrays: Sequence[np.ndarray]) -> np.ndarray:
        """What a view holds at these steps of the loops around."""
        buffer, size = view.buffer, view.dtype.itemsize
        outer = buffer in self.external
        address = arrays[self.external.index(buffer)].ctypes.data if outer else self._addresses[buffer]
        memory: Any = (ctypes.c_char * buffer.nbytes).from_address(address)
        at = view.offset + sum(move * steps.get(depth, 0) for depth, move in enumerate(view.per_step))
        return np.ndarray(view.shape, view.dtype, memory, at * size, [stride * size for stride in view.strides])


@cache
def _check_head() -> None:
    """Raise if the memory layout of an array object differs from what the generated code reads."""
    array = np.zeros(1)
    if ctypes.c_void_p.from_address(id(array) + HEAD).value != array.ctypes.data:
        problem = "compile: native code cannot read the arrays of this version of numpy"
        raise GraphError(problem, got=f"numpy {np.__version__}", fix="backend='numpy'")


def _sorted_buffers(filling: Filling, external: Sequence[Buffer] | None) -> tuple[list[Buffer], list[Buffer]]:
    """The external buffers and the internal ones, in the order of their first use."""
    buffers = list(dict.fromkeys(buffer for _, buffer, _ in filling.views))
    if external is None:
        external = [buffer for buffer in buffers if buffer.kind in EXTERNAL]
    return list(external), [buffer for buffer in buffers if buffer not in {*external}]


def _table(filling: Filling, external: list[Buffer]) -> np.ndarray:
    """The table with its relocations: one for each view of an external buffer."""
    numbers = {buffer: number for number, buffer in enumerate(external)}
    values, start = filling.values, len(filling.values)
    relocations = [(slot, numbers[buffer], offset) for slot, buffer, offset in filling.views if buffer in numbers]
    values[RELOCATION_COUNT], values[RELOCATIONS] = len(relocations), start
    values[ARRAYS] = start + 3 * len(relocations)
    return np.array([*values, *(n for entry in relocations for n in entry), *[0] * len(external)], np.int64)
