"""Tables in HTML for notebooks: escaped, short, with the facts that the text has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

from .errors import plain

RED = "rgba(229,62,62,.18)"
"""A ground that leaves black or white text readable, by day and by night."""
MOST, LONGEST = 200, 400
"""Most rows of a table, and most letters of a line."""


def cell(words: object) -> str:
    """Escapes a text, line by line, with its hidden characters marked."""
    return "<br>".join(escape(plain(line, LONGEST), quote=True) for line in str(words).split("\n"))


def table(
    heads: Sequence[str], rows: Iterable[Sequence[object]], red: Collection[int] = (), foot: Sequence[object] = ()
) -> str:
    """Returns a table; of many rows the first, and how many follow.

    ``red``: the numbers of the rows that are red; ``foot``: the last row, such as a total.
    """
    lines = list(rows)
    body = "".join(_row(row, f' style="background:{RED}"' * (k in red)) for k, row in enumerate(lines[:MOST]))
    if len(lines) > MOST:
        body += f'<tr><td colspan="{len(heads)}">and {len(lines) - MOST} more</td></tr>'
    body += _row(foot) if foot else ""
    top = "".join(f"<th {_LEFT}>{cell(head)}</th>" for head in heads)
    return f"<table>{f'<thead><tr>{top}</tr></thead>' if any(heads) else ''}<tbody>{body}</tbody></table>"


def _row(cells: Sequence[object], ground: str = "") -> str:
    return f"<tr{ground}>{''.join(f'<td {_LEFT}>{cell(x)}</td>' for x in cells)}</tr>"


def amounts(count: int, numbers: int) -> str:
    """Returns ``4 parameters, 144 numbers``."""
    return f"{count} parameter{'s' * (count != 1)}, {numbers:,} numbers"


def card(heading: object, *parts: str) -> str:
    """Returns a heading over parts that are HTML already."""
    return f'<div style="line-height:1.45"><b>{cell(heading)}</b>{"".join(parts)}</div>'


_LEFT = 'style="text-align:left;white-space:pre"'
