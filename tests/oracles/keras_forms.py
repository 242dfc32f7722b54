"""Oracle arrays of Keras' LSTM, GRU and SimpleRNN. Run by hand: ``python -m tests.oracles.keras_forms``.

The parameters keep Keras' names and layout, which the tests bring to ours; the options are those of our cells. It needs
``keras==3.15.1`` and torch, which computes for it; the tests read the arrays that it leaves and need neither.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported
try:
    import keras
    import torch
    from keras.src.backend.common.dtypes import BIT64_TO_BIT32_DTYPE
except ImportError as error:
    sys.exit(f"{error}: install keras==3.15.1 and torch")

from .by_torch import B, H, I, T, drawn, record, seeded
from .oracle import FORMS

CASES: list[tuple[str, str, dict[str, Any], str, dict[str, Any]]] = [
    ("LSTM", "keras", {"recurrent_bias": False}, "LSTM", {}),
    ("LSTM", "keras-plain", {"bias": False}, "LSTM", {"use_bias": False}),
    ("GRU", "keras", {"gate_order": "zrn"}, "GRU", {}),
    ("GRU", "keras-plain", {"gate_order": "zrn", "bias": False}, "GRU", {"use_bias": False}),
    (
        "GRU",
        "keras-reset-before",
        {"gate_order": "zrn", "reset_after": False, "recurrent_bias": False},
        "GRU",
        {"reset_after": False},
    ),
    ("RNN", "keras", {"recurrent_bias": False}, "SimpleRNN", {}),
    ("RNN", "keras-relu", {"nonlinearity": "relu", "recurrent_bias": False}, "SimpleRNN", {"activation": "relu"}),
]
"""Our cell, the case, our options; Keras' layer and its options."""


def make(name: str, case: str, options: dict[str, Any], layer_name: str, layer_options: dict[str, Any]) -> None:
    """One file; the start of Keras' own bias, which says what unit_forget_bias does, is kept as ``start.bias``."""
    rng = seeded(f"{name} {case}")
    layer = getattr(keras.layers, layer_name)(H, return_sequences=True, return_state=True, **layer_options)
    layer.build((B, T, I))
    variables = {variable.name: variable for variable in layer.trainable_variables}
    started = {"start.bias": torch.tensor(variables["bias"].numpy())} if "bias" in variables else {}
    for variable in variables.values():
        variable.assign(drawn(rng, variable.shape).numpy())

    def drive(x: torch.Tensor, states: list[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        outputs, *final = layer(x.swapaxes(0, 1), initial_state=states)
        return outputs.swapaxes(0, 1), final

    states = [drawn(rng, (B, H)) for _ in range(2 if name == "LSTM" else 1)]
    record(
        f"keras {keras.__version__}",
        name,
        case,
        options,
        {n: v.value for n, v in variables.items()},
        started,
        drive,
        drawn(rng, (T, B, I)),
        states,
        FORMS,
    )


def main() -> None:
    """All files."""
    keras.backend.set_floatx("float64")
    BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # or each matrix product of two float64 is rounded to float32
    FORMS.mkdir(exist_ok=True)
    for case in CASES:
        make(*case)


if __name__ == "__main__":
    main()
