"""Surroundings: what the user's code can change besides its arguments, which an audit puts back, and random numbers."""

from __future__ import annotations

import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CellType, FunctionType
from typing import Any

import numpy as np

from ...core.node import Node
from .attributes import objects_in, parts_of
from .methods import functions_of, names_in

DEEP = 6
"""Lists within lists are looked at so far."""

KNOWN = ("builtins", "collections", "types", "argparse")
"""Of Python's own modules, those whose objects hold what users put into them."""

Restore = Callable[[], Any]


class Keeper:
    """Globals, closures, defaults and classes that some functions name, and the generators of random numbers there.

    Args:
        functions: those that an audit calls; what they call in their file counts, too.
        more: objects of which not the parts are put back, but the classes.
    """

    def __init__(self, functions: Sequence[FunctionType], *more: Any) -> None:
        self._seen: set[int] = set()
        self._restores: list[Restore] = []
        self._getters: list[Callable[[], Restore]] = []
        names: set[str] = set()
        for function in functions_of(None, *functions):
            names |= {*names_in(function.__code__)}
            self._of_function(function)
        for x in more:
            self._of_class(type(x))
        if any(name.startswith("rand") for name in names):
            self._getters += [_of_numpy, _of_python]

    def restore(self) -> None:
        """Puts back what was there when this was made."""
        for restore in self._restores:
            restore()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A context after which everything is as when this was made."""
        try:
            with self.same_chance():
                yield
        finally:
            self.restore()

    @contextmanager
    def same_chance(self, *more: Any) -> Iterator[None]:
        """A context after which the next random numbers are those that were next before: all runs drop out alike.

        Args:
            more: objects that may hold generators of their own.
        """
        restores = [getter() for getter in self._getters]
        restores += [_of_generator(x) for owner in more for x in objects_in(owner) if isinstance(x, _generators())]
        try:
            yield
        finally:
            for restore in restores:
                restore()

    def _of_function(self, function: FunctionType) -> None:
        scope, names = function.__globals__, dict.fromkeys(names_in(function.__code__))
        for name in names:
            if name in scope:
                self._global(scope, name)
        new = [name for name in names if name not in scope]
        self._restores.append(lambda: [scope.pop(name, None) for name in new])
        for cell in function.__closure__ or ():
            self._cell(cell)
        for x in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._of(x, 0)

    def _global(self, scope: dict[str, Any], name: str) -> None:
        value = scope[name]
        self._restores.append(lambda: scope.__setitem__(name, value))
        if isinstance(value, type) and value.__module__ == scope.get("__name__"):
            self._of_class(value)
        self._of(value, 0)

    def _cell(self, cell: CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:  # nothing was put into it yet
            return
        self._restores.append(lambda: setattr(cell, "cell_contents", value))
        self._of(value, 0)

    def _of_class(self, cls: type) -> None:
        for owner in cls.__mro__[:-1]:
            for name, value in vars(owner).items():
                if isinstance(value, (list, dict, np.ndarray, int, float)):
                    self._restores.append(lambda o=owner, n=name, v=value: _set_attribute(o, n, v))  # type: ignore[misc]
                    self._of(value, 0)

    def _of(self, x: Any, depth: int) -> None:
        if isinstance(x, (int, float, str, bytes, type(None), Node)) or id(x) in self._seen or depth > DEEP:
            return
        self._seen.add(id(x))
        restore = _restore_of(x)
        if restore is not None:
            self._restores.append(restore)
        elif isinstance(x, _generators()):
            self._getters.append(lambda: _of_generator(x))
        if _is_looked_into(x):
            for _, part in [*parts_of(x)]:
                self._of(part, depth + 1)


def is_changeable(x: Any) -> bool:
    """Whether it is an object with attributes of the user's, or draws random numbers."""
    return isinstance(x, _generators()) or (_is_looked_into(x) and any(True for _ in parts_of(x)))


def _is_looked_into(x: Any) -> bool:
    """Whether users put things into such an object; loggers and files are left alone."""
    home = type(x).__module__.partition(".")[0]
    return home in KNOWN or home not in (*sys.stdlib_module_names, "numpy", "tinygraph")


def _generators() -> tuple[type, ...]:
    return np.random.Generator, np.random.RandomState, random.Random


def _restore_of(x: Any) -> Restore | None:
    """What fills a container with what it holds now."""
    if isinstance(x, np.ndarray):
        before = x.copy()
        return (lambda: np.copyto(x, before)) if x.flags.writeable else None
    if type(x) is list:
        parts = [*x]
        return lambda: x.__setitem__(slice(None), parts)
    if isinstance(x, deque):
        queued = [*x]
        return lambda: _refill(x, x.extend, queued)
    if isinstance(x, (dict, set)):
        whole = x.copy()
        return lambda: _refill(x, x.update, whole)
    attributes = getattr(x, "__dict__", {})
    if type(attributes) is dict and _is_looked_into(x) and any(True for _ in parts_of(x)):
        own = dict(attributes)
        slots = [(name, part) for (kind, name), part in parts_of(x) if kind == "attribute" and name not in own]

        def restore() -> None:
            _refill(attributes, attributes.update, own)
            for name, part in slots:
                object.__setattr__(x, name, part)

        return restore
    return None


def _refill(x: Any, fill: Callable[[Any], None], parts: Any) -> None:
    x.clear()
    fill(parts)


def _of_numpy() -> Restore:
    state = np.random.get_state()
    return lambda: np.random.set_state(state)


def _of_python() -> Restore:
    state = random.getstate()
    return lambda: random.setstate(state)


def _of_generator(x: Any) -> Restore:
    if isinstance(x, random.Random):
        own = x.getstate()
        return lambda: x.setstate(own)
    if isinstance(x, np.random.RandomState):
        state = x.get_state()
        return lambda: x.set_state(state)
    bits = x.bit_generator
    before = bits.state
    return lambda: setattr(bits, "state", before)


def _set_attribute(owner: type, name: str, value: Any) -> None:
    if vars(owner).get(name) is not value:
        setattr(owner, name, value)
