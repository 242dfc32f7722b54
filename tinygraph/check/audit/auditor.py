"""An audit: is a backward pass that was written by hand right, and if not, which line is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...core.errors import GraphError, shown
from ...core.node import Node
from .anew import RightAnew, steps_back
from .asked import check_call
from .blame import Blame
from .book import same
from .cases import Cases
from .clipped import may_be_clipped
from .findings import Finding, findings_of, of_whole_numbers, suspects, too_short, with_repairs
from .functions import Functions
from .lines import read_again
from .losses import fitting, nearest
from .marks import Marks, marks_of
from .mended import Repair
from .objects import Objects
from .repair import search
from .report import AuditReport
from .right import Right
from .source import inner_loop
from .state_checks import notes as notes_of
from .stopped import first_line, stopping_well
from .subject import Outcome, Subject
from .table import Probe, TableRow, probe, rows, tolerance_of
from .trials import quiet
from .truncation import truncation
from .written import Written, value_of

ANEW = (
    "the backward pass goes back anew from each step, and how far is not clear, or the loss is no sum over the steps: "
    "lines may be named falsely"
)

STEPS = 3
"""The number of steps at which lines are looked at: fewer do not tell a step from its neighbours."""


def audited(*taken: Any, repair: bool, seed: int) -> AuditReport:
    """The report of what `tg.check.audit` was given, in the order of its arguments."""
    passes, loss, parameters, arguments, inputs, targets, forward, backward = taken
    check_call(passes, loss, parameters, arguments, inputs, targets, forward, backward, seed)
    with stopping_well(), quiet():
        if parameters is None:
            subject: Subject = Objects(passes, loss, inputs, targets, forward, backward)
        else:
            subject = Functions(passes, loss, parameters, arguments)
        read_again({function.__code__.co_filename for function in subject.functions})
        with subject.surroundings.kept():
            return _Audit(subject, seed).report(repair)


class _Audit:
    """One audit: a subject with its cases, and how it comes by a loss."""

    def __init__(self, subject: Subject, seed: int) -> None:
        self.subject, self.cases = subject, Cases(subject, seed)
        self._marks: Marks | None = None
        self._probes: list[Probe] = []
        self._loss_in_words, self._told_first = "the loss that is computed", list[str]()
        if isinstance(subject, Objects) and subject.names_no_loss:
            self._choose_loss(subject)

    def _choose_loss(self, subject: Objects) -> None:
        """The usual loss to which most gradients belong, or to whose gradients they are most alike."""
        fits = fitting(subject, self.cases)
        fit = fits[0] if fits else nearest(subject, self.cases)
        if fit is None:
            problem = "audit: nobody says what the loss is, and it is none of the usual ones"
            raise GraphError(problem, fix="loss=lambda outputs, targets: ...")
        told = f"nobody says what the loss is: the gradients are held against {fit.name}"
        self._told_first += [told if fits else f"{told}, to which they are most alike"]
        self._loss_in_words = fit.name
        self.subject = self.cases.subject = subject.with_loss(fit.as_function(self.cases))

    def _other_loss(self, table: tuple[TableRow, ...]) -> list[str]:
        """Another loss than the one that is computed, if more gradients are right for it."""
        fits = [] if self._told_first else fitting(self.subject, self.cases)
        for fit in fits[:1]:
            at = [row for row in table if fit.steps in (None, row.steps)]
            right = [name for name in fit.right if all(row.right for row in at if row.parameter == name)]
            if len(right) < len(fit.right):
                return [f"the gradients belong to another loss than the one that is computed: they are {fit}"]
        return []

    def report(self, repair: bool) -> AuditReport:
        table = self._table()
        passed = all(row.right for row in table)
        told = [] if passed else [text for text in [self._truncated(table)] if text]
        if told:
            table = tuple([replace(row, name=row.name or "truncated", right=True) for row in table])
            passed = True
        unrated = self.subject.without_rate(self.cases.case(None)) if isinstance(self.subject, Objects) else []
        if unrated:
            passed, again = False, "without the learning rate"
            table = tuple([replace(r, name=again, right=False) if r.parameter in unrated else r for r in table])
        findings: list[Finding] = []
        repairs: list[Repair] = []
        if not passed:
            findings, more = self._findings(unrated)
            told += [*([] if unrated else self._other_loss(table)), *more]
            if repair:
                repairs = self._repairs(findings)
                findings = with_repairs(findings, repairs)
        if all(row.name == "missing" for row in table):
            told += ["no gradient was seen: a backward pass returns a tuple in the order of the parameters, or a dict"]
        told = [*self._told_first, *told, *notes_of(self.subject, self.cases)]
        notes = tuple(dict.fromkeys(told))
        self.cases.known = {}  # a report may be kept, with its graphs it would be large
        return AuditReport(self._loss_in_words, table, tuple(findings), tuple(repairs), notes, self.marks)

    def _table(self) -> tuple[TableRow, ...]:
        outcome = self.subject.on_nodes(self.cases.case(None), back=False)
        if not isinstance(outcome.loss, Node) or outcome.loss.size != 1:
            problem = "audit: no loss was returned that depends on the parameters"
            raise GraphError(problem, expected="one number, first of what is returned", got=shown(outcome.loss))
        probes: list[Probe] = []
        for case in self.cases.probes():
            try:
                probes.append(probe(self.subject, self.cases, case))
            except Exception as error:  # whatever the user's code raises at a number of steps that is not its own
                if case.steps in (None, 2):  # it ran at 2 when time was looked for
                    raise
                self._told_first.append(f"T = {case.steps} was not judged ({first_line(error)})")
        self._probes = probes
        return rows(probes, tolerance_of(self.subject))

    def _truncated(self, table: tuple[TableRow, ...]) -> str:
        tolerance, right = tolerance_of(self.subject), {(row.parameter, row.steps) for row in table if row.right}
        for p in self._probes:
            short = [name for name in p.right if p.steps in (1, 2) and (name, p.steps) not in right]
            if not all(may_be_clipped(p.hand.get(name), p.right[name], tolerance) for name in short):
                return ""  # a truncated pass is right, or clipped, where nothing goes back further than a step
        case = self.cases.case(4 if self.cases.places else None)
        return truncation(self.subject.on_nodes(case, back=False), self.subject.gradients(case))

    def _findings(self, unrated: list[str]) -> tuple[list[Finding], list[str]]:
        loop = next((loop for loop in map(inner_loop, self.subject.functions) if loop is not None), None)
        steps = (STEPS + (loop is not None)) if self.cases.places else None
        try:
            whole, alone = of_whole_numbers(self.subject, self.cases.case(steps))
            if alone:
                return whole, []
            outcome = self._followed(steps)
            back = steps_back(outcome, steps) if loop is not None and steps else None
            anew = RightAnew(outcome, steps, back) if back and steps else None
            right = anew if anew is not None and anew.is_whole else Right(outcome, steps)
            blame = Blame(Written(outcome, right))
            findings = [*whole, *findings_of(self.subject, self.cases.case(steps), blame, unrated)]
            self._keep_marks(outcome, blame, findings)
            if loop is not None and back and right is anew:
                return [*findings, *too_short(self.subject, loop, back)], []
            return findings, [ANEW] if loop is not None and findings else []
        except Exception as error:  # whatever the user's code raises on nodes
            return [], [f"the lines could not be followed ({first_line(error)})"]

    def _keep_marks(self, outcome: Outcome, blame: Blame, findings: list[Finding]) -> None:
        """What the picture needs of the graphs, which are not kept."""
        try:
            self._marks = marks_of(outcome, blame, findings)
        except Exception:  # a report without a picture says more than an error
            self._marks = None

    def marks(self) -> Marks:
        """What the picture shows; of passes that nobody had to follow so far, by a run now."""
        if self._marks is None:
            steps = STEPS if self.cases.places else None
            with stopping_well(), quiet(), self.subject.surroundings.kept():
                outcome = self._followed(steps)
            right = Right(outcome, steps)
            self._marks = marks_of(outcome, Blame(Written(outcome, right)), [])
        return self._marks

    def _followed(self, steps: int | None) -> Outcome:
        """A run with a node for each binding, if that changes nothing: the copies are not what is written later."""
        case = self.cases.case(steps)
        plain = self.subject.gradients(case)
        outcome = self.subject.on_nodes(case)
        arrays = {name: None if g is None else value_of(g) for name, g in outcome.gradients.items()}
        pairs = [(arrays[name], plain[name]) for name in arrays]
        alike = all(a is b if a is None or b is None else same(a, b, 1e-6) for a, b in pairs)
        outcome = outcome if alike else self.subject.on_nodes(case, bindings=False)
        shapes = {name: x.shape for name, x in case.parameters.items()}  # of another shape is like none at all
        whole = {name: g if np.shape(g) == shapes[name] else None for name, g in outcome.gradients.items()}
        return replace(outcome, gradients=whole)

    def _repairs(self, findings: list[Finding]) -> list[Repair]:
        try:
            return search(self.subject, self.cases, suspects(self.subject, findings))
        except GraphError:
            return []
