"""Centres the texts of a rendered SVG in their boxes, independent of the viewer's font.

Graphviz writes the start of a text with markup, computed from the width in the font that it measured with. In a
viewer with a narrower font such texts would be too far left.
"""

from __future__ import annotations

import re

from ..colours import GOLD

_BOX = re.compile(r' d="M([-\d.]+),[-\d.]+C[-\d.]+,[-\d.]+ ([-\d.]+),')
_CHIP = re.compile(rf'<polygon fill="{GOLD}"[^>]* points="([-\d.]+),\S+ \S+ ([-\d.]+),')
_OF_BOX = re.compile(r"<title>n\d+</title>")
_START = re.compile(r'text-anchor="start" x="([-\d.]+)"')
_TITLE, GAP = 'font-weight="bold"', 3.0
"""Marks the text of a title, as opposed to the line below; gap between a text and the chip after it."""


def centred(svg: str) -> str:
    """Returns the SVG with texts centred in boxes and chips, and texts before a chip aligned to the chip."""
    lines = svg.split("\n")
    inside: _Box | None = None
    chip: tuple[float, float] | None = None
    for i, line in enumerate(lines):
        start = line[:4]
        if start == "<tit":
            inside = _Box() if _OF_BOX.match(line) else None
        elif start == "<pol":
            chip_match = _CHIP.match(line)
            chip = (float(chip_match[1]), float(chip_match[2])) if chip_match else None
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
    """A box while it is read: its middle, its chips (line number, left edge), and line numbers of its texts."""

    def __init__(self) -> None:
        self.middle: float | None = None
        self.chips: list[tuple[int, float]] = []
        self.titles: list[int] = []
        self.below: list[int] = []

    def centre(self, lines: list[str]) -> None:
        """Centre the line below, and the title if it has no chips; a text before a chip ends at the chip.

        A text after a chip keeps its start.
        """
        if self.middle is None:
            return
        for i in self.below if self.chips else (*self.titles, *self.below):
            lines[i] = _moved(lines[i], self.middle)
        for i in self.titles if self.chips else ():
            following = [left for line, left in self.chips if line > i]
            if following and not any(line < i for line, _ in self.chips):
                lines[i] = _moved(lines[i], following[0] - GAP, "end")


def _on(line: str, chip: tuple[float, float]) -> bool:
    """Whether a text starts on the chip, and not beside it as in the legend."""
    start = _START.search(line)
    return start is not None and chip[0] <= float(start[1]) < chip[1]


def _moved(line: str, x: float, anchor: str = "middle") -> str:
    return _START.sub(f'text-anchor="{anchor}" x="{x:.1f}"', line, count=1)
