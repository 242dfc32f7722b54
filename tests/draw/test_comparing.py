"""Two pictures as one: where both stand, what is written over and beside them, and which pair is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw.comparing import compared, in_pairs, moved, roomy, shared_ends
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Arrow, Band, Box, Cut, Note, Part, Picture, Rim, Ruler, Tile, Use
from tinygraph.draw.write.beside import edges


def picture(wide: float = 300, high: float = 100, at: float = 0.0, title: str = "GRU, 4 steps", **more: Any) -> Picture:
    boxes = [Box(at + 20, at + 10, 40, 20, "op", "#ffffff", [Part("a")], "2", [])]
    boxes.append(Box(at + wide - 20, at + high - 10, 40, 20, "op", "#ffffff", [Part("b")], "", []))
    way = [(at + 20, at + 20), (at + 20, at + 30), (at + 60, at + 40), (at + wide - 20, at + high - 20)]
    drawn = Picture(boxes, [Arrow(0, 1, way, "#111111", 1.0)], title=title, **more)
    drawn.bands = [Band(at, at + wide, at, at + high, "t = 0", at=at + 7)]
    drawn.notes, drawn.cuts = [Note(at + 50, at + 50, "n", "#111111")], [Cut(at + 70, at + 60, at + 90)]
    drawn.tiles, drawn.rims = [Tile(at + 50, at + 50, 9, 9, "#222222", "x: 1")], [Rim(at + 1, at + 2, 3, 4, True)]
    return drawn


def joined(a: Picture, b: Picture, titles: Any = ("A", "B"), title: str | None = None, lang: str = "en") -> Picture:
    return next(compared([(a, b)], titles, title, lang, brief=False))


def half(whole: Picture, second: bool) -> Picture:
    """The boxes, bands and tiles of one of two pictures that are alike."""
    n = len(whole.boxes) // 2
    part = slice(n, None) if second else slice(n)
    return Picture(whole.boxes[part], bands=whole.bands[second : second + 1], tiles=whole.tiles[second : second + 1])


@each("at", [0.0, -35.0, 410.0])
@each("widths", [(300, 200), (965, 965), (965, 966), (1500, 700)])
def test_the_second_stands_at_the_right_of_the_first_or_under_it_if_both_are_too_wide(at: float, widths: Any) -> None:
    a, b = picture(widths[0]), picture(widths[1], 150, at)
    first, other = compared([(a, b)], ("A", "B"), None, "en", brief=False)
    is_wide = sum(widths) + 70 > 2000
    for whole, stacked in ((first, is_wide), (other, not is_wide)):
        left, right = edges(half(whole, False)), edges(half(whole, True))
        assert (right.right - right.left, right.top - right.foot) == (widths[1], 150)
        if stacked:
            assert (right.left, right.top) == (left.left, left.foot - 70)
        else:
            assert (right.left, right.top) == (left.right + 70, left.top)
        heads = [n for n in whole.notes if n.text in "AB"]
        for head, part in zip(heads, (left, right), strict=True):
            assert head.size == 15 and head.x - width(head.text, 15, True) / 2 == pytest.approx(part.left)
            assert head.y == part.top + 24


def test_all_parts_of_the_second_are_moved_and_its_arrows_lead_between_its_own_boxes() -> None:
    whole = moved(picture(), 1000.0, -10.0, 5)
    right = picture()
    (arrow,), (own,) = whole.arrows, right.arrows
    assert (arrow.tail, arrow.head) == (5, 6) and arrow.points == [(x + 1000, y - 10) for x, y in own.points]
    for name in ("boxes", "notes", "tiles", "rims"):
        places = [(x.x - 1000, x.y + 10) for x in getattr(whole, name)]
        assert places == [(x.x, x.y) for x in getattr(right, name)], name
    (band,), (same,) = whole.bands, right.bands
    assert band == replace(same, left=same.left + 1000, right=same.right + 1000, foot=-10, top=90, at=1007)
    assert whole.cuts == [Cut(1070, 50, 80)]
    centred = replace(picture(), bands=[Band(0, 9, 0, 9, "t = 0")])
    assert moved(centred, 5, 5, 0).bands[0].at is None


def test_titles_are_those_of_the_networks_or_numbers_where_these_are_alike() -> None:
    cases = {
        ("GRU, 4 steps, unrolled", "LSTM, 4 steps, unrolled"): ("GRU", "LSTM"),
        ("GRU, 4 steps, unrolled", "GRU, 5 steps, unrolled"): ("GRU, 4 steps", "GRU, 5 steps"),
        ("GRU, 4 steps", "GRU, 4 steps"): ("first", "second"),
        ("one", "two"): ("one", "two"),
    }
    for (a, b), names in cases.items():
        whole = joined(picture(title=a), picture(title=b), None)
        heads = [n.text for n in whole.notes if n.size == 15]
        assert tuple(heads) == names and [x for x in whole.plain_text if "==" in x] == [f"== {x}" for x in names]
    assert joined(picture(), picture()).title == "Two networks on one scale"
    whole = joined(picture(), picture(), title="mine", lang="zh")
    assert whole.title == whole.plain_text[0] == "mine" and whole.lang == "zh" and whole.view == "compare"
    assert joined(picture(), picture(), lang="zh").title == "同一刻度上的两个网络"


def test_what_both_say_stands_once_else_each_is_named() -> None:
    keys = [("#1", "one")], [("#1", "one"), ("#2", "two")]
    a, b = picture(subtitle="cut", keys=keys[0]), picture(subtitle="cut", keys=keys[1])
    assert joined(a, b).subtitle == "cut" and joined(a, b).keys == keys[1]
    assert joined(a, picture(subtitle="whole")).subtitle == "A: cut; B: whole"
    assert joined(picture(), a).subtitle == "B: cut"
    scaled, ruled = picture(scale=(0.1, 1.0)), picture(ruler=Ruler([], "", "", "", (0.0, 2.0)))
    assert joined(scaled, picture()).scale == joined(picture(), scaled).scale == (0.1, 1.0)
    assert joined(ruled, picture()).ruler == ruled.ruler
    assert shared_ends((scaled, picture(scale=(0.5, 7.0)))) == (0.1, 7.0) and shared_ends((a, b)) is None
    assert shared_ends((scaled, a)) == shared_ends((a, scaled)) == (0.1, 1.0) and shared_ends((a, ruled)) == (0.0, 2.0)


def uses(*rows: Any) -> Picture:
    drawn = picture()
    drawn.uses = [Use(name, "2", count, norm, size=size) for name, count, norm, size in rows]
    return drawn


def test_parameters_of_both_share_a_row_where_they_are_used_alike() -> None:
    alike = joined(uses(("W", 3, "0.1", 4), ("b", 3, None, 2)), uses(("W", 3, "0.2", 4), ("b", 3, "0.5", 2)))
    assert [(x.name, x.norm, x.full, x.size) for x in alike.uses] == [("W", "0.1", "0.2", 4), ("b", "–", "0.5", 2)]
    assert (alike.truncation, alike.beside) == ("A", "‖∂‖ B")
    other = joined(uses(("W", 3, "0.1", 4), ("U", 3, "0.3", 9)), uses(("W", 3, None, 4), ("V", 4, "0.7", 4)))
    assert [(x.name, x.uses, x.norm, x.full) for x in other.uses] == [
        ("W", 3, "0.1", "–"),
        ("U · A", 3, "0.3", "–"),
        ("V · B", 4, "–", "0.7"),
    ]
    longer = joined(uses(("W", 3, "0.1", 4)), uses(("W", 4, "0.7", 4)))
    assert [(x.name, x.uses, x.norm, x.full, x.size) for x in longer.uses] == [("W", "3×, 4", "0.1", "0.7", 4)]
    assert {x.size for x in other.uses} == {0}, "of two other networks there is no sum"
    plain = joined(uses(("W", 3, None, 4)), uses(("W", 3, None, 4)))
    assert [(x.norm, x.full, x.size) for x in plain.uses] == [(None, None, 4)]


def test_the_first_pair_that_is_small_enough_is_taken() -> None:
    pairs = [(picture(2601), picture()), (picture(), picture(300, 1301)), (picture(2600), picture(300, 1286))]
    (taken,) = roomy(iter([*pairs, (picture(), picture())]))
    assert taken is pairs[2]
    (last,) = roomy(iter(pairs[:2]))
    assert last is pairs[1]


def test_pictures_are_paired_from_the_most_to_the_least_and_the_shorter_list_repeats_its_last() -> None:
    one, more = [picture()], [picture(subtitle=str(k)) for k in range(3)]
    told = [(a.subtitle, b.subtitle) for a, b in in_pairs([iter(one), iter(more)])]
    assert told == [("", "0"), ("", "1"), ("", "2")]
    assert [(a.subtitle, b.subtitle) for a, b in in_pairs([iter(more), iter(one)])] == [(b, a) for a, b in told]
    pair = next(in_pairs([iter(one), iter(more)]))
    assert pair[0] == one[0] and pair[0] is not one[0], "a copy, as arranging it changes it"


def test_one_picture_waits_for_the_other_to_come_to_its_level() -> None:
    for few, many, levels in (
        (["op", "cell"], ["op", "op", "cell", "cell"], ["op", "op", "cell", "cell"]),
        (["op", "op", "cell"], ["cell", "cell"], ["cell", "cell"]),
        (["layer", "whole"], ["op", "cell", "layer", "outline", "whole"], ["layer", "whole"]),
    ):
        for first, second in ((few, many), (many, few)):
            pairs = in_pairs([iter(picture(level=x) for x in first), iter(picture(level=x) for x in second)])
            assert [(a.level, b.level) for a, b in pairs] == [(x, x) for x in levels]
    lengths = [tg.mean(tg.unroll(tg.cells.GRU(3, 4, rng=0), np.ones((n, 2, 3)))[0]) for n in (3, 6)]
    drawn = tg.draw.compare(*lengths).picture
    assert "GRU × " not in drawn.listed[1] and "a box is a cell" not in drawn.subtitle


def network(gains: Any) -> tg.Node:
    h: Any = tg.constant([1.0, 2.0], name="x")
    for k, gain in enumerate(gains):
        h = tg.multiply(h, gain, name=f"h{k}")
    return tg.sum(h, name="loss")


@each("count", [3, 12, 13, 30])
def test_the_list_ends_after_twelve_lines_in_an_area_after_five(count: int) -> None:
    a, b = network([2.0] * count), network([3.0 + k for k in range(count)])
    for options, most in (({}, 12), ({"fit": (3000, 3000)}, 5)):
        drawn = tg.draw.compare(a, b, values=True, **options).picture
        head, *lines = drawn.listed
        changed = count + 1  # and the loss
        assert head.startswith(f"{changed} of ")
        assert len(lines) == min(changed, most) + (changed > most)
        assert (lines[-1] == f"and {changed - most} more") == (changed > most)
    long = tg.draw.compare(network([2.0]), tg.tanh(network([2.0]), name="n" * 50), titles=["t" * 40, "u" * 40]).picture
    assert max(map(len, long.listed)) <= 100


def chain(steps: int) -> Any:
    h: Any = tg.constant(np.ones(3), "h0")
    w = tg.parameter(np.eye(3), "W")
    for t in range(steps):
        with tg.step(t):
            h = tg.tanh(h @ w)
    return tg.sum(h)


def test_steps_among_the_dots_of_the_other_are_not_in_one_alone() -> None:
    ends = [0, 1, -2, -1]
    listed = tg.draw.compare(chain(20), chain(12), titles=["A", "B"], steps=ends).picture
    alone = [x for x in listed.listed if " only" in x]
    assert [x.partition(":")[0] for x in alone] == ["in A only"], "steps 10 and 11 of B are among the dots of A"
    assert sum(not x.dashed for x in listed.rims) == 4, "two boxes at each of the steps 18 and 19"


def test_a_layer_that_one_stack_has_alone_is_named() -> None:
    xs = np.ones((3, 2, 3), np.float32)
    stacks = (tg.cells.Stack.of(tg.cells.RNN, 3, 4, num_layers=n, rng=0) for n in (2, 3))
    listed = tg.draw.compare(*(tg.mean(tg.unroll(x, xs)[0]) for x in stacks), titles=["A", "B"]).picture.listed
    (line,) = [x for x in listed if "only" in x]
    assert line.startswith("in B only: ") and "layer2 × " in line and ":  ×" not in line and ",  ×" not in line
