"""Texts of a box: its title, the line below, and the tooltip."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ...core.node import Node
from ...core.traced import Traced
from ..labels import clean, number, op_words, shape
from ..norms.heat import Heat
from ..picture import MANY, Part
from ..shown.folding import LOSSES, Chip, Folded, Inline, Joined, Link, Operand, Padding, Several, is_zero
from ..shown.roles import LOOKUPS

SIGNS = {"matmul": "@", "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


TINY = 16
"""Largest array for which statistics in plain Python are faster than numpy's."""
MOST_CHIPS = 6
"""Most parameters shown in a joined box; of more it says how many are hidden."""


@dataclass
class Words:
    """``title``: its parts from left to right; ``below``: the second line; ``tip``: lines of the tooltip."""

    title: list[Part]
    below: str
    tip: list[str]


def words(node: Node, folded: Folded, role: str, heat: Heat | None, *, values: bool = False) -> Words:
    """Returns all texts of one box."""
    if node in folded.dots:
        first, last = folded.span(node)
        return Words([Part("⋯")], "", [f"t = {first} … {last}, like the steps beside them"])
    operands = folded.operands[node]
    if node in folded.parts:
        return _joined_words(node, folded.parts[node], operands, heat)
    title = _leaf(node, role) if node.op is None else formula(node, operands)
    if node in folded.names:
        title = [Part(clean(folded.names[node]))]
    name = (node.name or "").strip()
    if name and node.op is not None:
        title.insert(0, Part(f"{clean(name)} ="))
    scalar = node.size == 1 and role == "loss" and not isinstance(node, Traced)
    if scalar:
        title.append(Part(number(node.item(), 4), "value"))
    size = "" if scalar and not node.shape else shape(node.shape)
    targets = [x.text for x in operands if type(x) is Inline and x.whole] if node.op and node.op.name in LOSSES else []
    masks = [x.text for x in operands if isinstance(x, Padding)]
    facts = [size, *(f"target {x}" for x in targets), *masks, "" if heat is None else _norm(node, heat)]
    tip = _tip(node, heat, len(folded.nodes) <= MANY)
    if values and not scalar and role != "parameter":
        facts.append(figures(node))
        tip += _parameter_figures(operands)
    return Words(title, " · ".join(x for x in facts if x), tip)


def _parameter_figures(operands: list[Operand]) -> list[str]:
    parameters = {x.parameter: x for x in operands if isinstance(x, Chip)}
    return [f"{clean(folded.text)} = {figures(x)}" for x, folded in parameters.items()]


FEW = 4
"""Most numbers of an array that its box shows."""


def figures(node: Node) -> str:
    """Returns the first numbers of an array: ``0.12``, ``[0.12 -0.40 …]``; of a matrix the first row."""
    if isinstance(node, Traced) or not node.size:
        return ""
    row = node.value.reshape(-1, *node.shape[-1:])[0] if node.shape else node.value
    texts = [number(float(x)) if x.dtype.kind == "f" else str(x) for x in row.reshape(-1)[:FEW]]
    if not node.shape:
        return texts[0]
    inner = f"[{' '.join(texts)}{' …' if node.shape[-1] > FEW else ''}]"
    more = " …" if node.size > node.shape[-1] else ""
    return "[" * (node.ndim - 1) + inner + (more + "]" * (node.ndim - 1) if node.ndim > 1 else "")


def _joined_words(node: Node, joined: Joined, operands: list[Operand], heat: Heat | None) -> Words:
    """Texts of a joined box: its name and parameters, its number of ops, the shape of its last op."""
    # The parameters of a cell at one step are in the table, which is read once.
    chips = _folded([x for x in operands if isinstance(x, Chip) and node.step is None])
    hidden = [Part(f"+{len(chips) - MOST_CHIPS}")] if len(chips) > MOST_CHIPS else []
    is_data = node.op is None or node.op.name in LOOKUPS
    count = f"{len(joined.held)} {'of them' if is_data else 'ops'}" if len(joined.held) > 1 else ""
    facts = [count, shape(node.shape), "" if heat is None else _norm(node, heat)]
    ops = Counter("data" if x.op is None else clean(x.op.name) for x in joined.held)
    tip = [", ".join(f"{n} {name}" for name, n in ops.items()), f"{shape(node.shape)} {node.dtype}"]
    return Words([Part(clean(joined.name, 40)), *chips[:MOST_CHIPS], *hidden], " · ".join(x for x in facts if x), tip)


def _leaf(node: Node, role: str) -> list[Part]:
    name = (node.name or "").strip()
    return [Part(clean(name) if name else "data" if role != "state" else "zeros" if is_zero(node) else "state")]


