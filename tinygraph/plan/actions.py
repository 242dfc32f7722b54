"""What a plan is made of: buffers of memory, views into them, and the actions that fill them in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Buffer:
    """One piece of memory.

    Attributes:
        kind: ``"argument"`` (given by the caller), ``"parameter"`` (read at each call), ``"constant"``,
            ``"scratch"`` (the plan's own, kept from call to call) or ``"result"`` (new at each call).
        size: in elements.
        dtype: of its elements.
        source: of a parameter its node, of a constant its array, of an argument or result its number.
        depth: how many loops enclose the place where it was made: it lives through all deeper ones.
        offset_bytes: of scratch, where it lies in the plan's one block of memory.
    """

    kind: str
    size: int
    dtype: np.dtype
    source: Any = None
    depth: int = 0
    offset_bytes: int = -1

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class View:
    """Part of a buffer seen as an array.

    Attributes:
        offset: of the first element, in elements.
        shape: sizes of the axes.
        strides: in elements, one an axis; 0 where an axis is broadcast.
        per_step: in elements, how far the view moves with each step of the loops around it, the
            outermost first; missing entries at the end are 0.
    """

    buffer: Buffer
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    per_step: tuple[int, ...] = ()

    @property
    def dtype(self) -> np.dtype:
        return self.buffer.dtype


@dataclass(frozen=True, eq=False)
class Instruction:
    """One element-wise op inside a fused loop: ``op`` of earlier values.

    Attributes:
        op: the name of the op (``"add"``, ``"tanh"``, ``"copy"``, ...).
        args: numbers of its operands: the loads come first, then the instructions in order.
        dtype: of its result.
        attributes: its settings (``a_min``, ...).
    """

    op: str
    args: tuple[int, ...]
    dtype: np.dtype
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Elementwise:
    """A chain of element-wise ops as one pass over ``shape``.

    Attributes:
        shape: the sizes of the loops.
        loads: views of the rank of ``shape``, stride 0 where they are broadcast.
        instructions: in order.
        stores: pairs of a value's number (as in `Instruction.args`) and the view it goes to. A store
            may be the very view of a load (in place), and overlaps no other.
        reduces: kind (``"sum"``, ``"max"``, ``"min"``), number of an instruction's value, and the view of ``shape``
            without its last axis that gets the value reduced along that axis.
    """

    shape: tuple[int, ...]
    loads: tuple[View, ...]
    instructions: tuple[Instruction, ...]
    stores: tuple[tuple[int, View], ...]
    reduces: tuple[tuple[str, int, View], ...] = ()


@dataclass(frozen=True, eq=False)
class Reduction:
    """out = the sum, max or min of ``x`` over ``axes``      out: x's shape without ``axes``"""

    kind: str
    x: View
    out: View
    axes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Product:
    """out = a @ b      a: (M, K)  b: (K, N)  out: (M, N), whose last axis has stride 1

    a and b may be transposed views: one of their two strides is 1 (or their size 1).
    ``fixed``: which of a, b stay the same during the innermost loop around (weights), so that they may be packed.
    """

    a: View
    b: View
    out: View
    fixed: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, eq=False)
class Call:
    """out = op.forward(*inputs, **attributes), by numpy: whatever has no form of its own."""

    op: Any
    inputs: tuple[View, ...]
    attributes: dict[str, Any]
    out: View


@dataclass(frozen=True, eq=False)
class Repeat:
    """``actions`` run ``steps`` times; views move by their ``per_step`` entry number ``depth``."""

    steps: int
    depth: int
    actions: tuple[Any, ...]
