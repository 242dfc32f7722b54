"""Holds what the auditor says of planted faults against what was planted."""

from __future__ import annotations

import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .passes import PASSES, Pass, loaded
from .plant import LEAST, Fault, distance, gradients, right, written

ACCEPTED: dict[str, set[str]] = {
    "sign": {"a wrong sign"},
    "scale": {"a wrong constant factor"},
    "factor": {"a factor missing"},
    "term": {"a term missing"},
    "index": {"a wrong index"},
    "accumulate": {"`=` in place of `+=`", "`+=` in place of `=`"},
    "transpose": {"a transpose too many or missing"},
    "operands": {"operands in the wrong order", "a transpose too many or missing"},
    "deleted": {"a line is missing", "a term missing"},
    "unpacking": {"parts in the wrong order"},
    "gate": {"another gate's variable", "another variable"},
    "name": {"another variable", "another gate's variable", "a wrong index"},
    "derivative": {"the wrong form of an activation's derivative"},
}
"""From the kind that was planted to the kinds of a finding that name it rightly; empty: the catalogue has no name."""

LIMIT = 60.0
"""Seconds of the processor after which an audit is given up."""


@dataclass
class Verdict:
    """What one audit said, and how good that is.

    Attributes:
        fault: what was planted.
        named: the lines named, in their order, each once.
        kinds: the kind that the first finding of each of these lines gives.
        seen: the report says that a gradient is wrong.
        took, took_repairing: the processor's seconds of an audit without and with repair.
        mended: planted lines with a repair that is proven at two lengths and that is right here, too.
        false: repairs of lines that are right, or that do not mend.
        error: the auditor's own exception.
    """

    fault: Fault
    named: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    seen: bool = False
    took: float | None = None
    took_repairing: float | None = None
    mended: list[int] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def first(self) -> bool:
        """Whether the first named line is a planted one."""
        return bool(self.hits(1))

    @property
    def found(self) -> list[int]:
        """All planted lines that are named anywhere."""
        return self.hits(len(self.named))

    @property
    def kind(self) -> bool | None:
        """Whether the first planted line's kind is named rightly; None where the catalogue knows none."""
        wanted = {edit.line: ACCEPTED[edit.kind] for edit in self.fault.edits}
        if not any(wanted.values()):
            return None
        pairs = zip(self.named, self.kinds, strict=True)
        accepted = self.fault.accepted()
        for line, kind in pairs:
            for planted, lines in accepted.items():
                if line in lines:
                    return kind in wanted[planted]
        return False

    def hits(self, among: int) -> list[int]:
        """The planted lines that the first few named lines tell of."""
        named = set(self.named[:among])
        return [planted for planted, lines in self.fault.accepted().items() if named & lines]


def named_in(one: Pass, audit: Callable[..., Any]) -> list[int]:
    """The lines of a pass's own file that an audit names, in their order."""
    arguments, keywords = one.call(loaded(one.file))
    report = audit(*arguments, **keywords, repair=False)
    return list(dict.fromkeys(finding.line for finding in report.findings))


def judged(fault: Fault, audit: Callable[..., Any], repair: bool = True) -> Verdict:
    """Audits a pass with faults, once without repair and, if wanted, once with it."""
    verdict = Verdict(fault)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with _at_most(LIMIT):
                file = written(fault, Path(folder))
                _says(verdict, file, audit)
                if repair:
                    _repairs(verdict, file, audit)
        except Exception as error:  # a miss, told with its place
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            told = str(error).strip().partition("\n")[0]
            verdict.error = f"{type(error).__name__} at {place}: {told}"
    return verdict


def _says(verdict: Verdict, file: Path, audit: Callable[..., Any]) -> None:
    report, verdict.took = _audited(verdict.fault, file, audit, repair=False)
    verdict.seen = not report.passed
    for finding in report.findings:
        line = finding.line if Path(finding.file).name == file.name else 0
        if line not in verdict.named:
            verdict.named.append(line)
            verdict.kinds.append(str(finding.kind))


def _repairs(verdict: Verdict, file: Path, audit: Callable[..., Any]) -> None:
    report, verdict.took_repairing = _audited(verdict.fault, file, audit, repair=True)
    accepted = verdict.fault.accepted()
    for repair in report.repairs:
        planted = [line for line, lines in accepted.items() if repair.line in lines]
        if not planted or not (_mends(verdict.fault, [repair]) or _mends(verdict.fault, report.repairs)):
            verdict.false.append(f"{repair.line}: {str(repair.after).strip()}")
        elif len(repair.proven_at) >= 2:
            verdict.mended += planted


def _mends(fault: Fault, repairs: Sequence[Any]) -> bool:
    own = gradients(PASSES[fault.name], mended(fault.text, repairs))
    return distance(own, right(fault.name)) < LEAST


def mended(text: str, repairs: Sequence[Any]) -> str:
    """The text with the lines of repairs put in, the first as far indented as what stood there."""
    lines = text.splitlines()
    for repair in repairs:
        old, new = lines[repair.line - 1], str(repair.after).rstrip().lstrip("\n")
        lines[repair.line - 1] = old[: len(old) - len(old.lstrip())] + new.lstrip()
    return "\n".join(lines) + "\n"


def _audited(fault: Fault, file: Path, audit: Callable[..., Any], repair: bool) -> tuple[Any, float]:
    arguments, keywords = PASSES[fault.name].call(loaded(file))
    start = time.process_time()  # of the processor: others use the machine, too
    report = audit(*arguments, **keywords, repair=repair)
    return report, time.process_time() - start


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Ends what takes longer by an error."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
