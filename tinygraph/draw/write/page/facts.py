"""Numbers behind each box, worked out when a page is written: statistics, a histogram, how it is made."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....core.node import Node
from ....core.traced import Traced
from ...labels import clean, number, shape
from ...picture import Box
from ...views.formulas import LocalRule, rule

BINS, TALL = 24, 35
"""Bars of a histogram, and the height of the tallest: a digit of base 36 each."""
FEW = 8
"""Of so many elements each is told."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def fixed(box: Box, rules: dict[LocalRule, int]) -> dict[str, Any]:
    """What training does not change: name, op, place, shape, settings, the number of its rule in ``rules``.

    Of a box that holds several nodes, or none, the lines of its tooltip.
    """
    title = " ".join(part.text for part in box.title if part.kind != "value")
    known: dict[str, Any] = {"title": clean(title, 200), "role": box.role}
    node = box.node
    if node is None or not _alone(box, node):
        known["lines"] = [clean(line, 200) for line in box.tip]
    if node is None:
        return known
    known |= {"shape": f"{shape(node.shape)} {node.dtype}", "step": node.step}
    known |= {"name": clean((node.name or "").strip(), 200), "scope": clean(node.scope, 200)}
    if "lines" not in known:
        known["op"] = clean(node.kind if node.op is None else node.op.name, 60)
        known["settings"] = clean(", ".join(f"{k}={v}" for k, v in node.attributes.items()), 120)
        if node.op is not None:
            known["rule"] = rules.setdefault(rule(type(node.op)), len(rules))
    return {k: v for k, v in known.items() if v not in ("", None)}


def _alone(box: Box, node: Node) -> bool:
    """Whether the box is this one node, and not a cell or a row whose result it is."""
    return not box.tip or box.tip[0].startswith(node.label())


def measured(box: Box) -> dict[str, Any]:
    """What training changes: value, statistics, histogram, gradient norm; empty where none is known."""
    known: dict[str, Any] = {"below": "\n".join(clean(line, 60) for line in box.below.split("\n"))}
    value = next((part.text for part in box.title if part.kind == "value"), None)
    if value is not None:
        known["value"] = clean(value, 40)
    if box.norm is not None:
        known["norm"] = number(box.norm, 4)
    if box.node is not None and not isinstance(box.node, Traced) and box.node.size and box.node.dtype.kind in "fiub":
        known |= statistics(box.node.value)
    return known


def statistics(value: np.ndarray) -> dict[str, Any]:
    """Mean, deviation, range and histogram of the finite elements, and how many are not."""
    flat = value.ravel().astype(np.float64)
    if flat.size == 1:
        return {"one": number(float(flat[0]), 6)}
    finite = flat[np.isfinite(flat)]
    known: dict[str, Any] = {"odd": int(flat.size - finite.size)} if finite.size < flat.size else {}
    if not finite.size:
        return known
    with np.errstate(all="ignore"):
        mean = float(finite.sum()) / finite.size
        spread = float(((finite - mean) ** 2).sum() / finite.size) ** 0.5
        low, high = float(finite.min()), float(finite.max())
    texts = {"mean": mean, "deviation": spread, "low": low, "high": high}
    if flat.size <= FEW:
        known["elements"] = ", ".join(number(float(x), 2) for x in flat)
    return known | {k: number(x, 3) for k, x in texts.items()} | {"bars": _bars(finite, low, high)}


def _bars(x: np.ndarray, low: float, high: float) -> str:
    """Heights from left to right; a bin that holds anything at all shows."""
    span = high - low
    if not (0 < span < np.inf):
        return ""
    at = np.minimum(((x - low) * (BINS / span)).astype(int), BINS - 1)
    counts = np.bincount(at, minlength=BINS)
    heights = np.ceil(counts * (TALL / counts.max())).astype(int)
    return "".join(_DIGITS[h] for h in heights)
