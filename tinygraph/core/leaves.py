"""The leaves of a graph: parameters to be trained, constants that are given, and how arrays become them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import GraphError, users_line
from .node import NO_ATTRIBUTES, Node, next_serial
from .scope import now


class Parameter(Node):
    """A leaf whose gradient is wanted; its ``value`` may be set to an array of the same shape and dtype.

    A graph computed before the value was set is refused by `tg.grad` afterwards: its
    numbers would belong to two different parameters.
    """

    __slots__ = ("changed",)
    kind = "parameter"

    def __init__(self, value: np.ndarray, name: str | None) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, value, name)
        self.changed = self.serial

    @property
    def value(self) -> np.ndarray:
        if now.tracing:
            raise GraphError(
                f"the value of {self.label()} was read while a function is compiled: it would stay as it is now",
                got=users_line(),
                fix="use the parameter itself, which is read anew at each call",
            )
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        if now.tracing:
            raise GraphError(
                f"the value of {self.label()} was set while a function is compiled",
                got=users_line(),
                fix="return the new value, and set it after the call",
            )
        array = np.asarray(value)
        if array.shape != self.shape or array.dtype != self.dtype:
            raise GraphError(
                f"the new value of {self.label()} does not fit",
                expected=f"{self.shape} {self.dtype}",
                got=f"{array.shape} {array.dtype}",
                fix="make a new tg.parameter, or cast the array yourself",
            )
        self._value = array
        self.changed = next_serial()


class Constant(Node):
    """A leaf that is given: data, labels, numbers."""

    __slots__ = ()
    kind = "constant"

    def __init__(self, value: np.ndarray, name: str | None = None) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, value, name)


def parameter(value: Any, name: str | None = None) -> Parameter:
    """A leaf to be trained: a copy of ``value``, of its shape and floating dtype.

    Args:
        value: array-like of any shape; must be of a floating dtype.
        name: shown in messages, reports and pictures.

    Raises:
        GraphError: ``value`` is not made of real floating-point numbers.

    Example:
        >>> import tinygraph as tg
        >>> tg.parameter([[0.5, -0.5]], name="W").shape
        (1, 2)
    """
    array = _array(value).copy()
    if array.dtype.kind != "f":
        raise GraphError(
            f"parameter{f' {name!r}' if name else ''} needs floating-point numbers",
            expected="a float32 or float64 array",
            got=f"{array.dtype} array of shape {array.shape}",
            fix="pass value.astype(np.float64), or tg.constant for data and labels",
        )
    return Parameter(array, name)


def constant(value: Any, name: str | None = None) -> Constant:
    """A leaf that is given, not trained: a copy of ``value``, of its shape and numpy dtype.

    Raises:
        GraphError: ``value`` is not an array of numbers or booleans.

    Example:
        >>> import tinygraph as tg
        >>> tg.constant([1, 2, 3]).dtype.kind
        'i'
    """
    return Constant(_array(value).copy(), name)


def _array(value: Any) -> np.ndarray:
    try:
        array = value.value if isinstance(value, Node) else np.asarray(value)
    except ValueError as error:
        raise GraphError(f"a leaf needs an array: {error}", fix="pass rows of equal length") from None
    if value is None:
        raise GraphError(
            "None came where an array is needed",
            got=users_line(),
            fix="give a value; the state before an unroll's first step is state=",
        )
    if array.dtype.kind not in "fiub":
        raise GraphError(
            "a leaf needs an array of real numbers or booleans",
            got=f"{type(value).__name__} of dtype {array.dtype}",
            fix="pass rows of equal length; tg.stack joins a list of nodes",
        )
    return array


_NUMBERS = frozenset((int, float, bool))


def as_nodes(values: tuple[Any, ...]) -> tuple[Node, ...]:
    """Turn arrays and numbers into constants; a Python number takes the dtype numpy would give it.

    numpy's promotion treats a Python number as weak: float32 times 2.0 stays float32.
    """
    nodes = [v if isinstance(v, Node) or type(v) in _NUMBERS else Constant(_array(v)) for v in values]
    strong = [v.dtype for v in nodes if isinstance(v, Node)]
    if len(strong) < len(nodes):
        nodes = [v if isinstance(v, Node) else Constant(_weak(v, strong)) for v in nodes]
    return tuple(nodes)


def _weak(number: float, others: list[np.dtype]) -> np.ndarray:
    if not others:
        return np.asarray(number)
    if type(number) is bool:
        return np.asarray(number)
    return np.asarray(number, dtype=np.result_type(*others, number))
