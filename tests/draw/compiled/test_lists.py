"""The compiled view as lists, where its boxes have no room: lines, marks, cards, and areas in which it can be read."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.draw.compiled import planned, settle, traced
from tinygraph.draw.compiled.lists import SHORT, Lines, ListCard, listed
from tinygraph.draw.fitting import measured
from tinygraph.draw.options import Options
from tinygraph.draw.picture import Band

from .functions import NETWORKS, D, H, T, called, draw, inside, title

WHOLE = Lines(False, 99, 40, 1, True)


def lists_of(name: str, detail: Lines) -> tuple[list[ListCard], list[ListCard]]:
    plan = called(NETWORKS[name](), "native").plan
    journal, before = plan.journal(), traced(plan.before)
    after = planned(journal, before.parameters)
    doing = settle(before, after, journal.dropped)
    return listed(before, "op", doing, detail), listed(after, "action", {}, detail)


def words_of(card: ListCard) -> list[str]:
    return [title(x) for x in card.lines]


def within(a: Band, b: Band) -> bool:
    return b.left <= a.left and a.right <= b.right and b.foot <= a.foot and a.top <= b.top


@each("most", [0, 2, 3, 99])
@each("name", [*NETWORKS])
def test_lists_have_all_that_is_run_and_the_costly_lines_stay(name: str, most: int) -> None:
    plan = called(NETWORKS[name]()).plan
    journal, before = plan.journal(), traced(plan.before)
    after = planned(journal, before.parameters)
    doing = settle(before, after, journal.dropped)
    for side, noun, does in ((before, "op", doing), (after, "action", {})):
        seen = [i for i, x in enumerate(side.items) if x.role != "removed"]
        cards, whole = (listed(side, noun, does, Lines(False, n, 40, 1, True)) for n in (most, len(seen)))
        assert sum(int(card.cost.split()[0]) for card in cards) == len(seen)
        assert sum(x.flops for card in whole for x in card.lines) == sum(side.items[i].flops for i in seen)
        tips = [line for card in whole for x in card.lines for line in x.tip]
        assert sorted(tips) == sorted(line for i in seen for line in side.items[i].tip)
        for card, all_of_it in zip(cards, whole, strict=True):
            lines = [(x.mark, x.flops, x.bytes, x.tip) for x in all_of_it.lines]
            kept = [(x.mark, x.flops, x.bytes, x.tip) for x in card.lines]
            if len(lines) <= most or not most:
                assert kept == lines[:most]
                continue
            *kept, _ = kept
            left = [x for x in lines if x not in kept]
            assert len(kept) == most - 1 and card.lines[-1].title[0].text == f"{len(lines) - most + 1} more"
            order = iter(lines)
            assert all(x in order for x in kept), "in the order in which they are run"
            worth = [(mark > 0, *work) for mark, *work, _ in kept]
            assert not left or min(worth) >= max((mark > 0, *work) for mark, *work, _ in left)


def test_ops_of_one_action_are_a_line_of_the_same_words_as_the_action() -> None:
    forward, loop = [next(c for c in cards if c.name == f"loop × {T}") for cards in lists_of("rnn", WHOLE)]
    before, after = words_of(forward), words_of(loop)
    assert before[0] == "[1] data @ W" and before[1] == "state @ U" and after[0] == "@ U"
    assert len(before) == 3 and before[2] == after[1] == "2 add, tanh"


def test_names_of_parameters_are_cut_before_their_ends_and_lists_of_ops_at_their_end() -> None:
    cell = tg.cells.LSTM(D, H, rng=0, dtype=np.float64)
    loss = tg.value_and_grad(lambda xs: tg.mean(tg.unroll(cell, xs)[0]), cell.parameters())
    plan = called(loss, "native").plan
    cards = listed(planned(plan.journal(), {}), "action", {}, Lines(True, 99, SHORT, 1, True))
    words = [x for card in cards for x in words_of(card)]
    assert max(map(len, words)) == SHORT and any(x.endswith("ht_hh.T") for x in words)
    assert any(x.endswith("…") and "," in x for x in words)
    assert not any(" · " in card.cost for card in cards) and any(x.name == f"backwards × {T}" for x in cards)


@each("name", [*NETWORKS])
@each("fit", ["slide", "a4", "column", (600, 300)])
def test_each_compiled_network_can_be_read_in_each_area(name: str, fit: Any) -> None:
    picture = draw(called(NETWORKS[name]()), fit=fit)
    wide, high, least = (x * picture.scaled for x in measured(picture))
    area = Options(fit=fit).area
    assert area is not None and wide <= area.width + 1e-6 and high <= area.height + 1e-6 and least >= area.least
    assert picture.boxes, "not the counts alone"
    for a, b in combinations(picture.boxes, 2):
        assert max(abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2) > 0
    lists = "a line is an action" in picture.subtitle
    outer = [x for x in picture.bands if x.title.partition(":")[0] in ("before", "after")]
    cards = [x for x in picture.bands if x not in outer]
    assert ("what was traced is left out" in picture.subtitle) == (len(outer) == 1)
    if lists:
        assert all(sum(inside(box, card) for card in cards) == 1 for box in picture.boxes)
        assert all(sum(within(card, band) for band in outer) == 1 for card in cards)
        marked = any(part.text.startswith("[") for box in picture.boxes for part in box.title[:1])
        assert ("[n] left its loop" in picture.subtitle) == marked


def test_an_op_is_marked_like_the_action_that_does_as_much_work() -> None:
    """The three gradients of weights leave their loop; what the second and third read was placed for the first."""
    before, after = (
        {int(m[1]): x.flops for c in cards for x in c.lines if (m := re.match(r"\[(\d+)\]", title(x)))}
        for cards in lists_of("rnn", WHOLE)
    )
    assert before == after and len(after) == 4


def test_counts_alone_are_shown_where_nothing_else_has_room() -> None:
    least = draw(called(NETWORKS["rnn"]()), max_nodes=1)
    assert not least.boxes and {x.text.partition(" · ")[0].split()[1].rstrip("s") for x in least.notes} == {
        "op",
        "action",
    }


def test_the_subtitle_names_the_limit_for_which_boxes_are_lists() -> None:
    step = called(NETWORKS["rnn"]())
    count = len(draw(step).boxes)
    assert "max_nodes" not in draw(step, max_nodes=count).subtitle
    assert draw(step, max_nodes=count - 1).subtitle.endswith(f"{count} boxes are lists, for max_nodes = {count - 1}")
    assert draw(step, max_nodes=1, lang="zh").subtitle.endswith(f"{count} 个方框列成清单，因 max_nodes = 1")


def test_frames_of_lines_in_a_comparison_touch_neither_each_other_nor_a_cost() -> None:
    pair = [called(NETWORKS[name]()) for name in ("rnn", "mlp")]
    picture = tg.draw.compare(*pair, "compiled", fit="slide").picture
    out = 2.5  # the outer line of a double frame
    tops = [
        (x.x - x.width / 2, x.x + x.width / 2, x.y + x.height / 2 + out, x.y - x.height / 2 - out) for x in picture.rims
    ]
    assert len(tops) > 8
    for (left, right, top, foot), (l2, r2, t2, f2) in combinations(tops, 2):
        assert right < l2 or r2 < left or foot >= t2 - 0.7 or f2 >= top - 0.7
    for note in picture.notes:
        assert all(not left < note.x < right or note.y - 5 > top or note.y < foot for left, right, top, foot in tops)
