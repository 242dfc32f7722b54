"""Cells that are linear in their state, element by element: a scan computes all their steps at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...core.node import Node
from .cell import Cell


class LinearTerms(NamedTuple):
    """The terms of a step s' = a * s + b, y = read(s'); from inputs (T, B, I) those of all steps, on a first axis T.

    Attributes:
        scale: a (B, H), or (H,) if it is the same at each step; a pair (real, imaginary) for complex numbers.
        added: b (B, H), or a pair (real, imaginary).
        read: maps the new state to the output; by default the output is the state.
    """

    scale: Any
    added: Any
    read: Callable[[Any], Node] = lambda s: s


class LinearCell(Cell):
    """A cell that is linear in its state: a subclass defines `linear`, and this class computes the step from it.

    Attributes:
        looks_back: whether the state's second entry is the previous input, which `linear` then gets, too.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> from tinygraph.cells.base.linear import LinearTerms, LinearCell
        >>> class Average(LinearCell):
        ...     def linear(self, x):
        ...         return LinearTerms(0.9, 0.1 * x)
        >>> y, h = Average(3, 3)(np.ones((2, 3)), np.zeros((2, 3)))
        >>> h.shape
        (2, 3)
    """

    looks_back: bool = False
    linear: Callable[..., LinearTerms]
    """``linear(x)`` or ``linear(x, previous_x)``, for the inputs of one step (B, I) or of all steps (T, B, I)."""

    def __call__(self, x: Any, state: Any) -> tuple[Node, Any]:
        h, *before = state if self.looks_back else (state,)
        a, b, read = self.linear(x, *before)
        h = multiply_add(a, h, b)
        y = read(h)
        return y, (h, x) if self.looks_back else h


def multiply_add(a: Any, s: Any, b: Any) -> Any:
    """a * s + b, for arrays or for complex numbers as pairs (real, imaginary)."""
    if not isinstance(b, tuple):
        return a * s + b
    re, im = a[0] * s[0] - a[1] * s[1] + b[0], a[0] * s[1] + a[1] * s[0] + b[1]
    return re, im
