"""Levels whose boxes hold all steps: no box is in a column, and data of all steps tells the gradient of all of it."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each


def last_only(steps: int = 5) -> tuple[tg.Node, list[tg.Node]]:
    """A network with a loss at its last step alone, and its inputs."""
    w = weights(U=(4, 3), W=(4, 4))
    h: tg.Node = tg.constant(np.zeros((4, 1)), name="h0")
    xs = [tg.constant(x, name="x") for x in np.random.default_rng(0).normal(size=(steps, 3, 1))]
    for t, x in enumerate(xs):
        with tg.step(t):
            h = tg.tanh(w["U"] @ x + w["W"] @ h, name="h")
            if t == steps - 1:
                h = tg.softmax_cross_entropy(h[:, 0], np.array(1))
    return h, xs


@each("view", ["unrolled", "backward"])
@each("level", ["layer", "whole"])
def test_a_cell_at_all_steps_stands_at_none_of_them(view: str, level: str) -> None:
    loss, _ = last_only()
    picture = tg.draw(loss, view, level=level).picture
    assert any(" × 5" in part.text for box in picture.boxes for part in box.title) and not picture.bands
    assert [x.title for x in tg.draw(loss, view, level="cell").picture.bands] == [f"t = {t}" for t in range(5)]


@each("level", ["layer", "whole"])
def test_the_gradient_of_joined_data_is_that_of_all_of_it(level: str) -> None:
    loss, xs = last_only()
    (box,) = [x for x in tg.draw(loss, level=level, gradients=True).picture.boxes if x.role == "input"]
    each_one = [float(np.linalg.norm(x.value)) for x in tg.grad(loss, xs)]
    assert box.norm == pytest.approx(np.sqrt(np.sum(np.square(each_one)))) and box.norm > 1.0001 * max(each_one)


def test_the_data_of_several_loops_is_one_box_where_all_cells_are() -> None:
    cell, reader = tg.cells.GRU(3, 4, rng=0), tg.cells.GRU(2, 4, rng=1)
    xs, ys = np.random.default_rng(0).normal(size=(2, 4, 2, 3)).astype(np.float32)
    _, state = tg.unroll(cell, xs)
    loss = tg.mean(tg.unroll(reader, ys[..., :2], state)[0])
    titles = [[box.title[0].text for box in tg.draw(loss, level=x).picture.boxes] for x in ("layer", "whole")]
    assert [sum(word.startswith(("x", "data")) for word in x) for x in titles] == [2, 1], titles
