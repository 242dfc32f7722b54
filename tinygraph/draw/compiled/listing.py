"""A compiled picture as plain text: two lists with indented loops, and marks for ops that left one."""

from __future__ import annotations

from collections.abc import Sequence

from ...plan.report import amount
from ..labels import clean
from .items import Block, Item, LoopCard, Side

WIDE = 44
"""Characters for an op with its mark and indent."""


def listing(heads: Sequence[str], sides: Sequence[Side], notes: Sequence[str]) -> list[str]:
    """Returns the lines: ``[1]`` left its loop and has the same number below, ``-`` is done by no action."""
    lines: list[str] = []
    for head, side in zip(heads, sides, strict=True):
        lines += [head, *_blocks(side, side.parts, 1), ""]
    if any(item.role == "removed" for item in sides[0].items):
        lines.append("-   done by no action")
    if any(item.mark for item in sides[0].items):
        lines.append("[n] left its loop; what does it now has the same number")
    return lines + (["", "changed by the passes:", *(f"  {clean(note, 200)}" for note in notes)] if notes else [])


def _blocks(side: Side, parts: Sequence[Block], depth: int) -> list[str]:
    lines = []
    for part in parts:
        if isinstance(part, LoopCard):
            lines += ["    " * depth + f"{part.name} × {part.steps}:", *_blocks(side, part.parts, depth + 1)]
        else:
            lines += [_line(side.items[i], depth) for i in part.items]
    return lines


def _line(item: Item, depth: int) -> str:
    mark = f"[{item.mark}]" if item.mark else "-" if item.role == "removed" else ""
    text = "    " * (depth - 1) + f"{mark:4}" + " ".join(part.text for part in item.title)
    cost = amount(item.flops, "FLOP") if item.flops else amount(item.bytes, "B") if item.bytes else ""
    return f"{text:{WIDE}} {cost:>10}   {item.below.replace(chr(10), ', ')}"
