"""A column's layout: rows kept apart, chains straight, time linear."""

import time

import numpy as np

from tests.each import each
from tinygraph.draw.layout.layers import GAP, LONG, TOP, Rows, _settle, lay_out


def test_boxes_of_a_row_keep_their_distance_and_a_chain_stands_straight():
    plan = Rows([0, 1, 1, 2, 3], [(0, 1), (1, 3), (2, 3), (3, 4)], [4], [], [0, 0, -1, 0, 0], [100, 120, 140, 90, 110])
    x = lay_out(plan).x
    assert x[1] - x[2] >= (120 + 140) / 2 + GAP - 1e-9, "the one that is pulled left stands left"
    assert abs(x[3] - x[4]) < 1e-9 and abs(x[0] - x[1]) < 1e-9
    assert x[2] < x[3] < x[1]


def test_a_long_arrow_passes_beside_the_boxes_between():
    plan = Rows([0, 1, 2], [(0, 1), (1, 2), (0, 2)], [], [], [0, 0, 0], [60, 200, 60])
    layout = lay_out(plan)
    ((x, row),) = layout.bends[0, 2]
    assert row == 1 and abs(x - layout.x[1]) >= 100
    assert layout.bends[0, 1] == []


def test_arrows_that_leave_over_the_top_get_a_way_up():
    layout = lay_out(Rows([0, 1], [(0, 1)], [0], [], [0, 0], [60, 60]))
    assert [row for _, row in layout.bends[0, TOP]] == [1, 2]


@each("seed", range(30))
def test_a_row_is_as_near_to_its_targets_as_widths_allow(seed):
    """Least squares with an order, by its closed form: the largest of the smallest means of targets from a to b."""
    rng = np.random.default_rng(seed)
    n, gap = int(rng.integers(1, 9)), 7.0
    widths, targets = rng.uniform(10, 80, n), rng.normal(size=n) * rng.choice([10.0, 300.0])
    x = [0.0] * n
    _settle([*range(n)], [*targets], [*widths], gap, x)
    offsets = np.cumsum(widths + gap) - (widths + gap) / 2
    free = targets - offsets
    right = [max(min(free[a : b + 1].mean() for b in range(i, n)) for a in range(i + 1)) for i in range(n)]
    assert np.allclose(x, right + offsets)


def test_crossings_are_undone():
    plan = Rows([0, 0, 0, 1, 1, 1], [(0, 5), (1, 4), (2, 3)], [], [], [0] * 6, [60] * 6)
    x = lay_out(plan).x
    assert [x[5], x[4], x[3]] == sorted([x[5], x[4], x[3]]) == [x[0], x[1], x[2]] or [x[0], x[1], x[2]] == [
        x[5],
        x[4],
        x[3],
    ]


def test_time_grows_with_the_boxes_and_not_faster():
    def cpu(n: int) -> float:
        plan = Rows(list(range(n)), [(i, i + 1) for i in range(n - 1)], list(range(0, n, 3)), [], [0] * n, [60.0] * n)
        start = time.process_time()
        lay_out(plan)
        return time.process_time() - start

    small = min(cpu(1000) for _ in range(3))
    assert min(cpu(4000) for _ in range(2)) < 10 * small


def test_an_arrow_past_very_many_rows_takes_no_place_in_them():
    """Past up to `LONG` rows it has a bend in each; past more its places would cost more than they show."""
    for between, bends in ((LONG - 1, LONG - 1), (LONG, LONG), (LONG + 1, 0)):
        n = between + 2
        plan = Rows(list(range(n)), [(i, i + 1) for i in range(n - 1)] + [(0, n - 1)], [], [], [0] * n, [60.0] * n)
        assert len(lay_out(plan).bends[0, n - 1]) == bends
