"""Arrays that a graph keeps: what somebody may still write to is copied when it enters."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from types import FunctionType
from typing import Any

from numpy import ndarray

from .kept_state import for_backward

MUTABLE = frozenset((list, dict, set, bytearray, ndarray))
"""Types of settings that their owner may change later."""


def frozen(array: ndarray) -> ndarray:
    """The array itself if nobody can write to its memory, else a copy.

    A gradient is computed later than the values, and reads the arrays of the graph again. They must be those that the
    values were computed from, although their owner may have written to them since; a mapped file may be written by
    another mapping of it.
    """
    memory: Any = array
    while isinstance(memory, ndarray):
        if memory.flags.writeable:
            return array.copy("K")
        memory = memory.base
    return array if memory is None or isinstance(memory, bytes) else array.copy("K")


def read_only(array: ndarray) -> ndarray:
    """The array, which nobody can write to any more through this object."""
    array.setflags(write=False)
    return array


def frozen_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of an op with lists, arrays and the like among them copied."""
    return {name: _copied(value) for name, value in settings.items()}


def _copied(value: Any, depth: int = 8) -> Any:
    if isinstance(value, ndarray):
        return read_only(frozen(value))
    if type(value) in (list, tuple) and depth:  # a list may hold itself
        return type(value)([_copied(part, depth - 1) for part in value])
    return deepcopy(value) if type(value) in (dict, set, bytearray) else value


def guard(op: type) -> None:
    """Makes `forward` and `backward` of an op that is not this library's safe for the graph's arrays.

    They get views that they cannot write to, and what they return is copied, because it may be a buffer of theirs.
    """
    op.keeps_state = True  # type: ignore[attr-defined]
    for word in ("forward", "backward"):
        method = vars(op).get(word)
        if isinstance(method, FunctionType):
            setattr(op, word, _guarded(method, for_backward if word == "backward" else None))


def _guarded(method: Callable[..., Any], own: Callable[..., Any] | None) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *inputs: Any, **settings: Any) -> Any:
        if own is not None:
            self = own(self)
        result = method(self, *(read_only(x.view()) if type(x) is ndarray else x for x in inputs), **settings)
        if isinstance(result, (list, tuple)):
            return [_kept(part) for part in result]
        return _kept(result)

    return call


def _kept(result: Any) -> Any:
    return frozen(result) if type(result) is ndarray else result
