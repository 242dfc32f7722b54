"""Arrays that a graph keeps: what somebody may still write to is copied when it enters."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from types import FunctionType
from typing import Any

from numpy import ndarray

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
            if word == "backward":
                op.needs = frozenset(method.__code__.co_names)  # type: ignore[attr-defined]
            setattr(op, word, _guarded(method))


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(self: Any, *inputs: Any, **settings: Any) -> Any:
        result = method(self, *(read_only(x.view()) if type(x) is ndarray else x for x in inputs), **settings)
        if isinstance(result, (list, tuple)):
            return [_kept(part) for part in result]
        return _kept(result)

    return call


KEPT_BYTES = 1 << 20
"""Larger arrays on an op of the user's are not copied at each call."""


def as_used(op: Any) -> Any:
    """An op of the user's as it is now, for the gradient: what it keeps on ``self``, such as a mask, may change later.

    Equal calls share one copy of the op.
    """
    state = {key: value for key, value in vars(op).items() if key != USED}
    last = vars(op).get(USED)
    before = {} if last is None else vars(last)
    kept = {key: _as_now(value, before.get(key)) for key, value in state.items()}
    if state and (kept.keys() != before.keys() or any(kept[key] is not before[key] for key in kept)):
        last = object.__new__(type(op))
        vars(last).update(kept)
        vars(op)[USED] = last
    return last if state else op


USED = "_tinygraph_used"


def _as_now(value: Any, before: Any) -> Any:
    if type(value) is not ndarray or value.nbytes > KEPT_BYTES or value.dtype.hasobject:
        return value
    same = type(before) is ndarray and before.shape == value.shape and before.dtype == value.dtype
    return before if same and before.tobytes() == value.tobytes() else value.copy()


def _kept(result: Any) -> Any:
    return frozen(result) if type(result) is ndarray else result
