"""`tg.recorded`: a function of a file that says ``import numpy as np`` runs with arrays that may be written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction, isgeneratorfunction
from types import FunctionType
from typing import Any, TypeVar, cast

from ..core.checks import function as checked
from ..core.errors import GraphError
from ..core.scope import _Now, now, settle
from .attributes import writable_arrays
from .exchanged import ours_in
from .installed import install
from .record import LOCK, Session
from .recorder import Recorder

F = TypeVar("F", bound=Callable[..., Any])


def recorded(fn: F) -> F:
    """``fn``, whose file may write into arrays while it runs: ``h[t] = v``, ``x /= y``, ``np.add(a, b, out=c)``.

    While it runs, in this thread, ``np`` is `tinygraph.numpy` in the file of ``fn``, and in other files of yours that
    this one, or an argument, knows: zeros, empty, array, copy and the like make arrays that hold nodes. Each write is a
    node of the graph; what has read an array before keeps what it read. ``math.exp(x)``, ``float(x)`` and ``x.item()``
    are nodes there, too, so that no gradient is lost. In a file of your own, ``import tinygraph.numpy as np`` does the
    same for arrays.

    Args:
        fn: a function or a method.

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
    if isgeneratorfunction(fn) or iscoroutinefunction(fn):
        problem = "recorded: fn is a generator or a coroutine, whose body runs after the call has ended"
        raise GraphError(problem, got=fn.__qualname__, fix="record the function that goes through it")

    @functools.wraps(fn, updated=("__dict__",) if isinstance(fn, FunctionType) else ())
    def call(*args: Any, **kwargs: Any) -> Any:
        objects = (getattr(fn, "__self__", fn), *args, *kwargs.values())
        with recording(), ours_in(code, *objects), writable_arrays(code.__globals__, *objects):
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
    own, call = vars(now).get("recorder"), object()
    try:
        now.recorder = Recorder(True, _entered(call), follows)
        settle()
        yield
    finally:
        _leave(call)
        if own is None:
            vars(now).pop("recorder", None)  # that of all threads shows again, also if it came meanwhile
        else:
            now.recorder = own
        settle()


def _entered(call: object) -> Session:
    """The session of this thread; a new one is that of all threads, since others may read what this one writes."""
    with LOCK:
        if now.recorder is None:
            _Now.plain = _Now.recorder = Recorder()
        session: Session = now.recorder.session
        session.calls.add(call)
        return session


def _leave(call: object) -> None:
    with LOCK:
        others = _Now.recorder
        if others is not None:
            others.session.calls.discard(call)
            if not others.session.calls:
                others.session.end()
                _Now.recorder, _Now.plain = None, True


install()
