"""The title over a picture and the table and legend at its right: their places, and their marks in a file."""

from __future__ import annotations

from typing import NamedTuple

from ..colours import GREY, INK
from ..labels import width
from ..picture import Picture
from . import margin as aside
from .look import LINES, Paint, text
from .marks import rect

ROW, KEY, PAD = 23.0, 22.0, 12.0
"""Heights of a row of the table and of the legend, and the room within their frames."""
FRAME = 'rx="9" fill="#ffffff" stroke="#e3e7ee"'


class Extent(NamedTuple):
    """The bounding box of what is drawn; y upward."""

    left: float
    right: float
    foot: float
    top: float


def edges(picture: Picture) -> Extent:
    """Returns the bounding box of boxes, bands, tiles, arrows, notes and badges, without the margin."""
    spots = [(x.x, x.y, x.width / 2, x.height / 2) for x in picture.boxes]
    spots += [(x.x, x.y, x.width / 2, x.height / 2) for x in picture.tiles]
    spots += [(x.x, x.y, width(x.text, x.size, True) / 2, x.size) for x in picture.notes]
    spots += [(x.x, x.foot - 20, 56.0, 22.0) for x in picture.cuts]
    behind = [8.0 * min(max(b.times - 1, 0), 3) for b in picture.bands]
    across = [x for arrow in picture.arrows for x, _ in arrow.points]
    along = [y for arrow in picture.arrows for _, y in arrow.points]
    lefts = [x - w for x, _, w, _ in spots] + [b.left for b in picture.bands] + across
    rights = [x + w for x, _, w, _ in spots] + [b.right + k for b, k in zip(picture.bands, behind, strict=True)]
    feet = [y - h for _, y, _, h in spots] + [b.foot for b in picture.bands] + along
    tops = [y + h for _, y, _, h in spots] + [b.top + k for b, k in zip(picture.bands, behind, strict=True)]
    right, top = max(rights + across, default=1.0), max(tops + along, default=1.0)
    return Extent(min(lefts, default=0.0), right, min(feet, default=0.0), top)


class Heading(NamedTuple):
    """A line over the picture; ``y``: the height of its foot."""

    words: str
    size: float
    y: float


class Sidebar(NamedTuple):
    """The table or the legend: its marks, its size and its upper left corner."""

    name: str
    rows: list[str]
    wide: float = 0.0
    high: float = 0.0
    x: float = 0.0
    y: float = 0.0


def headings(picture: Picture, inner: Extent) -> list[Heading]:
    """Returns subtitle and title, from below."""
    lines: list[Heading] = []
    y = inner.top
    room = inner.right - inner.left + (320 if picture.aside == "right" else 0)
    for words, size in ((picture.subtitle, 13.0), (picture.title or "", 21.0)):
        for k, line in enumerate(wrapped(words, size, room)[::-1] if words else ()):
            y += 5 if k else 18
            lines.append(Heading(line, size, y))
            y += 0.8 * size
    return lines


def wrapped(words: str, size: float, room: float) -> list[str]:
    """Returns lines of a text that are no wider than the room, but for single words."""
    room = max(room, 160.0)
    if width(words, size, size > 13) <= room:
        return [words]
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width(longer, size, size > 13) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def sides(picture: Picture, inner: Extent, look: Paint) -> list[Sidebar]:
    """Returns the table over the legend, in the middle of the picture's right side; or side by side below it."""
    if not picture.aside:
        return []
    bars = [x for x in (_table(picture, look), _legend(picture, look), _listed(picture)) if x.rows]
    if picture.aside == "below":
        lefts = [inner.left + sum(bar.wide + 28 for bar in bars[:k]) for k in range(len(bars))]
        return [bar._replace(x=x, y=inner.foot - 28) for bar, x in zip(bars, lefts, strict=True)]
    y = (inner.top + inner.foot + sum(bar.high for bar in bars) + 28 * (len(bars) - 1)) / 2
    if any(inner.left + width(x.words, x.size, x.size > 13) > inner.right + 30 for x in headings(picture, inner)):
        y = min(y, inner.top)  # under a title that reaches over them
    placed = []
    for bar in bars:
        placed.append(bar._replace(x=inner.right + 40, y=y))
        y -= bar.high + 28
    return placed


def margin(picture: Picture, inner: Extent, look: Paint) -> tuple[list[str], Extent]:
    """Returns the marks of the margin, and the bounding box with it."""
    marks, (left, right, foot, top) = [], inner
    for line in headings(picture, inner):
        more = f'{BOLD} fill="{INK}"' if line.size > 13 else f'fill="{GREY}"'
        place = f'x="{left:.1f}" y="{-line.y:.1f}" font-size="{line.size:g}" text-anchor="start"'
        marks.append(f"<text {place} {more}>{text(line.words)}</text>\n")
        top, right = line.y + line.size, max(right, left + width(line.words, line.size, line.size > 13))
    for side in sides(picture, inner, look):
        shift = f'fill="{INK}" font-size="11" text-anchor="start" transform="translate({side.x:.1f} {-side.y:.1f})"'
        marks += [f"<g {shift}>", rect(0, 0, side.wide, side.high, FRAME), *side.rows, "</g>\n"]
        top, foot, right = max(top, side.y), min(foot, side.y - side.high), max(right, side.x + side.wide)
    return marks, Extent(left, right, foot, top)


