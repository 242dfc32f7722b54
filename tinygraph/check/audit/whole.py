"""Whole numbers and labels in each other's place, as in ``B, T, _ = x.shape``: they are no nodes, and so no line's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import numpy as np

from ...core.errors import GraphError
from .edits import Edit
from .forms import exchanged, replaced
from .rewrites import PARTS
from .source import source_of, statements
from .subject import Case, Subject
from .trials import CHOICE, Trials, quiet, running


def unpacked_wrongly(subject: Subject, case: Case) -> tuple[Edit, frozenset[str], bool] | None:
    """The first line of the backward pass after which more gradients are right if it binds its names in another order.

    Tried are the names that get whole numbers, or arrays of them. With it, those gradients, and whether they are all.
    """
    function = subject.functions[0]
    try:
        tree = source_of(function).tree
    except GraphError:
        return None
    lines = [x for x in statements(tree) if isinstance(x, ast.Assign) and _names(x)]
    with quiet():
        trial = Trials(subject, case)
        if trial.base is None or not lines:
            return None
        edits = [*_edits(function, lines, _whole(trial, function, tree, lines))]
        for edit, verdict in trial.tried({function: tree}, edits):
            if verdict and verdict.right > trial.base.right and not trial.forward_changed(verdict):
                more = verdict.right - trial.base.right
                return edit, more, more == trial.wrong
    return None


def _names(at: ast.Assign) -> list[ast.expr]:
    """What an assignment like ``a, b = c`` binds; nothing of one whose value is written out, which has its parts."""
    target = at.targets[0]
    names = target.elts if isinstance(target, ast.Tuple) and not isinstance(at.value, ast.Tuple) else []
    return names if all(isinstance(x, ast.Name) for x in names) else []


def _whole(trial: Trials, function: FunctionType, tree: ast.FunctionDef, lines: list[ast.Assign]) -> set[str]:
    """The names that get whole numbers at these lines."""
    whole: set[str] = set()

    def note(**values: Any) -> None:
        whole.update(name for name, x in values.items() if np.asarray(x).dtype.kind in "iu")

    told = [ast.parse(f"{CHOICE}({', '.join(f'{n}={n}' for n in {*map(ast.unparse, _names(x))})})").body for x in lines]
    seen = [Edit(function, x, (x, *more), "", 0.0) for x, more in zip(lines, told, strict=True)]
    with running({function: tree}, seen, note):
        trial.verdict()
    return whole


def _edits(function: FunctionType, lines: list[ast.Assign], whole: set[str]) -> Iterator[Edit]:
    for at in lines:
        target, names = at.targets[0], _names(at)
        places = [k for k, x in enumerate(names) if ast.unparse(x) in whole]
        for parts in exchanged([names[k] for k in places]):
            elts = [*names]
            for k, x in zip(places, parts, strict=True):
                elts[k] = x
            yield Edit(function, at, (replaced(at, "targets", 0, replaced(target, "elts", None, elts)),), PARTS, 0.0)
