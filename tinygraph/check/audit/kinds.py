"""Kinds of faults: what a wrong operation did, told from what it made and what is due."""

from __future__ import annotations

import numpy as np

from .blame import Departure
from .book import ratio, same
from .lines import is_augmented
from .rewrites import FACTOR_LESS, FACTOR_MORE, INDEX, LESS, MORE, NAME, PARTS, SCALE, SIGN, SLOPE, TURNED
from .right import Thing
from .written import Written

REPLACED = "`=` in place of `+=`"


def kind_of(written: Written, departure: Departure) -> str:
    """The kind of a departure; empty if it is none of the known ones."""
    node, due = departure.node, departure.due
    made, right = node._value, due.array if due.array.shape == node.shape else due.array.T
    if not due.family:
        return PARTS
    scale = ratio(made.ravel(), right.ravel()) if np.any(made) else None
    if scale is not None:
        return SIGN if abs(scale + 1) < 1e-8 else SCALE
    if made.ndim == 2 and made.shape == made.T.shape and same(made, right.T):
        return TURNED
    return _of_names(written, departure, made, right)


def _of_names(written: Written, departure: Departure, made: np.ndarray, right: np.ndarray) -> str:
    node, due, line = departure.node, departure.due, departure.operation.line
    if written.selects(node):
        same_thing = [m for m in written.matches.get(node, ()) if m.thing.of == due.of and m.thing.step != due.step]
        return INDEX if same_thing else NAME
    if due.kind == "sum" and not is_augmented(line):
        return REPLACED
    if _is_known(written, right - made):
        return LESS
    if _is_known(written, made - right):
        return MORE
    return _of_factors(written, departure, made, right)


def _is_known(written: Written, array: np.ndarray) -> bool:
    return bool(np.any(array)) and written.is_right(None, array)  # type: ignore[arg-type]


def _of_factors(written: Written, departure: Departure, made: np.ndarray, right: np.ndarray) -> str:
    values = [t for t in written.right.things if t.array.size == made.size]
    with np.errstate(all="ignore"):
        lost, more = right / made, made / right
    for t in values:
        if same(t.array.ravel(), lost.ravel()):
            return FACTOR_LESS
        if same(t.array.ravel(), more.ravel()):
            return FACTOR_MORE
    if any(t.step is not None for x in departure.node.inputs for t in _states(written, x)):
        return INDEX
    return SLOPE if departure.node.op is not None and departure.node.op.name in ("tanh", "power", "square") else NAME


def _states(written: Written, node: object) -> list[Thing]:
    return [m.thing for m in written.matches.get(node, ()) if m.thing.kind == "value"]  # type: ignore[call-overload]
