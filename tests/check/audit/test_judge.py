"""The judge of the auditor, held against auditors that know all, know nothing, name another line, or fall over."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.bench.audit import by, table

from .judge import ACCEPTED, Verdict, judged
from .passes import PASSES
from .plant import Fault, faults, groups, text_of

ONE = PASSES["columns_tuple"]


@dataclass
class Told:
    """An auditor that is told what was planted."""

    fault: Fault
    line_off: int = 0

    def __call__(self, *arguments: Any, repair: bool, **keywords: Any) -> Any:
        file = inspect.getsourcefile(arguments[0]) or ""
        assert Path(file).read_text(encoding="utf-8") == self.fault.text
        old = text_of(self.fault.name).splitlines()
        findings, repairs = [], []
        for edit in self.fault.edits:
            line = edit.line + self.line_off
            kind = min(ACCEPTED[edit.kind])
            findings.append(SimpleNamespace(file=file, line=line, kind=kind))
            repairs.append(SimpleNamespace(line=line, after=old[edit.line - 1].strip(), proven_at=(4, 3)))
        return SimpleNamespace(passed=False, findings=findings, repairs=repairs if repair else ())


def silent(*_: Any, **__: Any) -> Any:
    return SimpleNamespace(passed=True, findings=(), repairs=())


def broken(*_: Any, **__: Any) -> Any:
    raise ValueError("no way")


def verdicts(auditor: Any) -> tuple[list[Verdict], list[Verdict]]:
    alone = [judged(fault, auditor(fault)) for fault in faults(ONE, 11, seed=3)]
    together = [judged(fault, auditor(fault), repair=False) for fault in groups(ONE, 2, 2, seed=3)]
    return alone, together


def shares(auditor: Any) -> dict[str, float]:
    return {row.name: row.measured for row in table(*verdicts(auditor)) if "seconds" not in row.name}


def test_who_knows_all_reaches_every_bar() -> None:
    rows = table(*verdicts(Told))
    assert len(rows) == 10 and all(row.met for row in rows), rows
    assert "| columns_tuple | 11 | 100% | 100% | 100% | 100% | 100% |" in by(
        "pass", verdicts(Told)[0], lambda v: v.fault.name
    )


def test_who_sees_nothing_reaches_none() -> None:
    measured = shares(lambda _: silent)
    assert measured.pop("repairs of a wrong line or that do not mend") == 0
    assert set(measured.values()) == {0}


def test_another_line_is_a_miss_and_its_repair_false() -> None:
    measured = shares(lambda fault: Told(fault, line_off=2))
    assert measured["wrong gradient seen"] == 1
    assert measured["first named line is the planted one"] < 0.3
    assert measured["repairs of a wrong line or that do not mend"] > 7


def test_an_error_is_a_miss_that_is_told() -> None:
    (verdict,) = [judged(fault, broken) for fault in faults(ONE, 1)]
    assert verdict.error.endswith("no way") and not verdict.seen and not verdict.first


def test_a_repair_that_does_not_mend_is_false() -> None:
    (fault,) = faults(ONE, 1, seed=8)

    class Wrong(Told):
        def __call__(self, *arguments: Any, repair: bool, **keywords: Any) -> Any:
            report = super().__call__(*arguments, repair=repair, **keywords)
            return SimpleNamespace(**{**vars(report), "repairs": [self.other(r) for r in report.repairs]})

        def other(self, repair: Any) -> Any:
            return SimpleNamespace(**{**vars(repair), "after": fault.text.splitlines()[repair.line - 1]})

    verdict = judged(fault, Wrong(fault))
    assert verdict.false and not verdict.mended
