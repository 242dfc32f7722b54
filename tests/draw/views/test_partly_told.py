"""What is told of joined boxes whose state is cut off, of low lanes, and of sums over time."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.graph import ancestors
from tinygraph.draw.colours import FORWARD


def titles(drawn: tg.Drawing) -> set[str]:
    return {" ".join(part.text for part in box.title) for box in drawn.picture.boxes}


def test_a_joined_box_whose_state_is_cut_off_has_the_gradient_of_its_output() -> None:
    u, w = (tg.parameter(np.random.default_rng(i).normal(size=(4, 4)), n) for i, n in enumerate("UW"))

    def cell(x, h):
        y = tg.tanh(x @ u + h @ w, name="y")
        return y, tg.stop_gradient(np.exp(y))

    loss = tg.sum(tg.square(tg.unroll(cell, np.random.default_rng(2).normal(size=(4, 2, 4)), np.zeros((2, 4)))[0]))
    boxes = [b for b in tg.draw(loss, level="cell", gradients=True).picture.boxes if b.title[0].text == "cell"]
    outputs = [x for x in ancestors([loss]) if x.name == "y"]
    norms = [float(np.linalg.norm(g.value)) for g in tg.grad(loss, outputs)]
    assert [box.norm for box in boxes] == pytest.approx(norms)
    assert not any("not computed" in box.below for box in boxes)


def test_no_arrow_of_a_start_turns_back_down() -> None:
    loss = tg.mean(tg.unroll(tg.cells.tauGRU(3, 4, rng=0), np.ones((5, 2, 3), np.float32))[0])
    picture = tg.draw(loss, "rolled").picture
    for arrow in picture.arrows:
        if arrow.dashed and arrow.colour == FORWARD:
            heights = [y for _, y in arrow.points[::3]]
            assert heights == sorted(heights)


def test_a_sum_over_time_has_the_name_of_its_line_not_that_of_who_called_its_function() -> None:
    def total_of():
        h, total = tg.constant(np.ones((2, 4))), 0
        for t in range(4):
            with tg.step(t):
                h = np.tanh(h @ w)
                total = total + tg.mean(h)
        return total

    w = tg.parameter(np.eye(4) / 2, "W")
    out = total_of()
    assert any(title.startswith("totalₜ = totalₜ₋₁ + ") for title in titles(tg.draw(out)))
