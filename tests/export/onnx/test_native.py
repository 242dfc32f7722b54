"""RNN, LSTM and GRU as ONNX's own nodes in every form that these have; all other forms as Scans; all with state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

from .running import SIZES, drawn, hold, needs_onnx

pytestmark = needs_onnx
OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "plain rnn": ("RNN", {}),
    "relu": ("RNN", {"nonlinearity": "relu"}),
    "leaky": ("RNN", {"nonlinearity": "leaky_relu"}),
    "softplus": ("RNN", {"nonlinearity": "softplus"}),
    "clipped rnn": ("RNN", {"clip": 0.3}),
    "one bias": ("RNN", {"recurrent_bias": False}),
    "plain lstm": ("LSTM", {}),
    "clipped lstm": ("LSTM", {"clip": 0.3}),
    "peepholes": ("LSTM", {"peepholes": True}),
    "coupled": ("LSTM", {"coupled": True}),
    "no bias": ("LSTM", {"bias": False}),
    "another order": ("LSTM", {"gate_order": "ogif", "peepholes": True}),
    "other activations": ("LSTM", {"gate_nonlinearity": "hard_sigmoid", "nonlinearity": "softsign"}),
    "plain gru": ("GRU", {}),
    "reset before": ("GRU", {"reset_after": False}),
    "gru in order": ("GRU", {"gate_order": "nzr"}),
    "clipped gru": ("GRU", {"clip": 0.3}),
    "elu": ("GRU", {"nonlinearity": "elu"}),
}
SCANNED: dict[str, tuple[str, dict[str, Any]]] = {
    "a function": ("RNN", {"nonlinearity": lambda x: tg.tanh(2 * x)}),
    "gelu": ("GRU", {"nonlinearity": "gelu"}),
    "projection": ("LSTM", {"proj_size": 2}),
    "float64": ("LSTM", {"dtype": np.float64}),
}
RUNS = [drawn(T, B, 3) for T, B in SIZES]


def built(kind: str, options: dict[str, Any]) -> Any:
    return getattr(tg.cells, kind)(3, 4, rng=0, **options)


@each("name", OWN)
def test_a_form_that_onnx_has_is_one_node(name: str) -> None:
    kind, options = OWN[name]
    nodes = hold(tg.Recurrent(built(kind, options)), drawn(5, 2, 3), *RUNS)
    assert nodes[kind] == 1 and not nodes["Scan"]


@each("name", SCANNED)
def test_a_form_that_onnx_has_not_is_a_scan(name: str) -> None:
    kind, options = SCANNED[name]
    tolerance = 1e-12 if "dtype" in options else 1e-5
    nodes = hold(tg.Recurrent(built(kind, options)), drawn(5, 2, 3), *RUNS, tolerance=tolerance)
    assert nodes["Scan"] == 1 and not nodes[kind]


def test_a_subclass_is_not_taken_for_its_base() -> None:
    class Other(tg.cells.GRU):
        def opened(self, z: Any) -> Any:
            return super().opened(2 * z)

    nodes = hold(tg.Recurrent(Other(3, 4, rng=0)), drawn(5, 2, 3), *RUNS)
    assert nodes["Scan"] == 1 and not nodes["GRU"]


def test_without_native_it_is_a_scan() -> None:
    nodes = hold(tg.Recurrent(tg.cells.LSTM(3, 4, rng=0)), drawn(5, 2, 3), *RUNS, native=False)
    assert nodes["Scan"] == 1 and not nodes["LSTM"]


@each("kind", ["RNN", "LSTM", "GRU"])
def test_directions_layers_and_lengths(kind: str) -> None:
    cls = getattr(tg.cells, kind)
    both = tg.cells.Stack.of(cls, 3, 4, num_layers=2, bidirectional=True, rng=0)
    assert hold(tg.Recurrent(both), drawn(5, 2, 3), *RUNS)[kind] == 4
    assert hold(tg.Recurrent(cls(3, 4, rng=0), reverse=True), drawn(5, 2, 3), *RUNS)[kind] == 1
    assert hold(tg.Recurrent(cls(3, 4, rng=0), axis=1), drawn(2, 5, 3), drawn(4, 7, 3))[kind] == 1
    assert hold(tg.Recurrent(cls(3, 4, rng=0)), drawn(5, 3), drawn(7, 3), drawn(1, 3))[kind] == 1, "without a batch"
    for layer in (tg.Recurrent(both), tg.Recurrent(cls(3, 4, rng=0), reverse=True)):
        runs = [(drawn(7, 4, 3), np.array([7, 0, 1, 3])), (drawn(1, 1, 3), np.array([1]))]
        nodes = hold(lambda x, n, layer=layer: layer(x, lengths=n), (drawn(5, 2, 3), np.array([5, 3])), *runs)
        assert nodes[kind] and not nodes["Scan"]


@pytest.mark.parametrize("mark", ["mask", "reset"])
def test_masks_and_resets_are_scans(mark: str) -> None:
    layer = tg.Recurrent(tg.cells.LSTM(3, 4, rng=0))
    arguments = [(drawn(T, B, 3), drawn(T, B) > 0) for T, B in ((5, 2), *SIZES)]
    nodes = hold(lambda x, flags: layer(x, **{mark: flags}), *arguments)
    assert nodes["Scan"] == 1 and not nodes["LSTM"]


def test_truncation_and_masks_of_dropout_are_not_in_the_file() -> None:
    stack = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, dropout=0.5, rng=0)
    assert hold(tg.Recurrent(stack).eval(), drawn(5, 2, 3), *RUNS)["GRU"] == 2
    for window in ("chunk", "sliding"):
        layer = tg.Recurrent(tg.cells.LSTM(3, 4, rng=0), truncate=2, window=window)
        assert hold(layer, drawn(5, 2, 3), *RUNS)["LSTM"] == 1
    cell = tg.cells.Zoneout(tg.cells.LSTM(3, 4, rng=0), 0.2)
    hold(tg.Recurrent(cell).eval(), drawn(5, 2, 3), *RUNS)
    truncated = hold(lambda x: tg.unroll(tg.cells.MGU(3, 4, rng=0), x, truncate=2), drawn(5, 2, 3), *RUNS)
    assert truncated["Scan"] == 1
