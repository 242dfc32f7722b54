"""Rewrite rule: an Einstein sum of two operands becomes a matrix product, which can be hoisted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import ops
from ..core.node import Node
from ..ops.einsum import spell_out


def contract(node: Node) -> Node | None:
    """``einsum("bi,hi->bh", x, w)`` as ``x @ w.T``; None for other ops and for sums that are no matrix product."""
    if node._op is not ops.einsum or len(node._inputs) != 2:
        return None
    x, y = node._inputs
    (left, right), out = spell_out(node._attributes["subscripts"], [x.ndim, y.ndim])
    if not _is_plain(x, y, left, right, out, node):
        return None
    x, left = _summed(x, left, right + out)
    y, right = _summed(y, right, left + out)
    size = dict(zip(left + right, x.shape + y.shape, strict=True))
    batch = [c for c in left if c in right and c in out]
    inner = [c for c in left if c not in out]
    rows, columns = [c for c in left if c not in right], [c for c in right if c not in left]
    a = _as_matrices(x, left, batch, rows, inner, size)
    b = _as_matrices(y, right, batch, inner, columns, size)
    product = ops.matmul(a, b) if inner else ops.multiply(a, b)
    letters = [*batch, *rows, *columns]
    z = ops.reshape(product, tuple(size[c] for c in letters))
    return ops.transpose(z, tuple(letters.index(c) for c in out))


def _is_plain(x: Node, y: Node, left: str, right: str, out: str, node: Node) -> bool:
    """Whether no letter repeats within a term, no axis is broadcast, and all dtypes are the same float dtype."""
    sizes: dict[str, int] = {}
    for c, n in zip(left + right, x.shape + y.shape, strict=True):
        if sizes.setdefault(c, n) != n:
            return False
    single = all(len({*term}) == len(term) for term in (left, right, out))
    return single and x.dtype == y.dtype == node.dtype and node.dtype.kind == "f" and bool(x.size and y.size)


def _summed(x: Node, term: str, elsewhere: str) -> tuple[Node, str]:
    """The operand summed over the letters that occur nowhere else, and its remaining letters."""
    alone = tuple(i for i, c in enumerate(term) if c not in elsewhere)
    return (ops.sum(x, axis=alone) if alone else x), "".join(c for c in term if c in elsewhere)


def _as_matrices(
    x: Node, term: str, batch: Sequence[str], rows: Sequence[str], columns: Sequence[str], size: dict[str, int]
) -> Node:
    """The operand as a matrix (rows, columns), with one leading axis for the letters in ``batch``."""
    order = [*batch, *rows, *columns]
    moved = ops.transpose(x, tuple(term.index(c) for c in order))
    shape = [math.prod(size[c] for c in letters) for letters in (batch, rows, columns)]
    return ops.reshape(moved, tuple(shape if batch else shape[1:]))
