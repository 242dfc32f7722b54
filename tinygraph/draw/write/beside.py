"""The title over a picture, the table and the legend beside or below it: their places, and their marks in a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from ..colours import GREY, INK
from ..labels import width
from ..picture import BADGE, MANY, Picture, Ruler
from ..shown.roles import BORDERS
from . import margin as aside
from .look import LINES, Paint, text
from .marks import rect

ROW, KEY, PAD, LOW, APART = 23.0, 22.0, 12.0, 62.0, 28.0
"""Heights of a row of table and legend, the room in their frames, a legend's least height, the room between frames."""
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
    spots += [(x.x + x.aside, x.foot - 20, BADGE / 2, 22.0) for x in picture.cuts]
    for b in picture.bands:
        k = 8.0 * min(max(b.times - 1, 0), 3)  # the cards behind
        wide, high = (b.right + k - b.left) / 2, (b.top + k - b.foot) / 2
        spots.append((b.left + wide, b.foot + high, wide, high))
    xs = [end for x, _, w, _ in spots for end in (x - w, x + w)] + [x for a in picture.arrows for x, _ in a.points]
    ys = [end for _, y, _, h in spots for end in (y - h, y + h)] + [y for a in picture.arrows for _, y in a.points]
    return Extent(min(xs, default=0.0), max(xs, default=1.0), min(ys, default=0.0), max(ys, default=1.0))


def roof(picture: Picture, left: float, right: float) -> float:
    """Returns the height over which nothing is drawn between two x."""
    spots = [(x.x, x.width / 2, x.y + x.height / 2) for x in picture.boxes]
    spots += [(x.x, x.width / 2, x.y + x.height / 2) for x in picture.tiles]
    spots += [(x.x, width(x.text, x.size, True) / 2, x.y + x.size) for x in picture.notes]
    spots += [((x.left + x.right) / 2, (x.right - x.left) / 2 + 24, x.top + 24 * bool(x.times)) for x in picture.bands]
    spots += [(x.x, 1.0, x.top) for x in picture.cuts]
    high = max((top for x, half, top in spots if x + half > left and x - half < right), default=0.0)
    for points in (x.points for x in picture.arrows):
        if min(points)[0] < right and max(points)[0] > left:
            high = max(high, *map(itemgetter(1), points))
    return high


class Heading(NamedTuple):
    """A line over the picture; ``y``: the height of its foot."""

    words: str
    size: float
    y: float


class Sidebar(NamedTuple):
    """The table or the legend: its marks, its size and its upper left corner."""

    rows: list[str]
    wide: float = 0.0
    high: float = 0.0
    x: float = 0.0
    y: float = 0.0


def headings(picture: Picture, inner: Extent, over: Sequence[Sidebar] = ()) -> list[Heading]:
    """Returns subtitle and title, from below: at the top, or as near to it as the parts under them let them be.

    ``over``: what stands over the picture, too.
    """
    room = min([inner.right, *(bar.x - APART for bar in over)]) - inner.left
    above = bool(over) and room < 320
    room = inner.right - inner.left + 320 if above or picture.aside in ("right", "auto") else room
    room = max(room, picture.sheet * (inner.top - inner.foot) * (not over))  # that the sheet has
    texts = [(picture.subtitle, 13.0), (picture.title or "", 21.0)]
    split = [
        (line, size, 5 if k else 18) for x, size in texts if x for k, line in enumerate(wrapped(x, size, room)[::-1])
    ]
    wide = max((width(line, size, size > 13) for line, size, _ in split), default=0.0)
    top = max([inner.top, *(bar.y for bar in over)])
    beside = top - sum(gap + 0.8 * size for _, size, gap in split)
    above = above or len(picture.boxes) > MANY
    y, placed = top if above else max(roof(picture, inner.left, inner.left + wide + APART), beside), []
    for line, size, gap in split:
        placed.append(Heading(line, size, y + gap))
        y += gap + 0.8 * size
    return placed


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
    """Returns the table over the legend, in the middle of the picture's right side, or side by side, as over or below.

    At the right they are side by side where they would be taller than the picture and the sheet has room.
    """
    bars, x, y = _bars(picture, inner, look), inner.left, inner.foot - APART
    wide, high = (sum(sizes, APART * (len(bars) - 1)) for sizes in ([b.wide for b in bars], [b.high for b in bars]))
    low, flat = max((bar.high for bar in bars), default=0.0), picture.aside in ("over", "below")
    if picture.aside == "over":
        x = max(x, inner.right - wide)
        y = roof(picture, x - APART, x + wide) + APART + low
    elif not flat:
        x, tall = inner.right + 40, inner.top - inner.foot
        flat = high > tall and picture.sheet * high > x + wide - inner.left
        y = (inner.top + inner.foot + (low if flat else high)) / 2
        if max(width(picture.title or "", 21, True), width(picture.subtitle, 13)) > inner.right - inner.left + 30:
            y = min(y, inner.top)  # under a title that reaches over them
    if flat:
        return [b._replace(x=x + sum(z.wide + APART for z in bars[:k]), y=y) for k, b in enumerate(bars)]
    return [b._replace(x=x, y=y - sum(z.high + APART for z in bars[:k])) for k, b in enumerate(bars)]


