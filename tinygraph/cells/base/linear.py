"""Cells that are linear in their state, element by element, and may therefore take all steps of a sequence at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...core.node import Node
from .cell import Cell


class Linear(NamedTuple):
    """A step s' = a * s + b, y = read(s'); or, of inputs (T, B, I), all steps.

    Attributes:
        scale: a (B, H), or (H,) where it is the same at each step; a pair (real, imaginary) for complex numbers.
        added: b (B, H), or such a pair.
        read: from the new state to the output, which is the state itself unless said.
    """

    scale: Any
    added: Any
    read: Callable[[Any], Node] = lambda s: s


class LinearCell(Cell):
    """What cells linear in the state share: a subclass writes `linear`, this class the step.

    Attributes:
        looks_back: whether the input before is part of the state, as its second entry, and given to `linear`.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> from tinygraph.cells.base.linear import Linear, LinearCell
        >>> class Average(LinearCell):
        ...     def linear(self, x):
        ...         return Linear(0.9, 0.1 * x)
        >>> y, h = Average(3, 3)(np.ones((2, 3)), np.zeros((2, 3)))
        >>> h.shape
        (2, 3)
    """

    looks_back: bool = False
    linear: Callable[..., Linear]
    """``linear(x)``, or ``linear(x, x_before)``, of one step's inputs (B, I) or of all steps' (T, B, I)."""

    def __call__(self, x: Any, state: Any) -> tuple[Node, Any]:
        s, *before = state if self.looks_back else (state,)
        a, b, read = self.linear(x, *before)
        s = advanced(a, s, b)
        return read(s), (s, x) if self.looks_back else s


def advanced(a: Any, s: Any, b: Any) -> Any:
    """a * s + b, of arrays or of complex pairs."""
    if not isinstance(b, tuple):
        return a * s + b
    return a[0] * s[0] - a[1] * s[1] + b[0], a[0] * s[1] + a[1] * s[0] + b[1]
