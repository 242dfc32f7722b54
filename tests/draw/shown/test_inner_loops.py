"""A loop over time within the steps of another: the outer one is the time of a picture."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.graph import ancestors

STEPS, INNER = 6, 3


def nested(pure: bool = False) -> tg.Node:
    """Each of 6 steps runs an inner cell 3 times, from the outer state or from zeros."""
    random = np.random.default_rng(0)
    u, w, a, b = (tg.parameter(random.normal(size=(4, 4)) / 2, n) for n in "UWAB")

    def inner(x, s):
        s = np.tanh(x @ u + s @ w)
        return s, s

    def outer(x, h):
        _, last = tg.unroll(inner, x, np.zeros((2, 4)) if pure else h)
        h = np.tanh(last @ a + h @ b) if pure else np.tanh(last @ a)
        return h, h

    outputs, _ = tg.unroll(outer, random.normal(size=(STEPS, INNER, 2, 4)), np.zeros((2, 4)))
    return tg.mean(tg.square(outputs), name="loss")


@pytest.mark.parametrize("pure", [False, True])
def test_a_column_is_an_outer_step_and_the_picture_says_so(pure: bool) -> None:
    picture = tg.draw(nested(pure), level="op").picture
    assert [band.title for band in picture.bands] == [f"t = {t}" for t in range(STEPS)]
    assert picture.subtitle == "a loop within a step is in its column"
    assert "6 steps" in str(picture.title)
    letters = [box.title[0].text for box in picture.boxes].count("s =")
    assert letters == STEPS * INNER  # of later steps and of later turns, too


@pytest.mark.parametrize("pure", [False, True])
def test_by_default_it_fits_a_screen_and_a_slide(pure: bool) -> None:
    assert tg.draw(nested(pure)).picture.subtitle
    slide = tg.draw(nested(pure), fit="slide").picture
    assert "a box is a cell at one step" in slide.subtitle
    assert {"inner cell × 3", "cell"} <= {box.title[0].text for box in slide.boxes}


def test_of_a_box_of_all_turns_no_slice_of_one_is_told() -> None:
    assert "0" not in {note.text for note in tg.draw(nested(True), level="cell").picture.notes}


def test_cells_that_feed_each_other_within_a_step_are_one_box() -> None:
    random = np.random.default_rng(0)
    u, w, a = (tg.parameter(random.normal(size=(4, 4)) / 2, n) for n in "UWA")

    def euler(_, h):
        h = h + 0.1 * np.tanh(h @ w)
        return h, h

    def outer(x, h):
        _, h = tg.unroll(euler, np.zeros((5, 1)), np.tanh(x @ u + h @ a))
        return h @ a, h

    loss = tg.sum(tg.unroll(outer, random.normal(size=(6, 2, 4)), np.zeros((2, 4)))[0])
    assert "cell" in {box.title[0].text for box in tg.draw(loss, level="cell").picture.boxes}


def test_numbers_are_those_of_the_graph() -> None:
    loss = nested()
    weights = {x.name: x for x in ancestors([loss]) if isinstance(x, tg.Parameter)}
    assert len(weights) == 3
    picture = tg.draw(loss, gradients=True).picture
    loss.backward()
    told = {use.name: float(str(use.norm)) for use in picture.uses}
    for name, parameter in weights.items():
        assert told[str(name)] == pytest.approx(np.linalg.norm(parameter.grad), rel=0.01)
    picture = tg.draw(loss, "flow").picture
    assert len([tile for tile in picture.tiles if tile.text]) >= STEPS * (STEPS + 1) // 2


def test_a_node_keeps_the_step_of_its_own_loop() -> None:
    with tg.step(4), tg.step(1):
        x = tg.tanh(tg.constant(0.0))
    assert x.step == 1 and x.label() == "tanh at step 1"
