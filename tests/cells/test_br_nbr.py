"""The bistable cells: they hold what they got, and the one is the other with a diagonal matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries


@pytest.mark.parametrize("kind", [tg.cells.BR, tg.cells.NBR], ids=lambda k: k.__name__)
@pytest.mark.parametrize("a, kept", [(1.5, 0.8586), (0.5, 0.0)])
def test_above_1_a_unit_keeps_its_sign_for_ever_and_below_it_forgets(kind: Any, a: float, kept: float) -> None:
    """0.8586 solves v = tanh(1.5 v)."""
    cell = kind(1, 2, rng=0, kernel_init=0.0, recurrent_kernel_init=0.0, dtype=np.float64)
    set_entries(cell.bias_ih, np.s_[:2], np.arctanh(a - 1))
    _, h = tg.unroll(cell, np.zeros((500, 1)), np.array([0.1, -0.1]))
    np.testing.assert_allclose(h.value, [kept, -kept], atol=1e-4)


def test_br_is_nbr_with_diagonal_matrices() -> None:
    br = tg.cells.BR(3, 4, rng=0, dtype=np.float64, bias_init="normal", recurrent_bias_init="normal")
    nbr = tg.cells.NBR(3, 4, rng=0, dtype=np.float64)
    w = br.weight_hh.value
    nbr.load_state_dict(br.state_dict() | {"weight_hh": np.concatenate([np.diag(w[:4]), np.diag(w[4:])])})
    x, h = np.random.default_rng(1).normal(size=(5, 2, 3)), np.ones((2, 4))
    np.testing.assert_allclose(tg.unroll(br, x, h)[0].value, tg.unroll(nbr, x, h)[0].value, atol=1e-14)


def test_each_starts_as_it_does_in_torchrecurrent() -> None:
    assert abs(tg.cells.BR(3, 1000, rng=0).weight_hh.value.std() - 1) < 0.05
    assert abs(tg.cells.NBR(3, 100, rng=0).weight_hh.value).max() <= np.sqrt(6 / 300)


def test_an_initialiser_for_matrices_fills_a_vector_too() -> None:
    assert tg.cells.BR(3, 4, recurrent_kernel_init="xavier_uniform", rng=0).weight_hh.shape == (8,)


def test_gates_of_the_vector() -> None:
    cell = tg.cells.BR(3, 4, recurrent_bias=False, rng=0)
    np.testing.assert_array_equal(cell.gate("c").weight_hh.value, cell.weight_hh.value[4:])
    assert cell.gate("c").bias_hh is None
