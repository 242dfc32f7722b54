"""Positions of the texts at the foot of columns: beside the arrows that come from under the columns."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from ..labels import width
from ..picture import Arrow, Band, Picture

BASELINE = 24.0
"""Height of the texts above the foot of their band."""


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
        bands[i].at = _gap(bands[i], sorted(xs))


def _passes(arrow: Arrow, height: float) -> float | None:
    """Returns the x at which an arrow crosses a height; None if it starts and ends above, or does not cross."""
    if min(arrow.points[0][1], arrow.points[-1][1]) >= height:
        return None
    for i in range(0, len(arrow.points) - 1, 3):
        (x0, y0), (x1, y1) = arrow.points[i], arrow.points[i + 3]
        if min(y0, y1) <= height <= max(y0, y1) and y0 != y1:
            return x0 + (x1 - x0) * (height - y0) / (y1 - y0)
    return None


def _gap(band: Band, xs: list[float]) -> float:
    """Returns the middle of the text: near the column's middle in a gap that is wide enough, else in the widest gap."""
    wide = width(band.title, 14, True) + (width(band.token, 12) + 14 if band.token else 0)
    edges = [band.left, *xs, band.right]
    centre = (band.left + band.right) / 2
    gaps = [(a, b) for a, b in pairwise(edges) if b - a >= wide + 20]
    if not gaps:
        a, b = max(pairwise(edges), key=lambda gap: gap[1] - gap[0])
        return (a + b) / 2
    margin = wide / 2 + 10
    return min((min(max(centre, a + margin), b - margin) for a, b in gaps), key=lambda x: abs(x - centre))
