"""coRNN and UnICORNN: what oscillators do whatever their weights."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg

SILENT: dict[str, Any] = {"kernel_init": "zeros", "recurrent_kernel_init": "zeros", "dtype": np.float64}


def test_cornn_is_a_damped_oscillator_without_input() -> None:
    """h'' = -gamma h - epsilon h' from (1, 0): a step of 1/1000 comes near the solution."""
    cell = tg.cells.coRNN(1, 1, dt=1e-3, gamma=4.0, epsilon=0.5, cell_kernel_init="zeros", **SILENT)
    x = np.zeros((2000, 1))
    h, _ = tg.unroll(cell, x, (np.ones(1), np.zeros(1)))
    t, pace = np.arange(1, 2001) * 1e-3, np.sqrt(4 - 0.25**2)
    exact = np.exp(-0.25 * t) * (np.cos(pace * t) + 0.25 / pace * np.sin(pace * t))
    np.testing.assert_allclose(h.value[:, 0], exact, atol=2e-3)


def test_unicornn_keeps_its_energy() -> None:
    """Undamped: without input, (h, c) turns in an ellipse, and each unit at a pace of its own."""
    cell = tg.cells.UnICORNN(1, 3, dt=0.02, alpha=1.0, control_kernel_init="normal", rng=0, **SILENT)
    h, (_, c) = tg.unroll(cell, np.zeros((1500, 1)), (np.ones(3), np.zeros(3)))
    assert (np.abs(h.value.max(axis=0) - 1) < 0.02).all()
    assert (np.abs(h.value[-1] ** 2 + c.value**2 - 1) < 0.02).all()
    turns = (np.diff(np.sign(h.value), axis=0) != 0).sum(axis=0)
    assert len(set(turns)) > 1


def test_units_of_unicornn_do_not_see_one_another() -> None:
    cell = tg.cells.UnICORNN(2, 3, rng=0, dtype=np.float64)
    x, c = np.ones((4, 2)), np.zeros(3)
    some, _ = tg.unroll(cell, x, (np.array([0.5, 0.0, 0.0]), c))
    other, _ = tg.unroll(cell, x, (np.array([-2.0, 0.0, 0.0]), c))
    differs = (some.value != other.value).any(axis=0)
    assert list(differs) == [True, False, False]


def test_unicornn_has_one_bias_unless_two_are_asked_for() -> None:
    assert tg.cells.UnICORNN(2, 3).bias_hh is None
    assert "bias_hh" in tg.cells.UnICORNN(2, 3, recurrent_bias=True).parameters()
