"""What the cells beyond torchrecurrent promise in words: how they start, what their options do, what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tinygraph.cells.lmu import discretised, exponential, legendre

cells: Any = tg.cells
F8 = {"dtype": np.float64, "rng": 0}


def data(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=shape)


WRONG = {
    "RHN without depth": lambda: cells.RHN(2, 3, depth=0),
    "LMU without memory": lambda: cells.LMU(2, 3, memory_size=0),
    "LMU without a window": lambda: cells.LMU(2, 3, theta=0.0),
    "ClockworkRNN falling": lambda: cells.ClockworkRNN(2, 3, periods=(2, 1)),
    "ClockworkRNN of none": lambda: cells.ClockworkRNN(2, 3, periods=()),
    "ClockworkRNN in fractions": lambda: cells.ClockworkRNN(2, 3, periods=(1, 1.5)),
    "QRNN wide": lambda: cells.QRNN(2, 3, window=3),
    "QRNN pooling": lambda: cells.QRNN(2, 3, pooling="max"),
    "sLSTM gate": lambda: cells.sLSTM(2, 3, forget_gate="relu"),
    "sLSTM heads": lambda: cells.sLSTM(2, 3, heads=2),
    "LRU ring": lambda: cells.LRU(2, 3, r_min=0.9, r_max=0.5),
    "LRU beyond the circle": lambda: cells.LRU(2, 3, r_max=1.5),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_refused(case: str) -> None:
    with pytest.raises(tg.GraphError, match=case.split()[0]):
        WRONG[case]()


def test_a_highway_starts_by_remembering() -> None:
    cell = cells.RHN(2, 3, depth=2, **F8)
    for bias in (cell.bias_hh_l0, cell.bias_hh_l1):
        np.testing.assert_array_equal(bias.value, [0, 0, 0, -2, -2, -2])
    np.testing.assert_array_equal(cell.gate("t").bias_hh_l1.value, [-2, -2, -2])


def test_the_ring_of_an_lru() -> None:
    cell = cells.LRU(2, 4000, r_min=0.5, r_max=0.9, max_phase=1.0, output_size=2, **F8)
    radius, phase = np.exp(-np.exp(cell.nu_log.value)), np.exp(cell.theta_log.value)
    assert radius.min() >= 0.5 and radius.max() <= 0.9 and phase.max() <= 1
    assert abs(np.mean(radius**2) - (0.25 + 0.81) / 2) < 0.01, "uniform by area"
    assert abs(np.mean(phase) - 0.5) < 0.03
    np.testing.assert_allclose(np.exp(cell.gamma_log.value), np.sqrt(1 - radius**2))


def test_a_legendre_memory_tells_the_input_of_theta_steps_ago() -> None:
    """Its coefficients by the shifted Legendre polynomials, all 1 at the far end, give u(t - theta)."""
    theta, t = 40.0, np.arange(200.0)
    A, B = discretised(*legendre(12), theta)
    m, told = np.zeros(12), []
    for u_t in np.sin(t / 15):
        m = A @ m + B * u_t
        told.append(m.sum())
    # m is that of the end of a step through which u was held, which puts it half a step back.
    np.testing.assert_allclose(told[100:], np.sin((t[100:] + 0.5 - theta) / 15), atol=0.002)


def test_the_exponential_of_a_matrix() -> None:
    turn = 30.0 * np.array([[0.0, -1.0], [1.0, 0.0]])
    c, s = np.cos(30.0), np.sin(30.0)
    np.testing.assert_allclose(exponential(turn), [[c, -s], [s, c]], atol=1e-13)
    np.testing.assert_allclose(exponential(np.array([[0.0, 5.0], [0.0, 0.0]])), [[1, 5], [0, 1]], atol=1e-15)
    np.testing.assert_array_equal(exponential(np.zeros((3, 3))), np.eye(3))
    A = legendre(64)[0] / 64
    np.testing.assert_allclose(exponential(A) @ exponential(-A), np.eye(64), atol=1e-7)


def test_slow_units_hold_and_hear_no_faster_ones() -> None:
    cell = cells.ClockworkRNN(2, 4, periods=(1, 3), **F8)
    x = data(7, 2, 2)
    y, _ = tg.unroll(cell, x, cell.initial_state(2))
    moved = np.abs(np.diff(y.value, axis=0)).max(axis=1)
    assert (moved[:, :2] > 0).all()
    assert [bool(step.any()) for step in moved[:, 2:]] == [False, False, True, False, False, True]
    g = tg.grad(tg.sum(y * y), cell.weight_hh).value
    assert not g[2:, :2].any() and g[:2].all() and g[2:, 2:].all()


def test_times_given_with_the_input_are_those_of_the_state() -> None:
    cell, x = cells.PhasedLSTM(2, 3, r_on=0.5, **F8), data(6, 2, 2)
    y, state = tg.unroll(cell, x, cell.initial_state(2))
    times = np.broadcast_to(np.arange(6.0)[:, None, None], (6, 2, 1))
    timed, other = tg.unroll(cell, (x, times), cell.initial_state(2))
    np.testing.assert_array_equal(timed.value, y.value)
    for a, b in zip(state, other, strict=True):
        np.testing.assert_array_equal(a.value, b.value)
    alone, _ = tg.unroll(cell, (x[:, 0], times[:, 0]), cell.initial_state())
    np.testing.assert_allclose(alone.value, y.value[:, 0], atol=1e-14)


@each_backend
def test_times_of_events_are_differentiated_and_compiled(backend: str) -> None:
    cell, x = cells.PhasedLSTM(2, 3, r_on=0.6, leak=0.05, **F8), data(6, 2, 2)
    times = np.cumsum(np.random.default_rng(5).uniform(0.1, 2, (6, 2, 1)), axis=0)

    def loss(x: Any, t: Any) -> Any:
        return tg.sum(tg.square(tg.unroll(cell, (x, t), cell.initial_state(2))[0]))

    tg.check.gradients(loss, [x, times], order=2, tolerance=1e-6)
    step = tg.value_and_grad(loss, [cell.tau, cell.s, cell.weight_hh])
    (total, gradients), (compiled, found) = step(x, times), tg.compile(step, backend=backend)(x, times)
    np.testing.assert_allclose(compiled, total.value, rtol=1e-11)
    for a, b in zip(found, gradients, strict=True):
        np.testing.assert_allclose(a, b.value, rtol=1e-9, atol=1e-11)


def test_a_closed_gate_without_leak_keeps_the_state() -> None:
    cell = cells.PhasedLSTM(2, 3, leak=0.0, s_init="zeros", tau_init=10.0, **F8)
    h, c, t = data(2, 3), data(2, 3), np.full((2, 1), 5.0)
    y, (_, kept, later) = cell(data(2, 2), (h, c, t))
    np.testing.assert_array_equal(y.value, h)
    np.testing.assert_array_equal(kept.value, c)
    np.testing.assert_array_equal(later.value if hasattr(later, "value") else later, t + 1)


def test_gates_wide_open_stay_finite() -> None:
    """exp(i~) overflows at i~ = 710 in float64, and exp(-i~) is 0; the stabiliser divides them away."""
    cell = cells.sLSTM(2, 3, forget_gate="exp", **F8)
    for parameter in (cell.weight_ih, cell.weight_hh):
        parameter.value = 400 * parameter.value
    y, state = tg.unroll(cell, 20 * data(5, 2, 2), cell.initial_state(2))
    assert np.isfinite(y.value).all() and all(np.isfinite(s.value).all() for s in state)
    assert np.abs(y.value).max() <= 1


def test_an_identity_remembers_a_state_for_ever() -> None:
    cell = cells.IRNN(2, 3, scale=0.5, **F8)
    np.testing.assert_array_equal(cell.weight_hh.value, 0.5 * np.eye(3))
    assert not cell.bias_ih.value.any() and np.abs(cell.weight_ih.value).max() < 0.01


def test_log_space_keeps_a_positive_state_positive() -> None:
    for kind in (cells.minGRU, cells.minLSTM):
        y, _ = tg.unroll(kind(2, 3, log_space=True, **F8), 5 * data(9, 2, 2), np.full((2, 3), 0.5))
        assert (y.value > 0).all()


def test_normalised_weights_have_no_size() -> None:
    cell, x = cells.LayerNormLSTM(2, 3, **F8), data(4, 2, 2)
    state = (data(2, 3), data(2, 3))
    before = tg.unroll(cell, x, state)[0].value
    cell.weight_ih.value, cell.weight_hh.value = 3 * cell.weight_ih.value, 7 * cell.weight_hh.value
    np.testing.assert_allclose(tg.unroll(cell, x, state)[0].value, before, atol=1e-3)


def test_a_jordan_network_recurs_through_its_output() -> None:
    cell = cells.Jordan(2, 3, output_size=1, **F8)
    y, s = cell(data(2, 2), np.ones((2, 1)))
    np.testing.assert_array_equal(s.value, y.value)
