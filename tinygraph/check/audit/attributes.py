"""Attributes: the arrays that an object holds, in dicts, lists and objects within it too, each with its path."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ...core.node import Node

Path = tuple[tuple[str, Any], ...]
"""From an object to a part of it: pairs of ``"attribute"`` and a name, or ``"item"`` and a key."""

_CLOSED = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, str, bytes)


def name_of(path: Path) -> str:
    """A path as users write it: ``Wx``, ``layers.0.W``, ``params['Wx']``."""
    text = ""
    for kind, key in path:
        text += f"[{key!r}]" if kind == "item" and not isinstance(key, int) else f".{key}"
    return text.removeprefix(".")


def parts_of(x: Any) -> Iterator[tuple[tuple[str, Any], Any]]:
    """What an object, a dict, a list or a tuple holds; nothing of what else there is."""
    if isinstance(x, Mapping):
        yield from ((("item", key), part) for key, part in x.items())
    elif isinstance(x, (list, tuple)):
        yield from ((("item", k), part) for k, part in enumerate(x))
    elif not isinstance(x, (*_CLOSED, Node)) and not type(x).__module__.startswith("numpy"):
        every = [getattr(c, "__slots__", ()) for c in type(x).__mro__]
        slots = [s for some in every for s in ((some,) if isinstance(some, str) else some)]
        names = dict.fromkeys([*getattr(x, "__dict__", {}), *(s for s in slots if not s.startswith("__"))])
        yield from ((("attribute", name), getattr(x, name)) for name in names if hasattr(x, name))


def arrays_in(x: Any) -> dict[Path, Any]:
    """All floating arrays, and nodes, that an object holds; one that it holds twice by its first path."""
    seen: set[int] = set()
    arrays: dict[Path, Any] = {}

    def visit(x: Any, path: Path) -> None:
        if id(x) in seen or len(path) > 8:
            return
        seen.add(id(x))
        if isinstance(x, (np.ndarray, Node)):
            if x.dtype.kind == "f" and path:
                arrays[path] = x
            return
        for step, part in parts_of(x):
            if not isinstance(part, (int, float, str, bool, type(None))):
                visit(part, (*path, step))

    visit(x, ())
    return arrays


def objects_in(x: Any) -> list[Any]:
    """The object and what it holds: its layers, lists and dicts."""
    whole: dict[int, Any] = {}
    queue = [(x, 0)]
    while queue:
        part, depth = queue.pop(0)
        if id(part) in whole or depth > 8 or isinstance(part, (np.ndarray, Node, int, float, str)):
            continue
        whole[id(part)] = part
        queue += [(inner, depth + 1) for _, inner in parts_of(part)]
    return [part for part in whole.values() if part is not None]


def get(x: Any, path: Path) -> Any:
    """What stands at a path; None if there is nothing."""
    for kind, key in path:
        try:
            x = getattr(x, key) if kind == "attribute" else x[key]
        except (AttributeError, LookupError, TypeError):
            return None
    return x


def put(x: Any, path: Path, value: Any) -> None:
    """Sets what stands at a path; a tuple on the way becomes a new one."""
    (kind, key), owner = path[-1], get(x, path[:-1])
    if isinstance(owner, tuple):
        parts = [*owner]
        parts[key] = value
        put(x, path[:-1], type(owner)(*parts) if hasattr(owner, "_fields") else tuple(parts))
    elif kind == "attribute":
        try:
            setattr(owner, key, value)
        except FrozenInstanceError:  # of a copy of a frozen dataclass
            object.__setattr__(owner, key, value)
    else:
        owner[key] = value


def exchange(x: Any, new: Mapping[int, Any]) -> None:
    """Puts new arrays in place of those with these ids, wherever the object holds them."""
    seen: set[int] = set()

    def visit(x: Any, path: Path, root: Any) -> None:
        if id(x) in seen:
            return
        seen.add(id(x))
        for step, part in [*parts_of(x)]:
            if id(part) in new:
                put(root, (*path, step), new[id(part)])
            elif not isinstance(part, (int, float, str, bool, type(None), np.ndarray, Node)) and len(path) < 7:
                visit(part, (*path, step), root)

    visit(x, (), x)


def clone(x: Any) -> Any:
    """A deep copy; what cannot be copied, such as a module, is shared."""
    try:
        return copy.deepcopy(x)
    except Exception:  # whatever an attribute raises
        twin, memo = copy.copy(x), {}
    memo[id(x)] = twin
    for step, part in [*parts_of(x)]:
        try:
            put(twin, (step,), copy.deepcopy(part, memo))
        except Exception:
            continue
    return twin
