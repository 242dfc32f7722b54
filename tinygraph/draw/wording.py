"""What a box says: its title, the line below, and the tooltip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..core.node import Node
from ..core.traced import Traced
from .folding import Chip, Folded, Inline, Operand, is_zero
from .heat import Heat
from .labels import clean, number, shape
from .roles import LOSSES

_SIGNS = {"matmul": "@", "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


class Part(NamedTuple):
    """A piece of a title: ``kind`` is ``"text"``, ``"chip"`` for a parameter, ``"value"`` for the number found."""

    text: str
    kind: str = "text"


@dataclass
class Words:
    """``title``: its parts from left to right; ``below``: the second line; ``tip``: lines of the tooltip."""

    title: list[Part]
    below: str
    tip: list[str]


def words(node: Node, folded: Folded, role: str, heat: Heat | None) -> Words:
    """All that is written in and behind one box."""
    operands = folded.operands[node]
    title = _leaf(node, role) if node.op is None else _formula(node, operands)
    name = (node.name or "").strip()
    if name and node.op is not None:
        title.insert(0, Part(f"{clean(name)} ="))
    scalar = node.size == 1 and role == "loss" and not isinstance(node, Traced)
    if scalar:
        title.append(Part(number(node.item(), 4), "value"))
    size = "" if scalar and not node.shape else shape(node.shape)
    targets = [x.text for x in operands if type(x) is Inline and x.whole] if node.op and node.op.name in LOSSES else []
    facts = [size, *(f"target {x}" for x in targets), "" if heat is None else _norm(node, heat)]
    return Words(title, " · ".join(x for x in facts if x), _tip(node, heat))


def _leaf(node: Node, role: str) -> list[Part]:
    name = (node.name or "").strip()
    return [Part(clean(name) if name else "zeros" if is_zero(node) else "state" if role == "state" else "data")]


def _formula(node: Node, operands: list[Operand]) -> list[Part]:
    """The op and what folds into it, as it would be typed: ``W @ h1``, ``* 0.5``, ``E[2]``, ``tanh``."""
    op = node.op
    assert op is not None
    linked = sum(not isinstance(x, (Chip, Inline)) for x in operands)
    if op.name == "add" and linked > 2:
        return [Part(f"sum of {linked}")]
    sign = _SIGNS.get(op.name)
    if sign and len(operands) == 2:
        return _infix(sign, operands)
    if op.name == "getitem":
        return _lookup(operands[0], _index(node.attributes.get("index")))
    if op.name == "take":
        index = operands[1]
        text = index.text if isinstance(index, (Chip, Inline)) else index.source.name or "…"
        return _lookup(operands[0], text)
    hidden = op.name in LOSSES
    rest = _folded([x for x in operands if not (hidden and isinstance(x, Inline))])
    return [Part(clean(op.name.replace("cross_entropy", "cross-entropy").replace("_", " "))), *rest]


def _lookup(source: Operand, index: str) -> list[Part]:
    """``E[2]`` with the table's chip, ``data[3]``, or ``[0:8]`` of the box below."""
    after = clean(f"[{index}]", 20)
    if isinstance(source, Chip):
        return [*_folded([source]), Part(after)]
    return [Part(clean(source.text, 16) + after if isinstance(source, Inline) else after)]


def _infix(sign: str, operands: list[Operand]) -> list[Part]:
    """``W @ h1``: the name of a linked operand is given where a parameter stands on the other side."""
    with_chip = any(isinstance(x, Chip) for x in operands)
    sides: list[list[Part]] = []
    for x in operands:
        named = not isinstance(x, (Chip, Inline)) and with_chip and sign == "@" and (x.source.name or "").strip()
        sides.append([Part(clean(named, 12))] if named else _folded([x]))
    return [*sides[0], Part(sign), *sides[1]]


def _folded(operands: list[Operand]) -> list[Part]:
    shown = [x for x in operands if isinstance(x, (Chip, Inline))]
    return [Part(clean(x.text, 16), "chip" if isinstance(x, Chip) else "text") for x in shown]


def _index(index: Any) -> str:
    """An index as it is typed: ``3``, ``:, 0:128``."""
    if isinstance(index, tuple):
        return ", ".join(map(_index, index))
    if isinstance(index, slice):
        ends = ["" if x is None else str(x) for x in (index.start, index.stop)]
        return ":".join(ends) + ("" if index.step is None else f":{index.step}")
    return "…" if index is Ellipsis else str(index)


def _norm(node: Node, heat: Heat) -> str:
    if node.dtype.kind != "f":
        return ""
    norm = heat.norms.get(node)
    return "not computed" if norm is None else f"‖∂‖ {number(norm)}"


def _tip(node: Node, heat: Heat | None) -> list[str]:
    scope = f" in {node.scope}" if node.scope else ""
    settings = ", ".join(f"{k}={_index(v)}" for k, v in node.attributes.items())
    lines = [node.label() + scope, f"{shape(node.shape)} {node.dtype}"]
    if settings:
        lines.append(settings)
    if node.size and node.dtype.kind == "f" and not isinstance(node, Traced):
        lines.append(statistics(node.value))
    norm = None if heat is None else heat.norms.get(node)
    if norm is not None:
        lines.append(f"‖∂‖ {number(norm, 4)}")
    return lines


def statistics(x: np.ndarray) -> str:
    """Mean, standard deviation and range of an array, in one line."""
    if x.size == 1:
        return f"value {number(float(x.ravel()[0]), 6)}"
    with np.errstate(all="ignore"):
        # By hand: np.mean and np.std cost several times as much on the small arrays of a long graph.
        flat = x.ravel()
        mean = float(flat.sum()) / x.size
        spread = float(((flat - mean) ** 2).sum() / x.size) ** 0.5
        low, high = float(flat.min()), float(flat.max())
    return f"mean {number(mean, 3)}, std {number(spread, 3)}, min {number(low, 3)}, max {number(high, 3)}"
