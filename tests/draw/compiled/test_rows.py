"""Rows, columns, bars and lists of the compiled view, and what stays of it where there are too many boxes."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw.compiled import planned, settle, traced
from tinygraph.draw.compiled.items import ItemGroup, LoopCard, Side, handed, members
from tinygraph.draw.compiled.kernels import wrapped
from tinygraph.draw.labels import width
from tinygraph.plan.report import amount

from .functions import NETWORKS, B, D, called, draw, halves, inside, marks, rnn, title

NAMES = [*NETWORKS, "checkpoints"]


@cache
def step_of(name: str) -> Any:
    if name == "checkpoints":
        return called(rnn(), xs=np.ones((100, B, D)), memory="checkpoint")
    return called(NETWORKS[name]())


@cache
def picture_of(name: str) -> Any:
    return draw(step_of(name))


@cache
def sides_of(name: str) -> tuple[Side, Side]:
    plan = step_of(name).plan
    before, journal = traced(plan.before), plan.journal()
    after = planned(journal, before.parameters)
    settle(before, after, journal.dropped)
    return before, after


def groups(parts: Any, depth: int = 0) -> list[tuple[ItemGroup, int]]:
    """The groups of a band, each with the number of loops around it."""
    out = []
    for part in parts:
        out += groups(part.parts, depth + 1) if isinstance(part, LoopCard) else [(part, depth)]
    return out


def loops(parts: Any) -> int:
    return sum(1 + loops(part.parts) for part in parts if isinstance(part, LoopCard))


@each("name", NAMES)
def test_a_box_stands_over_what_it_reads_in_rows_that_are_not_too_long(name: str) -> None:
    picture, start = picture_of(name), 0
    for side in sides_of(name):
        boxes = picture.boxes[start : start + len(side.items)]
        start += len(side.items)
        for group, depth in groups(side.parts):
            rows: dict[float, list[int]] = defaultdict(list)
            for i in group.items:
                rows[round(boxes[i].y - boxes[i].height / 2 + boxes[i].height / 2, 1)].append(i)
                for a in side.items[i].before:
                    assert (
                        a not in group.items or boxes[a].y + boxes[a].height / 2 + 10 < boxes[i].y - boxes[i].height / 2
                    )
            most = max(3 if depth else 2, round(0.7 * len(group.items) ** 0.5))
            assert max(map(len, rows.values())) <= most
            assert len(rows) < 2 or any(len(row) > 1 for row in rows.values()) or len(group.items) < 9
            for low, high in pairwise(sorted(rows)):
                top = max(boxes[i].y + boxes[i].height / 2 for i in rows[low])
                foot = min(boxes[i].y - boxes[i].height / 2 for i in rows[high])
                assert foot - top == pytest.approx(24, abs=0.1), "rows are at one distance"
    for i, box in enumerate(picture.boxes):
        below = box.below.count("\n")
        assert box.height == (50 + 12.5 * below if box.below else 36), i


@each("name", NAMES)
def test_a_loop_stands_over_the_same_loop_and_a_card_has_room_for_its_name(name: str) -> None:
    picture = picture_of(name)
    outer = [next(b for b in picture.bands if b.title.startswith(word)) for word in ("before", "after")]
    loops = [
        [
            b
            for b in picture.bands
            if b.times and o.left <= b.left and b.right <= o.right and o.foot <= b.foot and b.top <= o.top
        ]
        for o in outer
    ]
    for one in loops:
        for band in one:
            assert band.right - band.left > width(f"{band.title} × {band.times}", 14) + 16
    tops = [[b for b in one if not any(inside_band(b, c) for c in one if c is not b)] for one in loops]
    assert len(tops[0]) == len(tops[1])
    for a, b in zip(*tops, strict=True):
        assert (a.left + a.right) / 2 == pytest.approx((b.left + b.right) / 2, abs=12.1), "or by the cards behind one"
        assert a.times == b.times
    if any(loops):
        assert outer[0].foot - outer[1].top == 46 and (outer[0].left, outer[0].right) == (outer[1].left, outer[1].right)
    for band in picture.bands:
        parts = [b for b in picture.bands if b is not band and inside_band(b, band)]
        behind = 8 * min(max(band.times - 1, 0), 3)
        for other in picture.bands:
            apart = other is band or other in parts or inside_band(band, other)
            assert (
                apart
                or band.right + behind < other.left
                or other.right < band.left
                or band.top < other.foot
                or other.top < band.foot
            )
        for part in parts:
            assert part.top + 8 * min(max(part.times - 1, 0), 3) < band.top - 30, "under the name of the card"
        for box in (b for b in picture.boxes if inside(b, band)):
            assert (
                min(
                    box.x - box.width / 2 - band.left,
                    band.right - box.x - box.width / 2,
                    band.top - box.y - box.height / 2 - 20,
                )
                > 15
            )


def inside_band(a: Any, b: Any) -> bool:
    return b.left <= a.left and a.right <= b.right and b.foot <= a.foot and a.top <= b.top


@each("name", NAMES)
def test_a_bar_is_as_long_as_its_share_of_the_largest_cost(name: str) -> None:
    picture, (before, after) = picture_of(name), sides_of(name)
    items = [*before.items, *after.items]
    largest = {True: max(x.flops for x in items), False: max((x.bytes for x in items if not x.flops), default=0)}
    told = [words for _, words in picture.keys]
    assert f"FLOPs, full = {amount(largest[True], 'FLOP')}" in told
    assert (f"bytes where no FLOPs, full = {amount(largest[False], 'B')}" in told) == bool(largest[False])
    assert ("state, to the next step" in told) == any(x.late for x in items)
    bars = [x for x in picture.tiles if x.tip.endswith(" a call")]
    costly = [(box, item) for box, item in zip(picture.boxes, items, strict=True) if item.flops or item.bytes]
    assert len(bars) == len(costly)
    for bar, (box, item) in zip(bars, costly, strict=True):
        cost, kind = (item.flops, "FLOP") if item.flops else (item.bytes, "B")
        assert bar.tip == f"{amount(cost, kind)} a call"
        assert bar.width == pytest.approx(max((box.width - 16) * cost / largest[kind == "FLOP"], 1.5))
        assert bar.x - bar.width / 2 == pytest.approx(box.x - box.width / 2 + 8)
        assert box.y - box.height / 2 + 2 < bar.y - bar.height / 2 < box.y - box.height / 2 + 5
        colours = dict(map(reversed, picture.keys))
        assert bar.fill == next(
            c for words, c in colours.items() if words.startswith("FLOPs" if item.flops else "bytes")
        )


@each("name", NAMES)
def test_the_list_has_a_line_for_each_box_with_its_cost_and_its_mark(name: str) -> None:
    picture, sides = picture_of(name), sides_of(name)
    lines, start = picture.plain_text, 0
    number = {id(box): n for n, boxes in marks(picture).items() for box in boxes}
    for head, side in zip(("before: what was traced", "after: what is run"), sides, strict=True):
        own = lines[lines.index(head) + 1 :]
        own = own[: own.index("")]
        cards = [line for line in own if line.endswith(":") and " × " in line and "   " not in line.strip()]
        assert len(cards) == loops(side.parts) and len(own) - len(cards) == len(side.items)
        boxes = picture.boxes[start : start + len(side.items)]
        start += len(side.items)
        order = [i for part in side.parts for i in members(part)]
        depth_of = {i: depth for group, depth in groups(side.parts) for i in group.items}
        for line, i in zip([x for x in own if x not in cards], order, strict=True):
            box, item = boxes[i], side.items[i]
            mark = f"[{number[id(box)]}]" if id(box) in number else "-" if item.role == "removed" else ""
            assert line.startswith("    " * depth_of[i] + f"{mark:4}{title(box)}"), line
            cost = amount(item.flops, "FLOP") if item.flops else amount(item.bytes, "B") if item.bytes else ""
            assert not cost or cost in line[len(title(box)) :]
            assert line.endswith(box.below.replace("\n", ", "))
    assert ("-   done by no action" in lines) == any(x.role == "removed" for x in sides[0].items)
    assert any(x.startswith("[n] left its loop") for x in lines) == bool(number)
    notes = step_of(name).plan.notes
    assert lines[len(lines) - len(notes) :] == [f"  {x}" for x in notes] and (
        "changed by the passes:" in lines
    ) == bool(notes)


@each("name", NAMES)
def test_what_left_a_loop_is_numbered_in_the_order_in_which_it_is_done(name: str) -> None:
    numbers = [x.mark for x in sides_of(name)[1].items if x.mark]
    assert numbers == list(range(1, len(numbers) + 1))


@each("name", NAMES)
def test_values_between_blocks_are_one_arrow_for_each_pair(name: str) -> None:
    picture = picture_of(name)
    for side in sides_of(name):
        links = handed(side, side.parts)
        where = {i: k for k, part in enumerate(side.parts) for i in members(part)}
        meant: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for i, item in enumerate(side.items):
            for a in item.before:
                if where[a] < where[i]:
                    meant.setdefault((where[a], where[i]), []).append((a, i))
        assert {k: sorted(v) for k, v in links.items()} == {k: sorted(v) for k, v in meant.items()}
    between = [a for a in picture.arrows if a.tip.endswith(("value", "values"))]
    told = [int(a.tip.split()[0]) for a in between]
    assert [a.tip for a in between] == [f"{n} value{'s' if n > 1 else ''}" for n in told]
    assert [a.width for a in between] == pytest.approx([1.2 + 0.5 * min(n, 6) for n in told])
    notes = [x for x in picture.notes if x.text.endswith(("value", "values"))]
    assert sorted(x.text for x in notes) == sorted(a.tip for a in between)
    for arrow, note in zip(between, notes, strict=True):
        xs, ys = zip(*arrow.points, strict=True)
        assert note.x == pytest.approx((xs[0] + xs[-1]) / 2) and min(ys) < note.y < min(ys) + 14, "just over its line"
    crossing = [a for a in picture.arrows if a.tip == "to the next step"]
    assert len(crossing) == sum(
        len([a for a in x.late if same_group(side, a, i)]) for side in sides_of(name) for i, x in enumerate(side.items)
    )


def same_group(side: Side, a: int, b: int) -> bool:
    return any(a in group.items and b in group.items for group, _ in groups(side.parts))


def test_names_are_listed_with_their_counts_in_lines_that_are_not_too_long() -> None:
    names = ["multiply"] * 3 + ["add", "tanh"] + ["subtract"] * 2 + ["x" * 40, "exp"]
    listed = wrapped(names)
    assert max(map(len, listed)) <= 30 and ", ".join(listed).split(", ")[:4] == [
        "3 multiply",
        "add",
        "tanh",
        "2 subtract",
    ]
    assert len(listed) == 4 and all(not line.endswith(", ") for line in listed)
    for a, b in pairwise(listed):
        assert len(a) + len(b.split(", ")[0]) > 26


def test_the_latest_call_is_drawn_and_named() -> None:
    def a_step(x: Any) -> Any:
        return tg.sum(tg.tanh(x))

    step = called(a_step, xs=np.ones(3))
    assert draw(step).title == "a_step, compiled" and draw(step, title="mine").title == "mine"
    for other in (lambda x: x + 1.0, tg.value_and_grad(a_step, tg.parameter(np.ones(3)))):
        assert draw(called(other, xs=np.ones(3))).title == "function, compiled"
    before, after = halves(draw(step))
    flops = re.search(r"(\S+ \w*FLOP) a call before, (\S+ \w*FLOP) after", draw(step).subtitle)
    assert flops and [len(before), len(after)] == [
        int(n) for n in re.findall(r"(\d+) (?:ops traced|actions run)", draw(step).subtitle)
    ]
    assert flops[1] == amount(sum(x.flops for x in traced(step.plan.before).items), "FLOP")
