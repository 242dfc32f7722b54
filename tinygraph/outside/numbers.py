"""Floats: a float among the arguments of a traced function, which is new at each call as long as it is computed with.

While the function is traced a `Number` stands for the float. Python's arithmetic with it is written down and done again
at each call, by Python, so that the results are those of floats; together with a node it becomes a leaf of the graph.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.errors import GraphError, users_line
from ..core.leaves import WEAK, as_nodes
from ..core.node import Node
from ..core.op import Spec
from ..core.traced import Live


class NeededError(GraphError):
    """The function needs the values of floats, whose ``indices`` these are: it is traced again for these values."""

    def __init__(self, indices: set[int] | frozenset[int]) -> None:
        super().__init__("compile: the values of numbers are needed while a function is traced", got=users_line())
        self.indices = indices


class Floats:
    """The floats among the arguments of one traced function.

    Attributes:
        values: those of the latest call.
        names: how the user calls them.
        needed: the indices of those whose value the function asked for.
        open: whether the function is being traced.
    """

    def __init__(self, values: Sequence[float], names: Sequence[str]) -> None:
        self.values, self.names = values, names
        self.needed: set[int] = set()
        self.open = True

    def number(self, k: int) -> Number:
        return Number(self, frozenset((k,)), (k,), lambda: self.values[k])


class Scalar(Live):
    """A leaf that holds a `Number` of the call."""

    __slots__ = ("number",)
    kind = "number"

    @property
    def written(self) -> Any:
        return self.number.written

    def __init__(self, number: Number, dtype: np.dtype) -> None:
        super().__init__(Spec((), dtype), number.name)
        self.number = number

    def read(self) -> ndarray:
        return np.asarray(self.number.value(), self.dtype)

    __hash__ = Node.__hash__


class Number:
    """A float that is not known yet, or what Python's arithmetic makes of such floats; ``isinstance(n, float)`` holds.

    Attributes:
        numbers, roots: the arguments that it is made of, by their indices.
        written: the arithmetic as nested tuples, to be compared.
        compute: returns its value in the latest call.
    """

    __slots__ = ("_leaves", "compute", "numbers", "roots", "written")

    def __init__(self, numbers: Floats, roots: frozenset[int], written: Any, compute: Callable[[], Any]) -> None:
        self.numbers, self.roots, self.written, self.compute = numbers, roots, written, compute
        self._leaves: dict[np.dtype, Scalar] = {}

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return float

    @property
    def name(self) -> str | None:
        return self.numbers.names[min(self.roots)] if len(self.roots) == 1 else None

    def value(self) -> float:
        """Its value in the latest call."""
        value = self.compute()
        if type(value) is not float:
            names = " and ".join(self.numbers.names[k] for k in sorted(self.roots))
            raise GraphError(f"compile: what is computed of {names} is no float any more", got=repr(value))
        return value

    def ask(self) -> float:
        """Its value, or a `NeededError` while the function is being traced."""
        if self.numbers.open:
            self.numbers.needed |= self.roots
            raise NeededError(self.roots)
        return self.value()

    def leaf(self, dtype: Any) -> Scalar:
        """The leaf of the graph that holds it in this dtype."""
        dtype = np.dtype(dtype)
        if dtype not in self._leaves:
            self._leaves[dtype] = Scalar(self, dtype)
        return self._leaves[dtype]

    def __array__(self, dtype: Any = None, copy: Any = None) -> ndarray:
        return np.asarray(self.ask(), dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        if not self.numbers.open:
            return getattr(ufunc, method)(*map(_plain, inputs), **settings)
        if all(type(x) in WEAK for x in inputs):  # numpy makes a float64 of a float, which is weak no more
            inputs = tuple([x.leaf(np.float64) if type(x) is Number else x for x in inputs])
        inputs = as_nodes(inputs)
        return inputs[0].__array_ufunc__(ufunc, method, *inputs, **settings)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        if not hasattr(float, name):
            raise AttributeError(f"'float' object has no attribute '{name}'")
        return getattr(self.ask(), name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.ask().__reduce_ex__(protocol)

    def __copy__(self) -> Number:
        return self

    def __deepcopy__(self, memo: Any) -> Number:
        return self


def _plain(x: Any) -> Any:
    return x.value() if type(x) is Number else x


def _arithmetic(sign: Callable[..., Any]) -> Callable[..., Any]:
    """A Python operator that is written down, and done at each call."""

    def compute(*operands: Any) -> Any:
        number = next(x for x in operands if type(x) is Number)
        if not number.numbers.open:
            return sign(*map(_plain, operands))
        if any(isinstance(x, (ndarray, np.generic)) for x in operands):
            return sign(*as_nodes(operands))
        if any(type(x) not in WEAK for x in operands):
            return NotImplemented
        parts = [x for x in operands if type(x) is Number]
        roots = frozenset().union(*(x.roots for x in parts))
        written = (sign.__name__, *(x.written if type(x) is Number else repr(x) for x in operands))
        new = Number(
            number.numbers, roots, written, lambda: sign(*[x.compute() if type(x) is Number else x for x in operands])
        )
        return new if type(new.compute()) is float else new.ask()

    return compute


def _asking(function: Callable[..., Any]) -> Callable[..., Any]:
    """A use of the value itself; with a node or an array it is theirs."""

    def ask(self: Number, *others: Any) -> Any:
        if any(isinstance(x, Node) for x in others):
            return NotImplemented
        return function(self.ask(), *map(_plain, others))

    return ask


def _install() -> None:
    for word in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        sign = _arithmetic(getattr(operator, word))
        setattr(Number, f"__{word}__", sign)
        setattr(Number, f"__r{word}__", lambda self, other, sign=sign: sign(other, self))
    for word in ("neg", "pos", "abs"):
        setattr(Number, f"__{word}__", _arithmetic(getattr(operator, word)))
    for word in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Number, f"__{word}__", _asking(getattr(operator, word)))
    for word in ("bool", "float", "int", "hash", "str", "repr", "format", "round", "trunc", "floor", "ceil", "divmod"):
        name = f"__{word}__"
        plain = getattr(float, name)
        setattr(Number, name, _asking(plain))


_install()
WEAK[Number] = lambda number, others: number.leaf(np.result_type(*others, 1.0) if others else np.float64)
