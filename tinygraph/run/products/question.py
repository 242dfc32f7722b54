"""A matrix product as far as its speed depends on it, and the smaller one that is measured in its place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...plan.actions import Product, Repeat

MOST_ROWS, MOST_ALONG_K, MOST_BYTES = 96, 512, 2 << 20
"""Products with more rows, or with a larger weight, are measured on fewer: the rate no longer changes, and measuring
would take longer. The weight that is left still lies beyond the second cache, as the whole one does."""

MOST_STRIDE = 4096
"""The strides of a are kept up to this one, for they decide how well it is read."""


@dataclass(frozen=True)
class Question:
    """A product out = a @ b.

    Attributes:
        size: bytes of an element, 4 or 8.
        shape: M, N, K.
        a, b: their two strides in elements.
        out_m: the stride of out along M in elements; along N it is 1.
        packable: whether a and b stay the same during the innermost loop around, and there is one.
    """

    size: int
    shape: tuple[int, int, int]
    a: tuple[int, int]
    b: tuple[int, int]
    out_m: int
    packable: tuple[bool, bool] = (False, False)


def question_of(product: Product, in_loop: bool) -> Question:
    """The product as far as its speed depends on it."""
    a, b, out = product.a, product.b, product.out
    (M, K), N = a.shape, b.shape[1]
    return Question(
        out.dtype.itemsize,
        (M, N, K),
        (a.strides[0], a.strides[1]),
        (b.strides[0], b.strides[1]),
        out.strides[0],
        product.fixed if in_loop else (False, False),
    )


def steps_around(actions: Iterable[Any], steps: int = 0) -> dict[Product, int]:
    """How often each product in a loop runs in the innermost one around it."""
    found: dict[Product, int] = {}
    for action in actions:
        if isinstance(action, Repeat):
            found |= steps_around(action.actions, action.steps)
        elif isinstance(action, Product) and steps:
            found[action] = steps
    return found


def product_flops(question: Question) -> float:
    """2 M N K; an axis of none counts as one."""
    return 2.0 * math.prod(max(size, 1) for size in question.shape)


def bounded(question: Question) -> Question:
    """The product that is measured in place of this one; see `MOST_ROWS`."""
    m, n, k = question.shape
    if m > MOST_ROWS and n > 1:
        m, k = MOST_ROWS, min(k, MOST_ALONG_K)
    # Halves, so that a stride that is a power of two, which the caches like least, stays one.
    while n > 64 and n * k * question.size > MOST_BYTES:
        n //= 2
    if (m, n, k) == question.shape:
        return question
    a = question.a if min(question.a) == 1 and max(question.a) <= MOST_STRIDE else (k, 1)
    b = (n, 1) if question.b[1] == 1 else (1, k)
    return replace(question, shape=(m, n, k), a=a, b=b, out_m=n)


def extent(shape: tuple[int, int], strides: tuple[int, int]) -> int:
    """Elements from the first to the last."""
    return 1 + sum((size - 1) * abs(stride) for size, stride in zip(shape, strides, strict=True) if size > 0)


def memory(size: int, count: int) -> np.ndarray:
    """``count`` ones of ``size`` bytes each, at a multiple of 64 bytes, all of it touched."""
    kind = {1: np.uint8, 4: np.float32, 8: np.float64}[size]
    raw = np.ones(count + 64 // size, kind)
    return raw[-raw.ctypes.data % 64 // size :][:count]
