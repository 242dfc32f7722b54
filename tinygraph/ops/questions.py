"""Questions about values (np.any, np.isnan, np.argsort, ...), which plain numpy answers; and masks: ``& | ^ ~``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import now, refused
from ..core.structure import leaves, map_leaves
from . import arithmetic, choice, reduction, shape
from .numpy_functions import as_node, expand_dims, joined

Answer = Callable[..., Any]


def question(function: Any, traced: Answer | None = None) -> Answer:
    """numpy's ``function`` of the values; while a function is traced there are none, and ``traced`` makes nodes."""

    def answer(*args: Any, **settings: Any) -> Any:
        if now.tracing and (unread := _unread([args, settings])) is not None:
            if traced is None:
                raise _no_answer(function, unread)
            return traced(*args, **settings)
        return function(*map_leaves(_value, args), **map_leaves(_value, settings))

    return answer


def _unread(structure: Any) -> Node | None:
    """A node whose value is another one in each call of the function that is traced."""
    for x in leaves(structure):
        parts = x.flat if isinstance(x, np.ndarray) and x.dtype.hasobject else (x,)
        for part in parts:
            if isinstance(part, Node) and not isinstance(part, Constant):
                return part
    return None


def _value(x: Any) -> Any:
    x = joined(x) if isinstance(x, np.ndarray) else x
    return x.value if isinstance(x, Node) else x


def _no_answer(function: Any, node: Node) -> GraphError:
    place = "np.linalg" if getattr(function, "__module__", "") == "numpy.linalg" else "np"
    problem = f"{place}.{function.__name__} of {node.label()} asks for values"
    fix = (
        "tg.where(condition, a, b) chooses by values, Python may decide by shapes; else return the node and ask outside"
    )
    return refused(
        GraphError(f"{problem}, which there are none of while the function is compiled", got=users_line(), fix=fix)
    )


def _weighed(function: Any) -> Answer:
    """A count with weights, which would lose their gradient."""
    asked = question(function)

    def answer(*args: Any, weights: Any = None, **settings: Any) -> Any:
        if isinstance(weights, Node):
            fix = "weights @ tg.one_hot(labels, depth), or weights=w.value for the numbers"
            problem = f"np.{function.__name__}: the weights would lose their gradient"
            raise GraphError(problem, got=users_line(), fix=fix)
        return asked(*args, weights=weights, **settings)

    return answer


def _argmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Node:
    a = as_node(a)
    z = reduction.argmax(a, axis=axis)
    if not keepdims:
        return z
    return shape.reshape(z, (1,) * a.ndim) if axis is None or not a.ndim else expand_dims(z, axis)


def _argmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Node:
    a = as_node(a)
    # The smallest of whole numbers has no negative, -128 in int8 for one; NaN is found by the first way alone.
    turned = -a if a.dtype.kind == "f" else choice.equal(a, reduction.smallest(a, axis=axis, keepdims=True))
    return _argmax(turned, axis, keepdims=keepdims)


def where(condition: Any, *branches: Any) -> Any:
    return choice.where(condition, *branches) if branches else nonzero(condition)


nonzero = question(np.nonzero)


def _mask(x: Any) -> Node:
    x = as_node(x)
    return x if x.dtype.kind == "b" else choice.not_equal(x, 0)


def _of_masks(sign: str, op: Answer) -> Answer:
    """The operator ``sign`` on booleans: a node, as a comparison is."""

    def combine(*masks: Any) -> Node:
        nodes = [as_node(m) for m in masks]
        if any(m.dtype.kind != "b" for m in nodes):
            label = next(m for m in masks if isinstance(m, Node)).label()
            got, fix = " and ".join(str(m.dtype) for m in nodes), "compare first: (x > 0) & (y > 0)"
            raise GraphError(f"{sign} of {label} is for masks of booleans", got=f"{got}; {users_line()}", fix=fix)
        return op(*nodes)

    return combine


def _of_numbers(op: Answer) -> Answer:
    return lambda *inputs: op(*map(_mask, inputs))


def _invert(mask: Node) -> Node:
    return choice.equal(mask, False)


MASKS = {
    "&": _of_masks("&", arithmetic.multiply),
    "|": _of_masks("|", choice.maximum),
    "^": _of_masks("^", choice.not_equal),
    "~": _of_masks("~", _invert),
}

UFUNCS: dict[Any, Answer] = {
    np.bitwise_and: MASKS["&"],
    np.bitwise_or: MASKS["|"],
    np.bitwise_xor: MASKS["^"],
    np.invert: MASKS["~"],
    np.logical_and: question(np.logical_and, _of_numbers(arithmetic.multiply)),
    np.logical_or: question(np.logical_or, _of_numbers(choice.maximum)),
    np.logical_xor: question(np.logical_xor, _of_numbers(choice.not_equal)),
    np.logical_not: question(np.logical_not, _of_numbers(_invert)),
    np.isnan: question(np.isnan, lambda x: choice.not_equal(x, x)),
    np.isinf: question(np.isinf, lambda x: choice.equal(choice.abs(x), np.inf)),
    np.isfinite: question(np.isfinite, lambda x: choice.less(choice.abs(x), np.inf)),
    np.signbit: question(np.signbit),
}
"""Ufuncs that ask about values, and those of masks."""

_ASKED = [
    *(np.all, np.any, np.allclose, np.isclose, np.array_equal, np.array_equiv, np.isin, np.count_nonzero),
    *(np.argsort, np.argpartition, np.lexsort, np.nanargmax, np.nanargmin, np.flatnonzero, np.argwhere),
    *(np.unique, np.searchsorted, np.digitize, np.isneginf, np.isposinf, np.array2string, np.array_repr, np.array_str),
    np.linalg.matrix_rank,
]

FUNCTIONS: dict[Any, Answer] = {
    **{function: question(function) for function in _ASKED},
    np.nonzero: nonzero,
    np.bincount: _weighed(np.bincount),
    np.histogram: _weighed(np.histogram),
    np.argmax: question(np.argmax, _argmax),
    np.argmin: question(np.argmin, _argmin),
    np.where: where,
    np.result_type: lambda *inputs: np.result_type(*[x.dtype if isinstance(x, Node) else x for x in inputs]),
    np.iscomplexobj: lambda x: False,
    np.isrealobj: lambda x: True,
}
"""Functions that ask about values; np.where of a condition alone is one, too."""
