"""Names of one line that stand for each other's values, or another step's: that line is named, not its readers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.book import Match
from tinygraph.check.audit.candidates import Candidates
from tinygraph.check.audit.right import Thing

from .test_blame import planted

PACKED = "xh, i, f, o, g, c_old, c, h = self.steps[t]"
GATES = 'v, f, i, o, g = s["v"][t], s["f"][t], s["i"][t], s["o"][t], s["g"][t]'
CELLS = 'c, c_prev, h = s["c"][t + 1], s["c"][t], s["h"][t + 1]'
SUM = 'dv = np.dot(p["Wf"].T, daf) + np.dot(p["Wi"].T, dai) + np.dot(p["Wo"].T, dao) + np.dot(p["Wg"].T, dag)'
ORDER, INDEX = "parts in the wrong order", "a wrong index"

CASES = {
    "two gates, and what comes from above doubled": (
        ORDER,
        "lstm_packed",
        (PACKED, PACKED.replace("i, f, o", "o, f, i")),
        ("dh = dy @ self.Wy.T + dh_next", "dh = 2 * (dy @ self.Wy.T + dh_next)"),
    ),
    "a gate and a cell, no slope, and no sum": (
        ORDER,
        "lstm_packed",
        (PACKED, PACKED.replace("f, o, g, c_old", "c_old, o, g, f")),
        ("dg = dc * i * (1 - g**2)", "dg = dc * i"),
        ('self.grads["b"] += dz.sum(axis=0)', 'self.grads["b"] = dz.sum(axis=0)'),
    ),
    "two cells, and a sign": (
        ORDER,
        "lstm_gates",
        (CELLS, CELLS.replace("c, c_prev", "c_prev, c")),
        ('d["bf"] += daf', 'd["bf"] -= daf'),
    ),
    "one gate of the step before, and another gate": (
        INDEX,
        "lstm_gates",
        (GATES, GATES.replace('s["o"][t]', 's["o"][t - 1]')),
        (SUM, SUM.replace("daf", "dai")),
    ),
    "all of the step before, and a transpose": (
        INDEX,
        "lstm_packed",
        (PACKED, PACKED.replace("[t]", "[t - 1]")),
        ('self.grads["Wy"] += h.T @ dy', 'self.grads["Wy"] += h.T @ dy.T'),
    ),
}


@each("case", list(CASES))
def test_the_line_that_binds_them_is_named_first_and_the_others_too(case: str, tmp_path: Path) -> None:
    kind, name, *edits = CASES[case]
    report, lines = planted(tmp_path, name, *edits)
    assert (report.findings[0].line, report.findings[0].kind) == (lines[0], kind), str(report)
    assert sorted(f.line for f in report.findings) == lines, str(report)


def test_of_a_name_that_one_line_alone_reads_wrongly_that_line_is_named(tmp_path: Path) -> None:
    report, lines = planted(tmp_path, "lstm_packed", ("df = dc * c_old * f * (1 - f)", "df = dc * c_old * o * (1 - o)"))
    assert [f.line for f in report.findings] == lines, str(report)


def test_a_fault_has_its_name_where_others_spoil_what_it_reads_at_later_steps(tmp_path: Path) -> None:
    edits = [("dn = dh * (1 - z)", "dn = dh"), ("dan = dn * (1 - n**2)", "dan = dn * (1)")]
    report, lines = planted(tmp_path, "gru_vectors", *edits, ("dh = dh * z + drh * r", "dh = drh * r"))
    assert sorted(f.line for f in report.findings) == lines, str(report)


def test_a_gradient_of_data_alone_is_told_where_it_is_made_first(tmp_path: Path) -> None:
    edits = [("dy = 2 * (self.y - target)", "dy = 2 * -target"), ("h = self.states[t]", "h = -self.states[t]")]
    report, lines = planted(tmp_path, "last_sigmoid", *edits)
    assert report.findings[0].line == lines[0], str(report)


@each(
    "exact, steps, due",
    [
        ([{0}, {1}, {2}], None, True),
        ([{2}, {1, 5}, {0}], None, True),
        ([{0}, {2}, {1}], None, False),
        ([{0}, {1}, set()], None, False),
        ([{0}], None, False),
        ([{0}, {1}, {2}], "adjoint", False),
        ([{0}, {1}, {2}], 2.0, False),
    ],
)
def test_values_of_each_step_stand_one_after_the_other(exact: Any, steps: Any, due: bool) -> None:
    one: Any = Candidates.__new__(Candidates)
    kind, factor = steps if isinstance(steps, str) else "value", steps if isinstance(steps, float) else 1.0
    look = {k: [Match(Thing(kind, "h", t, kind, np.ones(2)), factor, False) for t in of] for k, of in enumerate(exact)}
    one._present = SimpleNamespace(look=look.__getitem__)
    assert one._is_of_each_step([*look]) is due
