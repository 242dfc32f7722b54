"""The parts of values, read past every method and property of the user's; and what of a value tells its changes."""

from __future__ import annotations

import dis
import sys
from array import array as numbers
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from io import BytesIO, StringIO
from itertools import islice
from random import SystemRandom
from threading import local
from types import CellType, CodeType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..core.node import Node
from ..core.op import Op
from .iterators import is_iterator, position

ENDS = 100
"""Of a long container so many entries are read at either end."""

SAMPLE = 1024
"""Of a larger array so many elements are compared."""

MIDDLE = 10_000
"""So many of all its entries, which lie evenly, go into a digest: plain values, and the identity of others."""

SIZE, OTHERS = "number of entries", "entries in the middle"
PLAIN = frozenset((int, float, complex, bool, str, bytes, type(None), type(...), range, np.dtype))
LIBRARIES = frozenset(("tinygraph", "numpy", *sys.stdlib_module_names))
_SAME_AGAIN = """
    tinygraph numpy builtins math cmath operator _operator functools itertools collections _collections enum abc _abc
    _collections_abc typing types dataclasses copy numbers contextlib warnings _warnings logging re string json bisect
    _bisect heapq _heapq inspect statistics fractions reprlib textwrap weakref _weakref _weakrefset ctypes _ctypes
"""
SAME_AGAIN = frozenset(_SAME_AGAIN.split())
"""Modules whose functions give the same for the same, or whose state is looked at; other modules of Python may not."""

HIDDEN = "what is hidden in C"
"""Stands among the names if an object can be reached of which not all can be read, such as a tensor of PyTorch's."""

MODULES = {"random": {"random"}, "numpy.random": {"random"}, "torch": {HIDDEN}}
"""Names that stand for all functions of a module."""

ENVIRONMENT = {"environ", "getenv"}
"""Names in a function's code for which the environment is looked at."""

_APPENDS = ("append", "extend")
_ABSENT = object()
_CAPTURES = ("MAKE_CELL", "LOAD_CLOSURE", "COPY_FREE_VARS")
_IN_C = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE
_BY_NAME = {"import_module", "modules", "__import__"}
_MEMORY = {"ctypes", "_ctypes", "mmap"}


class Slots(NamedTuple):
    """An object and the slots of its class."""

    x: Any
    members: list[tuple[str, Any]]


class Place(NamedTuple):
    """A container and what it held.

    Attributes:
        words, form: the words that the user writes for it, ``self``, and how an entry is written, ``{0}.{1}``.
        names: of a function's globals the names that its code uses; None for all entries.
    """

    words: str
    form: str
    owner: Any
    names: frozenset[str] | None
    held: dict[Any, Any]

    def word(self, key: Any) -> str:
        return self.form.format(self.words, key if type(key) in PLAIN else type(key))

    def changes(self) -> Iterator[Any]:
        """The keys under which there is something else now."""
        new = entries(self.owner, self.names)
        for key in {**self.held, **new}:
            if not _same(self.held.get(key, _ABSENT), new.get(key, _ABSENT)):
                yield key

    def read(self, key: Any) -> Any:
        """What there is now."""
        return entries(self.owner, self.names).get(key)

    def put_back(self, key: Any) -> None:
        """Restores what it held under this key, where that is simple."""
        owner = self.owner
        if type(owner) is CellType:
            owner.cell_contents = self.held.get("")
        elif type(owner) is ContextVar:
            owner.set(self.held.get(""))
        elif isinstance(owner, type):
            setattr(owner, key, self.held[key]) if key in self.held else delattr(owner, key)
        elif isinstance(owner, Slots):
            setattr(owner.x, key, self.held[key]) if key in self.held else delattr(owner.x, key)
        elif isinstance(owner, (list, deque)) and OTHERS not in self.held:
            owner.clear()
            owner.extend([value for k, value in self.held.items() if k != SIZE])
        elif isinstance(owner, dict):
            owner.update({key: self.held[key]}) if key in self.held else owner.pop(key, None)


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and type(a) in PLAIN and mark_of(a) == mark_of(b))


def is_ours(module: Any) -> bool:
    """Whether a module is numpy's, Python's or tinygraph's: nothing of the user's is kept there."""
    return str(module).partition(".")[0] in LIBRARIES


def entries(owner: Any, names: frozenset[str] | None = None) -> dict[Any, Any]:
    """What a container holds, or of it what has these names; of a long one the ends and the length."""
    try:
        return _entries(owner, names)
    except RuntimeError:  # another thread changes it just now
        return {}


def _entries(owner: Any, names: frozenset[str] | None) -> dict[Any, Any]:
    if names is not None:
        return {name: owner[name] for name in names if name in owner}
    if type(owner) is CellType:
        try:
            return {"": owner.cell_contents}
        except ValueError:  # not bound yet
            return {}
    if type(owner) is ContextVar:
        value = owner.get(_ABSENT)
        return {} if value is _ABSENT else {"": value}
    if isinstance(owner, type):
        return {k: v for k, v in vars(owner).items() if k[:2] != "__"}
    if isinstance(owner, Slots):
        return {name: value for name, member in owner.members if (value := _slot(member, owner.x)) is not _ABSENT}
    if is_iterator(type(owner)):
        return {"": position(owner)}
    if isinstance(owner, ndarray):  # of objects
        owner = list(owner.flat)
    size = len(owner)
    if isinstance(owner, dict):
        if size <= 2 * ENDS:
            return dict(owner)
        return {
            SIZE: size,
            OTHERS: _digest([*owner.values()]),
            **dict(islice(owner.items(), ENDS)),
            **dict(islice(reversed(owner.items()), ENDS)),
        }
    items = list(owner)
    if size <= 2 * ENDS:
        return {SIZE: size} | dict(enumerate(items))
    return {SIZE: size, OTHERS: _digest(items)} | dict(enumerate([*items[:ENDS], *items[-ENDS:]]))