def formula(node: Node, operands: list[Operand]) -> list[Part]:
    """Returns the op and its folded operands as code: ``W @ h1``, ``* 0.5``, ``E[2]``, ``tanh``."""
    op = node.op
    assert op is not None
    if op.name == "where" and isinstance(operands[0], Padding):
        return [Part("0 in padding" if isinstance(operands[-1], Inline) else "kept in padding")]
    linked = sum(not isinstance(x, (Chip, Inline)) for x in operands)
    if op.name == "add" and linked > 2:
        return [Part(f"sum of {linked}")]
    sign = SIGNS.get(op.name)
    if sign and len(operands) == 2:
        return infix(sign, operands)
    if op.name == "getitem":
        return _lookup(operands[0], _index(node.attributes.get("index")))
    if op.name == "take":
        index = operands[1]
        text = index.text if isinstance(index, (Chip, Inline)) else _name_of(index) or "…"
        return _lookup(operands[0], text)
    is_loss = op.name in LOSSES
    stacks = [x for x in operands if isinstance(x, Several)]
    steps = [Part(f"of {len(stacks[0].links)}")] if len(stacks) == 1 else []
    operand_parts = _folded([x for x in operands if not (is_loss and isinstance(x, Inline))])
    return [Part(op_words(op.name)), *steps, *operand_parts]


def _lookup(source: Operand, index: str) -> list[Part]:
    """Returns ``E[2]`` with the chip of the table, ``data[3]``, or ``[0:8]`` of the box below."""
    suffix = clean(f"[{index}]", 20)
    if isinstance(source, Chip):
        return [*_folded([source]), Part(suffix)]
    return [Part(clean(source.text, 16) + suffix if isinstance(source, Inline) else suffix)]


def infix(sign: str, operands: list[Operand]) -> list[Part]:
    """Returns ``W @ h1``, ``0.5 * ·``: a linked operand is named only if the other side is a parameter."""
    with_chip = any(isinstance(x, Chip) for x in operands)
    sides: list[list[Part]] = []
    for x in operands:
        named = not isinstance(x, (Chip, Inline)) and with_chip and sign == "@" and _name_of(x)
        sides.append([Part(clean(named, 12))] if named else _folded([x]))
    # The value of a loss follows the title: "0.5 * 5.2" would read as a product.
    return [*sides[0], Part(sign), *(sides[1] or [Part("·")] * bool(sides[0]))]


def _name_of(operand: Operand) -> str:
    return (operand.source.name or "").strip() if isinstance(operand, Link) else ""


def _folded(operands: list[Operand]) -> list[Part]:
    shown = [x for x in operands if isinstance(x, (Chip, Inline))]
    return [Part(clean(x.text, 16), "chip" if type(x) is Chip else "text") for x in shown]


def _index(index: Any) -> str:
    """Returns an index as code: ``3``, ``:, 0:128``."""
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


def _tip(node: Node, heat: Heat | None, statistical: bool) -> list[str]:
    scope = f" in {node.scope}" if node.scope else ""
    dtype = node.dtype
    lines = [node.label() + scope, f"{shape(node.shape)} {_dtype_name(dtype)}"]
    if node.attributes:
        lines.append(", ".join(f"{k}={_index(v)}" for k, v in node.attributes.items()))
    if statistical and node.size and dtype.kind == "f" and not isinstance(node, Traced):
        lines.append(statistics(node.value))
    norm = None if heat is None else heat.norms.get(node)
    if norm is not None:
        lines.append(f"‖∂‖ {number(norm, 4)}")
    return lines


@cache
def _dtype_name(dtype: np.dtype) -> str:
    return str(dtype)


def statistics(x: np.ndarray) -> str:
    """Returns mean, standard deviation and range of an array in one line."""
    if x.size == 1:
        return f"value {number(float(x.ravel()[0]), 6)}"
    with np.errstate(all="ignore"):
        flat = x.ravel()
        figures = (flat.mean(), flat.std(), flat.min(), flat.max()) if x.size > TINY else _figures(flat.tolist())
    return "mean {}, std {}, min {}, max {}".format(*(number(float(v), 3) for v in figures))


def _figures(x: list[float]) -> tuple[float, float, float, float]:
    """Returns mean, standard deviation, minimum and maximum in plain Python: a fifth of numpy's time if few."""
    mean = sum(x) / len(x)
    if not math.isfinite(mean):
        return mean, math.nan, *((math.nan, math.nan) if any(v != v for v in x) else (min(x), max(x)))
    return mean, math.sqrt(sum((v - mean) ** 2 for v in x) / len(x)), min(x), max(x)
