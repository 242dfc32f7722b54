"""The constructors of torchrecurrent's cells: the same arguments, defaults, initialisers and starts."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tests.oracles.oracle import DEFAULTS

from .parity import packed, unpacked

TOLD: dict[str, Any] = json.loads(DEFAULTS.read_text(encoding="utf-8"))
each_cell = each("name", [name for name in TOLD if hasattr(tg.cells, name)])


def sizes(name: str, input_size: int, hidden_size: int) -> tuple[int, int]:
    return (hidden_size if name == "IntersectionRNN" else input_size), hidden_size


def biases(name: str) -> dict[str, bool]:
    """All of them wanted."""
    return {argument: True for argument in TOLD[name]["arguments"] if argument.endswith("bias")}


def arguments(kind: type) -> dict[str, Any]:
    """Names and defaults of the constructor, and of those to which it hands on its options."""
    found: dict[str, Any] = {}
    for base in kind.__mro__[:-1]:
        for parameter in inspect.signature(base.__init__).parameters.values():  # type: ignore[misc]
            found.setdefault(parameter.name, parameter.default)
    return found


@each_cell
def test_the_arguments_and_their_defaults(name: str) -> None:
    """The same defaults, or None, which stands for those of the variant; to give them all changes nothing."""
    kind, told = getattr(tg.cells, name), TOLD[name]["arguments"]
    ours = arguments(kind)
    assert not {key: ours.get(key, "nothing") for key in told if ours.get(key, "nothing") not in (None, told[key])}
    results = []
    for options in ({}, told):
        cell = kind(*sizes(name, 3, 4), **options, rng=0)
        states = [s + np.float32(0.5) for s in unpacked(cell.initial_state(2))]
        results.append(cell(np.ones((2, cell.input_size), np.float32), packed(states))[0].value)
    np.testing.assert_array_equal(*results)


@each_cell
def test_the_biases_stand_where_they_stand_there(name: str) -> None:
    """``MGU(3, 4, False)`` has no bias_ih in either library."""
    first = [key for key in TOLD[name]["arguments"] if key in ("bias", "recurrent_bias")]
    ours = list(inspect.signature(getattr(tg.cells, name)).parameters)
    assert ours[: 2 + len(first)] == ["input_size", "hidden_size", *first]


@each_cell
def test_each_initialiser_fills_its_weights(name: str) -> None:
    for argument, filled in TOLD[name]["initialisers"].items():
        cell = getattr(tg.cells, name)(*sizes(name, 3, 4), **biases(name), **{argument: 0.375}, rng=0)
        assert [key for key, p in cell.parameters().items() if p.shape and (p.value == 0.375).all()] == filled


@each_cell
def test_the_start_of_each_weight(name: str) -> None:
    """Mean and deviation, and whether any element lies farther out than two deviations: never in a uniform start."""
    cell = getattr(tg.cells, name)(*sizes(name, 96, 192), **biases(name), rng=0)
    assert cell.parameters().keys() == TOLD[name]["start"].keys()
    for key, (mean, deviation, farthest) in TOLD[name]["start"].items():
        a = cell.parameters()[key].value
        assert abs(a.mean() - mean) <= 0.3 * deviation + 1e-6, f"the mean of {key}"
        np.testing.assert_allclose(a.std(), deviation, rtol=0.2, atol=1e-6, err_msg=f"the deviation of {key}")
        assert bool(np.abs(a - mean).max() > 2 * deviation + 1e-6) == (farthest > 2 * deviation + 1e-6), key


OTHERS: dict[str, dict[str, Any]] = {
    # PyTorch's, which the layers of these names stand for; a bias beside the recurrent weights unless there is none.
    "RNN": {"bias": True, "nonlinearity": "tanh", "recurrent_bias": None, "clip": None},
    "GRU": {"bias": True, "reset_after": True, "recurrent_bias": None, "gate_order": "rzn", "clip": None},
    "LSTM": {"bias": True, "proj_size": 0, "peepholes": False, "coupled": False, "gate_order": "ifgo", "clip": None},
    "LayerNorm": {"epsilon": 1e-5},
    "LayerNormLSTM": {"bias": True, "epsilon": 1e-5},
    "Stack": {"dropout": 0.0, "variational": False},
    # The papers'.
    "ClockworkRNN": {"bias": True, "recurrent_bias": True, "periods": (1, 2, 4, 8)},
    "IRNN": {"bias": True, "scale": 1.0},
    "Jordan": {"bias": True, "recurrent_bias": True, "mu": 0.0},
    "LRU": {"r_min": 0.0, "r_max": 1.0, "max_phase": 2 * np.pi},
    "PhasedLSTM": {"bias": True, "recurrent_bias": True, "peephole": True, "r_on": 0.05, "leak": 0.001},
    "QRNN": {"bias": True, "window": 2, "pooling": "fo"},
    "RHN": {"bias": True, "depth": 3, "couple_carry": True, "transform_bias": -2.0},
    "SigmoidRNN": {"bias": True, "recurrent_bias": False},
    "minGRU": {"bias": True, "log_space": False},
    "minLSTM": {"bias": True, "log_space": False},
    "sLSTM": {"bias": True, "recurrent_bias": True, "heads": 1, "forget_gate": "sigmoid"},
    "tauGRU": {"delay": 1},
    # Of wrappers and layers: nothing that was not asked for.
    "Bidirectional": {"merge": "concatenate"},
    "Parallel": {"compiled": False},
    "Recurrent": {"reverse": False, "truncate": None, "window": "chunk", "zero_output": True, "axis": 0},
    "Linear": {"bias": True},
    "Embedding": {"deviation": 1.0},
}
"""Defaults of what torchrecurrent does not have."""


@each("name", OTHERS)
def test_the_defaults_of_the_others(name: str) -> None:
    ours = arguments(getattr(tg.cells, name, None) or getattr(tg, name))
    assert {key: ours[key] for key in OTHERS[name]} == OTHERS[name]
    assert [type(ours[key]) for key in OTHERS[name]] == [type(x) for x in OTHERS[name].values()]


def test_every_cell_with_a_number_or_a_flag_by_default_is_told() -> None:
    kinds = {name: x for name, x in vars(tg.cells).items() if isinstance(x, type) and name[0] != "_"}
    for name, kind in kinds.items():
        numbers = {key for key, x in arguments(kind).items() if isinstance(x, (bool, int, float))}
        assert numbers <= {*TOLD.get(name, {"arguments": ()})["arguments"], *OTHERS.get(name, ())}, name
