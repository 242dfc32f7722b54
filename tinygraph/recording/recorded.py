"""`tg.recorded`: a function of a file that says ``import numpy as np`` runs with arrays that may be written."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

import numpy as np

from ..core.checks import function as checked
from ..core.errors import GraphError
from ..core.scope import now, settle
from . import makers
from .installed import install
from .recorder import Recorder

F = TypeVar("F", bound=Callable[..., Any])


def recorded(fn: F) -> F:
    """``fn``, whose file may write into arrays while it runs: ``h[t] = v``, ``x /= y``, ``np.add(a, b, out=c)``.

    While it runs, in this thread, ``np`` is `tinygraph.numpy` in the file of ``fn``: zeros, empty, array, copy and the
    like make arrays that hold nodes. Each write is a node of the graph; what has read an array before keeps what it
    read. In a file of your own, ``import tinygraph.numpy as np`` does the same.

    Args:
        fn: a function or a method; other files that it calls may write into nodes, too, but their np.zeros makes plain
            arrays, into which no node can be written.

    Raises:
        GraphError: ``fn`` has no Python code, as `np.tanh`; when it runs: a parameter, or an array that was made
            outside, would be written.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> def forward(x, w):
        ...     h = np.zeros(3)
        ...     for t in range(3):
        ...         h[t] = np.tanh(w * x[t] + h[t - 1])
        ...     return h
        >>> w = tg.parameter(0.5)
        >>> h = tg.recorded(forward)(np.ones(3), w)
        >>> tg.grad(tg.sum(h), w).shape
        ()
    """
    code = code_of(checked("recorded", fn))

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        with recording(), ours_in(code):
            return fn(*args, **kwargs)

    return cast(F, call)


def code_of(fn: Any) -> FunctionType:
    """The function whose file is meant: that of a method, of a partial, of a compiled function, of ``__call__``."""
    seen = fn
    for _ in range(20):
        if isinstance(seen, FunctionType) and not hasattr(seen, "__wrapped__"):
            return seen
        inner = [getattr(seen, word, None) for word in ("__wrapped__", "__func__", "func", "fn")]
        seen = next((x for x in inner if callable(x)), None) or vars(type(seen)).get("__call__")
    raise GraphError("recorded: fn has no Python code", expected="a function or a method", got=type(fn).__name__)


@contextmanager
def recording(follows: bool = False) -> Iterator[None]:
    before, own = now.recorder, vars(now).get("recorder")
    try:
        now.recorder = Recorder(True, None if before is None else before.session, follows)
        settle()
        yield
    finally:
        if own is None:
            vars(now).pop("recorder", None)  # that of all threads shows again, also if it came meanwhile
        else:
            now.recorder = own
        settle()


class _Numpy(ModuleType):
    """numpy in a file of which functions are recorded: `tinygraph.numpy` in the threads that record, else numpy."""

    def __getattr__(self, name: str) -> Any:
        recording = now.recorder is not None and now.recorder.anywhere
        return getattr(makers if recording and name in makers.__all__ else np, name)

    def __dir__(self) -> list[str]:
        return dir(np)


_numpy = _Numpy("numpy", np.__doc__)
vars(_numpy).update({name: x for name, x in vars(np).items() if name not in makers.__all__})  # looked up faster so
_lock = threading.RLock()
_running: dict[int, set[object]] = {}
"""The calls that are running now, by the names of their file."""
_before: dict[int, dict[str, Any]] = {}
"""The names that they exchanged."""


def _either(function: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(_numpy, function.__name__)(*args, **kwargs)

    return call


_ours = {id(np): _numpy} | {id(getattr(np, name)): _either(getattr(np, name)) for name in makers.__all__}
_ours[id(np.ndarray)] = makers.ndarray


@contextmanager
def ours_in(function: FunctionType) -> Iterator[None]:
    """A context in which the names of numpy in the file of ``function``, and around it, are ours."""
    names, key, call = function.__globals__, id(function.__globals__), object()
    cells = [(cell, cell.cell_contents) for cell in function.__closure__ or () if _filled(cell)]
    try:  # all within, and each line such that it may be missing: Ctrl-C may come between any two
        with _lock:
            _running.setdefault(key, set()).add(call)
            exchanged = {name: x for name, x in names.items() if id(x) in _ours}
            _before.setdefault(key, {}).update(exchanged)
            names.update({name: _ours[id(x)] for name, x in exchanged.items()})
            for cell, x in cells:
                cell.cell_contents = _ours[id(x)]
        yield
    finally:
        with _lock:
            for cell, x in cells:
                cell.cell_contents = x
            _running.get(key, set()).discard(call)
            if not _running.get(key):
                _running.pop(key, None)
                _put_back(names, _before.pop(key, {}))


def _put_back(names: dict[str, Any], before: dict[str, Any]) -> None:
    for name, x in before.items():
        if names.get(name) is _ours[id(x)]:
            names[name] = x


def _filled(cell: Any) -> bool:
    try:
        return id(cell.cell_contents) in _ours
    except ValueError:
        return False


install()
