"""The plan of the house as docs/design.md has it: wings, rooms, floors; and in which room a file stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .sources import LIBRARY, ROOT, first_line, lines

DESIGN = ROOT / "docs" / "design.md"
ROOF = "__init__.py"
"""The library's first file: it gathers the public names, and nothing imports it."""


@dataclass(frozen=True)
class Wing:
    """A row of the first table."""

    name: str
    purpose: str
    imports: frozenset[str]
    ceiling: int
    cells: int
    """The ceiling is for this many cells, and moves with them; 0 where no cell counts."""


@dataclass(frozen=True)
class Room:
    """A row of the second table: a folder, or files that stand alone."""

    floor: int
    wing: str
    places: tuple[str, ...]
    holds: str

    @property
    def files(self) -> list[Path]:
        return [path for path in LIBRARY if inside(path) != ROOF and room_of(path) == self]

    @property
    def lines(self) -> int:
        return sum(map(lines, self.files))

    @property
    def purpose(self) -> str:
        """What the room's first file says it holds; of files that stand side by side, what the table says."""
        if len(self.places) > 1:
            return self.holds
        place = ROOT / "tinygraph" / self.places[0]
        return first_line(place / "__init__.py" if self.places[0].endswith("/") else place)


def inside(path: Path) -> str:
    return path.relative_to(ROOT / "tinygraph").as_posix()


def _rows(first: str) -> list[list[str]]:
    """The cells of the table of design.md whose head begins with ``first``."""
    text = DESIGN.read_text(encoding="utf-8")
    body = re.search(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert body, f"design.md has no table of {first}s"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in body[1].splitlines()]


def _wing(name: str, purpose: str, imports: str, ceiling: str) -> Wing:
    number, _, cells = ceiling.replace(",", "").partition(" for ")
    others = frozenset() if imports == "nothing" else frozenset(imports.split(", "))
    return Wing(name, purpose, others, int(number), int(cells.removesuffix(" cells") or 0))


WINGS = {row[0]: _wing(*row) for row in _rows("wing")}
ROOMS = [
    Room(int(floor), wing, tuple(re.findall(r"`(.*?)`", where)), holds) for floor, wing, where, holds in _rows("floor")
]


def room_of(path: Path) -> Room:
    """The room with the longest place that the file stands in."""
    own = inside(path)
    fitting = [
        (len(place), k)
        for k, room in enumerate(ROOMS)
        for place in room.places
        if own == place or (place.endswith("/") and own.startswith(place))
    ]
    assert fitting, f"tinygraph/{own} stands in no room of docs/design.md"
    return ROOMS[max(fitting)[1]]
