"""Forward passes as strangers write them for NumPy, who know nothing of nodes: run as they are, by `tg.recorded`.

`python -m tests.bench.strangers` prints what becomes of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Pass = Callable[[dict[str, Any]], Any]

PASSES: dict[Pass, dict[str, tuple[int, ...]]] = {}
"""Each pass with the shapes of its weights; it takes them as a dict and returns the loss."""


def weights(**shapes: Any) -> Callable[[Pass], Pass]:
    """Notes a pass with its weights: ``W=(3, 4)``, or a number for a vector."""

    def note(fn: Pass) -> Pass:
        PASSES[fn] = {name: shape if isinstance(shape, tuple) else (shape,) for name, shape in shapes.items()}
        return fn

    return note


def values(fn: Pass) -> dict[str, np.ndarray]:
    """The weights of a pass as arrays, the same at each call."""
    rng = np.random.default_rng(len(fn.__name__))
    return {name: rng.normal(size=shape) * 0.4 for name, shape in PASSES[fn].items()}
