"""Which names are ours while a function is recorded: numpy's, math's and scipy's in its file and what that imports."""

from __future__ import annotations

import functools
import math
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..core.leaves import Constant, Parameter
from ..core.node import Node
from ..core.scope import now
from ..core.traced import Traced
from . import names as ours
from . import python_names
from .python_names import RUNNING
from .scipy_names import SPECIAL, taking_nodes

_Names = dict[str, Any]


def _here() -> bool:
    return now.recorder is not None and now.recorder.anywhere


class _Numpy(ModuleType):
    """numpy in a file of which functions are recorded: `tinygraph.numpy` in the threads that record, else numpy."""

    def __getattr__(self, name: str) -> Any:
        return getattr(ours if _here() and name in ours.__all__ else np, name)

    def __dir__(self) -> list[str]:
        return dir(np)


class _Other(ModuleType):
    """math, scipy or scipy.special in such a file, with some of its names exchanged."""

    def __init__(self, module: ModuleType, names: _Names) -> None:
        super().__init__(module.__name__, module.__doc__)
        vars(self).update(_module=module, **names)

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_module"], name)


def _either(function: Any, recorded: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return (recorded if _here() else function)(*args, **kwargs)

    return call


_numpy = _Numpy("numpy", np.__doc__)
vars(_numpy).update({name: x for name, x in vars(np).items() if name not in ours.__all__})  # looked up faster so
_ours: dict[int, Any] = {id(np): _numpy}
_ours |= {
    id(getattr(np, name)): _either(getattr(np, name), getattr(ours, name))
    for name in ours.__all__
    if callable(getattr(np, name)) and not isinstance(getattr(np, name), type)
}
_ours |= {
    id(getattr(np, name)): getattr(ours, name)
    for name in ours.__all__
    if isinstance(getattr(np, name), type) or not callable(getattr(np, name))
}
_ours |= {id(function): _either(function, recorded) for function, recorded in python_names.MATH.items()}
_ours[id(math)] = _Other(math, {function.__name__: _ours[id(function)] for function in python_names.MATH})
"""Maps what is exchanged, by its identity, to what stands there instead."""


def _meet_scipy() -> None:
    """Adds scipy's functions to what is exchanged, once scipy is there; it loads scipy.special at its first use."""
    special = sys.modules.get("scipy.special")
    if special is None and "scipy" in sys.modules:
        with suppress(ImportError):  # another module of that name
            special = import_module("scipy.special")
    if special is None or id(special) in _ours or not hasattr(special, "logsumexp"):
        return
    plain: _Names = {name: getattr(special, name) for name in SPECIAL}
    names = {name: _either(f, taking_nodes(f, SPECIAL[name])) for name, f in plain.items()}
    _ours.update({id(f): names[name] for name, f in plain.items()})
    _ours[id(special)] = _Other(special, names)
    _ours[id(sys.modules["scipy"])] = _Other(sys.modules["scipy"], {"special": _ours[id(special)]})
    _known_files.clear()


_lock = threading.RLock()
_before: dict[int, _Names] = {}
"""The names that they exchanged."""
_BUILT_IN = {"float": python_names.float}
"""Names of Python's own that a file gets while it is recorded."""
_DATA = {Node, Parameter, Constant, Traced, np.ndarray, int, float}
"""Types of arguments that know of no file."""


def files_of(function: FunctionType, *args: Any) -> list[tuple[_Names, list[str]]]:
    """The function's file, and the files of what it, and they, know (modules, functions, classes).

    Of each its names, and those among them that are exchanged.
    """
    _meet_scipy()
    start = function.__globals__
    own = str(start.get("__name__", "")).partition(".")[0]
    around = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    around += [x for arg in args if type(arg) not in _DATA for x in (arg, *getattr(arg, "__dict__", {}).values())]
    files: dict[int, tuple[_Names, list[str]]] = {}
    waiting = [start, *(names for x in around for names in _names_of(x, own))]
    while waiting:
        names = waiting.pop()
        if id(names) not in files:
            others, words = _looked_at(names, own)
            files[id(names)] = names, words
            waiting += others
    return [*files.values()]


def _looked_at(names: _Names, own: str) -> tuple[list[_Names], list[str]]:
    """The files that a file knows, and its names that are exchanged; again when a name is another object now."""
    key = (own, id(names), *map(id, names.values()))
    if key not in _known_files:
        if len(_known_files) > MOST_KNOWN:
            _known_files.clear()
        others = {id(n): n for x in [*names.values()] for n in _names_of(x, own)}
        _known_files[key] = [*others.values()], [name for name, x in names.items() if id(x) in _ours]
    return _known_files[key]


_known_files: dict[Any, tuple[list[_Names], list[str]]] = {}
MOST_KNOWN = 256
"""How many files, each as it was, are remembered with what they know."""


def _names_of(x: Any, own: str) -> Iterator[_Names]:
    """The names of the files that ``x`` is or comes from, those that a user wrote: a class has one for each base."""
    if isinstance(x, ModuleType):
        files = [vars(x)] if x.__name__ not in _KNOWN and _has_source(x) else []
    elif isinstance(x, dict):
        files = [x] if "__builtins__" in x else []  # names in which a user has run source text
    else:
        files = [function.__globals__ for function in _functions_of(x)]
    for names in files:
        if _is_users(names, own):
            yield names


def _functions_of(x: Any) -> Iterator[FunctionType]:
    """The function that ``x`` is or wraps; of an object or a class one function of each of its classes."""
    if isinstance(x, FunctionType):
        yield x
        if hasattr(x, "__wrapped__"):
            yield from _functions_of(x.__wrapped__)
    elif isinstance(x, MethodType):
        yield from _functions_of(x.__func__)
    elif isinstance(x, functools.partial):
        yield from _functions_of(x.func)
    else:
        for kind in (x if isinstance(x, type) else type(x)).__mro__:
            if kind.__module__ not in _KNOWN or (kind.__module__ == "builtins" and kind.__flags__ & _HEAP_TYPE):
                yield from [f for f in vars(kind).values() if isinstance(f, FunctionType)][:1]


_HEAP_TYPE = 1 << 9
"""The flag of a class that a ``class`` statement made."""


def _has_source(module: ModuleType) -> bool:
    """Whether the module is more than a name that some package put among the modules."""
    name = module.__name__
    return getattr(module, "__file__", None) is not None or name == "__main__" or name not in sys.modules


def _is_users(names: _Names, own: str) -> bool:
    name = names.get("__name__")
    package = str(name).partition(".")[0]
    if package != own and _is_library(package, names.get("__file__")):
        _KNOWN.add(name)
        return False
    return True


def _is_library(package: str, file: str | None) -> bool:
    if file is None:
        return package in sys.stdlib_module_names or package == _OWN
    return package == _OWN or file.startswith(_PYTHON) or "site-packages" in file or "dist-packages" in file


_OWN, _PYTHON = __name__.partition(".")[0], os.path.dirname(os.__file__)

_KNOWN: set[Any] = {"builtins", "numpy", "math"}
"""Names of modules that no user wrote."""


@contextmanager
def ours_in(function: FunctionType, *args: Any) -> Iterator[None]:
    """A context in which names are exchanged in the file of ``function``, around it, and in the files that it knows."""
    files, call = files_of(function, *args), object()
    cells = [(cell, cell.cell_contents) for cell in function.__closure__ or () if _is_filled(cell)]
    cells = [(cell, x) for cell, x in cells if id(x) in _ours]
    try:  # all within, and each line such that it may be missing: Ctrl-C may come between any two
        with _lock:
            for names, words in files:
                _exchange(names, words, call)
            for cell, x in cells:
                cell.cell_contents = _ours[id(x)]
        yield
    finally:
        with _lock:
            for cell, x in cells:
                cell.cell_contents = x
            for names, _ in files:
                _put_back(names, call)


def _exchange(names: _Names, words: list[str], call: object) -> None:
    key = id(names)
    RUNNING.setdefault(key, set()).add(call)
    exchanged = {name: names[name] for name in words if id(names.get(name)) in _ours}
    _before.setdefault(key, {}).update(exchanged)
    names.update({name: _ours[id(x)] for name, x in exchanged.items()})
    for name, x in _BUILT_IN.items():
        names.setdefault(name, x)


def _put_back(names: _Names, call: object) -> None:
    key = id(names)
    RUNNING.get(key, set()).discard(call)
    if RUNNING.get(key):
        return
    RUNNING.pop(key, None)
    for name, x in _before.pop(key, {}).items():
        if names.get(name) is _ours[id(x)]:
            names[name] = x
    for name, x in _BUILT_IN.items():
        if names.get(name) is x:
            del names[name]


def _is_filled(cell: CellType) -> bool:
    return bool(cell != _EMPTY)  # the contents of one are not looked at if the other has none


_EMPTY = CellType()
