"""Runs of a subject with edited lines, many edits in one compiled function, and which gradients come out right."""

from __future__ import annotations

import ast
import contextlib
import io
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from .edits import Edit, placed
from .source import blocks, compiled, swapped
from .subject import Case, Subject, copied
from .table import right_gradients

CHOICE = "_tinygraph_edit"
"""The global of the user's file that tells, while it runs, which of the edits is meant."""
AT_ONCE = 48
"""Edits in one compiled function: compiling costs more than running."""
EXACT, SINGLE = 1e-9, 2e-4
"""How near a gradient must come, for float64 and for float32."""

Trees = Mapping[FunctionType, ast.FunctionDef]


@dataclass(frozen=True)
class Verdict:
    """What a run came to.

    Attributes:
        right: the parameters whose gradients are right.
        errors: of each parameter, relative; infinite where there is no such array.
        loss: that of the run; NaN where nobody says what it is.
    """

    right: frozenset[str]
    errors: dict[str, float]
    loss: float


class Trials:
    """Runs one case of a subject, and compares with the gradients that are due.

    Args:
        subject, case: what is run.
        due: the right gradients; by default those of the loss on nodes.
    """

    def __init__(self, subject: Subject, case: Case, due: Mapping[str, Any] | None = None) -> None:
        self.subject, self.case = subject, case
        right = due or right_gradients(subject.on_nodes(case, back=False))
        self.due = {name: np.asarray(x, float) for name, x in right.items()}
        every = [x.dtype for x in case.parameters.values()]
        self.near = SINGLE if any(dtype.itemsize < 8 for dtype in every) else EXACT
        self._size = {name: float(np.abs(x).max(initial=0)) or 1.0 for name, x in self.due.items()}
        self.runs = 0
        self.base = self.verdict()

    def verdict(self) -> Verdict | None:
        """Of a run as the functions are now; None where it does not run."""
        return self.measured()[0]

    def measured(self) -> tuple[Verdict | None, np.ndarray | None]:
        """The verdict, and all gradients in one row, each in units of its own size."""
        self.runs += 1
        try:
            copies = {name: np.array(x) for name, x in self.case.parameters.items()}
            outcome = self.subject.run(copies, copied(self.case.arguments))
            own = outcome.gradients
            errors = {name: self._error(own.get(name), name) for name in self.due}
            loss = np.nan if outcome.loss is None else float(np.squeeze(outcome.loss))
            row = self._row(own) if np.isfinite([errors[n] for n in errors if own.get(n) is not None]).all() else None
        except Exception:  # whatever an edit makes of the user's code
            return None, None
        return Verdict(frozenset(name for name, error in errors.items() if error <= self.near), errors, loss), row

    def _row(self, gradients: Mapping[str, Any]) -> np.ndarray:
        whole = {n: g if (g := gradients.get(n)) is not None else np.zeros(x.shape) for n, x in self.due.items()}
        return np.concatenate([np.ravel(np.asarray(g, float)) / self._size[n] for n, g in whole.items()])

    def rows(self) -> np.ndarray:
        """The parameter of each number in a row."""
        return np.concatenate([np.full(x.size, name, object) for name, x in self.due.items()])

    def differences(self, row: np.ndarray) -> np.ndarray:
        """What is missing in a row of what is due."""
        return self._row(self.due) - row

    def _error(self, own: Any, name: str) -> float:
        if np.shape(own) != self.due[name].shape:
            return np.inf
        error = float(np.abs(np.asarray(own, float) - self.due[name]).max(initial=0)) / self._size[name]
        return error if error == error else np.inf

    @property
    def wrong(self) -> frozenset[str]:
        return frozenset(self.due) - (self.base.right if self.base else frozenset())

    def forward_changed(self, verdict: Verdict) -> bool:
        """Whether an edit changes the loss: it stands in the forward pass, which is what the user means."""
        if self.base is None:
            return False
        return not np.isclose(verdict.loss, self.base.loss, rtol=1e-12, atol=0, equal_nan=True)

    def tried(self, trees: Trees, edits: Sequence[Edit]) -> Iterator[tuple[Edit, Verdict | None]]:
        """Runs each of the edits, which are all of one function, in trees that may hold others already."""
        for k in range(0, len(edits), AT_ONCE):
            some = edits[k : k + AT_ONCE]
            try:
                with running(trees, some) as choose:
                    for number, edit in enumerate(some):
                        choose(number)
                        yield edit, self.verdict()
            except (SyntaxError, ValueError, TypeError, RecursionError):  # one of them is no Python
                yield from self._one_by_one(trees, some)

    def _one_by_one(self, trees: Trees, edits: Sequence[Edit]) -> Iterator[tuple[Edit, Verdict | None]]:
        for edit in edits:
            try:
                with running(trees, [edit]) as choose:
                    choose(0)
                    yield edit, self.verdict()
            except (SyntaxError, ValueError, TypeError, RecursionError):
                yield edit, None

    def of(self, trees: Trees) -> Verdict | None:
        """Of a run with whole trees."""
        with running(trees, []):
            return self.verdict()


