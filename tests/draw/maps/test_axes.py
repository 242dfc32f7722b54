"""Heat maps in the axes of matplotlib: the numbers as they are, sheets apart, labels that fit, the scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.seen import blocks, matrix

from .test_kinds import by_numpy, recurrent, states_of, two_gates


def test_axes_have_sheets_apart_labels_that_fit_and_the_scale() -> None:
    ax = pytest.importorskip("matplotlib.figure").Figure().subplots()
    xs, outputs = recurrent(two_gates, 30)
    loss = tg.mean(outputs)
    tg.draw(loss, "gates", ax=ax, title="mine")
    image = ax.images[0]
    shown = image.get_array()
    right = states_of(by_numpy("two gates"), xs)
    assert shown.shape == (7, 30) and shown.mask[3].all() and not shown.mask[[0, 1, 2, 4, 5, 6]].any()
    seen = {x.get_text(): round(x.get_position()[1] + 0.6) for x in ax.texts}
    assert {*seen} == {"z", "r"} and sorted(seen.values()) == [0, 4]
    for letter, top in seen.items():
        np.testing.assert_allclose(shown[top : top + 3], np.array([x[letter] for x in right]).T, rtol=1e-9)
    assert image.get_clim() == (0.0, 1.0) and "mine" in ax.get_title()
    ticks = [int(x) for x in ax.get_xticks()]
    assert ticks == list(range(0, 30, 2)) and [x.get_text() for x in ax.get_xticklabels()] == [str(t) for t in ticks]
    assert [int(y) for y in ax.get_yticks()] == [0, 1, 2, 4, 5, 6]
    assert [x.get_text() for x in ax.get_yticklabels()] == ["0", "1", "2"] * 2
    slope = pytest.importorskip("matplotlib.figure").Figure().subplots()
    drawing = tg.draw(loss, "saliency", ax=slope)
    assert slope.images[0].get_clim() == pytest.approx(drawing.picture.scale) and not slope.patches
    low, high = drawing.picture.scale
    assert slope.images[0].norm(np.sqrt(low * high)) == pytest.approx(0.5), "the scale is logarithmic"


def test_axes_of_several_blocks_and_of_numbers_that_are_none() -> None:
    ax = pytest.importorskip("matplotlib.figure").Figure().subplots()
    half = {t: np.full(2, np.nan if t == 1 else 0.5) for t in range(3)}
    total: Any = 0
    for steps in (3, 2):
        h: Any = tg.constant(np.zeros(2))
        for t in range(steps):
            with tg.step(t):
                h = tg.tanh(
                    tg.parameter(np.eye(2) * (0.5 + steps)) @ h + half[t] * (steps == 3) + 1.0, name="ab"[steps - 2]
                )
        total = total + tg.sum(h)
    drawing = tg.draw(total, "states", ax=ax)
    shown, seen = ax.images[0].get_array(), blocks(drawing)
    numbers = np.concatenate([matrix(x).ravel() for x in seen.values()])
    assert np.sort(shown.compressed()) == pytest.approx(np.sort(numbers[np.isfinite(numbers)]), rel=1e-3)
    assert len(ax.texts) == len(seen)
    (crosses,) = ax.lines
    marked = list(zip(*map(np.ravel, crosses.get_data()), strict=True))
    assert len(marked) == np.isnan(numbers).sum() > 0 and all(shown.mask[int(y), int(x)] for x, y in marked)


def test_flow_is_drawn_as_the_other_maps_with_its_zeros() -> None:
    """Against one gradient a step, of the loss of that step alone."""
    ax = pytest.importorskip("matplotlib.figure").Figure().subplots()
    w, h, states, losses = tg.parameter(np.eye(2) * 0.7 + 0.1, "W"), tg.constant([0.3, -0.2]), [], []
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(w @ (tg.stop_gradient(h) if t == 2 else h) + 0.1, name="h")
            states.append(h)
            losses.append(tg.sum(h * h))
    drawing = tg.draw(sum(losses), "flow", ax=ax, tokens=["a", "b", "c", "d"])
    due = np.zeros((4, 4))
    for t, s in [(0, 0), (1, 0), (1, 1), (2, 2), (3, 2), (3, 3)]:
        due[t, s] = np.linalg.norm(tg.grad(losses[t], [states[s]])[0].value)
    shown = ax.images[0].get_array()[::-1]
    assert (shown.mask == np.triu(np.ones((4, 4), bool), 1)).all()
    np.testing.assert_allclose(shown.filled(0), due, rtol=1e-12)
    assert len(ax.patches) == 4 == (shown == 0).sum() and (shown[2:, :2] == 0).all(), "grey where a cut leaves nothing"
    assert ax.images[0].get_clim() == pytest.approx(drawing.picture.scale)
    assert [x.get_text() for x in ax.get_yticklabels()] == ["3\nd", "2\nc", "1\nb", "0\na"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("state at s →", "loss at t ↑")
