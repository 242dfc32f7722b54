"""Traced nodes, which have a shape and a dtype but no value: `tg.compile` calls functions with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .errors import GraphError, users_line
from .node import NO_ATTRIBUTES, Node
from .scope import Kept, now, refused, settle

if TYPE_CHECKING:
    from .op import Op, Spec


class Traced(Node):
    """A node without a value, made while a function is traced; its shape and dtype are known."""

    __slots__ = ()
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
        error = GraphError(
            f"{self.label()} has no value while the function is compiled: it stands for the values of every later call",
            expected="ops on nodes, and Python decisions that depend on shapes only",
            got=users_line(),
            fix="write tg.where(condition, a, b) instead of `if`, tg.unroll instead of a `while` loop, "
            "tg.stop_gradient(x) instead of x.value; return the values that you want to see",
        )
        raise refused(error)

    def placed_as(self, node: Node) -> Traced:
        """This node with the step, scope and origin of ``node``."""
        self._place = node._place
        return self

    def _told(self) -> str:
        return "traced"

    __hash__ = Node.__hash__


class Slot(Traced):
    """A slot that is filled at each call: an argument of a compiled function, or an input of a loop's body."""

    __slots__ = ()
    kind = "slot"

    def __init__(self, spec: Spec, name: str | None = None) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, spec, name)

    __hash__ = Node.__hash__


class Live(Traced):
    """A leaf of a compiled function whose array is asked for at each call."""

    __slots__ = ()

    def __init__(self, spec: Spec, name: str | None = None) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, spec, name)

    def read(self) -> np.ndarray:
        """The array for this call, of the leaf's shape and dtype."""
        raise GraphError(f"{self.label()} cannot be read")

    __hash__ = Node.__hash__


class Tracing(Kept):
    """A context in which ops make `Traced` nodes instead of computing; the thread's other state is reset.

    Write ``with Kept(), Tracing():``. Ctrl-C may come where this context begins or ends, before or after its own code;
    the outer one puts the state back then.
    """

    def __enter__(self) -> None:
        super().__enter__()
        recorder, driven = now.recorder, now.driven
        vars(now).clear()
        now.tracing, now.driven = True, driven
        if recorder is not None:
            now.recorder = recorder.inner()
        settle()
