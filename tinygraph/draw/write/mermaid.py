"""Writes a picture as a Mermaid flowchart, which GitHub and many notebooks show; Mermaid places the boxes itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ...core.errors import GraphError
from ..colours import DEAD, FORWARD, GOLD, INK, RED
from ..picture import Arrow, Box, Picture
from ..shown.roles import BORDERS
from ..words import told
from .look import LINES, ink
from .margin import caption, table_rows
from .plain import CARRIES, by_band

SHOWN = ("unrolled", "both", "rolled", "backward")
"""The views that have boxes and arrows alone."""
MOST_ARROWS, MOST_LETTERS = 500, 50_000
"""What Mermaid draws at most, unless a page allows more, which GitHub does not."""
_SIGNS = re.compile(r"[^\w ,=().]|_|\.(?= )", re.ASCII)
_TOGETHER = re.compile(r"\\(?=n)|(?<=fa):|\$(?=\$)")
"""Signs that mean something together even as numbers: a line's end, an icon, a formula."""


def mermaid(picture: Picture) -> str:
    """Returns a flowchart from left to right, a subgraph for each column.

    Raises:
        GraphError: the view is a heat map or that of a plan; there is more than Mermaid draws.
    """
    if picture.view not in SHOWN:
        fix = 'save it as .svg, or view="unrolled"'
        raise GraphError(f"the view {picture.view!r} is no flowchart", expected=", ".join(SHOWN), fix=fix)
    arrows = [arrow for arrow in picture.arrows if picture.view == "backward" or not _back(arrow)]
    text = "\n".join([*_lines(picture, arrows), ""])
    if len(arrows) > MOST_ARROWS or len(text) > MOST_LETTERS:
        problem = "mermaid: the picture is larger than what Mermaid draws"
        expected = f"{MOST_ARROWS} arrows and {MOST_LETTERS:,} letters at most"
        fix = 'tg.draw(loss, level="layer"), or steps=[0, 1, -1]'
        raise GraphError(problem, expected=expected, got=f"{len(arrows)} and {len(text):,}", fix=fix)
    return text


def _lines(picture: Picture, arrows: list[Arrow]) -> Iterator[str]:
    if picture.title:
        yield from ("---", f"title: {json.dumps(picture.title, ensure_ascii=False)}", "---")
    yield "flowchart LR"
    columns = by_band(picture)
    within = {i for boxes in columns.values() for i in boxes}
    for i, box in enumerate(picture.boxes):
        if i not in within:
            yield "  " + _box(i, box)
    for c, boxes in columns.items():
        band = picture.bands[c]
        title = f"{band.title} × {band.times}" if band.times else f"{band.title} {band.token}".strip()
        yield f'  subgraph t{c}["{label(title)}"]'
        yield from ("    " + _box(i, picture.boxes[i]) for i in sorted(boxes))
        yield "  end"
    norms = {(x.head, x.tail): x for x in picture.arrows if _back(x)}
    yield from ("  " + _arrow(picture, arrow, norms.get((arrow.tail, arrow.head))) for arrow in arrows)
    if picture.uses:
        rows = "<br/>".join(label(" ".join(row).strip()) for row in (caption(picture), *table_rows(picture)))
        yield f'  parameters["{rows}"]:::parameters'
    yield from _looks(picture, arrows)


def _back(arrow: Arrow) -> bool:
    return arrow.colour not in CARRIES


def label(words: str) -> str:
    """Returns a text for a label between quotes; signs that mean anything to Mermaid stand as their numbers."""
    apart = _TOGETHER.sub("\\g<0>\u2060", words)
    return _SIGNS.sub(lambda sign: f"#{ord(sign[0])};" if sign[0].isascii() else sign[0], apart)


def _box(i: int, box: Box) -> str:
    words = [" ".join(part.text for part in box.title), *(box.below.split("\n") if box.below else [])]
    return f'n{i}["{"<br/>".join(map(label, words))}"]'


def _arrow(picture: Picture, arrow: Arrow, back: Arrow | None) -> str:
    """Returns an arrow; that of a state is thick and tells the gradient that comes back along it."""
    cut = arrow.tip.startswith("stop_gradient")
    carried = arrow.colour != FORWARD
    words = "" if back is None or not carried else back.tip
    words = told("BPTT cut", picture.lang) if cut else arrow.tip if carried and arrow.tip else words
    sign = "-.->" if cut or arrow.dashed else "==>" if carried else "-->"
    said = f'|"{label(words)}"|' if words else ""
    return f"n{arrow.tail} {sign}{said} n{arrow.head}"


def _looks(picture: Picture, arrows: list[Arrow]) -> Iterator[str]:
    """Yields colours: of borders by role, of fills, of states' arrows."""
    for role in dict.fromkeys(box.role for box in picture.boxes):
        line = LINES[role]
        dashes = f",stroke-dasharray:{line.dashes}" if line.dashes else ""
        edge = f"stroke:{BORDERS[role]},stroke-width:{line.width:g}px{dashes}"
        yield f"  classDef {role} fill:#ffffff,color:{INK},{edge}"
        yield f"  class {','.join(f'n{i}' for i, box in enumerate(picture.boxes) if box.role == role)} {role}"
    if picture.uses:
        yield f"  classDef parameters fill:{GOLD},stroke:{BORDERS['parameter']},color:{INK}"
    for i, box in enumerate(picture.boxes):
        if box.fill.lower() != "#ffffff" and box.fill.startswith("#"):
            yield f"  style n{i} fill:{box.fill},color:{ink(box.fill)}"
    by_colour: dict[str, list[int]] = {}
    for k, arrow in enumerate(arrows):
        by_colour.setdefault(RED if arrow.colour == DEAD else arrow.colour, []).append(k)
    for colour, numbers in by_colour.items():
        yield f"  linkStyle {','.join(map(str, numbers))} stroke:{colour}"
