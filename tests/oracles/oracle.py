"""Oracle arrays: what another library computed for one cell, in a file of plain numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ARRAYS = Path(__file__).parent / "arrays"
LAYERS = Path(__file__).parent / "layers"
FORMS = Path(__file__).parent / "forms"
DEFAULTS = ARRAYS / "torchrecurrent_defaults.json"


@dataclass
class Oracle:
    """One run of a cell over T steps, and the gradients of a weighed sum of all its outputs and final states.

    Attributes:
        cell: the cell's name, without "Cell".
        case: what is special about the run.
        source: the library and its version.
        sizes: input_size, hidden_size.
        options: further arguments of the constructor.
        arrays: by dotted name, float64: ``x`` (T, B, I), ``initial.0`` (B, H), ``initial.1``..., ``outputs``,
            ``final.0``...; ``weight.outputs``, ``weight.final.0``...: what the sum weighs them with;
            ``state_dict.weight_ih``...: the cell's parameters, and the zeros it keeps for absent biases;
            ``gradient.weight_ih``..., ``gradient.x``, ``gradient.initial.0``...
    """

    cell: str
    case: str
    source: str
    sizes: tuple[int, int]
    options: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def group(self, name: str) -> dict[str, np.ndarray]:
        """The arrays whose names begin with ``name`` and a dot, without it."""
        return {key.removeprefix(f"{name}."): a for key, a in self.arrays.items() if key.startswith(f"{name}.")}

    def save(self, directory: Path = ARRAYS) -> None:
        """Write it to its file. All numbers in one vector: a zip archive spends 300 bytes on each of its members."""
        head = {
            "source": self.source,
            "sizes": self.sizes,
            "options": self.options,
            "shapes": {name: a.shape for name, a in self.arrays.items()},
        }
        text = np.frombuffer(json.dumps(head).encode(), np.uint8)
        numbers = np.concatenate([np.asarray(a, np.float64).ravel() for a in self.arrays.values()])
        np.savez_compressed(directory / f"{self.cell}.{self.case}.npz", head=text, numbers=numbers)


def load(path: Path) -> Oracle:
    """Read one file."""
    with np.load(path, allow_pickle=False) as file:
        head, numbers = json.loads(file["head"].tobytes()), file["numbers"]
    arrays, start = {}, 0
    for name, shape in head["shapes"].items():
        size = int(np.prod(shape))
        arrays[name] = numbers[start : start + size].reshape(shape)
        start += size
    cell, case = path.name.removesuffix(".npz").split(".", 1)
    return Oracle(cell, case, head["source"], tuple(head["sizes"]), head["options"], arrays)


def files(directory: Path = ARRAYS) -> list[Path]:
    """All oracle files of a directory, sorted."""
    return sorted(directory.glob("*.npz"))
