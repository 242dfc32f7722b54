"""A line that adds what is due for one gradient to another variable: moved back to its own, that gradient is right."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from types import FunctionType

from ...core.errors import GraphError
from .atoms import atoms_of
from .book import ratio
from .edits import Edit
from .forms import as_target, expression, replaced
from .lines import Line
from .results import names_gradient, plain
from .source import source_of, statements
from .subject import Case, Subject
from .trials import Trials, running


def function_of(subject: Subject, file: str, number: int) -> FunctionType | None:
    """The function of a subject in which a line stands."""
    for function in subject.functions:
        code = function.__code__
        last = max(n for *_, n in code.co_lines() if n is not None)
        if code.co_filename == file and code.co_firstlineno <= number <= last:
            return function
    return None


def line_astray(subject: Subject, case: Case, name: str, beside: tuple[str, Line]) -> tuple[int, frozenset[str]] | None:
    """The line which makes the gradient of a parameter right, but for a factor, if it sets that one, and the parameters
    whose gradients are right then; none of a line that only goes by the parameter's name.

    Args:
        subject, case: what is run.
        name: the parameter, for which no line makes anything.
        beside: another parameter, and the line that makes its gradient.
    """
    function = function_of(subject, beside[1].file, beside[1].number)
    try:
        tree = None if function is None else source_of(function).tree
    except GraphError:
        return None
    target = None if tree is None else next(_targets(tree, name, beside), None)
    if function is None or tree is None or target is None:
        return None
    new = as_target(expression(target))
    some = [x for x in statements(tree) if isinstance(x, ast.AugAssign) and ast.unparse(x.target) != target]
    edits = [Edit(function, at, (replaced(at, "target", None, new),), "", 0.0) for at in some]
    number = _first_of_parameter(some, name)
    named = None if number is None else (number, frozenset[str]())
    return _first_that_mends(Trials(subject, case), {function: tree}, edits, name) or named


def _first_that_mends(
    trial: Trials, trees: Mapping[FunctionType, ast.FunctionDef], edits: Sequence[Edit], name: str
) -> tuple[int, frozenset[str]] | None:
    rows = trial.rows() == name
    with running(trees, edits) as choose:
        for number, edit in enumerate(edits):
            choose(number)
            verdict, row = trial.measured()
            if row is not None and ratio(row[rows], (row + trial.differences(row))[rows]) is not None:
                return edit.line, (verdict.right if verdict else frozenset()) | {name}
    return None


def _first_of_parameter(some: Sequence[ast.AugAssign], name: str) -> int | None:
    """The line that adds to the parameter itself; of several faults at once no gradient may come right."""
    texts = {x.lineno: ast.unparse(x.target).replace("['", ".").replace("']", "") for x in some}
    adds = [x.lineno for x in some if isinstance(x.op, ast.Add) and plain(texts[x.lineno]) == plain(name)]
    return adds[0] if adds else None


def _targets(tree: ast.AST, name: str, beside: tuple[str, Line]) -> Iterator[str]:
    """What may hold the gradient: as that of the other parameter with the name exchanged, or by any name for it."""
    other, line = (beside[0].rpartition(".")[2], beside[1])
    bare = name.rpartition(".")[2]
    before, there, after = line.target.rpartition(other)
    if there and plain(line.target) != plain(other):
        yield before + bare + after
    yield from (text for text in atoms_of(tree) if names_gradient(text, name) and plain(text) != plain(name))
