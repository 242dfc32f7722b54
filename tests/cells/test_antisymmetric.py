"""The antisymmetric networks: what epsilon and gamma do, and whose the biases are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg

each_kind = pytest.mark.parametrize(
    "kind", [tg.cells.AntisymmetricRNN, tg.cells.GatedAntisymmetricRNN], ids=lambda k: k.__name__
)


def state(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, 4))


@each_kind
def test_a_step_of_length_0_goes_nowhere(kind: Any) -> None:
    y, _ = kind(3, 4, epsilon=0.0, rng=0, dtype=np.float64)(np.ones((2, 3)), state())
    np.testing.assert_array_equal(y.value, state())


@pytest.mark.parametrize("gamma", [0.0, 0.25])
def test_a_linear_step_turns_the_state_and_shortens_it_by_gamma(gamma: float) -> None:
    """h (W - Wᵀ) h = 0: what is added stands at right angles to h, but for the diffusion."""
    cell = tg.cells.AntisymmetricRNN(3, 4, nonlinearity="identity", epsilon=0.5, gamma=gamma, rng=0, dtype=np.float64)
    h = state()
    y, _ = cell(np.zeros((2, 3)), h)
    np.testing.assert_allclose(((y.value - h) * h).sum(-1), -0.5 * gamma * (h * h).sum(-1), atol=1e-14)


def test_the_gates_equation() -> None:
    cell = tg.cells.GatedAntisymmetricRNN(
        3, 4, epsilon=0.5, gamma=0.25, rng=0, dtype=np.float64, bias_init="normal", recurrent_bias_init="normal"
    )
    h, x, p = state(), state(1)[:, :3], cell.state_dict()
    r = h @ (p["weight_hh"] - p["weight_hh"].T - 0.25 * np.eye(4)).T
    z, n = np.split(x @ p["weight_ih"].T + p["bias_ih"], 2, axis=1)
    expected = h + 0.5 / (1 + np.exp(-z - r)) * np.tanh(n + r + p["bias_hh"])
    np.testing.assert_allclose(cell(x, h)[0].value, expected, atol=1e-14)


def test_the_recurrent_bias_is_of_n_alone() -> None:
    cell = tg.cells.GatedAntisymmetricRNN(3, 4, rng=0)
    assert cell.gate("n").bias_hh.shape == (4,) and cell.gate("z").bias_ih.shape == (4,)
    with pytest.raises(AttributeError, match="'z' has no bias_hh"):
        cell.gate("z").bias_hh  # noqa: B018


@each_kind
def test_the_recurrent_weight_starts_normal(kind: Any) -> None:
    W = kind(3, 100, rng=0).weight_hh.value
    assert abs(W.std() - 1) < 0.05 and abs(W).max() > 3
