"""Rewrites a sum over time of matrix products as one product over the joined axis of time and rows."""

from __future__ import annotations

from .. import ops
from ..core.node import Node
from ..core.scope import now
from .rewriting import Pass, select


class SumProducts(Pass):
    """sum_t A_t @ B_t = [A_1 ... A_T] @ [B_1; ...; B_T]      A_t: (M, K)  B_t: (K, N)

    The gradient with respect to a weight is such a sum. The order of summation, and the rounding, is that of BLAS.
    """

    def node(self, node: Node, was: Node) -> Node | None:
        if node._op is not ops.sum or node._attributes.get("axis") not in (0, (0,)):
            return None
        x = node._inputs[0]
        if x._op is None or not x._op.selects or isinstance(x._attributes["of"], int):
            return None
        if x.dtype != node.dtype:
            return None  # of booleans and small integers the sum has a wider dtype than the products
        total = self._total(x._inputs[0], x._attributes["of"])
        if total is not None:
            self.also(total, [was])
        return total

    def _total(self, over: Node, term: Node) -> Node | None:
        """The sum over all steps of ``term``, a node of the body."""
        if self._is_joined(term):
            parts = [self._total(over, x) for x in term._inputs]
            if all(p is None for p in parts):
                return None
            now.place = term._place
            sums = [
                ops.sum(select(over, x), axis=(0,)) if p is None else p
                for p, x in zip(parts, term._inputs, strict=True)
            ]
            return sums[0] + sums[1] if term._op is ops.add else ops.concatenate(sums, **term._attributes)
        if term._op is ops.transpose or term._op is ops.reshape or term._op is ops.negative:
            inner = self._total(over, term._inputs[0])
            now.place = term._place
            return None if inner is None else term._op(inner, **term._attributes)
        if term._op is ops.matmul and all(x.ndim == 2 for x in term._inputs):
            now.place = term._place
            return self._joined(over, *term._inputs)
        return None

    def _is_joined(self, term: Node) -> bool:
        """Whether the sum of the term is the sum, or the join, of the sums of its inputs."""
        same = all(x.dtype == term.dtype for x in term._inputs)
        is_sum = term._op is ops.add and all(x.shape == term.shape for x in term._inputs)
        return same and (is_sum or term._op is ops.concatenate)

    def _joined(self, over: Node, a: Node, b: Node) -> Node:
        T, (K, N) = over._attributes["body"].steps, b.shape
        M = a.shape[0]
        self.notes.append(f"a sum over {T} steps of products ({M}, {K}) @ ({K}, {N}) is one product over {T * K} rows")
        joined_b = ops.reshape(select(over, b), (T * K, N))
        if a._op is ops.transpose:
            joined_a = ops.transpose(ops.reshape(select(over, a._inputs[0]), (T * K, M)), (1, 0))
        else:
            joined_a = ops.reshape(ops.transpose(select(over, a), (1, 0, 2)), (M, T * K))
        return ops.matmul(joined_a, joined_b)
