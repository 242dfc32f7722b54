"""The parts of a plan: buffers of memory, views of them, and the actions that fill them in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Buffer:
    """A contiguous piece of memory.

    Attributes:
        kind: ``"argument"`` (passed by the caller), ``"parameter"`` (read at each call), ``"constant"``,
            ``"scratch"`` (temporary memory that every call reuses) or ``"result"`` (allocated at each call).
        size: number of elements.
        dtype: dtype of the elements.
        source: the node of a parameter, the array of a constant, the index of an argument or a result.
        depth: number of loops around its definition; the buffer stays alive through all deeper loops.
        offset_bytes: offset of a scratch buffer in the plan's memory block; -1 until `memory.lay_out` sets it.
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
    """A strided view of a buffer.

    Attributes:
        offset: position of the first element, in elements.
        shape: sizes of the axes.
        strides: one per axis, in elements; 0 for a broadcast axis.
        per_step: for each loop around the view, outermost first, the elements by which the view moves at each
            step; missing entries at the end are 0.
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
    """One element-wise op inside a fused loop: ``op`` applied to earlier values.

    Attributes:
        op: name of the op (``"add"``, ``"tanh"``, ``"copy"``, ...).
        args: indices of its operands: the loads come first, then the instructions in order.
        dtype: dtype of the result.
        attributes: keyword arguments of the op (``a_min``, ...).
    """

    op: str
    args: tuple[int, ...]
    dtype: np.dtype
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Elementwise:
    """A fused chain of element-wise ops: one pass over ``shape``.

    Attributes:
        shape: sizes of the loops.
        loads: views of the rank of ``shape``; stride 0 along broadcast axes.
        instructions: the ops in order.
        stores: pairs of a value's index (as in `Instruction.args`) and the view it is written to. A store may be
            identical to the view of a load (in place) and overlaps no other view.
        reduces: triples of a kind (``"sum"``, ``"max"``, ``"min"``), the index of an instruction's value, and the view
            (of ``shape`` without its last axis) that receives the value reduced along the last axis.
    """

    shape: tuple[int, ...]
    loads: tuple[View, ...]
    instructions: tuple[Instruction, ...]
    stores: tuple[tuple[int, View], ...]
    reduces: tuple[tuple[str, int, View], ...] = ()


@dataclass(frozen=True, eq=False)
class Reduction:
    """out = the sum, max or min of ``x`` over ``axes``      out: the shape of x without ``axes``"""

    kind: str
    x: View
    out: View
    axes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Product:
    """out = a @ b      a: (M, K)  b: (K, N)  out: (M, N), whose last axis has stride 1

    a and b may be transposed views: one of their two strides is 1 (or the size of that axis is 1).
    ``fixed``: whether a, b are invariant in the innermost loop around (weights), so that they can be packed once.
    """

    a: View
    b: View
    out: View
    fixed: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, eq=False)
class Call:
    """out = op.forward(*inputs, **attributes), computed by numpy: for ops that no other action covers."""

    op: Any
    inputs: tuple[View, ...]
    attributes: dict[str, Any]
    out: View


@dataclass(frozen=True, eq=False)
class Repeat:
    """A loop: ``actions`` run ``steps`` times; after each step every view moves by ``per_step[depth]``."""

    steps: int
    depth: int
    actions: tuple[Any, ...]
