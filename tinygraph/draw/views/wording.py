"""Texts of a box: its title, the line below, and the tooltip."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...core.node import Node
from ...core.traced import Traced
from ..labels import clean, number, op_words, shape
from ..norms.heat import Heat
from ..picture import MANY, Part
from ..shown.folding import LOSSES, Chip, Folded, Inline, Joined, Link, Operand, Padding, Several
from ..shown.letters import known, subscript
from ..shown.padding import is_zero
from ..shown.roles import LOOKUPS
from ..shown.slices import index_text, tag_of, turned
from .figures import figures, statistics

SIGNS = {"matmul": "@", "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
ROOM = 28
"""The most characters of a formula that names both of its operands."""
ZEROS = ("0", "0.0")
MOST_CHIPS = 6
"""Most parameters shown in a joined box; of more it says how many are hidden."""


@dataclass
class Words:
    """``title``: its parts from left to right; ``below``: the second line; ``tip``: lines of the tooltip; ``name``.

    A tooltip is told when it is asked for, as of most pictures only the places are needed.
    """

    title: list[Part]
    below: str
    telling: list[str] | Callable[[], list[str]]
    name: str = ""

    @property
    def tip(self) -> list[str]:
        return self.telling() if callable(self.telling) else self.telling


def words(node: Node, folded: Folded, role: str, heat: Heat | None, *, values: bool = False) -> Words:
    """Returns all texts of one box."""
    if node in folded.dots:
        first, last = folded.span(node)
        return Words([Part("⋯")], "", [f"t = {first} … {last}, like the steps beside them"])
    operands = folded.operands[node]
    if node in folded.parts:
        return _joined_words(node, folded.parts[node], operands, heat)
    name = clean(known(node, folded.letters) + _when(node, node, folded))
    if node.op is not None:
        title = formula(node, operands, folded, bool(name))
    else:
        word = "data" if role != "state" else "zeros" if is_zero(node) else "state"
        title = [Part(clean(folded.names.get(node) or known(node, folded.letters)) or word)]
    if name and node.op is not None:
        title = [Part(name)] if node in folded.inputs and not node.name else [Part(f"{name} ="), *_short(title, name)]
    scalar = role == "loss" and node.size == 1 and not isinstance(node, Traced)
    if scalar:
        title.append(Part(number(node.item(), 4), "value"))
    size = "" if scalar and not node.shape else shape(node.shape)
    odd = [x for x in operands if type(x) is not Link and type(x) is not Chip]
    facts = [size, *_facts_of(node, odd), "" if heat is None else _norm(node, heat)]
    shown = values and not scalar and role != "parameter"
    if shown:
        facts.append(figures(node))
    tip = partial(_tip, node, operands, heat, len(folded.nodes) <= MANY, shown)
    return Words(title, " · ".join(filter(None, facts)), tip, name)


def _facts_of(node: Node, odd: list[Operand]) -> list[str]:
    """Returns what the second line says of stacks, targets and padding."""
    if not odd:
        return []
    is_loss = node.op is not None and node.op.name in LOSSES
    targets = [f"target {x.text}" for x in odd if is_loss and type(x) is Inline and x.whole]
    stacks = dict.fromkeys(_stacked(x) for x in odd if isinstance(x, Several))
    return [*stacks, *targets, *(x.text for x in odd if isinstance(x, Padding))]


def _stacked(several: Several) -> str:
    n = len(several.links)
    timed = all(x.source.step is not None for x in several.links)
    return f"over {n} step{'s' * (n != 1)}" if timed else f"stack of {n}"


def _short(title: list[Part], name: str) -> list[Part]:
    """After a name an op is written as in papers: ``f = σ``, also if what it reads had the name before."""
    op, *others = title
    return [op._replace(text=re.sub(r"^sigmoid\b", "σ", op.text.replace(f"({name})", ""))), *others]


def _joined_words(node: Node, joined: Joined, operands: list[Operand], heat: Heat | None) -> Words:
    """Texts of a joined box: its name and parameters, its number of ops, the shape of its last op."""
    # The parameters of a cell at one step are in the table, which is read once.
    chips = _folded([x for x in operands if isinstance(x, Chip) and node.step is None])
    hidden = [Part(f"+{len(chips) - MOST_CHIPS}")] if len(chips) > MOST_CHIPS else []
    is_data = node.op is None or node.op.name in LOOKUPS
    count = f"{len(joined.held)} {'of them' if is_data else 'ops'}" if len(joined.held) > 1 else ""
    count += " with attention" * (joined.attends and not joined.name.startswith("attention"))
    facts = [count, shape(node.shape), "" if heat is None else _norm(node, heat)]
    title = [Part(clean(joined.name)), *chips[:MOST_CHIPS], *hidden]
    return Words(title, " · ".join(x for x in facts if x), partial(_joined_tip, node, joined))


def _joined_tip(node: Node, joined: Joined) -> list[str]:
    ops = Counter("data" if x.op is None else clean(x.op.name) for x in joined.held)
    return [", ".join(f"{n} {name}" for name, n in ops.items()), f"{shape(node.shape)} {node.dtype}"]


def formula(node: Node, operands: list[Operand], folded: Folded | None = None, named: bool = False) -> list[Part]:
    """Returns the op and its operands as code: ``W @ h``, ``f * c``, ``E[2]``, ``tanh(c)``, or the op alone.

    With a name for the whole ``…`` stands for a side that has none: ``v = … + b``.
    """
    op, drawn = node.op, folded or Folded()
    assert op is not None
    if op.name == "where" and isinstance(operands[0], Padding):
        anew, zero = operands[0].text.endswith("start anew"), isinstance(operands[-1], Inline)
        return [Part("start anew" if anew else "0 in padding" if zero else "kept in padding")]
    linked = sum(not isinstance(x, (Chip, Inline)) for x in operands)
    if op.name == "add" and linked > 1:
        operands = [x for x in operands if type(x) is not Inline or x.text not in ZEROS]
    if op.name == "add" and linked > 2:
        return _sum(linked, _folded(operands))
    sign = SIGNS.get(op.name)
    if sign and len(operands) == 2:
        return infix(sign, operands, drawn, named)
    if op.name == "getitem":
        return _lookup(operands[0], index_text(node.attributes.get("index")))
    if op.name == "take":
        index = operands[1]
        text = index.text if isinstance(index, (Chip, Inline)) else name_of(index, drawn) or _word(index)
        return _lookup(operands[0], text)
    if op.name == "einsum":
        chips = _folded([x for x in operands if isinstance(x, Chip)])
        return [Part("einsum"), Part(clean(str(node.attributes.get("subscripts", "")))), *chips]
    is_loss = op.name in LOSSES
    parts = _folded([x for x in operands if not (is_loss and isinstance(x, Inline))])
    spoken = "" if parts or is_loss or len(operands) != 1 else _spoken(operands[0], "", drawn, False, 2)
    spoken = spoken if len(spoken) <= ROOM // 2 and "(" not in spoken else ""
    return [Part(f"{op_words(op.name)}({spoken})" if spoken else op_words(op.name)), *parts]


def _sum(linked: int, others: list[Part]) -> list[Part]:
    """Returns the words of a sum of many boxes, and of parameters and data: all of them, or how many."""
    shown = others if len(others) <= MOST_CHIPS else []
    return [Part(f"sum of {linked + len(others) - len(shown)}"), *(part for x in shown for part in (Part("+"), x))]


def _lookup(source: Operand, index: str) -> list[Part]:
    """Returns ``E[2]`` with the chip of the table, ``data[3]``, or ``[0:8]`` of the box below."""
    suffix = clean(f"[{index}]")
    if isinstance(source, Chip):
        return [*_folded([source]), Part(suffix)]
    return [Part(clean(source.text) + suffix if isinstance(source, Inline) else suffix)]


def infix(sign: str, operands: list[Operand], folded: Folded, named: bool) -> list[Part]:
    """Returns ``W @ h``, ``f * c + i * g``, ``z * tanh``; of operands without a name ``+``, ``+ b``."""
    a, b = operands
    deep = 1 if sign == "@" else DEEP
    left = _inline(a) or Part(_spoken(a, sign, folded, False, deep))
    right = _inline(b) or Part(_spoken(b, sign, folded, True, deep))
    if sign in "+-" and isinstance(a, Inline) and a.text in ZEROS:  # the start of a sum
        return [*[Part(sign)] * (sign == "-"), right if right.text else Part(_word(b))]
    if left.text and right.text and len(left.text) + len(right.text) <= ROOM:
        return [left, Part(sign), right]
    left, right = (_inline(x) or Part(name_of(x, folded)) for x in operands)
    if not named and not left.text and not right.text:
        return [Part(sign)]
    room = ROOM - len(left.text) - len(right.text)
    right = right if right.text else Part(_word(b, room))
    if isinstance(b, (Chip, Inline)) and not named and not left.text:
        return [Part(sign), right]
    return [left if left.text else Part(_word(a, room)), Part(sign), right]


DEEP = 3
"""How many ops a formula names at most, one in the other: ``(1 - z) * n + z * h``."""


def _spoken(x: Operand, sign: str, folded: Folded, is_right: bool, deep: int = DEEP) -> str:
    """Returns an operand as it is spoken of: its name, or what computes it of names: ``tanh(c)``, ``(1 - z)``."""
    if not isinstance(x, Link):
        return "" if isinstance(x, Several) else clean(x.text)
    name, op = name_of(x, folded), x.source.op
    if name or x.views or op is None or x.source in folded.parts or deep == 1:
        return name
    inner, operands = SIGNS.get(op.name), folded.operands.get(x.source, [])
    said = [_spoken(y, inner or "", folded, y is operands[-1], deep - 1) for y in operands]
    if not all(said) or len(said) != (2 if inner else 1) or op.name in LOSSES or inner == "@":
        return ""
    if inner:
        text = f"{said[0]} {inner} {said[1]}"
        loose = inner in "+-" and (sign not in "+-" or (sign == "-" and is_right))
        return f"({text})" if loose or sign in ("@", "**") or (sign == "/" and is_right) else text
    return f"{op_words(op.name)}({said[0]})"


def _word(x: Operand, room: int = ROOM) -> str:
    """Returns what stands for an operand without a name."""
    if not isinstance(x, Link) or (op := x.source.op) is None or op.name in SIGNS or op.name in LOOKUPS:
        return "…"
    word = op_words(op.name) + turned(x.views)
    return word if len(word) <= room else "…"


def name_of(operand: Operand, folded: Folded) -> str:
    """Returns the name of an operand; of a part of an array that of the part, if it has one."""
    if not isinstance(operand, Link):
        return ""
    if operand not in folded.spoken:
        folded.spoken[operand] = _name_of(operand, folded)
    return folded.spoken[operand]


def _name_of(link: Link, folded: Folded) -> str:
    cuts = [x for x in link.views if tag_of([x])]
    node = cuts[-1] if cuts else link.source
    name = known(node, folded.letters)
    if node.step != link.user.step and not node.name:
        name = name.partition("[")[0]  # of hs[t] a later step reads another t
    return clean(name + _when(node, link.user, folded)) + (turned(link.views) if name and link.views else "")


def _when(node: Node, reader: Node, folded: Folded) -> str:
    """Returns what a name lacks: ``ₜ`` of a state, ``ₜ₋₁`` where the next step reads it; or it tells its step."""
    name = known(node, folded.letters)
    if not name or name[-1] in _STEPPED:
        return ""
    here, there = folded.column(reader), folded.column(node)
    if here is None or there is None or here[0] != there[0]:
        return ""
    if here == there:
        return "ₜ" if name in folded.carried else ""
    return f"ₜ{'₋' if there < here else '₊'}{subscript(abs(here[1] - there[1]))}"


_STEPPED = frozenset("0123456789₀₁₂₃₄₅₆₇₈₉ₜ")


def _folded(operands: list[Operand]) -> list[Part]:
    return [part for part in map(_inline, operands) if part is not None]


def _inline(x: Operand) -> Part | None:
    """Returns an operand that stands in the title itself: a chip, or the text of data."""
    if type(x) is Link or not isinstance(x, (Chip, Inline)):
        return None
    return Part(clean(x.text), "chip" if type(x) is Chip else "text")


def _norm(node: Node, heat: Heat) -> str:
    if node.dtype.kind != "f":
        return ""
    norm = heat.norms.get(node)
    return "not computed" if norm is None else f"‖∂‖ {number(norm)}"


def _tip(node: Node, operands: list[Operand], heat: Heat | None, statistical: bool, values: bool) -> list[str]:
    scope = f" in {node.scope}" if node.scope else ""
    dtype = node.dtype
    lines = [node.label() + scope, f"{shape(node.shape)} {dtype}"]
    lines += [f"reads {_told(v)}" for x in operands if isinstance(x, Link) for v in x.views]
    if node.attributes:
        lines.append(_settings(node))
    if statistical and node.size and dtype.kind == "f" and not isinstance(node, Traced):
        lines.append(statistics(node.value))
    norm = None if heat is None else heat.norms.get(node)
    if norm is not None:
        lines.append(f"‖∂‖ {number(norm, 4)}")
    parameters = {x.parameter: x.text for x in operands if values and isinstance(x, Chip)}
    return lines + [f"{clean(text)} = {figures(x)}" for x, text in parameters.items()]


def _settings(node: Node) -> str:
    return ", ".join(f"{k}={index_text(v)}" for k, v in node.attributes.items())


def _told(view: Node) -> str:
    return f"{op_words(view.op.name if view.op else '')} {_settings(view)}, {shape(view.shape)}"
