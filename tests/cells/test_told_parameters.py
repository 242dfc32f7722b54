"""What a cell has if nothing is said: the parameters that its docstring lists, and the options of its paper."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

from .test_defaults import TOLD, arguments

D, H = 5, 7
SQUARE = {"IntersectionRNN"}
"""Cells whose input is as wide as their state."""
WANTED = {
    "LSTM": {"weight_hr", "weight_ph"},
    "SigmoidRNN": {"bias_hh"},
    "UnICORNN": {"bias_hh"},
}
"""Parameters that a docstring lists with the option that asks for them."""
KINDS = {
    name: kind
    for name, kind in vars(tg.cells).items()
    if isinstance(kind, type) and re.search(r"^    Parameters: ", kind.__doc__ or "", re.MULTILINE)
}
PLAIN = {"rng": None, "dtype": np.float32}
XAVIER = {"kernel_init": "xavier_uniform"}
PACKED = PLAIN | XAVIER | {"recurrent_kernel_init": None, "bias_init": "zeros", "recurrent_bias_init": "zeros"}
BOTH = {"bias": True, "recurrent_bias": True}
DEFAULTS: dict[str, dict[str, Any]] = {
    "ClockworkRNN": {**PACKED, **BOTH, "periods": (1, 2, 4, 8), "nonlinearity": "tanh"},
    "IRNN": {**PACKED, "bias": True, "recurrent_bias": None, "scale": 1.0, "nonlinearity": "tanh"},
    "Jordan": {
        **PLAIN,
        **XAVIER,
        **BOTH,
        "recurrent_kernel_init": "xavier_uniform",
        "output_size": None,
        "mu": 0.0,
        "nonlinearity": "sigmoid",
        "output_nonlinearity": "sigmoid",
    },
    "LMU": {**PLAIN, "memory_size": None, "theta": None, "nonlinearity": "tanh"},
    "LRU": {**PLAIN, "output_size": None, "r_min": 0.0, "r_max": 1.0, "max_phase": 2 * math.pi},
    "LayerNorm": {"output_size": None, "epsilon": 1e-5, "dtype": None},
    "LayerNormLSTM": {**PLAIN, **XAVIER, "bias": True, "epsilon": 1e-5, "recurrent_kernel_init": "orthogonal"},
    "PhasedLSTM": {**PACKED, **BOTH, "peephole": True, "r_on": 0.05, "leak": 0.001, "peephole_kernel_init": "zeros"},
    "QRNN": {**PLAIN, **XAVIER, "bias": True, "window": 2, "pooling": "fo", "bias_init": "zeros"},
    "RHN": {
        **PLAIN,
        **XAVIER,
        "recurrent_kernel_init": "xavier_uniform",
        "bias": True,
        "depth": 3,
        "couple_carry": True,
        "transform_bias": -2.0,
    },
    "SigmoidRNN": {**PACKED, "bias": True, "recurrent_bias": False},
    "minGRU": {**PLAIN, **XAVIER, "bias": True, "log_space": False, "bias_init": "zeros"},
    "minLSTM": {**PLAIN, **XAVIER, "bias": True, "log_space": False, "bias_init": "zeros"},
    "sLSTM": {**PACKED, **BOTH, "heads": 1, "forget_gate": "sigmoid"},
    "Stack": {"dropout": 0.0, "variational": False, "rng": None},
    "Recurrent": {"reverse": False, "truncate": None, "window": "chunk", "zero_output": True, "axis": 0},
    "Bidirectional": {"merge": "concatenate"},
    "Parallel": {"compiled": False},
    "Zoneout": {"rng": None},
}
"""Of the cells that torchrecurrent does not have; the others are held to its own in test_defaults.py."""


def told(kind: Any) -> dict[str, str]:
    """The parameters of a docstring, with their shapes as written there."""
    (text,) = re.findall(r"Parameters: (.*?)(?=\nGroup|\n\n|\Z)", inspect.cleandoc(kind.__doc__), re.DOTALL)
    groups = re.findall(r"\b(\w+(?:(?:, and |, | and | )\w+)*) \(([^()]*)\)", " ".join(text.split()))
    return {name: shape for names, shape in groups for name in re.findall(r"\w+", names)}


def built(name: str) -> Any:
    return KINDS[name](H if name in SQUARE else D, H, rng=0)


@each("name", [name for name in KINDS if name not in ("LayerNorm", "RHN")])
def test_a_cell_has_the_parameters_of_its_docstring(name: str) -> None:
    listed, parameters = told(KINDS[name]), built(name).parameters()
    usual = {key for key in listed if re.match(r"(weight|bias)_", key)}
    assert usual - WANTED.get(name, set()) == {key for key in parameters if re.match(r"(weight|bias)_", key)}
    assert parameters.keys() <= listed.keys()
    for key, parameter in parameters.items():
        written = re.sub(r"(\d)([A-Z])", r"\1 * \2", f"({listed[key]})")
        if not set(re.findall(r"[A-Za-z]\w*", written)) - {"H", "I"}:
            shape = eval(written, {"H": H, "I": H if name in SQUARE else D})
            assert parameter.shape == shape, key


def test_every_cell_lists_its_parameters() -> None:
    cells = {name for name, kind in vars(tg.cells).items() if isinstance(kind, type) and hasattr(kind, "gate")}
    assert cells - {"Cell"} <= KINDS.keys() and len(KINDS) > 50


@each("name", DEFAULTS)
def test_the_defaults_of_cells_of_our_own(name: str) -> None:
    ours = arguments(getattr(tg.cells, name))
    assert {key: ours.get(key, "nothing") for key in DEFAULTS[name]} == DEFAULTS[name]


def test_no_cell_is_without_defaults_that_are_told() -> None:
    others = {"GRU", "LSTM", "RNN", "Cell", "Residual"}  # test_forms.py holds the first three
    every = {name for name, kind in vars(tg.cells).items() if isinstance(kind, type) and kind is not Any}
    assert every == {name for name in TOLD if name in every} | DEFAULTS.keys() | others
