"""Cases: random numbers in place of the author's, at another number of time steps; on the author's own, faults hide."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .subject import Case, Subject

SCALE = 0.5
"""Standard deviation of weights: with 0.01 the states are too small to tell a wrong factor (1 - h * h) from 1."""

WIDE = 4
"""So many operations in a row a loop over examples may take for each, which sums losses and gradients up."""

Places = dict[tuple[Any, ...], int]
"""Where time lies in the arguments: the path to an array or a list, and the axis."""


class Cases:
    """Makes cases for one subject.

    Args:
        subject: the passes with the author's own numbers.
        seed: of the random numbers.

    Attributes:
        places: where time lies in the arguments; empty where it is not known.
        steps: the author's own number of steps; None where it is not known.
        known: the cases that were made.
    """

    def __init__(self, subject: Subject, seed: int = 0) -> None:
        self.subject, self.seed = subject, seed
        self.steps: int | None = None
        self.places: Places = {}
        self.known: dict[Hashable, Case] = {}
        self._find_time()

    def case(self, steps: int | None, draw: int = 0) -> Case:
        """Random numbers for ``steps`` steps; None for as many as the author has. The same case each time."""
        key = steps, draw, self.steps, *self.places.items()
        if key not in self.known:
            same = self.known.get((None, draw, None)) if steps is None else None  # before time was known
            self.known[key] = replace(same, steps=self.steps) if same else self._drawn(steps, draw)
        return self.known[key]

    def _drawn(self, steps: int | None, draw: int) -> Case:
        rng = np.random.default_rng((self.seed, steps or 0, draw))
        own = self.subject.parameters.items()
        parameters = {name: SCALE * rng.normal(size=x.shape).astype(_floating(x)) for name, x in own}
        cut = (
            self.subject.arguments if steps is None else resized(self.subject.arguments, self.places, steps, self.steps)
        )
        return Case(steps or self.steps, parameters, drawn(cut, rng))

    def probes(self) -> list[Case]:
        """Cases of 1, 2 and 4 steps, or of as many as the author has where their number cannot be changed."""
        return [self.case(steps) for steps in (1, 2, 4)] if self.places else [self.case(None)]

    def _find_time(self) -> None:
        """Time is the length by which the graph of the loss grows deepest: with examples it grows, too, but wide."""
        whole = self._size(self.case(None))
        kept, deepest = (self.places, self.steps), -1
        for length, places in sorted(candidates(self.subject.arguments), key=lambda pair: -len(pair[1])):
            self.places, self.steps = places, length
            # Not 1 and 2: a batch of one row may make fewer nodes than one of two.
            sizes = [self._size(self.case(steps)) for steps in (2, 3)] if whole else [None]
            if None not in sizes and sizes[0] < sizes[1] and sizes[1][1] - sizes[0][1] > deepest:  # type: ignore
                kept, deepest = (places, length), sizes[1][1] - sizes[0][1]  # type: ignore[index]
                if deepest > WIDE:
                    break
        self.places, self.steps = kept

    def _size(self, case: Case) -> tuple[int, int] | None:
        """How many nodes there are, and how many in a row."""
        try:
            outcome = self.subject.on_nodes(case)
        except Exception:  # whatever the user's code raises when its arrays are cut elsewhere
            return None
        depth: dict[Node, int] = {}
        for x in ancestors([x for x in (outcome.loss, *outcome.gradients.values()) if isinstance(x, Node)]):
            depth[x] = 1 + max((depth[y] for y in x.inputs), default=0)
        return len(depth), max(depth.values(), default=0)


def candidates(arguments: Any) -> list[tuple[int, Places]]:
    """The lengths that may be time, each with the places of that length: one axis of each array, or each list."""
    lengths: dict[int, dict[tuple[Any, ...], list[int]]] = {}
    for path, part in _parts(arguments, ()):
        sizes = [len(part)] if isinstance(part, (list, tuple)) else list(part.shape)
        for axis, size in enumerate(sizes):
            lengths.setdefault(size, {}).setdefault(path, []).append(axis)
    options = []
    for length, paths in lengths.items():
        for rank in range(max(map(len, paths.values()))):
            options.append((length, {path: axes[min(rank, len(axes) - 1)] for path, axes in paths.items()}))
    return [(length, places) for length, places in options if length >= 1]


def _parts(x: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Arrays, and lists of them, each with its path; what a list holds is cut with the list."""
    if isinstance(x, np.ndarray):
        yield path, x
    elif isinstance(x, Mapping):
        for key, part in x.items():
            yield from _parts(part, (*path, key))
    elif isinstance(x, (list, tuple)):
        if x and path:
            yield path, x
        if not path:
            for key, part in enumerate(x):
                yield from _parts(part, (*path, key))


def resized(arguments: Any, places: Places, steps: int, before: int | None, path: tuple[Any, ...] = ()) -> Any:
    """The arguments with ``steps`` steps at their places; numbers that were the number of steps change with it."""
    if path in places:
        axis = places[path]
        if isinstance(arguments, np.ndarray):
            return np.take(arguments, np.arange(steps) % arguments.shape[axis], axis)
        return type(arguments)([arguments[k % len(arguments)] for k in range(steps)])
    if isinstance(arguments, Mapping):
        return {key: resized(part, places, steps, before, (*path, key)) for key, part in arguments.items()}
    if isinstance(arguments, (list, tuple)):
        return type(arguments)([resized(part, places, steps, before, (*path, k)) for k, part in enumerate(arguments)])
    return steps if type(arguments) is int and arguments == before else arguments


def drawn(x: Any, rng: np.random.Generator) -> Any:
    """Random numbers in place of those of the structure; labels stay labels, and one-hot rows one-hot rows."""
    if isinstance(x, np.ndarray):
        return _array(x, rng)
    if isinstance(x, Mapping):
        return {key: drawn(part, rng) for key, part in x.items()}
    if isinstance(x, (list, tuple)):
        if x and all(isinstance(part, (int, np.integer)) and not isinstance(part, bool) for part in x):
            return type(x)([int(k) for k in rng.integers(0, max(x) + 1, len(x))])
        return type(x)([drawn(part, rng) for part in x])
    return x


def _array(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if x.dtype.kind in "iu":
        return rng.integers(0, int(x.max(initial=0)) + 1, x.shape, x.dtype)
    if x.dtype.kind != "f":
        return x.copy()
    if np.isin(x, (0.0, 1.0)).all() and x.any():
        axis = _one_hot_axis(x)
        if axis is None:
            return rng.uniform(0.1, 0.9, x.shape).astype(x.dtype)
        labels = rng.integers(0, x.shape[axis], x.shape[:axis] + x.shape[axis + 1 :])
        return np.moveaxis(np.eye(x.shape[axis], dtype=x.dtype)[labels], -1, axis)
    return rng.normal(size=x.shape).astype(x.dtype)


def _one_hot_axis(x: np.ndarray) -> int | None:
    sums = [axis for axis in range(x.ndim) if x.shape[axis] > 1 and (x.sum(axis) == 1).all()]
    return sums[-1] if sums else None


def _floating(x: np.ndarray) -> Any:
    return x.dtype if x.dtype.kind == "f" else np.dtype(float)
