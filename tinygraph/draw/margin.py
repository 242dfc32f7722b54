"""What stands beside the picture: the table of parameters and the legend."""

from __future__ import annotations

from .heat import ODD, ZERO, ramp
from .labels import html, number, width
from .picture import Picture
from .roles import BORDERS

GOLD, GREY = "#f6d365", "#777777"
_WORDS = {"input": "input", "state": "state (crosses time)", "op": "op", "loss": "loss"}
MOST = 40
"""Parameters that the table lists; of more it says how many are left out."""
_OPEN = '<table border="1" color="#e3e7ee" cellborder="0" cellspacing="3" cellpadding="3" style="rounded">'


def table(picture: Picture) -> str:
    """Each parameter once: name, shape, how many boxes use it, norm of its gradient."""
    columns = ["name", "shape", "uses", *["‖∂‖"] * (picture.scale is not None)]
    head = "".join(f'<td align="left"><font point-size="10" color="{GREY}">{c}</font></td>' for c in columns)
    rows = []
    for use in picture.uses[:MOST]:
        cells = [use.shape, f"{use.uses}×", *([use.norm] if use.norm is not None else [])]
        rest = "".join(f'<td align="left">{html(c)}</td>' for c in cells)
        rows.append(f'<tr><td bgcolor="{GOLD}"><b>{html(use.name)}</b></td>{rest}</tr>')
    if len(picture.uses) > MOST:
        rows.append(f'<tr><td colspan="{len(columns)}">and {len(picture.uses) - MOST} more</td></tr>')
    top = f'<tr><td colspan="{len(columns)}" align="left"><b>parameters</b> (one copy each)</td></tr><tr>{head}</tr>'
    return f'<font point-size="11">{_OPEN}{top}{"".join(rows)}</table></font>'


def table_size(picture: Picture) -> tuple[float, float]:
    """Width and height of the table, estimated."""
    if not picture.uses:
        return 0.0, 0.0
    wide = [
        sum(width(text, 11, True) + 12 for text in (u.name, u.shape, f"{u.uses}×", u.norm or ""))
        for u in picture.uses[:MOST]
    ]
    return max(*wide, 190.0), 44 + 23.0 * min(len(picture.uses), MOST + 1)


def legend(picture: Picture) -> str:
    """The roles that occur, chips, and the scale of colours."""
    present = {box.role for box in picture.boxes}
    rows = [
        f'<tr><td width="26" height="14" border="2" color="{BORDERS[role]}" bgcolor="white" style="rounded"></td>'
        f'<td align="left">{text}</td></tr>'
        for role, text in _WORDS.items()
        if role in present
    ]
    if any(part.kind == "chip" for box in picture.boxes for part in box.title):
        chip = f'<td bgcolor="{GOLD}" width="26" height="14"></td>'
        rows.append(f'<tr>{chip}<td align="left">parameter of the op</td></tr>')
    if picture.scale is not None:
        rows += _scale(picture, *picture.scale)
    return f'<font point-size="11">{_OPEN}{"".join(rows)}</table></font>'


def _scale(picture: Picture, low: float, high: float) -> list[str]:
    steps = "".join(f'<td bgcolor="{ramp(i / 8)}" width="18" height="12"></td>' for i in range(9))
    strip = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{steps}</tr></table>'
    ends = f"{number(low)} &#160; ‖∂‖, log scale &#160; {number(high)}"
    rows = [f'<tr><td colspan="2">{strip}</td></tr>',
            f'<tr><td colspan="2"><font point-size="10">{ends}</font></td></tr>',
            '<tr><td colspan="2" align="left"><font point-size="10" color="#b02a1a">red arrows: backward,</font><br/>'
            '<font point-size="10" color="#b02a1a">wide where much comes back</font></td></tr>']  # fmt: skip
    fills = {box.fill for box in picture.boxes}
    for colour, text in ((ZERO, "gradient exactly 0"), (ODD, "NaN or infinite")):
        if colour in fills:
            rows.append(f'<tr><td bgcolor="{colour}" width="26" height="14"></td><td align="left">{text}</td></tr>')
    return rows


def legend_size(picture: Picture) -> tuple[float, float]:
    """Width and height of the legend, estimated."""
    present = {box.role for box in picture.boxes}
    return 190.0, 10 + 22.0 * (len(present) + 1) + (90 if picture.scale is not None else 0)
