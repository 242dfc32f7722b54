"""What a function can reach: its closure, the globals that its code names, attributes and items of what it finds there.

Nothing of the user's runs on the way: no property, no iteration, no ``==``. Only containers are looked into, at most
`MOST` of them and of each the first and the last `ENDS` entries.
"""

from __future__ import annotations

import dis
import gc
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache, partial
from itertools import islice
from random import Random
from threading import local
from types import BuiltinMethodType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..core.node import Node
from ..core.op import Op
from ..core.traced import Traced
from .numbers import Number

MOST = 3000
ENDS = 100
SAMPLE = 1024
"""Of a larger array so many elements are compared."""

PLAIN = frozenset((int, float, complex, bool, str, bytes, type(None), type(...), range, np.dtype))
GENERATORS = (np.random.Generator, np.random.RandomState, np.random.BitGenerator, Random)
_OURS = ("tinygraph", "numpy", *sys.stdlib_module_names)
LOGS = ("append", "extend")
CAPTURES = ("MAKE_CELL", "LOAD_CLOSURE", "COPY_FREE_VARS")
SIZE = "number of entries"
_ABSENT = object()


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
        elif isinstance(owner, list) and len(self.held) == self.held[SIZE] + 1:
            owner[:] = [value for k, value in self.held.items() if k != SIZE]
        elif isinstance(owner, dict) and key in self.held:
            owner[key] = self.held[key]
        elif isinstance(owner, dict):
            owner.pop(key, None)


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and type(a) in PLAIN and bool(a == b))


