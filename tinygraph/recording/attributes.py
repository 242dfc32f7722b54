"""Arrays that an object made before the recording and that its methods write into: they hold nodes while it lasts."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from .. import ops
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.scope import now
from ..ops.operators import depends_on_parameter
from . import makers

MOST_OBJECTS = 1000
"""How many objects are looked at."""
_WITHOUT = (int, float, str, Node, np.ndarray, np.generic, type, FunctionType, bytes)
"""Kinds of values that have no arrays as attributes."""


@contextmanager
def writable_arrays(file: dict[str, Any], *objects: Any) -> Iterator[None]:
    """A context in which such arrays of a file, of the objects, and of those that these hold, may be written.

    Only what nothing but one attribute refers to is exchanged, so that nobody can see the difference. Afterwards an
    array of numbers is there again with what was written; one with nodes stays a node, and may be written in the next
    recording: there it keeps its gradient until a parameter that it depends on is updated, after which it is data.
    """
    exchanged = [] if now.tracing else [_exchange(names, name) for names, name in (*_in(file), *_of(objects))]
    try:
        yield
    finally:
        for names, name, before, node in exchanged:
            if _at(names, name) is not node:
                continue
            if isinstance(before, Node):
                if node._op is ops.copy and node._inputs[0] is before:  # it was not written
                    names[name] = before
            elif not depends_on_parameter(node):
                before[...] = node._value
                names[name] = before


def _at(names: Any, name: Any) -> Any:
    try:
        return names[name]
    except LookupError:
        return None


def _exchange(names: Any, name: Any) -> tuple[Any, Any, Any, Node]:
    before = names[name]
    if isinstance(before, Node) and not _is_stale(before):
        names[name] = node = now.recorder.copied(before)
    else:
        names[name] = node = makers.writable(np.array(before.value if isinstance(before, Node) else before))
    return names, name, before, node


def _is_stale(node: Node) -> bool:
    """Whether a parameter that it depends on was updated since, so that no gradient can go through it any more."""
    visited, waiting = {node}, [node]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Parameter) and x.changed > node.serial:
            return True
        waiting += [i for i in x.inputs if i not in visited]
        visited.update(x.inputs)
    return False


def _in(file: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The same of a file whose functions write into arrays of the file itself, as notebooks do."""
    functions = [f for f in file.values() if isinstance(f, FunctionType) and f.__globals__ is file]
    for name in {name for f in functions for name in _written_globals(f.__code__)}:
        if name in file:
            yield from _places(file, name)


def _of(objects: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """The attributes to exchange, each as the dict of its object and its name."""
    waiting, seen = [*objects], set[int]()
    while waiting and len(seen) < MOST_OBJECTS:
        x = waiting.pop()
        if id(x) in seen or isinstance(x, _WITHOUT):
            continue
        seen.add(id(x))
        if isinstance(x, (list, tuple)):
            waiting += [part for part in x[:MOST_OBJECTS] if not isinstance(part, _WITHOUT)]
        elif isinstance(x, dict):
            waiting += [part for part in [*x.values()][:MOST_OBJECTS] if not isinstance(part, _WITHOUT)]
        elif isinstance(getattr(x, "__dict__", None), dict):
            waiting += [part for part in vars(x).values() if not isinstance(part, np.ndarray)]
            kind: Any = type(x)
            for name in written_in_place(kind) & vars(x).keys():
                yield from _places(vars(x), name)


def _places(names: Any, name: Any) -> Iterator[tuple[Any, Any]]:
    """The place of an array, or those of the arrays in the list or dict that is there."""
    if isinstance(names[name], (list, dict)):
        held = names[name]
        keys = [*held] if isinstance(held, dict) else range(len(held))
        yield from [(held, key) for key in keys[:MOST_OBJECTS] if _is_its_own(held, key)]
    elif _is_its_own(names, name):
        yield names, name


def _is_its_own(names: Any, name: Any) -> bool:
    array = names[name]
    if isinstance(array, Node):
        record = array._record
        elsewhere = record is not None and record.session is not now.recorder.session
        return elsewhere and array.kind == "node" and array.dtype.kind == "f"
    if type(array) is not np.ndarray or array.dtype.kind != "f" or array.base is not None or not array.flags.writeable:
        return False
    return sys.getrefcount(array) <= _references()


@cache
def _references() -> int:
    """How many references there are in `_is_its_own` to an array that one attribute has."""
    names = {"array": np.zeros(())}
    array = names["array"]
    return sys.getrefcount(array)


@cache
def written_in_place(kind: Any) -> frozenset[str]:
    """The names of attributes that a class writes into: ``self.h[t] = v``, ``self.c += v``."""
    functions = [f for base in kind.__mro__ if base.__module__ != "builtins" for f in vars(base).values()]
    codes = [f.__code__ for f in map(_plain, functions) if isinstance(f, FunctionType)]
    return frozenset(name for code in codes for name in _written(code))


def _plain(function: Any) -> Any:
    """The function of a method, a static one, or a property."""
    return getattr(function, "__func__", None) or getattr(function, "fget", None) or function


@cache
def _written_globals(code: CodeType) -> frozenset[str]:
    return frozenset(_written(code, "LOAD_GLOBAL"))


def _written(code: CodeType, load: str = "LOAD_ATTR") -> Iterator[str]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _written(inner, load)
    steps = [(i, p) for i in dis.get_instructions(code) if (p := i.positions) is not None]
    writes = [p for i, p in steps if i.opname == "STORE_SUBSCR" or (i.opname == "BINARY_OP" and i.argrepr[-1] == "=")]
    starts = {p[::2] for p in writes}
    yield from (i.argval for i, p in steps if i.opname == load and p[::2] in starts)
