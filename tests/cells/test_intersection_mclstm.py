"""Cells whose output is no part of their state, and those whose second state is the input before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg

B, I, H = 2, 3, 4  # noqa: E741
X = np.random.default_rng(3).normal(size=(5, B, I))


def test_the_intersection_network_wants_one_size() -> None:
    with pytest.raises(tg.GraphError, match="one size") as caught:
        tg.cells.IntersectionRNN(3, 4)
    assert "3 and 4" in str(caught.value)


def test_the_intersection_network_lets_x_and_h_through_open_gates() -> None:
    cell = tg.cells.IntersectionRNN(
        I, I, kernel_init="zeros", recurrent_kernel_init="zeros", bias_init=50.0, dtype=np.float64
    )
    h = np.ones((B, I))
    y, after = tg.unroll(cell, X, h)
    np.testing.assert_allclose(y.value, X, atol=1e-14)
    np.testing.assert_allclose(after.value, h, atol=1e-14)


@pytest.mark.parametrize("name", ["IntersectionRNN", "MCLSTM", "TLSTM"])
def test_the_output_is_not_in_the_state(name: str) -> None:
    size = I if name == "IntersectionRNN" else H
    cell = getattr(tg.cells, name)(I, size, rng=0, dtype=np.float64)
    y, state = cell(X[0], cell.initial_state(B))
    parts: Any = state if isinstance(state, tuple) else (state,)
    assert not [s for s in parts if s.shape == y.shape and np.allclose(tg.constant(s).value, y.value)]


def test_the_controller_and_the_output_of_mclstm_have_gates_of_their_own() -> None:
    """m closed: the next gates see no memory, which the output still shows."""

    def shut(rng: Any, shape: Any) -> np.ndarray:
        return np.repeat([0.0, 0.0, 0.0, -1000.0, 1.0], H)

    cell = tg.cells.MCLSTM(I, H, bias_init=shut, rng=0, dtype=np.float64)
    y, (v, c) = cell(X[0], cell.initial_state(B))
    assert np.abs(v.value).max() == 0
    assert np.abs(y.value).min() > 0
    assert np.abs(c.value).min() > 0


@pytest.mark.parametrize("name", ["TGRU", "TLSTM"])
def test_the_second_state_is_the_input_before(name: str) -> None:
    cell = getattr(tg.cells, name)(I, H, rng=0, dtype=np.float64)
    assert [s.shape for s in cell.initial_state(B)] == [(B, H), (B, I)]
    assert [s.shape for s in cell.initial_state()] == [(H,), (I,)]
    assert cell.gate("o").weight_hh.shape == (H, I)
    _, (_, before) = tg.unroll(cell, X, cell.initial_state(B))
    np.testing.assert_array_equal(before.value, X[-1])


@pytest.mark.parametrize("name", ["TGRU", "TLSTM"])
def test_weights_never_see_the_state(name: str) -> None:
    """From one input on, the state's first part only fades: the difference of two runs has the gates f alone in it."""
    cell = getattr(tg.cells, name)(I, H, rng=0, dtype=np.float64)
    zero, other = np.zeros((B, H)), np.ones((B, H))
    first, half, one = (tg.unroll(cell, X, (s, np.zeros((B, I))))[1][0].value for s in (zero, other / 2, other))
    np.testing.assert_allclose(half - first, (one - first) / 2, atol=1e-14)
