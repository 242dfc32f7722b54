"""Random numbers within a graph: drawn when the graph is made, or anew at each call of a compiled function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import Constant
from ..core.node import Node
from ..core.op import Spec
from ..core.scope import now
from ..core.traced import Noise, Slot, fitting

Draw = Callable[[tuple[int, ...]], Any]


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
    if once and now.drawn is not None:
        if draw not in now.drawn:
            now.drawn[draw] = _leaf(draw, whole, kind)
        return now.drawn[draw]
    if now.cells and not once:
        slot = Slot(Spec(whole, kind))
        now.cells[-1].drawn[slot] = draw
        return slot
    if now.again is None or once:
        return _leaf(draw, whole, kind)
    known, used = now.again
    if used == len(known):
        known.append(_leaf(draw, whole, kind))
    now.again[1] += 1
    return known[used]


def _checked(draw: Any, shape: Any) -> tuple[int, ...]:
    """The shape as a tuple."""
    if not callable(draw):
        raise GraphError("noise: what draws is a function of a shape", got=type(draw).__name__,
                         fix="tg.noise(rng.random, shape), say: the draw first")  # fmt: skip
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
    return Noise(draw, Spec(shape, dtype)) if now.watch == "trace" else Constant(fitting(draw, shape, dtype))
