"""Whole numbers have 32 bits in generated code: what would not be the same there is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from ...core.errors import GraphError
from ...ops.broadcasting import Elementwise as ElementwiseOp
from ...plan.actions import Call
from .reading import flat, read

LARGEST = (1 << 31) - 1
KEEP = ("clip", "maximum", "minimum", "stop_gradient", "where")
"""Ops whose results are among their operands, so that no bits are lost."""


def check_bits(actions: Iterable[Any], arrays: Iterable[ndarray]) -> None:
    """Refuses arithmetic that wraps around in fewer bits, or in none below 0, and numbers that need more bits."""
    constants = []
    for action in flat(actions):
        if isinstance(action, Call) and _computes(action.op) and action.op.name not in KEEP:
            _check_wrapping(action)
        constants += [np.asarray(v.buffer.source) for v in read(action) if v.buffer.kind == "constant"]
    for array in [*constants, *arrays]:
        if array.dtype.kind in "iu" and array.size and not -LARGEST <= array.min() <= array.max() <= LARGEST:
            got = f"{array.min()} to {array.max()}"
            expected = f"{-LARGEST} to {LARGEST}"
            raise GraphError("export: whole numbers have 32 bits there", expected=expected, got=got, fix="use floats")


def _computes(op: Any) -> bool:
    """Whether its results have the dtype of its operands and other numbers; sums and products of an array are wider."""
    return isinstance(op, ElementwiseOp) or op.name in ("einsum", "matmul")


def _check_wrapping(action: Call) -> None:
    dtype = action.out.dtype
    if dtype.kind == "u" or (dtype.kind == "i" and dtype.itemsize < 4):
        info = np.iinfo(dtype)
        problem = f"export: {action.op.name} of {dtype} wraps around at {info.min} and {info.max}"
        raise GraphError(problem, fix="x.astype(np.int32) before it")
