"""Checks of arguments at the door, one for each kind: flags, numbers, names, functions."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Collection
from numbers import Real
from operator import index
from typing import Any

import numpy as np

from .errors import UNFIT, GraphError, shown


def flag(owner: str, name: str, value: Any) -> bool:
    """True or False, also as 1 or 0 or numpy's."""
    if not isinstance(value, (bool, np.bool_, int)) or value not in (0, 1):
        raise GraphError(f"{owner}: {name} is yes or no", expected="True or False", got=shown(value))
    return bool(value)


def positive(owner: str, name: str, number: Any, most: float = sys.float_info.max) -> float:
    """A number above 0; finite unless ``most`` is infinity."""
    number = number[()] if isinstance(number, np.ndarray) and not number.ndim else number
    if isinstance(number, bool) or not isinstance(number, Real) or not 0 < float(number) <= most:
        expected = "a number above 0" if most == math.inf else "a finite number above 0"
        raise GraphError(f"{owner}: {name} is not positive", expected=expected, got=shown(number))
    return float(number)


def unmasked(value: Any) -> Any:
    """The value, which is no masked array, whose mask would be ignored, and no matrix, whose ``*`` is a product."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], np.ndarray):  # numpy would join them
        value = next((x for x in value if isinstance(x, np.ma.MaskedArray)), value)
    if isinstance(value, np.matrix):
        raise GraphError("an np.matrix has no place in a graph, where * is not its product", fix="np.asarray(m), and @")
    if isinstance(value, np.ma.MaskedArray):
        fix = "pass array.filled(0) for the data, and array.mask to tg.where"
        raise GraphError("a masked array has no place in a graph, which would ignore its mask", fix=fix)
    return value


def as_array(value: Any) -> np.ndarray:
    """The value as an array; what is masked is refused, and what numpy cannot convert, as a tensor with a gradient."""
    try:
        return np.asarray(unmasked(value))
    except GraphError:
        raise
    except Exception as error:  # whatever an object's own __array__ raises
        text = str(error)
        told = re.search(r"[Tt]ensor(\.\w+\(\))", text)  # PyTorch says what to call, but for a dtype
        fix = f"x{told[1]}" if told else "x.float()" if "ScalarType" in text else "pass rows of equal length"
        if "meta device" in text:
            fix = "pass a tensor that holds numbers"
        raise GraphError(f"a leaf needs an array: {text}", fix=fix) from None


def integer(owner: str, name: str, number: Any, least: int = 0) -> int:
    """An integer of at least ``least``."""
    try:
        if not isinstance(number, bool) and index(number) >= least:
            return index(number)
    except TypeError:
        pass  # the error below says it
    raise GraphError(f"{owner}: {name} is a whole number", expected=f"an integer from {least}", got=shown(number))


def real(owner: str, dtype: Any) -> np.dtype:
    """A dtype of real numbers or booleans; others have no gradient, and objects no place in a plan's memory."""
    try:
        kind: np.dtype = np.dtype(dtype)
    except UNFIT as error:
        raise GraphError(f"{owner}: {error}", got=shown(dtype)) from None
    if kind.kind not in "fiub":
        fix = "x.value.astype(dtype)  # an array, which carries no gradient"
        raise GraphError(f"{owner}: nodes hold real numbers or booleans", got=f"dtype {kind}", fix=fix)
    return kind


def one_of(problem: str, value: Any, names: Collection[str]) -> str:
    """One of some names."""
    if not isinstance(value, str) or value not in names:
        raise GraphError(problem, expected=" or ".join(map(repr, names)), got=shown(value))
    return value


def text(owner: str, name: str, value: Any) -> str:
    """A text."""
    if not isinstance(value, str):
        raise GraphError(f"{owner}: {name} is a text", got=shown(value))
    return value


def function(owner: str, value: Any, kind: str = "a function") -> Any:
    """Something that can be called."""
    if not callable(value):
        raise GraphError(f"{owner} needs {kind}", got=shown(value))
    return value
