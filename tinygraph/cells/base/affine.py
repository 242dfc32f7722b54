"""x Wᵀ + b, with or without the bias: what every gate starts from."""

from __future__ import annotations

from typing import Any

from ...core.node import Node


def affine(x: Any, weight: Any, bias: Any = None) -> Node:
    """``x @ weight.T + bias``: x (B, I) or (I,), weight (G * H, I), bias (G * H,) or None, to (B, G * H)."""
    y: Node = x @ weight.T
    return y if bias is None else y + bias
