"""Oracle arrays of driven layers: PyTorch's RNN, LSTM and GRU, and some of torchrecurrent's, stacked.

Run by hand: ``python -m tests.oracles.torch_layers``, with ``torch==2.13.0`` and ``torchrecurrent==0.2.5``; the tests
read the arrays that it leaves and need neither. Beside the constructor's options an oracle's hold ``lengths``.

``initial.0``... and ``final.0``... are those of the single cells, (B, H) each: layer by layer, forward before backward,
h before c. ``x`` and ``outputs`` are (B, T, ...) with batch_first.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

try:
    import torch
    import torchrecurrent
except ImportError as error:
    sys.exit(f"{error}: install torch==2.13.0 and torchrecurrent==0.2.5")

from importlib.metadata import version

from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .by_torch import Drive, drawn, randomise, record, seeded
from .oracle import LAYERS

T, B, I, H, P = 5, 3, 3, 4, 2  # noqa: E741  the axes' own letters
LENGTHS = [3, 5, 1]
"""Not sorted; one of a single step, and one without padding."""

Options = dict[str, Any]
States = list[torch.Tensor]

TWO, THREE = {"num_layers": 2}, {"num_layers": 3}
BOTH, FIRST, RAGGED = {"bidirectional": True}, {"batch_first": True}, {"lengths": LENGTHS}
BARE, PROJECTED = {"bias": False}, {"proj_size": P}

SHARED: list[Options] = [
    {},
    RAGGED,
    BOTH,
    TWO | BARE | FIRST,
    THREE | RAGGED,
    TWO | BOTH | RAGGED,
    BOTH | BARE | FIRST | RAGGED,
]
"""Of every kind a file each."""

KINDS: dict[str, list[Options]] = {
    "RNN": [*SHARED, THREE | BOTH | RAGGED]
    + [{"nonlinearity": "relu"} | options for options in (RAGGED, BOTH, THREE, TWO | BOTH | BARE | FIRST | RAGGED)],
    "GRU": [*SHARED, THREE | BOTH],
    "LSTM": [*SHARED, THREE | BOTH | RAGGED]
    + [PROJECTED | options for options in (RAGGED, THREE | BARE, BOTH | FIRST, TWO | BOTH | RAGGED)],
}

RECURRENT: list[tuple[str, Options]] = [
    ("MGU", {}),
    ("MGU", {"bias": False, "recurrent_bias": False}),
    ("IndRNN", FIRST),
    ("TRNN", {}),
    ("coRNN", {}),
    ("PeepholeLSTM", {}),
    ("TGRU", {}),
    ("IntersectionRNN", {}),
    ("MCLSTM", FIRST),
    ("TLSTM", {}),
]
"""Of torchrecurrent: one state, two, and outputs of their own beside one and two."""


def called(options: Options) -> str:
    """A case's name, from what differs from the defaults."""
    words = {"num_layers": "layers{}", "bias": "no_bias", "recurrent_bias": "no_recurrent_bias", "nonlinearity": "{}"}
    return "-".join(words.get(name, name).format(value) for name, value in options.items()) or "defaults"


def wired(layer: Any, lengths: list[int] | None, x: torch.Tensor, states: States) -> tuple[torch.Tensor, States]:
    """One run of a layer of PyTorch's from the states of its cells to the states of its cells."""
    count = 2 if layer.mode == "LSTM" else 1
    given = tuple(torch.stack(states[i::count]) for i in range(count))
    first = layer.batch_first
    sequence: Any = x if lengths is None else pack_padded_sequence(x, torch.tensor(lengths), first, False)
    outputs, final = layer(sequence, given if count > 1 else given[0])
    if lengths is not None:
        outputs, _ = pad_packed_sequence(outputs, first, 0.0, T)
    stacked = final if count > 1 else (final,)
    return outputs, [each for cell in zip(*stacked, strict=True) for each in cell]


def make(name: str, options: Options) -> None:
    """One file of PyTorch's."""
    case = called(options)
    rng = seeded(f"layer {name} {case}")
    built = {key: value for key, value in options.items() if key != "lengths"}
    layer = getattr(torch.nn, name)(I, H, dtype=torch.float64, **built)
    randomise(layer, rng)
    sizes = [layer.proj_size or H, H] if name == "LSTM" else [H]
    cells = layer.num_layers * (2 if layer.bidirectional else 1)
    states = [drawn(rng, (B, size)) for _ in range(cells) for size in sizes]
    drive: Drive = partial(wired, layer, options.get("lengths"))
    x = drawn(rng, (B, T, I) if layer.batch_first else (T, B, I))
    record(
        f"torch {torch.__version__}", name, case, options, dict(layer.named_parameters()), {}, drive, x, states, LAYERS
    )


def driven(layer: Any, x: torch.Tensor, states: States) -> tuple[torch.Tensor, States]:
    """One run of a layer of torchrecurrent's; of two states those of different sizes stand in tuples."""
    count = len(states) // layer.num_layers
    given = [states[i::count] for i in range(count)]
    joined = tuple(torch.stack(each) if same(each) else tuple(each) for each in given)
    outputs, final = layer(x, joined if count > 1 else joined[0])
    return outputs, [each for cell in zip(*(final if count > 1 else (final,)), strict=True) for each in cell]


def same(tensors: States) -> bool:
    """All of one shape."""
    return len({tensor.shape for tensor in tensors}) == 1


def make_recurrent(name: str, options: Options) -> None:
    """One file of torchrecurrent's: two layers."""
    size = H if name == "IntersectionRNN" else I
    everything = TWO | options
    case = called(everything)
    rng = seeded(f"layer {name} {case}")
    layer = getattr(torchrecurrent, name)(size, H, dtype=torch.float64, **everything)
    randomise(layer, rng)
    shape = (B, T, size) if layer.batch_first else (T, B, size)
    _, final = layer(torch.zeros(shape, dtype=torch.float64))
    kept = final if isinstance(final, tuple) else (final,)
    states = [drawn(rng, each.shape) for cell in zip(*kept, strict=True) for each in cell]
    record(
        "torchrecurrent 0.2.5",
        name,
        case,
        everything,
        dict(layer.named_parameters()),
        dict(layer.named_buffers()),
        partial(driven, layer),
        drawn(rng, shape),
        states,
        LAYERS,
    )


def main() -> None:
    """All files."""
    assert version("torchrecurrent") == "0.2.5", version("torchrecurrent")
    LAYERS.mkdir(exist_ok=True)
    for name, cases in KINDS.items():
        for options in cases:
            make(name, options)
    for name, options in RECURRENT:
        make_recurrent(name, options)


if __name__ == "__main__":
    main()
