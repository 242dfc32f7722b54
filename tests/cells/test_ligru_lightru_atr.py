"""LiGRU, LightRU and ATR: their options, and what each gate sees."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries


@pytest.mark.parametrize("bias, expected", [(50.0, [0.3, 0.7]), (-50.0, [2.0, 0.0])])
def test_ligru_keeps_the_state_where_its_gate_is_open_else_takes_the_candidate(
    bias: float, expected: list[float]
) -> None:
    cell = tg.cells.LiGRU(1, 2, kernel_init=0.0, recurrent_kernel_init=0.0, dtype=np.float64)
    set_entries(cell.bias_ih, np.s_[:], [bias, bias, 2, -2])
    y, _ = cell(np.ones(1), np.array([0.3, 0.7]))
    np.testing.assert_allclose(y.value, expected, atol=1e-15)


def test_ligrus_functions_by_name_and_as_functions() -> None:
    by_name = tg.cells.LiGRU(3, 4, nonlinearity="tanh", gate_nonlinearity="hard_sigmoid", rng=0)
    functions = tg.cells.LiGRU(3, 4, True, True, tg.tanh, lambda x: tg.ops.clip(x / 6 + 0.5, 0, 1), rng=0)
    x, h = np.ones((2, 3), np.float32), np.ones((2, 4), np.float32)
    np.testing.assert_allclose(by_name(x, h)[0].value, functions(x, h)[0].value, atol=1e-6)
    assert (by_name(x, h)[0].value != tg.cells.LiGRU(3, 4, rng=0)(x, h)[0].value).all()


def test_the_candidate_of_lightru_does_not_see_the_state() -> None:
    cell = tg.cells.LightRU(3, 4, rng=0, recurrent_bias_init=50.0)
    x = np.ones((2, 3), np.float32)
    one, other = (cell(x, np.full((2, 4), h, np.float32))[0].value for h in (0, 1))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one, np.tanh(x @ cell.gate("n").weight_ih.value.T), atol=1e-6)


def test_the_state_goes_into_the_gate_of_lightru_alone() -> None:
    cell = tg.cells.LightRU(3, 4, rng=0)
    assert cell.gate("f").weight_hh.shape == (4, 4)
    with pytest.raises(AttributeError, match="'n' has no weight_hh"):
        cell.gate("n").weight_hh  # noqa: B018


def test_the_twin_gates_of_atr_add_up_to_1_without_input() -> None:
    """sigmoid(q) + sigmoid(-q) = 1: where p = 0 the state alone is forgotten."""
    cell = tg.cells.ATR(3, 4, rng=0, dtype=np.float64)
    h = np.random.default_rng(1).normal(size=(2, 4))
    y, _ = cell(np.zeros((2, 3)), h)
    np.testing.assert_allclose(y.value, h / (1 + np.exp(h @ cell.weight_hh.value.T)), atol=1e-15)


def test_the_recurrent_weight_of_atr_starts_normal_the_others_uniform() -> None:
    assert abs(tg.cells.ATR(3, 100, rng=0).weight_hh.value).max() > 3
    assert abs(tg.cells.LightRU(3, 100, rng=0).weight_hh.value).max() <= np.sqrt(6 / 200)
    assert abs(tg.cells.LiGRU(3, 100, rng=0).weight_hh.value).max() <= np.sqrt(6 / 300)
