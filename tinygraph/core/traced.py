"""Traced nodes: what `tg.compile` sees of a function's values, their shapes and dtypes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .errors import GraphError, users_line
from .node import NO_ATTRIBUTES, Node
from .scope import now

if TYPE_CHECKING:
    from .op import Op, Spec


class Traced(Node):
    """A node without a value, made while a function is traced: op, inputs, shape and dtype."""

    __slots__ = ("_dtype", "_shape")
    kind = "traced value"

    def __init__(self, op: Op | None, inputs: tuple[Node, ...], attributes: dict[str, Any],
                 spec: Spec | tuple[tuple[int, ...], np.dtype], name: str | None) -> None:  # fmt: skip
        super().__init__(op, inputs, attributes, None, name)  # type: ignore[arg-type]  # no value
        self._shape, self._dtype = spec

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def dtype(self) -> np.dtype:
        return self._dtype

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self._shape:
            size *= n
        return size

    @property  # type: ignore[misc]
    def value(self) -> NoReturn:  # type: ignore[override]
        raise GraphError(
            f"{self.label()} has no value while the function is being compiled: it stands for every value to come",
            expected="ops on nodes, and Python decisions on shapes alone",
            got=users_line(),
            fix="write tg.where(condition, a, b) instead of `if`, tg.unroll instead of a loop until a condition holds, "
            "tg.stop_gradient(x) instead of x.value; return what you want to look at",
        )

    def placed_as(self, node: Node) -> Traced:
        """This node, at the step and in the scope of another."""
        self._place = node._place
        return self

    def __repr__(self) -> str:
        return f"<{self.label()} {self.shape} {self.dtype}: traced>"

    __hash__ = Node.__hash__


class Slot(Traced):
    """A place to be filled at each call: an argument of a compiled function, an input of a loop's body."""

    __slots__ = ()
    kind = "slot"

    def __init__(self, spec: Spec, name: str | None = None) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, spec, name)

    __hash__ = Node.__hash__


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
        raise GraphError("noise: draw gave another shape", expected=str(shape), got=str(array.shape),
                         fix="draw=lambda shape: rng.normal(size=shape), say")  # fmt: skip
    return array


@contextmanager
def tracing(*, checkpoint: bool = False) -> Iterator[None]:
    """Inside, ops make `Traced` nodes instead of computing.

    Args:
        checkpoint: whether loops keep less for the gradient and compute more.
    """
    before = {name: getattr(now, name) for name in _TRACED}
    vars(now).update(_TRACED, checkpoint=checkpoint, ends={})
    try:
        yield
    finally:
        vars(now).update(before)


_TRACED: dict[str, Any] = {"place": (None, "", None), "watch": "trace", "checkpoint": False, "cells": (), "ends": {},
                           "drawn": None, "again": None}  # fmt: skip
"""Of `now` while a function is traced: nothing of what is going on around it."""
