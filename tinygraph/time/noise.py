"""Random numbers within a graph: drawn when the graph is made, or anew at each call of a compiled function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import Constant
from ..core.node import NO_ATTRIBUTES, Node
from ..core.op import Spec
from ..core.scope import now
from ..core.traced import Slot, Traced

Draw = Callable[[tuple[int, ...]], Any]


class Again:
    """What a step drew when it ran before, given out once more in the same order; the first run fills the list."""

    def __init__(self, numbers: list[Node]) -> None:
        self.numbers, self.used = numbers, 0

    def next(self, draw: Callable[[], Node]) -> Node:
        """The next of the numbers; where they end, a new one by ``draw``."""
        if self.used == len(self.numbers):
            self.numbers.append(draw())
        self.used += 1
        return self.numbers[self.used - 1]


@dataclass(frozen=True)
class Draws:
    """What is drawn while an unroll is under way.

    Attributes:
        once: what was drawn once for the whole sequence, by the function that drew it; None outside of an unroll.
        steps: of the cell that is traced, the slots of numbers that are drawn anew at every step, and how.
        again: what the step drew before; None where a step runs once.
    """

    once: dict[Draw, Node] | None = None
    steps: dict[Node, Draw] | None = None
    again: Again | None = None


@contextmanager
def drawing(**changed: Any) -> Iterator[None]:
    """Inside, numbers are drawn with these attributes of `Draws` changed."""
    before = now.draws
    now.draws = replace(before or Draws(), **changed)
    try:
        yield
    finally:
        now.draws = before


class Noise(Traced):
    """A leaf that is drawn anew at each call of the compiled function.

    Attributes:
        draw: a function of a shape that gives an array of it.
    """

    __slots__ = ("draw",)
    kind = "noise"

    def __init__(self, draw: Callable[[tuple[int, ...]], Any], spec: Spec) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, spec, None)
        self.draw = draw

    def drawn(self) -> np.ndarray:
        """An array of this leaf's shape and dtype.

        Raises:
            GraphError: `draw` gave another shape.
        """
        return fitting(self.draw, self.shape, self.dtype)

    __hash__ = Node.__hash__


def fitting(draw: Callable[[tuple[int, ...]], Any], shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """``draw(shape)``, of this shape and dtype."""
    array = np.asarray(draw(shape), dtype)
    if array.shape != shape:
        raise GraphError(
            "noise: draw gave another shape",
            expected=str(shape),
            got=str(array.shape),
            fix="draw=lambda shape: rng.normal(size=shape), say",
        )
    return array


def noise(draw: Draw, shape: Sequence[int], dtype: Any = np.float64, *, once: bool = False) -> Node:
    """A constant of drawn numbers: dropout masks, sampling, noise in a cell.

    In a function that is compiled it is drawn anew at each call, and within the cell of an unroll anew at each step.

    Args:
        draw: takes a shape and gives an array of it: ``lambda shape: rng.normal(size=shape)``.
        shape: of the result.
        dtype: of the result.
        once: within the cell of an unroll, whether all its steps see the same numbers. What is drawn is then
            known by ``draw``: hand in one function for each of them.

    Returns:
        a node of this shape and dtype that no gradient goes through.

    Raises:
        GraphError: ``draw`` is no function, ``shape`` no tuple of sizes, or ``draw`` gave another shape.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> rng = np.random.default_rng(0)
        >>> f = tg.compile(lambda x: x + tg.noise(lambda shape: rng.normal(size=shape), x.shape))
        >>> first, second = f(np.zeros(3)), f(np.zeros(3))
        >>> bool((first == second).any())
        False
    """
    whole, kind = _checked(draw, shape), np.dtype(dtype)
    draws: Draws = now.draws or Draws()
    if once:
        known = {} if draws.once is None else draws.once
        if draw not in known:
            known[draw] = _leaf(draw, whole, kind)
        return known[draw]
    if draws.steps is not None:
        slot = Slot(Spec(whole, kind))
        draws.steps[slot] = draw
        return slot
    if draws.again is None:
        return _leaf(draw, whole, kind)
    return draws.again.next(lambda: _leaf(draw, whole, kind))


def _checked(draw: Any, shape: Any) -> tuple[int, ...]:
    """The shape as a tuple."""
    if not callable(draw):
        raise GraphError(
            "noise: what draws is a function of a shape",
            got=type(draw).__name__,
            fix="tg.noise(rng.random, shape), say: the draw first",
        )
    if not isinstance(shape, Sequence) or not all(isinstance(n, (int, np.integer)) and n >= 0 for n in shape):
        raise GraphError("noise: shape is a tuple of sizes", expected="(3,), say", got=repr(shape))
    return tuple(shape)


def generator(owner: str, rng: int | np.random.Generator | None) -> np.random.Generator:
    """What draws for ``owner``: the numpy Generator itself, or a new one from a seed.

    Raises:
        GraphError: it is neither.
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise GraphError(f"{owner}: rng is a seed or a numpy Generator", got=repr(rng), fix="rng=0, say") from None


def _leaf(draw: Draw, shape: tuple[int, ...], dtype: np.dtype) -> Node:
    return Noise(draw, Spec(shape, dtype)) if now.tracing else Constant(fitting(draw, shape, dtype))
