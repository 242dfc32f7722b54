"""The cells with one gate: at its ends, and that the strongly typed one is linear in the state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries

RNG = np.random.default_rng(41)
X, H0 = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(2, 4))


def ungated(kind: type, drive: float) -> Any:
    """A cell whose gate is drive alone: its input and recurrent weights are 0 in the gate's block."""
    cell: Any = kind(3, 4, rng=0, dtype=np.float64)
    gate = {"STAR": "k", "UGRNN": "g", "TRNN": "f"}[kind.__name__]
    for weight in ("weight_ih", "weight_hh", "bias_ih"):
        names = cell.gates.get(weight, ())
        if gate in names:
            rows = slice(4 * names.index(gate), 4 * names.index(gate) + 4)
            set_entries(getattr(cell, weight), rows, drive if weight == "bias_ih" else 0.0)
    return cell


@pytest.mark.parametrize(("kind", "drive"), [(tg.cells.UGRNN, 60.0), (tg.cells.TRNN, 60.0)], ids=["UGRNN", "TRNN"])
def test_an_open_gate_keeps_the_state(kind: type, drive: float) -> None:
    np.testing.assert_allclose(tg.unroll(ungated(kind, drive), X, H0)[1].value, H0, rtol=0, atol=1e-14)


def test_a_shut_gate_of_star_squashes_the_state_at_each_step() -> None:
    h = H0
    for _ in X:
        h = np.tanh(h)
    np.testing.assert_allclose(tg.unroll(ungated(tg.cells.STAR, -60.0), X, H0)[1].value, h, rtol=0, atol=1e-14)


def test_trnn_is_linear_in_the_state() -> None:
    cell = tg.cells.TRNN(3, 4, rng=0, dtype=np.float64)
    other = RNG.normal(size=H0.shape)
    zero, a, b, both = (tg.unroll(cell, X, h)[0].value for h in (0 * H0, H0, other, H0 + other))
    np.testing.assert_allclose(both - zero, (a - zero) + (b - zero), rtol=0, atol=1e-14)


@pytest.mark.parametrize("option", ["recurrent_bias", "recurrent_kernel_init", "recurrent_bias_init"])
def test_trnn_has_nothing_recurrent_to_set(option: str) -> None:
    assert list(tg.cells.TRNN(3, 4).parameters()) == ["weight_ih", "bias_ih"]
    with pytest.raises(TypeError, match=option):
        tg.cells.TRNN(3, 4, **{option: None})


def test_the_candidate_of_sgrn_is_what_its_gate_sees_of_the_input() -> None:
    """One matrix for both, the input's bias in both, the recurrent one in the gate alone."""
    cell = tg.cells.SGRN(3, 4, bias_init=0.4, recurrent_bias_init=-0.7, rng=0, dtype=np.float64)
    v = X[0] @ cell.weight_ih.value.T + 0.4
    f = 1 / (1 + np.exp(-(v + H0 @ cell.weight_hh.value.T - 0.7)))
    np.testing.assert_allclose(cell(X[0], H0)[0].value, np.tanh((1 - f) * v + f * H0), rtol=0, atol=1e-14)
