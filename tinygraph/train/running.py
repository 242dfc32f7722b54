"""Sums over batches, of which figures are made: what counts is added up with its count."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ..core.checks import as_array
from ..core.errors import GraphError, refusing, shown
from ..core.node import Node
from .data.batches import numbers

MOST_CLASSES = 10_000
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Figure:
    """How a figure is made: how many arrays it takes, sums of a batch and the count, and their value."""

    takes: int
    sums: Callable[..., tuple[np.ndarray, int]]
    value: Callable[[np.ndarray, int], Any]


FIGURES: dict[Callable[..., Any], Figure] = {}


def figure(takes: int, sums: Callable[..., Any], value: Callable[[np.ndarray, int], Any]) -> Callable[[F], F]:
    """Registers a function as one that `Running` knows."""

    def register(function: F) -> F:
        FIGURES[function] = Figure(takes, sums, value)
        return function

    return register


class Running:
    """A figure over batches: sums and counts are added up, so batches of other sizes weigh what they hold.

    Args:
        figure: `accuracy`, `confusion`, `perplexity`, `bits_per_character`, `mae`, `rmse` or `skill`.

    Raises:
        GraphError: it is none of them.

    Example:
        >>> import tinygraph as tg
        >>> right = tg.train.Running(tg.train.accuracy)
        >>> for predictions, labels in [([1, 2, 3], [1, 2, 0]), ([4], [4])]:     # shapes (3,), (1,)
        ...     right = right.add(predictions, labels)
        >>> right.value, right.count
        (0.75, 4)
    """

    @refusing
    def __init__(self, figure: Callable[..., Any]) -> None:
        if figure not in FIGURES:
            names = " or ".join(f.__name__ for f in FIGURES)
            raise GraphError("Running: this is no figure", expected=names, got=shown(figure))
        self._name, self._figure, self._sums, self.count = figure.__name__, FIGURES[figure], np.zeros(0), 0

    @refusing
    def add(self, *arrays: Any, lengths: Any = None, counted: Any = None) -> Running:
        """Adds a batch: the arguments of the figure. Returns itself."""
        several = [_array(self._name, x) for x in arrays]
        if len(several) != self._figure.takes:
            expected = f"{self._figure.takes} arrays, as {self._name} takes them"
            raise GraphError(f"{self._name}: arrays are missing or too many", expected=expected, got=f"{len(several)}")
        like = several[min(1, len(several) - 1)]
        sums, number = self._figure.sums(self._name, _mask(self._name, like, lengths, counted), *several)
        self._sums = _plus(self._sums, sums) if self.count else sums
        self.count += number
        return self

    @property
    def value(self) -> Any:
        """The figure of all batches so far."""
        if not self.count:
            raise GraphError(f"{self._name}: nothing counts", fix="add a batch with a target that is no padding")
        return self._figure.value(self._sums, self.count)


def hits(name: str, mask: Any, predictions: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, int]:
    guesses, truth, _ = _guesses(name, mask, predictions, labels)
    return np.array([(guesses == truth).sum()]), truth.size


def matrix(name: str, mask: Any, predictions: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, int]:
    guesses, truth, V = _guesses(name, mask, predictions, labels)
    both = np.concatenate([guesses, truth])
    if both.size and not 0 <= both.min() <= both.max() < MOST_CLASSES:
        raise GraphError(
            f"{name}: no such id", expected=f"0 to {MOST_CLASSES - 1}", got=f"{both.min()} to {both.max()}"
        )
    V = max(V, int(both.max(initial=-1)) + 1)
    return np.bincount(truth * V + guesses, minlength=V * V).reshape(V, V), truth.size


def _guesses(name: str, mask: Any, predictions: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The predicted and the right ids that count, (n,), and V of the scores or 0."""
    scores = predictions.ndim == labels.ndim + 1
    fit = predictions.shape[: labels.ndim] == labels.shape and (scores or predictions.dtype.kind != "f")
    if labels.dtype.kind == "f" or not fit or (scores and not predictions.shape[-1]):
        got = f"predictions {predictions.dtype} {predictions.shape}, labels {labels.dtype} {labels.shape}"
        expected = "integer labels (...) with ids (...) or scores (..., V)"
        raise GraphError(f"{name}: predictions and labels do not match", expected=expected, got=got)
    guesses = np.argmax(predictions, axis=-1) if scores else predictions
    truth, guesses = labels[mask].reshape(-1), guesses[mask].reshape(-1)
    counts = truth >= 0
    if scores and np.isnan(predictions[mask].reshape(-1, predictions.shape[-1])[counts]).any():
        raise GraphError(f"{name}: the scores hold a NaN, which predicts nothing", got=shown(predictions))
    return guesses[counts].astype(np.int64), truth[counts].astype(np.int64), predictions.shape[-1] if scores else 0


def losses_of(name: str, mask: Any, losses: np.ndarray) -> tuple[np.ndarray, int]:
    kept = losses[mask]
    return np.array([kept.sum(dtype=np.float64)]), kept.size


def differences(power: int) -> Callable[..., tuple[np.ndarray, int]]:
    def sums(name: str, mask: Any, y: np.ndarray, t: np.ndarray, *baselines: np.ndarray) -> tuple[np.ndarray, int]:
        if y.shape != t.shape:
            raise GraphError(f"{name}: predictions and targets differ in shape", got=f"{y.shape} and {t.shape}")
        others = [y, *(np.broadcast_to(b, t.shape) for b in baselines)]
        apart = [np.abs(np.subtract(x[mask], t[mask], dtype=np.float64)) ** power for x in others]
        return np.array([d.sum() for d in apart]), apart[0].size

    return sums


def gain(sums: np.ndarray, count: int) -> float:
    own, other = sums.tolist()
    return 1 - own / other if other else (-math.inf if own else 0.0)


def _array(name: str, x: Any) -> np.ndarray:
    return numbers(name, "the arguments", np.atleast_1d(x.value if isinstance(x, Node) else as_array(x)))


def _mask(name: str, like: np.ndarray, lengths: Any, counted: Any) -> Any:
    """What to index an array with so that what counts is left."""
    mask: Any = ...
    if lengths is not None:
        real = _array(name, lengths)
        if real.dtype.kind == "f" or like.ndim < 2 or real.shape != like.shape[1:2]:
            got = f"{real.dtype} {real.shape} for {like.shape}"
            raise GraphError(f"{name}: lengths do not match", expected="integers (B,) for (T, B, ...)", got=got)
        if real.size and not 0 <= real.min() <= real.max() <= len(like):
            got = f"{real.min()} to {real.max()}"
            raise GraphError(f"{name}: a length is out of range", expected=f"0 to {len(like)}", got=got)
        mask = np.arange(len(like))[:, None] < real
    if counted is not None:
        own = counted.value if isinstance(counted, Node) else as_array(counted)
        if own.dtype != bool or not own.ndim or own.shape != like.shape[: own.ndim]:
            got = f"{own.dtype} {own.shape} for {like.shape}"
            raise GraphError(f"{name}: counted does not match", expected="booleans of the leading axes", got=got)
        mask = own if mask is ... else _both(own, mask)
    return mask


def _both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    axes = max(a.ndim, b.ndim)
    return np.logical_and(*(m.reshape(m.shape + (1,) * (axes - m.ndim)) for m in (a, b)))


def _plus(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sum, also of matrices (V, V) of two sizes."""
    if a.shape == b.shape:
        return a + b
    V = max(len(a), len(b))
    return np.pad(a, (0, V - len(a))) + np.pad(b, (0, V - len(b)))
