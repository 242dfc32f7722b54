"""Activation functions by PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import ops
from ...core.errors import GraphError, shown
from ...core.node import Node

Activation = Callable[[Any], Node]


NAMED: dict[str, Activation] = {
    "identity": lambda x: x,
    "tanh": ops.tanh,
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "softplus": ops.softplus,
    "hard_sigmoid": ops.hardsigmoid,
    "hardtanh": ops.hardtanh,
    "hardswish": ops.hardswish,
    "elu": ops.elu,
    "selu": ops.selu,
    "leaky_relu": ops.leaky_relu,
    "silu": ops.silu,
    "gelu": ops.gelu,
    "mish": ops.mish,
    "softsign": ops.softsign,
}


def activation(name: str | Activation) -> Activation:
    """Maps a name of `NAMED` to its function; returns a function unchanged.

    Raises:
        GraphError: the name is unknown.
    """
    if callable(name):
        return name
    if not isinstance(name, str) or name not in NAMED:
        raise GraphError("there is no such activation", expected=f"{', '.join(NAMED)}, or a function", got=shown(name))
    return NAMED[name]
