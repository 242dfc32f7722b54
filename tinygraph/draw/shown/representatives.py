"""A box for any step: nodes that stand for groups, with names, numbers and indices told for t."""

from __future__ import annotations

import copy
import re
from typing import Any

from ...core.node import Node
from .folding import LOSSES, Chip, Folded, Inline, Link, Operand
from .repetition import Repetition


def stand_ins(folded: Folded, found: Repetition) -> tuple[list[Node], Folded]:
    """A node for each group, its name and settings told for any t, and the graph of these."""
    of = {x: g for g, members in enumerate(found.groups) for x in members}
    stands = [_stand_in(found, g) for g in range(len(found.groups))]
    drawn = Folded(nodes=stands, names=folded.names, uses=folded.uses)
    for g, stand in enumerate(stands):
        middle = found.groups[g][len(found.groups[g]) // 2]
        if g not in found.cells:
            drawn.operands[stand] = folded.operands[middle]
            continue
        drawn.operands[stand] = [
            x._replace(source=_earlier(found, stands[of[x.source]], middle, x))
            if type(x) is Link
            else _any_time(found, g, slot, x)
            for slot, x in enumerate(folded.operands[middle])
        ]
    return stands, drawn


def _earlier(found: Repetition, stand: Node, user: Node, link: Link) -> Node:
    """What an op calls its source: ``hₜ₋₁`` where that is the state of the step before."""
    lag = found.when.get(user, 0) - found.when.get(link.source, 0) if link.source in found.when else 0
    name = re.fullmatch(r"(.*ₜ)([₊₋]?)([₀-₉]*)", stand.name or "")
    if not lag or not name:
        return stand
    other = copy.copy(stand)
    shift = int((name[2] + name[3]).translate(str.maketrans("₊₋₀₁₂₃₄₅₆₇₈₉", "+-0123456789")) or 0)
    other.name = name[1] + _lowered(shift - lag)
    return other


def _stand_in(found: Repetition, g: int) -> Node:
    members = found.groups[g]
    if len(members) == 1:
        return members[0]
    node = copy.copy(members[len(members) // 2])
    node.name = common_name(found, members)
    if node.op is None and not node.name:
        node.name = "dataₜ"
    if "index" in node.attributes:
        node._attributes = node.attributes | {"index": _index(found, members)}
    return node


def common_name(found: Repetition, members: list[Node]) -> str | None:
    """``hₜ`` of ``h1``, ``h2``, ...; and of ``h`` at every step."""
    names = [(x.name or "").strip() for x in members]
    if not all(names):
        return None
    if len(set(names)) == 1:
        return f"{names[0]}ₜ"
    parts = [re.fullmatch(r"(.*?)_?(\d{1,9})", name) for name in names]
    stems = {p.group(1) for p in parts if p}
    if not all(parts) or len(stems) > 1:
        return f"{names[0]} …"
    shifts = {int(p.group(2)) - _time(found, x) for p, x in zip(parts, members, strict=True) if p}
    return stems.pop() + "ₜ" + (_lowered(shifts.pop()) if len(shifts) == 1 else "")


def _time(found: Repetition, node: Node) -> int:
    return found.steps[found.when[node]] if node in found.when else 0


def _lowered(shift: int) -> str:
    digits = str(abs(shift)).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
    return ("₊" if shift > 0 else "₋") + digits if shift else ""


def _index(found: Repetition, members: list[Node]) -> Any:
    """An index that moves with time as ``t``, ``t+1``."""
    first = members[0].attributes["index"]
    if isinstance(first, tuple):
        columns = zip(*(x.attributes["index"] for x in members), strict=True)
        return tuple(_moving(found, members, list(c)) for c in columns)
    return _moving(found, members, [x.attributes["index"] for x in members])


def _moving(found: Repetition, members: list[Node], values: list[Any]) -> Any:
    if not all(isinstance(v, int) for v in values) or len(set(values)) == 1:
        return values[0]
    shifts = {v - _time(found, x) for v, x in zip(values, members, strict=True)}
    return "t" + (f"{shifts.pop():+d}".replace("+0", "").replace("-", "−") if len(shifts) == 1 else " …")


def _any_time(found: Repetition, g: int, slot: int, x: Operand) -> Operand:
    """A number or an index written into an op, as ``yₜ`` where each step has its own."""
    members = found.groups[g]
    node = members[-1]
    if isinstance(x, Chip) or not isinstance(x, Inline) or len(members) < 2 or slot >= len(node.inputs):
        return x
    given = {id(m.inputs[slot]) for m in members if slot < len(m.inputs)}
    values = {m.inputs[slot].value.tobytes() for m in members if slot < len(m.inputs) and m.inputs[slot].op is None}
    if len(given) < 2 or (len(values) == 1 and not x.whole):
        return x
    loss = node.op is not None and node.op.name in LOSSES
    return Inline(("yₜ" if loss else "xₜ") if x.whole else "cₜ", x.whole)
