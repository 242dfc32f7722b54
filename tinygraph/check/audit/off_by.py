"""By what a part of a statement is off: a number, the order of its operands, another form of a slope."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import numpy as np

from ...core.node import Node
from .book import NEAR, ratio, same
from .statement import StatementRun

Pairs = list[tuple[np.ndarray, np.ndarray]]
"""What a part of a statement made, and what it should have made, in each run."""


def scale_of(pairs: Pairs) -> float:
    """The number by which all that was made is too large; 0 if there is no such one."""
    scales = set()
    for a, b in pairs:
        if (a.shape == b.shape or a.size == 1) and np.any(a):
            whole = a if a.shape == b.shape else np.broadcast_to(a, b.shape)
            scales.add(round(ratio(whole.ravel(), b.ravel()) or 0, 7))
            if 0 in scales or len(scales) > 1:
                return 0.0
    return scales.pop() if scales else 0.0


def numbers_of(statement: ast.stmt) -> list[float]:
    """The numbers of a statement that stand in no index and are no power."""
    left: list[ast.AST] = [statement]
    numbers = []
    while left:
        x = left.pop()
        if isinstance(x, ast.Constant) and type(x.value) in (int, float) and x.value:
            numbers.append(float(x.value))  # type: ignore[arg-type]
        skipped = [
            getattr(x, "slice", None),
            x.right if isinstance(x, ast.BinOp) and isinstance(x.op, ast.Pow) else None,
        ]
        left += [child for child in ast.iter_child_nodes(x) if child not in skipped]
    return numbers


def is_exchanged(run: StatementRun, x: Node) -> bool:
    """Whether it comes right as the product of its operands in the other order."""
    if x.op is None or x.op.name not in ("matmul", "multiply") or x not in run.needs or not run.computes(x):
        return False
    a, b = (run.made[y] for y in x.inputs)
    for first, second in ((b, a), (b.T, a.T)):
        try:
            product = first @ second
        except ValueError:  # shapes that do not fit
            continue
        if same(product, run.needs[x]):
            return True
    return same(run.made[x].T, run.needs[x])


def is_form_for_form(slopes: Mapping[tuple[int, ...], np.ndarray], made: np.ndarray, right: np.ndarray) -> bool:
    """Whether a part that is a slope of something near, or a multiple of it, should have another form of it."""
    forms = slopes.get(made.shape)
    if forms is None or made.shape != right.shape or not np.any(made):
        return False
    own, due = made.ravel() * forms, right.ravel() * forms
    fit = np.abs(own[:, :, None] - due[:, None]).max(axis=3) <= NEAR * np.abs(due).max(axis=2)[:, None]
    return bool((fit & ~np.eye(forms.shape[1], dtype=bool)).any())
