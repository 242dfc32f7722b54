"""Which lines can be the wrong one at all: gradients are linear in what a line of a backward pass makes.

A line's value is moved a little, one number after the other; so it is known how the gradients depend on it, which
values would make the wrong gradients right and leave the others as they are, or that there are none.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np

from .edits import Edit, placed
from .ranking import Place
from .trials import CHOICE, Trees, Trials, Verdict, running

MOST = 120
"""More numbers than that are not moved one by one."""
NEAR = 1e-7
SMALL = 1e-3
"""Values are moved by this, so that clipping stays as it is."""


@dataclass
class Lever:
    """What one statement's value can do.

    Attributes:
        due: by its runs, the values that mend the gradients; None for a run for which more than one value does.
    """

    due: list[np.ndarray | None]


class _Hook:
    """Stands in the user's globals, and is called with the value after each statement that is looked at."""

    def __init__(self) -> None:
        self.active, self.seen = -1, list[Any]()
        self.moves: Mapping[int, np.ndarray] = {}
        self.watch: Any = None

    def start(self, active: int, moves: Mapping[int, np.ndarray] | None = None, watch: Any = None) -> None:
        self.active, self.moves, self.seen, self.watch = active, moves or {}, [], watch

    def __call__(self, number: int, value: Any) -> Any:
        if number != self.active:
            return value
        move = self.moves.get(len(self.seen))
        if move is not None:
            value = value + move
        self.seen.append(np.array(value))
        return value

    def before(self, number: int) -> None:
        if number == self.active and self.watch is not None:
            self.watch(len(self.seen), sys._getframe(1))


@dataclass
class Levers:
    """The levers of statements, all in one compiled function.

    Args:
        trees, trial: what is run.
        places: the statements; of those that set one variable each has a lever.
    """

    trees: Trees
    trial: Trials
    places: Sequence[Place]
    base: Verdict
    hook: _Hook = field(default_factory=_Hook)

    def find(self) -> dict[int, Lever | None]:
        """By the statement's id its lever; None for one that can mend nothing; those not known are left out."""
        with self._running():
            found = {id(place.at): self._lever(k) for k, place in enumerate(self.places) if target_of(place.at)}
        return {key: lever for key, lever in found.items() if lever != "unknown"}  # type: ignore[misc]

    def fitting(self, place: Place, lever: Lever, edits: Sequence[Edit]) -> list[Edit]:
        """The edits whose statement makes what is due, at each run at which that is known."""
        left = [(edit, code) for edit in edits if (code := _code(edit)) is not None]
        moves: dict[int, np.ndarray] = {}

        def watch(k: int, frame: Any) -> None:
            nonlocal left
            due = lever.due[k] if k < len(lever.due) else None
            if due is not None:
                left = [(edit, code) for edit, code in left if _makes(edit, code, frame, due)]

        number = next(k for k, other in enumerate(self.places) if other.at is place.at)
        with self._running():
            self.hook.start(number)
            self._outcome()
            for k, due in enumerate(lever.due):  # the values of later runs depend on those of the earlier
                if due is not None:
                    self.hook.start(number, moves)
                    self._outcome()
                    moves[k] = due - self.hook.seen[k]
            self.hook.start(number, moves, watch)
            self._outcome()
        return [edit for edit, _ in left]

    def _running(self) -> Any:
        edits = [_hooked(place, k) for k, place in enumerate(self.places) if target_of(place.at)]
        return running(self.trees, edits, self.hook)

    def _outcome(self) -> np.ndarray | None:
        """All gradients in one row, each in units of its own size; None where the run is another."""
        verdict, gradients = self.trial.measured()
        if verdict is None or self.trial.forward_changed(verdict):
            return None
        return gradients

    def _lever(self, number: int) -> Lever | str | None:
        self.hook.start(number)
        start, seen = self._outcome(), self.hook.seen
        sizes = [x.size for x in seen]
        usable = start is not None and all(x.dtype.kind == "f" for x in seen) and 0 < sum(sizes) <= MOST
        if start is None or not usable:
            return "unknown"
        rng = np.random.default_rng(0)
        shift = [SMALL * rng.normal(size=x.shape) for x in seen]
        once, twice = (self._moved(number, [by * x for x in shift]) for by in (1.0, 2.0))
        if (
            once is None
            or twice is None
            or not np.allclose(twice - start, 2 * (once - start), rtol=1e-7, atol=SMALL * 1e-9)
        ):
            return "unknown"
        wrong = self.trial.differences(start)
        if not np.abs((once - start)[np.abs(wrong) > NEAR]).max(initial=0) > NEAR * SMALL:
            return None  # nothing that is wrong depends on it
        columns = []
        for k, x in enumerate(seen):
            for at in range(x.size):
                unit = np.zeros(x.size)
                unit[at] = SMALL
                moved = self._moved(number, [unit.reshape(x.shape) if k == j else None for j in range(len(seen))])
                columns.append(start * 0 if moved is None else (moved - start) / SMALL)
        return self._solved(number, np.array(columns).T, wrong, seen)

    def _moved(self, number: int, moves: Sequence[np.ndarray | None]) -> np.ndarray | None:
        self.hook.start(number, {k: x for k, x in enumerate(moves) if x is not None})
        return self._outcome()

    def _solved(self, number: int, slopes: np.ndarray, wrong: np.ndarray, seen: Sequence[np.ndarray]) -> Lever | None:
        """The moves after which more gradients are right and none wrong; all of the wrong ones if that can be."""
        names = self.trial.rows()
        right = np.isin(names, [*self.base.right])
        able = np.ones(len(names), bool)
        if not _solvable(slopes, wrong):
            able = right.copy()
            for name in dict.fromkeys(names):
                rows = right | (names == name)
                if name not in self.base.right and _solvable(slopes[rows], wrong[rows]):
                    able |= names == name
            if (able == right).all() or not _solvable(slopes[able], wrong[able]):
                return None
        moves, unknown = _least(slopes[able], wrong[able])
        ends = np.cumsum([0, *(x.size for x in seen)])
        parts = [(moves[a:b], unknown[a:b]) for a, b in pairwise(ends)]
        self.hook.start(number, {k: m.reshape(x.shape) for k, ((m, _), x) in enumerate(zip(parts, seen, strict=True))})
        self._outcome()
        return Lever([None if u.any() else x for (_, u), x in zip(parts, self.hook.seen, strict=True)])


