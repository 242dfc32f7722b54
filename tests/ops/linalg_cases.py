"""Cases of the ops on square matrices, each answered by its definition: permutations, cofactors, sums of products."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .case import Array, Case, joint_shape, places, spaced


def determinant(rows: list[list[float]]) -> float:
    """Leibniz' sum over all permutations."""
    n, terms = len(rows), []
    for order in itertools.permutations(range(n)):
        swaps = sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        terms.append((-1) ** swaps * math.prod(rows[i][order[i]] for i in range(n)))
    return math.fsum(terms)


def inverse(rows: list[list[float]]) -> list[list[float]]:
    """Cofactors over the determinant."""
    n, d = len(rows), determinant(rows)

    def minor(i: int, j: int) -> float:
        return determinant([[rows[a][b] for b in range(n) if b != j] for a in range(n) if a != i])

    return [[(-1) ** (i + j) * minor(j, i) / d for j in range(n)] for i in range(n)]


def root(rows: list[list[float]]) -> list[list[float]]:
    """The lower triangle by rows, from the lower triangle."""
    n = len(rows)
    z = [[0.0] * n for _ in rows]
    for i in range(n):
        for j in range(i + 1):
            rest = rows[i][j] - math.fsum(z[i][k] * z[j][k] for k in range(j))
            z[i][j] = math.sqrt(rest) if i == j else rest / z[j][j]
    return z


def sign_and_logarithm(rows: list[list[float]]) -> tuple[float, float]:
    d = determinant(rows)
    return math.copysign(1, d), math.log(abs(d))


def by_matrix(fn: Callable[[list[list[float]]], Any], shape: Callable[[int], tuple[int, ...]]) -> Any:
    """A reference that takes the matrices one by one."""

    def reference(x: Array) -> Array:
        z = np.empty((*x.shape[:-2], *shape(x.shape[-1])))
        for index in places(x.shape[:-2]):
            z[index] = fn(x[index].tolist())
        return z

    return reference


def solution(x: Array, b: Array) -> Array:
    lead = joint_shape(x.shape[:-2], b.shape[:-2])
    x, b = (np.broadcast_to(a, (*lead, *a.shape[-2:])) for a in (x, b))
    z = np.empty((*lead, *b.shape[-2:]))
    for index in places(lead):
        inverted = inverse(x[index].tolist())
        for i, j in places(z.shape[-2:]):
            z[(*index, i, j)] = math.fsum(inverted[i][k] * b[(*index, k, j)] for k in range(x.shape[-1]))
    return z


def regular(*shape: int) -> Array:
    """Matrices with a large diagonal; as those of `cholesky` they need not be symmetric."""
    (x,) = spaced(shape, low=-0.9, high=0.9)
    return x + 2.5 * np.eye(shape[-1])


SHAPES = [(3, 3), (2, 2, 2), (0, 2, 2), (1, 1)]

PAIRS = [((3, 3), (3, 2)), ((2, 2, 2), (2, 3)), ((2, 2), (3, 2, 1)), ((1, 2, 2), (3, 2, 2))]
"""Shapes of a matrix and of what it is solved for."""

CASES = [
    *(Case("inv", (regular(*s),), by_matrix(inverse, lambda n: (n, n))) for s in SHAPES),
    *(Case("det", (regular(*s),), by_matrix(determinant, lambda n: ())) for s in SHAPES),
    *(
        Case("slogdet", (x,), by_matrix(sign_and_logarithm, lambda n: (2,)))
        for x in [*(regular(*s) for s in SHAPES), regular(3, 3)[::-1].copy()]
    ),
    *(Case("cholesky", (regular(*s),), by_matrix(root, lambda n: (n, n))) for s in SHAPES),
    *(Case("solve", (regular(*x), *spaced(b)), solution) for x, b in [*PAIRS, ((0, 2, 2), (2, 1))]),
]
