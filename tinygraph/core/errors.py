"""Errors: the message names op, node and time step, what was expected, what came, and the fix."""

from __future__ import annotations

import functools
import linecache
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from itertools import islice
from types import FrameType
from typing import Any, TypeVar, cast

import numpy as np

from . import habits
from .options import option, options_of

UNFIT = (
    *(ValueError, TypeError, LookupError, AttributeError),
    *(OverflowError, ZeroDivisionError, MemoryError, RecursionError),
)
"""What Python and numpy raise about arguments that do not fit."""

OFFER = "or write `import tinygraph.numpy as np` in that file, or call the function by tg.recorded"
"""What is offered to those whose code writes into arrays."""

F = TypeVar("F", bound=Callable[..., Any])

_LIBRARIES = (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), os.path.dirname(np.__file__))
_PYTHON, _PACKAGES = os.path.dirname(os.__file__), os.path.dirname(_LIBRARIES[1])
_BELOW = [os.path.join(_PACKAGES, name) for name in ("numpy", "graphviz", "safetensors", "llvmlite")]


class GraphError(ValueError):
    """A call with wrong arguments, or one that a graph does not support; it has changed nothing.

    Args:
        problem: one sentence, which starts with the op and the node if there are any.
        expected, got, fix: one line each, shown below the sentence unless empty.

    Example:
        >>> import tinygraph as tg
        >>> try:
        ...     tg.matmul(tg.constant([[1.0, 2.0]]), tg.constant([[3.0, 4.0]]))
        ... except tg.GraphError as error:
        ...     print(str(error).splitlines()[0])
        matmul: inner sizes differ
    """

    def __init__(self, problem: str, *, expected: str = "", got: str = "", fix: str = "") -> None:
        lines = [("expected", expected), ("got", got), ("fix", fix)]
        told = [*str(problem).split("\n"), *(f"  {k:<9} {v}" for k, v in lines if not isinstance(v, str) or v)]
        super().__init__("\n".join([plain(line, LONGEST) for line in told]))


class MutationError(GraphError, TypeError):
    """An attempt to change a node in place, or to copy its value out of the graph without its gradient."""


class OptionError(GraphError, TypeError):
    """An argument of a name that the call does not have; Python's own error for it is a TypeError."""


class PlaceError(GraphError, IndexError):
    """An index out of range, for code that waits for Python's own error of it."""


def kind_of(error: Any) -> type[GraphError]:
    """The kind of `GraphError` that stands for an error of Python's or numpy's, if it is one."""
    return PlaceError if isinstance(error, IndexError) else GraphError


class MissingNameError(GraphError, AttributeError):
    """A name of PyTorch, Keras, JAX or NumPy that is not here; ``hasattr`` is False."""


class MissingImportError(GraphError, ImportError):
    """The same in ``from tinygraph import name``."""


class NonFiniteError(GraphError, FloatingPointError):
    """A NaN or an infinity was computed inside ``with tg.nonfinite("raise")``."""


class WideningWarning(UserWarning):
    """A compiled function computes in float64 what was float32, because the two met.

    The message names the op with the shapes and dtypes of its inputs, the user's line, and the fix. It comes once a
    compiled function, at the call that traces it.

    Example:
        >>> import numpy as np, tinygraph as tg, warnings
        >>> double = tg.compile(lambda x: x * np.float64(2.0), backend="numpy")
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     y = double(np.ones(3, np.float32))
        >>> y.dtype, caught[0].category.__name__, str(caught[0].message).splitlines()[0][:45]
        (dtype('float64'), 'WideningWarning', 'compile: float32 becomes float64 in multiply ')
    """


LONGEST = 1500
"""The most characters of one line of a message."""


def plain(text: Any, limit: int | None = None) -> str:
    """A text on one line, cut to ``limit`` characters; U+FFFD stands for every hidden character.

    Hidden are those that no reader sees: controls such as ESC, and marks such as U+202E, which turns round the rest
    of the line, or U+200B, which has no width.

    Example:
        >>> from tinygraph.core.errors import plain
        >>> plain("a\\tb\\u202ec\\x1b[31m"), plain("abcdef", 4)
        ('a b�c�[31m', 'abc…')
    """
    text = str(text)
    if limit is not None and len(text) > limit:
        text = f"{text[: limit - 1]}…"
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text])


def shown(value: Any, limit: int = 120) -> str:
    """A user's value in a message: its repr, cut; of long containers and arrays the start, or the size.

    It costs the same for ten million numbers as for ten.

    Example:
        >>> from tinygraph.core.errors import shown
        >>> shown([1.5, "a"]), shown(list(range(10_000_000)))
        ("[1.5, 'a']", '[0, 1, 2, 3, 4, 5, …]')
    """
    try:
        return plain(_start(value, 3), limit)
    except Exception:  # whatever an object's own __repr__ raises
        return f"a {type(value).__name__}"