BOLD = 'font-weight="700"'


def _words(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{more and " " + more}>{text(words)}</text>'


def _table(picture: Picture, look: Paint) -> Sidebar:
    """Returns the parameters: a row each, the name on gold."""
    if not picture.uses:
        return Sidebar("params", [])
    columns, rows = aside.heads(picture), aside.table_rows(picture)
    wide = [
        max(width(head, 10), *(width(row[k], 11, not k) for row in rows)) + (28 if k else 14)
        for k, head in enumerate(columns)
    ]
    lefts = [PAD + 5 + sum(wide[:k]) + (14 if k else 0) for k in range(len(columns))]
    first, second = aside.caption(picture)
    gap = width(first, 11, True) + 10
    marks = [_words(PAD, 20, first, BOLD), _words(PAD + gap, 20, second)]
    marks += [
        _words(x - 5 * (not k), 40, head, f'font-size="10" fill="{aside.PALE}"')
        for k, (x, head) in enumerate(zip(lefts, columns, strict=True))
    ]
    for i, row in enumerate(rows):
        y = 48 + ROW * i
        marks.append(rect(PAD, y, wide[0] - 4, ROW - 4, f'rx="3" {look.ground("chip")}'))
        marks += [
            _words(x, y + 13.5, cell, BOLD if not k else "") for k, (x, cell) in enumerate(zip(lefts, row, strict=True))
        ]
    if aside.left_out(picture):
        marks.append(_words(PAD, 48 + ROW * aside.MOST + 13.5, aside.left_out(picture)))
    high = 48 + ROW * min(len(picture.uses), aside.MOST + 1) + PAD - 4
    return Sidebar("params", marks, max(sum(wide) + 2 * PAD, gap + width(second, 11) + 2 * PAD), high)


def _legend(picture: Picture, look: Paint) -> Sidebar:
    """Returns the roles that occur, chips, and the colour scale."""
    marks, y, wide = [], PAD, 9 * 18.0
    for key in aside.keys(picture):
        marks += _key(key, y, look)
        wide, y = max(wide, 36 + width(key.words, 11)), y + KEY
    scale = aside.ruler(picture)
    if scale is not None:
        marks += [rect(PAD + 18 * i, y, 18.3, 12, f'fill="{look.colour(c)}"') for i, c in enumerate(scale.colours)]
        for words, x, anchor in zip(scale[1:4], (0, 81, 162), _ANCHORS, strict=True):
            marks.append(_words(PAD + x, y + 26, words, f'font-size="10" text-anchor="{anchor}"'))
        y += 34
    for line in aside.backward(picture):
        marks.append(_words(PAD, y + 10, line, f'font-size="10" fill="{aside.WARM}"'))
        wide, y = max(wide, width(line, 10)), y + 13
    y += 6 * aside.has_backward_arrows(picture)
    for key in aside.odd_keys(picture):
        marks += _key(key, y, look)
        wide, y = max(wide, 36 + width(key.words, 11)), y + KEY
    return Sidebar("legend", marks, wide + 2 * PAD, y + PAD - 6)


def _listed(picture: Picture) -> Sidebar:
    lines = aside.listing(picture)
    rows = [_words(PAD, 20 + 16 * i, line, BOLD if not i else "") for i, line in enumerate(lines)]
    wide = max((width(line, 11, not i) for i, line in enumerate(lines)), default=0.0)
    return Sidebar("differences", rows, wide + 2 * PAD, 16 * len(lines) + PAD)


_ANCHORS = ("start", "middle", "end")


def _key(key: aside.Key, y: float, look: Paint) -> list[str]:
    """Returns a sample of a border or a fill, and its words."""
    return [*swatch(key, PAD + 1, y, look), _words(PAD + 36, y + 12, key.words)]


def swatch(key: aside.Key, x: float, y: float, look: Paint) -> list[str]:
    fill = f'fill="{look.colour(key.fill)}"'
    if not key.role:
        return [rect(x, y + 1, 26, 14, f'rx="3" {fill}')]
    line, stroke = LINES[key.role], f'stroke="{look.colour(aside.colour_of(key))}"'
    dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
    marks = [rect(x, y + 1, 26, 14, f'rx="4" {fill} {stroke} stroke-width="{line.width:g}"{dashes}')]
    return marks + [rect(x + 3, y + 4, 20, 8, f'rx="2" fill="none" {stroke}')] * line.double
