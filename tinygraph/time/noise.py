"""Random numbers in a graph: drawn when the graph is made, or at each call of a compiled function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..core.checks import as_array, flag, real
from ..core.errors import GraphError, refusing, shown
from ..core.frozen import frozen
from ..core.leaves import Constant
from ..core.node import Node
from ..core.op import Spec
from ..core.scope import now
from ..core.traced import Live, Slot

Draw = Callable[[tuple[int, ...]], Any]
DRAWN = {"drawn": True}
"""What tells random numbers from data, for pictures."""


class Replay:
    """Repeats the numbers that a step drew in its first run, in the same order; the first run fills the list."""

    def __init__(self, numbers: list[Node]) -> None:
        self.numbers, self.used = numbers, 0

    def next(self, draw: Callable[[], Node]) -> Node:
        """The next of the numbers; after the last, a new one from ``draw``."""
        if self.used == len(self.numbers):
            self.numbers.append(draw())
        self.used += 1
        return self.numbers[self.used - 1]


@dataclass(frozen=True)
class Draws:
    """The random numbers of an unroll that is running.

    Attributes:
        once: maps a draw function to the numbers that it drew for the whole sequence; None outside of an unroll.
        steps: maps each slot of numbers that are drawn at every step of a traced cell to its draw function.
        replay: the numbers of the current step's first run; None where a step runs once.
        around: how numbers were drawn where the unroll began: in the cell of another one, or None.
    """

    once: dict[Draw, Node] | None = None
    steps: dict[Node, Draw] | None = None
    replay: Replay | None = None
    around: Draws | None = None

    def new(self, draw: Draw, spec: Spec) -> Node:
        """Numbers of one step, or of no step: those of its first run, a slot of a traced cell, or a leaf."""
        if self.steps is not None:
            slot = Slot(spec)
            self.steps[slot] = draw
            return slot
        if self.replay is None:
            return _leaf(draw, spec)
        return self.replay.next(lambda: _leaf(draw, spec))


@contextmanager
def drawing(**changed: Any) -> Iterator[None]:
    """A context in which these attributes of `Draws` are changed."""
    before = now.draws
    now.draws = replace(before or Draws(), **changed)
    try:
        yield
    finally:
        now.draws = before


class Noise(Live):
    """A leaf of a compiled function whose numbers are drawn at each call.

    Attributes:
        draw: takes a shape and returns an array of that shape.
    """

    __slots__ = ("draw",)
    kind = "noise"

    def __init__(self, draw: Draw, spec: Spec) -> None:
        super().__init__(spec)
        self.draw = draw

    def read(self) -> np.ndarray:
        """Draws an array of this leaf's shape and dtype; a GraphError if `draw` returns another shape."""
        return _drawn(self.draw, self.shape, self.dtype)

    __hash__ = Node.__hash__


def _drawn(draw: Draw, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    array = as_array(draw(shape)).astype(dtype, copy=False)
    if array.shape != shape:
        got, fix = str(array.shape), "draw=lambda shape: rng.normal(size=shape), for example"
        raise GraphError("noise: draw returned an array of the wrong shape", expected=str(shape), got=got, fix=fix)
    return frozen(array)  # `draw` may fill one buffer again and again


@refusing
def noise(draw: Draw, shape: Sequence[int], dtype: Any = np.float64, *, once: bool = False) -> Node:
    """A constant of random numbers, for dropout masks, sampling, or noise in a cell.

    In a compiled function the numbers are drawn again at each call. In the cell of an unroll they are drawn again
    at each time step, unless ``once`` is set.

    Args:
        draw: takes a shape and returns an array of that shape: ``lambda shape: rng.normal(size=shape)``.
        shape: the shape of the result.
        dtype: the dtype of the result.
        once: whether all time steps of an unroll use the same numbers. These are stored under the function ``draw``,
            so pass the same function object at each step, and another one for other numbers.

    Returns:
        a node of this shape and dtype, through which no gradient flows.

    Raises:
        GraphError: ``draw`` is not a function, ``shape`` is not a tuple of sizes, or ``draw`` returned another shape.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> rng = np.random.default_rng(0)
        >>> f = tg.compile(lambda x: x + tg.noise(lambda shape: rng.normal(size=shape), x.shape))
        >>> first, second = f(np.zeros(3)), f(np.zeros(3))
        >>> bool((first == second).any())
        False
    """
    spec, once = Spec(_checked_shape(draw, shape), real("noise", dtype)), flag("noise", "once", once)
    draws: Draws = now.draws or Draws()
    if not once:
        return draws.new(draw, spec)
    stored = {} if draws.once is None else draws.once
    if draw not in stored:
        stored[draw] = (draws.around or Draws()).new(draw, spec)
    return stored[draw]


def _checked_shape(draw: Any, shape: Any) -> tuple[int, ...]:
    if not callable(draw):
        fix = "pass draw first: tg.noise(rng.random, shape), for example"
        raise GraphError("noise: draw must be a function of a shape", got=type(draw).__name__, fix=fix)
    if not isinstance(shape, Sequence) or not all(isinstance(n, (int, np.integer)) and n >= 0 for n in shape):
        raise GraphError("noise: shape must be a tuple of sizes", expected="(3,), for example", got=shown(shape))
    return tuple(shape)


def generator(owner: str, rng: int | np.random.Generator | None) -> np.random.Generator:
    """Returns the numpy Generator ``rng``, or a new one from the seed ``rng``, an argument of ``owner``.

    Raises:
        GraphError: it is neither.
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        problem = f"{owner}: rng must be a seed or a numpy Generator"
        raise GraphError(problem, got=shown(rng), fix="rng=0, for example") from None


def _leaf(draw: Draw, spec: Spec) -> Node:
    if now.tracing:
        return Noise(draw, spec)
    leaf = Constant(_drawn(draw, *spec))
    leaf._attributes = DRAWN
    return leaf
