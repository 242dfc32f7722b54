"""Numbers of each box on a page: statistics, a histogram, its op and rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from ....core.traced import Traced
from ...labels import clean, number, shape
from ...picture import Box
from ...views.formulas import LocalRule, rule
from ...words import told

BINS, TALL = 24, 35
"""Bars of a histogram, and the height of the tallest bar: each height is one digit in base 36."""
FEW = 8
"""Largest array whose elements are all shown."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def fixed(box: Box, rules: dict[LocalRule, int], lang: str) -> dict[str, Any]:
    """Returns what training does not change: name, op, step, shape, attributes, the number of its rule in ``rules``.

    For a box of several nodes or none, the lines of its tooltip.
    """
    title = " ".join(part.text for part in box.title if part.kind != "value")
    facts: dict[str, Any] = {"title": clean(title, 200), "role": box.role}
    node = box.node
    is_alone = node is not None and (not box.tip or box.tip[0].startswith(node.label()))
    if not is_alone:  # a cell, or a group whose result it is
        facts["lines"] = [clean(line, 200) for line in box.tip]
    if node is None:
        return facts
    facts |= {"shape": told(f"{shape(node.shape)} {node.dtype}", lang), "step": node.step}
    facts |= {"name": clean((node.name or "").strip(), 200), "scope": clean(node.scope, 200)}
    if "lines" not in facts:
        facts["op"] = told(node.kind, lang) if node.op is None else clean(node.op.name, 60)
        facts["settings"] = clean(", ".join(f"{k}={v}" for k, v in node.attributes.items()), 120)
        if node.op is not None:
            facts["rule"] = rules.setdefault(rule(type(node.op)), len(rules))
    return {k: v for k, v in facts.items() if v not in ("", None)}


def measured(box: Box) -> dict[str, Any]:
    """Returns what training changes: value, statistics, histogram, gradient norm, as far as known."""
    facts: dict[str, Any] = {"below": "\n".join(clean(line, 60) for line in box.below.split("\n"))}
    value = next((part.text for part in box.title if part.kind == "value"), None)
    if value is not None:
        facts["value"] = clean(value, 40)
    if box.norm is not None:
        facts["norm"] = number(box.norm, 4)
    if box.node is not None and not isinstance(box.node, Traced) and box.node.size and box.node.dtype.kind in "fiub":
        facts |= statistics(box.node.value)
    return facts


def statistics(value: np.ndarray) -> dict[str, Any]:
    """Returns mean, standard deviation, range and histogram of the finite elements, and the number of others."""
    flat = value.ravel().astype(np.float64)
    if flat.size == 1:
        return {"one": number(flat[0], 6)}
    finite = flat[np.isfinite(flat)]
    facts: dict[str, Any] = {"odd": flat.size - finite.size} if finite.size < flat.size else {}
    if not finite.size:
        return facts
    with np.errstate(all="ignore"):
        mean, spread = finite.mean(), finite.std()
        low, high = float(finite.min()), float(finite.max())
    texts = {"mean": mean, "deviation": spread, "low": low, "high": high}
    if flat.size <= FEW:
        facts["elements"] = ", ".join(number(x, 2) for x in flat)
    return facts | {k: number(x, 3) for k, x in texts.items()} | {"bars": _bars(finite, low, high)}


def _bars(x: np.ndarray, low: float, high: float) -> str:
    """Returns the heights from left to right; a bin that is not empty has at least height 1."""
    span = high - low
    if not (0 < span < np.inf):
        return ""
    bins = np.minimum(((x - low) / span * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins)  # the largest number is in the last bin
    heights = np.ceil(counts * (TALL / counts.max())).astype(int)
    return "".join(_DIGITS[h] for h in heights)