def _bars(picture: Picture, inner: Extent, look: Paint) -> list[Sidebar]:
    """Returns what stands beside the picture; over and below it all is low: rows and keys are in columns."""
    if not picture.aside:
        return []
    flat, listed = picture.aside in ("over", "below"), _listed(picture)
    count = min(-(-len(picture.uses) // 6), 3) if flat else 1
    while (table := _table(picture, look, count)).wide > 0.7 * (inner.right - inner.left) and count > 1:
        count -= 1
    legend = _legend(picture, look, max(table.high, listed.high, LOW) if flat else math.inf)
    return [x for x in (table, legend, listed) if x.rows]


def margin(picture: Picture, inner: Extent, look: Paint) -> tuple[list[str], Extent]:
    """Returns the marks of the margin, and the bounding box with it: the least one that the picture's sheet holds."""
    if picture.aside == "auto":
        places = ("right", "below", "over") if len(picture.boxes) <= MANY else ("right",)
        tries = [margin(replace(picture, aside=x), inner, look) for x in places]
        sizes = [(x.right - x.left, x.top - x.foot) for _, x in tries]
        return tries[min(range(len(tries)), key=lambda k: (max(sizes[k][0], picture.sheet * sizes[k][1]), sizes[k][1]))]
    marks, (left, right, foot, top) = [], inner
    beside = sides(picture, inner, look)
    for line in headings(picture, inner, beside if picture.aside == "over" else ()):
        more = f'{BOLD} fill="{INK}"' if line.size > 13 else f'fill="{GREY}"'
        place = f'x="{left:.1f}" y="{-line.y:.1f}" font-size="{line.size:g}" text-anchor="start"'
        marks.append(f"<text {place} {more}>{text(line.words)}</text>\n")
        top, right = max(top, line.y + line.size), max(right, left + width(line.words, line.size, line.size > 13))
    for side in beside:
        shift = f'fill="{INK}" font-size="11" text-anchor="start" transform="translate({side.x:.1f} {-side.y:.1f})"'
        marks += [f"<g {shift}>", rect(0, 0, side.wide, side.high, FRAME), *side.rows, "</g>\n"]
        top, foot, right = max(top, side.y), min(foot, side.y - side.high), max(right, side.x + side.wide)
    return marks, Extent(left, right, foot, top)


BOLD = 'font-weight="700"'


def _words(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{more and " " + more}>{text(words)}</text>'


def _table(picture: Picture, look: Paint, count: int) -> Sidebar:
    """Returns the parameters: a row each, the name on gold, in so many columns of rows."""
    if not picture.uses:
        return Sidebar([])
    titles, rows, more = aside.heads(picture), aside.table_rows(picture), aside.left_out(picture)
    cells = [[width(head, 11), *(width(row[k], 11, not k) for row in rows)] for k, head in enumerate(titles)]
    wide = [max(own) + (28 if k else 14) for k, own in enumerate(cells)]
    per, block = -(-len(rows) // count), sum(wide) + 14
    lefts = [5 + sum(wide[:k]) + (14 if k else 0) for k in range(len(titles))]
    heads, (first, second) = [*zip(lefts, titles, strict=True)], aside.caption(picture)
    gap = width(first, 11, True) + 10
    marks = [_words(PAD, 20, first, BOLD), _words(PAD + gap, 20, second)]
    for i, row in enumerate(rows):
        x, y = PAD + i // per * block, 48 + ROW * (i % per)
        if not i % per:
            marks += [_words(x + a - 5 * (a == 5), 40, t, f'fill="{aside.PALE}"') for a, t in heads]
        marks.append(rect(x, y, wide[0] - 4, ROW - 4, f'rx="3" {look.ground("chip")}'))
        marks += [_words(x + a, y + 13.5, t, BOLD if a == 5 else "") for a, t in zip(lefts, row, strict=True)]
    marks += [_words(PAD, 48 + ROW * per + 13.5, more)] * bool(more)
    long = max(-(-len(rows) // per) * block - 14, gap + width(second, 11)) + 2 * PAD
    return Sidebar(marks, long, 48 + ROW * (per + bool(more)) + PAD - 4)


def _legend(picture: Picture, look: Paint, most: float) -> Sidebar:
    """Returns the roles that occur, chips, and the colour scale, in columns no higher than ``most``, if they can be."""
    marks, x, y, wide, high = list[str](), PAD, PAD, 0.0, 0.0
    for mark, room, tall in _keys(picture, look):
        if y > PAD and y + tall + PAD - 6 > most:
            x, y, wide = x + wide + 18, PAD, 0.0
        marks += mark(x, y)
        wide, y = max(wide, room), y + tall
        high = max(high, y)
    return Sidebar(marks, x + wide + PAD, high + PAD - 6)


def _keys(picture: Picture, look: Paint) -> list[tuple[Callable[[float, float], list[str]], float, float]]:
    """Returns the parts of the legend: a function from a place to marks, width and height of each."""
    parts = aside.keys(picture), aside.odd_keys(picture)
    keys, odd = ([(partial(_key, x, look), 36 + width(x.words, 11), KEY) for x in part] for part in parts)
    scale = aside.ruler(picture)
    if scale is None:
        return [*keys, *odd]
    lines = [look.say(text) for text in aside.BACKWARD] if aside.has_backward_arrows(picture) else []
    wide, high = max([162.0, *(width(line, 11) for line in lines)]), 34.0 + (6 + 13 * len(lines)) * bool(lines)
    return [*keys, (partial(_scale, scale, lines, look), wide, high), *odd]


def _scale(scale: Ruler, lines: list[str], look: Paint, x: float, y: float) -> list[str]:
    """Returns the colour scale, and what the arrows of gradients say."""
    marks = [rect(x + 18 * i, y, 18.3, 12, f'fill="{look.colour(c)}"') for i, c in enumerate(scale.colours)]
    ends = zip(scale[1:4], (0, 81, 162), ("start", "middle", "end"), strict=True)
    marks += [_words(x + right, y + 26, words, f'text-anchor="{anchor}"') for words, right, anchor in ends]
    return marks + [_words(x, y + 44 + 13 * k, line, f'fill="{aside.WARM}"') for k, line in enumerate(lines)]


def _listed(picture: Picture) -> Sidebar:
    lines = aside.listing(picture)
    rows = [_words(PAD, 20 + 16 * i, line, BOLD if not i else "") for i, line in enumerate(lines)]
    wide = max((width(line, 11, not i) for i, line in enumerate(lines)), default=0.0)
    return Sidebar(rows, wide + 2 * PAD, 16 * len(lines) + PAD)


def _key(key: aside.Key, look: Paint, x: float, y: float) -> list[str]:
    """Returns a sample of a border or a fill, and its words."""
    return [*swatch(key, x + 1, y, look), _words(x + 36, y + 12, key.words)]


def swatch(key: aside.Key, x: float, y: float, look: Paint) -> list[str]:
    fill = f'fill="{look.colour(key.fill)}"'
    if not key.role:
        return [rect(x, y + 1, 26, 14, f'rx="3" {fill}')]
    line, stroke = LINES[key.role], f'stroke="{look.colour(BORDERS[key.role])}"'
    dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
    marks = [rect(x, y + 1, 26, 14, f'rx="4" {fill} {stroke} stroke-width="{line.width:g}"{dashes}')]
    return marks + [rect(x + 3, y + 4, 20, 8, f'rx="2" fill="none" {stroke}')] * line.double
