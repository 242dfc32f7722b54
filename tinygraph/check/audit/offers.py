"""The edits that are offered at a statement: where it is known what must be made there, those that make it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from types import FunctionType

from .atoms import ScopeWatch
from .edits import Edit, Edits
from .inserts import GROWS, Gap
from .levers import LeverPoint, Levers, Option, as_option, target_of
from .mended import Edited
from .ranking import EditSpot
from .trials import Clock, Trials

ByPlace = dict[int, list[Edit]]
"""Edits by the id of the statement beside which they are tried."""


class Offers:
    """Makes edits, each once.

    Args:
        watch: what they can be made of.
        trial: a case in which something is wrong.
        clock: when it is over, no more are made.
    """

    def __init__(self, watch: ScopeWatch, trial: Trials, clock: Clock) -> None:
        self._watch, self._trial, self._clock = watch, trial, clock
        self._edits: dict[int, tuple[ast.stmt, list[Edit]]] = {}
        self._makers: dict[int, tuple[ast.FunctionDef, Edits]] = {}

    def other(self, state: Edited, places: Sequence[EditSpot], trials: Sequence[Trials]) -> ByPlace:
        """The edits of each statement; where it is known what is due, those that make it."""
        targets = [(place, target_of(place.at)) for place in places]
        points = [LeverPoint(p, target, (id(p.at), "")) for p, target in targets if target is not None]
        every = {id(p.at): self._maker(state, p.function).others(p.at) for p in places}
        for point, options in self._fitting(
            state, points, trials, lambda p, _: map(as_option, self._values(state, p.place))
        ):
            every[id(point.place.at)] += [option.of for option in options]
            points = [p for p in points if p is not point]
        for place in [p.place for p in points] + [p for p, target in targets if target is None]:
            every[id(place.at)] += [] if self._clock.over else self._values(state, place)
        return {key: sorted(edits, key=lambda edit: edit.weight) for key, edits in every.items()}

    def _values(self, state: Edited, place: EditSpot) -> list[Edit]:
        if id(place.at) not in self._edits:
            self._edits[id(place.at)] = place.at, self._maker(state, place.function).values(place.at)
        return self._edits[id(place.at)][1]

    def missing(self, state: Edited, places: Sequence[EditSpot], trials: Sequence[Trials]) -> ByPlace:
        """The lines that may be missing after each statement: those that make what is due."""
        points: list[LeverPoint] = []
        gaps: dict[int, Gap] = {}
        for place in places:
            for gap in self._maker(state, place.function).inserts.gaps(place.at):
                alike = (gap.block, ast.unparse(gap.node)) if gap.role == GROWS else (id(place.at), gap.node)
                points.append(LeverPoint(place, gap.node, (place.function, alike), after=True))
                gaps[id(points[-1])] = gap
        points.sort(key=lambda p: (not gaps[id(p)].last, not isinstance(p.place.at, ast.AugAssign)))

        def options(point: LeverPoint, own: bool) -> list[Option]:
            gap = gaps[id(point)]
            if gap.role == GROWS and not own:
                return []
            values = self._maker(state, point.place.function).inserts.values(gap)
            return [Option(op, value, weight) for op in gap.operators for value, weight in values]

        lines: ByPlace = {}
        for point, fits in self._fitting(state, points, trials, options):
            maker = self._maker(state, point.place.function)
            edits = [maker.after(gaps[id(point)], o.op, o.value, o.of) for o in fits]
            lines.setdefault(id(point.place.at), []).extend(edits)
        return lines

    def _fitting(
        self,
        state: Edited,
        points: Sequence[LeverPoint],
        trials: Sequence[Trials],
        options: Callable[[LeverPoint, bool], Iterable[Option]],
    ) -> Iterator[tuple[LeverPoint, list[Option]]]:
        """The points whose values are known in one of the cases, with the options that make them."""
        for trial in trials:
            base = trial.of(state.trees)
            if base is None or base.right >= trial.due.keys():
                continue
            known = Levers(state.trees, trial, points, base, self._clock).fitting(options)
            yield from ((p, fits) for p, fits in zip(points, known, strict=True) if fits is not None)
            points = [p for p, fits in zip(points, known, strict=True) if fits is None]

    def _maker(self, state: Edited, function: FunctionType) -> Edits:
        tree = state.trees[function]
        if id(tree) not in self._makers:
            scope = self._watch.scopes[function]
            scope = replace(scope, source=replace(scope.source, tree=tree))
            wrong = {self._trial.due[name].shape for name in self._trial.wrong}
            self._makers[id(tree)] = tree, Edits(scope, wrong, [*self._trial.due])
        return self._makers[id(tree)][1]
