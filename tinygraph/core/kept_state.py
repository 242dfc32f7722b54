"""What an op of the user's keeps on ``self`` from `forward` to `backward`: each call has its own."""

from __future__ import annotations

import dis
from collections import deque
from collections.abc import Iterator, Set
from copy import copy
from types import CodeType
from typing import Any

from numpy import ndarray

from .errors import GraphError
from .structure import list_like

KEPT_BYTES = 1 << 20
"""Larger arrays are not copied at each call; a gradient is refused after such a one was written to."""

PLAIN = (ndarray, int, float, bool, str, type(None))

SAMPLE = 1024
"""So many elements of these are compared."""

OURS = USED, LARGE = "_tinygraph_used", "_tinygraph_large"


def names_of(op: type, word: str, *, stored: bool = False) -> frozenset[str]:
    """The names in a method's code, or those set there, and in the other methods of the user's that it names."""
    names, kept, left = {word}, set[str](), [word]
    for name in left:
        for parts in map(vars, op.__mro__[:-2]):  # the last are `Op` and object
            method = getattr(parts.get(name), "fget", None) or getattr(parts.get(name), "__func__", parts.get(name))
            for step, text in _steps(getattr(getattr(method, "__wrapped__", method), "__code__", None)):
                left += [text] if text not in names else []
                names.add(text)
                kept |= {text} if not stored or step == "STORE_ATTR" else set()
    return frozenset(kept)


def _steps(code: CodeType | None) -> Iterator[tuple[str, str]]:
    for step in () if code is None else dis.get_instructions(code):
        if isinstance(step.argval, CodeType):
            yield from _steps(step.argval)
        elif type(step.argval) is str:
            yield step.opname, step.argval


def as_used(op: Any) -> Any:
    """An op of the user's as it is now, for the gradient: what it keeps on ``self``, such as a mask, may change later.

    Equal calls share one copy of the op.
    """
    state = {key: value for key, value in vars(op).items() if key not in OURS}
    if not state:
        return op
    last = vars(op).get(USED)
    before = {} if last is None else vars(last)
    kept = {key: _as_now(op, key, value, before.get(key)) for key, value in state.items()}
    read = [value for key, value in kept.items() if _is_large(value) or key in op.carried]
    if large := [(x, _digest(x)) for value in read for x in _parts(value, op.stored) if _is_large(x)]:
        kept[LARGE] = large
    if kept.keys() != before.keys() or any(kept[key] is not before[key] for key in kept):
        vars(op)[USED] = last = _twin(op, kept)
    return last


def _as_now(op: Any, key: str, value: Any, before: Any) -> Any:
    if type(value) is ndarray:
        same = type(before) is ndarray and before.shape == value.shape and before.dtype == value.dtype
        return before if same and not _is_large(value) and before.tobytes() == value.tobytes() else _own(value)
    return _own(value, op.stored) if key in op.carried else value


def for_backward(op: Any) -> Any:
    """What `backward` has as ``self``: with lists and the like of its own, from which it may take what it reads.

    Raises:
        GraphError: a large array, which was not copied, was written to since the call.
    """
    state = vars(op)
    if any(_digest(x) != before for x, before in state.get(LARGE, ())):
        problem = f"{op.name}: an array on self of more than {KEPT_BYTES >> 20} MiB was written to after the call"
        raise GraphError(problem, fix="make a new one in forward, self.mask = x > 0, instead of filling the old one")
    names = [key for key in op.carried & state.keys() if type(state[key]) not in PLAIN]
    own = {key: x for key in names if (x := _own(state[key], op.stored)) is not state[key]}
    return _twin(op, state | own) if own else op


def _twin(op: Any, state: dict[str, Any]) -> Any:
    twin = object.__new__(type(op))
    vars(twin).update(state)
    return twin


def describe(op: type) -> None:
    """Notes what the methods of an op of the user's name."""
    op.keeps_state, op.needs = True, names_of(op, "backward")  # type: ignore[attr-defined]
    op.carried = op.needs & names_of(op, "forward")  # type: ignore[attr-defined]
    op.stored = names_of(op, "forward", stored=True)  # type: ignore[attr-defined]


def contents(op: Any) -> dict[str, list[tuple[Any, Any]]]:
    """What `backward` may read: the parts of each attribute, with digests of arrays."""
    names = op.needs & vars(op).keys()
    return {name: [(x, _digest(x)) for x in _parts(vars(op)[name], op.stored)] for name in sorted(names)}


def alike(parts: Any, others: Any) -> bool:
    """Whether two `contents` of an attribute are the same objects with the same content."""
    pairs = zip(parts, others, strict=False)
    return len(parts) == len(others) and all(x is y and own == other for (x, own), (y, other) in pairs)


def _is_large(x: Any) -> bool:
    return type(x) is ndarray and x.nbytes > KEPT_BYTES


def _digest(x: Any) -> Any:
    if type(x) is not ndarray or x.dtype.hasobject:
        return None
    return (x.flat[:: max(1, x.size // SAMPLE)] if _is_large(x) else x).tobytes()


def _parts(value: Any, stored: Set[str], depth: int = 8) -> Iterator[Any]:
    """A value and all that it holds in lists, dicts and the like, and in objects whose attributes `forward` sets."""
    yield value
    for part in _inside(value, stored).values() if depth else ():
        yield from _parts(part, stored, depth - 1)


def _inside(value: Any, stored: Set[str]) -> dict[Any, Any]:
    if isinstance(value, (list, tuple, deque)):
        return dict(enumerate(value))
    if isinstance(value, dict):
        return value
    own = getattr(value, "__dict__", None)
    return own if type(own) is dict and not stored.isdisjoint(own) else {}


def _own(value: Any, stored: Set[str] = frozenset(), depth: int = 8) -> Any:
    """A copy, with copies of its parts; arrays that are large, and objects that `forward` does not set, stay."""
    if type(value) is ndarray:
        return value if _is_large(value) or value.dtype.hasobject else value.copy()
    inside = _inside(value, stored)
    if not depth or type(value) in PLAIN or not (inside or isinstance(value, (list, dict, set, deque))):
        return value
    parts = {key: _own(part, stored, depth - 1) for key, part in inside.items()}
    if isinstance(value, tuple):
        return list_like(value, [*parts.values()])
    new = copy(value)
    holder = vars(new) if inside is getattr(value, "__dict__", None) else new
    for key, part in parts.items():
        holder[key] = part
    return new
