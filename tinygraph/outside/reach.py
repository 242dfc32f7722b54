"""What a function can reach: its closure, the globals that its code names, attributes and items of what it finds there.

Nothing of the user's runs on the way: no property, no ``==``, no iterator.
"""

from __future__ import annotations

import gc
import os
import sys
from collections import deque
from collections.abc import Mapping, Set
from contextvars import ContextVar
from functools import partial
from itertools import count
from random import SystemRandom
from types import BuiltinMethodType, CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any
from weakref import CallableProxyType, ProxyType, ref

from numpy import ndarray

from ..core.kept_state import read_later
from ..core.traced import Traced
from .iterators import COUNT, POSITION, is_iterator
from .keys import IMMUTABLE
from .numbers import Number
from .parts import (
    ENVIRONMENT,
    HIDDEN,
    MODULES,
    PLAIN,
    SAME_AGAIN,
    Place,
    Slots,
    attributes_of,
    entries,
    hides,
    imports_of,
    is_ours,
    kind_of,
    mark_of,
    names_of,
    names_read,
    parts_of,
    sample,
    state,
)

MOST = 2000
"""The most objects that are looked into."""

ITERATOR = "an iterator"
"""Stands among the names if an iterator can be reached, whose next value is new at each call."""

TYPES = "type(x) is float"
"""Stands among the names if a function names both, which may tell a `Number` from a float."""

LIVE = ("_dropout", "_p")
"""Attributes of tinygraph's cells: rates that masks read at each call. (`training` changes no graph.)"""

_METHODS = (FunctionType, classmethod, staticmethod, property)


