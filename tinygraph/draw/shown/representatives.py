"""One node per group of a rolled picture, with name, numbers and indices written for any step t."""

from __future__ import annotations

import copy
import re
from typing import Any

from ...core.node import Node
from .folding import LOSSES, Chip, Folded, Inline, Link, Operand, Padding
from .letters import subscript, timeless
from .padding import counted
from .repetition import Repetition


def stand_ins(folded: Folded, repetition: Repetition) -> tuple[list[Node], Folded]:
    """Returns one node per group, with its name and attributes written for any t, and the graph of these nodes."""
    group_of = {x: g for g, members in enumerate(repetition.groups) for x in members}
    stands = [_stand_in(repetition, g) for g in range(len(repetition.groups))]
    drawn = Folded(nodes=stands, names=folded.names, uses=folded.uses)
    for g, stand in enumerate(stands):
        members = repetition.groups[g]
        letter = common_letter(members, folded) if g in repetition.cells or g in repetition.data else ""
        letter = letter or (folded.letters.get(members[0], "") if len(members) == 1 else "")
        drawn.letters |= {stand: letter} if letter and not stand.name else {}
        drawn.inputs |= {stand} if members[0] in folded.inputs else set()
    for g, stand in enumerate(stands):
        middle = repetition.groups[g][len(repetition.groups[g]) // 2]
        if g not in repetition.cells:
            drawn.operands[stand] = folded.operands[middle]
            continue
        drawn.operands[stand] = [
            x._replace(
                source=_earlier(repetition, stands[group_of[x.source]], middle, x, drawn),
                views=_views(folded, repetition, g, slot, x),
            )
            if type(x) is Link
            else _chip(folded, repetition, g, slot, x)
            if isinstance(x, Chip)
            else _any_time(repetition, g, slot, x)
            for slot, x in enumerate(folded.operands[middle])
        ]
    return stands, drawn


def common_letter(members: list[Node], folded: Folded) -> str:
    """Returns the letter of a group for any t; a name that says its step, as ``hs[t]``, stays as it is."""
    letters = {timeless(folded.letters.get(x, "")) for x in members}
    letter = letters.pop() if len(letters) == 1 else ""
    return f"{letter}ₜ" if letter and not letter.endswith("]") else letter


def _earlier(repetition: Repetition, stand: Node, user: Node, link: Link, drawn: Folded) -> Node:
    """Returns the node that an op names as its source: ``hₜ₋₁`` if the source is the state of the step before."""
    lag = repetition.when.get(user, 0) - repetition.when.get(link.source, 0) if link.source in repetition.when else 0
    name = re.fullmatch(r"(.*ₜ)([₊₋]?)([₀-₉]*)", stand.name or drawn.letters.get(stand, ""))
    if not lag or not name:
        return stand
    shifted = copy.copy(stand)
    shift = int((name[2] + name[3]).translate(str.maketrans("₊₋₀₁₂₃₄₅₆₇₈₉", "+-0123456789")) or 0)
    shifted.name = name[1] + _subscript(shift - lag)
    return shifted


def _stand_in(repetition: Repetition, g: int) -> Node:
    """Returns the only member of a group, or a copy of the middle member with a name and an index for any t."""
    members = repetition.groups[g]
    if len(members) == 1:
        return members[0]
    node = copy.copy(members[len(members) // 2])
    node.name = common_name(repetition, members)
    times = [_time(repetition, x) for x in members]
    if "index" in node.attributes:
        node._attributes = dict(node.attributes) | {"index": _index([x.attributes["index"] for x in members], times)}
    return node


def common_name(repetition: Repetition, members: list[Node]) -> str | None:
    """Returns ``hₜ`` for the names ``h1``, ``h2``, ..., and also if every step uses the name ``h``."""
    names = [(x.name or "").strip() for x in members]
    if not all(names):
        return None
    if len(set(names)) == 1:
        return f"{names[0]}ₜ"
    parts = [re.fullmatch(r"(.*?)(?:_|(?<!\d))(\d{1,9})", name) for name in names]
    stems = {p.group(1) for p in parts if p}
    if not all(parts) or len(stems) > 1:
        return f"{names[0]} …"
    shifts = {int(p.group(2)) - _time(repetition, x) for p, x in zip(parts, members, strict=True) if p}
    return stems.pop() + "ₜ" + (_subscript(shifts.pop()) if len(shifts) == 1 else "")


def _time(repetition: Repetition, node: Node) -> int:
    return repetition.steps[repetition.when[node]] if node in repetition.when else 0


def _subscript(shift: int) -> str:
    return "₊" * (shift > 0) + subscript(shift) if shift else ""


def _index(indexes: list[Any], times: list[int]) -> Any:
    """Returns an index whose entries that move with time are written as ``t``, ``t+1``."""
    if isinstance(indexes[0], tuple):
        return tuple(_moving(list(c), times) for c in zip(*indexes, strict=True))
    return _moving(indexes, times)


def _moving(values: list[Any], times: list[int]) -> Any:
    if all(isinstance(v, slice) and type(v.start) is type(v.stop) is int for v in values):
        ends = [[getattr(v, end) for v in values] for end in ("start", "stop")]
        return values[0] if len(set(map(repr, values))) == 1 else ":".join(_shifted(x, times) for x in ends)
    if not all(isinstance(v, int) for v in values) or len(set(values)) == 1:
        return values[0]
    return _shifted(values, times)


def _views(folded: Folded, repetition: Repetition, g: int, slot: int, link: Link) -> tuple[Node, ...]:
    """Returns the views of a link, with indexes for any t."""
    members = [x for x in repetition.groups[g] if slot < len(folded.operands[x])]
    links = [(x, y) for x in members if type(y := folded.operands[x][slot]) is Link and len(y.views) == len(link.views)]
    times, views = [_time(repetition, x) for x, _ in links], []
    for k, view in enumerate(link.views):
        indexes = [y.views[k].attributes.get("index") for _, y in links]
        views.append(copy.copy(view))
        if None not in indexes:
            views[k]._attributes = dict(view.attributes) | {"index": _index(indexes, times)}
    return tuple(views)


def _shifted(values: list[int], times: list[int]) -> str:
    """Returns ``t+1`` for numbers that are one more than the step of each; ``t …`` if they are not told by it."""
    shifts = {v - t for v, t in zip(values, times, strict=True)}
    return "t" + (f"{shifts.pop():+d}".replace("+0", "").replace("-", "−") if len(shifts) == 1 else " …")


def _chip(folded: Folded, repetition: Repetition, g: int, slot: int, chip: Chip) -> Chip:
    """Write the numbers in ``X[3]`` for any step, if they differ between the steps."""
    members = [x for x in repetition.groups[g] if slot < len(folded.operands[x])]
    chips = [(x, y) for x in members if isinstance(y := folded.operands[x][slot], Chip)]
    parts = [re.split(r"(-?\d+(?=[^\[]*\]))", y.text) for _, y in chips]
    if len({len(x) for x in parts}) > 1:
        return chip
    times = [_time(repetition, x) for x, _ in chips]
    columns = [list(column) for column in zip(*parts, strict=True)]
    texts = [c[0] if len(set(c)) == 1 else _shifted([*map(int, c)], times) for c in columns]
    return chip._replace(text="".join(texts).replace("t …", "xₜ"))


def _any_time(repetition: Repetition, g: int, slot: int, x: Operand) -> Operand:
    """Write an inline number or index as ``yₜ``, ``xₜ`` or ``cₜ`` if it differs between the steps."""
    members = repetition.groups[g]
    node = members[-1]
    if isinstance(x, Padding):
        return Padding(counted(*(m.inputs[slot] for m in members)), True)
    if not isinstance(x, Inline):
        return x
    sources = [m.inputs[slot] for m in members if slot < len(m.inputs)]
    values = {y.value.tobytes() for y in sources if y.op is None}
    if len(set(sources)) < 2 or (len(values) == 1 and not x.whole):
        return x
    loss = node.op is not None and node.op.name in LOSSES
    return Inline(("yₜ" if loss else "xₜ") if x.whole else "cₜ", x.whole)
