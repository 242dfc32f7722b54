"""Edits of one statement of a backward pass: what it may have been meant to be, likely ones first."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from ...ops.inference import Shape
from .atoms import Scope, loop_names
from .forms import expression, replaced
from .inserts import Gap, Inserts
from .rewrites import Rewrites, Variant

ADDED, SET = "`=` where `+=` is due", "`+=` where `=` is due"
SIGN, EXTRA, BOUND, WHEN = "a wrong sign", "a line too many", "a wrong range", "a wrong condition"


@dataclass(frozen=True)
class Edit:
    """Another statement, or several, in the place of one.

    Attributes:
        function: whose statement it is.
        at: the statement of the function's tree.
        new: what comes instead.
        kind: the fault that it mends, in plain words.
        weight: how far it is from what stands there; likely edits are light.
    """

    function: FunctionType
    at: ast.stmt
    new: tuple[ast.stmt, ...]
    kind: str
    weight: float

    @property
    def line(self) -> int:
        """The line of the statement; of one that is put in, the last before it."""
        return self.at.lineno if len(self.new) == 1 else self.at.end_lineno or self.at.lineno


class Edits:
    """Makes the edits of a function's statements.

    Args:
        scope: what there is to build from.
        wrong: the shapes of the gradients that are wrong; a line that is missing sets one of them.
        names: the parameters in their order.

    Attributes:
        inserts: the lines that may be missing.
    """

    def __init__(self, scope: Scope, wrong: Collection[Shape] = (), names: Sequence[str] = ()) -> None:
        self.scope = scope
        self._rewrites = Rewrites(scope)
        self.inserts = Inserts(self._rewrites.terms, wrong, names)

    def of(self, at: ast.stmt) -> list[Edit]:
        """Other statements for one, by weight; `placed` gives them lines before they are compiled."""
        return self._made(at, (*self._values(at), *self._others(at)))

    def values(self, at: ast.stmt) -> list[Edit]:
        """Of a statement that sets one variable: those that set the same one."""
        return self._made(at, self._values(at))

    def others(self, at: ast.stmt) -> list[Edit]:
        """Those that do something else."""
        return self._made(at, self._others(at))

    def _made(self, at: ast.stmt, every: Iterable[tuple[ast.stmt, str, float]]) -> list[Edit]:
        edits = [Edit(self.scope.source.function, at, (new,), kind, weight) for new, kind, weight in every]
        return sorted(edits, key=lambda edit: edit.weight)

    def after(self, gap: Gap, op: ast.operator | None, value: ast.expr, weight: float) -> Edit:
        """A line that was missing."""
        new, kind, weight = self.inserts.line(gap, op, value, weight)
        return Edit(self.scope.source.function, new[0], new, kind, weight)

    def _values(self, at: ast.stmt) -> Iterator[tuple[ast.stmt, str, float]]:
        if isinstance(at, (ast.Assign, ast.AugAssign)):
            yield from self._operators(at, target_in(at))
            yield from _in(at, "value", self._rewrites.of(at.value, "root"))

    def _others(self, at: ast.stmt) -> Iterator[tuple[ast.stmt, str, float]]:
        if isinstance(at, (ast.Assign, ast.AugAssign)):
            yield from self._targets(at)
        elif isinstance(at, ast.Expr):
            yield ast.Pass(), EXTRA, 1.6
            yield from _in(at, "value", self._rewrites.of(at.value))
        elif isinstance(at, ast.Return) and at.value is not None:
            for new, kind, weight in _in(at, "value", self._rewrites.of(at.value)):
                yield new, kind, weight + 0.4
        elif isinstance(at, ast.For):
            yield from _in(at, "iter", self._ranges(at.iter))
        elif isinstance(at, (ast.If, ast.While)):
            yield from _in(at, "test", self._conditions(at.test))

    def _targets(self, at: ast.Assign | ast.AugAssign) -> Iterator[tuple[ast.stmt, str, float]]:
        if isinstance(at, ast.Assign) and len(at.targets) == 1:
            for new, kind, weight in self._rewrites.of(target_in(at), "target"):
                yield ast.Assign(targets=[new], value=at.value), kind, weight
        elif isinstance(at, ast.AugAssign):
            yield from _in(at, "target", self._rewrites.of(at.target, "target"))
        yield ast.Pass(), EXTRA, 1.6
        for name in loop_names(self.scope.source.tree):
            for test in (f"{name} > 0", f"{name} == 0", *(f"{name} == {end} - 1" for end in self._rewrites.ends)):
                yield ast.If(test=expression(test), body=[at], orelse=[]), WHEN, 2.4

    def _operators(self, at: ast.Assign | ast.AugAssign, target: Any) -> Iterator[tuple[ast.stmt, str, float]]:
        if isinstance(target, (ast.Tuple, ast.List)):
            return
        for op, sign in ((ast.Add(), 0), (ast.Sub(), 1), (ast.Mult(), 3)):
            if not isinstance(at, ast.AugAssign):
                yield ast.AugAssign(target=target, op=op, value=at.value), ADDED, 1.0 + 0.4 * sign
            elif type(op) is not type(at.op):
                signs = isinstance(at.op, (ast.Add, ast.Sub)) and sign < 2
                yield ast.AugAssign(target=target, op=op, value=at.value), SIGN if signs else ADDED, 1.0 + 0.3 * sign
        if isinstance(at, ast.AugAssign):
            yield ast.Assign(targets=[target], value=at.value), SET, 1.0

    def _ranges(self, node: ast.expr) -> Iterator[Variant]:
        """Bounds by one, and the other direction."""
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "reversed":
            yield node.args[0], BOUND, 1.3
            for new, kind, weight in self._ranges(node.args[0]):
                yield replaced(node, "args", 0, new), kind, weight
            return
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "range":
            for at, bound in enumerate(node.args):
                for text in (f"{ast.unparse(bound)} - 1", f"{ast.unparse(bound)} + 1", "0", "-1", "1"):
                    yield replaced(node, "args", at, expression(text)), BOUND, 1.2
            if len(node.args) == 1:
                ones = ast.Call(func=node.func, args=[ast.Constant(value=1), *node.args], keywords=[])
                yield ones, BOUND, 1.5
        yield ast.Call(func=expression("reversed"), args=[node], keywords=[]), BOUND, 1.2

    def _conditions(self, node: ast.expr) -> Iterator[Variant]:
        yield from ((ast.Constant(value=value), WHEN, 1.5) for value in (True, False))
        yield from self._rewrites.of(node, "value")


def target_in(at: ast.Assign | ast.AugAssign) -> Any:
    """What an assignment sets, or the first of that."""
    return at.targets[0] if isinstance(at, ast.Assign) else at.target


def _in(at: ast.stmt, field: str, variants: Iterator[Variant]) -> Iterator[tuple[ast.stmt, str, float]]:
    for new, kind, weight in variants:
        yield replaced(at, field, None, new), kind, weight


def placed(edit: Edit) -> tuple[ast.stmt, ...]:
    """The new statements, with the line of the one that they come for in all parts that have none of their own."""
    where = {name: getattr(edit.at, name) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    for statement in edit.new:
        _place(statement, where)
    return edit.new


def _place(node: ast.AST, where: dict[str, int]) -> None:
    own = node.__dict__
    if "lineno" not in own and isinstance(node, (ast.expr, ast.stmt, ast.keyword)):
        own.update(where)
    for part in [*own.values()]:
        if isinstance(part, ast.AST):
            _place(part, where)
        elif isinstance(part, list):
            for inner in part:
                if isinstance(inner, ast.AST):
                    _place(inner, where)