def _digest(items: list[Any]) -> int:
    step = -(-len(items) // MIDDLE)
    return hash(tuple([x if type(x) in PLAIN else id(x) for x in items[::step]]))


def attributes_of(x: Any) -> dict[str, Any] | None:
    """The dict of an object's own attributes."""
    try:
        attributes = x.__dict__ if issubclass(type(x), local) else object.__getattribute__(x, "__dict__")
    except AttributeError:
        return None
    return attributes if type(attributes) is dict else None


def _slot(member: Any, x: Any) -> Any:
    try:
        return member.__get__(x)
    except AttributeError:  # not set
        return _ABSENT


def mark_of(x: Any) -> Any:
    """What is equal for plain values that are the same to any function."""
    return type(x), repr(x) if type(x) in (float, complex) else x


@lru_cache(maxsize=1024)
def kind_of(cls: type) -> str:
    """``"generator"`` of random numbers, ``"memory"`` of an array or a buffer, ``"one"`` without parts, or ``""``."""
    modules = [str(base.__module__) for base in cls.__mro__]
    if issubclass(cls, (ndarray, np.void, bytearray, memoryview, numbers)) or _MEMORY.intersection(modules):
        return "memory"
    if any(name == "random" or name.startswith("numpy.random") for name in modules):
        return "generator"
    return "one" if issubclass(cls, (Node, Op, np.generic)) and not getattr(cls, "keeps_state", False) else ""


@lru_cache(maxsize=1024)
def hides(cls: type) -> bool:
    """Whether objects of a class keep something in C that nothing here can read, such as a tensor of PyTorch's."""
    foreign = any(base.__flags__ & _IN_C and not is_ours(base.__module__) for base in cls.__mro__)
    return foreign or issubclass(cls, (BytesIO, StringIO))


@lru_cache(maxsize=1024)
def parts_of(cls: type) -> tuple[list[type], list[tuple[str, Any]]]:
    """The classes of the user's that a class is made of, and its slots."""
    members = []
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        names = (slots,) if isinstance(slots, str) else slots
        members += [(name, base.__dict__[name]) for name in names if hasattr(base.__dict__.get(name), "__get__")]
    return [base for base in cls.__mro__ if not is_ours(base.__module__)], members


@lru_cache(maxsize=1024)
def names_of(code: CodeType) -> frozenset[str]:
    """The names in a function's code and the functions within it: globals, attributes, texts such as getattr takes."""
    inner = [names_of(c) for c in code.co_consts if isinstance(c, CodeType)]
    return frozenset(code.co_names).union(_texts(code.co_consts), *inner)


def _texts(constants: Any) -> set[str]:
    tuples = [_texts(c) for c in constants if isinstance(c, (tuple, frozenset))]
    return {c for c in constants if isinstance(c, str) and len(c) < 80}.union(*tuples)


@lru_cache(maxsize=1024)
def imports_of(code: CodeType) -> frozenset[str]:
    """The names of modules that a function imports when it is called, with dots before those of its own package."""
    inner = [imports_of(c) for c in code.co_consts if isinstance(c, CodeType)]
    steps = [*dis.get_instructions(code)] if dis.opmap["IMPORT_NAME"] in code.co_code[::2] else []
    own = {"." * a.argval + b.argval for a, b in zip(steps, steps[2:], strict=False) if b.opname == "IMPORT_NAME"}
    return frozenset(own).union(_texts(code.co_consts) if _BY_NAME.intersection(code.co_names) else (), *inner)


@lru_cache(maxsize=1024)
def names_read(code: CodeType) -> frozenset[str]:
    """The names in a function's code that it does more with than ``name.append(...)``."""
    inner = [names_read(c) for c in code.co_consts if isinstance(c, CodeType)]
    steps = [*dis.get_instructions(code)]
    used = [
        a.argval
        for a, b in zip(steps, [*steps[1:], None], strict=True)
        if isinstance(a.argval, str) and a.opname not in _CAPTURES and (b is None or b.argval not in _APPENDS)
    ]
    return frozenset(used).union(*inner)


def sample(memory: Any) -> int:
    """A digest of a buffer or an array, or of `SAMPLE` elements that lie evenly over a larger one."""
    if not issubclass(type(memory), ndarray):
        view = memoryview(memory)
        large = view.nbytes > 1 << 20 and view.ndim == 1  # a mapped file
        return hash((view[:: len(view) // SAMPLE] if large else view).tobytes())
    array = ndarray.view(memory, ndarray)
    if array.dtype.hasobject:
        return hash((array.shape, array.dtype))
    flat = array.ravel(order="K") if array.flags.forc else array.flat
    return hash((array.shape, array.dtype, flat[:: max(1, array.size // SAMPLE)].tobytes()))


def state(generator: Any) -> Any:
    """The state of a generator of random numbers, to be compared; numpy's own is `np.random`, Python's `random`."""
    if isinstance(generator, SystemRandom):
        return None
    if hasattr(generator, "getstate"):  # Python's
        return generator.getstate()
    if hasattr(generator, "get_state"):
        return _frozen(generator.get_state(legacy=False))
    return _frozen(getattr(getattr(generator, "bit_generator", generator), "state", None))


def _frozen(part: Any) -> Any:
    if isinstance(part, dict):
        return tuple([(k, _frozen(v)) for k, v in part.items()])
    return part.tobytes() if isinstance(part, ndarray) else part