@contextmanager
def running(trees: Trees, edits: Sequence[Edit], hook: Any = None) -> Iterator[Any]:
    """The functions run these trees; the value, called with a number, chooses one of the edits.

    With a ``hook`` all edits are there at once, and it is what the edits call.
    """
    with contextlib.ExitStack() as stack:
        edited = {edit.function for edit in edits}
        for function, tree in trees.items():
            code = _switched(function, tree, edits, hook is None) if function in edited else _plain(function, tree)
            stack.enter_context(swapped(function, code))
        scopes = [function.__globals__ for function in trees]
        stack.callback(lambda: [names.pop(CHOICE, None) for names in scopes])

        def choose(number: Any) -> None:
            for names in scopes:
                names[CHOICE] = number

        choose(-1 if hook is None else hook)
        yield choose


@lru_cache(maxsize=64)
def _plain(function: FunctionType, tree: ast.FunctionDef) -> CodeType:
    return compiled(function, tree)


def _switched(function: FunctionType, tree: ast.FunctionDef, edits: Sequence[Edit], one: bool) -> CodeType:
    """The code of a tree in which each edited statement is a choice among itself and its edits, or all its edits."""
    at: dict[int, list[tuple[int, Edit]]] = {}
    for number, edit in enumerate(edits):
        at.setdefault(id(edit.at), []).append((number, edit))
    changed = []
    try:
        for block in blocks(tree):
            if any(id(x) in at for x in block):
                changed.append((block, [*block]))
        for block, before in changed:
            rows = [[x] if id(x) not in at else _edited(x, at[id(x)], one) for x in before]
            block[:] = [x for row in rows for x in row]
        return compiled(function, tree)
    finally:
        for block, before in changed:
            block[:] = before


def _edited(at: ast.stmt, edits: Sequence[tuple[int, Edit]], one: bool) -> list[ast.stmt]:
    return [_choice(at, edits)] if one else [x for _, edit in edits for x in placed(edit)]


def _choice(at: ast.stmt, edits: Sequence[tuple[int, Edit]]) -> ast.stmt:
    numbers = [number for number, _ in edits]
    some = [_if(at, number, number, placed(edit), []) for number, edit in edits]
    return _if(at, numbers[0], numbers[-1], some, [at])


def _if(at: ast.stmt, low: int, high: int, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt]) -> ast.stmt:
    where = {name: getattr(at, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    first, last = ast.Constant(value=low, **where), ast.Constant(value=high, **where)
    choice = ast.Name(id=CHOICE, ctx=ast.Load(), **where)
    test = ast.Compare(left=first, ops=[ast.LtE(), ast.LtE()], comparators=[choice, last], **where)
    return ast.If(test=test, body=[*body], orelse=[*orelse], **where)


@contextmanager
def quiet() -> Iterator[None]:
    """No prints, no warnings: edited lines divide by zero and print what the user prints, thousands of times."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


class Clock:
    """The time that is left of a budget of seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._end = seconds, time.process_time() + seconds
        self._not_before = time.perf_counter() + seconds

    @property
    def over(self) -> bool:
        """Asked after each run: the time of a process costs as much as a run, and it is not ahead of the clock's."""
        now = time.perf_counter()
        if now < self._not_before:
            return False
        left = self._end - time.process_time()
        self._not_before = now + left
        return left <= 0
