"""Several bars over and under the columns: arrows pass beside boxes and texts, and through openings in bars."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.curves import from_edge
from tests.draw.recurrent import NETWORKS
from tests.draw.test_free_of_arrows import on_arrow, struck, text_width
from tests.each import each
from tinygraph.draw.layout.bars import Storeys, _step_aside
from tinygraph.draw.layout.spots import Placed, Spot
from tinygraph.draw.picture import Box, Opening, Picture

VIEWS = ("unrolled", "both", "backward")
OUTPUTS = {
    "h": lambda h, w: h,
    "twice": lambda h, w: h * 2.0,
    "square": lambda h, w: h * h + 1.0,
    "dense": lambda h, w: np.tanh(h @ w),
}
READERS = (
    lambda y: y,
    lambda y: np.exp(y),
    lambda y: y * y,
    lambda y: np.tanh(np.exp(y) + 1.0),
)
PROGRAMS = {
    "two": (5, ("h", "twice"), (2, 1), 0, False),
    "three of one box": (2, ("twice", "twice", "twice"), (3, 3, 1), 1, False),
    "two of a higher row": (2, ("square", "twice", "square"), (3, 3, 3), 0, True),
    "products": (3, ("h", "square", "dense"), (2, 1, 2), 0, True),
    "two from below": (4, ("dense",), (3,), 2, False),
    "two from below, alone": (2, ("h",), (2,), 2, False),
    "two from below, a square": (4, ("square",), (2,), 2, True),
    "everything": (5, ("twice", "square", "square"), (1, 2, 0), 2, True),
}
"""Steps, what a cell gives, how each is read, how many arrays all steps share, and whether the last h counts."""


def program(steps: int, outputs: tuple[str, ...], readers: tuple[int, ...], shared: int, last: bool) -> tg.Node:
    rng = np.random.default_rng(steps)
    w, u = (tg.parameter(0.3 * rng.normal(size=(n, 3)), name=name) for n, name in ((3, "W"), (2, "U")))
    context = [tg.tanh(tg.parameter(rng.normal(size=(1, 3)), name=f"C{i}")) * 2.0 for i in range(shared)]

    def cell(x, h):
        a = x @ u + h @ w
        for c in context:
            a = a * c
        h = np.tanh(a)
        return tuple(OUTPUTS[name](h, w) for name in outputs), h

    ys, h = tg.unroll(cell, rng.normal(size=(steps, 1, 2)), np.zeros((1, 3)))
    terms = [np.sum(READERS[k](y)) for k, y in zip(readers, ys, strict=True)] + [np.sum(h)] * last
    return sum(terms[1:], terms[0] + np.sum(ys[0] * ys[-1]))


def read_by_the_loss(steps: int, shared: int, reads: int) -> tg.Node:
    """What all steps read is read above them, too, once or up to four times."""
    rng = np.random.default_rng(0)
    w, u = (tg.parameter(rng.normal(size=(4, 4)), name=name) for name in "WU")
    context = [np.tanh(np.ones((2, 4)) @ u * (i + 1)) for i in range(shared)]

    def cell(x, h):
        h = np.tanh(sum(context, x + h @ w))
        return h, h

    hs, _ = tg.unroll(cell, rng.normal(size=(steps, 2, 4)), np.zeros((2, 4)))
    slow = [np.mean((hs[1:] - hs[:-1]) ** 2) * np.mean(context[0])] if steps > 1 else []
    terms = [np.mean(hs * context[0]), np.mean(hs**2), np.mean(context[-1] ** 2), *slow]
    return sum(terms[1:reads], terms[0])


@cache
def drawing(name: str, view: str) -> tg.draw.Drawing:
    return tg.draw(program(*PROGRAMS[name]), view=view)


def bars(drawn: Picture) -> list[int]:
    """The boxes outside of columns."""
    inside = [(x.left, x.right, x.foot, x.top) for x in drawn.bands]
    return [
        i
        for i, box in enumerate(drawn.boxes)
        if not any(a < box.x < b and foot < box.y < top for a, b, foot, top in inside)
    ]


def bar_of(opening: Opening, drawn: Picture) -> Box:
    (bar,) = (drawn.boxes[i] for i in bars(drawn) if drawn.boxes[i].y == opening.y and spans(drawn.boxes[i], opening.x))
    return bar


def spans(box: Box, x: float) -> bool:
    return abs(box.x - x) < box.width / 2


@each("view", VIEWS)
@each("name", PROGRAMS)
def test_no_arrow_runs_over_a_box_or_over_the_texts_of_a_bar(name: str, view: str) -> None:
    drawn = drawing(name, view).picture
    assert not list(struck(drawn))


@each("view", ("unrolled", "both"))
@each("steps, shared, reads", [(2, 1, 4), (2, 2, 1), (2, 2, 4), (5, 1, 2), (4, 2, 4)])
def test_an_arrow_from_under_the_columns_to_over_them_passes_between_two(
    steps: int, shared: int, reads: int, view: str
) -> None:
    drawn = tg.draw(read_by_the_loss(steps, shared, reads), view, level="op").picture
    assert not list(struck(drawn))
    past = [on_arrow(x) for x in drawn.arrows]
    past = [x for x in past if x[0, 1] < drawn.bands[0].foot and x[-1, 1] > drawn.bands[0].top]
    assert past
    for way in past:
        beside = way[(way[:, 1] > drawn.bands[0].foot) & (way[:, 1] < drawn.bands[0].top), 0]
        assert np.ptp(beside) < 0.1, "upright"
        assert not any(band.left < beside[0] < band.right for band in drawn.bands)


def latent(reads: int) -> tg.Node:
    """A decoder whose steps all read what comes of the encoder's last state, and losses of that, too."""
    rng = np.random.default_rng(1)
    a, b, m, s, z = (tg.parameter(0.5 * rng.normal(size=(4, 4)), name=name) for name in "ABMSZ")

    def cell(w, x, h):
        h = np.tanh(x + h @ w)
        return h, h

    xs = rng.normal(size=(3, 2, 4))
    _, h = tg.unroll(lambda x, h: cell(a, x, h), xs, np.zeros((2, 4)))
    mean, scale = h @ m, np.exp(h @ s)
    code = np.tanh((mean + scale * 0.1) @ z)
    ys, _ = tg.unroll(lambda x, h: cell(b, x + code, h), xs, np.zeros((2, 4)))
    terms = [np.mean((ys - xs) ** 2), np.mean(mean**2 + scale**2 - 2 * np.log(scale) - 1), np.mean(np.abs(ys))]
    return sum(terms[1:reads], terms[0])


