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
_TITLE, GAP = 'font-weight="bold"', 2.0
"""What tells a title's text from the line below; room between the cells of a title."""


def centred(svg: str) -> str:
    """The SVG with the texts of every box, and the names on gold, anchored in their middles."""
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
                inside.chips.append((i, chip))
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
    """A box as it is read: its middle, and by their lines' numbers its chips with their edges and its other texts."""

    def __init__(self) -> None:
        self.middle: float | None = None
        self.chips: list[tuple[int, tuple[float, float]]] = []
        self.titles: list[int] = []
        self.below: list[int] = []

    def centre(self, lines: list[str]) -> None:
        if self.middle is not None:
            places = {i: self._place(i, self.middle) for i in self.titles} | dict.fromkeys(self.below, self.middle)
            for i, x in places.items():
                lines[i] = lines[i] if x is None else _moved(lines[i], x)

    def _place(self, i: int, middle: float) -> float | None:
        """The middle of a run of the title: of the box, or of what the chips leave of the title's table."""
        if not self.chips:
            return middle
        before = [edges for at, edges in self.chips if at < i]
        after = [edges for at, edges in self.chips if at > i]
        left, right = self._table(middle)
        start = before[-1][1] if before else left
        end = after[0][0] if after else right
        return None if start is None or end is None else (start + end) / 2

    def _table(self, middle: float) -> tuple[float | None, float | None]:
        """The edges of the title's table, which stands in the middle of the box: known where a chip ends it."""
        if self.titles[0] > self.chips[0][0]:
            left = self.chips[0][1][0] - GAP
            return left, 2 * middle - left
        if self.titles[-1] < self.chips[-1][0]:
            right = self.chips[-1][1][1] + GAP
            return 2 * middle - right, right
        return None, None


def _on(line: str, chip: tuple[float, float]) -> bool:
    """Whether a text begins on the gold, and not beside it as in the legend."""
    start = _START.search(line)
    return start is not None and chip[0] <= float(start[1]) < chip[1]


def _moved(line: str, x: float) -> str:
    return _START.sub(f'text-anchor="middle" x="{x:.1f}"', line, count=1)
