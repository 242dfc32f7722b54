"""Oracle arrays computed with PyTorch: random parameters in, outputs, final states and all gradients out."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .oracle import ARRAYS, Oracle

T, B, I, H = 3, 2, 3, 4  # noqa: E741  the axes' own letters

Tensors = dict[str, torch.Tensor]
Drive = Callable[[torch.Tensor, list[torch.Tensor]], tuple[torch.Tensor, list[torch.Tensor]]]
"""x (T, B, I) and the initial states to outputs and the final states."""


def seeded(name: str) -> np.random.Generator:
    """A generator whose numbers depend on the name alone, not on PyTorch's version or on what was drawn before."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def drawn(rng: np.random.Generator, shape: Any) -> torch.Tensor:
    """Normal numbers of ten binary places, which take little space, and which float32 holds too."""
    return torch.tensor(np.round(rng.normal(size=tuple(shape)) * 614) / 1024, dtype=torch.float64)


def randomise(module: torch.nn.Module, rng: np.random.Generator) -> None:
    """Fill all parameters, biases among them. Buffers, the zeros in place of absent biases, stay."""
    for parameter in module.parameters():
        parameter.data = drawn(rng, parameter.shape)


def record(
    source: str,
    cell: str,
    case: str,
    options: dict[str, Any],
    parameters: Tensors,
    buffers: Tensors,
    drive: Drive,
    x: torch.Tensor,
    initial: list[torch.Tensor],
    directory: Path = ARRAYS,
) -> None:
    """Drive the module, differentiate, and write the oracle's file."""
    rng = seeded(f"{cell} {case} weights")
    given = {"x": x.requires_grad_()} | {f"initial.{i}": s.requires_grad_() for i, s in enumerate(initial)}
    outputs, final = drive(x, initial)
    results = {"outputs": outputs} | {f"final.{i}": s for i, s in enumerate(final)}
    weights = {name: drawn(rng, y.shape) for name, y in results.items()}
    total = sum((results[name] * w).sum() for name, w in weights.items())
    wrt = parameters | given
    found = torch.autograd.grad(total, list(wrt.values()), allow_unused=True, materialize_grads=True)
    arrays = given | results | {f"weight.{name}": w for name, w in weights.items()}
    arrays |= {f"state_dict.{name}": p for name, p in (parameters | buffers).items()}
    arrays |= {f"gradient.{name}": g for name, g in zip(wrt, found, strict=True)}
    plain = {name: a.detach().double().numpy() for name, a in arrays.items()}
    Oracle(cell, case, source, (x.shape[-1], H), options, plain).save(directory)
