"""Activation functions by PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import ops
from ...core.errors import GraphError, shown
from ...core.node import Node

Activation = Callable[[Any], Node]


def hard_sigmoid(x: Any) -> Node:
    """clip(x / 6 + 1/2, 0, 1), PyTorch's form."""
    return ops.clip(x * (1 / 6) + 0.5, 0.0, 1.0)


NAMED: dict[str, Activation] = {
    "identity": lambda x: x,
    "tanh": ops.tanh,
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "softplus": ops.softplus,
    "hard_sigmoid": hard_sigmoid,
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
