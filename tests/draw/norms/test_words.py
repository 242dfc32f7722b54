"""Words and scales for gradients: vanishing or not and how fast, the matrix as text, ends of scales, names."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw.norms.heat import ABSENT, ODD, ZERO, Heat, between_powers, length, norm_of, ramp
from tinygraph.draw.norms.reach import Reach, seeds_of, spaced
from tinygraph.draw.norms.states import State, states
from tinygraph.draw.norms.verdict import matrix_text, verdicts
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.roles import roles


def reach_of(factor: float, steps: int, turn: int = 1) -> Reach:
    """Of one loss at the end of time, or at its start if the state runs backward."""
    at = range(steps)
    reach = Reach(State("cell", "h", turn, {s: [] for s in at}), list(at))
    end = steps - 1 if turn > 0 else 0
    reach.rows = [end]
    reach.norms = {(end, s): 2.0 * factor ** abs(end - s) for s in at}
    return reach


FACTORS = [0.001, 0.05, 0.4, 0.7, 0.85, 0.89, 0.92, 0.99, 1.0, 1.004, 1.05, 1.09, 1.12, 1.3, 2.0, 8.0, 11.0, 500.0]


@each("turn", [1, -1])
@each("steps", [8, 9, 12, 30])
@each("factor", FACTORS)
def test_the_word_is_that_of_the_whole_change_and_the_pace_that_of_a_step(factor: float, steps: int, turn: int) -> None:
    (told,) = verdicts(reach_of(factor, steps, turn))
    change = factor ** (steps - 1)
    if change < 0.1:
        assert told.word == "vanishing"
    elif change > 10:
        assert told.word == "exploding"
    else:
        assert told.word == ("falling" if factor < 0.9 else "growing" if factor > 1.1 else "steady")
    assert told.side == "" and told.number.startswith("× ") and told.number.endswith(" a step")
    assert float(told.number.split()[1]) == pytest.approx(factor, rel=0.05)
    more = "less" if factor < 1 else "more"
    if factor in (1.0, 1.004):
        assert told.pace == "" and told.line == f"{told.word}: {told.number}"
        return
    assert told.line == f"{told.word}: {told.number}, {told.pace}"
    if max(factor, 1 / factor) > 10:
        fold, _, rest = told.pace.partition("-fold ")
        assert float(fold) == pytest.approx(max(factor, 1 / factor), rel=0.05) and rest == f"{more} each step"
    else:
        start = f"10-fold {more} every "
        assert told.pace.startswith(start) and told.pace.endswith(" steps")
        assert max(factor, 1 / factor) ** float(told.pace[len(start) :].split()[0]) == pytest.approx(10, rel=0.15)


def test_the_matrix_as_text_has_its_last_loss_at_the_top() -> None:
    reach = reach_of(0.5, 8)
    reach.rows = [6, 7]
    reach.norms |= {(6, s): 3.0 * 0.5 ** (6 - s) for s in range(7)}
    head, *rows, foot = matrix_text(reach)
    assert head == f"cell · h: {verdicts(reach)[0].line}"
    assert [row.split()[:3] for row in rows] == [["loss", "at", "7"], ["loss", "at", "6"]]
    told = [[float(x) for x in row.split()[3:]] for row in rows]
    assert told[0] == pytest.approx([2.0 * 0.5**d for d in range(7, -1, -1)], rel=0.05)
    assert told[1] == pytest.approx([3.0 * 0.5**d for d in range(6, -1, -1)], rel=0.05), "a later state is not reached"
    assert foot.split() == ["h", "at", *"01234567"]
    assert len(rows[0]) == len(foot), "numbers stand over their steps"
    both = reach_of(0.5, 9)
    both.rows, both.norms = [4], {(4, s): 0.5 ** abs(4 - s) for s in range(9)}
    two = matrix_text(both)
    assert two[0] == "cell · h:" and [x.split()[:3] for x in two[1:3]] == [["t", ">", "s"], ["t", "<", "s"]]
    long = reach_of(0.9, 44)
    assert matrix_text(long)[-1].split()[2:] == [str(s) for s in range(3, 44, 5)]


@each("most", [1, 3, 5, 10, 12])
@each("count", [1, 2, 5, 9, 10, 11, 24, 100, 999])
def test_steps_are_spaced_evenly_up_to_the_last(count: int, most: int) -> None:
    shown = spaced(list(range(count)), most)
    assert shown[-1] == count - 1 and len(shown) <= most
    strides = {b - a for a, b in pairwise(shown)}
    assert len(strides) <= 1 and all(math.log10(s / int(str(s)[0])) % 1 == 0 and str(s)[0] in "125" for s in strides)
    stride = strides.pop() if strides else count
    finer = max((k * 10**p for p in range(4) for k in (1, 2, 5) if k * 10**p < stride), default=0)
    assert not finer or finer * most < count, "no finer ones would fit"


def test_how_a_norm_is_coloured() -> None:
    heat = Heat(low=1e-3, high=10.0)
    assert [heat.level(x) for x in (1e-9, 1e-3, 0.1, 10.0, 1e9, 0.0, math.nan)] == pytest.approx(
        [0, 0, 0.5, 1, 1, 0, 0]
    )
    assert [heat.colour(x) for x in (None, 0.0, math.nan, math.inf)] == [ABSENT, ZERO, ODD, ODD]
    assert (
        [heat.colour(x) for x in (1e-3, 0.1, 10.0)]
        == [ramp(0), ramp(0.5), ramp(1)]
        == ["#fff7ec", "#fc8d59", "#7f0000"]
    )
    assert ramp(0.25) == "#fdd49e" and ramp(0.125) == "#fee6c5", "half way between two stops"
    assert heat.within(None) is heat and (heat.low, heat.high) == (1e-3, 10.0)
    assert (heat.within((1.0, 2.0)).low, heat.high) == (1.0, 2.0)


def test_the_ends_of_a_scale() -> None:
    a, b, c, d = (tg.constant(1.0) for _ in range(4))
    heat = Heat({a: 1e-2, b: 1e4, c: 1e9, d: 0.0})
    heat.span({c})
    assert (heat.low, heat.high) == pytest.approx((1e-2, 1e4)), "what stands beside does not count, nor does zero"
    heat = Heat({a: math.nan, b: None})
    heat.span(set())
    assert (heat.low, heat.high) == (0.1, 1.0)
    for norms, ends in (
        ([2e-3, 30.0], (1e-3, 1e2)),
        ([1.0], (1.0, 10.0)),
        ([2e-19, 3.0], (1e-12, 10.0)),
        ([2e-19, 3e-8], (1e-13, 1e-7)),
        ([2e-19, 3e-16], (1e-19, 1e-15)),
        ([0.0, math.inf, math.nan], (0.1, 1.0)),
        ([1e-320, 1e308], (1e-12, 1e308)),
        ([1e-320, 1e-310], (1e-307, 1e-306)),
        ([1.7e308], (1e307, 1e308)),
    ):
        heat = between_powers(norms)
        assert (heat.low, heat.high) == pytest.approx(ends), norms


@each("size", [1e-300, 1e-160, 1e-30, 1.0, 1e30, 1e160, 1e300])
def test_a_norm_is_right_at_any_size(size: float) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert norm_of(x * size) == pytest.approx(np.linalg.norm(x) * size, rel=1e-12)
    assert norm_of(np.zeros(3)) == 0.0 and norm_of(np.zeros(0)) == 0.0 and math.isnan(norm_of(np.array([1.0, np.nan])))
    assert norm_of(np.array([size, np.inf])) == math.inf
    assert length([3.0, None, 4.0]) == 5.0 and length([None]) is None and length([]) is None


def tanh_net(name: Any, steps: int = 4) -> Any:
    w, h = tg.parameter(np.eye(2) * 0.5, "W"), tg.constant(np.ones(2))
    for t in range(steps):
        with tg.step(t):
            h = tg.tanh(w @ h, name=name(t))
    return tg.sum(h)


@each(
    "name, told",
    [
        (lambda t: f"h{t}", "h"),
        (lambda t: f"h_{t}", "h"),
        (lambda t: f"h({t})", "h"),
        (lambda t: f"h[{t}]", "h"),
        (lambda t: f"h {t}", "h"),
        (lambda t: "state of x", "state of x"),
        (lambda t: "abcd"[t], "state"),
    ],
)
def test_a_state_has_the_name_that_its_steps_share(name: Any, told: str) -> None:
    root = tanh_net(name)
    (state,) = states(fold([root]), [root])
    assert (state.name, state.cell, state.turn, state.heading) == (told, "", 1, told)
    assert [*state.at] == [0, 1, 2, 3] and [x.step for (x,) in state.at.values()] == [0, 1, 2, 3] and state.cuts == []


def test_several_states_are_numbered_and_turned_and_cut() -> None:
    w = tg.parameter(np.eye(2) * 0.5)

    def cell(x: Any, state: Any) -> Any:
        a, b = state
        both = tg.tanh(w @ a + x), tg.tanh(w @ b - x)
        return both[0] + both[1], both

    root = tg.sum(tg.unroll(cell, np.ones((5, 2)), (np.zeros(2), np.ones(2)), truncate=2, reverse=True)[0])
    found = states(fold([root]), [root])
    assert [x.heading for x in found] == ["state 1", "state 2"] and {x.turn for x in found} == {-1}
    assert all([*x.at] == [0, 1, 2, 3, 4] for x in found) and found[0].cuts == found[1].cuts
    assert found[0].cuts == [((0, 0), (0, 1)), ((0, 2), (0, 3))]
    assert State("LSTM", "state", 1).heading == "LSTM" and State("LSTM", "c", 1).heading == "LSTM · c"


def test_where_nothing_repeats_the_carried_values_are_the_states() -> None:
    h, k = tg.constant(np.ones(2), name="x"), tg.constant(np.ones(3))
    ops = [tg.tanh, tg.sigmoid, tg.exp]
    for t, op in enumerate(ops):
        with tg.step(2 - t):
            h, k = op(h), (tg.relu(k * 2.0) if t == 1 else op(k))
    found = states(fold([tg.sum(h), tg.sum(k)]), [tg.sum(h), tg.sum(k)])
    assert [x.name for x in found] == ["state", "state 2"] and {x.turn for x in found} == {-1}
    assert [*found[0].at] == [1, 2] and all(len(held) == 1 for x in found for held in x.at.values())


def test_steps_without_a_gradient_do_not_count_unless_all_are_such() -> None:
    w, h, losses = tg.parameter(np.eye(2) * 0.5, "W"), tg.constant(np.ones(2)), []
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(w @ h, name="h")
            losses.append(tg.sum(h))

    def seeded(root: Any) -> list[int]:
        folded = fold([root])
        return list(seeds_of(root, folded, roles(folded, [root])))

    weighted = tg.sum(tg.stack(losses) * np.array([0.0, 1.0, 0.0, 2.0]))
    assert seeded(weighted) == [1, 3] and seeded(tg.sum(tg.stack(losses)) * 0.0) == [0, 1, 2, 3]
    assert "gradient exactly 0" in tg.draw(tg.sum(tg.stack(losses)) * 0.0, "flow").text()
