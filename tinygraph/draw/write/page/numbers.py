"""The numbers of heat maps as tables, which keys reach and screen readers read."""

from __future__ import annotations

from itertools import count

from ...picture import Picture, Tile
from ...words import told
from ..look import text

WIDE = 12
"""Of more columns a table does not fit a sheet of paper, and is not printed."""
Numbered = dict[tuple[str, str], tuple[int, Tile]]
"""Maps the row and the column of each number of a table to its tile and the tile's number."""


def numbers(picture: Picture) -> str:
    """Returns a part that opens, with a table for each heat map; nothing for a picture without numbers in tiles."""
    tables: dict[tuple[str, str, int], Numbered] = {}
    for i, tile in enumerate(picture.tiles):
        if tile.cell is not None:
            name, corner, *place, _ = tile.cell
            # Two networks side by side may have maps of the same name.
            k = next(k for k in count() if tuple(place) not in tables.get((name, corner, k), {}))
            tables.setdefault((name, corner, k), {})[place[0], place[1]] = (i, tile)
    if not tables:
        return ""
    title = told("Table of the numbers", picture.lang)
    shown = "".join(_table(name, corner, table, picture) for (name, corner, _), table in tables.items())
    return (
        f'<details id="numbers"><summary>{title}</summary>'
        f'<div class="sheet" role="region" tabindex="0" aria-label="{title}">{shown}</div></details>'
    )


def _table(name: str, corner: str, table: Numbered, picture: Picture) -> str:
    """Returns rows and columns in the order of the picture; the first number is a stop of the tab key."""
    rows = dict.fromkeys(row for (row, _), _ in sorted(table.items(), key=lambda x: -x[1][1].y))
    columns = dict.fromkeys(column for (_, column), _ in sorted(table.items(), key=lambda x: x[1][1].x))
    body, first = "", True
    for row in rows:
        body += f'<tr><th scope="row">{text(row)}</th>'
        for column in columns:
            i, tile = table.get((row, column), (0, None))
            words = "" if tile is None or tile.cell is None else text(tile.cell.number)
            body += f'<td data-i="{i}" tabindex="{first - 1}">{words}</td>' if words else "<td></td>"
            first = first and not words
        body += "</tr>"
    wide = ' class="wide"' * (len(columns) > WIDE)
    head = "".join(f'<th scope="col">{text(x)}</th>' for x in (told(corner, picture.lang), *columns))
    return (
        f"<table{wide}><caption>{text(told(name, picture.lang, picture.names))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
