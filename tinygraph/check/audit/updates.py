"""Gradients of a backward pass that updates the weights itself: what it takes away from each of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import ops
from ...core.leaves import Constant
from ...core.node import Node

UPDATE = "(update)"
"""The name of a node that stands for what an update takes away."""


def is_kept(after: Any, leaf: Node) -> bool:
    """Whether the array is still the copy of the parameter that the run began with, or a copy of that."""
    while isinstance(after, Node) and after.op is ops.copy:
        after = after.inputs[0]
    return after is leaf


def taken_away(before: Any, after: Any) -> Any:
    """What an update subtracts: of nodes the one that it subtracts, if it is one, so that it knows its line.

    Args:
        before: the parameter, as an array or a leaf.
        after: what stands in its place now.
    """
    if not isinstance(after, Node) or not isinstance(before, Node):
        return np.asarray(before) - np.asarray(after)
    for sign, term in _terms(after, before):
        plain, negative = _without_ones(term)
        subtracts = (sign < 0) != negative
        if subtracts and plain.shape == before.shape:
            return plain
        return _at_the_line_of(after, ops.negative(plain) if not subtracts else ops.subtract(before, after))
    return _at_the_line_of(after, ops.subtract(before, after))


def _at_the_line_of(after: Node, node: Node) -> Node:
    """The node, as if the line of the update had made it."""
    node._place, node.name = after._place, UPDATE
    return node


def rate_in(before: Node, after: Any) -> float | None:
    """The number below 1 by which an update multiplies what it takes away; None if there is none such."""
    terms = _terms(after, before) if isinstance(after, Node) else []
    factors = [_factor(term)[0] for _, term in terms]
    return abs(factors[0]) if factors and 0 < abs(factors[0]) < 1 else None


def without_rate(term: Any, rate: float) -> Any:
    """The gradient in ``rate * gradient``."""
    if not isinstance(term, Node):
        return term / rate
    plain, factor = (term.inputs[0], -1) if term.op is ops.negative else (term, 1)
    number, inner = _factor(plain)
    if inner is not None and abs(abs(number) - rate) < 1e-12 * rate:
        return ops.negative(inner) if number * factor < 0 else inner
    return ops.divide(term, rate)


def _terms(after: Node, leaf: Node) -> list[tuple[int, Node]]:
    """Sign and node of what is added to the parameter, if it is one."""
    if after.op is ops.subtract and is_kept(after.inputs[0], leaf):
        return [(-1, after.inputs[1])]
    if after.op is ops.add:
        a, b = after.inputs
        if is_kept(a, leaf):
            return [(1, b)]
        if is_kept(b, leaf):
            return [(1, a)]
    return []


def _without_ones(term: Node) -> tuple[Node, bool]:
    """The node without factors of 1 and -1, and whether there is a minus."""
    negative = False
    while True:
        number, inner = _factor(term)
        if term.op is ops.negative:
            term, negative = term.inputs[0], not negative
        elif inner is not None and number in (1.0, -1.0):
            term, negative = inner, negative ^ (number < 0)
        else:
            return term, negative


def _factor(term: Node) -> tuple[float, Node | None]:
    """The constant number in a product, and the other factor."""
    if term.op is ops.multiply:
        for a, b in (term.inputs, term.inputs[::-1]):
            if type(a) is Constant and a.size == 1 and b.shape == term.shape:
                return float(a.item()), b
    return 1.0, None
