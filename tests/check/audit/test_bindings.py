"""Names of one line that stand for each other's values, or another step's: that line is named, not its readers."""

from __future__ import annotations

from pathlib import Path

from tests.each import each

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
