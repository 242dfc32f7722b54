"""Arguments that are handed on: where a function reads a wrong one, the line is meant that binds it for the call."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

import numpy as np

from ...core.node import Node
from .book import same
from .candidates import fits, turned
from .departures import Argument, Departure
from .kinds import operand_of
from .lines import Line, function_at, line_at, lines_of, statement_at
from .right import Thing
from .statement import runs_of
from .subject import Case, Subject
from .written import Operation, Written

_Variable = tuple[str, str, str]
"""A file, a function and a name in it."""


@dataclass
class _Operand:
    """What a statement reads that is wrong, when its function is called from one place.

    Attributes:
        departure: which it is of.
        lines: where it is read, and where its function is called.
        run: the one of these runs of the statement that is looked at, the last in which something is due.
        node, due: what it is then, and what is due.
        dues: what is due in each of the runs, by what it is.
        levels: the variables by which it was handed on, the innermost first; each with those of the same function that
            have what is due, and the line that binds it, or calls with it, and what it says.
    """

    departure: Departure
    lines: list[Line]
    run: int
    node: Node
    due: np.ndarray
    dues: dict[Node, np.ndarray]
    levels: list[tuple[_Variable, list[_Variable], tuple[Line, str] | None]] = field(default_factory=list)

    def argument(self, written: Written, wrong: Collection[_Variable]) -> Argument | None:
        """Where the first function that has what is due hands on the wrong thing; of all the last."""
        having = [told for _, others, told in self.levels if any(other not in wrong for other in others)]
        told = [*having, *(told for *_, told in self.levels[-1:])][:1]
        first, due = next(((x, due) for x, due in self.dues.items() if np.any(due)), (self.node, self.due))
        exact = [m.thing for m in written.look(first, due) if m.is_exact]
        thing = exact[0] if exact else Thing("value", "zeros", None, (), due)
        return Argument(*told[0], first, thing) if told and told[0] else None


def handed_on(subject: Subject, case: Case, written: Written, departures: Sequence[Departure]) -> list[Departure]:
    """The departures, those of arguments at the lines that bind these, unless the function has what is due."""
    operands = [operand for d in departures for operand in _operands(written, d)]
    if operands:
        _Watch(operands).run(subject, case)
    wrong = {variable for o in operands for variable, *_ in o.levels}
    told, mended = list[Departure](), dict[Node, tuple[np.ndarray, Argument]]()
    for d in departures:
        pairs = [(o, o.argument(written, wrong)) for o in operands if o.departure is d]
        arguments = [(o, a) for o, a in pairs if a is not None]
        outside = arguments and len(arguments) == len(pairs)
        mended |= {x: (due, a) for o, a in arguments if outside for x, due in o.dues.items()}
        told += [replace(d, argument=a) for _, a in arguments] if outside else [d]
    return [d if d.argument else replace(d, argument=_by_the_same(written, d, mended)) for d in told]


def _by_the_same(
    written: Written, departure: Departure, mended: Mapping[Node, tuple[np.ndarray, Argument]]
) -> Argument | None:
    """The argument that another statement reads too, if this one is right with what is due in its place."""
    runs = [(run, [x for x in run.reads if x in mended]) for run in runs_of(written, departure)] if mended else []
    if runs and all(some and run.comes_right({x: mended[x][0] for x in some}) for run, some in runs):
        return mended[runs[0][1][0]][1]
    return None


def _operands(written: Written, departure: Departure) -> Iterator[_Operand]:
    last: dict[Operation, _Operand] = {}
    for run, x, due in operand_of(written, departure) if len(lines_of(departure.node)) > 1 else ():
        part = next(y for y in run.parts if y in departure.right)
        operation, own = written.operation_of[part], turned(due, x.shape)
        at = next(k for k, y in enumerate(operation.nodes) if y is part)
        before = last.get(operation)
        dues = {**(before.dues if before else {}), x: own}
        last[operation] = _Operand(departure, lines_of(part), at, x, own, dues)
        if before and not np.any(own):
            last[operation] = replace(before, dues=dues)
    yield from last.values()


class _Watch:
    """Looks at the variables when one of the operands is read."""

    def __init__(self, operands: list[_Operand]) -> None:
        self._operands = operands
        self._runs = [0] * len(operands)
        self._files = {line.file for o in operands for line in o.lines}
        self._last: dict[FrameType, ast.stmt | None] = {}

    def run(self, subject: Subject, case: Case) -> None:
        before = sys.gettrace()
        try:
            sys.settrace(lambda frame, *_: self._line if frame.f_code.co_filename in self._files else None)
            subject.gradients(case)
        except Exception:  # what was seen until then is known
            pass
        finally:
            sys.settrace(before)

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        at = _statement(frame)
        if event == "line" and at is not self._last.get(frame):  # a statement of several lines is seen once
            frames = [*self._users(frame)]
            numbers = [x.lineno if (x := _statement(f)) else f.f_lineno for f in frames]
            for k, o in enumerate(self._operands):
                if numbers[: len(o.lines)] == [line.number for line in o.lines]:
                    if self._runs[k] == o.run and at is not None:
                        o.levels = [*_levels(o, at, frames)]
                    self._runs[k] += 1
        self._last[frame] = at
        return self._line

    def _users(self, frame: FrameType | None) -> Iterator[FrameType]:
        while frame is not None and frame.f_code.co_filename in self._files:
            yield frame
            frame = frame.f_back


def _statement(frame: FrameType) -> ast.stmt | None:
    return statement_at(frame.f_code.co_filename, frame.f_lineno)


def _is(value: Any, array: np.ndarray) -> bool:
    return isinstance(value, np.ndarray) and fits(value, array.shape) and same(turned(value, array.shape), array)


def _levels(o: _Operand, at: ast.stmt, frames: list[FrameType]) -> Iterator[Any]:
    """The functions that hand on an argument, as far as it is one; none for a thing that is no variable."""
    names = [n.id for n in ast.walk(at) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    name = next((n for n in names if _is(frames[0].f_locals.get(n), o.node._value)), "")
    called: ast.FunctionDef | None = None
    for frame in frames if name else ():
        file, function, values = frame.f_code.co_filename, frame.f_code.co_name, frame.f_locals
        here, statement = o.lines[0]._replace(file=file, function=function), _statement(frame)
        tree = function_at(file, frame.f_lineno)
        if tree is None or statement is None:
            return
        told = None
        if called is not None:
            handed = _handed(statement, called, name)
            name, told = _named(handed), (line_at(here, statement.lineno), ast.unparse(handed or statement))
        known = [(file, function, n) for n, value in values.items() if _is(value, o.due)]
        line = max((n for n in _lines(tree, name, ast.Store) if n < statement.lineno), default=0)
        bound, parts = (line_at(here, line), name), statement_at(file, line)
        if told and line and not known and _is_alone(tree, name, line, statement):
            told = bound
        yield (file, function, name), known, told
        vararg = tree.args.vararg and tree.args.vararg.arg
        if isinstance(parts, ast.Assign) and vararg and _named(parts.value) == vararg:
            if any(_lines(parts, other, ast.Store) for *_, other in known):
                yield (file, function, name), [], bound
                return
            name = vararg
        elif line or name not in _arguments(tree):
            return
        called = tree


def _arguments(tree: ast.FunctionDef) -> list[str]:
    return [a.arg for a in ast.walk(tree.args) if isinstance(a, ast.arg)]


def _named(x: ast.AST | None) -> str:
    return x.id if isinstance(x, ast.Name) else ""


def _lines(tree: ast.AST, name: str, kind: type[ast.expr_context]) -> list[int]:
    """The lines in which a name is read, or set."""
    return [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, kind)]


def _handed(at: ast.stmt, function: ast.FunctionDef, name: str) -> ast.expr | None:
    """What a statement that calls a function hands it under a name."""
    own = _arguments(function)
    place = own.index(name) - (own[0] == "self")
    for call in (n for n in ast.walk(at) if isinstance(n, ast.Call)):
        if ast.unparse(call.func).rpartition(".")[2] == function.name:
            by_name = {k.arg: k.value for k in call.keywords}
            parts = [x.value for x in call.args[: place + 1] if isinstance(x, ast.Starred)]
            return by_name.get(name) or next(iter([*parts, *call.args[place : place + 1]]), None)
    return None


def _is_alone(tree: ast.AST, name: str, line: int, at: ast.stmt) -> bool:
    """Whether what a line binds is read once, by this statement, until the name is bound again."""
    after = min((n for n in _lines(tree, name, ast.Store) if n > line), default=sys.maxsize)
    reads = [n for n in _lines(tree, name, ast.Load) if line < n <= after]
    return len(reads) == 1 and at.lineno <= reads[0] <= (at.end_lineno or at.lineno)
