"""Oracle arrays of PyTorch's own RNN, LSTM and GRU. Run by hand: ``python -m tests.oracles.torch_cells``.

The layers (nn.RNN, nn.LSTM, nn.GRU) run, not the cells: it is they that a checkpoint holds, and that have proj_size.
The tests read the arrays that it leaves and need no torch.
"""

from __future__ import annotations

import sys
from typing import Any

try:
    import torch
except ImportError as error:
    sys.exit(f"{error}: install torch==2.13.0")

from .by_torch import B, H, I, T, drawn, randomise, record, seeded
from .oracle import ARRAYS

P = 2
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("RNN", "biases", {}),
    ("RNN", "plain", {"bias": False}),
    ("RNN", "nonlinearity", {"nonlinearity": "relu"}),
    ("RNN", "nonlinearity-plain", {"nonlinearity": "relu", "bias": False}),
    ("GRU", "biases", {}),
    ("GRU", "plain", {"bias": False}),
    ("LSTM", "biases", {}),
    ("LSTM", "plain", {"bias": False}),
    ("LSTM", "proj_size", {"proj_size": P}),
    ("LSTM", "proj_size-plain", {"proj_size": P, "bias": False}),
]


def make(name: str, case: str, options: dict[str, Any]) -> None:
    """One file; the parameters are named as the cell has them, without the layer's ``_l0``."""
    rng = seeded(f"{name} {case}")
    layer = getattr(torch.nn, name)(I, H, dtype=torch.float64, **options)
    randomise(layer, rng)
    sizes = [options.get("proj_size", H), H] if name == "LSTM" else [H]

    def drive(x: torch.Tensor, states: list[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        given = [s[None] for s in states]
        outputs, final = layer(x, tuple(given) if len(given) > 1 else given[0])
        return outputs, [s[0] for s in (final if isinstance(final, tuple) else (final,))]

    parameters = {n.removesuffix("_l0"): p for n, p in layer.named_parameters()}
    states = [drawn(rng, (B, size)) for size in sizes]
    record(f"torch {torch.__version__}", name, case, options, parameters, {}, drive, drawn(rng, (T, B, I)), states)


def main() -> None:
    """All files."""
    ARRAYS.mkdir(exist_ok=True)
    for case in CASES:
        make(*case)


if __name__ == "__main__":
    main()
