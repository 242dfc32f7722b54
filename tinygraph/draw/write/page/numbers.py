"""The numbers of heat maps as tables, which keys reach and screen readers read."""

from __future__ import annotations

from ...picture import Picture, TileNumber
from ...words import told
from ..look import text

WIDE = 12
"""Of more columns a table does not fit a sheet of paper, and is not printed."""


def numbers(picture: Picture) -> str:
    """Returns a part that opens, with a table for each heat map; nothing for a picture without numbers in tiles."""
    tables: dict[tuple[str, str], dict[str, dict[str, tuple[int, TileNumber]]]] = {}
    for i, tile in enumerate(picture.tiles):
        if tile.cell is not None:
            table = tables.setdefault((tile.cell.table, tile.cell.corner), {})
            table.setdefault(tile.cell.row, {})[tile.cell.column] = (i, tile.cell)
    if not tables:
        return ""
    title = told("Table of the numbers", picture.lang)
    shown = "".join(_table(*heads, list(rows.items())[::-1], picture.lang) for heads, rows in tables.items())
    return (
        f'<details id="numbers"><summary>{title}</summary>'
        f'<div class="sheet" role="region" tabindex="0" aria-label="{title}">{shown}</div></details>'
    )


def _table(name: str, corner: str, rows: list[tuple[str, dict[str, tuple[int, TileNumber]]]], lang: str) -> str:
    """Returns the rows in the order of the picture; the first number is a stop of the tab key."""
    columns = list(dict.fromkeys(c for _, row in sorted(rows, key=lambda r: -len(r[1])) for c in row))
    heads = "".join(f'<th scope="col">{text(c)}</th>' for c in columns)
    body, first = "", True
    for label, row in rows:
        body += f'<tr><th scope="row">{text(label)}</th>'
        for column in columns:
            i, cell = row.get(column, (0, None))
            body += "<td></td>" if cell is None else f'<td data-i="{i}" tabindex="{first - 1}">{text(cell.number)}</td>'
            first = first and cell is None
        body += "</tr>"
    wide = ' class="wide"' * (len(columns) > WIDE)
    head = f'<th scope="col">{text(told(corner, lang))}</th>{heads}'
    return (
        f"<table{wide}><caption>{text(told(name, lang))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
