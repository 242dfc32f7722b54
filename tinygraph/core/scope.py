"""The time step and the scope of new nodes, and other state of the current thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ContextDecorator, contextmanager
from itertools import count, repeat
from types import CodeType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from .checks import integer, text

if TYPE_CHECKING:
    from numpy import ndarray

    from .node import Node

Error = TypeVar("Error", bound=Exception)
Guard = Callable[["Node", "Sequence[Node]", "Sequence[Node]"], None]
"""Called with y, the nodes that y depends on, and ``wrt``; it may raise."""


class Entrance(Protocol):
    """What looks at the values that enter a traced function from outside, see `outside/door.py`."""

    trained: dict[Any, bool | None]

    def array(self, value: Any, kept: ndarray) -> ndarray:
        """What the graph keeps of ``value``: ``kept``, or a copy that it has already."""

    def setting(self, value: Any) -> Any:
        """A setting of an op, as nobody can change it."""


next_serial = count().__next__
MOST_LOOPS, MOST_ODD = 100, 8
"""So many loops are known at a time; so many later steps of each leave trails, which cost as much as half an op."""
ALL: Iterator[Any] = repeat(None)
NONE: Iterator[Any] = repeat(0)
"""In place of the ops that are due: each op leaves a trail, or none does."""


class _OverTime:
    """A loop over time: its last step, how many it had before, the ops of the longest of its first two, odd steps."""

    def __init__(self, last: int) -> None:
        self.last, self.steps, self.odd = last, 0, 0
        self.ops: list[Any] = []


class _Now(threading.local):
    """State of the current thread that new nodes depend on.

    Attributes:
        place: step, scope and origin of new nodes; one tuple, because every new node reads all three.
        loops: the last loop over time of each code.
        due: the ops that a loop's first two steps had, for a later one: another op, and all after it, leave a trail.
        over: the loop over time whose step this is.
        ops: those of this step, if it is one of the first two.
        plain: whether ops compute and nothing else: one look at each op instead of three. If all that they do beside is
            to tell a recorder, it is that recorder.
        tracing: whether ops make `Traced` nodes instead of computing.
        watching: whether the first NaN or infinity raises.
        uncompiled: whether a compiled function calls the function itself, so that values are looked at.
        guards: called by `grad` before it starts.
        draws: the random numbers of a running unroll, see `time/noise.py`.
        door: looks at arrays and settings that enter a traced function; None outside of one.
        widenings: collects the ops that make float64 of float32, see `widening.py`.
        recorder: notes what ops read and make where arrays may be written, see `recording/`; None elsewhere.
        driven: collects the cells that are driven by a loop, for exporters, see `time/driver.py`; None elsewhere.
        refused: the latest error that says that a value is not known while a function is traced.
        threads: how many threads have asked for their state.
    """

    place: tuple[int | None, str, Node | None] = (None, "", None)
    loops: dict[CodeType, _OverTime] | None = None
    due: Iterator[Any] = ALL
    over: _OverTime | None = None
    ops: list[Any] | None = None
    plain: Any = True
    tracing: bool = False
    watching: bool = False
    uncompiled: bool = False
    guards: tuple[Guard, ...] = ()
    draws: Any = None
    door: Entrance | None = None
    widenings: Any = None
    recorder: Any = None
    driven: list[Any] | None = None
    refused: Exception | None = None
    threads = 0

    def __init__(self) -> None:
        _Now.threads += 1


now = _Now()


def refused(error: Error) -> Error:
    """The error, which ends the tracing also where the user's code catches it and goes on without the value."""
    now.refused = error
    return error


def settle() -> None:
    """Sets ``now.plain`` after ``tracing``, ``watching`` or ``recorder`` was set; called by all who set one of them."""
    vars(now).pop("plain", None)
    plain = not (now.tracing or now.watching) and (now.recorder is None or now.recorder)
    if now.plain is not plain:
        now.plain = plain


class Kept:
    """A context that puts the thread's state back as it was. No generator: one that Ctrl-C stopped would end later."""

    def __enter__(self) -> None:
        self.before = vars(now).copy()

    def __exit__(self, *_: object) -> None:
        state = vars(now)
        state.update(self.before)  # before anything is removed, so that Ctrl-C in between loses nothing
        for key in state.keys() - self.before.keys():
            del state[key]


def step(t: int) -> AbstractContextManager[None]:
    """A context whose new nodes belong to time step ``t``, an integer from 0.

    Of steps within each other the inner one is theirs. Pictures show the outer ones as time.

    Example:
        >>> import tinygraph as tg
        >>> with tg.step(3):
        ...     h = tg.tanh(tg.constant(0.0))
        >>> h.step
        3
    """
    return _InStep(t)


class _StepOf(int):
    """A step of a loop that is told by a second step, ``other``."""

    other: int

    def __new__(cls, number: int, other: int = 0) -> Self:
        step = super().__new__(cls, number)
        step.other = other
        return step


class InnerStep(_StepOf):
    """A step of a loop within the step ``other`` of another; in pictures the outer one, with ``other`` within it."""


class WindowStep(_StepOf):
    """A step in the window of `unroll` that ends at step ``other``; each window runs its steps again."""


class _InStep(ContextDecorator, AbstractContextManager[None]):
    """No generator, which takes three times as long: every step of a loop enters one."""

    def __init__(self, t: int) -> None:
        self.t = t if type(t) in (int, WindowStep) and t >= 0 else integer("step", "t", t)

    def __enter__(self) -> None:
        t, place = self.t, now.place
        self.before = place, now.due
        if place[0] is not None:
            now.place = (InnerStep(t, getattr(place[0], "other", place[0])), place[1], place[2])
            return
        now.over = loop = _loop(t, sys._getframe(1).f_code)
        later = t > 1 and loop.steps > (t == 2)
        now.ops = None if later else []
        now.due = ALL if not later else iter(loop.ops) if loop.odd < MOST_ODD else NONE
        now.place = (t, place[1], place[2])

    def __exit__(self, *_: object) -> None:
        now.place, due = self.before
        if now.place[0] is None:
            now.due = due
            if now.over and now.ops and len(now.ops) > len(now.over.ops):
                now.over.ops = now.ops

    def _recreate_cm(self) -> _InStep:
        return _InStep(self.t)


def _loop(t: int, code: CodeType) -> _OverTime:
    """The loop over time that enters a step."""
    loop = None if now.loops is None else now.loops.get(code)
    if loop is None or abs(t - loop.last) > 1:
        if now.loops is None or len(now.loops) >= MOST_LOOPS:  # not in the middle of a loop
            now.loops = {}
        now.loops[code] = loop = _OverTime(t)
    if t == loop.last and not loop.steps:  # the loop before may have had this step alone
        loop.ops, loop.odd = [], 0
    loop.steps += t != loop.last
    loop.last = t
    return loop


@contextmanager
def scope(name: str) -> Iterator[None]:
    """A context whose new nodes belong to the cell or layer ``name``; nested scopes form a path.

    Example:
        >>> import tinygraph as tg
        >>> with tg.scope("encoder"), tg.scope("layer0"):
        ...     h = tg.tanh(tg.constant(0.0))
        >>> h.scope
        'encoder/layer0'
    """
    before, name = now.place, text("scope", "its name", name)
    try:
        now.place = (before[0], f"{before[1]}/{name}" if before[1] else name, before[2])
        yield
    finally:
        now.place = before
