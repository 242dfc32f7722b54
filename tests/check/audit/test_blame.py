"""Blame: of a fault in a right pass its line is named, as what it is, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinygraph as tg
from tests.each import each

from .passes import PASSES, loaded

FAULTS = {
    "sign": ("columns_tuple", "dy = ys[t] - ts[t]", "dy = ts[t] - ys[t]", "a wrong sign"),
    "factor": ("columns_tuple", "dby += dy", "dby += 2 * dy", "a wrong constant factor"),
    "slope left out": ("two_layers", "da2 = dh2 * (1 - np.square(h2s[t + 1]))", "da2 = dh2", "a factor missing"),
    "carry left out": ("columns_tuple", "dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy", "a term missing"),
    "state of another step": ("columns_tuple", "dWh += dz @ hs[t].T", "dWh += dz @ hs[t + 1].T", "a wrong index"),
    "no sum": ("char_step", "dWxh += np.dot(dhraw, xs[t].T)", "dWxh = np.dot(dhraw, xs[t].T)", "`=` in place of `+=`"),
    "no transpose": (
        "char_step",
        "dhnext = np.dot(Whh.T, dhraw)",
        "dhnext = np.dot(Whh, dhraw)",
        "a transpose too many or missing",
    ),
    "another variable": ("char_step", "dbh += dhraw", "dbh += dh", "another variable"),
    "another gate": ("lstm_gates", 'd["bf"] += daf', 'd["bf"] += dao', "another variable"),
    "names exchanged": (
        "gru_vectors",
        "z, r, n, old, h, y = steps[t]",
        "z, r, old, n, h, y = steps[t]",
        "parts in the wrong order",
    ),
    "parts of a join": ("lstm_packed", "dz = np.hstack([di, df, do, dg])", "dz = np.hstack([di, do, df, dg])", None),
    "ascent": ("class_update", "self.b_y -= lr * db_y", "self.b_y += lr * db_y", "a wrong sign"),
    "returned": (
        "char_step",
        "return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]",
        "return loss, dWxh, dWhh, dWhy, dh, dby, hs[len(inputs) - 1]",
        None,
    ),
}


def planted(folder: Path, name: str, old: str, new: str) -> tuple[tg.check.audit, int]:
    text = PASSES[name].file.read_text(encoding="utf-8")
    lines = text.splitlines()
    line = next(k for k, row in enumerate(lines) if row.strip() == old)
    lines[line] = lines[line].replace(old, new)
    file = folder / f"{name}.py"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    arguments, keywords = PASSES[name].call(loaded(file))
    return tg.check.audit(*arguments, **keywords, repair=False), line + 1


@each("fault", list(FAULTS))
def test_the_line_of_a_fault_is_the_first_that_is_named(fault: str, tmp_path: Path) -> None:
    name, old, new, kind = FAULTS[fault]
    report, line = planted(tmp_path, name, old, new)
    assert not report.passed and report.findings, str(report)
    first = report.findings[0]
    assert (first.line, first.source) == (line, new), str(report)
    assert kind is None or first.kind == kind, str(report)
    assert len(report.findings) == 1, str(report)


def test_a_finding_tells_what_was_read_made_and_due(tmp_path: Path) -> None:
    report, line = planted(tmp_path, "char_step", "dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.dot(Whh, dhraw)")
    first = report.findings[0]
    assert first.function == "loss_and_gradients" and first.step == 2 and set(first.parameters) == {"Wxh", "Whh", "bh"}
    told = str(report)
    assert f"char_step.py:{line} (loss_and_gradients, step 2): dhnext = np.dot(Whh, dhraw)" in told
    assert "due    np.dot(Whh, dhraw) should be" in told and "wrong gradients: Wxh, Whh, bh" in told


@pytest.mark.parametrize("name", PASSES)
def test_nothing_is_said_of_a_right_pass(name: str) -> None:
    arguments, keywords = PASSES[name].call(loaded(PASSES[name].file))
    report = tg.check.audit(*arguments, **keywords)
    assert report.passed and not report.findings and not report.repairs, str(report)
