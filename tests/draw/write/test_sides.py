"""Table and legend in each place: how low they are, how many columns they have, and which place is taken."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.draw.write.test_headings import PICTURES
from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Box, Part, Picture, Use
from tinygraph.draw.write.beside import edges, margin, sides
from tinygraph.draw.write.look import Paint

PAINT = Paint()
ROLES = ["input", "state", "op", "loss", "parameter", "gradient", "moved", "removed"]


def picture(wide: float, uses: int, roles: int, aside: str, **more: Any) -> Picture:
    boxes = [Box(wide * i / 8, 50.0, 40, 30, ROLES[i % roles], "#ffffff", [Part("h")], "", []) for i in range(9)]
    rows = [Use(f"cell.weight_{k}", "16×16", 3, None) for k in range(uses)]
    return replace(Picture(boxes, uses=rows, aside=aside), **more)


def heights(rows: list[str], pattern: str) -> list[float]:
    return sorted({float(y) for x in rows for y in re.findall(pattern, x)})


@each("wide", [300.0, 800.0, 3000.0])
@each("uses", [1, 6, 7, 12, 13, 19, 40])
@each("aside", ["right", "below", "over"])
def test_a_table_beside_has_one_column_of_rows_over_and_below_up_to_three_of_six(
    aside: str, uses: int, wide: float
) -> None:
    """As many as are no wider than seven tenths of the picture."""
    drawn = picture(wide, uses, 3, aside)
    inner = edges(drawn)
    table = sides(drawn, inner, PAINT)[0]
    one = sides(picture(wide, uses, 3, "right"), inner, PAINT)[0]
    block = one.wide - 24 + 14
    most = 1 if aside == "right" else min(-(-uses // 6), 3)
    fits = [
        n for n in range(1, most + 1) if -(-uses // -(-uses // n)) * block - 14 + 24 <= 0.7 * (inner.right - inner.left)
    ]
    count = max([1, *fits])
    rows = heights(table.rows, r'<text x="17.0" y="([\d.]+)" font-weight')
    per = -(-uses // count)
    assert rows == [48 + 13.5 + 23 * k for k in range(per)] and table.high == 48 + 23 * per + 8
    chips = [float(x) for row in table.rows for x in re.findall(r'<rect x="([\d.]+)"', row)]
    lefts = sorted({*chips})
    assert len(chips) == uses and len(lefts) == -(-uses // per)
    assert lefts == pytest.approx([12 + block * k for k in range(len(lefts))], abs=0.11)


@each("roles", [1, 3, 8])
@each("uses", [0, 1, 6, 30])
@each("aside", ["below", "over"])
def test_a_legend_over_or_below_is_as_low_as_its_table(aside: str, uses: int, roles: int) -> None:
    drawn = picture(3000.0, uses, roles, aside, keys=[("#123456", "a key")], scale=(0.1, 1.0))
    bars = sides(drawn, edges(drawn), PAINT)
    legend, most = bars[-1], max([62.0, *(bar.high for bar in bars[:-1])])
    whole = sides(replace(drawn, aside="right"), edges(drawn), PAINT)[-1].high
    assert legend.high == whole if whole <= most else most - 44 < legend.high <= most
    columns: dict[float, list[float]] = {}
    for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)">', "".join(legend.rows)):
        columns.setdefault(float(x), []).append(float(y))
    for ys in columns.values():
        assert ys[0] == 24 and all(b - a == 22 for a, b in pairwise(ys)), "line under line, from the top on"
    keys = sum(map(len, columns.values()))
    assert keys >= roles + 2


def test_what_stands_over_or_below_is_side_by_side_at_one_height() -> None:
    """Over it as far at the right as the picture is wide, just over what is there; below it at the left."""
    tried = set()
    for drawn, _ in PICTURES:
        inner = edges(drawn)
        for aside in ("over", "below", "right"):
            bars = sides(replace(drawn, aside=aside), inner, PAINT)
            wide = sum(bar.wide + 28 for bar in bars) - 28
            if aside == "right":
                if len({bar.x for bar in bars}) > 1:  # one over the other they would be taller than the picture
                    assert sum(bar.high + 28 for bar in bars) - 28 > inner.top - inner.foot
                    assert len({bar.y for bar in bars}) == 1
                    continue
                assert {bar.x for bar in bars} == {inner.right + 40}
                assert all(b.y == pytest.approx(a.y - a.high - 28) for a, b in pairwise(bars))
                middle = (bars[0].y + bars[-1].y - bars[-1].high) / 2
                long = (
                    max(width(drawn.title or "", 21, True), width(drawn.subtitle, 13)) > inner.right - inner.left + 30
                )
                low = long and (inner.top + inner.foot) / 2 + (bars[0].y - bars[-1].y + bars[-1].high) / 2 > inner.top
                assert bars[0].y == inner.top if low else middle == pytest.approx((inner.top + inner.foot) / 2)
                tried.add((aside, low))
                continue
            assert len({bar.y for bar in bars}) == 1
            assert all(b.x == pytest.approx(a.x + a.wide + 28) for a, b in pairwise(bars))
            left = max(inner.left, inner.right - wide) if aside == "over" else inner.left
            assert bars[0].x == pytest.approx(left)
            tall = max(bar.high for bar in bars)
            under = [
                b.y + b.height / 2
                for b in drawn.boxes
                if left - 28 < b.x + b.width / 2 and b.x - b.width / 2 < left + wide
            ]
            foot = max([0.0, *under]) + 28 + tall if aside == "over" else inner.foot - 28
            assert bars[0].y == pytest.approx(foot)
            tried.add((aside, left == inner.left))
    assert len(tried) == 5


@each("sheet", [0.5, 1.0, 16 / 9, 4.0])
def test_the_place_that_needs_the_smallest_sheet_is_taken(sheet: float) -> None:
    """Its width over its height is given; of two that need the same, the lower one."""
    taken = set()
    for drawn, _ in PICTURES:
        inner = edges(drawn)
        outer = {x: margin(replace(drawn, aside=x, sheet=sheet), inner, PAINT)[1] for x in ("right", "below", "over")}
        sizes = {x: (o.right - o.left, o.top - o.foot) for x, o in outer.items()}
        best = min(sizes, key=lambda x: (max(sizes[x][0], sheet * sizes[x][1]), sizes[x][1]))
        assert margin(replace(drawn, aside="auto", sheet=sheet), inner, PAINT)[1] == outer[best]
        taken.add(best)
    assert len(taken) > 1
