"""What an op of the user's keeps on ``self`` from `forward` to `backward`: each call has its own."""

from __future__ import annotations

import dis
import sys
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Set
from copy import copy
from functools import lru_cache
from inspect import ismemberdescriptor
from types import CodeType
from typing import Any, NamedTuple

from numpy import ndarray

from .errors import GraphError
from .structure import list_like

KEPT_BYTES = 1 << 20
"""Larger arrays are not copied at each call; a gradient is refused after such a one was written to."""

SAMPLE = 1024
"""So many elements of these are compared."""

BUFFERS, COPIED, NUMBERS = (bytearray, array), (ndarray, list, dict, set, deque), (int, float, bool, str, type(None))
OURS = USED, WATCHED = "_tinygraph_used", "_tinygraph_watched"
NOT_THE_USERS = {*sys.stdlib_module_names, "numpy", "tinygraph"}


class KeptNames(NamedTuple):
    """Those in the code of an op's `backward`, of it and `forward`, of `forward`, and the attributes that this sets."""

    needs: Set[str]
    carried: Set[str]
    forward: Set[str]
    stored: Set[str]


@lru_cache(maxsize=256)
def _names(op: type) -> KeptNames:
    needs, forward = _names_from(op, ["backward"]), _names_from(op, ["forward"])
    return KeptNames(needs, needs & forward, forward, _names_from(op, ["forward"], stored=True))


def _names_from(kind: type, words: Iterable[str], *, stored: bool = False) -> set[str]:
    """The names in the methods and functions of these words, or those set there, and in what else these name."""
    classes = [c for c in kind.__mro__ if c.__module__.partition(".")[0] not in NOT_THE_USERS]
    modules = [getattr(sys.modules.get(c.__module__), "__dict__", {}) for c in classes]
    names, kept, left = {*words}, set[str](), [*words]
    for name in left:
        for parts in (*map(vars, classes), *modules):
            method = getattr(parts.get(name), "fget", parts.get(name))
            for step, text in _steps(getattr(getattr(method, "__wrapped__", method), "__code__", None)):
                left += [text] if text not in names else []
                names.add(text)
                kept |= {text} if not stored or step == "STORE_ATTR" else set()
    return kept


@lru_cache(maxsize=256)
def _names_on(kind: type, op: type) -> tuple[Set[str], Set[str]]:
    """The attributes of an object on ``self`` that `forward` sets, and those that `backward` uses as well."""
    names = _names(op)
    carried = _names_from(kind, names.forward) & _names_from(kind, names.needs)
    return names.stored | _names_from(kind, names.forward, stored=True), names.carried | carried


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
    names, last = _names(op.__class__), vars(op).get(USED)
    before = {} if last is None else vars(last)
    kept = {
        key: _as_now(value, before.get(key), names if key in names.carried else None) for key, value in state.items()
    }
    read = {key: value for key, value in kept.items() if _is_large(value) or key in names.carried}
    if watched := {key: _contents(x, op) for key, x in read.items() if any(_stays(part, op) for part in _parts(x, op))}:
        kept[WATCHED] = watched
    if kept.keys() != before.keys() or any(kept[key] is not before[key] for key in kept):
        vars(op)[USED] = last = _twin(op, kept)
    return last


def as_traced(op: Any, node: Any) -> Any:
    """The op of a node whose gradient is traced: a plan, which runs `forward` later, has its state of now for both.

    One that sets attributes in `forward`, such as a counter, stays itself.
    """
    if op.keeps_state and node._value is None:
        names = _names(op.__class__)
        node._op = op = op if names.stored or names.carried.isdisjoint(vars(op)) else as_used(op)
    return op


def read_later(x: Any) -> frozenset[str] | None:
    """The attributes of an op of the user's that a plan has as they were at its trace; None for other objects."""
    if not getattr(x.__class__, "keeps_state", False):
        return None
    own, names = vars(x), _names(x.__class__)
    frozen = not names.stored and not names.carried.isdisjoint(own)
    also = {key for key, value in own.items() if frozen and isinstance(value, (*NUMBERS, ndarray))}
    return frozenset((names.needs | also) & own.keys() - {*OURS})


def _as_now(value: Any, before: Any, names: KeptNames | None) -> Any:
    if isinstance(value, ndarray) and not _is_large(value) and not _inside(value):
        same = type(before) is type(value) and before.shape == value.shape and before.dtype == value.dtype
        return before if same and before.tobytes() == value.tobytes() else value.copy()
    return value if names is None else _own(value, names.stored, {})


