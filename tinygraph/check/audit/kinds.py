"""Kinds of faults: what a wrong operation did, told from what it made, what it read and what is due."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import numpy as np

from ...core.node import Node
from .book import ratio, same
from .departures import Departure
from .inserts import MISSING
from .lines import statement_at
from .rewrites import FACTOR_LESS, FACTOR_MORE, INDEX, LESS, MORE, NAME, ORDER, PARTS, SCALE, SIGN, SLOPE, TURNED
from .right import Thing
from .written import Written

REPLACED, ADDED = "`=` in place of `+=`", "`+=` in place of `=`"


def kind_of(written: Written, departure: Departure) -> str:
    """The kind of a departure; empty if it is none of the known ones."""
    node, due = departure.node, departure.due
    if not due.family:
        return PARTS
    right = due.array if due.array.shape == node.shape else due.array.T
    kinds = (
        _of_scale(node._value, right),
        _of_assignment(written, departure, right),
        _of_sum(node, right),
        _of_addend(written, departure, right),
        _of_choice(written, node, due),
        _of_product(written, node, right),
        _of_factor(written, node._value, right),
        _of_terms(written, node._value, right),
    )
    kind = next((kind for kind in kinds if kind), NAME)
    return MISSING if kind == NAME and _is_carried(written, departure) else kind


def is_nameable(written: Written, departure: Departure) -> bool:
    """Whether what was made differs from what is due by a sign, a factor, a term or a slope."""
    return kind_of(written, departure) in (SIGN, SCALE, FACTOR_LESS, FACTOR_MORE, SLOPE, LESS, MORE)


def _is_carried(written: Written, departure: Departure) -> bool:
    """Whether it reads its own result of the run before, as if a line between them that sets the variable was lost."""
    own = {*departure.operation.nodes}
    return any(written.picked(x) in own for x in departure.node.inputs)


def _of_assignment(written: Written, departure: Departure, right: np.ndarray) -> str:
    """`=` where a sum is due, and the other way round."""
    node, due, line = departure.node, departure.due, departure.operation.line
    statement = statement_at(line.file, line.number)
    total = due.kind == "sum" or (due.kind == "adjoint" and written.right.is_repeated(due.of))
    if isinstance(statement, ast.Assign) and total and written.right.is_part(due.of, node._value):
        return REPLACED
    if isinstance(statement, ast.AugAssign) and line.expression == line.source and due.kind != "sum":
        return ADDED if any(same(x._value, right) for x in node.inputs) else ""
    return ""


def _of_scale(made: np.ndarray, right: np.ndarray) -> str:
    scale = ratio(made.ravel(), right.ravel()) if np.any(made) else None
    if scale is None:
        return ""
    return SIGN if abs(scale + 1) < 1e-8 else SCALE


def _of_sum(node: Node, right: np.ndarray) -> str:
    """A term with another sign or factor: due = a + c * b."""
    if node.op is None or node.op.name not in ("add", "subtract") or node.shape != right.shape:
        return ""
    sign = 1.0 if node.op.name == "add" else -1.0
    a, b = (np.broadcast_to(x._value, right.shape) for x in node.inputs)
    for first, second, present in ((a, b, sign), (sign * b, a, 1.0)):
        c = ratio((right - first).ravel(), second.ravel()) if np.any(right - first) else None
        if c is not None:
            return SIGN if abs(c + present) < 1e-8 else SCALE
    return ""


def _of_addend(written: Written, departure: Departure, right: np.ndarray) -> str:
    """Another thing, or that of another step, added to a sum."""
    node, line = departure.node, departure.operation.line
    if line.expression != line.source or len(node.inputs) != 2 or node.inputs[0].shape != right.shape:
        return ""
    total, addend = node.inputs
    product = written.picked(addend)
    if _of_product(written, product, right - total._value) == ORDER:
        return ORDER
    due = {m.thing.family for m in written.look(addend, right - total._value) if m.is_exact}
    present = {m.thing.family for m in written.matches.get(addend, ()) if m.is_exact}
    return (INDEX if due & present else NAME) if due else ""


def _of_choice(written: Written, node: Node, due: Thing) -> str:
    """Another step, or another thing, of what is only selected."""
    if not written.selects(node):
        return ""
    families = {m.thing.family for m in written.matches.get(node, ())}
    return INDEX if due.family in families else ""


def _of_product(written: Written, node: Node, right: np.ndarray) -> str:
    """An operand that is turned, exchanged, of another step, or another thing."""
    if node.op is None or len(node.inputs) > 2 or written.selects(node):
        return ""
    if node._value.T.shape == right.shape and same(node._value.T, right):
        return ORDER if node.op.name in ("matmul", "multiply") else TURNED
    for values, kind in _other_operands(written, node):
        try:
            new = written.run(node, values)
        except Exception:  # shapes that do not fit
            continue
        if same(new, right):
            return kind
    return ""


def _other_operands(written: Written, node: Node) -> Iterator[tuple[dict[Node, np.ndarray], str]]:
    if len(node.inputs) == 2 and node.op is not None and node.op.name == "matmul":
        a, b = node.inputs
        yield {a: b._value, b: a._value}, ORDER
        yield {a: b._value.T, b: a._value.T}, ORDER
        yield from (({x: x._value.T}, TURNED) for x in node.inputs)
    for x in node.inputs:
        families = {m.thing.family for m in written.matches.get(x, ())}
        things = [t for t in written.right.things if t.array.size == x.size and x.size > 1]
        for t in sorted(things, key=lambda t: t.family not in families):
            kind = INDEX if t.family in families else NAME
            if kind == INDEX or written.made_by_hand(t.array):  # what nobody makes is no other variable
                yield {x: t.array if t.array.shape == x.shape else t.array.reshape(x.shape)}, kind


def _of_factor(written: Written, made: np.ndarray, right: np.ndarray) -> str:
    """A factor that is missing or too many, or another form of a slope."""
    with np.errstate(all="ignore"):
        lost, more = right / made, made / right
    if not (np.isfinite(lost).all() and np.isfinite(more).all()):
        return ""
    for t in written.right.things:
        if t.array.size == made.size:
            v = t.array.ravel()
            if same(v, lost.ravel()) or _is_slope(v, lost.ravel()):
                return FACTOR_LESS
            if same(v, more.ravel()):
                return FACTOR_MORE
            if t.kind == "value" and _is_slope_of_slopes(v, lost.ravel()):
                return SLOPE
    return ""


def _slopes(v: np.ndarray) -> list[np.ndarray]:
    s = 1 / (1 + np.exp(-v))
    return [1 - v * v, v * (1 - v), 1 - np.tanh(v) ** 2, s * (1 - s)]


def _is_slope(v: np.ndarray, lost: np.ndarray) -> bool:
    return any(same(form, lost) for form in (*_slopes(v), 1 - v))


def _is_slope_of_slopes(v: np.ndarray, lost: np.ndarray) -> bool:
    forms = _slopes(v)
    return any(same(a / b, lost) for a in forms for b in forms if a is not b)


def _of_terms(written: Written, made: np.ndarray, right: np.ndarray) -> str:
    if np.any(made) and _is_known(written, right - made):
        return LESS
    return MORE if _is_known(written, made - right) else ""


def _is_known(written: Written, array: np.ndarray) -> bool:
    return bool(np.any(array)) and written.holds(array)
