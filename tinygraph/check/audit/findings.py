"""Findings: what a report says of a line that is wrong."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from types import FunctionType

import numpy as np

from ...core.errors import called
from ...core.node import Node
from .anew import steps_meant
from .astray import function_of, line_astray
from .blame import Blame
from .book import ratio
from .departures import Departure
from .edits import BOUND
from .handed import handed_on
from .inserts import MISSING
from .kinds import kind_of
from .lines import Line, line_at, line_that_sets, statement_at
from .mended import Repair
from .rewrites import FACTOR_LESS, INDEX, NAME, PARTS
from .right import Thing
from .subject import Case, Subject
from .whole import unpacked_wrongly
from .written import Written


@dataclass(frozen=True)
class Finding:
    """A line that is wrong.

    Attributes:
        file, line, source: where, and what stands there.
        function: the name of its function.
        step: the time step at which it is first seen; None outside of time.
        reads: what of the right graph the line reads, in words.
        makes: what it makes, in words.
        due: what it should make, in words.
        kind: the kind of fault, in words; empty if it is none of the known ones.
        parameters: those whose gradients become right if it makes what is due.
    """

    file: str
    line: int
    source: str
    function: str
    step: int | None
    reads: tuple[str, ...]
    makes: str
    due: str
    kind: str
    parameters: tuple[str, ...]

    def __str__(self) -> str:
        at = "" if self.step is None else f", step {self.step}"
        rows = [f"{called(self.file)}:{self.line} ({self.function}{at}): {self.source}"]
        rows += [f"  reads  {', '.join(self.reads)}, which is right"] if self.reads else []
        rows += [f"  makes  {self.makes}", f"  due    {self.due}"]
        rows += [f"  kind   {self.kind}"] if self.kind else []
        whose = ", ".join(self.parameters)
        return "\n".join([*rows, f"  then the gradient of {whose} is right"] if whose else rows)


def findings_of(subject: Subject, case: Case, blame: Blame, unrated: Iterable[str] = ()) -> list[Finding]:
    """The lines that are wrong, the first to be mended first."""
    written = blame.written
    wrong = written.wrong()
    late = [f for name in unrated for f in _unrated(written, name)]
    silent = sorted(name for name in wrong if written.is_missing(name))
    moved = {name: _astray(subject, case, written, name) for name in silent}
    mended = frozenset[str]().union(*(pair[1] for pair in moved.values() if pair))
    departures = handed_on(subject, case, written, blame.departures() if wrong - {*silent} - mended else [])
    departures = [d for d in departures if not d.mended or d.mended - mended]
    told = [*(_of(written, d) for d in departures), *late]
    taken = {f.line for f in told}
    findings = []
    for name in [name for name in silent if not any(name in d.mended for d in departures)]:
        findings += [f for f in [_silent(written, name, moved[name], taken)] if f is not None]
        taken |= {f.line for f in findings}
    # Where a line was lost is a guess, that of a wrong line is not.
    zeros = {name for name in silent if (g := written.results.get(name)) is None or not np.any(g._value)}
    guesses = [f for f in findings if f.kind == MISSING or zeros.isdisjoint(f.parameters)]
    return _by_line([*(f for f in findings if f not in guesses), *told, *guesses])


def of_whole_numbers(subject: Subject, case: Case) -> tuple[list[Finding], bool]:
    """The line that binds whole numbers or labels the wrong way round, and whether nothing else is wrong."""
    told = unpacked_wrongly(subject, case)
    if told is None:
        return [], False
    edit, right, alone = told
    code, names = edit.function.__code__, tuple(sorted(right))
    makes, due = "whole numbers, or labels, in each other's place", f"`{ast.unparse(edit.new[0])}`"
    place = (code.co_filename, edit.line, ast.unparse(edit.at), code.co_name)
    return [Finding(*place, None, (), makes, due, PARTS, names)], alone


def too_short(subject: Subject, loop: ast.For, back: int) -> Iterator[Finding]:
    """The loop that goes back another number of steps than its author says in an argument."""
    meant = steps_meant(subject.functions)
    functions = [f for f in subject.functions if f.__code__.co_firstlineno <= loop.lineno]
    if meant is not None and meant[1] != back and functions:
        function = max(functions, key=lambda f: f.__code__.co_firstlineno).__code__
        source = f"for {ast.unparse(loop.target)} in {ast.unparse(loop.iter)}:"
        due = f"{meant[1]} steps back, as {meant[0]} = {meant[1]} says"
        makes = f"{back} step{'s' * (back > 1)} back"
        yield Finding(function.co_filename, loop.lineno, source, function.co_name, None, (), makes, due, BOUND, ())


def _unrated(written: Written, name: str) -> Iterator[Finding]:
    """A parameter that is updated without the learning rate, which others are updated with."""
    node = written.results.get(name)
    made = written.last_line(node) if node is not None else None
    line = line_that_sets(name.rpartition(".")[2], made) if made is not None else None
    if line is not None:
        makes, due = f"an update of {name} that is the same at any learning rate", "the learning rate times that"
        yield Finding(line.file, line.number, line.source, line.function, None, (), makes, due, FACTOR_LESS, (name,))


def _by_line(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a line: the first, with the parameters of all."""
    lines: dict[tuple[str, int], Finding] = {}
    for f in findings:
        first = lines.setdefault((f.file, f.line), f)
        names = tuple(dict.fromkeys([*first.parameters, *f.parameters]))
        lines[f.file, f.line] = replace(first, parameters=names)
    return [*lines.values()]


