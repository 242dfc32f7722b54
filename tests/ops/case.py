"""What an op case is: an op, example inputs, and what the op must give, written once more by hand in plain loops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygraph as tg

Array = np.ndarray


@dataclass(frozen=True)
class Case:
    """One call of one op; ``reference(*inputs, **attributes)`` gives the right answer without tinygraph."""

    name: str
    inputs: tuple[Array, ...]
    reference: Callable[..., Any]
    attributes: dict[str, Any] = field(default_factory=dict)
    wrt: tuple[int, ...] | None = None
    """Inputs to differentiate; None for all of a floating dtype."""
    result: str | None = None
    """dtype of the result where it is not that of the floating inputs together."""
    note: str = ""

    @property
    def op(self) -> Any:
        return getattr(tg.ops, self.name)

    @property
    def id(self) -> str:
        shapes = "x".join(str(x.shape).replace(" ", "") for x in self.inputs)
        settings = "".join(f"-{k}={v}" for k, v in self.attributes.items())
        return f"{self.name}-{shapes}{settings}{self.note and '-' + self.note}"

    @property
    def differentiable(self) -> tuple[int, ...]:
        """The places of the inputs that a gradient reaches, none for an op without gradient."""
        if not getattr(self.op, "differentiable", True):
            return ()
        return self.wrt if self.wrt is not None else self.floating

    @property
    def floating(self) -> tuple[int, ...]:
        return tuple(i for i, x in enumerate(self.inputs) if x.dtype.kind == "f")

    def arrays(self, dtype: Any) -> list[Array]:
        """The inputs with floating ones in ``dtype``."""
        return [x.astype(dtype) if x.dtype.kind == "f" else x.copy() for x in self.inputs]

    def answer(self, arrays: list[Array]) -> Any:
        """The reference in float64, whatever the dtype of the arrays."""
        return np.asarray(
            self.reference(*(x.astype(float) if x.dtype.kind == "f" else x for x in arrays), **self.attributes)
        )

    def call(self, arrays: Any) -> tg.Node:
        return self.op(*arrays, **self.attributes)

    def dtype(self, arrays: list[Array]) -> np.dtype:
        """The dtype that the result must have for these inputs."""
        return np.dtype(self.result) if self.result else np.result_type(*(arrays[i] for i in self.floating))


def spaced(*shapes: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> tuple[Array, ...]:
    """Arrays of distinct numbers, none of which lies near another one or near the middle of the range.

    So no maximum has a tie and no kink at 0 comes near, unless a case means it.
    """
    sizes = [math.prod(shape) for shape in shapes]
    total = 2 * ((sum(sizes) + 1) // 2) or 2
    rng = np.random.default_rng(total + 31 * len(shapes))
    numbers = rng.permutation(np.arange(total)) + rng.uniform(0.4, 0.6, total)
    numbers = low + (high - low) * numbers / total
    parts = np.split(numbers[: sum(sizes)], np.cumsum(sizes)[:-1])
    return tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))


def by_element(fn: Callable[..., Any]) -> Callable[..., Array]:
    """A reference that applies ``fn`` to Python numbers, place by place, and broadcasts by counting indices."""

    def reference(*arrays: Array, **attributes: Any) -> Array:
        shape = joint_shape(*(x.shape for x in arrays))
        values = [fn(*(at(x, index) for x in arrays), **attributes) for index in places(shape)]
        return np.array(values, dtype=None if values else float).reshape(shape)

    return reference


def joint_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape after broadcasting, counted from the right."""
    columns = itertools.zip_longest(*(shape[::-1] for shape in shapes), fillvalue=1)
    return tuple(next((n for n in column if n != 1), 1) for column in columns)[::-1]


def at(x: Array, index: tuple[int, ...]) -> Any:
    """The element of ``x`` that stands at ``index`` after broadcasting, as a Python number."""
    own = index[len(index) - x.ndim :]
    return x[tuple(i if n != 1 else 0 for i, n in zip(own, x.shape, strict=True))].item()


def places(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(n) for n in shape))


def by_group(fn: Callable[[list[float]], float]) -> Callable[..., Array]:
    """A reference that reduces: the elements that share a place of the result go to ``fn`` as a list."""

    def reference(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
        axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
        groups: dict[tuple[int, ...], list[float]] = {}
        kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        for index in places(kept):
            groups[index] = []
        for index in places(x.shape):
            groups[tuple(0 if i in axes else k for i, k in enumerate(index))].append(x[index].item())
        shape = kept if keepdims else tuple(n for i, n in enumerate(x.shape) if i not in axes)
        values = [fn(group) for group in groups.values()]
        return np.array(values, dtype=None if values else float).reshape(shape)

    return reference


def by_lane(fn: Callable[[list[float]], list[float]]) -> Callable[..., Array]:
    """A reference that works along one axis: each lane of it goes to ``fn`` as a list and comes back as one."""

    def reference(x: Array, axis: int = -1) -> Array:
        z = np.empty(x.shape)
        axis %= x.ndim
        for index in places(x.shape[:axis] + x.shape[axis + 1 :]):
            lane = [(*index[:axis], k, *index[axis:]) for k in range(x.shape[axis])]
            for place, value in zip(lane, fn([x[p].item() for p in lane]), strict=True):
                z[place] = value
        return z

    return reference
