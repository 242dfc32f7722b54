"""The mutated units beside one another: what tells each from the next."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.arrays import set_entries

RNG = np.random.default_rng(29)
X, H0 = RNG.normal(size=(4, 2, 4)), RNG.normal(size=(2, 4))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_mut3_is_mut2_whose_gate_z_sees_tanh_of_the_state() -> None:
    second, third = (kind(4, 4, rng=0, dtype=np.float64) for kind in (tg.cells.MUT2, tg.cells.MUT3))
    assert np.abs(second(X[0], H0)[0].value - third(X[0], H0)[0].value).max() > 1e-3
    for cell in (second, third):
        set_entries(cell.weight_hh, np.s_[:4], 0.0)
    np.testing.assert_array_equal(second(X[0], H0)[0].value, third(X[0], H0)[0].value)


def test_mut2_of_the_paper_has_no_matrix_between_the_input_and_the_gate_r() -> None:
    cell = tg.cells.MUT2(4, 4, recurrent_bias_init="normal", rng=0, dtype=np.float64)
    set_entries(cell.weight_ih, np.s_[4:8], np.eye(4))
    W, U, b = cell.weight_ih.value, cell.weight_hh.value, cell.bias_hh.value
    z, r = sigmoid(X[0] @ W[:4].T + H0 @ U[:4].T + b[:4]), sigmoid(X[0] + H0 @ U[4:8].T + b[4:8])
    h = np.tanh(U[8:] @ (r * H0)[0] + b[8:] + W[8:] @ X[0, 0]) * z[0] + H0[0] * (1 - z[0])
    np.testing.assert_allclose(cell(X[0], H0)[0].value[0], h, rtol=0, atol=1e-14)


def test_mut1_of_the_paper_takes_tanh_of_the_input_itself() -> None:
    cell = tg.cells.MUT1(4, 4, recurrent_bias_init="normal", rng=0, dtype=np.float64)
    set_entries(cell.weight_ih, np.s_[8:], np.eye(4))
    W, U, b = cell.weight_ih.value, cell.weight_hh.value, cell.bias_hh.value
    z, r = sigmoid(X[0] @ W[:4].T), sigmoid(X[0] @ W[4:8].T + H0 @ U[:4].T + b[:4])
    h = np.tanh((r * H0) @ U[4:].T + np.tanh(X[0]) + b[4:]) * z + H0 * (1 - z)
    np.testing.assert_allclose(cell(X[0], H0)[0].value, h, rtol=0, atol=1e-14)


def test_the_gate_z_of_mut1_does_not_see_the_state() -> None:
    cell = tg.cells.MUT1(4, 4, rng=0)
    assert cell.gate("r").weight_hh.shape == (4, 4)
    assert not hasattr(cell.gate("z"), "weight_hh")
