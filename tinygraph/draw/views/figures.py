"""Numbers of arrays as words of a box: the first ones, and mean, deviation and range."""

from __future__ import annotations

import math

import numpy as np

from ...core.node import Node
from ...core.traced import Traced
from ..labels import number

TINY = 16
"""Largest array for which statistics in plain Python are faster than numpy's."""
FEW = 4
"""Most numbers of an array that its box shows."""


def figures(node: Node) -> str:
    """Returns the first numbers of an array: ``0.12``, ``[0.12 -0.40 …]``; of a matrix the first row."""
    if isinstance(node, Traced) or not node.size:
        return ""
    row = node.value.reshape(-1, *node.shape[-1:])[0] if node.shape else node.value
    texts = [number(float(x)) if x.dtype.kind == "f" else str(x) for x in row.reshape(-1)[:FEW]]
    if not node.shape:
        return texts[0]
    inner = f"[{' '.join(texts)}{' …' if node.shape[-1] > FEW else ''}]"
    more = " …" if node.size > node.shape[-1] else ""
    return "[" * (node.ndim - 1) + inner + (more + "]" * (node.ndim - 1) if node.ndim > 1 else "")


def statistics(x: np.ndarray) -> str:
    """Returns mean, standard deviation and range of an array in one line."""
    if x.size == 1:
        return f"value {number(float(x.ravel()[0]), 6)}"
    flat = x.ravel()
    if x.size <= TINY:
        figures = _few(flat.tolist())
    else:
        with np.errstate(all="ignore"):
            figures = flat.mean(), flat.std(), flat.min(), flat.max()
    return "mean {}, std {}, min {}, max {}".format(*[number(float(v), 3) for v in figures])


def _few(x: list[float]) -> tuple[float, float, float, float]:
    """Returns mean, standard deviation, minimum and maximum in plain Python: a fifth of numpy's time if few."""
    mean = sum(x) / len(x)
    if not math.isfinite(mean):
        return mean, math.nan, *((math.nan, math.nan) if any(v != v for v in x) else (min(x), max(x)))
    return mean, math.sqrt(sum([(v - mean) ** 2 for v in x]) / len(x)), min(x), max(x)
