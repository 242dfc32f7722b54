"""Rewrite rule: composite ops such as softmax become element-wise ops and reductions, which can fuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..core.leaves import Constant
from ..core.node import Node
from ..ops.inference import in_floats


def decompose(node: Node) -> Node | None:
    """The value of a composite op as element-wise ops and reductions; None for other ops."""
    rule = RULES.get(node._op)
    return None if rule is None or not node._inputs[0].size else rule(node)


def _by_forward(node: Node) -> Node:
    """`forward` of these ops calls numpy functions, which build a graph when their arguments are nodes."""
    value: Node = node._op.forward(*node._inputs, **node._attributes)  # type: ignore[union-attr]
    return value


def _logsumexp(node: Node) -> Node:
    x, axis = in_floats(node._inputs[0]), node._attributes.get("axis")
    top = ops.max(x, axis=axis, keepdims=True)
    finite = ops.less(ops.abs(top), np.asarray(np.inf, top.dtype))
    top = ops.where(finite, top, np.zeros((), top.dtype))
    total = ops.log(ops.sum(ops.exp(x - top), axis=axis, keepdims=True)) + top
    return ops.astype(ops.reshape(total, node.shape), node.dtype)


def _softmax_cross_entropy(node: Node) -> Node | None:
    logits, labels = node._inputs
    if labels.dtype.kind == "f":
        return -ops.sum(labels * ops.log_softmax(logits), axis=-1)
    logits = in_floats(logits)
    top = ops.max(logits, axis=-1)
    total = ops.sum(ops.exp(logits - top.reshape((*top.shape, 1))), axis=-1)
    # Both terms are shifted by the maximum, as in the op itself.
    return ops.astype(ops.log(total) - (ops.entry(logits, labels) - top), node.dtype)


def _excess(node: Node) -> Node:
    logits, losses, labels = node._inputs
    column = (*labels.shape, 1)
    share = ops.exp(logits - ops.entry(logits, labels).reshape(column) - losses.reshape(column))
    # Class indices as floats are exact below 2 ** 24 classes.
    classes = Constant(np.arange(logits.shape[-1], dtype=node.dtype))
    hit = ops.equal(ops.astype(labels, node.dtype).reshape(column), classes)
    return ops.where(hit, share - 1, share)


RULES: dict[Any, Callable[[Node], Node | None]] = {
    ops.softmax: _by_forward,
    ops.log_softmax: _by_forward,
    ops.logsumexp: _logsumexp,
    ops.softmax_cross_entropy: _softmax_cross_entropy,
    ops.excess: _excess,
}
