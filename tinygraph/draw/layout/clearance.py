"""What makes way for arrows: texts at the foot of columns and over them, and bars, in which openings open."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from ..labels import width
from ..picture import Arrow, Opening, Picture, Point, text_width

BASELINE = 24.0
"""Height of the texts above the foot of their band."""
HALF = 6.0
"""Half the width of a opening."""


def clear_headings(picture: Picture) -> None:
    """Move texts that an arrow would cross into the nearest gap between arrows that is wide enough."""
    bands = sorted((x for x in picture.bands if not x.times), key=lambda x: x.left)
    if not bands:
        return
    lefts = [x.left for x in bands]
    passing: dict[int, list[float]] = {}
    for arrow in picture.arrows:
        x = _passes(arrow, bands[0].foot + BASELINE)
        band_index = -1 if x is None else bisect_right(lefts, x) - 1
        if x is not None and band_index >= 0 and x <= bands[band_index].right:
            passing.setdefault(band_index, []).append(x)
    for i, xs in passing.items():
        band = bands[i]
        wide = width(band.title, 14, True) + (width(band.token, 12) + 14 if band.token else 0)
        band.at = _gap((band.left, band.right), wide, sorted(xs))


def clear_of_arrows(picture: Picture, span: Point, wide: float, height: float) -> float:
    """Returns the x of a text over the columns from ``span[0]`` to ``span[1]`` that no arrow crosses."""
    xs = [_passes(arrow, y) for arrow in picture.arrows for y in (height - 6, height, height + 6)]
    return _gap(span, wide, sorted(x for x in xs if x is not None and span[0] < x < span[1]))


def make_openings(picture: Picture, bars: set[int]) -> None:
    """Make openings in the bars, which are the boxes outside of columns, for arrows that pass them."""
    passing: dict[int, list[float]] = {}
    for arrow in picture.arrows:
        for i in bars - {arrow.tail, arrow.head} if {arrow.tail, arrow.head} & bars else ():
            box = picture.boxes[i]
            x, text = _passes(arrow, box.y), text_width(box.title, box.below)
            if x is not None and text / 2 + HALF < abs(x - box.x) < box.width / 2 - 2 * HALF:
                passing.setdefault(i, []).append(x)
    for i, xs in passing.items():
        box, spans = picture.boxes[i], list[list[float]]()
        for x in sorted(xs):
            if spans and x - spans[-1][1] < 4 * HALF:  # else hardly anything of the bar is left between
                spans[-1][1] = x
            else:
                spans.append([x, x])
        for left, right in spans:
            picture.openings.append(Opening((left + right) / 2, box.y, right - left + 2 * HALF, box.height, box.role))


def _passes(arrow: Arrow, height: float) -> float | None:
    """Returns the x at which an arrow crosses a height; None if it starts and ends above, or does not cross."""
    if min(arrow.points[0][1], arrow.points[-1][1]) >= height:
        return None
    for i in range(0, len(arrow.points) - 1, 3):
        (x0, y0), (x1, y1) = arrow.points[i], arrow.points[i + 3]
        if min(y0, y1) <= height <= max(y0, y1) and y0 != y1:
            return x0 + (x1 - x0) * (height - y0) / (y1 - y0)
    return None


def _gap(span: Point, wide: float, xs: list[float]) -> float:
    """Returns the middle of a text: near the middle of the room in a gap wide enough, else in the widest."""
    edges = [span[0], *xs, span[1]]
    centre = (span[0] + span[1]) / 2
    gaps = [(a, b) for a, b in pairwise(edges) if b - a >= wide + 20]
    if not gaps:
        a, b = max(pairwise(edges), key=lambda gap: gap[1] - gap[0])
        return (a + b) / 2
    margin = wide / 2 + 10
    return min((min(max(centre, a + margin), b - margin) for a, b in gaps), key=lambda x: abs(x - centre))
