"""The three classic cells beyond their parity: both forms of the reset, activations, starts, projections."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries

RNG = np.random.default_rng(11)
X, H0 = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(2, 4))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def randomised(cell: Any) -> Any:
    """The cell with random parameters, biases among them."""
    for parameter in cell.parameters().values():
        parameter.value = RNG.normal(size=parameter.shape) * 0.6
    return cell


def test_the_gru_resets_before_the_product_as_the_paper_does() -> None:
    cell = randomised(tg.cells.GRU(3, 4, reset_after=False, dtype=np.float64))
    W, U, b, c = (a.value for a in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh))
    outputs, last = tg.unroll(cell, X, H0)
    h = H0
    for t, x in enumerate(X):
        wx = x @ W.T + b
        r, z = sigmoid(wx[:, :4] + h @ U[:4].T + c[:4]), sigmoid(wx[:, 4:8] + h @ U[4:8].T + c[4:8])
        n = np.tanh(wx[:, 8:] + (r * h) @ U[8:].T + c[8:])
        h = (1 - z) * n + z * h
        np.testing.assert_allclose(outputs.value[t], h, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(last.value, outputs.value[-1])


@pytest.mark.parametrize("bias", [True, False])
def test_both_resets_have_right_derivatives_and_differ(bias: bool) -> None:
    cells = [tg.cells.GRU(3, 4, bias, form, rng=2, dtype=np.float64) for form in (True, False)]
    after, before = (tg.unroll(cell, X, H0)[0].value for cell in cells)
    assert np.abs(after - before).max() > 1e-3
    for cell in cells:
        moved = list(cell.parameters().values())
        tg.check.gradients(lambda *_, cell=cell: tg.unroll(cell, X[:2], H0)[0], moved, order=2)


def test_both_resets_agree_where_nothing_is_reset() -> None:
    """With r = 1 the order of the two products does not matter."""
    cells = [tg.cells.GRU(3, 4, reset_after=form, rng=2, dtype=np.float64) for form in (True, False)]
    for cell in cells:
        set_entries(cell.bias_ih, np.s_[:4], 50.0)
    after, before = (tg.unroll(cell, X, H0)[0].value for cell in cells)
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "fn"),
    [("tanh", np.tanh), ("relu", lambda a: np.maximum(a, 0)), ("sigmoid", sigmoid), (tg.exp, np.exp)],
    ids=["tanh", "relu", "sigmoid", "a function"],
)
def test_the_activation_of_an_rnn(name: Any, fn: Any) -> None:
    cell = randomised(tg.cells.RNN(3, 4, nonlinearity=name, dtype=np.float64))
    y, h = cell(X[0], H0)
    expected = fn(X[0] @ cell.weight_ih.value.T + cell.bias_ih.value + H0 @ cell.weight_hh.value.T + cell.bias_hh.value)
    np.testing.assert_allclose(y.value, expected, rtol=0, atol=1e-13)
    assert h is y


def test_an_unknown_activation_is_told_the_known_ones() -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)tanh.*'tan'"):
        tg.cells.RNN(3, 4, nonlinearity="tan")


@pytest.mark.parametrize("kind", [tg.cells.RNN, tg.cells.GRU, tg.cells.LSTM], ids=lambda kind: kind.__name__)
def test_pytorchs_start_is_uniform_within_one_over_the_root_of_the_hidden_size(kind: Any) -> None:
    for name, parameter in kind(40, 64, rng=0).parameters().items():
        largest = np.abs(parameter.value).max()
        assert 0.95 / 8 < largest <= 1 / 8, name
        assert abs(parameter.value.mean()) < 0.02, name


def test_another_start_by_options() -> None:
    irnn = tg.cells.RNN(3, 4, nonlinearity="relu", recurrent_kernel_init="identity", bias_init=0.5, rng=0)
    np.testing.assert_array_equal(irnn.weight_hh.value, np.eye(4))
    np.testing.assert_array_equal(irnn.bias_ih.value, np.full(4, 0.5))
    assert 0 < np.abs(irnn.weight_ih.value).max() <= 0.5


def test_a_projection_makes_the_output_and_h_smaller() -> None:
    cell = tg.cells.LSTM(3, 4, proj_size=2, rng=0)
    assert [s.shape for s in cell.initial_state(5)] == [(5, 2), (5, 4)]
    assert [s.shape for s in cell.initial_state()] == [(2,), (4,)]
    y, (h, c) = cell(np.ones((5, 3), np.float32), cell.initial_state(5))
    assert (y.shape, h.shape, c.shape) == ((5, 2), (5, 2), (5, 4))
    assert {name: p.shape for name, p in cell.parameters().items() if "bias" not in name} == {
        "weight_ih": (16, 3),
        "weight_hh": (16, 2),
        "weight_hr": (2, 4),
    }


@pytest.mark.parametrize("kind", [tg.cells.RNN, tg.cells.GRU, tg.cells.LSTM], ids=lambda kind: kind.__name__)
def test_an_input_of_another_size_is_refused(kind: Any) -> None:
    cell = kind(3, 4, rng=0)
    with pytest.raises(tg.GraphError, match=r"inner sizes differ(?s:.)*\(2, 5\)"):
        cell(np.ones((2, 5), np.float32), cell.initial_state(2))
