"""Texts of a rendered SVG moved to the middle of their boxes, whatever font a viewer takes.

Graphviz says where a text with markup begins, as wide as it is in the font that it measured with; in a viewer with
a narrower one such texts hang to the left.
"""

from __future__ import annotations

import re

from ..colours import GOLD

_BOX = re.compile(r' d="M([-\d.]+),[-\d.]+C[-\d.]+,[-\d.]+ ([-\d.]+),')
_CHIP = re.compile(rf'<polygon fill="{GOLD}"[^>]* points="([-\d.]+),\S+ \S+ ([-\d.]+),')
_OF_BOX = re.compile(r"<title>n\d+</title>")
_START = re.compile(r'text-anchor="start" x="([-\d.]+)"')
_TITLE, GAP = 'font-weight="bold"', 3.0
"""What tells a title's text from the line below; room between a text and the chip after it."""


def centred(svg: str) -> str:
    """The SVG with the texts of boxes and the names on gold in their middles, and texts beside chips held to these."""
    lines = svg.split("\n")
    inside: _Box | None = None
    chip: tuple[float, float] | None = None
    for i, line in enumerate(lines):
        start = line[:4]
        if start == "<tit":
            inside = _Box() if _OF_BOX.match(line) else None
        elif start == "<pol":
            found = _CHIP.match(line)
            chip = (float(found[1]), float(found[2])) if found else None
            if chip and inside:
                inside.chips.append((i, chip[0]))
        elif start == "<tex":
            if chip and _on(line, chip):
                lines[i] = _moved(line, (chip[0] + chip[1]) / 2)
            elif inside and inside.middle is not None:
                (inside.titles if _TITLE in line else inside.below).append(i)
            chip = None
        elif inside and start == "<pat":
            box = _BOX.search(line)
            inside.middle = (float(box[1]) + float(box[2])) / 2 if box else None
        elif inside and start == "</g>":
            inside.centre(lines)
            inside = None
    return "\n".join(lines)


class _Box:
    """A box as it is read: its middle, and by their lines' numbers the left edges of its chips and its other texts."""

    def __init__(self) -> None:
        self.middle: float | None = None
        self.chips: list[tuple[int, float]] = []
        self.titles: list[int] = []
        self.below: list[int] = []

    def centre(self, lines: list[str]) -> None:
        """A title without chips and the line below stand in the middle; before a chip a text ends at the chip.

        After a chip it starts there as Graphviz has it.
        """
        if self.middle is None:
            return
        for i in self.below if self.chips else (*self.titles, *self.below):
            lines[i] = _moved(lines[i], self.middle)
        for i in self.titles if self.chips else ():
            following = [left for at, left in self.chips if at > i]
            if following and not any(at < i for at, _ in self.chips):
                lines[i] = _moved(lines[i], following[0] - GAP, "end")


def _on(line: str, chip: tuple[float, float]) -> bool:
    """Whether a text begins on the gold, and not beside it as in the legend."""
    start = _START.search(line)
    return start is not None and chip[0] <= float(start[1]) < chip[1]


def _moved(line: str, x: float, anchor: str = "middle") -> str:
    return _START.sub(f'text-anchor="{anchor}" x="{x:.1f}"', line, count=1)
