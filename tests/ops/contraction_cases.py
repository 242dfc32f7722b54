"""Cases of the ops that mix places: products, einsum, softmax and its losses."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .case import Array, Case, at, by_lane, joint_shape, places, spaced


def product(w: Array, x: Array) -> Array:
    """The matrix product by its definition, one number of the result at a time."""
    row, column = w.ndim == 1, x.ndim == 1
    w, x = (w[None, :] if row else w), (x[:, None] if column else x)
    lead = joint_shape(w.shape[:-2], x.shape[:-2])
    z = np.zeros((*lead, w.shape[-2], x.shape[-1]))
    for *batch, i, j in places(z.shape):
        left, right = (_lane(batch, a.shape[:-2]) for a in (w, x))
        z[(*batch, i, j)] = math.fsum(w[(*left, i, k)] * x[(*right, k, j)] for k in range(w.shape[-1]))
    z = z[..., 0] if column else z
    return z[..., 0] if row and column else z[..., 0, :] if row else z


def _lane(index: Any, shape: tuple[int, ...]) -> list[int]:
    own = index[len(index) - len(shape) :]
    return [i if n != 1 else 0 for i, n in zip(own, shape, strict=True)]


def contraction(*operands: Array, subscripts: str) -> Array:
    """Einstein's sum by its definition: all values of all letters, one after the other. No ``...``."""
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow:
        out = "".join(sorted(c for c in set(left) - {","} if left.count(c) == 1))
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            sizes[letter] = n if sizes.get(letter, 1) == 1 else sizes[letter]
    z = np.zeros([sizes[c] for c in out])
    for values in itertools.product(*(range(n) for n in sizes.values())):
        place = dict(zip(sizes, values, strict=True))
        factors = [at(x, tuple(place[c] for c in term)) for term, x in zip(terms, operands, strict=True)]
        z[tuple(place[c] for c in out)] += math.prod(factors)
    return z


def _softmax(lane: list[float]) -> list[float]:
    return [1 / math.fsum(math.exp(other - x) for other in lane) for x in lane]


def _log_softmax(lane: list[float]) -> list[float]:
    return [-math.log(math.fsum(math.exp(other - x) for other in lane)) for x in lane]


def _cross_entropy(logits: Array, labels: Array) -> Array:
    losses = np.empty(logits.shape[:-1])
    for index in places(losses.shape):
        logs = _log_softmax(logits[index].tolist())
        if labels.dtype.kind == "f":
            losses[index] = -math.fsum(t * s for t, s in zip(labels[index].tolist(), logs, strict=True))
        else:
            losses[index] = -logs[labels[index]]
    return losses


def _entry(x: Array, labels: Array) -> Array:
    z = np.empty(labels.shape)
    for row in places(labels.shape):
        z[row] = x[row].tolist()[labels[row]]
    return z


def _excess(logits: Array, losses: Array, labels: Array) -> Array:
    z = np.empty(logits.shape)
    for *row, v in places(logits.shape):
        label = labels[tuple(row)]
        normaliser = losses[tuple(row)] + logits[(*row, label)]
        z[(*row, v)] = math.exp(logits[(*row, v)] - normaliser) - (v == label)
    return z


def _ints(values: Any) -> Array:
    return np.array(values, dtype=np.int64)


def _product_case(w: tuple[int, ...], x: tuple[int, ...]) -> Case:
    return Case("matmul", spaced(w, x), product)


def _einsum_case(subscripts: str, *shapes: tuple[int, ...]) -> Case:
    return Case("einsum", spaced(*shapes), contraction, {"subscripts": subscripts})


def _batched_product(w: Array, x: Array, subscripts: str) -> Array:
    return product(w, x)


