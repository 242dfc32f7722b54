"""Traced nodes: what `tg.compile` sees of a function's values, their shapes and dtypes alone."""

from __future__ import annotations

from collections.abc import Iterator
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

    def __init__(
        self,
        op: Op | None,
        inputs: tuple[Node, ...],
        attributes: dict[str, Any],
        spec: Spec | tuple[tuple[int, ...], np.dtype],
        name: str | None,
    ) -> None:
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


@contextmanager
def tracing() -> Iterator[None]:
    """Inside, ops make `Traced` nodes instead of computing; nothing of what is under way around it holds there."""
    before = vars(now).copy()
    vars(now).clear()
    now.tracing = True
    try:
        yield
    finally:
        vars(now).clear()
        vars(now).update(before)
