"""The table of parameters and the legend as labels of DOT."""

from __future__ import annotations

import math

from ..colours import GOLD
from ..labels import html, width
from ..picture import Picture, Ruler
from .margin import PALE, WARM, backward, caption, colour_of, heads, left_out, listing, odd_keys, ruler, table_rows
from .margin import keys as keys_of

_OPEN = '<table border="1" color="#e3e7ee" cellborder="0" cellspacing="3" cellpadding="3" style="rounded">'


def table(picture: Picture) -> str:
    """Returns a row for each parameter."""
    columns = heads(picture)
    head = "".join(f'<td align="left"><font point-size="10" color="{PALE}">{html(c)}</font></td>' for c in columns)
    rows = [
        f'<tr><td bgcolor="{GOLD}"><b>{html(name)}</b></td>'
        + "".join(f'<td align="left">{html(cell)}</td>' for cell in cells)
        + "</tr>"
        for name, *cells in table_rows(picture)
    ]
    if left_out(picture):
        rows.append(f'<tr><td colspan="{len(columns)}">{left_out(picture)}</td></tr>')
    top = f'<tr><td colspan="{len(columns)}" align="left">{_caption(picture)}</td></tr><tr>{head}</tr>'
    return f'<font point-size="11">{_OPEN}{top}{"".join(rows)}</table></font>'


def listed(picture: Picture) -> str:
    """Returns what differs, a row each."""
    head, *lines = [html(line) for line in listing(picture)]
    rows = "".join(f'<tr><td align="left">{line}</td></tr>' for line in (f"<b>{head}</b>", *lines))
    return f'<font point-size="11">{_OPEN}{rows}</table></font>'


def _caption(picture: Picture) -> str:
    """Returns two runs of text in cells of fixed widths: otherwise another font would close the gap between them."""
    first, second = caption(picture)
    words = ((f"<b>{first}</b>", math.ceil(width(first, 11, True)) + 2), (second, 100))
    fixed = "".join(f'<td fixedsize="true" width="{room}" height="16" align="left">{text}</td>' for text, room in words)
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{fixed}</tr></table>'


def legend(picture: Picture) -> str:
    """Returns the roles that occur, chips, and the colour scale; empty if there is nothing to explain."""
    rows = [
        '<tr><td width="26" height="14" '
        + (f'border="2" color="{colour_of(key)}" style="rounded" ' if key.role else "")
        + f'bgcolor="{key.fill}"></td><td align="left">{html(key.words)}</td></tr>'
        for key in keys_of(picture)
    ]
    if (scale := ruler(picture)) is not None:
        rows += _scale(picture, scale)
    rows += [
        f'<tr><td bgcolor="{key.fill}" width="26" height="14"></td><td align="left">{key.words}</td></tr>'
        for key in odd_keys(picture)
    ]
    return "" if not rows else f'<font point-size="11">{_OPEN}{"".join(rows)}</table></font>'


def _scale(picture: Picture, scale: Ruler) -> list[str]:
    steps = "".join(f'<td bgcolor="{colour}" width="18" height="12"></td>' for colour in scale.colours)
    strip = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{steps}</tr></table>'
    words = " &#160; ".join(map(html, scale[1:4]))
    rows = [
        f'<tr><td colspan="2">{strip}</td></tr>',
        f'<tr><td colspan="2"><font point-size="10">{words}</font></td></tr>',
    ]
    if backward(picture):
        text = f'<font point-size="10" color="{WARM}">'
        lines = "<br/>".join(f"{text}{line}</font>" for line in backward(picture))
        rows.append(f'<tr><td colspan="2" align="left">{lines}</td></tr>')
    return rows
