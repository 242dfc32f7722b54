"""The usual losses, as functions of outputs and targets that run on arrays and on nodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.node import Node

Family = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Candidate:
    """A loss of outputs and targets.

    Attributes:
        name: in plain words.
        family: the sum of it over all elements, in nats.
        factor: of the sum, by the names of sizes: ``T``, ``B``, ``rows`` and ``size``.
    """

    name: str
    family: Family
    factor: Callable[[Mapping[str, int]], float]

    def loss(self, outputs: Any, targets: Any, sizes: Mapping[str, int]) -> Any:
        """The loss as one number, a node if the outputs are nodes."""
        return self.family(stacked(outputs), targets) * self.factor(sizes)


def candidates() -> Iterator[Candidate]:
    """The usual losses, the more frequent first."""
    ways = (
        ("the sum of {}", lambda n: 1.0),
        ("the mean of {}", lambda n: 1 / n["size"]),
        ("the sum of {} divided by B", lambda n: 1 / n["B"]),
        ("the sum of {} divided by T", lambda n: 1 / n["T"]),
        ("the sum of {} divided by T * B", lambda n: 1 / n["rows"]),
    )
    for way, factor in ways:
        yield Candidate(way.format("half squares"), squares, _times(0.5, factor))
        yield Candidate(way.format("squares"), squares, factor)
    for what, family in ENTROPIES.items():
        whole = what.startswith("cross")
        for way, factor in (ways[0], ways[4], *ways[2:4], ways[1]) if whole else ways:
            told = way.replace("the sum of {} divided by T * B", "the mean of {}") if whole else way
            told = told.replace("the mean", "the mean over all elements") if whole and way == ways[1][0] else told
            for unit, base in (("nats", 1.0), ("bits", 1 / math.log(2))):
                yield Candidate(f"{told.format(what)} in {unit}", family, _times(base, factor))


def _times(number: float, factor: Callable[[Mapping[str, int]], float]) -> Callable[[Mapping[str, int]], float]:
    return lambda sizes: number * factor(sizes)


def stacked(x: Any) -> Any:
    """Outputs or targets as one array: of lists and dicts of arrays the steps, one below the other."""
    if isinstance(x, Mapping):
        x = [*x.values()]
    if isinstance(x, (list, tuple)):
        return np.stack([stacked(part) for part in x])
    return x if isinstance(x, Node) else np.asarray(x)


def class_axis(outputs: Any, targets: Any) -> int | None:
    """The axis of the classes: that along which one-hot targets sum to 1, or that which labels lack."""
    t = stacked(targets)
    if t.dtype.kind in "iu":
        rests = [[n for n in shape if n > 1] for shape in (t.shape, _swapped(t).shape)]
        axes = [k for k in range(outputs.ndim) if [n for n in np.delete(outputs.shape, k) if n > 1] in rests]
        axes = [k for k in axes if outputs.shape[k] > t.max(initial=0)]
    elif t.size == outputs.size:
        t = _fitted(outputs, targets)
        axes = [k for k in range(t.ndim) if t.shape[k] > 1 and np.allclose(t.sum(k), 1) and (t >= 0).all()]
    else:
        axes = []
    return axes[-1] if axes else None


def squares(outputs: Any, targets: Any) -> Any:
    """The sum of (y - t)^2, for targets of the shape of the outputs."""
    return np.sum((outputs - _fitted(outputs, targets)) ** 2)


def from_logits(outputs: Any, targets: Any) -> Any:
    """The sum of -t log softmax(z)."""
    t, axis = _one_hot(outputs, targets)
    shifted = outputs - np.max(_numbers(outputs), axis=axis, keepdims=True)
    return -np.sum(t * (shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))))


def from_probabilities(outputs: Any, targets: Any) -> Any:
    """The sum of -t log p."""
    t, _ = _one_hot(outputs, targets)
    return -np.sum(t * np.log(_checked(outputs)))


def binary_from_logits(outputs: Any, targets: Any) -> Any:
    """The sum of log(1 + e^z) - t z, which is -t log s - (1 - t) log(1 - s) of s = 1 / (1 + e^-z)."""
    return np.sum(np.logaddexp(0.0, outputs) - _fitted(outputs, targets) * outputs)


def binary_from_probabilities(outputs: Any, targets: Any) -> Any:
    """The sum of -t log p - (1 - t) log(1 - p)."""
    t, p = _fitted(outputs, targets), _checked(outputs)
    return -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))


def _fitted(outputs: Any, targets: Any) -> np.ndarray:
    t = stacked(targets)
    if t.size != outputs.size:
        raise ValueError(f"targets of shape {t.shape} for outputs of shape {outputs.shape}")
    turned = t.shape != outputs.shape and _swapped(t).shape == outputs.shape
    return (_swapped(t) if turned else t.reshape(outputs.shape)).astype(float)


def _swapped(t: np.ndarray) -> np.ndarray:
    """Targets with the batch first, where a list of outputs has the steps first."""
    return t.swapaxes(0, 1) if t.ndim > 1 else t


def _one_hot(outputs: Any, targets: Any) -> tuple[np.ndarray, int]:
    axis, t = class_axis(outputs, targets), stacked(targets)
    if axis is None:
        raise ValueError("targets are no classes")
    if t.dtype.kind not in "iu":
        return _fitted(outputs, targets), axis
    shape = tuple(np.delete(outputs.shape, axis))
    t = _swapped(t) if t.shape != shape and _swapped(t).shape == shape else t.reshape(shape)
    rows = np.eye(outputs.shape[axis])[t]
    return np.moveaxis(rows, -1, axis), axis


def _numbers(x: Any) -> np.ndarray:
    return x.value if isinstance(x, Node) else x


def _checked(outputs: Any) -> Any:
    if not ((_numbers(outputs) > 0) & (_numbers(outputs) < 1)).all():
        raise ValueError("outputs are no probabilities")
    return outputs


ENTROPIES: dict[str, Family] = {
    "cross-entropies from logits": from_logits,
    "cross-entropies from probabilities": from_probabilities,
    "binary cross-entropies from logits": binary_from_logits,
    "binary cross-entropies from probabilities": binary_from_probabilities,
}