def _of(written: Written, departure: Departure) -> Finding:
    node, due, own, handed = departure.node, departure.due, departure.operation.line, departure.argument
    line, what = own, own.expression
    reads = [text for x in node.inputs if (text := _exactly(written, x))]
    to_make = f", to make {due}" if handed and str(handed.due) != str(due) else ""
    if handed is not None:
        line, what, node, due, reads = *handed, []
    made = _in_words(written, node, due)
    kind = kind_of(written, departure)
    kind = NAME if handed and kind != INDEX else kind
    names = tuple(sorted(departure.mended))
    return Finding(
        line.file,
        line.number,
        line.source,
        line.function,
        due.when,
        tuple(dict.fromkeys(reads)),
        made,
        f"{what} should be {due}{to_make}",
        kind,
        names,
    )


def _exactly(written: Written, node: Node) -> str:
    exact = [m for m in written.matches.get(node, ()) if m.is_exact]
    return str(exact[0].thing) if exact else ""


def _in_words(written: Written, node: Node, due: Thing) -> str:
    """What a node is, in the words of the right graph."""
    if not np.any(node._value):
        return "zeros"
    if node.size == due.array.size and (c := ratio(node._value.ravel(), due.array.reshape(node.shape).ravel())):
        return f"{c:.6g} times what is due"
    matches = written.matches.get(node, ())
    if not matches:
        return "nothing that a right backward pass makes"
    m = matches[0]
    times = "" if m.is_exact else f"{m.factor:.6g} times "
    return f"{times}{m.thing}{', transposed' if m.transposed else ''}"


def _astray(subject: Subject, case: Case, written: Written, name: str) -> tuple[Line, frozenset[str]] | None:
    """The line that adds what is due for a parameter to another one, and the parameters that are right without that."""
    pair = next(_beside(written, name), None)
    astray = None if pair is None else line_astray(subject, case, name, pair)
    return None if pair is None or astray is None else (line_at(pair[1], astray[0]), astray[1])


def _silent(
    written: Written, name: str, moved: tuple[Line, frozenset[str]] | None, taken: Collection[int]
) -> Finding | None:
    """A parameter whose gradient no line adds to: told at the line that adds to another one in its place, or that
    returns another thing, or beside the line of the gradient before or after it, if nothing else is told there; of one
    that has no neighbour, after the line that makes what it needs."""
    near = [*_beside(written, name)]
    together = written.right.together(name)
    free = [line for other, line in near if other in together and line.number not in taken]
    beside = next((line for line in [*free, *(line for _, line in near)]), None)
    astray = moved[0] if moved else None
    alone = not near or near[0][0] not in together
    prepared = written.line_that_prepares(name) if alone else None
    line = astray or written.line_that_keeps(name) or _update_beside(written, name, beside) or prepared or beside
    if line is (prepared or beside) and line is not None and line.number in taken:
        names = [*written.results]
        before = prepared is None and names.index(name) < names.index(near[0][0])
        line = line_at(line, line.number + (-1 if before else 1))
    if line is None:
        return None
    due = f"the gradient of {name}, which no line makes" + (f"; line {beside.number} makes its like" if beside else "")
    node = written.results.get(name)
    other = astray is not None or (node is not None and bool(np.any(node._value)))
    makes = f"nothing is added to the gradient of {name}"
    place = (line.file, line.number, line.source, line.function)
    return Finding(*place, None, (), makes, due, NAME if other else MISSING, (name,))


def _update_beside(written: Written, name: str, beside: Line | None) -> Line | None:
    """The line that updates another parameter, if none updates this one."""
    if beside is None or line_that_sets(name.rpartition(".")[2], beside) is not None:
        return None
    names = [*written.results]
    near = sorted(names, key=lambda other: (abs(names.index(other) - names.index(name)), other))
    lines = (line_that_sets(other.rpartition(".")[2], beside) for other in near if other != name)
    return next((line for line in lines if line is not None), None)


def _beside(written: Written, name: str) -> Iterator[tuple[str, Line]]:
    """The lines in the loop that make the gradients of neighbours: of those of one op, that before or after it."""
    names = [*written.results]
    order = sorted(names, key=lambda other: (abs(names.index(other) - names.index(name)), other))
    together = written.right.together(name)
    for other in [*(n for n in order if n in together), *(n for n in order if n not in together)]:
        node = written.results.get(other)
        line = written.last_line(node) if other != name and node is not None else None
        if line is not None:
            yield other, line


def with_repairs(findings: list[Finding], repairs: Iterable[Repair]) -> list[Finding]:
    """The findings with those first whose lines were repaired; a repaired line without a finding gets one."""
    ordered = []
    for r in repairs:
        same = [f for f in findings if f.file == r.file and f.line == r.line]
        told = same[0] if same else _of_repair(r)
        ordered.append(replace(told, kind=told.kind if r.kind in ("", NAME) and told.kind else r.kind))
    return [*ordered, *(f for f in findings if not any(f.file == o.file and f.line == o.line for o in ordered))]


def _of_repair(r: Repair) -> Finding:
    statement = statement_at(r.file, r.line)
    source = ast.unparse(statement) if statement else r.before.strip()
    due = f"with `{r.after.strip()}` all gradients are right"
    return Finding(r.file, r.line, source, "", None, (), "what is not right", due, r.kind, r.parameters)


def suspects(subject: Subject, findings: Iterable[Finding]) -> list[tuple[FunctionType, int]]:
    """The functions and lines of findings, for the search for repairs."""
    pairs = [(function_of(subject, f.file, f.line), f.line) for f in findings]
    return [(function, line) for function, line in pairs if function is not None]


def indented(text: str) -> str:
    return textwrap.indent(text, "  ")