@each("view", VIEWS)
@each("reads", (1, 2, 3))
def test_a_bar_over_a_decoder_that_its_steps_read_has_a_row_of_its_own(reads: int, view: str) -> None:
    drawn = tg.draw(latent(reads), view, level="cell").picture
    assert not list(struck(drawn))
    (code,) = (box for box in drawn.boxes if box.title[0].text.startswith("code"))
    beside = [x for x in drawn.boxes if x.y == code.y and x is not code]
    assert code.width > 300 and all(x.role == "gradient" for x in beside)


@each("level", ("op", "cell"))
@each("view", VIEWS)
def test_an_arrow_of_what_all_steps_read_passes_the_badge_of_a_cut(view: str, level: str) -> None:
    rng = np.random.default_rng(0)
    w, c = (tg.parameter(rng.normal(size=(4, 4)), name=name) for name in "WC")
    context = np.tanh(np.ones((2, 4)) @ c)

    def cell(x, h):
        h = np.tanh(x + h @ w + context)
        return h, h

    hs, _ = tg.unroll(cell, rng.normal(size=(4, 2, 4)), np.zeros((2, 4)), truncate=2)
    drawn = tg.draw(np.mean(hs**2), view, level=level).picture
    (cut,) = drawn.cuts
    assert cut.badge and not list(struck(drawn))


@each("view", VIEWS)
@each("name", PROGRAMS)
def test_an_opening_is_in_its_bar_beside_the_words_and_around_all_that_passes_there(name: str, view: str) -> None:
    drawn = drawing(name, view).picture
    ways = [on_arrow(x) for x in drawn.arrows]
    for opening in drawn.openings:
        bar = bar_of(opening, drawn)
        words = [(" ".join(part.text for part in bar.title), 13.0), *((line, 11.0) for line in bar.below.split("\n"))]
        room = max(0.8 * text_width(text, size) for text, size in words)
        assert abs(bar.x - opening.x) - opening.width / 2 > room / 2, "its words are whole"
        assert abs(bar.x - opening.x) + opening.width / 2 < bar.width / 2 - 5, "its corners are whole"
        assert (opening.height, opening.role) == (bar.height, bar.role)
        left, right = opening.x - opening.width / 2, opening.x + opening.width / 2
        at = [
            x[np.abs(x[:, 1] - bar.y).argmin(), 0]
            for x in ways
            if x[:, 1].min() < bar.y - 15 and x[:, 1].max() > bar.y + 15
        ]
        inside = sorted(x for x in at if left < x < right)
        assert inside[0] - left == pytest.approx(6, abs=0.1) and right - inside[-1] == pytest.approx(6, abs=0.1)
        assert all(b - a < 24 for a, b in pairwise(inside)), "a opening for each, unless they are near"


@each("view", VIEWS)
@each("name", PROGRAMS)
def test_bars_reach_what_they_read_and_nothing_stands_on_another(name: str, view: str) -> None:
    drawn = drawing(name, view).picture
    for arrow in drawn.arrows:
        for k, end in ((arrow.tail, arrow.points[0]), (arrow.head, arrow.points[-1])):
            assert from_edge(end, drawn.boxes[k]) < 6, "where its gradient runs back it is beside its port"
    for a, b in combinations(drawn.boxes, 2):
        assert abs(a.x - b.x) >= (a.width + b.width) / 2 or abs(a.y - b.y) >= (a.height + b.height) / 2


