"""The arguments of torchrecurrent's 41 cells, and how their weights start.

Run by hand: ``python -m tests.oracles.torchrecurrent_defaults``. It leaves one JSON file for the tests to read.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import torch

from .oracle import DEFAULTS
from .torchrecurrent_cells import cells

INPUT, HIDDEN = 96, 192
"""Large enough that a sample's deviation tells its distribution."""


def arguments(kind: Any) -> dict[str, Any]:
    """Names and defaults of all but the sizes and the initialisers."""
    found = {name: p.default for name, p in inspect.signature(kind).parameters.items()}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, (str, bool, int, float)) and not name.endswith("_kernel_init")
    }


def initialisers(name: str, kind: Any) -> dict[str, list[str]]:
    """Of each argument that takes an initialiser the parameters that it fills."""
    size = 4 if name == "IntersectionRNN" else 3
    takes = [
        n
        for n, p in inspect.signature(kind).parameters.items()
        if n.endswith("init") and not isinstance(p.default, float)
    ]
    filled = {}
    for argument in takes:
        cell = kind(size, 4, **dict.fromkeys(takes, "zeros") | {argument: "ones"} | biases(kind))
        ones = [n for n, p in cell.named_parameters() if p.ndim and bool((p == 1).all())]
        filled[argument] = ones
    return filled


def biases(kind: Any) -> dict[str, bool]:
    """All biases wanted."""
    return {name: True for name in inspect.signature(kind).parameters if name.endswith("bias")}


def start(name: str, kind: Any) -> dict[str, list[float]]:
    """Of each parameter as it starts: mean, deviation, and the largest distance from the mean."""
    torch.manual_seed(0)
    cell = kind(HIDDEN if name == "IntersectionRNN" else INPUT, HIDDEN, dtype=torch.float64, **biases(kind))
    found = {n: p.detach() for n, p in cell.named_parameters()}
    numbers = {n: (a.mean(), a.std(correction=0), (a - a.mean()).abs().max()) for n, a in found.items()}
    return {n: [float(f"{float(number):.4g}") for number in three] for n, three in numbers.items()}


def main() -> None:
    """The one file."""
    found = {
        name: {"arguments": arguments(kind), "initialisers": initialisers(name, kind), "start": start(name, kind)}
        for name, kind in sorted(cells().items())
    }
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.items())
    DEFAULTS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
