"""The affine map x Wᵀ + b, with or without the bias, which every gate starts from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.leaves import node_of
from ...core.node import Node


def affine(x: Any, weight: Any, bias: Any = None) -> Node:
    """``x @ weight.T + bias``: maps x (B, I) or (I,) to (B, G * H); weight (G * H, I), bias (G * H,) or None.

    Integers, such as one-hot vectors, take the dtype of the weight, which numpy would widen for them.
    """
    if not isinstance(x, (Node, np.ndarray)) and hasattr(x, "__array__"):  # a tensor
        x = node_of(x)
    if x.dtype.kind in "iub":
        x = x.astype(weight.dtype)
    y: Node = x @ weight.T
    return y if bias is None else y + bias
