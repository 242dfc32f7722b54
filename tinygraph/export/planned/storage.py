"""Where the buffers of a plan lie in generated code: work memory, and results that may be an argument's array."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ...plan.actions import Buffer, Elementwise, View
from ...plan.emission import copy
from ...plan.memory import lay_out
from ...plan.views import whole
from .lowering import Lowered, Port
from .reading import buffers, flat, read, written
from .walk import KINDS

WIDE = {"real": np.dtype(np.float64), "whole": np.dtype(np.int64), "flag": np.dtype(bool)}
"""All buffers of a kind count as one dtype, so that offsets are those of elements."""


def set_apart(lowered: Lowered, count: int | None = None) -> None:
    """Gives results a place of their own where writing them to an argument's array would spoil what is still read.

    So a result may be written to the array of an argument of its size: the state after a step to that before it.
    ``count``: how many of the results, by default all.
    """
    inputs = [port for port in lowered.inputs if port.buffer is not None]
    for k, port in enumerate(lowered.outputs[:count]):
        alike = [p.buffer for p in inputs if prod(p.shape) == prod(port.shape) and p.dtype.kind == port.dtype.kind]
        if any(_spoils(lowered.actions, port.buffer, buffer) for buffer in alike):
            inner, outer = port.buffer, Buffer("result", prod(port.shape), port.dtype, k)
            assert inner is not None
            inner.kind, inner.depth = "scratch", 0
            lowered.actions.append(copy(whole(inner, port.shape), whole(outer, port.shape)))
            lowered.outputs[k] = Port(port.word, port.shape, port.dtype, outer)


def _spoils(actions: list[Any], result: Buffer | None, argument: Buffer | None) -> bool:
    """Whether the argument is read after the first write to the result, by other elements than those being written."""
    seen = False
    for action in actions:
        parts = [*flat([action])]
        reads = [v for part in parts for v in read(part) if v.buffer is argument]
        writes = [v for part in parts for v in written(part) if v.buffer is result]
        if reads and seen:
            return True
        in_place = isinstance(action, Elementwise) and all(_same(a, b) for a in reads for b in writes)
        if reads and writes and not in_place:
            return True
        seen = seen or bool(writes)
    return False


def _same(a: View, b: View) -> bool:
    """Whether two views go through their buffers alike."""
    own, other = ([s for n, s in zip(v.shape, v.strides, strict=True) if n > 1] for v in (a, b))
    return a.shape == b.shape and own == other and a.offset == b.offset


@dataclass
class Work:
    """The most elements of work memory of each kind that a function needs."""

    real: int = 0
    whole: int = 0
    flag: int = 0

    def fit(self, actions: list[Any]) -> None:
        """Places the scratch buffers; the sizes grow where that is needed."""
        for buffer in buffers(actions):
            buffer.dtype = WIDE[KINDS[buffer.dtype.kind]]
        for kind, dtype in WIDE.items():
            size = lay_out(actions, dtype.itemsize, lambda buffer, kind=kind: KINDS[buffer.dtype.kind] == kind)  # type: ignore[misc]
            setattr(self, kind, max(getattr(self, kind), size // dtype.itemsize))