@each("name", PROGRAMS)
def test_an_arrow_past_bars_is_upright_and_parallel_ones_are_apart(name: str) -> None:
    drawn = drawing(name, "unrolled").picture
    over = bars(drawn)
    upright: list[tuple[float, float, float]] = []
    for arrow in drawn.arrows:
        way = on_arrow(arrow)
        for i in {arrow.tail, arrow.head} & {*over} and {*over} - {arrow.tail, arrow.head}:
            box = drawn.boxes[i]
            part = way[np.abs(way[:, 1] - box.y) < box.height / 2]
            if len(part) and spans(box, part[0, 0]):
                assert np.ptp(part[:, 0]) < 0.1, "through a opening"
                upright.append((part[0, 0], part[:, 1].min(), part[:, 1].max()))
    for (a, low, high), (b, foot, top) in combinations(upright, 2):
        assert a == b or abs(a - b) > 9 or high < foot or top < low


@each(
    "lanes, to",
    [
        (range(-1000, 1001, 40), 0),  # nowhere is room
        (range(-1000, 201, 40), 200 + 44),
        (range(-160, 1001, 40), -160 - 44),
        (range(-1000, 401, 40), 0),  # further than 300 points
        ([-100, -20, 90], 24),  # a gap of 110 points, for 60 and twice 14
        ([-44, 44], 0),
    ],
)
def test_a_box_steps_aside_to_the_nearest_place_that_is_free_and_not_far(lanes: Iterable[int], to: int) -> None:
    node = tg.tanh(tg.constant(1.0))
    placed = Placed(spots={node: Spot(500.0, 0.0, 60.0, 0, None)})
    passing = [((500.0 + x, 500.0 + x), 1) for x in lanes]
    _step_aside(placed, [node], Storeys({node: 0}, {node: []}, set(), passing, {}, {node: 60.0}))
    spot = placed.spots[node]
    assert (spot.x - 500, spot.width) == (to, 60)


@each(
    "lanes, ends, left, right",
    [
        ([], (330, 670), 300, 700),
        ([490], (330, 670), 310, 746),
        ([490], (480, 520), 356, 700),
        ([310], (330, 670), 290, 710),
        ([270], (330, 670), 300, 700),
    ],
)
def test_a_bar_reaches_its_arrows_and_no_other_passes_its_ends(
    lanes: list[int], ends: tuple[int, int], left: int, right: int
) -> None:
    """Its words need 60 points."""
    node = tg.tanh(tg.constant(1.0))
    placed = Placed(spots={node: Spot(500.0, 0.0, 400.0, 0, None)})
    passing = [((float(x), float(x)), 1) for x in lanes] + [((float(ends[0]), float(ends[1])), 0)]
    _step_aside(placed, [node], Storeys({node: 0}, {node: []}, {node}, passing, {node: (300.0, 700.0)}, {node: 60.0}))
    spot = placed.spots[node]
    assert (spot.x - spot.width / 2, spot.x + spot.width / 2) == (left, right)


def test_two_boxes_under_a_bar_stand_side_by_side_and_their_gradients_in_a_pile() -> None:
    p, q = (tg.parameter([0.5, 1.0], name=name) for name in "pq")
    both = tg.multiply(tg.tanh(p, name="a"), tg.sigmoid(q, name="b"))
    outputs, _ = tg.unroll(lambda x, h: (tg.tanh(x * both + h),) * 2, np.ones((3, 2)), np.zeros(2))
    rows = {}
    for view in ("unrolled", "backward"):
        drawn = tg.draw(tg.sum(outputs), view, level="op").picture
        rows[view] = [x.y for x in drawn.boxes if x.node is not None and x.node.name in ("a", "b")]
    assert len(rows["unrolled"]) == len(rows["backward"]) == 2
    assert len({*rows["unrolled"]}) == 1 and len({*rows["backward"]}) == 2


def test_arrows_past_what_steps_aside_have_no_needless_bends() -> None:
    """From a row of a stack to its own loss, once all boxes between stand where they stay."""
    loss = tg.sum(NETWORKS["losses outside"][0])
    picture = tg.draw(loss, "backward", level="cell").picture
    rows = {i for i, box in enumerate(picture.boxes) if box.title[0].text in ("[0]", "[1]", "[2]", "[3]")}
    assert [len(x.points) for x in picture.arrows if x.tail in rows] == [4] * 4


def test_every_writer_shows_the_openings(tmp_path) -> None:
    drawn = drawing("two", "unrolled")
    count = len(drawn.picture.openings)
    assert count >= 5
    svg, page = (Path(drawn.save(tmp_path / f"x.{kind}")).read_text(encoding="utf-8") for kind in ("svg", "html"))
    assert svg.count('class="opening"') == page.count('class="opening"') == count
    assert len({*re.findall(r"\topening(\d+)_", drawn.source)}) == count
