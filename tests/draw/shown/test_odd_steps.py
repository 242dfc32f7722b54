"""Steps that do more than others: at their start, in the middle or at their end, once or every so many steps."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.scope import MOST_LOOPS, MOST_ODD, _OverTime, now
from tinygraph.draw.picture import Picture

U, W, V = (
    tg.parameter(np.random.default_rng(i).normal(size=(4, 4)) / 2, name) for i, name in enumerate(("U", "W", "V"))
)


def drawn(steps: int, odd: set[int], *, early: bool, view: str = "unrolled") -> Picture:
    z = tg.constant(np.zeros((2, 4)))
    for t in range(steps):
        with tg.step(t):
            x = tg.constant(np.random.default_rng(t).normal(size=(2, 4)))
            if t in odd and early:
                m = np.exp(z @ V)
                z = z * m
            a = x @ U + z @ W
            z = np.tanh(a)
            if t in odd and not early:
                m = np.exp(z @ V)
                z = z * m
    return tg.draw(np.sum(z**2), view, level="op", max_nodes=None).picture


def titles(picture: Picture, step: int) -> list[str]:
    boxes = [box for box in picture.boxes if box.node is not None and box.node.step == step]
    return [" ".join(part.text for part in box.title) for box in boxes]


@pytest.mark.parametrize("odd", [{2}, {5}, {2, 5, 8}, {3, 7}])
@pytest.mark.parametrize("early", [True, False])
def test_what_an_odd_step_has_more_has_its_letter(odd: set[int], early: bool) -> None:
    picture = drawn(10, odd, early=early)
    for t in odd:
        rest = titles(picture, t)
        assert "m = exp" in rest
        assert [x for x in rest if x.startswith("zₜ = ")] == ["zₜ = tanh(a)" if early else "zₜ = tanh(a) * m"]
        assert sum(x.startswith("a = ") for x in rest) == 1


def test_an_input_of_the_last_step_is_no_state_where_the_step_before_does_more() -> None:
    picture = drawn(4, {2}, early=True)
    (last,) = (box for box in picture.boxes if [part.text for part in box.title] == ["x₃"])
    assert last.role == "input"
    assert any(band.title == "t = 3" and band.left < last.x < band.right for band in picture.bands)


@pytest.mark.parametrize("loops", [0, MOST_LOOPS - 1, MOST_LOOPS])
def test_of_many_odd_steps_only_some_leave_trails(loops: int) -> None:
    """Also where so many loops are known that they are forgotten: not in the middle of this one."""
    now.loops = dict.fromkeys([compile(str(k), "", "eval") for k in range(loops)], _OverTime(0))
    z, lengths = tg.constant(np.zeros((2, 4))), []
    for t in range(4 * MOST_ODD):
        with tg.step(t):
            z = np.tanh(z @ W)
            z = np.exp(z) if t % 2 else np.sin(z)
            z = -z if t > 2 else z
        lengths.append(len(z._place) > 3)
    assert lengths.count(True) == MOST_ODD + 2
    assert now.place == (None, "", None)
    assert len((z + 1)._place) > 3
