"""Which lines can be the wrong one at all: gradients are linear in what a line of a backward pass makes.

A line's value is moved a little, one number after the other; so it is known how the gradients depend on it, which
values would make the wrong gradients right and leave the others as they are, or that there are none.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import FrameType
from typing import Any, cast

import numpy as np

from .edits import Edit
from .ranking import EditSpot
from .trials import CHOICE, Clock, Trees, Trials, Verdict, running
from .values import Values

MOST = 120
"""More numbers than that are not moved one by one."""
MOST_PLACES = 3
"""At so many places all values are tried for a line that is missing; what does not fit there fits nowhere."""
NEAR = 1e-7
SMALL = 1e-3
"""Values are moved by this, so that clipping stays as it is."""


@dataclass(frozen=True)
class LeverPoint:
    """A variable at a statement.

    Attributes:
        place: the statement.
        target: what it sets; or what a line that comes after it would set.
        alike: equal for points at which the variable has one value.
        after: whether it is such a line.
    """

    place: EditSpot
    target: ast.expr
    alike: Hashable
    after: bool = False


@dataclass(frozen=True)
class Option:
    """What may be set at a point: ``target = value``, or ``target op= value``; and what it is an option for."""

    op: ast.operator | None
    value: ast.expr
    of: Any


@dataclass
class Lever:
    """What one variable's value at one statement can do.

    Attributes:
        due: by its runs, the values that mend the gradients; None for a run for which more than one value does.
        own: of a variable that is a gradient and nothing else, what it must be in the end.
    """

    due: list[np.ndarray | None]
    own: np.ndarray | None = None

    @property
    def tells(self) -> bool:
        return any(x is not None for x in self.due)


class _Hook:
    """Stands in the user's globals, and is called with the value after each statement that is looked at."""

    def __init__(self) -> None:
        self.active, self.seen = -1, list[Any]()
        self.moves: Mapping[int, np.ndarray] = {}
        self.watch: Callable[[int, FrameType], None] | None = None

    def start(self, active: int, moves: Mapping[int, np.ndarray] | None = None, watch: Any = None) -> None:
        self.active, self.moves, self.seen, self.watch = active, moves or {}, [], watch

    def __call__(self, value: Any) -> Any:
        move = self.moves.get(len(self.seen))
        if move is not None:
            value = value + move
        self.seen.append(np.array(value))
        return value

    def look(self) -> None:
        if self.watch is not None:
            self.watch(len(self.seen), sys._getframe(1))


