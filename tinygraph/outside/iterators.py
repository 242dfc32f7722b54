"""How far an iterator of C, or a generator, has come: what a function takes of one moves it, and no name tells so."""

from __future__ import annotations

import gc
import warnings
from itertools import combinations, combinations_with_replacement, count, cycle, permutations, product
from operator import length_hint
from types import FrameType, GeneratorType
from typing import Any

import numpy as np

from ..core.kept_state import NUMBERS

POSITION, COUNT = "the position of {0}", "what {0} counts"
"""Of a count, which is new each time, traces tell whether numbers depend on it; what else a trace takes is refused."""

_MODULES = frozenset(("builtins", "itertools", "numpy", "array", "_collections", "collections"))
_OF_SEQUENCES = (reversed, type(iter(np.ones(1))))  # their hint asks a sequence of the user's for its length
_OF_CHOICES = (product, permutations, combinations, combinations_with_replacement)


def is_iterator(cls: type) -> bool:
    """Whether it is an iterator whose position `position` can read without a call of the user's code."""
    return hasattr(cls, "__next__") and cls.__module__ in _MODULES


def position(x: Any, depth: int = 8) -> int:
    """A digest of what is another after each value that was taken of an iterator, or of one in it."""
    inner: list[Any] = [_index(x, type(x))]
    for part in _parts(x):
        if is_iterator(type(part)):
            inner.append(position(part, depth - 1) if depth else 0)
        elif not isinstance(part, FrameType):
            inner.append((type(part), repr(part)) if type(part) in NUMBERS else id(part))
    return hash(tuple(inner))


def _index(x: Any, cls: type) -> Any:
    if cls is GeneratorType:
        return None if x.gi_frame is None else x.gi_frame.f_lasti
    if cls is count:
        return repr(x)
    if cls in (np.flatiter, np.broadcast, np.nditer):
        return x.iterindex if cls is np.nditer else x.index
    if hasattr(cls, "__length_hint__") and cls not in _OF_SEQUENCES:
        return length_hint(x, -1)  # -1: it goes on for ever
    known = "__reduce__" in vars(cls) and (cls.__module__ != "itertools" or cls in _OF_CHOICES)
    return _reduced(x)[2:] if known else None


def _reduced(x: Any) -> Any:
    with warnings.catch_warnings(action="ignore"):  # Python 3.12 and 3.13 warn of those of itertools
        return x.__reduce__()


def _parts(x: Any) -> list[Any]:
    """What it holds, and what is in a tuple of it, which may be filled again."""
    if type(x) is cycle and "__reduce__" in vars(cycle):  # in its second round it counts what it repeats
        return [_reduced(x)[1][0]]
    parts = gc.get_referents(x)
    return parts + [item for part in parts if type(part) is tuple for item in part]
