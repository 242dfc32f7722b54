"""Joins matrix products inside a loop that share an operand, or are added, by joining their weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ..core.graph import ancestors
from ..core.node import Node
from ..ops import add, concatenate, getitem, matmul
from ..ops.broadcasting import Elementwise
from .hoisting import Ranks
from .rewriting import Pass


class JoinProducts(Pass):
    """a @ B, a @ C = slices of a @ [B C]      a @ B + c @ D = [a c] @ [B; D]      B, C, D loop-invariant

    The weights are joined once per call, before the loop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[_Level | None] = []

    def enter(self, order: Sequence[Node], roots: Sequence[Node]) -> None:
        body = self.bodies[-1]
        self.levels.append(_Level(Ranks(body, order, roots), order, {*ancestors(body.nexts)}) if body else None)

    def leave(self) -> None:
        self.levels.pop()

    def node(self, node: Node, was: Node) -> Node | None:
        level = self.levels[-1]
        if level is None:
            return None
        if was in level.sums:
            total = self._sum(level.ranks.terms(was), level.sums[was])
            self.also(total, level.ranks.additions(was))
            return total
        group = level.beside.get(was)
        if group is None:
            return None
        if was is group[0]:
            a, weights = node._inputs[0], [n._inputs[1] for n in group]
            level.joined[was] = matmul(a, concatenate(weights, axis=1))
            self.also(level.joined[was], group)
            self.notes.append(
                f"{len(group)} products of one operand {a.shape} are one, with weights joined side by side"
            )
        start = 0
        for n in group:
            if n is was:
                break
            start += n.shape[1]
        return getitem(level.joined[group[0]], index=(slice(None), slice(start, start + node.shape[1])))

    def _sum(self, terms: list[Node], products: list[Node]) -> Node:
        new = self.rewritten[-1]
        left = concatenate([new[p._inputs[0]] for p in products], axis=1)
        total = matmul(left, concatenate([p._inputs[1] for p in products], axis=0))
        self.also(total, products)
        self.notes.append(f"a sum of {len(products)} products is one, with weights joined on end: {total.shape}")
        joined = {*products}
        for t in terms:
            if t not in joined:
                total = add(new[t], total)
        return total


class _Level:
    """The products of one loop body that can be joined.

    Attributes:
        sums: maps a sum to those of its products that are joined.
        beside: maps a product to the group of all products with the same left operand, in order.
        joined: maps the first product of a group to the joined product.
    """

    def __init__(self, ranks: Ranks, order: Sequence[Node], core: set[Node]) -> None:
        self.ranks = ranks
        self.sums: dict[Node, list[Node]] = {}
        self.beside: dict[Node, list[Node]] = {}
        self.joined: dict[Node, Node] = {}
        for n in order:
            if n._op is add and not ranks.is_part_of_sum(n):
                products = [t for t in ranks.terms(n) if self._is_summand(t, n)]
                if len(products) > 1:
                    self.sums[n] = products
        summed = {p for products in self.sums.values() for p in products}
        groups: defaultdict[tuple[Node, bool], list[Node]] = defaultdict(list)
        for n in order:
            if n not in summed and self._has_fixed_weight(n):
                groups[n._inputs[0], n in core].append(n)
        for group in groups.values():
            if len(group) > 1:
                self.beside |= dict.fromkeys(group, group)

    def _has_fixed_weight(self, n: Node) -> bool:
        return (
            n._op is matmul
            and all(x.ndim == 2 for x in n._inputs)
            and self.ranks.rank(n._inputs[1]) == 0 < self.ranks.rank(n._inputs[0])
        )

    def _is_summand(self, term: Node, total: Node) -> bool:
        """Whether a term is such a product with no other reader, whose left operand can be written in place."""
        return (
            self._has_fixed_weight(term)
            and term.shape == total.shape
            and self.ranks.users[term] == 1
            and isinstance(term._inputs[0]._op, Elementwise)
        )
