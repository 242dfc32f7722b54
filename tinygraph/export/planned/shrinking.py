"""Weights in 8 bits: each row of a matrix as whole numbers from -127 to 127 times a scale of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...plan.actions import Buffer, Call, Product, View
from ...run.backends import NUMPY
from ...run.runner import Runner
from .lowering import Lowered, Small
from .reading import flat, read

SMALLEST = 64
"""Matrices of fewer numbers stay as they are: they would save less than their scales and the products cost."""


def shrink(lowered: Lowered) -> float:
    """Writes the weights of matrix products and embeddings in 8 bits; the largest change of a result.

    The change is relative to the largest number of that result, for the example.
    """
    for buffer, columns in _matrices(lowered.actions).items():
        rows = np.asarray(buffer.source, np.float64).reshape(-1, columns)
        scales = np.abs(rows).max(axis=1) / 127
        scales[scales == 0] = 1
        small = Small(np.rint(rows / scales[:, None]).astype(np.int8), scales.astype(np.float32).astype(np.float64))
        lowered.small[buffer] = small
        buffer.source = (small.numbers * small.scales[:, None]).astype(buffer.dtype).reshape(-1)
    before = lowered.expected
    held = [a for port, a in zip(lowered.inputs, lowered.arrays, strict=True) if port.buffer is not None]
    lowered.expected = Runner(lowered.program, NUMPY).run([np.ascontiguousarray(a) for a in held])
    return max((_apart(a, b) for a, b in zip(lowered.expected, before, strict=True)), default=0.0)


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    if b.dtype.kind != "f" or not b.size:
        return 0.0
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))


def _matrices(actions: Iterable[Any]) -> dict[Buffer, int]:
    """The columns of each constant matrix that products and embeddings alone read."""
    columns: dict[Buffer, set[int]] = {}
    for action in flat(actions):
        for view in read(action):
            if view.buffer.kind == "constant" and view.dtype.kind == "f" and view.buffer.size >= SMALLEST:
                columns.setdefault(view.buffer, set()).add(_columns(action, view))
    return {b: c for b, own in columns.items() for c in [max(own)] if len(own) == 1 and c > 1 and not b.size % c}


def _columns(action: Any, view: View) -> int:
    """The columns of the matrix of which a product or an embedding reads the view; 0 for all else."""
    looked_up = isinstance(action, Call) and action.op.name == "take" and action.attributes.get("axis") == 0
    if not (isinstance(action, Product) or (looked_up and view is action.inputs[0])) or len(view.shape) != 2:
        return 0
    strides = sorted(view.strides)
    return strides[1] if strides[0] == 1 and min(view.shape) > 1 and not any(view.per_step) else 0
