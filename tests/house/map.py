"""The map of the house: each wing, its rooms, what they hold, their lines and the most that they may have.

Run as ``python -m tests.house.map``; with ``--write`` it puts the purposes into docs/design.md and the map into
README.md, which a test compares.
"""

from __future__ import annotations

import sys

import tinygraph as tg

from .rooms import DESIGN, ROOMS, ROOT, WINGS, Room, Wing

README = ROOT / "README.md"
CELLS = [name for name in tg.cells.__all__ if issubclass(getattr(tg.cells, name), tg.cells.Cell) and name != "Cell"]
BEGIN, END = "<!-- map -->\n", "<!-- end of map -->\n"


def rooms_of(wing: Wing) -> list[Room]:
    return [room for room in ROOMS if room.wing == wing.name]


def ceiling(wing: Wing) -> int:
    """The most lines that a wing may have."""
    return wing.ceiling * len(CELLS) // wing.cells if wing.cells else wing.ceiling


def printed() -> str:
    """The map with lines and ceilings."""
    text = []
    for wing in WINGS.values():
        rooms = rooms_of(wing)
        text.append(f"{wing.name:<34}{sum(room.lines for room in rooms):>7,} of {ceiling(wing):>6,}  {wing.purpose}")
        text += [f"  {shown(room):<32}{room.lines:>7,}            {room.purpose}" for room in rooms]
    return "\n".join(text) + "\n"


def shown(room: Room) -> str:
    """A room's place; of files side by side the first."""
    return room.places[0] + (" ..." if len(room.places) > 1 else "")


def in_readme() -> str:
    """The map as README shows it."""
    text = ["```"]
    for wing in WINGS.values():
        text.append(f"{wing.name}: {wing.purpose}")
        text += [f"  {shown(room):<24}{room.purpose}" for room in rooms_of(wing)]
    return "\n".join([*text, "```"]) + "\n"


def in_design() -> str:
    """The table of floors with the purpose of each room."""
    rows = [f"| {r.floor} | {r.wing} | {', '.join(f'`{p}`' for p in r.places)} | {r.purpose} |\n" for r in ROOMS]
    return "| floor | wing | room | holds |\n|---|---|---|---|\n" + "".join(rows)


def pages() -> dict[str, str]:
    """README and design.md as they should be."""
    design = DESIGN.read_text(encoding="utf-8")
    head, _, rest = design.partition("| floor | wing |")
    above, _, below = README.read_text(encoding="utf-8").partition(BEGIN)
    return {
        "README.md": above + BEGIN + in_readme() + END + below.partition(END)[2],
        "docs/design.md": head + in_design() + "\n" + rest.partition("\n\n")[2],
    }


if __name__ == "__main__":
    if "--write" in sys.argv:
        for name, page in pages().items():
            (ROOT / name).write_text(page, encoding="utf-8")
    print(printed(), end="")
