"""How far a loss reaches back: the numbers behind the flow view."""

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.flowing import loss_in_the_state, sliding, stack_of_five, two_outputs
from tests.draw.networks import lstm
from tests.draw.recurrent import NETWORKS, tanh_cell
from tinygraph.draw.norms.reach import Reach, _columns, by_loss_step, reaches, seeds_of
from tinygraph.draw.norms.states import State, states
from tinygraph.draw.norms.verdict import verdicts
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.roles import roles

ROOTS = {k: root for k, (root, _, _) in NETWORKS.items()} | {
    "sliding": sliding(),
    "loss in the state": loss_in_the_state(),
    "five": stack_of_five(),
    "lstm cut": lstm(6, truncate=2),
    "two outputs": two_outputs(),
}


@pytest.mark.parametrize("name", ROOTS)
def test_the_losses_of_all_steps_add_up_to_the_gradient_of_the_root(name):
    root = ROOTS[name]
    folded = fold([root])
    nodes = [x for state in states(folded, [root]) for held in state.at.values() for x in held]
    seeds = seeds_of(root, folded, roles(folded, [root]))
    total = [np.zeros(x.shape) for x in nodes]
    for _, arrived in by_loss_step(root, nodes, seeds):
        total = [a + arrived.get(x, 0.0) for a, x in zip(total, nodes, strict=True)]
    assert nodes and any(map(np.any, total))
    for found, g in zip(total, tg.grad(root, nodes), strict=True):
        np.testing.assert_allclose(found, g.value, rtol=1e-12, atol=1e-15)


def test_the_pace_is_taken_from_one_step_away_on():
    """The state at which a loss enters may take it in directly, as the h of an LSTM does."""
    reach = Reach(State("", "h", 1, {}), [0, 1, 2, 3])
    reach.rows, reach.norms = [3], {(3, 3): 1000.0, (3, 2): 4.0, (3, 1): 2.0, (3, 0): 1.0}
    assert reach.factor(1) == pytest.approx(0.5) and reach.factor(-1) is None and reach.sides() == [1]
    assert reach.medians(1) == [(0, 1000.0), (1, 4.0), (2, 2.0), (3, 1.0)]


def test_the_median_of_an_even_number_is_the_mean_of_the_middle_two():
    reach = Reach(State("", "h", 1, {}), [0, 1, 2])
    reach.rows = [0, 1, 2]
    reach.norms = {(0, 0): 1.0, (1, 1): 2.0, (2, 2): 9.0, (1, 0): 4.0, (2, 1): 8.0, (2, 0): np.inf}
    assert reach.medians(1) == [(0, 2.0), (1, 6.0), (2, np.inf)]
    reach.norms[1, 0] = np.nan
    del reach.__dict__["_apart"]
    assert np.isnan(reach.medians(1)[1][1])


def test_each_side_of_the_step_of_a_loss_is_told_by_itself():
    steps = range(9)
    reach = Reach(State("", "h", -1, {s: [] for s in steps}), list(steps))
    reach.rows = list(steps)
    reach.norms = {(t, s): 0.5 ** (t - s) if t >= s else 2.0 ** (s - t) for t in steps for s in steps}
    assert [x.line for x in verdicts(reach)] == [
        "t > s vanishing: × 0.50 a step, 10-fold less every 3.3 steps",
        "t < s exploding: × 2.0 a step, 10-fold more every 3.3 steps",
    ]
    assert reach.medians(1) == [(d, 0.5**d) for d in steps] and reach.medians(-1) == [(d, 2.0**d) for d in steps]


@pytest.mark.parametrize(
    ("norms", "line"),
    [
        ({(6, s): 0.5 ** (6 - s) for s in range(7)}, "no verdict, fewer than 8 steps"),
        ({(7, s): 0.5 ** (7 - s) for s in range(8)}, "vanishing: × 0.50 a step, 10-fold less every 3.3 steps"),
        ({(7, s): 0.5 ** (7 - s) * (s > 3) for s in range(8)}, "no verdict, exactly 0 beyond 3 steps"),
        ({(7, 7): 1.0}, "reaches no step back"),
        ({(7, 7): 0.0}, "gradient exactly 0"),
        ({(7, 7): np.nan, (7, 6): 1.0}, "NaN or infinite, in 1 of 2 places"),
    ],
)
def test_no_verdict_over_fewer_than_eight_steps(norms, line):
    reach = Reach(State("", "h", 1, {}), list(range(8)))
    reach.rows, reach.norms = [next(iter(norms))[0]], norms
    assert [x.line for x in verdicts(reach)] == [line]


