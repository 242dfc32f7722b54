"""Which names are ours while a function is recorded: those of numpy and math in its file, and in what that imports."""

from __future__ import annotations

import functools
import math
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..core.scope import now
from . import names as ours
from . import python_names
from .python_names import RUNNING


def _here() -> bool:
    return now.recorder is not None and now.recorder.anywhere


class _Numpy(ModuleType):
    """numpy in a file of which functions are recorded: `tinygraph.numpy` in the threads that record, else numpy."""

    def __getattr__(self, name: str) -> Any:
        return getattr(ours if _here() and name in ours.__all__ else np, name)

    def __dir__(self) -> list[str]:
        return dir(np)


class _Math(ModuleType):
    """math in such a file."""

    def __getattr__(self, name: str) -> Any:
        return getattr(python_names.our_math if _here() else math, name)


def _either(function: Any, recorded: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return (recorded if _here() else function)(*args, **kwargs)

    return call


_numpy, _math = _Numpy("numpy", np.__doc__), _Math("math", math.__doc__)
vars(_numpy).update({name: x for name, x in vars(np).items() if name not in ours.__all__})  # looked up faster so
_ours = {id(np): _numpy, id(math): _math}
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
"""Maps what is exchanged, by its identity, to what stands there instead."""

_lock = threading.RLock()
_before: dict[int, dict[str, Any]] = {}
"""The names that they exchanged."""
_BUILT_IN = {"float": python_names.float}
"""Names of Python's own that a file gets while it is recorded."""


def files_of(function: FunctionType, *args: Any) -> list[dict[str, Any]]:
    """The names of the function's file, and of the files of what it, and they, know: modules, functions, classes."""
    files, waiting = {id(function.__globals__): function.__globals__}, [function.__globals__]
    own = str(function.__globals__.get("__name__", "")).partition(".")[0]
    around = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    values: list[Any] = [*args, *around, *(x for arg in args for x in getattr(arg, "__dict__", {}).values())]
    while True:
        for names in [_names_of(x, own) for x in values]:
            if names is not None and id(names) not in files:
                files[id(names)] = names
                waiting.append(names)
        if not waiting:
            return [*files.values()]
        values = [*waiting.pop().values()]


def _names_of(x: Any, own: str) -> dict[str, Any] | None:
    """The names of the file that ``x`` is or comes from, if a user wrote it."""
    if isinstance(x, FunctionType):
        name, names = x.__module__, x.__globals__
    else:
        kind = x if isinstance(x, (ModuleType, type)) else type(x)
        name = kind.__name__ if isinstance(kind, ModuleType) else kind.__module__
        if name in _KNOWN or not isinstance(name, str):
            return None
        module = sys.modules.get(name)
        names = {} if module is None else vars(module)
    package = str(name).partition(".")[0]
    if package != own and _is_library(package, names.get("__file__")):
        _KNOWN.add(name)
        return None
    return names or None


def _is_library(package: str, file: str | None) -> bool:
    if file is None:
        return package in sys.stdlib_module_names or package == _OWN
    return package == _OWN or file.startswith(_PYTHON) or "site-packages" in file or "dist-packages" in file


_OWN, _PYTHON = __name__.partition(".")[0], os.path.dirname(os.__file__)

_KNOWN = {"builtins", "numpy", "math"}
"""Modules that no user wrote."""


@contextmanager
def ours_in(function: FunctionType, *args: Any) -> Iterator[None]:
    """A context in which names are exchanged in the file of ``function``, around it, and in the files that it knows."""
    files, call = files_of(function, *args), object()
    cells = [(cell, cell.cell_contents) for cell in function.__closure__ or () if _is_filled(cell)]
    cells = [(cell, x) for cell, x in cells if id(x) in _ours]
    try:  # all within, and each line such that it may be missing: Ctrl-C may come between any two
        with _lock:
            for names in files:
                _exchange(names, call)
            for cell, x in cells:
                cell.cell_contents = _ours[id(x)]
        yield
    finally:
        with _lock:
            for cell, x in cells:
                cell.cell_contents = x
            for names in files:
                _put_back(names, call)


def _exchange(names: dict[str, Any], call: object) -> None:
    key = id(names)
    RUNNING.setdefault(key, set()).add(call)
    exchanged = {name: x for name, x in names.items() if id(x) in _ours}
    _before.setdefault(key, {}).update(exchanged)
    names.update({name: _ours[id(x)] for name, x in exchanged.items()})
    for name, x in _BUILT_IN.items():
        names.setdefault(name, x)


def _put_back(names: dict[str, Any], call: object) -> None:
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


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not _EMPTY
    except ValueError:
        return False


_EMPTY = object()
