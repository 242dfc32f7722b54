"""The properties of a matrix product that its speed depends on, and the smaller product to measure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...plan.actions import Product, Repeat

MOST_ROWS, MOST_ALONG_K, MOST_BYTES = 96, 512, 2 << 20
"""Products with more rows or with a larger weight are measured at these bounds: the GFLOP/s no longer change, and
measuring would take longer. The bounded weight is still larger than the L2 cache, like the whole one."""

MOST_PROBLEMS = 4096
"""So many choices are remembered, the latest."""

MOST_STRIDE = 4096
"""Strides of a up to this one are measured as they are, because they decide how fast a is read."""


@dataclass(frozen=True)
class Problem:
    """A product out = a @ b.

    Attributes:
        size: bytes of an element, 4 or 8.
        shape: M, N, K.
        a, b: their two strides in elements.
        out_m: stride of out along M in elements; along N it is 1.
        packable: whether a and b are invariant in the innermost loop around; False outside of loops.
    """

    size: int
    shape: tuple[int, int, int]
    a: tuple[int, int]
    b: tuple[int, int]
    out_m: int
    packable: tuple[bool, bool] = (False, False)


def problem_of(product: Product, in_loop: bool) -> Problem:
    """The problem of a product action."""
    a, b, out = product.a, product.b, product.out
    (M, K), N = a.shape, b.shape[1]
    return Problem(
        out.dtype.itemsize,
        (M, N, K),
        (a.strides[0], a.strides[1]),
        (b.strides[0], b.strides[1]),
        out.strides[0],
        product.fixed if in_loop else (False, False),
    )


def steps_around(actions: Iterable[Any], steps: int = 0) -> dict[Product, int]:
    """Maps each product inside a loop to the number of steps of the innermost loop around it."""
    product_steps: dict[Product, int] = {}
    for action in actions:
        if isinstance(action, Repeat):
            product_steps |= steps_around(action.actions, action.steps)
        elif isinstance(action, Product) and steps:
            product_steps[action] = steps
    return product_steps


def product_flops(problem: Problem) -> float:
    """2 M N K; an axis of size 0 counts as 1."""
    return 2.0 * math.prod(max(size, 1) for size in problem.shape)


def bounded(problem: Problem) -> Problem:
    """The smaller product to measure in place of this one (see `MOST_ROWS`)."""
    m, n, k = problem.shape
    if m > MOST_ROWS and n > 1:
        m, k = MOST_ROWS, min(k, MOST_ALONG_K)
    # Halving keeps a stride that is a power of two, the worst case for the caches, a power of two.
    while n > 64 and n * k * problem.size > MOST_BYTES:
        n //= 2
    if (m, n, k) == problem.shape:
        return problem
    a = problem.a if min(problem.a) == 1 and max(problem.a) <= MOST_STRIDE else (k, 1)
    b = (n, 1) if problem.b[1] == 1 else (1, k)
    return replace(problem, shape=(m, n, k), a=a, b=b, out_m=n)


def extent(shape: tuple[int, int], strides: tuple[int, int]) -> int:
    """Number of elements in memory between the first and the last element, both included."""
    return 1 + sum((size - 1) * abs(stride) for size, stride in zip(shape, strides, strict=True) if size > 0)


def memory(size: int, count: int) -> np.ndarray:
    """An array of ``count`` ones of ``size`` bytes each, aligned to 64 bytes; all of its pages are touched."""
    dtype = {1: np.uint8, 4: np.float32, 8: np.float64}[size]
    raw = np.ones(count + 64 // size, dtype)
    return raw[-raw.ctypes.data % 64 // size :][:count]
