"""A call: which method the user's line calls while numpy, in C, asks a node for its array; where its out is."""

from __future__ import annotations

import dis
import sys
from functools import cache, lru_cache
from inspect import Parameter, signature
from types import CodeType
from typing import Any

from ..core.errors import GraphError

CHANCES = frozenset(("choice", "multinomial", "binomial", "poisson", "geometric", "negative_binomial", "_isfinite"))
"""Draws of whole numbers read chances, and do not change when these change a little; the last is random.choices'."""

_LOADS = ("LOAD_METHOD", "LOAD_ATTR", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST", "LOAD_DEREF")


def method_called(depth: int) -> str:
    """The name of what the frame ``depth`` above is calling; the empty text where it cannot be told."""
    frame = sys._getframe(depth)
    return _called(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=512)
def _called(code: CodeType, at: int) -> str:
    before = [(i, p) for i in dis.get_instructions(code) if i.offset <= at and (p := i.positions) is not None]
    call = before[-1][1]
    names = [(p[1::2], i.argval) for i, p in before if i.opname in _LOADS and p[::2] == call[::2]]
    return str(max(names)[1]) if names else ""


def is_checked() -> bool:
    """Whether an assertion of `numpy.testing` asks."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("numpy", _OWN):
        if frame.f_globals.get("__name__", "").startswith("numpy.testing"):
            return True
        frame = frame.f_back
    return False


def refuse_numpys_mean(words: str) -> None:
    """Raises where numpy's own ``x.mean(out=node)`` or ``x.var`` calls a ufunc: it would take the node for a number."""
    frame = sys._getframe(2)
    if frame.f_globals.get("__name__") == "numpy._core._methods" and frame.f_code.co_name in ("_mean", "_var"):
        problem = "x.mean, x.var or x.std of a plain array with out= of an array that may hold nodes"
        raise GraphError(problem, got=words, fix="a[...] = x.mean(axis=0)")


_OWN = __name__.partition(".")[0]


@cache
def place_of_out(function: Any) -> int:
    """Which of its arguments is ``out``; beyond all of them if none is."""
    try:
        parameters = signature(function).parameters
    except ValueError:  # numpy does not tell
        return MOST_ARGUMENTS
    named = "out" in parameters and parameters["out"].kind is Parameter.POSITIONAL_OR_KEYWORD
    return [*parameters].index("out") if named else MOST_ARGUMENTS


MOST_ARGUMENTS = 99


def named(function: Any, place: int, args: Any, kwargs: Any) -> dict[str, Any]:
    """The settings, and by their names the arguments from ``place`` on."""
    names = [*signature(function).parameters][place:]
    return {**dict(zip(names, args[place:], strict=False)), **kwargs}
