"""What ops make of other numbers: what stays from 0 to 1 whatever comes in, and where a change of the inputs goes."""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from ...core.leaves import Parameter
from ...core.node import Node

TRIALS = 16
"""The least number of steps that are tried."""


def unbounded(nodes: list[Node], steps: int) -> set[Node]:
    """Returns the results that may be below 0 or above 1: each step is tried with numbers of any size.

    These stand for parameters, for data, and for what comes from another step. Numbers stay, and arrays of one number.
    """
    rng, beyond = np.random.default_rng(0), set[Node]()
    for _ in range(-(-TRIALS // max(steps, 1))):
        values = _of_any_numbers(nodes, rng)
        beyond.update(x for x, value in values.items() if ((value < 0) | (value > 1)).any())
    return beyond


def _of_any_numbers(nodes: list[Node], rng: np.random.Generator) -> dict[Node, np.ndarray]:
    values: dict[Node, np.ndarray] = {}
    others: dict[Node, np.ndarray] = {}

    def read(x: Node, user: Node) -> np.ndarray:
        if x.op is not None and x.step in (None, user.step):
            return values[x]
        if x not in others:
            others[x] = _any_numbers(x, rng)
        return others[x]

    for node in nodes:
        if node.op is not None:
            values[node] = _computed(node, [read(x, node) for x in node.inputs])
    return values


def _any_numbers(x: Node, rng: np.random.Generator) -> np.ndarray:
    value = x.value
    if value.dtype.kind != "f" or (x.op is None and not isinstance(x, Parameter) and value.size and not np.ptp(value)):
        return value
    signs = rng.choice([-1.0, 1.0], value.shape)
    return np.asarray(signs * 10 ** rng.uniform(-1, 4, value.shape), value.dtype)


def changes(nodes: list[Node], other: dict[Node, np.ndarray]) -> dict[Node, np.ndarray]:
    """Maps nodes to booleans of their shape: what differs where some of them have other values."""
    pairs = {x: (x.value, value) for x, value in other.items()}
    for node in nodes:
        if node not in pairs and not pairs.keys().isdisjoint(node.inputs):
            inputs = [pairs.get(x, (x.value, x.value)) for x in node.inputs]
            pairs[node] = _computed(node, [a for a, _ in inputs]), _computed(node, [b for _, b in inputs])
    return {x: (a != b) & ((a == a) | (b == b)) for x, (a, b) in pairs.items()}


def _computed(node: Node, inputs: list[np.ndarray]) -> np.ndarray:
    """Returns what the op of a node makes of other numbers; its own value where it refuses them."""
    assert node.op is not None
    try:
        op = deepcopy(node.op) if node.op.keeps_state else node.op  # the user's may count its calls
        with np.errstate(all="ignore"):
            return np.asarray(op.forward(*inputs, **node.attributes))
    except Exception:
        return node.value
