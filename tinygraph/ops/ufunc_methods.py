"""Methods of numpy's ufuncs on nodes: np.add.reduce, np.maximum.accumulate, np.multiply.outer and the like."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.node import Node
from . import reduction, running, shape, slicing, statistics
from .differences import extremes
from .lookup import take
from .numpy_functions import as_node
from .questions import FUNCTIONS

Method = Callable[..., Node]

METHODS: dict[tuple[Any, str], Method] = {
    (np.add, "reduce"): statistics.sum,
    (np.multiply, "reduce"): statistics.prod,
    (np.maximum, "reduce"): statistics.max,
    (np.minimum, "reduce"): statistics.min,
    (np.logaddexp, "reduce"): reduction.logsumexp,
    (np.add, "accumulate"): statistics.accumulating("add.accumulate", running.cumsum),
    (np.multiply, "accumulate"): statistics.accumulating("multiply.accumulate", running.cumprod),
    (np.maximum, "accumulate"): extremes(smallest=False),
    (np.minimum, "accumulate"): extremes(smallest=True),
    (np.logical_and, "reduce"): FUNCTIONS[np.all],
    (np.logical_or, "reduce"): FUNCTIONS[np.any],
}
"""Maps a ufunc and its method to numpy's function of the same meaning."""

_WITH_DTYPE = {np.add, np.multiply}


def find(ufunc: Any, method: str, op: Any, settings: dict[str, Any]) -> Method | None:
    """What does ``ufunc.method(..., **settings)``, where ``op`` does ``ufunc(...)``; None if nothing does.

    numpy itself refuses these methods of ufuncs with one input.
    """
    if method == "outer" and op and not settings:
        return partial(_outer, op)
    function = METHODS.get((ufunc, method))
    settings.pop("array", None)  # the array by its name, which is among the inputs
    if function is None and method in ("accumulate", "reduce") and op and not {*settings} - {"axis"}:
        return partial(_folded, op, method == "accumulate", **settings)
    if function is None:
        return None
    settings = {"axis": 0} | {name: x for name, x in settings.items() if x is not None or name == "axis"}
    if "dtype" in settings and ufunc not in _WITH_DTYPE:
        fix = "x.astype(dtype)"
        raise GraphError(f"np.{ufunc.__name__}.{method}: dtype is not supported on nodes", got=users_line(), fix=fix)
    return partial(function, **settings)


def _folded(op: Any, all_of_them: bool, array: Any, axis: Any = 0) -> Node:
    first, *others = slicing.split(as_node(array), as_node(array).shape[axis], axis)
    results = [first, *accumulate(others, op, initial=first)][1:]
    return slicing.concatenate(results, axis=axis) if all_of_them else take(results[-1], 0, axis=axis)


def _outer(op: Any, a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    return op(shape.reshape(a, a.shape + (1,) * b.ndim), b)
