"""Where float32 meets float64 and becomes it, while a function is traced: noted with the user's line."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from .errors import WideningWarning, users_line
from .node import Node
from .scope import now

_NARROW, _WIDE = np.dtype(np.float32), np.dtype(np.float64)
FIX = "a number: float(...); an array: .astype(np.float32); or make all of it float64"


class Widening(NamedTuple):
    """An op that makes float64 of float32."""

    node: Node
    line: str

    def __str__(self) -> str:
        inputs = ", ".join(f"{x.dtype} {x.shape}" for x in self.node.inputs)
        return f"{self.node.label()} of {inputs}: {self.line}"


@contextmanager
def noting() -> Iterator[list[Widening]]:
    """A context that collects the ops that widen float32; within `tracing`."""
    before, now.widenings = now.widenings, []
    try:
        yield now.widenings
    finally:
        now.widenings = before


def note(node: Node) -> None:
    """Called with each new traced node: keeps it if it widens. Gradients widen where their forward op did."""
    if node.dtype != _WIDE or node.origin is not None or len(node.inputs) < 2:
        return  # an op of one input widens it only where it is asked to
    if any(x.dtype == _NARROW for x in node.inputs):
        now.widenings.append(Widening(node, users_line()))


def warn_once(owner: Any, widenings: list[Widening]) -> None:
    """Warns of the first of them; ``owner``, a compiled function, remembers that it did."""
    if not widenings or getattr(owner, "has_warned_of_widening", False):
        return
    owner.has_warned_of_widening = True
    warnings.warn(
        f"compile: float32 becomes float64 in {widenings[0]}\n"
        "  expected  one dtype: what follows is computed in float64, at half the speed or less\n"
        f"  fix       {FIX}",
        WideningWarning,
        stacklevel=4,
    )
