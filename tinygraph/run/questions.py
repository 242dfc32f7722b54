"""What a plan's matrix products ask: how large they are, how they lie, how often they run with the same weight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..plan.actions import Product, Repeat
from .products.question import Question


def question_of(product: Product, in_loop: bool) -> Question:
    """The product as far as its speed depends on it."""
    a, b, out = product.a, product.b, product.out
    (M, K), N = a.shape, b.shape[1]
    return Question(out.dtype.itemsize, (M, N, K), (a.strides[0], a.strides[1]), (b.strides[0], b.strides[1]),
                    out.strides[0], product.fixed if in_loop else (False, False))  # fmt: skip


def steps_around(actions: Iterable[Any], steps: int = 0) -> dict[Product, int]:
    """How often each product in a loop runs in the innermost one around it."""
    found: dict[Product, int] = {}
    for action in actions:
        if isinstance(action, Repeat):
            found |= steps_around(action.actions, action.steps)
        elif isinstance(action, Product) and steps:
            found[action] = steps
    return found
