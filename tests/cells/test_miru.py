"""The coefficients of the minion recurrent units at their ends, where they become other cells."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries

RNG = np.random.default_rng(31)
X, H0 = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(2, 4))


@pytest.mark.parametrize("kind", [tg.cells.MiRU1, tg.cells.MiRU2], ids=lambda kind: kind.__name__)
def test_an_update_coefficient_of_one_keeps_the_state(kind: type) -> None:
    cell = kind(3, 4, update_coefficient=1.0, rng=0, dtype=np.float64)
    np.testing.assert_allclose(tg.unroll(cell, X, H0)[1].value, H0, rtol=0, atol=1e-15)


def test_miru2_that_keeps_nothing_and_resets_nothing_is_an_rnn() -> None:
    cell = tg.cells.MiRU2(3, 4, update_coefficient=0.0, reset_coefficient=1.0, rng=0, dtype=np.float64)
    rnn = tg.cells.RNN(3, 4, dtype=np.float64)
    rnn.load_state_dict(cell.state_dict())
    np.testing.assert_allclose(tg.unroll(cell, X, H0)[0].value, tg.unroll(rnn, X, H0)[0].value, rtol=0, atol=1e-14)


def test_miru1_whose_gate_is_wide_open_is_miru2() -> None:
    first = tg.cells.MiRU1(3, 4, update_coefficient=0.3, rng=0, dtype=np.float64)
    set_entries(first.bias_ih, np.s_[:4], 60.0)
    second = tg.cells.MiRU2(3, 4, update_coefficient=0.3, reset_coefficient=1.0, dtype=np.float64)
    second.load_state_dict({name: a[4:] for name, a in first.state_dict().items()})
    np.testing.assert_allclose(tg.unroll(first, X, H0)[0].value, tg.unroll(second, X, H0)[0].value, rtol=0, atol=1e-14)


def test_the_coefficients_are_not_trained() -> None:
    assert list(tg.cells.MiRU2(3, 4).parameters()) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]


@pytest.mark.parametrize("kind", [tg.cells.MiRU1, tg.cells.MiRU2], ids=lambda kind: kind.__name__)
def test_the_coefficients_leave_float32_alone(kind: type) -> None:
    cell = kind(3, 4, update_coefficient=0.3, rng=0)
    assert cell(X[0].astype(np.float32), cell.initial_state(2))[0].dtype == np.float32
