"""The side of a page: the parameters' table, the legend, the keys."""

from __future__ import annotations

from ...picture import Picture
from ...words import markup, told
from ..beside import swatch
from ..look import text
from ..margin import caption, has_backward_arrows, heads, left_out, listing, odd_keys, ruler, table_rows
from ..margin import keys as keys_of
from .columns import Columns
from .palette import Palette

_KEYS = {
    "boxes": [("→ ←", "walk forward, backward"), ("Home End", "first and last box"), ("p", "play"), ("/", "search")],
    "columns": [("f Enter", "fold the step of the box; unfold a strip"), ("u", "unfold all")],
    "tiles": [("Enter", "open the table; show the square of a number"), ("← ↑ ↓ →", "move in the table")],
    "": [("+ − 0", "zoom in, out, fit"), ("Tab", "to the next tool"), ("Esc", "back, close"), ("?", "these keys")],
}
"""What each key does, by the parts of a picture that it needs."""


def table(picture: Picture) -> str:
    """Returns a row per parameter: name, shape, number of uses, gradient norm, and the norm without cuts."""
    if not picture.uses:
        return ""
    head = "".join(f'<th scope="col">{text(x)}</th>' for x in heads(picture))
    rows = ""
    for name, *cells in table_rows(picture):
        row = "".join(f"<td>{text(x)}</td>" for x in cells)
        whole = text(name).replace(".", ".<wbr/>").replace("_", "_<wbr/>")  # where a long name may break
        rows += f'<tr><th scope="row"><span class="gold" tabindex="0">{whole}</span></th>{row}</tr>'
    more = f"<p>{left_out(picture)}</p>" if left_out(picture) else ""
    first, second = map(text, caption(picture))
    return (
        f'<section aria-labelledby="uses-title"><h2 id="uses-title">{first.capitalize()} '
        f"<small>{second[1:-1]}</small></h2>"
        f'<table id="uses"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}</section>'
    )


def differences(picture: Picture) -> str:
    """Returns what differs between two pictures, a line each."""
    head, *lines = listing(picture) or [""]
    rows = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<section><h2>{text(head)}</h2><ul>{rows}</ul></section>" if lines else ""


def legend(picture: Picture, colours: Palette) -> str:
    """Returns the roles that occur, chips, and the colour scale."""
    rows = [
        f'<li><svg width="30" height="18" aria-hidden="true">{"".join(swatch(key, 2, 1, colours))}</svg>'
        f"{text(key.words)}</li>"
        for key in (*keys_of(picture), *odd_keys(picture))
    ]
    scale = _scale(picture, colours)
    if not rows and not scale:
        return ""
    return (
        f'<section id="key" aria-labelledby="legend-title"><h2 id="legend-title">{told("Legend", picture.lang)}</h2>'
        f'<ul class="legend">{"".join(rows)}</ul>{scale}</section>'
    )


def _scale(picture: Picture, colours: Palette) -> str:
    scale = ruler(picture)
    if scale is None:
        return ""
    steps = "".join(
        f'<rect x="{i * 8}" width="8.5" height="12" fill="{colours.colour(c)}"/>' for i, c in enumerate(scale.colours)
    )
    arrows = '<p class="hint"><b class="red">warm arrows</b> run backward, wide where much comes back</p>'
    view = f'viewBox="0 0 {8 * len(scale.colours)} 12" preserveAspectRatio="none"'
    return (
        f'<svg class="scale" {view} aria-hidden="true">{steps}'
        f'</svg><p class="ends"><span id="low">{text(scale.low)}</span><span>{text(scale.words)}</span>'
        f'<span id="high">{text(scale.high)}</span></p>' + has_backward_arrows(picture) * markup(arrows, picture.lang)
    )


def keys(picture: Picture) -> str:
    """Returns the keys of a page, which the key ``?`` opens."""
    needs = {"boxes": picture.boxes, "columns": len(Columns(picture)) > 1, "tiles": any(x.cell for x in picture.tiles)}
    shown = [row for need, rows in _KEYS.items() if needs.get(need, True) for row in rows]
    rows = "".join(f"<dt><kbd>{k}</kbd></dt><dd>{words}</dd>" for k, words in shown)
    return markup(f'<details id="keys"><summary>Keys</summary><dl>{rows}</dl></details>', picture.lang)
