"""The side of a page: the parameters' table, the legend, the keys."""

from __future__ import annotations

from ...labels import NORM, number
from ...picture import Picture
from ...shown.roles import BORDERS
from ..margin import WORDS, has_backward_arrows, has_chips, heads, odd_fills
from .marks import text
from .palette import STEPS, Palette

MOST = 60
"""Most parameters in the table."""
_KEYS = [
    ("→ ←", "walk forward, backward"),
    ("Home End", "first and last box"),
    ("f, Enter", "fold the step of the box; unfold a strip"),
    ("u", "unfold all"),
    ("+ − 0", "zoom in, out, fit"),
    ("/", "search"),
    ("p", "play"),
]


def table(picture: Picture) -> str:
    """Returns a row per parameter: name, shape, number of uses, gradient norm, and the norm without cuts."""
    if not picture.uses:
        return ""
    has_norms, has_full_norms = (
        any(x is not None for x in xs) for xs in zip(*((u.norm, u.full) for u in picture.uses), strict=True)
    )
    head = "".join(f'<th scope="col">{text(x)}</th>' for x in heads(picture))
    rows = ""
    for use in picture.uses[:MOST]:
        cells = [use.shape, f"{use.uses}×", *[use.norm or ""] * has_norms, *[use.full or ""] * has_full_norms]
        columns = "".join(f"<td>{text(x)}</td>" for x in cells)
        rows += f'<tr><th scope="row"><span class="gold">{text(use.name)}</span></th>{columns}</tr>'
    more = f"<p>and {len(picture.uses) - MOST} more</p>" if len(picture.uses) > MOST else ""
    return (
        f'<section aria-labelledby="uses-title"><h2 id="uses-title">Parameters <small>one copy each</small></h2>'
        f'<table id="uses"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}</section>'
    )


def legend(picture: Picture, colours: Palette) -> str:
    """Returns the roles that occur, chips, and the colour scale."""
    present = {box.role for box in picture.boxes}
    rows = [
        _swatch(f'fill="none" stroke="var(--{colours.key(BORDERS[role])})" stroke-width="2"', words)
        for role, words in WORDS.items()
        if role in present
    ]
    if has_chips(picture):
        rows.append(_swatch('class="chip"', "parameter of the op"))
    rows += [_swatch(f'fill="var(--{colours.key(c)})"', text(words)) for c, words in picture.keys]
    if picture.scale is not None:
        rows += [_swatch(f'fill="var(--{colours.key(c)})"', words) for c, words in odd_fills(picture)]
    scale = "" if picture.scale is None else _scale(*picture.scale, arrows=has_backward_arrows(picture))
    if not rows and not scale:
        return ""
    return (
        f'<section aria-labelledby="legend-title"><h2 id="legend-title">Legend</h2>'
        f'<ul class="legend">{"".join(rows)}</ul>{scale}</section>'
    )


def _swatch(look: str, words: str) -> str:
    return f'<li><svg width="30" height="18" aria-hidden="true"><rect x="2" y="2" width="26" height="14" rx="4" {look}/></svg>{words}</li>'  # noqa: E501


def _scale(low: float, high: float, arrows: bool) -> str:
    cells = "".join(f'<rect x="{i * 8}" width="8.5" height="12" fill="var(--h{i})"/>' for i in range(STEPS + 1))
    return (
        f'<svg class="scale" viewBox="0 0 {8 * (STEPS + 1)} 12" preserveAspectRatio="none" aria-hidden="true">{cells}'
        f'</svg><p class="ends"><span id="low">{number(low)}</span><span>‖∂‖, log scale</span>'
        f'<span id="high">{number(high)}</span></p><p class="hint">{NORM}</p>'
        + arrows
        * '<p class="hint"><b class="red">warm arrows</b> run backward, wide where much comes back</p>'
    )


def keys() -> str:
    rows = "".join(f"<li><kbd>{k}</kbd> {words}</li>" for k, words in _KEYS)
    return f"<details><summary>Keys</summary><ul class='keys'>{rows}</ul></details>"