class Surroundings:
    """All that can be reached from ``roots``, which maps words to functions or objects.

    Attributes:
        places: the containers.
        marks: maps the words for each value to what differs when it has changed.
        arrays: arrays and buffers with their digests.
        generators: generators of random numbers with their states.
        sources: what of Python's own, or of C, may give something else at each call: a module, a function, a lock.
        names: all names in the code of the functions, and of the libraries' functions and classes that they reach.
        live: the words for what is read at each call.
        kept: traced values, and numbers of a traced function, by the words for them.
    """

    def __init__(self, roots: Mapping[str, Any]) -> None:
        self.places: list[Place] = []
        self.marks: dict[str, Any] = {}
        self.arrays: dict[str, tuple[Any, int]] = {}
        self.generators: dict[str, tuple[Any, Any]] = {}
        self.names: set[str] = set()
        self.sources: set[str] = set()
        self.kept: dict[str, Any] = {}
        self.live: list[str] = []
        self._codes: list[CodeType] = []
        self._seen: dict[int, Any] = {}
        self._taken: dict[str, int] = {}
        self._lists: dict[int, set[str]] = {}
        self._named: list[tuple[str, Any]] = []
        self._left: deque[tuple[str, Any]] = deque()
        for words, x in roots.items():
            self._add(words, x)
        self._walk()

    def written(self) -> list[str]:
        """The words for arrays whose numbers are others now."""
        return [words for words, (x, before) in self.arrays.items() if before != sample(x)]

    def moved(self) -> list[str]:
        """The words for generators that drew numbers since; they are counted anew from now on."""
        moved = [words for words, (rng, before) in self.generators.items() if state(rng) != before]
        self.generators.update({words: (rng, state(rng)) for words, (rng, _) in self.generators.items()})
        return moved

    def is_log(self, place: Place) -> bool:
        """Whether a container is a list to which the functions append by its names, and which they do not read."""
        names = [words.rpartition(".")[2].partition(" (")[0] for words in self._lists.get(id(place.owner), ())]
        if not names or not all(map(str.isidentifier, names)):  # an item of something that is read to get there
            return False
        known = frozenset().union(*(names_of(code).union(code.co_freevars) for code in self._codes))
        return known.issuperset(names) and not any(name in names_read(code) for code in self._codes for name in names)

    def forget(self) -> None:
        """Lets go of everything but the marks and the names."""
        self.places, self.arrays, self.generators, self._seen, self._named, self._codes = [], {}, {}, {}, [], []
        self._lists, self._taken = {}, {}

    def _walk(self) -> None:
        used: set[tuple[int, str]] = set()
        while self._left:
            while self._left:
                self._visit(*self._left.popleft())
            for words, owner in self._named:  # modules and classes, of which only what the code names is used
                for name in sorted(self.names & vars(owner).keys()):
                    if (id(owner), name) not in used:
                        used.add((id(owner), name))
                        self._add(f"{words}.{name}", vars(owner)[name])
        names = frozenset(self.names)
        modules = [(words, vars(x)) for words, x in self._named if isinstance(x, ModuleType)]
        self.places += [Place(words, "{0}.{1}", owner, names, entries(owner, names)) for words, owner in modules]

    def _visit(self, words: str, x: Any) -> None:
        cls = type(x)
        words = words if cls in (CellType, ContextVar) else self._own(words)  # theirs are those of what they hold
        if cls is Number or isinstance(x, Traced):
            self.kept[words] = x
        elif (kind := kind_of(cls)) == "memory":  # type: ignore[arg-type]
            self._memory(words, x)
        elif kind == "generator":
            self.generators[words] = (x, state(x))
            if isinstance(x, SystemRandom):  # has no state that could be compared
                self.names.add(SystemRandom.__name__)
        else:
            if cls not in (CellType, ContextVar):
                self.marks[words] = id(x)
            if kind != "one" and id(x) not in self._seen and len(self._seen) < MOST > len(self.marks) / 4:
                self._seen[id(x)] = x
                self._enter(words, x, cls)

    def _memory(self, words: str, x: Any) -> None:
        digest = sample(x)
        self.marks[words], self.arrays[words] = (id(x), digest), (x, digest)
        if id(x) in self._seen or (type(x) is ndarray and x.dtype != object):
            return
        self._seen[id(x)] = x
        if attributes := attributes_of(x):  # of a subclass of numpy's arrays
            self._place(words, "{0}.{1}", attributes)
        if isinstance(x, ndarray) and x.dtype == object:
            self._place(words, "{0}.flat[{1!r}]", ndarray.view(x, ndarray))

    def _enter(self, words: str, x: Any, cls: type) -> None:
        if cls is FunctionType:
            self._function(words, x)
        elif cls is MethodType:
            self._add(words, x.__func__)
            self._add("self", x.__self__)
        elif cls is partial:
            for part in (x.func, x.args, x.keywords):
                self._add(words, part)
        elif cls is BuiltinMethodType or cls.__module__.startswith("_cython"):  # a function of C, or of numpy's
            self._suspect(x.__module__, x.__name__, of_python=x.__module__ is None)
            self._add(words, getattr(x, "__self__", None))
        elif cls is CellType or cls is ContextVar:
            self._place(words, "{0}", x)
        elif isinstance(x, ref):
            self._add(words, ref.__call__(x))
        elif cls in (ProxyType, CallableProxyType):
            self._add(words, x.__repr__.__self__)
        elif isinstance(x, ModuleType):
            self.names |= MODULES.get(x.__name__, set())
            self._suspect(x.__name__, x.__name__)
            self._named += [] if is_ours(x.__name__) else [(words, x)]
        elif isinstance(x, type):
            self._class(words, x)
        elif cls in (classmethod, staticmethod):
            self._add(words, x.__func__)
        elif cls is property:
            self._add(words, x.fget)
        elif cls.__module__ == "tinygraph.compiled":
            self._add(words, getattr(x, "fn", None))
        else:
            self._object(words, x, cls)

    def _object(self, words: str, x: Any, cls: type) -> None:
        attributes = attributes_of(x)
        if attributes is not None:
            self._place(words, "{0}.{1}", attributes, read_later(x))
            if any(str(base.__module__).startswith("tinygraph.cells") for base in cls.__mro__):
                self.live += [f"{words}.{name}" for name in LIVE]
        bases, members = parts_of(cls)
        for base in bases:
            self._add(base.__name__, base)
        if members:
            self._place(words, "{0}.{1}", Slots(x, members))
        if hasattr(cls, "__next__"):
            self.names.add(ITERATOR)
            if is_iterator(cls):
                self._place(words, COUNT if cls is count else POSITION, x)
        if cls.__module__ not in IMMUTABLE or hasattr(cls, "stat"):  # a path of the system's may lead to another file
            self._suspect(cls.__module__, cls.__name__)
        if hides(cls):
            self.names.add(HIDDEN)
        if isinstance(x, dict):
            self.marks[f"the order of {words}"] = tuple([key if type(key) in (str, int) else id(key) for key in x])
        if isinstance(x, (dict, list, tuple, set, frozenset, deque)):
            self._place(words, "{0}[{1!r}]", x)
        elif cls.__module__ in ("functools", "itertools", "builtins", "numpy"):
            for value in gc.get_referents(x):
                if not isinstance(value, type):
                    self._add(words, value)

    def _class(self, words: str, x: type) -> None:
        if is_ours(x.__module__):
            self._suspect(x.__module__, x.__name__)
            return
        self._named.append((words, x))
        self._know({"backward"} if "keeps_state" in vars(x) else set())  # `forward` runs at each call
        self._place(words, "{0}.{1}", x)
        self.marks[f"the bases of {words}"] = tuple(map(id, x.__mro__))
        for base in [base for base in (*x.__mro__[1:], type(x)) if not is_ours(base.__module__)]:
            self._add(base.__name__, base)
        for name, value in vars(x).items():
            if name[:2] == "__" and isinstance(value, FunctionType):
                self._add(f"{words}.{name}", value)

    def _function(self, words: str, x: FunctionType) -> None:
        code = x.__code__
        for name, cell in zip(code.co_freevars, x.__closure__ or (), strict=True):
            self._add(name, cell)
        for value in (*(x.__defaults__ or ()), *(x.__kwdefaults__ or {}).values()):
            self._add(f"a default of {x.__name__}", value)
        module = x.__globals__.get("__name__")  # of a wrapper of Python's `__module__` is that of the wrapped function
        if is_ours(module):
            self._suspect(module, x.__name__)
            self._add(words, x.__dict__.get("__wrapped__"))
            return
        self._place(words, "{0}.{1}", x.__dict__)
        self._codes.append(code)
        self.marks[f"the code of {words}"] = code
        names = names_of(code)
        self._know({*names, TYPES} if {"type", "float"} <= names else names)
        for name in imports_of(code):
            package = x.__globals__.get("__package__") if name[:1] == "." else ""
            self._add(name, sys.modules.get(f"{package}{name}"))
        only = None if "globals" in names else names
        self._hold(Place("", "{1}", x.__globals__, only, entries(x.__globals__, only)))

    def _suspect(self, module: Any, name: str, of_python: bool = True) -> None:
        self._know({name})
        if (is_ours(module) or not of_python) and str(module).partition(".")[0] not in SAME_AGAIN:
            self.sources.add(name)

    def _know(self, names: Set[str]) -> None:
        """Notes names in the code, and those by which a library knows what the code may call by another name."""
        self.names |= names
        if names & ENVIRONMENT:
            self._add("os.environ", getattr(os.environ, "_data", None))

    def _place(self, words: str, form: str, owner: Any, names: frozenset[str] | None = None) -> None:
        self._hold(Place(words, form, owner, names, entries(owner, names)))

    def _hold(self, place: Place) -> None:
        self.places.append(place)
        is_class = isinstance(place.owner, type)
        for key, value in place.held.items():
            if not (is_class and isinstance(value, _METHODS)):
                self._add(place.word(key), value)
            if type(key) not in PLAIN:
                self._add(f"a key of {place.words}", key)

    def _add(self, words: str, value: Any) -> None:
        if type(value) in PLAIN:
            self.marks[self._own(words)] = mark_of(value)
            return
        if isinstance(value, list):
            self._lists.setdefault(id(value), set()).add(words)
        if id(value) not in self._seen:
            self._left.append((words, value))

    def _own(self, words: str) -> str:
        """The words, with a number if something else is called so, too: two closures have variables of one name."""
        name, own = words.partition(" (")[0], words
        while own in self._taken:
            self._taken[name] = self._taken.get(name, 1) + 1
            own = f"{name} ({self._taken[name]})"
        self._taken.setdefault(own, 1)
        return own
