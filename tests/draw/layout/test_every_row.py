"""The row of every box: the longest way to it within its column, but for states on rails and what hangs under them."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.recurrent import NETWORKS as RECURRENT
from tests.draw.views.seen_backward import NETWORKS as BACKWARD
from tests.each import each
from tinygraph.draw.picture import Picture

KINDS = ["LSTM", "GRU", "PeepholeLSTM", "NAS", "MUT2", "tauGRU", "SCRN", "coRNN", "UGRNN", "MGU", "JANET"]


@cache
def of_cell(kind: str) -> Picture:
    root = tg.mean(tg.unroll(getattr(tg.cells, kind)(3, 4, rng=0), np.ones((4, 2, 3)))[0])
    return tg.draw(root, level="op", max_nodes=None).picture


def columns(drawn: Picture) -> dict[int, list[int]]:
    """The boxes of each column, without gradients, by number; what stands under or over the columns is in none."""
    inside = defaultdict(list)
    for i, box in enumerate(drawn.boxes):
        for k, band in enumerate(drawn.bands):
            if band.left < box.x < band.right and band.foot < box.y < band.top and box.role != "gradient":
                inside[k].append(i)
    return inside


def links(drawn: Picture, boxes: list[int]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """What each box reads of its column, and what reads it."""
    below, users = defaultdict(list), defaultdict(list)
    for a in drawn.arrows:
        if {a.tail, a.head} <= {*boxes} and "∂" not in a.tip:
            below[a.head].append(a.tail)
            users[a.tail].append(a.head)
    return below, users


def is_foot(node: Any) -> bool:
    return node.op is None or node.op.name in ("take", "getitem", "one_hot")


@each("name", [name for name in BACKWARD if name not in ("loss alone", "perceptron")])
def test_without_rails_the_row_is_the_longest_way(name: str) -> None:
    """Data without inputs stand a row lower than parameters do, or right under their users."""
    drawn = tg.draw(BACKWARD[name], "backward", level="op").picture
    entered = {a.head for a in drawn.arrows if "∂" not in a.tip and not a.dashed}
    told = []
    for boxes in columns(drawn).values():
        below, users = links(drawn, boxes)
        row: dict[int, int] = {}
        for i in sorted(boxes, key=lambda i: drawn.boxes[i].node.serial):
            low = -1 if is_foot(drawn.boxes[i].node) and i not in entered else 0
            row[i] = max([1 + row[j] for j in below[i]], default=low)
        for i in sorted(boxes, key=lambda i: -drawn.boxes[i].node.serial):
            if users[i] and not below[i]:
                row[i] = max(row[i], min(row[j] for j in users[i]) - 1)
        told += [(drawn.boxes[i].y, row[i]) for i in boxes if drawn.boxes[i].role != "state" or below[i]]
    y, rows = np.array(told).T
    assert np.allclose(y - y.min(), 84 * (rows - rows.min()))


@each("name", [*KINDS, *RECURRENT])
def test_with_rails_only_what_comes_after_a_new_state_hangs_under_it(name: str) -> None:
    drawn = of_cell(name) if name in KINDS else tg.draw(RECURRENT[name][0], level="op", max_nodes=None).picture
    inside = columns(drawn)
    home = {i: k for k, boxes in inside.items() for i in boxes}
    straight = [
        (a.tail, a.head)
        for a in drawn.arrows
        if home.get(a.tail) != home.get(a.head) and None not in (home.get(a.tail), home.get(a.head))
        if np.ptp([y for _, y in a.points]) < 1e-9
    ]
    last = {drawn.boxes[a].y for a, _ in straight} | {drawn.boxes[b].y for _, b in straight}
    for boxes in inside.values():
        below, users = links(drawn, boxes)
        y = {i: drawn.boxes[i].y for i in boxes}
        after = {i for i in boxes if y[i] in last and any(y[j] < y[i] for j in users[i])}
        for i in sorted(boxes, key=lambda i: drawn.boxes[i].node.serial):
            if any(j in after for j in below[i]):
                after.add(i)
        for i in boxes:
            for j in below[i]:
                if y[j] == y[i]:
                    assert y[i] in last, "on the line of a state"
                elif y[j] > y[i]:
                    assert i in after and j in after, "under the state that it comes from"
            if below[i] and i not in after and y[i] not in last:
                highest = max(y[j] for j in below[i])
                assert highest < y[i]
            elif users[i] and not below[i] and is_foot(drawn.boxes[i].node):
                lowest = min(y[j] for j in users[i])
                assert not [k for k in boxes if y[i] < y[k] < lowest] or y[i] >= min(y.values())


@each("name", [*KINDS[:3], "UGRNN", "MGU", "JANET", "PeepholeLSTM"])
def test_the_state_of_a_gated_cell_runs_on_one_line(name: str) -> None:
    """Its new value, and the first op of the next step that reads it, all at one height; others in between are not."""
    drawn = of_cell(name)
    inside = columns(drawn)
    home = {i: k for k, boxes in inside.items() for i in boxes}
    rails = defaultdict(list)
    for a in drawn.arrows:
        k, m = home.get(a.tail), home.get(a.head)
        if None not in (k, m) and k != m and np.ptp([y for _, y in a.points]) < 1e-9:
            rails[drawn.boxes[a.tail].y].append((k, a.tail, a.head))
    assert len(rails) == 1, "of one state"
    ((height, steps),) = rails.items()
    assert sorted(k for k, *_ in steps) == [0, 1, 2]
    for k, boxes in inside.items():
        on = [i for i in boxes if drawn.boxes[i].y == height]
        below, _ = links(drawn, boxes)
        names = {drawn.boxes[i].node.op.name for i in on if drawn.boxes[i].node.op}
        assert names <= {"add", "multiply", "subtract", "where", "maximum", "minimum"} and 1 <= len(on) <= 4, k
        chain = sorted(on, key=lambda i: drawn.boxes[i].node.serial)
        assert all(i in below[j] for i, j in pairwise(chain)), "each is read by the next"


def test_bands_of_layers_follow_each_other_without_an_empty_row() -> None:
    layers = tg.cells.Stack.of(tg.cells.RNN, 3, 4, num_layers=3, bidirectional=True, rng=0)
    drawn = tg.draw(tg.mean(tg.unroll(layers, np.ones((3, 2, 3)))[0]), level="op", max_nodes=None).picture
    heights = defaultdict(set)
    for boxes in columns(drawn).values():
        for i in boxes:
            if drawn.boxes[i].node.op is not None:
                heights[drawn.boxes[i].node.scope].add(round(drawn.boxes[i].y, 6))
    rows = sorted(set().union(*heights.values()))
    assert np.all(np.diff(rows) < 84 + 1e-6) and np.all(np.diff(rows) > 58 - 1e-6)
    order = sorted((scope for scope in heights if scope), key=lambda scope: min(heights[scope]))
    assert order == [f"layer{k}/{way}" for k in range(3) for way in ("forward", "backward")]
    assert all(max(heights[a]) < min(heights[b]) for a, b in pairwise(order))
    assert pytest.approx(rows[0]) == min(heights[order[0]])


def test_of_two_states_that_could_run_straight_the_one_that_is_made_first_does() -> None:
    """Not the one that is read first; they need each other, so there is one line for both."""

    def cell(x: Any, states: Any) -> Any:
        a, b = states
        low = tg.add(x, b, name="low")
        a = tg.multiply(a, tg.sigmoid(b), name="a")
        b = tg.multiply(low, a, name="b")
        return b, (a, b)

    root = tg.sum(tg.unroll(cell, np.ones((3, 3)), (np.ones(3), np.zeros(3)))[0])
    drawn = tg.draw(root, level="op").picture
    pairs = [(*(drawn.boxes[i].node for i in (a.tail, a.head)), a.points) for a in drawn.arrows if a.width == 1.9]
    ways = [
        (a.name, b.name or b.op.name, np.ptp([y for _, y in way]) < 1e-9) for a, b, way in pairs if a.step is not None
    ]
    assert sorted(ways) == [("a", "a", True)] * 2 + [("b", "low", False)] * 2 + [("b", "sigmoid", True)] * 2


@each("name", [*(kind for kind in KINDS if kind != "coRNN"), *RECURRENT])
def test_what_a_state_enters_stands_left_in_its_row_and_what_it_leaves_at_the_right(name: str) -> None:
    """Turned round where time is: of a row with both, those that only read it come first."""
    drawn = of_cell(name) if name in KINDS else tg.draw(RECURRENT[name][0], level="op", max_nodes=None).picture
    inside = columns(drawn)
    home = {i: k for k, boxes in inside.items() for i in boxes}
    across = [(home.get(a.tail), home.get(a.head), a) for a in drawn.arrows]
    side = defaultdict(set)
    for k, m, a in across:
        if k is not None and m is not None and k != m:
            side[a.tail].add(1 if m > k else -1)
            side[a.head].add(1 if k > m else -1)
    for boxes in inside.values():
        rows = defaultdict(list)
        for i in sorted(boxes, key=lambda i: drawn.boxes[i].x):
            if len(side[i]) < 2:
                rows[drawn.boxes[i].y].append(sum(side[i]))
        assert all(row == sorted(row) for row in rows.values()), name
