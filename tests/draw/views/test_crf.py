"""The forward algorithm of a CRF, rolled: what starts it stands below the card, its arrow leads up past all boxes."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.draw.test_free_of_arrows import rectangles, struck


def forward_algorithm(steps: int = 5) -> tg.Node:
    rng = np.random.default_rng(0)
    trans, emit = tg.parameter(rng.normal(size=(3, 3)), "trans"), tg.parameter(rng.normal(size=(steps, 2, 3)), "emit")
    alpha = emit[0]
    for t in range(1, steps):
        with tg.step(t):
            alpha = tg.logsumexp(alpha[:, :, None] + trans, axis=1) + emit[t]
    return tg.sum(tg.logsumexp(alpha, axis=1))


def test_no_arrow_runs_over_a_box_and_no_word_lies_on_one() -> None:
    drawn = tg.draw(forward_algorithm(), "rolled").picture
    assert not list(struck(drawn))
    boxes = [x[1:5] for x in rectangles(drawn) if x[5] is not None]
    notes = [x[1:5] for x in rectangles(drawn) if x[5] is None]
    assert len(notes) == 3
    for a, b, c, d in notes:
        assert all(c < left or a > right or d < foot or b > top for left, foot, right, top in boxes)


def test_its_arrow_starts_at_the_top_of_its_box() -> None:
    drawn = tg.draw(forward_algorithm(), "rolled").picture
    (start,) = [x for x in drawn.arrows if x.dashed and drawn.boxes[x.tail].y < drawn.bands[0].foot]
    box = drawn.boxes[start.tail]
    assert start.points[0][1] == box.y + box.height / 2 and [x.text for x in drawn.notes].count("t = 1 only") == 1