PRODUCT = [
    _product_case((2, 3), (3, 4)), _product_case((3,), (3,)), _product_case((3,), (3, 2)), _product_case((2, 3), (3,)),
    _product_case((2, 2, 3), (2, 3, 2)), _product_case((2, 2, 3), (3, 2)), _product_case((2, 3), (2, 3, 2)),
    _product_case((2, 1, 2, 3), (2, 3, 1)), _product_case((1, 2, 3), (2, 3, 2)), _product_case((2, 2, 3), (1, 3, 2)),
    _product_case((2, 2, 3), (3,)), _product_case((3,), (2, 3, 2)), _product_case((2, 2, 2, 3), (3, 2)),
    _product_case((0, 3), (3, 2)), _product_case((2, 0), (0, 3)), _product_case((2, 3), (3, 0)),
    _product_case((2, 2, 3), (3, 0)), _product_case((0, 2, 3), (3, 2)), _product_case((2, 0, 3), (3, 2)),
    _product_case((2, 2, 0), (0, 3)), _product_case((0,), (0,)), _product_case((0, 2, 3), (3,)),
]  # fmt: skip

EINSUM = [
    _einsum_case("bi,hi->bh", (2, 3), (4, 3)),
    _einsum_case("ij,jk", (2, 3), (3, 2)),
    _einsum_case("i,j->ij", (2,), (3,)),
    _einsum_case("ij->", (2, 3)),
    _einsum_case("ij->ji", (2, 3)),
    _einsum_case("ii->i", (3, 3)),
    _einsum_case("ii", (3, 3)),
    _einsum_case("iij->j", (2, 2, 3)),
    _einsum_case("ij,ik,kl->jl", (2, 3), (2, 2), (2, 3)),
    _einsum_case("i,i,i->", (3,), (3,), (3,)),
    _einsum_case("ij,k->i", (2, 3), (2,)),
    _einsum_case("bi, hi -> bh", (2, 3), (1, 3)),
    _einsum_case("i,i->i", (1,), (3,)),
    _einsum_case(",i->i", (), (3,)),
    _einsum_case("bi,hi->bh", (0, 3), (2, 3)),
    _einsum_case("bi,hi->bh", (2, 0), (3, 0)),
    _einsum_case("ba", (2, 3)),
    _einsum_case("iji,jk->ik", (2, 3, 2), (3, 2)),
    Case("einsum", spaced((2, 2, 3), (3, 2)), _batched_product, {"subscripts": "...ij,...jk->...ik"}),
    Case("einsum", spaced((2, 3), (2, 3, 2)), _batched_product, {"subscripts": "...ij,...jk"}, note="stretched"),
    Case("einsum", spaced((1, 2, 3), (3, 3, 2)), _batched_product, {"subscripts": "...ij,...jk->...ik"}),
]

SOFTMAX = [
    *(Case(name, spaced(shape), by_lane(fn), {"axis": axis})
      for name, fn in (("softmax", _softmax), ("log_softmax", _log_softmax))
      for shape, axis in (((3,), -1), ((2, 3), 1), ((2, 3), 0), ((2, 3, 2), -2), ((0, 3), -1), ((2, 1), -1))),
    *(Case("softmax_cross_entropy", (*spaced(logits), _ints(labels)), _cross_entropy, note="labels")
      for logits, labels in (((3,), 2), ((2, 3), [0, 2]), ((2, 2, 3), [[0, 2], [1, 1]]), ((0, 3), []),
                               ((2, 1), [0, 0]))),
    *(Case("softmax_cross_entropy", (*spaced(shape), *spaced(shape, low=0.1, high=1.0)), _cross_entropy, note="dense")
      for shape in ((3,), (2, 3), (2, 2, 3), (0, 3))),
    *(Case("entry", (*spaced(shape), _ints(labels)), _entry)
      for shape, labels in (((3,), 2), ((2, 3), [0, 2]), ((2, 2, 3), [[0, 2], [1, 1]]), ((0, 3), []))),
    *(Case("excess", (*spaced(logits, np.shape(labels)), _ints(labels)), _excess)
      for logits, labels in (((3,), 2), ((2, 3), [0, 2]), ((2, 2, 3), [[0, 2], [1, 1]]), ((0, 3), []),
                               ((2, 1), [0, 0]))),
]  # fmt: skip

CASES = [*PRODUCT, *EINSUM, *SOFTMAX]
