"""CFN, MinimalRNN and IndRNN: the dynamics that they are known for, and their options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg


def test_without_input_all_of_a_cfn_dies_out() -> None:
    cell = tg.cells.CFN(3, 4, rng=0, dtype=np.float64)
    _, h = tg.unroll(cell, np.zeros((60, 2, 3)), np.ones((2, 4)))
    assert 0 < abs(h.value).max() < 1e-6


def test_the_state_of_a_minimal_rnn_lies_between_the_state_before_and_the_trace_of_the_input() -> None:
    cell = tg.cells.MinimalRNN(3, 4, rng=0, dtype=np.float64)
    rng = np.random.default_rng(1)
    x, h = rng.normal(size=(2, 3)), rng.normal(size=(2, 4))
    z, y = np.tanh(x @ cell.weight_ih.value.T), cell(x, h)[0].value
    assert ((y > np.minimum(z, h)) & (y < np.maximum(z, h))).all()


def test_the_memory_weight_of_a_minimal_rnn() -> None:
    cell = tg.cells.MinimalRNN(3, 4, memory_kernel_init="identity", rng=0)
    np.testing.assert_array_equal(cell.weight_mm.value, np.eye(4))
    np.testing.assert_array_equal(cell.gate("u").weight_mm.value, np.eye(4))
    assert abs(tg.cells.MinimalRNN(3, 100, rng=0).weight_mm.value).max() <= np.sqrt(6 / 200)
    assert list(cell.parameters()) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_mm"]


@pytest.mark.parametrize(
    "nonlinearity, f", [("tanh", np.tanh), ("relu", lambda z: np.maximum(z, 0)), (tg.tanh, np.tanh)]
)
def test_the_units_of_an_indrnn_do_not_see_one_another(nonlinearity: Any, f: Any) -> None:
    cell = tg.cells.IndRNN(3, 4, nonlinearity=nonlinearity, rng=0, dtype=np.float64, recurrent_bias_init="normal")
    x, h = np.ones(3), np.random.default_rng(1).normal(size=4)
    z = cell.weight_ih.value @ x + cell.vector_u.value * h + cell.bias_hh.value
    np.testing.assert_allclose(cell(x, h)[0].value, f(z), atol=1e-15)


def test_how_an_indrnn_starts() -> None:
    assert abs(tg.cells.IndRNN(3, 1000, rng=0).vector_u.value.std() - 1) < 0.05
    np.testing.assert_array_equal(tg.cells.IndRNN(3, 4, recurrent_kernel_init=0.5).vector_u.value, np.full(4, 0.5))
    cell = tg.cells.IndRNN(3, 4, bias_init="ones", recurrent_bias=False)
    np.testing.assert_array_equal(cell.bias_ih.value, np.ones(4))
    assert list(cell.parameters()) == ["weight_ih", "vector_u", "bias_ih"]


def test_an_indrnn_has_no_gates_and_no_recurrent_matrix() -> None:
    cell = tg.cells.IndRNN(3, 4)
    with pytest.raises(tg.GraphError, match="IndRNN has no gate 'h'"):
        cell.gate("h")
    arrays = cell.state_dict()
    arrays["weight_hh"] = arrays.pop("vector_u")
    with pytest.raises(tg.GraphError, match="missing: vector_u; unexpected: weight_hh"):
        cell.load_state_dict(arrays)
