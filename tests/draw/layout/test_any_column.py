"""Columns of any boxes and arrows: no two things of a row touch, nothing is left of what is pulled left, all is tight.

The rows of an arrow's bends are counted here, and where a row stands by the row below is solved in closed form.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.layout.layers import FOOT, GAP, THREAD, TOP, Rows, lay_out

SEEDS = range(60)


def plan(seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    rows = sorted(rng.integers(0, 5, n).tolist())
    pairs = [(a, b) for a in range(n) for b in range(n) if rows[a] < rows[b]]
    arrows = [pairs[i] for i in rng.integers(0, len(pairs), n)] if pairs else []
    up, down = (rng.integers(0, n, int(rng.integers(0, 5))).tolist() for _ in range(2))
    pulls = rng.choice([-1, 0, 0, 1], n).tolist()
    return Rows(rows, arrows, up, down, pulls, rng.uniform(30, 120, n).tolist())


def things(plan: Rows, bends) -> dict[int, list[tuple[float, float, int]]]:
    """Of each row what stands there: (x, width, pull) of boxes, and of ways of arrows past the row."""
    rows: dict[int, list[tuple[float, float, int]]] = {}
    count = Counter(plan.down)
    for (low, high), points in bends.items():
        wide = THREAD * (count[high] if low == FOOT else 1)
        for x, row in points:
            rows.setdefault(row, []).append((x, wide, 0))
    return rows


@each("seed", SEEDS)
@each("gap", [GAP, 3.0])
def test_what_stands_in_a_row_is_apart_and_the_column_is_as_wide_as_its_widest_row(seed, gap):
    given = plan(seed)
    layout = lay_out(given, gap)
    rows = things(given, layout.bends)
    for x, row, wide, pull in zip(layout.x, given.rows, given.widths, given.pulls, strict=True):
        rows.setdefault(row, []).append((x, wide, pull))
    for row in rows.values():
        row.sort()
        for (x, wide, pull), (y, other, next_pull) in pairwise(row):
            assert y - x >= (wide + other) / 2 + gap - 1e-6
            assert pull <= next_pull, "what an arrow pulls to a side stands there"
    left = min(x - wide / 2 for row in rows.values() for x, wide, _ in row)
    right = max(x + wide / 2 for row in rows.values() for x, wide, _ in row)
    assert (left, right) == pytest.approx((-layout.half, layout.half))


@each("seed", SEEDS)
def test_an_arrow_has_a_bend_in_each_row_that_it_passes(seed):
    given = plan(seed)
    bends = lay_out(given).bends
    top = max(given.rows) + 1
    ends = {(a, b): range(given.rows[a] + 1, given.rows[b]) for a, b in given.arrows}
    ends |= {(a, TOP): range(given.rows[a] + 1, top + 1) for a in given.up}
    ends |= {(FOOT, b): range(-1, given.rows[b]) for b in given.down}
    assert {key: [row for _, row in points] for key, points in bends.items()} == {k: [*v] for k, v in ends.items()}


@each("seed", SEEDS)
def test_each_row_stands_over_what_it_is_linked_to_in_the_row_below(seed):
    """In the order that it has, as near as widths allow to the means of its neighbours below, by a closed form."""
    given = plan(seed)
    layout = lay_out(given)
    places = {
        ("box", i): (row, x, w) for i, (row, x, w) in enumerate(zip(given.rows, layout.x, given.widths, strict=True))
    }
    below: dict[object, list[float]] = {}
    count = Counter(given.down)
    for (low, high), points in layout.bends.items():
        wide = THREAD * (count[high] if low == FOOT else 1)
        keys = [(low, high, row) for _, row in points]
        places |= {key: (row, x, wide) for key, (x, row) in zip(keys, points, strict=True)}
        chain = [*([("box", low)] if low != FOOT else []), *keys, *([("box", high)] if high != TOP else [])]
        for a, b in pairwise(chain):
            below.setdefault(b, []).append(places[a][1])
    for row in {row for row, _, _ in places.values()}:
        items = sorted((key for key, place in places.items() if place[0] == row), key=lambda key: places[key][1])
        if all(key in below for key in items):
            x, wide = (np.array([places[key][k] for key in items]) for k in (1, 2))
            targets = np.array([np.mean(below[key]) for key in items])
            steps = (wide[1:] + wide[:-1]) / 2 + GAP
            free = targets - np.concatenate([[0], np.cumsum(steps)])
            n = len(items)
            right = [max(min(free[a : b + 1].mean() for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
            assert np.allclose(x, right + np.concatenate([[0], np.cumsum(steps)])), (seed, row)


@each("seed", range(20))
def test_chains_side_by_side_stand_straight_and_do_not_cross(seed):
    rng = np.random.default_rng(seed)
    chains, high = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    rows = [r for r in range(high) for _ in range(chains)]
    boxes = [r * chains + rng.permutation(chains) for r in range(high)]
    arrows = [(int(a[k]), int(b[k])) for a, b in pairwise(boxes) for k in range(chains)]
    x = lay_out(Rows(rows, arrows, [], [], [0] * len(rows), [60.0] * len(rows))).x
    for k in range(chains):
        assert np.ptp([x[row[k]] for row in boxes]) < 1e-9
