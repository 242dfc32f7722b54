"""An audit: is a backward pass that was written by hand right, and if not, which line is wrong."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.errors import GraphError, shown
from ...core.node import Node
from .cases import Cases
from .findings import Finding, findings_of, mended, suspects
from .functions import Functions
from .losses import Fit
from .objects import Objects
from .repair import Repair, search
from .report import AuditReport
from .right import Right
from .state_checks import notes as notes_of
from .subject import Outcome, Subject
from .table import Probe, TableRow, probe, rows, tolerance_of
from .truncation import truncation
from .written import Written

STEPS = 3
"""The number of steps at which lines are looked at: fewer do not tell a step from its neighbours."""


def audited(*taken: Any, repair: bool, seed: int) -> AuditReport:
    """The report of what `tg.check.audit` was given, in the order of its arguments."""
    subject = _subject(*taken)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _Audit(subject, seed).report(repair)


def _subject(
    passes: Any, loss: Any, parameters: Any, arguments: Any, inputs: Any, targets: Any, forward: Any, backward: Any
) -> Subject:
    if parameters is None:
        return Objects(passes, loss, inputs, targets, forward, backward)
    if not isinstance(parameters, Mapping) or not parameters:
        raise GraphError("audit: no parameters", expected="a dict of arrays by name", got=shown(parameters))
    return Functions(passes, loss, parameters, arguments)


class _Audit:
    """One audit: a subject with its cases, and how it comes by a loss."""

    def __init__(self, subject: Subject, seed: int) -> None:
        self.subject, self.cases = subject, Cases(subject, seed)
        self.fits: list[Fit] | None = None

    def report(self, repair: bool) -> AuditReport:
        table, near = self._table(), tolerance_of(self.subject)
        passed = all(row.right for row in table)
        told = [] if passed else [text for text in [self._truncated()] if text]
        if told:
            table = tuple([TableRow(*[*_fields(row)[:5], row.name or "truncated", True]) for row in table])
            passed = True
        findings: list[Finding] = []
        repairs: list[Repair] = []
        if not passed:
            findings, more = self._findings(near)
            told += more
            if repair:
                repairs = self._repairs(findings)
                findings = mended(findings, repairs)
        told += [*notes_of(self.subject, self.cases)]
        return AuditReport(self._loss_in_words(), table, tuple(findings), tuple(repairs), tuple(dict.fromkeys(told)))

    def _outcome(self, steps: int | None, draw: int = 0) -> Outcome:
        case = self.cases.case(steps if self.cases.places else None, draw)
        outcome = self.subject.on_nodes(case)
        if not isinstance(outcome.loss, Node):
            problem = "audit: no loss was returned that depends on the parameters"
            raise GraphError(problem, expected="one number", got=shown(outcome.loss), fix="pass loss=")
        return outcome

    def _table(self) -> tuple[TableRow, ...]:
        probes: list[Probe] = [probe(self.subject, self.cases, case) for case in self.cases.probes()]
        return rows(probes, tolerance_of(self.subject))

    def _truncated(self) -> str:
        case = self.cases.case(4 if self.cases.places else None)
        return truncation(self.subject.on_nodes(case), self.subject.gradients(case))

    def _findings(self, near: float) -> tuple[list[Finding], list[str]]:
        steps = STEPS if self.cases.places else None
        try:
            outcome = self._outcome(steps)
            written = Written(outcome, Right(outcome, steps or self.cases.steps))
            return findings_of(self.subject, written), []
        except Exception as error:  # whatever the user's code raises on nodes
            first = str(error).partition("\n")[0]
            return [], [f"the lines could not be followed ({type(error).__name__}: {first})"]

    def _repairs(self, findings: list[Finding]) -> list[Repair]:
        try:
            return search(self.subject, self.cases, suspects(self.subject, findings))
        except GraphError:
            return []

    def _loss_in_words(self) -> str:
        return "the loss that is computed"


def _fields(row: TableRow) -> list[Any]:
    return [row.parameter, row.steps, row.error, row.cosine, row.scale, row.name, row.right]
