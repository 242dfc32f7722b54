"""Formulas: the op of a box and its operands as code, ``W @ h``, ``f * c + i * g``, and the names of operands."""

from __future__ import annotations

import re

from ...core.node import Node
from ..labels import clean, op_words
from ..picture import Part
from ..shown.folding import LOSSES, Chip, Folded, Inline, Link, Operand, Padding, Several
from ..shown.letters import known, subscript
from ..shown.roles import LOOKUPS
from ..shown.slices import index_text, tag_of, turned

SIGNS = {"matmul": "@", "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
ROOM, ALONE = 20, 14
"""The most characters of both operands in a formula, but for steps, and of the one of an op: ``tanh(a + b)``."""
ZEROS = ("0", "0.0")
MOST_CHIPS = 6
"""Most parameters shown in a joined box; of more it says how many are hidden."""


def formula(node: Node, operands: list[Operand], folded: Folded | None = None, named: bool = False) -> list[Part]:
    """Returns the op and its operands as code: ``W @ h``, ``f * c``, ``E[2]``, ``tanh(c)``, or the op alone.

    With a name for the whole ``…`` stands for a side that has none: ``v = … + b``.
    """
    op, drawn = node.op, folded or Folded()
    assert op is not None
    if op.name == "where" and isinstance(operands[0], Padding):
        if operands[0].text.endswith("start anew"):
            return [Part("start anew"), *inlined(operands[1:2])]
        return [Part("0 in padding" if isinstance(operands[-1], Inline) else "kept in padding")]
    linked = sum(not isinstance(x, (Chip, Inline)) for x in operands)
    if op.name == "add" and linked > 1:
        operands = [x for x in operands if type(x) is not Inline or x.text not in ZEROS]
    if op.name == "add" and linked > 2:
        return _sum(linked, inlined(operands))
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
        chips = inlined([x for x in operands if isinstance(x, Chip)])
        return [Part("einsum"), Part(clean(str(node.attributes.get("subscripts", "")))), *chips]
    is_loss = op.name in LOSSES
    parts = inlined([x for x in operands if not (is_loss and isinstance(x, Inline))])
    spoken = "" if parts or is_loss or len(operands) != 1 else _spoken(operands[0], "", drawn, False, 2)
    if len(spoken) > ALONE or "(" in spoken or (named and "[" in spoken):
        spoken = ""  # which part a gate reads is told by a tag: gates stand side by side
    return [Part(f"{op_words(op.name)}({spoken})" if spoken else op_words(op.name)), *parts]


def _sum(linked: int, others: list[Part]) -> list[Part]:
    """Returns the words of a sum of many boxes, and of parameters and data: all of them, or how many."""
    shown = others if len(others) <= MOST_CHIPS else []
    return [Part(f"sum of {linked + len(others) - len(shown)}"), *(part for x in shown for part in (Part("+"), x))]


def _lookup(source: Operand, index: str) -> list[Part]:
    """Returns ``E[2]`` with the chip of the table, ``data[3]``, or ``[0:8]`` of the box below."""
    suffix = clean(f"[{index}]")
    if isinstance(source, Chip):
        return [*inlined([source]), Part(suffix)]
    return [Part(clean(source.text) + suffix if isinstance(source, Inline) else suffix)]


def infix(sign: str, operands: list[Operand], folded: Folded, named: bool) -> list[Part]:
    """Returns ``W @ h``, ``f * c + i * g``, ``z * tanh``; of operands without a name ``+``, ``+ b``."""
    a, b = operands
    deep = 1 if sign == "@" else DEEP
    left, right = (_inline(x) or Part(_spoken(x, sign, folded, x is b, deep)) for x in operands)
    if sign in "+-" and isinstance(a, Inline) and a.text in ZEROS:  # the start of a sum
        return [*[Part(sign)] * (sign == "-"), right if right.text else Part(_word(b))]
    sides = [_inline(x) or Part(name_of(x, folded)) for x in operands]
    for i, x in sorted(enumerate([left, right]), key=lambda side: _length(side[1].text)):
        sides[i] = x if x.text and _length(x.text) + _length(sides[1 - i].text) <= ROOM else sides[i]
    left, right = sides
    cut, b_cut = (_CUT.fullmatch(x.text) if "[" in x.text else None for x in sides)
    shapes = {x.source.shape for x in operands if isinstance(x, Link)}
    if sign in "+-" and cut and b_cut and cut[2] == b_cut[2] and len(shapes) == 1:  # the same part of two arrays
        return [Part(f"({cut[1]}"), Part(sign), Part(f"{b_cut[1]}){cut[2]}")]
    if not named and not left.text and not right.text:
        return [Part(sign)]
    room = ROOM - len(left.text) - len(right.text)
    right = right if right.text else Part(_word(b, room))
    if isinstance(b, (Chip, Inline)) and not named and not left.text:
        return [Part(sign), right]
    return [left if left.text else Part(_word(a, room)), Part(sign), right]


def _length(text: str) -> int:
    """The length of a text without its steps, so that a formula is the same at all of them."""
    return len(text if text.isascii() else text.translate(_STEPLESS))


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
    if not all(said) or len(said) != (2 if inner else 1) or op.name in LOSSES:
        return ""
    if inner:
        text = f"{said[0]} {inner} {said[1]}"
        if inner == "@" and (sign not in ("+", "-") or deep < DEEP):
            return ""
        loose = inner in "+-" and (sign not in "+-" or (sign == "-" and is_right))
        return f"({text})" if loose or sign in ("@", "**") or (sign == "/" and is_right) else text
    return f"{'σ' if op.name == 'sigmoid' else op_words(op.name)}({said[0]})"


def _word(x: Operand, room: int = 28) -> str:
    """Returns what stands for an operand without a name."""
    if not isinstance(x, Link) or (op := x.source.op) is None or op.name in SIGNS or op.name in LOOKUPS:
        return "…"
    word = op_words(op.name) + turned(x.views)
    return word if len(word) <= room else "…"


def name_of(operand: Operand, folded: Folded) -> str:
    """Returns the name of an operand; of a part of an array that of the part, if it has one."""
    if not isinstance(operand, Link):
        return ""
    if (spoken := folded.spoken.get(operand)) is not None:
        return spoken
    source, _, user, _, views = operand
    cuts = [x for x in views if tag_of([x])]
    part = cuts[-1] if cuts and (known(cuts[-1], folded.letters) or len(views) > 1) else None
    node = source if part is None else part
    name = known(node, folded.letters)
    if node.step != user.step and not node.name:
        name = name.partition("[")[0]  # of hs[t] a later step reads another t
    name = clean(name + when(node, user, folded)) if name else ""
    tag = f"[{tag_of(cuts)}]" if cuts and part is None else turned(views)  # as the tag at its arrow says
    folded.spoken[operand] = name and name + tag
    return folded.spoken[operand]


def when(node: Node, reader: Node, folded: Folded) -> str:
    """Returns what a name lacks: ``ₜ`` of a state, ``ₜ₋₁`` where the next step reads it; or it tells its step."""
    name = known(node, folded.letters)
    if not name or name[-1] in _STEPPED:
        return ""
    here, there = folded.column(reader), folded.column(node)
    if here is None or there is None or here[0] != there[0]:
        return ""
    lag = here[1] - (node.step or 0)  # of dots not that of their column
    if not lag:
        return "ₜ" if name in folded.carried else ""
    return f"ₜ{'₋' if lag > 0 else '₊'}{subscript(abs(lag))}"


_STEPPED = frozenset("0123456789₀₁₂₃₄₅₆₇₈₉ₜ")
_CUT = re.compile(r"([^\W\d]\w*)(\[[-\d:, ]+\])")
_STEPLESS = dict.fromkeys(map(ord, "₀₁₂₃₄₅₆₇₈₉ₜ₋₊"))


def inlined(operands: list[Operand]) -> list[Part]:
    """Returns the parameters and data that stand in the title itself."""
    return [part for part in map(_inline, operands) if part is not None]


def _inline(x: Operand) -> Part | None:
    """Returns an operand that stands in the title itself: a chip, or the text of data."""
    if type(x) is Link or not isinstance(x, (Chip, Inline)):
        return None
    return Part(clean(x.text), "chip" if type(x) is Chip else "text")
