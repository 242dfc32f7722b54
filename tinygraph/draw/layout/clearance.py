"""What makes way for arrows: texts at the foot of columns and over them, and bars, in which openings open."""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import accumulate
from operator import itemgetter

from ..labels import width
from ..picture import BADGE, Arrow, Box, Opening, Picture, Point, text_width
from .bars import free

BASELINE = 24.0
"""Height of the texts above the foot of their band."""
LINE = 6.0
"""Half the height of a line of text."""
HALF, FAR = 6.0, 120.0
"""Half the width of an opening; how far the middle of a bar steps aside at most."""


def clear_headings(picture: Picture) -> None:
    """Move texts that an arrow would cross into the nearest gap between arrows that is wide enough."""
    bands = sorted((x for x in picture.bands if not x.times), key=lambda x: x.left)
    if not bands:
        return
    lefts = [x.left for x in bands]
    passing: dict[int, list[Point]] = {}
    for arrow in picture.arrows:
        span = _runs(arrow, bands[0].foot + BASELINE)
        for i in range(max(bisect_right(lefts, span[0]) - 1, 0), bisect_right(lefts, span[1])) if span else ():
            if span is not None and span[0] <= bands[i].right:
                passing.setdefault(i, []).append(span)
    for i, spans in passing.items():
        band = bands[i]
        wide = width(band.title, 14, True) + (width(band.token, 12) + 14 if band.token else 0)
        band.at = _gap((band.left, band.right), wide, sorted(spans))


def clear_of_arrows(picture: Picture, span: Point, wide: float, height: float) -> float:
    """Returns the x of a text over the columns from ``span[0]`` to ``span[1]`` that no arrow crosses."""
    spans = [_runs(arrow, height) for arrow in picture.arrows]
    return _gap(span, wide, sorted(x for x in spans if x is not None and span[0] < x[1] and x[0] < span[1]))


def clear_badges(picture: Picture) -> None:
    """Move the badges of cuts beside arrows that would cross them; a badge that would leave its line is left out."""
    heights = [picture.cuts[0].foot - y for y in (0, 20, 40)] if picture.cuts else []  # the same for all
    passing = [x for arrow in picture.arrows for y in heights if (x := _passes(arrow, y)) is not None]
    room = BADGE / 2 + HALF
    for cut in picture.cuts:
        x = free(cut.x, [(x - room, x + room) for x in passing if abs(x - cut.x) < 2 * BADGE])
        cut.badge, cut.aside = cut.badge and abs(x - cut.x) < BADGE / 2 - 2 * HALF, x - cut.x


def make_openings(picture: Picture, bars: set[int]) -> None:
    """Make openings in the bars, which are the boxes outside of columns, for arrows that pass them."""
    passing: dict[int, list[float]] = {}
    sides: dict[int, list[tuple[Arrow, int]]] = {}
    for arrow in [x for x in picture.arrows if x.tail in bars or x.head in bars]:
        ends = {arrow.tail: 0, arrow.head: -1}
        for i in ends.keys() & bars:
            if abs(arrow.points[ends[i]][0] - picture.boxes[i].x) >= picture.boxes[i].width / 2:
                sides.setdefault(i, []).append((arrow, ends[i]))
        for i in bars - ends.keys():
            box, x = picture.boxes[i], _passes(arrow, picture.boxes[i].y)
            if x is not None and abs(x - box.x) < box.width / 2 + 2 * FAR:
                passing.setdefault(i, []).append(x)
    for i, xs in passing.items():
        box, spans = picture.boxes[i], list[list[float]]()
        half = text_width(box.title, box.below) / 2 + HALF  # of its texts, which stay whole
        if box.width / 2 > half + HALF:
            _lengthen(box, half, xs, picture, sides.get(i, []))
        for x in sorted(x for x in xs if half - 0.1 < abs(x - box.x) < box.width / 2 - 2 * HALF):
            if spans and x - spans[-1][1] < 4 * HALF:  # else hardly anything of the bar is left between
                spans[-1][1] = x
            else:
                spans.append([x, x])
        for left, right in spans:
            picture.openings.append(Opening((left + right) / 2, box.y, right - left + 2 * HALF, box.height, box.role))


def _lengthen(box: Box, half: float, xs: list[float], picture: Picture, held: list[tuple[Arrow, int]]) -> None:
    """Move the ends of a bar, and so its middle, for arrows that would run along an end or over the texts.

    ``held``: the arrows at its sides, each with the number of the point there.
    """
    left, right = (
        max((4 * HALF - x for x in inside if -HALF < x < 3 * HALF), default=0.0)
        for inside in ([box.width / 2 - side * (x - box.x) for x in xs] for side in (-1, 1))
    )
    first = box.x + (right - left) / 2
    x = free(first, [(-math.inf, first), *((x - half, x + half) for x in xs)])
    wide = box.width + left + right + 2 * (x - first)
    beside = (other for other in picture.boxes if other is not box and abs(other.y - box.y) < box.height)
    if x - first < FAR and not any(abs(other.x - x) < (other.width + wide) / 2 for other in beside):
        for arrow, k in held:
            u, v = arrow.points[k]
            arrow.points[k] = (x + math.copysign(wide / 2, u - box.x), v)
        box.x, box.width = x, wide


def _passes(arrow: Arrow, height: float) -> float | None:
    """Returns the x at which an arrow crosses a height; None if it starts and ends above, or does not cross."""
    span = _runs(arrow, height, 0.0)
    return span and span[0]


def _runs(arrow: Arrow, height: float, half: float = LINE) -> Point | None:
    """Returns from where to where an arrow runs across a line of text; None as in `_passes`."""
    low, high, xs = height - half, height + half, list[float]()
    if min(arrow.points[0][1], arrow.points[-1][1]) >= high:
        return None
    for i in range(0, len(arrow.points) - 1, 3):
        (x0, y0), (x1, y1) = sorted((arrow.points[i], arrow.points[i + 3]), key=itemgetter(1))
        if y0 <= high and low <= y1:
            slope = (x1 - x0) / (y1 - y0) if y1 > y0 else 0.0
            xs += [x0 + max(low - y0, 0.0) * slope, x1 - max(y1 - high, 0.0) * slope]
    return (min(xs), max(xs)) if xs else None


def _gap(span: Point, wide: float, passing: list[Point]) -> float:
    """Returns the middle of a text: near the middle of the room where no arrow is, else in the widest gap."""
    (left, right), margin = span, wide / 2 + 10
    centre = (left + right) / 2
    taken = [(a - margin, b + margin) for a, b in [(-math.inf, left), *passing, (right, math.inf)]]
    x = free(centre, taken)
    if not any(a + 0.01 < x < b - 0.01 for a, b in taken):
        return x
    ends = accumulate((b for _, b in passing), max, initial=left)
    a, b = max(zip(ends, [*(a for a, _ in passing), right], strict=True), key=lambda gap: gap[1] - gap[0])
    return (a + b) / 2
