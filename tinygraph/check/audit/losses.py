"""Losses: which of the usual ones a hand-written gradient belongs to, where it is not the one that is computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.node import Node
from ...engine.grad import grad
from .cases import Cases
from .clipped import clipping_in
from .naming import TARGETS
from .scales import sizes_of
from .subject import Case, Outcome, Subject
from .table import Probe, compared, tolerance_of
from .usual_losses import Candidate, Family, candidates, class_axis, stacked


@dataclass(frozen=True)
class Fit:
    """A loss to which the hand-written gradients belong.

    Attributes:
        right, wrong: the parameters whose gradient is, and is not, that of the loss.
        steps: the number of steps at which this holds; None if it holds at any.
    """

    candidate: Candidate
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    steps: int | None = None

    @property
    def name(self) -> str:
        return self.candidate.name

    def as_function(self, cases: Cases) -> Callable[[Any, Any], Any]:
        """The loss as a function of outputs and targets at any number of steps."""

        def loss(outputs: Any, targets: Any) -> Any:
            axis = cases.places.get((TARGETS,))
            steps = (
                cases.steps
                if axis is None
                else len(targets)
                if isinstance(targets, (list, tuple))
                else targets.shape[axis]
            )
            case = Case(steps, {}, {**cases.subject.arguments, TARGETS: targets})
            return self.candidate.loss(outputs, targets, _sizes(Outcome(None, outputs, {}), case, cases))

        return loss

    def __str__(self) -> str:
        but = f", but for {', '.join(self.wrong)}" if self.wrong else ""
        at = "" if self.steps is None else f" at T = {self.steps}"
        return f"right for {self.name}{at}{but}"


def fitting(subject: Subject, cases: Cases) -> list[Fit]:
    """The usual losses whose gradients the hand-written ones are: for all parameters, or else for the most, above half.

    Where none is right for most of them at T = 1 and 2, those that are so at T = 1, where faults over time are silent.
    It needs the outputs of the forward pass and targets; without them there are none.
    """
    runs = _runs(subject, cases)
    return _fits(subject, runs) or (_fits(subject, runs[:1]) if len(runs) > 1 else [])


def nearest(subject: Subject, cases: Cases) -> Fit | None:
    """The loss that fits best, though hardly a gradient is right: the one to whose gradients they are most alike."""
    runs = _runs(subject, cases)[:1]
    if not runs:
        return None
    likeness = [(runs[0].likeness(candidate), candidate) for candidate in candidates()]
    most = max(share for share, _ in likeness)
    chosen = next(candidate for share, candidate in likeness if share > most - 1e-9)
    return Fit(chosen, (), tuple(subject.parameters), runs[0].steps) if most else None


def _runs(subject: Subject, cases: Cases) -> list[_Run]:
    """Runs at T = 1 and 2, or at the author's own; none where outputs or targets are not known."""
    runs = [_Run(subject, cases, case) for case in ([cases.case(1), cases.case(2)] if cases.places else cases.probes())]
    return runs if all(run.known for run in runs) else []


def _fits(subject: Subject, runs: list[_Run]) -> list[Fit]:
    fits: list[Fit] = []
    if not runs:
        return []
    steps = runs[0].steps if len(runs) == 1 else None
    for candidate in candidates():
        right = tuple(subject.parameters)
        for run in runs:
            verdicts = run.verdicts(candidate) if 2 * len(right) > len(subject.parameters) else {}
            right = tuple([name for name in right if verdicts.get(name)])
        wrong = tuple([name for name in subject.parameters if name not in right])
        if 2 * len(right) > len(subject.parameters) and not any(_is_same(runs, candidate, fit) for fit in fits):
            fits.append(Fit(candidate, right, wrong, steps))
    most = max((len(fit.right) for fit in fits), default=0)
    return [fit for fit in fits if len(fit.right) == most]


class _Run:
    """The gradients of all families at one case, each computed once."""

    def __init__(self, subject: Subject, cases: Cases, case: Case) -> None:
        outcome = subject.on_nodes(case, back=False)
        self.targets = case.arguments.get(TARGETS) if isinstance(case.arguments, Mapping) else None
        self.known = outcome.outputs is not None and self.targets is not None
        self.steps, self.leaves, self.tolerance = case.steps, outcome.leaves, tolerance_of(subject)
        if self.known:
            self.hand = subject.gradients(case)
            self.outputs, self.sizes = stacked(outcome.outputs), _sizes(outcome, case, cases)
        self._gradients: dict[Family, dict[str, np.ndarray] | None] = {}
        self._verdicts: dict[str, dict[str, bool]] = {}

    def verdicts(self, candidate: Candidate) -> dict[str, bool]:
        """Whether each gradient is that of the candidate; empty if it is no loss of such outputs and targets."""
        if candidate.name not in self._verdicts:
            self._verdicts[candidate.name] = self._compared(candidate)
        return self._verdicts[candidate.name]

    def _compared(self, candidate: Candidate) -> dict[str, bool]:
        gradients = self._of(candidate.family)
        if gradients is None:
            return {}
        try:
            factor = candidate.factor(self.sizes)
        except KeyError:  # a size that is not known
            return {}
        right = {name: factor * g for name, g in gradients.items()}
        probe = Probe(self.steps, self.hand, right, {})
        clipping = clipping_in([(self.hand, right)], self.tolerance)
        told = {name: compared(name, probe, self.tolerance).right for name in right}
        return {name: one or bool(clipping.words(0, name)) for name, one in told.items()}

    def likeness(self, candidate: Candidate) -> float:
        """The mean cosine, up to sign, of the gradients and those of the candidate; 0 if it is no such loss."""
        gradients = self._of(candidate.family) or {}
        probe = Probe(self.steps, self.hand, gradients, {})
        cosines = [abs(compared(name, probe, self.tolerance).cosine) for name in gradients]
        return float(np.mean(cosines)) if cosines else 0.0

    def _of(self, family: Family) -> dict[str, np.ndarray] | None:
        if family not in self._gradients:
            self._gradients[family] = self._computed(family)
        return self._gradients[family]

    def _computed(self, family: Family) -> dict[str, np.ndarray] | None:
        try:
            loss = family(self.outputs, self.targets)
        except (ValueError, TypeError, IndexError):  # of other shapes or labels
            return None
        if not isinstance(loss, Node) or not np.isfinite(loss.value).all():
            return None
        return {name: g.value for name, g in grad(loss, self.leaves).items()}


def _is_same(runs: list[_Run], candidate: Candidate, fit: Fit) -> bool:
    """Whether two candidates are one loss at all cases, such as / T and / rows without a batch."""
    same = candidate.family is fit.candidate.family
    return same and all(math.isclose(candidate.factor(r.sizes), fit.candidate.factor(r.sizes)) for r in runs)


def _sizes(outcome: Outcome, case: Case, cases: Cases) -> dict[str, int]:
    outputs = stacked(outcome.outputs)
    sizes = {**sizes_of(cases, case, outcome.outputs), "size": outputs.size}
    axis = class_axis(outputs, case.arguments[TARGETS])
    classes = sizes.get("outputs", 1) if axis is None else outputs.shape[axis]
    return {**sizes, "rows": max(1, outputs.size // classes)}
