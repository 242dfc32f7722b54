"""scipy.special on nodes, known by the names of its ufuncs: scipy itself is never imported."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.checks import unmasked
from ..core.errors import GraphError, line_at
from ..core.node import Node
from ..core.traced import Traced
from . import choice, error_function, exponential
from .numpy_functions import cast_for


def xlogy(x: Node, y: Node) -> Node:
    """x ln(y), and 0 where x is 0"""
    return x * exponential.log(choice.where(choice.equal(x, 0), 1, y))


UFUNCS: dict[str, Callable[..., Node]] = {
    "expit": exponential.sigmoid,
    "log_expit": lambda x: -exponential.softplus(-x),
    "logit": lambda x: exponential.log(x) - exponential.log1p(-x),
    "exp2": exponential.exp2,
    "expm1": exponential.expm1,
    "log1p": exponential.log1p,
    "erf": error_function.erf,
    "erfc": error_function.erfc,
    "ndtr": lambda x: error_function.erfc(x * -math.sqrt(0.5)) * 0.5,
    "xlogy": xlogy,
}
"""Ufuncs of `scipy.special`."""

WRITTEN_HERE = {"softmax", "log_softmax", "logsumexp"}
"""Functions of scipy's that are ops here; they ask for arrays, and numpy gives a node no way to answer."""


def of_scipy(ufunc: Any) -> Callable[..., Node] | None:
    """What computes ``ufunc`` of nodes, in the dtypes that scipy would take; None if it is none of `UFUNCS`."""
    op = UFUNCS.get(ufunc.__name__)
    if op is None:
        return None

    return lambda *inputs: op(*cast_for(ufunc, inputs))


def refuse_scipy(x: Node) -> None:
    """Raises if a function of scipy's, or an operator of a masked array, asks for ``x`` as an array.

    An array of nodes ends in errors of their own there.
    """
    frame, name = sys._getframe(1), ""
    for package in (__name__.partition(".")[0], "numpy", "scipy"):
        while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
            name = frame.f_code.co_name if package == "scipy" else ""
            if frame.f_globals["__name__"] == "numpy.ma.core" and frame.f_code.co_name == "getdata":
                unmasked(np.ma.masked)
            frame = frame.f_back
    # softmax does arithmetic alone, which is right on an array of nodes, if slow.
    if name and (name != "softmax" or isinstance(x, Traced)):
        fix = f"tg.{name}(x, axis=-1)" if name in WRITTEN_HERE else "numpy's functions, tg's ops, or your own tg.Op"
        problem = f"scipy's {name} takes plain numbers, and {x.label()} would lose its gradient"
        raise GraphError(problem, got=line_at(frame.f_code.co_filename, frame.f_lineno), fix=fix)