def target_of(at: ast.stmt) -> ast.expr | None:
    """The one variable, attribute or place that a statement sets."""
    if isinstance(at, ast.AugAssign):
        return at.target
    one = isinstance(at, ast.Assign) and len(at.targets) == 1 and not isinstance(at.targets[0], (ast.Tuple, ast.List))
    return at.targets[0] if one else None  # type: ignore[attr-defined]


def _hooked(place: Place, number: int) -> Edit:
    target = ast.unparse(target_of(place.at))  # type: ignore[arg-type]
    before = ast.parse(f"{CHOICE}.before({number})").body[0]
    after = ast.parse(f"{target} = {CHOICE}({number}, {target})").body[0]
    return Edit(place.function, place.at, (before, place.at, after), "", 0.0)


def is_other(edit: Edit) -> bool:
    """Whether an edit does more than another value of the same variable."""
    return len(edit.new) != 1 or target_of(edit.new[0]) is None or _sets_another(edit)


def _sets_another(edit: Edit) -> bool:
    return ast.dump(cast(ast.AST, target_of(edit.new[0]))) != ast.dump(cast(ast.AST, target_of(edit.at)))


def _code(edit: Edit) -> Any:
    """The code of the value that an edited statement makes of another; None where it sets something else."""
    if is_other(edit):
        return None
    new: Any = placed(edit)[0]
    try:
        return compile(ast.Expression(body=new.value), "<audit>", "eval")
    except (SyntaxError, ValueError, TypeError):
        return None


def _makes(edit: Edit, code: Any, frame: Any, due: np.ndarray) -> bool:
    new: Any = edit.new[0]
    try:
        value = eval(code, frame.f_globals, frame.f_locals)  # the user's own expression, as it would run there
        if isinstance(new, ast.AugAssign):
            own = eval(compile(ast.unparse(new.target), "<audit>", "eval"), frame.f_globals, frame.f_locals)
            value = _OPS[type(new.op)](own, value)
        size = float(np.abs(due).max(initial=0)) or 1.0
        return np.shape(value) == due.shape and bool(
            np.abs(np.asarray(value, float) - due).max(initial=0) < 1e-6 * size
        )
    except Exception:  # it does not run there
        return False


_OPS: dict[type, Any] = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide}


def _solvable(slopes: np.ndarray, wrong: np.ndarray) -> bool:
    moves = np.linalg.lstsq(slopes, wrong, rcond=1e-10)[0]
    return bool(np.abs(slopes @ moves - wrong).max(initial=0) < NEAR)


def _least(slopes: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The moves, and of each number whether others would do as well."""
    moves = np.linalg.lstsq(slopes, wrong, rcond=1e-10)[0]
    _, sizes, rows = np.linalg.svd(slopes, full_matrices=True)
    rank = int((sizes > 1e-10 * sizes.max(initial=0)).sum())
    return moves, np.abs(rows[rank:]).max(axis=0, initial=0) > 1e-8
