"""What the LSTM-like cells have in common, which of them become one another, and their options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries

B, I, H = 2, 3, 4  # noqa: E741
rng = np.random.default_rng(7)
X, STATE = rng.normal(size=(5, B, I)), (rng.normal(size=(B, H)), rng.normal(size=(B, H)))


def cell(name: str, **options: Any) -> Any:
    """One of double precision with biases that are not zero."""
    return getattr(tg.cells, name)(I, H, **{"bias_init": "normal", "rng": 0, "dtype": np.float64} | options)


def outputs(made: Any, x: Any = X, state: Any = STATE) -> np.ndarray:
    found: np.ndarray = tg.unroll(made, x, state)[0].value
    return found


def same(a: Any, b: Any) -> bool:
    return bool(np.abs(outputs(a) - outputs(b)).max() <= 1e-14)


def torch_order(made: Any) -> dict[str, np.ndarray]:
    """Of blocks i, f, n, o the arrays that PyTorch's LSTM takes: the order is the same."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {name: array for name, array in made.state_dict().items() if name in names}


@pytest.mark.parametrize(
    ("name", "silent"),
    [
        ("PeepholeLSTM", {"peephole_kernel_init": "zeros"}),
        ("WMCLSTM", {"memory_kernel_init": "zeros"}),
        ("ResLSTM", {"peephole_kernel_init": "zeros", "proj_init": "identity", "residual_init": "zeros"}),
    ],
)
def test_without_what_they_add_they_are_the_lstm(name: str, silent: dict[str, Any]) -> None:
    made, plain = cell(name, **silent), tg.cells.LSTM(I, H, dtype=np.float64)
    plain.load_state_dict(torch_order(made))
    assert same(made, plain)
    assert not same(cell(name), plain)


def test_the_original_lstm_never_forgets() -> None:
    made = cell(
        "OriginalLSTM",
        kernel_init="zeros",
        recurrent_kernel_init="zeros",
        bias_init=lambda rng, shape: np.repeat([-50.0, 1.0, 50.0], H),
    )
    np.testing.assert_allclose(outputs(made), np.broadcast_to(np.tanh(STATE[1]), (5, B, H)), atol=1e-15)


def test_ran_adds_weighted_inputs() -> None:
    """With open gates the cell is the sum of all contents, whose product has no bias."""
    made = cell("RAN", recurrent_kernel_init="zeros", bias_init=50.0)
    c = STATE[1] + np.cumsum(X @ made.gate("n").weight_ih.value.T, axis=0)
    np.testing.assert_allclose(outputs(made), np.tanh(c), atol=1e-13)


def test_the_multiplicative_lstm_forgets_the_state_where_the_input_silences_it() -> None:
    made = cell("MultiplicativeLSTM", bias_init="zeros")
    set_entries(made.weight_ih, np.s_[:H], 0)
    others = (-STATE[0], STATE[1])
    np.testing.assert_array_equal(outputs(made), outputs(made, state=others))
    assert cell("MultiplicativeLSTM", multiplicative_bias=False).bias_mh is None


@pytest.mark.parametrize("name", ["PeepholeLSTM", "ResLSTM", "MCLSTM", "TGRU", "TLSTM"])
def test_nonlinearities_may_be_functions(name: str) -> None:
    inner = "cell_nonlinearity" if name == "MCLSTM" else "output_nonlinearity" if name[0] == "T" else "nonlinearity"
    state = (STATE[0], X[0]) if name[0] == "T" else STATE
    named = cell(name, **{inner: "softplus", "gate_nonlinearity": "hard_sigmoid"})
    given = cell(name, **{inner: tg.ops.softplus, "gate_nonlinearity": lambda v: tg.clip(v / 6 + 0.5, 0, 1)})
    np.testing.assert_allclose(outputs(given, state=state), outputs(named, state=state), rtol=0, atol=1e-14)
    with pytest.raises(tg.GraphError, match="no such activation"):
        cell(name, gate_nonlinearity="step")


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("coRNN", "cell_bias"),
        ("LEM", "cell_bias"),
        ("SCRN", "context_bias"),
        ("WMCLSTM", "memory_bias"),
        ("MultiplicativeLSTM", "multiplicative_bias"),
    ],
)
def test_a_bias_that_was_left_out_stays_out_whatever_its_start(name: str, absent: str) -> None:
    """torchrecurrent fills its place all the same."""
    options: dict[str, Any] = {absent: False, f"{absent}_init": 1.0}
    made = cell(name, bias=False, recurrent_bias=False, recurrent_bias_init=1.0, **options)
    assert not [key for key in made.parameters() if key.startswith("bias")]
    assert same(made, cell(name, bias_init="zeros"))
