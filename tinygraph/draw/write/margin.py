"""The texts beside a picture: the table of parameters and the legend."""

from __future__ import annotations

from ..colours import GOLD
from ..labels import NORM, html, number, width
from ..norms.heat import ODD, ZERO, ramp
from ..picture import Picture, Use
from ..shown.roles import BORDERS

PALE = "#777777"
WORDS = {"input": "input", "state": "state (crosses time)", "op": "op", "loss": "loss", "parameter": "parameter",
          "gradient": "gradient ∂ ‖norm‖, and its rule",
          "moved": "left the loop (see its number)", "removed": "done by no action: see its tip"}  # fmt: skip
MOST = 40
"""Most parameters in the table; of more it says how many are left out."""
_OPEN = '<table border="1" color="#e3e7ee" cellborder="0" cellspacing="3" cellpadding="3" style="rounded">'


def table(picture: Picture) -> str:
    """Returns a row per parameter: name, shape, number of uses, gradient norm, and the norm without cuts."""
    columns = heads(picture)
    head = "".join(f'<td align="left"><font point-size="10" color="{PALE}">{html(c)}</font></td>' for c in columns)
    rows = [_row(use) for use in picture.uses[:MOST]]
    if len(picture.uses) > MOST:
        rows.append(f'<tr><td colspan="{len(columns)}">and {len(picture.uses) - MOST} more</td></tr>')
    top = f'<tr><td colspan="{len(columns)}" align="left">{_caption()}</td></tr><tr>{head}</tr>'
    return f'<font point-size="11">{_OPEN}{top}{"".join(rows)}</table></font>'


def _caption() -> str:
    """Returns two runs of text in cells of fixed widths: otherwise another font would close the gap between them."""
    words = (("<b>parameters</b>", 78), ("(one copy each)", 100))
    cells = "".join(f'<td fixedsize="true" width="{room}" height="16" align="left">{text}</td>' for text, room in words)
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{cells}</tr></table>'


def heads(picture: Picture) -> list[str]:
    """Returns the column heads of the parameters' table."""
    norm = f"‖∂‖ {picture.truncation}".strip()
    has_norms = picture.scale is not None
    return [
        "name",
        "shape",
        "uses",
        *[norm] * has_norms,
        *[picture.beside] * any(u.full is not None for u in picture.uses),
    ]


def _row(use: Use) -> str:
    cells = [html(text) for text in (use.shape, f"{use.uses}×", use.norm) if text is not None]
    if use.full is not None:
        cells.append(f'<font color="{PALE}">{html(use.full)}</font>')
    columns = "".join(f'<td align="left">{cell}</td>' for cell in cells)
    return f'<tr><td bgcolor="{GOLD}"><b>{html(use.name)}</b></td>{columns}</tr>'


def table_size(picture: Picture) -> tuple[float, float]:
    """Returns the estimated width and height of the table."""
    if not picture.uses:
        return 0.0, 0.0
    rows = [(u.name, u.shape, f"{u.uses}×", u.norm or "", u.full or "") for u in picture.uses[:MOST]]
    wide = [max(width(text, 11, True) for text in column) for column in zip(*rows, strict=True)]
    for i, head in enumerate(heads(picture)):
        wide[i] = max(wide[i], width(head, 10))
    return max(sum(wide) + 10 * len(wide), 190.0), 44 + 23.0 * min(len(picture.uses), MOST + 1)


def has_chips(picture: Picture) -> bool:
    return any(part.kind == "chip" for box in picture.boxes for part in box.title)


def has_backward_arrows(picture: Picture) -> bool:
    """Whether red arrows are gradients; on rolled cards red arrows are states for the next step."""
    return bool(picture.arrows) and not any(band.times for band in picture.bands)


def odd_fills(picture: Picture) -> list[tuple[str, str]]:
    """Returns the colours outside the scale that occur, and their meanings."""
    fills = {x.fill for x in picture.boxes} | {x.fill for x in picture.tiles}
    return [(c, text) for c, text in ((ZERO, "gradient exactly 0"), (ODD, "NaN or infinite")) if c in fills]


def legend(picture: Picture) -> str:
    """Returns the roles that occur, chips, and the colour scale; empty if there is nothing to explain."""
    fills = {box.role: box.fill if box.role == "parameter" else "white" for box in picture.boxes}
    rows = [
        f'<tr><td width="26" height="14" border="2" color="{BORDERS[role]}" bgcolor="{fills[role]}" '
        f'style="rounded"></td><td align="left">{text}</td></tr>'
        for role, text in WORDS.items()
        if role in fills
    ]
    if has_chips(picture):
        chip = f'<td bgcolor="{GOLD}" width="26" height="14"></td>'
        rows.append(f'<tr>{chip}<td align="left">parameter of the op</td></tr>')
    for colour, text in picture.keys:
        rows.append(f'<tr><td bgcolor="{colour}" width="26" height="10"></td><td align="left">{html(text)}</td></tr>')
    if picture.scale is not None:
        rows += _scale(picture, *picture.scale)
    return "" if not rows else f'<font point-size="11">{_OPEN}{"".join(rows)}</table></font>'


def _scale(picture: Picture, low: float, high: float) -> list[str]:
    steps = "".join(f'<td bgcolor="{ramp(i / 8)}" width="18" height="12"></td>' for i in range(9))
    strip = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{steps}</tr></table>'
    ends = f"{number(low)} &#160; ‖∂‖, log scale &#160; {number(high)}"
    spelt = f'<tr><td colspan="2" align="left"><font point-size="10">{NORM}</font></td></tr>'
    rows = [
        f'<tr><td colspan="2">{strip}</td></tr>',
        f'<tr><td colspan="2"><font point-size="10">{ends}</font></td></tr>',
        spelt,
    ]
    if has_backward_arrows(picture):
        text = '<font point-size="10" color="#b02a1a">'
        rows.append(
            f'<tr><td colspan="2" align="left">{text}red arrows: backward,</font><br/>'
            f"{text}wide where much comes back</font></td></tr>"
        )
    for colour, text in odd_fills(picture):
        rows.append(f'<tr><td bgcolor="{colour}" width="26" height="14"></td><td align="left">{text}</td></tr>')
    return rows


def legend_size(picture: Picture) -> tuple[float, float]:
    """Returns the estimated width and height of the legend."""
    present = {box.role for box in picture.boxes}
    return 190.0, 10 + 22.0 * (len(present) + 1 + len(picture.keys)) + (112 if picture.scale is not None else 0)
