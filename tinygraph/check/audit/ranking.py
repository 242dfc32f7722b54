"""Which lines are tried first: suspects, then those that reach just the gradients that are wrong."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any, cast

from .edits import Edit
from .forms import expression, replaced, times
from .source import statements, statements_at
from .trials import Trees, Trials, Verdict

FAR = 8


@dataclass(frozen=True)
class EditSpot:
    """A statement that may be edited.

    Attributes:
        function, at: whose statement it is.
        suspect: the suspect's function and line that led to it; None if nobody suspects it.
        far: how much the gradients that it reaches differ from those that are wrong.
    """

    function: FunctionType
    at: ast.stmt
    suspect: tuple[FunctionType, int] | None = None
    far: int = 0


def suspected(trees: Trees, lines: Sequence[tuple[FunctionType, int]]) -> list[EditSpot]:
    """The statements of the suspects' lines, in their order."""
    places: dict[int, EditSpot] = {}
    for function, line in lines:
        for at in statements_at(trees[function], line) if function in trees else ():
            places.setdefault(id(at), EditSpot(function, at, (function, line)))
    return [*places.values()]


def ranked(
    trees: Trees, ours: Collection[FunctionType], trial: Trials, first: Sequence[EditSpot], base: Verdict | None = None
) -> list[EditSpot]:
    """The suspects, then the other statements of the functions that are ``ours``; none that the loss depends on."""
    base = base or trial.base
    assert base is not None
    known = {id(place.at) for place in first}
    rest: list[EditSpot] = []
    for function in ours:
        tree = trees[function]
        places = [EditSpot(function, at) for at in statements(tree)]
        scores = _scores(trees, trial, places, base)
        pairs = zip(scores, places, strict=True)
        rest += [replace(p, far=s) for s, p in pairs if s is not None and id(p.at) not in known]
    return [*first, *sorted(rest, key=lambda place: place.far)]


def _scores(trees: Trees, trial: Trials, places: Sequence[EditSpot], base: Verdict) -> list[int | None]:
    """How far the gradients that a statement reaches are from those that are wrong; None for the forward pass."""
    wrong = frozenset(trial.due) - base.right
    probes = [(k, probe) for k, place in enumerate(places) if (probe := _probe(place)) is not None]
    scores: list[int | None] = [FAR] * len(places)
    for (k, _), (_, verdict) in zip(probes, trial.tried(trees, [probe for _, probe in probes]), strict=True):
        if verdict is None:
            continue
        if trial.forward_changed(verdict):
            scores[k] = None
            continue
        reached = {name for name, error in verdict.errors.items() if abs(error - base.errors[name]) > trial.near}
        scores[k] = 2 * len(wrong - reached) + len(reached - wrong) + (FAR if not reached else 0)
    return scores


def _probe(place: EditSpot) -> Edit | None:
    """The statement with another value."""
    at = place.at
    if not isinstance(at, (ast.Assign, ast.AugAssign)):
        return None
    by = ast.Constant(value=1.7)
    many = isinstance(at, ast.Assign) and isinstance(at.targets[0], (ast.Tuple, ast.List))
    value: Any = times(at.value, by)
    if many:
        value = cast(ast.ListComp, expression("[_value * 1.7 for _value in _values]"))
        value = replaced(value, "generators", 0, replaced(value.generators[0], "iter", None, at.value))
    return Edit(place.function, at, (replaced(at, "value", None, value),), "", 0.0)
