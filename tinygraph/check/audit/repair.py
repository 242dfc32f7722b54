"""Repairs of a backward pass: edits of its lines after which all gradients are right, at several numbers of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from types import FunctionType
from typing import Any

import numpy as np

from .atoms import ScopeWatch
from .cases import Cases
from .edits import Edit
from .mended import Edited, Repair, credible, weight_at, with_edit
from .objects import Objects
from .offers import ByPlace, Offers
from .ranking import EditSpot, ranked, suspected
from .subject import Case, Subject
from .table import right_gradients
from .trials import Clock, Trials, Verdict, quiet
from .wording import texts

TIERS = (1.25, 1.75, 2.25, 2.75, 9.0)
"""Likely edits are tried at all lines before unlikely ones at any."""
WIDTH, DEPTH = 4, 4
"""Of several faults: how many first steps are followed up, and how many edits together."""

ALONE, OF_SEVERAL = 0.5, 0.3
"""The part of the time in which one edit is looked for that mends everything; less where several lines are suspect."""
CLIPPED = 4.5
"""Gradients are often clipped at 5."""
UNLIKELY = 1.37
"""A learning rate that is none of the factors which are tried."""


def search(
    subject: Subject, cases: Cases, lines: Sequence[tuple[FunctionType, int]], budget_seconds: float = 7.5
) -> list[Repair]:
    """Looks for edits after which all wrong gradients are right.

    Args:
        subject: the passes; edits stand in its functions and in those of their files that these call.
        cases: random numbers for it.
        lines: suspects, the likeliest first; other lines are tried where none of these can be mended.
        budget_seconds: the search ends then, with what it has.

    Returns:
        Repairs that each mend everything, the most credible first; or several that do so together; or none.
    """
    with quiet():
        return Search(subject, cases, lines, Clock(budget_seconds)).repairs()


class Search:
    """One search, with its cases and what was tried."""

    def __init__(self, subject: Subject, cases: Cases, lines: Sequence[tuple[FunctionType, int]], clock: Clock) -> None:
        self.cases, self.lines, self.clock = cases, lines, clock
        self.subject, self._whole, self._updated = subject, subject, frozenset[str]()
        if isinstance(subject, Objects):  # at a rate of 1 a line could do without it
            self.subject, self._updated = subject.at_other_rate(cases.case(None), UNLIKELY)
        self.trial = self._first_trial()
        self.trials = [self._trial(1, 0), self.trial] if self.cases.places else [self.trial]
        self.watch = ScopeWatch(subject, self.trial.case)
        self.start = Edited({f: scope.source.tree for f, scope in self.watch.scopes.items()})
        self.ours = [f for f, scope in self.watch.scopes.items() if scope.backward]
        self._proofs: list[Trials] = []
        self.offers = Offers(self.watch, self.trial, self.clock)

    def _first_trial(self) -> Trials:
        """The smallest number of steps at which something is wrong, two or more."""
        for steps in (2, 4) if self.cases.places else (None,):
            trial = self._trial(steps, 0)
            if trial.wrong:
                break
        return trial

    def _trial(self, steps: int | None, draw: int) -> Trials:
        """A case in which no gradient is so large that the user's code may clip it, if there is one."""
        smallest: tuple[float, Case, Mapping[str, Any]] | None = None
        for far in (0, 10, 20):
            case = self.cases.case(steps, draw + far)
            right = right_gradients(self._whole.on_nodes(case, back=False))
            due = {name: x * (UNLIKELY if name in self._updated else 1) for name, x in right.items()}
            size = max(float(np.abs(x).max(initial=0)) for x in due.values())
            if smallest is None or size < smallest[0]:
                smallest = size, case, due
            if size < CLIPPED:
                break
        assert smallest is not None
        return Trials(self.subject, smallest[1], smallest[2])

    def repairs(self) -> list[Repair]:
        """See `search`."""
        if not self.trial.wrong or self.trial.base is None:
            return []
        if single := self._single():
            return [self._repair(edit, True) for edit in single]
        return [self._repair(edit, False) for edit in self._several()]

    def _single(self) -> list[Edit]:
        first = suspected(self.start.trees, self.lines)
        places = ranked(self.start.trees, self.ours, self.trial, first)
        clock = Clock(self.clock.seconds * (ALONE if len(self.lines) < 2 else OF_SEVERAL))
        lines = self.offers.missing(self.start, places, self.trials)
        named, rest = places[: len(first)], places[len(first) :]
        other = self.offers.other(self.start, named, self.trials)
        if self._is_silent():
            # What is added to another variable is nearer to the author's than a line more.
            lost = self._alone(named, other, clock) or self._alone(places, lines, Clock(clock.seconds / 2))
            if lost:
                return lost
        for some in (named, rest):
            other = other if some is named else self.offers.other(self.start, rest, self.trials)
            mended = self._alone(some, {key: [*lines.get(key, ()), *other[key]] for key in other}, clock)
            if mended:
                return mended
        return []

    def _is_silent(self) -> bool:
        """Whether each wrong gradient is none at all, as if its line was lost."""
        base = self.trial.base
        return base is not None and all(base.errors[name] in (1.0, np.inf) for name in self.trial.wrong)

    def _alone(self, places: Sequence[EditSpot], edits: ByPlace, clock: Clock) -> list[Edit]:
        """The most credible edit that mends everything; the tier of the first is gone through to its end."""
        mended: list[tuple[float, int, Edit]] = []
        for tier in self._tiers(self.start, places, self.trial, edits):
            late = clock
            for rank, edit, verdict in tier:
                if verdict and verdict.right >= self.trial.due.keys() and self._proven(self.start, edit):
                    far = min(rank, 6) * 0.15 if places[rank].suspect else 0.0
                    mended.append((edit.weight + far, rank, edit))
                    late = Clock(1.0) if len(mended) == 1 else late
                if clock.over or late.over:
                    break
            if mended or clock.over:
                break
        return [edit for _, _, edit in sorted(mended, key=credible)[:1]]

    def _tiers(
        self, state: Edited, places: Sequence[EditSpot], trial: Trials, edits: ByPlace
    ) -> Iterator[Iterator[tuple[int, Edit, Verdict | None]]]:
        for low, high in pairwise((0.0, *TIERS)):
            yield self._tier(state, places, trial, edits, low, high)

    def _tier(
        self, state: Edited, places: Sequence[EditSpot], trial: Trials, edits: ByPlace, low: float, high: float
    ) -> Iterator[tuple[int, Edit, Verdict | None]]:
        for rank, place in enumerate(places):
            some = [edit for edit in edits.get(id(place.at), ()) if low < weight_at(edit, place) <= high]
            for edit, verdict in trial.tried(state.trees, some):
                yield rank, edit, None if verdict is None or trial.forward_changed(verdict) else verdict

    def _proven(self, state: Edited, edit: Edit | None) -> bool:
        trees = state.trees if edit is None else with_edit(state, edit).trees
        if not self._proofs:
            steps = [s for s in (4, 3) if s != self.trial.case.steps] if self.cases.places else [None, None]
            self._proofs = [self._trial(s, 1 + k) for k, s in enumerate(steps)]
        verdicts = [proof.of(trees) for proof in self._proofs]
        return all(v and v.right >= p.due.keys() for v, p in zip(verdicts, self._proofs, strict=True))

    def _several(self) -> tuple[Edit, ...]:
        """Edits that together mend everything, found one after the other."""
        more = [self._trial(4, 0)] if self.trial.case.steps == 2 else []  # some faults show late
        return self._on(self.start, [*self.trials, *more], DEPTH)

    def _on(self, state: Edited, trials: Sequence[Trials], depth: int) -> tuple[Edit, ...]:
        """The edits of a state and those that mend what is left; none where that is not reached."""
        bases = [trial.of(state.trees) for trial in trials]
        if all(base and base.right >= trial.due.keys() for base, trial in zip(bases, trials, strict=True)):
            return state.edits if self._proven(state, None) else ()
        if depth == 0 or self.clock.over or any(base is None for base in bases):
            return ()
        k = next(k for k, base in enumerate(bases) if base and not base.right >= trials[k].due.keys())
        for edits in self._steps(state, trials, k, bases):
            for edit in edits:
                on = self._on(with_edit(state, edit), trials, depth - 1)
                if on:
                    return on
        return ()

    def _steps(
        self, state: Edited, trials: Sequence[Trials], k: int, bases: Sequence[Verdict | None]
    ) -> Iterator[list[Edit]]:
        """Edits after which more gradients are right and none of the right ones wrong; tier by tier, the best first."""
        trial, base = trials[k], bases[k]
        assert base is not None
        places = ranked(state.trees, self.ours, trial, suspected(state.trees, self.lines), base)
        lines, other = (find(state, places, [trial]) for find in (self.offers.missing, self.offers.other))
        edits = {key: [*lines.get(key, ()), *other[key]] for key in other}
        for tier in self._tiers(state, places, trial, edits):
            steps: list[Any] = []
            known: set[Any] = set()
            for rank, edit, verdict in tier:
                if verdict and verdict.right > base.right:
                    more, errors = self._later(state, edit, trials, bases, k)
                    if (edit.line, errors) not in known:  # of edits that come to the same the first one
                        row = (-len(verdict.right) - more, edit.weight > 1.75, rank, edit.weight, len(steps), edit)
                        steps.append(row)
                    known.add((edit.line, errors))
                if self.clock.over:
                    break
            yield [row[-1] for row in sorted(steps)[:WIDTH]]
            if self.clock.over:
                break

    def _later(
        self, state: Edited, edit: Edit, trials: Sequence[Trials], bases: Sequence[Verdict | None], k: int
    ) -> tuple[int, tuple[float, ...]]:
        """How many more gradients are right in the cases after the k-th, and the errors there.

        The number is large and negative where one becomes wrong.
        """
        more, errors = 0, list[float]()
        for trial, base in zip(trials[k + 1 :], bases[k + 1 :], strict=True):
            verdict = trial.of(with_edit(state, edit).trees)
            if verdict is None or base is None or not verdict.right >= base.right:
                return -100, ()
            more += len(verdict.right - base.right)
            errors += [float(f"{error:.6g}") for error in verdict.errors.values()]
        return more, tuple(errors)

    def _repair(self, edit: Edit, alone: bool) -> Repair:
        source = self.watch.scopes[edit.function].source
        before, after = texts(edit, source)
        steps = [self.trial.case.steps, *(proof.case.steps for proof in self._proofs)]
        proven = tuple(sorted({s for s in steps if s is not None}))
        names = tuple(name for name in self.trial.due if name in self.trial.wrong)
        return Repair(source.file, edit.line, before, after, edit.kind, proven, names, alone)
