"""What is the same op at another step: its settings but for indexes that move, and leaves that are one family."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import tanh_cell
from tests.each import each
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.repetition import _adopt_odd, _alike, _setting, _times, find_repetition


@each(
    "value, told, of_data",
    [
        (3, "int", "int"),
        (np.int64(3), "int64", "int64"),
        (2.5, "float", "float"),
        (True, "True", "True"),
        ("ij,jk", "'ij,jk'", "'ij,jk'"),
        (None, "None", "None"),
        (Ellipsis, "Ellipsis", "Ellipsis"),
        (slice(2, 4), "slice(2, 4, None)", ("slice", 2, None)),
        (slice(2, 8, 3), "slice(2, 8, 3)", ("slice", 6, 3)),
        (slice(None, 4), "slice(None, 4, None)", "slice(None, 4, None)"),
        (slice(4, None), "slice(4, None, None)", "slice(4, None, None)"),
        ((5, slice(0, 4)), ("int", "slice(0, 4, None)"), ("int", ("slice", 4, None))),
        ((1, (2, None)), ("int", ("int", "None")), ("int", ("int", "None"))),
        ((), (), ()),
    ],
)
def test_a_setting_that_may_move_with_time_counts_by_its_type_alone(value: Any, told: Any, of_data: Any) -> None:
    """Of a slice of data its length, of other slices, which are gates, all of it."""
    assert _setting(value) == told and _setting(value, True) == of_data


def with_leaves(count: int) -> tg.Node:
    """A loop of five steps, and an op outside of time that reads so many arrays."""
    w = weights(A=(4, 3), B=(4, 4))
    outputs, _ = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((5, 3)), np.zeros(4))
    leaves = [tg.constant(np.full(4, k + 1.0), name=f"k{k}") for k in range(count)]
    return tg.sum(outputs) + tg.sum(tg.concatenate(leaves))


@each("count", [2, 3, 4, 6])
def test_four_leaves_of_one_op_outside_of_time_are_one_box(count: int) -> None:
    drawn = tg.draw(with_leaves(count), "rolled").picture
    leaves = [(box.title[0].text, box.below) for box in drawn.boxes if box.title[0].text.startswith("k")]
    if count < 4:
        assert leaves == [(f"k{k}", "4") for k in range(count)]
    else:
        assert leaves == [("k0 …", f"4 · {count} of them")] or leaves == [("kₜ", f"4 · {count} of them")]


@each("share", [0, 1, 2, 3, 4])
def test_less_than_half_of_the_ops_that_repeat_are_no_repetition(share: int) -> None:
    """Of four ops with a step, in two steps: those that both have."""
    h: Any = tg.constant(np.ones(3), name="h0")
    ops = [tg.tanh, tg.exp, tg.sigmoid, tg.sqrt]
    odd = [tg.relu, tg.abs, tg.softplus, tg.square]
    first, second = ([tg.parameter(np.ones(3), f"w{k}") for k in range(4)] for _ in range(2))
    for t in range(2):
        with tg.step(t):
            for k in range(4):
                alike = k < share or t == 0
                h = (ops if alike else odd)[k](h * (first if alike else second)[k])
    told = find_repetition(fold([h]))
    assert (told is None) == (share < 2)
    if told is not None:
        assert sorted(len(x) for x in told.groups if len(x) > 1) == [2] * 2 * share
        assert all(told.times(g) == [0, 1] for g, members in enumerate(told.groups) if len(members) > 1)


class Counted(dict[tg.Node, int]):
    asked = 0

    def __getitem__(self, node: tg.Node) -> int:
        self.asked += 1
        return super().__getitem__(node)


def test_what_is_odd_is_told_by_look_ups_in_the_number_of_boxes() -> None:
    asked = []
    for steps in (10, 40):
        folded = fold([tg.sum(tg.unroll(tg.cells.RNN(2, 3, rng=0), np.ones((steps, 1, 2)))[0])])
        when = Counted(_times(folded))
        classes = _alike(folded, when)
        when.asked = 0
        _adopt_odd(folded, when, classes)
        asked.append(when.asked / len(folded.nodes))
    assert asked[1] < 1.2 * asked[0]
