"""Whether indices, labels and lengths are in range, as JAX's booleans: within a program JAX cannot raise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from ...core.node import Node
from ...ops.lookup import ARRAY, one_hot

RangeCheck = Callable[[Any, Node, Sequence[Any]], Any]


def _outside(jnp: Any, x: Any, low: int, high: int) -> Any:
    """Whether a number is not from ``low`` to ``high``; unsigned ones must not be compared with one below 0."""
    x = x.astype(jnp.promote_types(x.dtype, jnp.int32))
    return jnp.any((x < low) | (x > high))


def _within(jnp: Any, node: Node, inputs: Sequence[Any]) -> Any:
    return _outside(jnp, inputs[0], node._attributes["low"], node._attributes["high"])


def _along_axis(jnp: Any, node: Node, inputs: Sequence[Any]) -> Any:
    """`take`, and `add_at`, its gradient."""
    shape, axis = node._attributes.get("shape", inputs[0].shape), node._attributes.get("axis")
    n = prod(shape) if axis is None or not shape else shape[axis]
    return _outside(jnp, inputs[1], -n, n - 1)


def _at_index(jnp: Any, node: Node, inputs: Sequence[Any]) -> Any:
    """Ops whose index holds arrays, the last inputs."""
    index = node._attributes["index"]
    count = sum([i is ARRAY for i in index])
    arrays = list(inputs[len(inputs) - count :])
    shape = node._attributes.get("shape", inputs[0].shape)
    rest = iter(arrays)
    places = [(i, next(rest) if i is ARRAY else None) for i in index if i is not None]
    widths = [0 if i is ... else x.ndim if x is not None and x.dtype == bool else 1 for i, x in places]
    axis, wrong = 0, jnp.zeros((), bool)
    for (i, x), width in zip(places, widths, strict=True):
        if x is not None and x.dtype != bool:
            wrong = wrong | _outside(jnp, x, -shape[axis], shape[axis] - 1)
        axis += len(shape) - sum(widths) if i is ... else width
    return wrong


def _labels(jnp: Any, node: Node, inputs: Sequence[Any]) -> Any:
    """Ops whose last input are labels; such that are probabilities may be any."""
    labels = inputs[-1]
    classes = node._attributes["depth"] if node._op is one_hot else inputs[0].shape[-1]
    return jnp.zeros((), bool) if labels.dtype.kind == "f" else _outside(jnp, labels, 0, classes - 1)


CHECKS: dict[str, RangeCheck] = {
    "within": _within,
    **dict.fromkeys(("take", "add_at"), _along_axis),
    **dict.fromkeys(("pick", "scatter", "write_at", "last_written"), _at_index),
    **dict.fromkeys(("softmax_cross_entropy", "excess", "entry", "one_hot"), _labels),
    "onehot_like": lambda jnp, node, inputs: _labels(jnp, node, inputs[::-1]),
}
"""Tells whether something is out of range, by the op's name."""