class Reach:
    """All that can be reached from ``roots``, which maps words to functions or objects.

    Attributes:
        places: the containers.
        marks: maps the words for each value to what differs when it has changed.
        generators: generators of random numbers with their state.
        names: all names in the code of the functions.
        kept: traced values and numbers of a traced function, with the words for them.
    """

    def __init__(self, roots: Mapping[str, Any]) -> None:
        self.places: list[Place] = []
        self.marks: dict[str, Any] = {}
        self.generators: dict[str, tuple[Any, Any]] = {}
        self.names: set[str] = set()
        self.kept: dict[str, Any] = {}
        self._seen: set[int] = set()
        self._named: list[tuple[str, Any]] = []
        self._codes: list[CodeType] = []
        self._left: deque[tuple[str, Any]] = deque(roots.items())
        self._alive: list[Any] = []
        self._walk()

    def is_log(self, place: Place) -> bool:
        """Whether a container is a list to which the functions append, and which they do not read."""
        name = place.words.rpartition(".")[2]
        return isinstance(place.owner, list) and not any(name in names_read(code) for code in self._codes)

    def forget(self) -> None:
        """Lets go of everything but the marks and the names."""
        self.places, self.generators, self._alive, self._named, self._codes = [], {}, [], [], []

    def _walk(self) -> None:
        while self._left:
            while self._left:
                self._visit(*self._left.popleft())
            for words, owner in self._named:  # modules and classes, of which only what the code names is used
                whole = vars(owner)
                for name in sorted(self.names & whole.keys()):
                    self._add(f"{words}.{name}", whole[name])

    def _visit(self, words: str, x: Any) -> None:
        cls = type(x)
        if cls in PLAIN:
            self.marks[words] = (cls, x)
        elif cls is Number or isinstance(x, Traced):
            self.kept[words] = x
        elif cls is ndarray:
            self.marks[words] = (id(x), x.shape, x.dtype, sample(x))
        elif isinstance(x, GENERATORS):
            self.generators[words] = (x, state(x))
        elif isinstance(x, (Node, Op, Enum, np.generic, np.ufunc)):
            self.marks[words] = id(x)
        else:
            self.marks[words] = id(x)
            if id(x) not in self._seen and len(self._alive) < MOST:
                self._seen.add(id(x))
                self._alive.append(x)
                self._enter(words, x, cls)

    def _enter(self, words: str, x: Any, cls: type) -> None:
        if cls is FunctionType:
            self._function(words, x)
        elif cls is MethodType:
            self._add(words, x.__func__)
            self._add("self", x.__self__)
        elif cls is partial:
            self._add(words, x.func)
            self._add(f"{words}.args", x.args)
            self._add(f"{words}.keywords", x.keywords)
        elif cls is BuiltinMethodType:
            self._add(words, x.__self__)
        elif cls is CellType:
            self._place(words, "{0}", x)
        elif isinstance(x, ModuleType):
            self._module(words, x)
        elif isinstance(x, type):
            if not _ours(x.__module__):
                self._named.append((words, x))
                self._place(words, "{0}.{1}", x)
                for name, value in vars(x).items():
                    if name[:2] == "__" and isinstance(value, FunctionType):
                        self._add(f"{words}.{name}", value)
        elif isinstance(x, (classmethod, staticmethod)):
            self._add(words, x.__func__)
        elif isinstance(x, property):
            self._add(words, x.fget)
        else:
            self._object(words, x, cls)

    def _object(self, words: str, x: Any, cls: type) -> None:
        if cls.__module__ == "tinygraph.compiled":
            self._add(words, getattr(x, "fn", None))
            return
        attributes = _attributes(x)
        if attributes is not None:
            self._place(words, "{0}.{1}", attributes)
        for base in cls.__mro__[:-1]:
            if not _ours(base.__module__):
                self._add(base.__name__, base)
            slots = base.__dict__.get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                self._add(f"{words}.{name}", _slot(base.__dict__.get(name), x))
        if isinstance(x, (dict, list, tuple, set, frozenset, deque)):
            self._place(words, "{0}[{1!r}]", x)
        elif cls.__module__ in ("functools", "itertools", "builtins"):
            for value in gc.get_referents(x):
                if not isinstance(value, type):
                    self._add(words, value)

    def _function(self, words: str, x: FunctionType) -> None:
        code = x.__code__
        for name, cell in zip(code.co_freevars, x.__closure__ or (), strict=True):
            self._add(name, cell)
        for value in (*(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values()):
            self._add(f"a default of {x.__name__}", value)
        if _ours(x.__module__):
            self._add(words, x.__dict__.get("__wrapped__"))
            return
        self._place(words, "{0}.{1}", x.__dict__)
        names = names_of(code)
        self.names |= names
        self._codes.append(code)
        self._hold(Place("", "{1}", x.__globals__, names, entries(x.__globals__, names)))

    def _module(self, words: str, x: ModuleType) -> None:
        if x.__name__ in ("random", "numpy.random"):
            self.names.add("random")
        if not _ours(x.__name__):
            self._named.append((words, x))

    def _place(self, words: str, form: str, owner: Any) -> None:
        self._hold(Place(words, form, owner, None, entries(owner)))

    def _hold(self, place: Place) -> None:
        self.places.append(place)
        is_class = isinstance(place.owner, type)
        for key, value in place.held.items():
            if not (is_class and isinstance(value, (FunctionType, classmethod, staticmethod, property))):
                self._add(place.word(key), value)
            if type(key) not in PLAIN:
                self._add(f"a key of {place.words}", key)

    def _add(self, words: str, value: Any) -> None:
        if type(value) in PLAIN:
            self.marks[words] = (type(value), value)
        elif id(value) not in self._seen:
            self._left.append((words, value))


def entries(owner: Any, names: frozenset[str] | None = None) -> dict[Any, Any]:
    """What a container holds, or of it what has these names; of a long one the ends and the length."""
    if names is not None:
        return {name: owner[name] for name in names if name in owner}
    if type(owner) is CellType:
        try:
            return {"": owner.cell_contents}
        except ValueError:  # not bound yet
            return {}
    if isinstance(owner, type):
        return {k: v for k, v in vars(owner).items() if k[:2] != "__"}
    size = len(owner)
    if isinstance(owner, dict):
        if size <= 2 * ENDS:
            return dict(owner)
        return {SIZE: size, **dict(islice(owner.items(), ENDS)), **dict(islice(reversed(owner.items()), ENDS))}
    items = list(owner)
    return {SIZE: size} | dict(enumerate(items if size <= 2 * ENDS else [*items[:ENDS], *items[-ENDS:]]))


def _attributes(x: Any) -> dict[str, Any] | None:
    """An object's own attributes, read past methods and properties of the user's."""
    try:
        attributes = x.__dict__ if isinstance(x, local) else object.__getattribute__(x, "__dict__")
    except AttributeError:
        return None
    return attributes if type(attributes) is dict else None


def _slot(member: Any, x: Any) -> Any:
    try:
        return member.__get__(x)
    except AttributeError:  # not set, or no slot
        return None


def _ours(module: Any) -> bool:
    """Whether a module is numpy's, Python's or tinygraph's: nothing of the user's is kept there."""
    return str(module).partition(".")[0] in _OURS


@lru_cache(maxsize=1024)
def names_of(code: CodeType) -> frozenset[str]:
    """The names of globals and attributes in a function's code, and in that of the functions within it."""
    inner = [names_of(c) for c in code.co_consts if isinstance(c, CodeType)]
    return frozenset(code.co_names).union(*inner)


@lru_cache(maxsize=1024)
def names_read(code: CodeType) -> frozenset[str]:
    """The names in a function's code that it does more with than ``name.append(...)``."""
    inner = [names_read(c) for c in code.co_consts if isinstance(c, CodeType)]
    steps = [*dis.get_instructions(code)]
    used = [
        a.argval
        for a, b in zip(steps, [*steps[1:], None], strict=True)
        if isinstance(a.argval, str) and a.opname not in CAPTURES and (b is None or b.argval not in LOGS)
    ]
    return frozenset(used).union(*inner)


def sample(array: ndarray) -> int:
    """A digest of an array, or of `SAMPLE` elements that lie evenly over a larger one."""
    step = max(1, array.size // SAMPLE)
    if array.dtype.hasobject:
        return 0
    flat = array.ravel(order="K") if array.flags.forc else array.flat
    return hash(flat[::step].tobytes())


def state(generator: Any) -> Any:
    """The state of a generator of random numbers, to be compared."""
    if isinstance(generator, Random):
        return generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return frozen(generator.get_state(legacy=False))
    source = generator if isinstance(generator, np.random.BitGenerator) else generator.bit_generator
    return frozen(source.state)


def frozen(part: Any) -> Any:
    if isinstance(part, dict):
        return tuple([(k, frozen(v)) for k, v in part.items()])
    return part.tobytes() if isinstance(part, ndarray) else part