@pytest.mark.parametrize("turn", [1, -1])
def test_what_no_loss_reaches_is_zero_or_later_than_it_nothing(turn):
    reach = Reach(State("", "h", turn, {}), [0, 1, 2, 3])
    reach.norms = {(turn * 2, turn * 1): 0.5, (turn * 3, turn * 2): 0.25}
    at = {s: reach.value(turn * 2, turn * s) for s in range(4)}
    assert at == {0: 0.0, 1: 0.5, 2: 0.0, 3: None}, "at its own step, too, a loss may reach nothing"
    both = Reach(State("", "h", turn, {}), [0, 1, 2, 3])
    both.norms = reach.norms | {(turn * 1, turn * 3): 0.125}
    assert {s: both.value(turn * 2, turn * s) for s in range(4)} == {0: 0.0, 1: 0.5, 2: 0.0, 3: 0.0}


@pytest.mark.parametrize("turn", [1, -1])
def test_zeros_before_what_a_loss_reaches_first_are_left_out_and_those_behind_a_cut_are_kept(turn):
    x, y = (tg.constant([1.0, 2.0]) for _ in range(2))
    at = {s: [tg.constant([1.0, 2.0])] for s in range(5)} | {2: [x, y]}
    reach = Reach(State("", "h", turn, at), [0, 1, 2, 3, 4])
    arrived = {node: np.zeros(2) for nodes in at.values() for node in nodes}
    del arrived[at[1][0]], arrived[at[3][0]]
    arrived |= {x: np.array([3.0, 0.0]), y: np.array([0.0, 4.0])}
    reach.add(7, arrived)
    behind = 0 if turn > 0 else 4
    assert reach.norms == {(7, 2): 5.0, (7, behind): 0.0}, "cells over windows are one state: their gradients add up"


def test_a_length_counts_the_step_where_losses_enter():
    reach = Reach(State("", "h", 1, {}), [0, 1, 2, 3])
    reach.rows, reach.norms = [3], {(3, 3): 1.0, (3, 2): 0.5, (3, 1): 0.0}
    assert (reach.length(1), reach.length(1, zeros=True), reach.length(-1)) == (2, 3, 1)
    later = Reach(State("", "h", 1, {}), [0, 1, 2, 3], entry=1)
    later.rows, later.norms = [3, 4], {(3, 1): 8.0, (3, 0): 4.0, (4, 1): 1.0, (4, 3): 2.0, (4, 2): 1.0}
    assert later.sides() == [1, -1] and later.medians(1) == [(0, 4.5), (1, 4.0)], "steps count from the entry"
    assert later.medians(-1) == [(0, 4.5), (1, 1.0), (2, 2.0)] and later.factor(-1) == pytest.approx(2.0)
    assert later.factor(1) == pytest.approx(0.5), "of less than two steps away it is taken from the entry on"


@pytest.mark.parametrize(
    ("turn", "ends", "most", "shown"),
    [
        (1, [3, 4], 6, [0, 1, 2, 3, 4, 5]),
        (1, [3, 4], 5, [2, 3, 4]),
        (1, [1], 5, [0, 1]),
        (1, [-2], 5, [3, 4, 5]),  # no step of it is that early
        (-1, [2, 4], 5, [2, 3, 4]),
        (-1, [4], 5, [4, 5]),
        (-1, [9], 5, [0, 1, 2]),
    ],
)
def test_of_many_steps_those_up_to_the_losses_are_shown(turn, ends, most, shown):
    assert _columns(State("", "h", turn, {s: [] for s in range(6)}), ends, most, 3) == shown


def test_losses_of_its_own_phase_and_of_a_later_one_are_told_apart():
    w = {name: tg.parameter(np.full((4, n), 0.1), name) for name, n in (("A", 3), ("B", 4), ("C", 3), ("D", 4))}
    ys, h = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((4, 3)), np.zeros(4))
    zs, _ = tg.unroll(tanh_cell(w["C"], w["D"]), np.ones((3, 3)), h)
    later = [(3, [0, 1, 2]), (None, [0, 1, 2])]
    for root, panels in ((tg.sum(zs), later), (tg.sum(ys) + tg.sum(zs), [*later, (None, [0, 1, 2, 3])])):
        folded = fold([root])
        seeds = seeds_of(root, folded, roles(folded, [root]))
        for most in (4, 2):
            told, count = reaches(root, states(folded, [root]), seeds, 20, 20, most)
            assert [(x.entry, x.rows) for x in told] == panels[:most] and count == len(panels)
            assert not any(x.blurred for x in told)