@dataclass
class Levers:
    """The levers of variables at statements, all in one compiled function.

    Args:
        trees, trial: what is run.
        points: the variables.
        base: of a run without moves.
        clock: when it is over, what is not known stays so.
    """

    trees: Trees
    trial: Trials
    points: Sequence[LeverPoint]
    base: Verdict
    clock: Clock
    hook: _Hook = field(default_factory=_Hook)
    _known: dict[Hashable, Lever | str | None] = field(default_factory=dict)
    _fits: dict[Hashable, list[Option]] = field(default_factory=dict)
    _tried: dict[Hashable, int] = field(default_factory=dict)

    def fitting(self, options: Callable[[LeverPoint, bool], Iterable[Option]]) -> list[list[Option] | None]:
        """For each point the options that make what is due, at each run at which that is known.

        None where nothing is known; no option where no value mends anything.
        """
        by_place: dict[int, list[tuple[int, LeverPoint]]] = {}
        for number, point in enumerate(self.points):
            by_place.setdefault(id(point.place.at), []).append((number, point))
        with running(self.trees, [_hooked(some) for some in by_place.values()], self.hook):
            return [self._fitting(number, point, options) for number, point in enumerate(self.points)]

    def _fitting(self, number: int, point: LeverPoint, options: Any) -> list[Option] | None:
        if point.alike not in self._known:
            self._known[point.alike] = "unknown" if self.clock.over else self._lever(number)
        lever = self._known[point.alike]
        if lever is None:
            return []
        if not isinstance(lever, Lever) or not (lever.tells or lever.own is not None):
            return None
        known = self._fits.get(point.alike)
        left = [*options(point, lever.own is not None)] if known is None else [*known]
        tried = self._tried[point.alike] = self._tried.get(point.alike, 0) + 1
        if lever.own is None or lever.tells:
            fits = self._making(number, point, lever, left)
        else:
            fits = self._adding_up(number, point, lever.own, left)
        if fits or tried == MOST_PLACES:  # of the same values, those that do at one place do at others, or none does
            self._fits.setdefault(point.alike, fits or [])
        return fits

    def _making(self, number: int, point: LeverPoint, lever: Lever, left: list[Option]) -> list[Option] | None:
        """The options that make what is due at each run."""
        moves: dict[int, np.ndarray] = {}
        near = 1e-6 * max(float(np.abs(x).max(initial=0)) for x in lever.due if x is not None) + 1e-9

        def watch(k: int, frame: FrameType) -> None:
            due = lever.due[k] if k < len(lever.due) else None
            if due is not None:
                values = Values(frame)
                left[:] = [o for o in left if values.makes(o.value, o.op, point.target, due, near)]

        for k, due in enumerate(lever.due):  # the values of later runs depend on those of the earlier
            if due is not None and left:
                self.hook.start(number, moves)
                self._outcome()
                if k >= len(self.hook.seen):
                    return None
                moves[k] = due - self.hook.seen[k]
        if left:
            self.hook.start(number, moves, watch)
            self._outcome()
        return left

    def _adding_up(self, number: int, point: LeverPoint, due: np.ndarray, left: list[Option]) -> list[Option]:
        """The options that add up to what is due: nobody can tell what is due at one run."""
        sums: list[tuple[Option, Any]] = [(o, None) for o in left if isinstance(o.op, (ast.Add, ast.Sub))]

        def watch(k: int, frame: FrameType) -> None:
            values = Values(frame)
            before = values.of(point.target) if k == 0 else None
            sums[:] = [(o, new) for o, total in sums if (new := values.added(total, before, o.op, o.value)) is not None]

        self.hook.start(number, {}, watch)
        self._outcome()
        near = 1e-6 * float(np.abs(due).max(initial=0)) + 1e-9
        return [o for o, total in sums if np.shape(total) == due.shape and np.abs(total - due).max() < near]

    def _outcome(self) -> np.ndarray | None:
        """All gradients in one row, each in units of its own size; None where the run is another."""
        verdict, gradients = self.trial.measured()
        if verdict is None or self.trial.forward_changed(verdict):
            return None
        return gradients

    def _lever(self, number: int) -> Lever | str | None:
        self.hook.start(number)
        start, seen = self._outcome(), self.hook.seen
        if start is None or not seen or not all(x.dtype.kind == "f" and x.size for x in seen):
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
            return "unknown" if any(x.size == 1 for x in seen) else None  # nothing that is wrong depends on it
        own = self._own(once - start, sum(shift)) if len({x.shape for x in seen}) == 1 else None
        if own is not None:
            rows, by = own
            due = seen[-1] + (wrong[rows] / by).reshape(seen[-1].shape)
            return Lever([due] if len(seen) == 1 else [None for _ in seen], due)
        if sum(x.size for x in seen) > MOST or any(x.size == 1 for x in seen):  # one number may have lost its axes
            return "unknown"
        return self._solved(number, self._slopes(number, start, seen), wrong, seen)

    def _own(self, change: np.ndarray, shift: Any) -> tuple[np.ndarray, float] | None:
        """The rows of the gradient that the variable is, but for a factor; None if it is none."""
        names = self.trial.rows()
        reached = {*names[np.abs(change) > NEAR * SMALL]}
        rows = names == next(iter(reached))
        if len(reached) > 1 or rows.sum() != np.size(shift):
            return None
        by = float(change[rows] @ np.ravel(shift) / np.sum(np.square(shift)))
        return (rows, by) if np.allclose(change[rows], by * np.ravel(shift), rtol=1e-6, atol=1e-6 * SMALL) else None

    def _slopes(self, number: int, start: np.ndarray, seen: Sequence[np.ndarray]) -> np.ndarray:
        columns = []
        for k, x in enumerate(seen):
            for at in range(x.size):
                unit = np.zeros(x.size)
                unit[at] = SMALL
                moved = self._moved(number, [unit.reshape(x.shape) if k == j else None for j in range(len(seen))])
                columns.append(start * 0 if moved is None else (moved - start) / SMALL)
        return np.array(columns).T

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


def _hooked(points: Sequence[tuple[int, LeverPoint]]) -> Edit:
    """The statement with the hook before it, if it may be another, and after it for each of the variables."""
    place, before, after = points[0][1].place, "", ""
    for number, point in points:
        target = ast.unparse(point.target)
        look = f"if {CHOICE}.active == {number}: {CHOICE}.look()\n"
        before, after = (before, after + look) if point.after else (before + look, after)
        after += f"if {CHOICE}.active == {number}: {target} = {CHOICE}({target})\n"
    return Edit(place.function, place.at, (*ast.parse(before).body, place.at, *ast.parse(after).body), "", 0.0)


def as_option(edit: Edit) -> Option:
    """An edit that sets the same variable."""
    new = cast(ast.Assign | ast.AugAssign, edit.new[0])
    return Option(new.op if isinstance(new, ast.AugAssign) else None, new.value, edit)


def _solvable(slopes: np.ndarray, wrong: np.ndarray) -> bool:
    moves = np.linalg.lstsq(slopes, wrong, rcond=1e-10)[0]
    return bool(np.abs(slopes @ moves - wrong).max(initial=0) < NEAR)


def _least(slopes: np.ndarray, wrong: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The moves, and of each number whether others would do as well."""
    moves = np.linalg.lstsq(slopes, wrong, rcond=1e-10)[0]
    _, sizes, rows = np.linalg.svd(slopes, full_matrices=True)
    rank = int((sizes > 1e-10 * sizes.max(initial=0)).sum())
    return moves, np.abs(rows[rank:]).max(axis=0, initial=0) > 1e-8