def for_backward(op: Any) -> Any:
    """What `backward` has as ``self``: with lists and the like of its own, from which it may take what it reads.

    Raises:
        GraphError: what was not copied, such as a large array, was written to since the call.
    """
    state, names = vars(op), _names(op.__class__)
    for key, before in state.get(WATCHED, {}).items():
        if not alike(before, _contents(state[key], op)):
            large = any(_is_large(x) for x, _ in before)
            what = f"an array on self of more than {KEPT_BYTES >> 20} MiB" if large else f"what self.{key} holds"
            fix = "make a new one in forward: self.mask = x > 0 or self.gate = Gate(), instead of filling the old one"
            raise GraphError(f"{op.name}: {what} was written to after the call", fix=fix)
    carried = {key: state[key] for key in names.carried & state.keys() if not isinstance(state[key], ndarray)}
    own = {key: new for key, x in carried.items() if (new := _own(x, names.stored, {})) is not x}
    return _twin(op, state | own) if own else op


def _twin(op: Any, state: dict[str, Any]) -> Any:
    twin = object.__new__(type(op))
    vars(twin).update(state)
    return twin


def contents(op: Any) -> dict[str, list[tuple[Any, Any]]]:
    """What `backward` may read: the parts of each attribute, with digests of arrays."""
    names = _names(op.__class__).needs & vars(op).keys()
    return {name: _contents(vars(op)[name], op) for name in sorted(names)}


def alike(parts: Any, others: Any) -> bool:
    """Whether two `contents` of an attribute are the same objects with the same content."""
    pairs = zip(parts, others, strict=False)
    return len(parts) == len(others) and all(x is y and own == other for (x, own), (y, other) in pairs)


def _contents(value: Any, op: Any) -> list[tuple[Any, Any]]:
    return [(x, _digest(x)) for x in _parts(value, op)]


def _is_large(x: Any) -> bool:
    return isinstance(x, ndarray) and x.nbytes > KEPT_BYTES


def _stays(x: Any, op: Any) -> bool:
    """Whether a copy of what holds x shares it, and it may change."""
    return _is_large(x) or isinstance(x, BUFFERS) or bool(_attributes(x, op))


def _digest(x: Any) -> Any:
    if isinstance(x, ndarray):
        return (x.flat[:: max(1, x.size // SAMPLE)] if _is_large(x) else x).tobytes()
    return bytes(x) if isinstance(x, BUFFERS) else None


def _parts(value: Any, op: Any, seen: dict[int, Any] | None = None) -> Iterator[Any]:
    """A value and all that it holds in lists, dicts and the like, and in attributes of objects; each of these once."""
    seen = {} if seen is None else seen
    yield value
    if id(value) not in seen:
        seen[id(value)] = value
        for part in (_inside(value) or _attributes(value, op)).values():
            yield from _parts(part, op, seen)


def _inside(value: Any) -> dict[Any, Any]:
    if isinstance(value, (list, tuple, deque)):
        return dict(enumerate(value))
    if isinstance(value, ndarray) and value.dtype == object:
        return dict(enumerate(value.flat))
    return value if isinstance(value, dict) else {}


def _attributes(value: Any, op: Any) -> dict[str, Any]:
    """The attributes of an object on ``self`` that `forward` sets, or may change as `backward` uses them, too."""
    kind, own = value.__class__, getattr(value, "__dict__", None)
    stored, carried = _names_on(kind, op.__class__)
    if type(own) is not dict:
        slots = [name for name in stored | carried if ismemberdescriptor(getattr(kind, name, None))]
        own = {name: getattr(value, name, None) for name in slots}
    return {key: x for key, x in own.items() if key in stored or (key in carried and type(x) not in NUMBERS)}


def _own(value: Any, stored: Set[str], copies: dict[int, Any]) -> Any:
    """A copy, with copies of its parts; arrays that are large, and objects that `forward` does not set, stay."""
    if _is_large(value) or id(value) in copies:
        return copies.get(id(value), value)
    own = getattr(value, "__dict__", None)
    inside = _inside(value) or (own if type(own) is dict and not stored.isdisjoint(own) else {})
    if not inside and not isinstance(value, COPIED):
        return value
    copies[id(value)] = new = value if isinstance(value, tuple) else copy(value)
    parts = {key: _own(part, stored, copies) for key, part in inside.items()}
    if isinstance(value, tuple):
        return list_like(value, [*parts.values()])
    holder: Any = vars(new) if inside is own else new.flat if isinstance(new, ndarray) else new
    for key, part in parts.items():
        holder[key] = part
    return new
