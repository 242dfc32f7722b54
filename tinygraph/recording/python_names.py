"""Python's own functions of one number, for files that are recorded: math.exp, float and the like take nodes there."""

from __future__ import annotations

import functools
import math
from builtins import float as _float
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import GraphError, users_line
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import now, refused
from ..ops import numpy_functions
from .record import is_number

RUNNING: dict[int, set[object]] = {}
"""The calls that are being recorded, by the names of the files that take part."""


def takes_part(names: dict[str, Any]) -> bool:
    """Whether the file with these names is being recorded."""
    return id(names) in RUNNING


_ALIKE = (
    *("exp", "exp2", "expm1", "log2", "log10", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("fabs", "hypot", "copysign", "fmod", "degrees", "radians"),
)
_AS_NUMPY = {
    **{name: name for name in _ALIKE},
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    "pow": "power",
}
"""Maps functions of `math` to those of numpy that mean the same of one number."""


def _of_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """math.floor, math.isnan and the like: whole numbers and answers, which carry no gradient."""
    return lambda *xs, **settings: function(*[_read(x) if isinstance(x, Node) else x for x in xs], **settings)


_ASKING = (math.floor, math.ceil, math.trunc, math.isnan, math.isinf, math.isfinite, math.isclose)
OPS: dict[Callable[..., Any], Callable[..., Any]] = {
    **{getattr(math, here): getattr(np, there) for here, there in _AS_NUMPY.items()},
    math.log: lambda x, base=math.e: np.log(x) if base is math.e else np.log(x) / np.log(base),
    math.erf: ops.erf,
    math.erfc: ops.erfc,
    math.fsum: sum,
    math.prod: lambda numbers, start=1: functools.reduce(lambda a, b: a * b, numbers, start),
    math.dist: lambda p, q: np.sqrt(sum((a - b) ** 2 for a, b in zip(p, q, strict=True))),
    **{function: _of_values(function) for function in _ASKING},
}
"""What each of them does with nodes."""


def _read(x: Any) -> _float:
    """The value of one number, as Python's own functions get it."""
    if now.tracing and not isinstance(x, Constant):
        problem = f"the value of {x.label()} is asked for, which there is none of while the function is compiled"
        raise refused(
            GraphError(problem, got=users_line(), fix="np.floor(x), np.ceil(x), np.isnan(x), which are nodes")
        )
    return _float(x.value.reshape(()))


def number(x: Node) -> Node:
    """A node of one element as a number: without axes, and float64, as Python's numbers are."""
    if x.size != 1:
        problem, fix = f"{x.label()} is not one number", "one element of it, or a function of numpy's"
        raise GraphError(problem, expected="one element", got=f"{x.shape}; {users_line()}", fix=fix)
    z = x if is_number(x) else x[(0,) * x.ndim]  # of what may be written the number that is there now
    return z if z.dtype == np.float64 else ops.astype(z, np.float64)


def _taking_nodes(function: Callable[..., Any]) -> Callable[..., Any]:
    op, of_many = OPS[function], function in (math.fsum, math.prod, math.dist)

    @functools.wraps(function)
    def call(*args: Any, **settings: Any) -> Any:
        lists = [x if isinstance(x, Node) else [*x] for x in args] if of_many else args
        parts = [numpy_functions.joined(x) for x in lists] if of_many else args
        if not any(isinstance(x, Node) for x in parts):
            return function(*lists, **settings)
        if of_many:
            return op(*lists, **settings)
        numbers = [number(x) if isinstance(x, Node) else x for x in args]
        if not now.tracing:  # what math refuses, as the logarithm of 0, it refuses here, too
            function(*[_read(x) if isinstance(x, Node) else x for x in numbers], **settings)
        return op(*numbers, **settings)

    return call


MATH = {function: _taking_nodes(function) for function in OPS}
"""Maps functions of `math` to ours."""


class _Float(type):
    """``float(node)`` is the node, so that its gradient stays; ``isinstance(x, float)`` is true of it."""

    def __call__(cls, *args: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], Node) and type(args[0]) is not Constant:
            return number(args[0])
        return _float(*args)

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, _float) or (isinstance(x, Node) and not x.ndim and x.dtype == np.float64)

    def __eq__(cls, other: object) -> bool:
        return other is _float or other is cls

    def __hash__(cls) -> int:
        return hash(_float)


class float(_float, metaclass=_Float):  # noqa: N801  Python's name
    """Python's float, which keeps the gradient of a node."""

    dtype = np.dtype(np.float64)  # numpy takes it for this dtype
