"""Oracle arrays of all 41 cells of torchrecurrent 0.2.5. Run by hand: ``python -m tests.oracles.torchrecurrent_cells``.

It needs ``torch==2.13.0`` and ``torchrecurrent==0.2.5``; the tests read the arrays that it leaves and need neither.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

try:
    import torch
    import torchrecurrent
except ImportError as error:
    sys.exit(f"{error}: install torch==2.13.0 and torchrecurrent==0.2.5")

from importlib.metadata import version

from .by_torch import B, H, I, T, drawn, randomise, record, seeded
from .oracle import ARRAYS

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "AntisymmetricRNN": [{"nonlinearity": "relu", "epsilon": 0.5, "gamma": 0.25}],
    "DSGU": [{"nonlinearity": "relu", "output_nonlinearity": "tanh", "gate_nonlinearity": "sigmoid"}],
    "FastGRNN": [{"nonlinearity": "sigmoid"}],
    "FastRNN": [{"nonlinearity": "relu"}],
    "GatedAntisymmetricRNN": [{"epsilon": 0.5, "gamma": 0.25}],
    "IndRNN": [{"nonlinearity": "relu"}],
    "IntersectionRNN": [
        {"depth_nonlinearity": "tanh", "recurrent_nonlinearity": "relu", "gate_nonlinearity": "hard_sigmoid"}
    ],
    "LEM": [{"dt": 0.5}, {"cell_bias": False}],
    "LiGRU": [{"nonlinearity": "tanh", "gate_nonlinearity": "hard_sigmoid"}],
    "MCLSTM": [{"gate_nonlinearity": "hard_sigmoid", "cell_nonlinearity": "relu"}],
    "MGU": [{"nonlinearity": "relu", "gate_nonlinearity": "hard_sigmoid"}],
    "MinimalRNN": [{"nonlinearity": "relu", "gate_nonlinearity": "hard_sigmoid"}],
    "MiRU1": [{"update_coefficient": 0.25, "nonlinearity": "relu", "gate_nonlinearity": "hard_sigmoid"}],
    "MiRU2": [{"update_coefficient": 0.25, "reset_coefficient": 0.75, "nonlinearity": "relu"}],
    "MultiplicativeLSTM": [{"multiplicative_bias": False}],
    "PeepholeLSTM": [{"nonlinearity": "relu", "gate_nonlinearity": "hard_sigmoid"}],
    "ResLSTM": [{"nonlinearity": "relu", "gate_nonlinearity": "hard_sigmoid"}],
    "SCRN": [{"context_bias": False}],
    "SGU": [{"nonlinearity": "relu", "output_nonlinearity": "tanh", "gate_nonlinearity": "sigmoid"}],
    "TGRU": [{"gate_nonlinearity": "hard_sigmoid", "output_nonlinearity": "relu"}],
    "TLSTM": [{"gate_nonlinearity": "hard_sigmoid", "output_nonlinearity": "relu"}],
    "TRNN": [{"gate_nonlinearity": "hard_sigmoid"}],
    "UnICORNN": [{"recurrent_bias": False}, {"dt": 0.5, "alpha": 0.75}],
    "WMCLSTM": [{"memory_bias": False}],
    "coRNN": [{"dt": 0.25, "gamma": 0.5, "epsilon": 0.75}, {"cell_bias": False}],
    "tauGRU": [{"nonlinearity": "relu", "gate_nonlinearity": "hard_sigmoid"}],
}
"""Options worth a file of their own, each beside all biases."""


def cells() -> dict[str, type[torch.nn.Module]]:
    """All that is exported, without "Cell"."""
    found = {
        name.removesuffix("Cell"): thing
        for name, thing in vars(torchrecurrent).items()
        if name.endswith("Cell") and inspect.isclass(thing)
    }
    assert len(found) == 41, len(found)
    return found


class HardSigmoid(torch.nn.Module):
    """clip(x / 6 + 1/2, 0, 1). The derivative of PyTorch's own is 1/6 rounded to float32, whatever x is."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.clamp(x / 6 + 0.5, 0, 1)


def exact(cell: Any) -> Any:
    """The cell with `HardSigmoid` in place of PyTorch's."""
    for name, child in cell.named_children():
        if isinstance(child, torch.nn.Hardsigmoid):
            setattr(cell, name, HardSigmoid())
    return cell


def parts(name: str, result: Any) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """What a cell gave, as its output and the states after it."""
    if torch.is_tensor(result):
        return result, [result]
    y, state = result
    if name == "IntersectionRNN":
        return y, [state]
    return (y, list(state)) if isinstance(state, tuple) else (y, [y, state])


def step(name: str, cell: Any, x: torch.Tensor, states: list[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """One call. The second state of tauGRU is the one before, as its layer with delay=1 hands it on."""
    if name == "tauGRU":
        h = cell(x, states[0], states[1])
        return h, [h, states[0]]
    return parts(name, cell(x, states[0] if len(states) == 1 else tuple(states)))


def initial(name: str, cell: Any, rng: Any) -> list[torch.Tensor]:
    """Random states of the shapes that the cell gives when it is called without one."""
    zero = torch.zeros(B, cell.input_size, dtype=torch.float64)
    shapes = [(B, H)] * 2 if name == "tauGRU" else [s.shape for s in parts(name, cell(zero))[1]]
    return [drawn(rng, shape) for shape in shapes]


def make(name: str, kind: Any, case: str, options: dict[str, Any]) -> None:
    """One file."""
    rng = seeded(f"{name} {case}")
    size = H if name == "IntersectionRNN" else I
    # .double(): the scalar parameters of JANET and SCRN ignore dtype.
    cell = exact(kind(size, H, dtype=torch.float64, **options).double())
    randomise(cell, rng)

    def drive(xs: torch.Tensor, states: list[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        outputs = []
        for x in xs:
            y, states = step(name, cell, x, states)
            outputs.append(y)
        return torch.stack(outputs), states

    record(
        "torchrecurrent 0.2.5",
        name,
        case,
        options,
        dict(cell.named_parameters()),
        dict(cell.named_buffers()),
        drive,
        drawn(rng, (T, B, size)),
        initial(name, cell, rng),
    )


def main() -> None:
    """All files: with all biases, without any, and the variants."""
    assert version("torchrecurrent") == "0.2.5", version("torchrecurrent")
    ARRAYS.mkdir(exist_ok=True)
    for name, kind in cells().items():
        biases = [p for p in inspect.signature(kind).parameters if p == "bias" or p.endswith("_bias")]
        everything = dict.fromkeys(biases, True)
        make(name, kind, "biases", everything)
        make(name, kind, "plain", dict.fromkeys(biases, False))
        for options in VARIANTS.get(name, []):
            make(name, kind, "-".join(options), everything | options)


if __name__ == "__main__":
    main()
