"""The tau-GRU's delay: what the state carries, for how many steps, and from which start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, total
from tests.derivatives import assert_derivatives

RNG = np.random.default_rng(23)
X = RNG.normal(size=(9, 2, 3))
each_delay = pytest.mark.parametrize("delay", [1, 2, 3, 5])


def made(delay: int, **options: Any) -> Any:
    """A cell with random parameters, biases among them."""
    return tg.cells.tauGRU(
        3, 4, delay=delay, bias_init="normal", recurrent_bias_init="normal", rng=5, dtype=np.float64, **options
    )


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def by_hand(cell: Any, before: list[np.ndarray], delay: int, xs: np.ndarray = X) -> list[np.ndarray]:
    """All states h_0 ..., from those up to the first step: the paper's equations, with the whole history kept."""
    W, U, b, c = (a.value for a in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh))
    history = list(before)
    for x in xs:
        h, d = history[-1], history[-1 - delay]
        seen = [h, d, h, h]
        parts = [
            x @ W[k : k + 4].T + b[k : k + 4] + s @ U[k : k + 4].T + c[k : k + 4]
            for k, s in zip(range(0, 16, 4), seen, strict=True)
        ]
        u, z, g, a = np.tanh(parts[0]), np.tanh(parts[1]), sigmoid(parts[2]), sigmoid(parts[3])
        history.append((1 - g) * h + g * (u + a * z))
    return history


@each_delay
def test_the_delayed_state_is_the_one_of_so_many_steps_before(delay: int) -> None:
    cell = made(delay)
    before = [RNG.normal(size=(2, 4)) for _ in range(delay + 1)]
    outputs, final = tg.unroll(cell, X, tuple(reversed(before)))
    history = by_hand(cell, before, delay)
    np.testing.assert_allclose(outputs.value, history[delay + 1 :], rtol=0, atol=1e-13)
    np.testing.assert_allclose([s.value for s in final], history[: -delay - 2 : -1], rtol=0, atol=1e-13)


@each_delay
@pytest.mark.parametrize("cut", [1, 2, 4, 8])
def test_chunks_of_any_length_equal_one_pass(delay: int, cut: int) -> None:
    """A chunk shorter than the delay too; torchrecurrent's layer forgets the delayed states here."""
    cell = made(delay)
    whole, end = tg.unroll(cell, X, cell.initial_state(2))
    first, state = tg.unroll(cell, X[:cut], cell.initial_state(2))
    second, state = tg.unroll(cell, X[cut:], state)
    np.testing.assert_array_equal(np.concatenate([first.value, second.value]), whole.value)
    for a, b in zip(state, end, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


def test_zeros_for_the_past_start_anew_as_torchrecurrents_layer_does() -> None:
    cell = made(2)
    whole, _ = tg.unroll(cell, X, cell.initial_state(2))
    _, (h, *_) = tg.unroll(cell, X[:4], cell.initial_state(2))
    anew, _ = tg.unroll(cell, X[4:], (h, *cell.initial_state(2)[1:]))
    assert np.abs(anew.value[0] - whole.value[4]).max() > 1e-3
    history = by_hand(cell, [np.zeros((2, 4)), np.zeros((2, 4)), h.value], 2, X[4:])
    np.testing.assert_allclose(anew.value, history[3:], rtol=0, atol=1e-13)


@each_delay
def test_the_state_has_one_array_more_than_the_delay(delay: int) -> None:
    cell = made(delay)
    assert cell.states == delay + 1
    assert [s.shape for s in cell.initial_state(2)] == [(2, 4)] * (delay + 1)
    assert [s.shape for s in cell.initial_state()] == [(4,)] * (delay + 1)
    assert tg.cells.tauGRU.states == 1, "the class is not changed by its cells"


@each_backend
def test_the_compiled_delay_equals_the_uncompiled_one(backend: str) -> None:
    cell = made(3)
    wrt = list(cell.parameters().values())
    step = tg.value_and_grad(lambda: tg.sum(tg.unroll(cell, X, cell.initial_state(2))[0] ** 2), wrt)
    total, gradients = step()
    found, others = tg.compile(step, backend=backend)()
    np.testing.assert_allclose(found, total.value, rtol=1e-13)
    for a, b in zip(others, gradients, strict=True):
        np.testing.assert_allclose(a, b.value, rtol=0, atol=1e-11)


def test_derivatives_through_the_delay() -> None:
    cell = made(2)
    moved = [*cell.parameters().values(), *(tg.parameter(RNG.normal(size=(2, 4))) for _ in range(3))]
    assert_derivatives(lambda: total(tg.unroll(cell, X[:4], tuple(moved[-3:]))[0]), moved)


@pytest.mark.parametrize("delay", [0, -1, 1.5, True, "2"])
def test_a_delay_is_a_number_of_steps(delay: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)delay.*integer from 1"):
        tg.cells.tauGRU(3, 4, delay=delay)