def _start(value: Any, depth: int) -> str:
    cls = type(value)
    if cls in (str, bytes):
        return repr(value[:200])
    if isinstance(value, np.ndarray) and (value.size > 20 or value.dtype.hasobject):
        return f"array {value.shape} {value.dtype}"
    if cls in (list, tuple, set, frozenset, dict) and value:
        some = [*islice(value.items() if cls is dict else value, 6)] if depth else []
        parts: Iterable[str] = (": ".join(_start(x, depth - 1) for x in pair) for pair in some)
        parts = [*(parts if cls is dict else (_start(x, depth - 1) for x in some)), *["…"] * (len(some) < len(value))]
        left, right = "[]" if cls is list else "()" if cls is tuple else "{}"
        return f"{left}{', '.join(parts)}{',' * (cls is tuple and len(value) == 1)}{right}"
    if hasattr(cls, "__len__") and not hasattr(cls, "shape") and len(value) > 50:
        return f"a {cls.__name__} of length {len(value)}"
    return " ".join(repr(value).split())


def refusing(function: F, who: str = "") -> F:
    """The function, with a `GraphError` for what Python or numpy raise within it about arguments that do not fit.

    ``who`` names it, else its own name does. It is the net behind the checks by name. What a user's own function
    raises, called from there, stays as it is.
    """

    who = who or getattr(function, "__qualname__", "").removesuffix(".__init__")

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options) if options else function(*args)
        except UNFIT as error:
            refuse(error, who, args, options, function)
            raise

    return cast(F, call)


def refuse(
    error: Exception, who: str, args: Iterable[Any], options: dict[str, Any], function: Callable[..., Any] | None = None
) -> None:
    """Raises a `GraphError` for an error that arose within the library; does nothing about any other.

    ``function`` tells which options there are.
    """
    if not isinstance(error, GraphError) and _is_ours(error):
        got = ", ".join([*map(shown, args), *(f"{k}={shown(v)}" for k, v in options.items())])
        text = str(error) or type(error).__name__
        unknown, left_out = _UNKNOWN.search(text), _LEFT_OUT.search(text)
        own, fix = None, ""
        if unknown or left_out:
            cls = type(next(iter(args), None))
            own = function and options_of(cls if function.__name__ == "__init__" else function)
            fix = option([name for name in options if name not in (own or ())], own)
        if unknown:
            kind = cls.__name__ if ".__init__()" in text else who
            expected = ", ".join(own or ())
            raise OptionError(f"{kind} has no option {unknown[1]}", expected=expected, got=got, fix=fix) from error
        word = left_out[1] if left_out else ""
        if who.endswith(("__call__", "from_state")) and (left_out or _OF_STATE.search(text)):
            word = "state"
        fix = fix or habits.ARGUMENTS.get(word, "")
        raise kind_of(error)(f"{who}: {text}", got=got, fix=fix) from error


_UNKNOWN = re.compile(r"unexpected keyword argument '(\w+)'")
_OF_STATE = re.compile("NoneType|unpack|'(tuple|list|dict)' object")
_LEFT_OUT = re.compile(r"missing \d+ required [\w-]+ arguments?: '(\w+)'")


def _is_ours(error: BaseException) -> bool:
    """Whether the error arose in this library, or in numpy or Python's own modules, which it called."""
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    above = [file for file in files if not _is_below(file)]
    return bool(above) and above[-1].startswith(_LIBRARIES[0])


def _is_below(file: str) -> bool:
    if file.startswith((*_BELOW, "<frozen ")) or file.endswith((".pyx", ".pxd")):  # these are numpy.random's own
        return True
    return file.startswith(_PYTHON) and "site-packages" not in file


def users_line() -> str:
    """The innermost line of the user's code: ``file.py:12: the source``."""
    return line_at(*users_place())


def asked(otherwise: str) -> str:
    """What to write where plain numbers are asked for: told by who asks, another package, or by the user's line."""
    file, number = users_place()
    package = asking(file)
    if package:
        return f"x.value  # {package} takes numbers alone, which carry no gradient"
    line = linecache.getline(file, number)
    return next((fix for pattern, fix in habits.ASKED.items() if re.search(pattern, line)), otherwise)


def asking(file: str) -> str:
    """The package that takes numbers alone and that this file belongs to; empty if it is another's."""
    installed = re.search(r"(site|dist)-packages[\\/](\w+)", file)
    return installed[2] if installed and installed[2] in habits.NUMBERS_ONLY else ""


def users_place() -> tuple[str, int]:
    """The file and the number of the innermost line of the user's code."""
    frame = users_frame()
    return frame.f_code.co_filename, frame.f_lineno


def users_frame() -> FrameType:
    """The innermost frame of the user's code."""
    frame = sys._getframe(1)
    while frame.f_back and (frame.f_code.co_filename.startswith(_LIBRARIES) or _is_below(frame.f_code.co_filename)):
        frame = frame.f_back
    return frame


def line_of(error: BaseException) -> str:
    """The line of the user's code in which an error arose."""
    steps = [(f.f_code.co_filename, n) for f, n in traceback.walk_tb(error.__traceback__)]
    return line_at(*[step for step in steps if not step[0].startswith(_LIBRARIES)][-1])


def line_at(name: str, number: int) -> str:
    """A line of a file with its place: ``file.py:12: the source``, of which a long one is cut."""
    source = linecache.getline(name, number).strip()
    if len(source) > LONGEST_LINE:
        source = f"{source[: LONGEST_LINE - 4]} ..."
    return f"{called(name)}:{number}: {source}".rstrip(": ")


def called(file: str) -> str:
    """What the user calls a file: its own name, or ``In[3]`` for a cell of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    naming = getattr(getattr(shell, "compile", None), "format_code_name", lambda _: None)
    kind_and_name = naming(file)
    return kind_and_name[1] if kind_and_name else file


LONGEST_LINE = 120
