"""Blame: of a fault in a right pass its line is named, as what it is, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.report import AuditReport

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
    "a factor lost beside a sigmoid": ("last_sigmoid", "da = dh * h * (1 - h)", "da = (dh * h)", "a factor missing"),
    "what is exp's adjoint too": ("last_sigmoid", "da = dh * h * (1 - h)", "da = dh * h * (-h)", None),
    "of data alone": ("tagger", "delta = self.o[t] - ts[t]", "delta = -ts[t]", "a term missing"),
    "a mask and a factor": (
        "tagger",
        "dr = da * (self.a[t] > 0)",
        "dr = da * (self.a[t] > 0) * self.a[t]",
        "a factor too many",
    ),
    "a mask and a term": ("tagger", "dr = da * (self.a[t] > 0)", "dr = da * (self.a[t] > 0) + da", "a term too many"),
    "zeros that stay": (
        "two_layers",
        "dh2 = np.matmul(douts[t], Wo.T) + dh2_next",
        "dh2 = dh2_next",
        "a term missing",
    ),
    "zeros of a cell": ("lstm_packed", "dc = dh * o * (1 - tc**2) + dc_next", "dc = dc_next", "a term missing"),
    "the slope alone": (
        "tagger",
        "dp = ds * (1 - self.s[t] * self.s[t])",
        "dp = 1 - self.s[t] ** 2",
        "a factor missing",
    ),
    "a slope in half": (
        "lstm_gates",
        "daf = dc * c_prev * f * (1 - f)",
        "daf = dc * c_prev * (1 - f)",
        "a factor missing",
    ),
    "the rate alone": ("class_update", "self.W_hh -= lr * dW_hh", "self.W_hh -= lr", "a factor missing"),
    "a term of a multiple": ("last_sigmoid", "dy = 2 * (self.y - target)", "dy = 2 * -target", "a term missing"),
    "data of one step": ("gru_vectors", "dWn += np.outer(dan, xs[t])", "dWn += np.outer(dan, xs[0])", "a wrong index"),
    "a sign in place": ("char_step", "dy[targets[t]] -= 1", "dy[targets[t]] += 1", "a wrong sign"),
    "a number in place, before it is scaled": (
        "cache_norm",
        "dscores[np.arange(B), labels[t]] -= 1",
        "dscores[np.arange(B), labels[t]] -= 2 * 1",
        "a wrong constant factor",
    ),
    "a size of two in place": ("cache_norm", "dscores /= T * B", "dscores /= B", "a factor missing"),
    "the square of a slope": ("cache_norm", "dpre = (1 - hs[t + 1] ** 2) * dh", "dpre = (1 - hs[t + 1]) * dh", None),
    "a gradient for a weight": (
        "columns_tuple",
        "dh = Wy.T @ dy + dh_next",
        "dh = dby.T @ dy + dh_next",
        "another variable",
    ),
    "a bias for a weight": (
        "two_layers",
        "dh2 = np.matmul(douts[t], Wo.T) + dh2_next",
        "dh2 = np.matmul(douts[t], bo.T) + dh2_next",
        "another variable",
    ),
    "added to the parameter": ("batch_dict", 'grads["W"] += x[t].T @ da', 'params["W"] += x[t].T @ da', None),
    "added to another variable": ("gru_vectors", "dWn += np.outer(dan, xs[t])", "Wr += np.outer(dan, xs[t])", None),
    "ascent": ("class_update", "self.b_y -= lr * db_y", "self.b_y += lr * db_y", "a wrong sign"),
    "returned": (
        "char_step",
        "return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]",
        "return loss, dWxh, dWhh, dWhy, dh, dby, hs[len(inputs) - 1]",
        None,
    ),
}


LISTED = """
import numpy as np


def loss(xs, params):
    Wx, Wh, b = params
    hs = [np.zeros(5)]
    for x in xs:
        hs.append(np.tanh(Wx @ x + Wh @ hs[-1] + b))
    return 0.5 * np.sum(hs[-1] ** 2), hs


def backward(xs, params, hs):
    Wx, Wh, b = params
    dWx, dWh, db, dh = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b), hs[-1]
    for t in reversed(range(len(xs))):
        dz = (1 - hs[t + 1] ** 2) * dh
        dWx += np.outer(dz, xs[t])
        dWh += np.outer(dz, hs[t])
        db += dz
        dh = Wh @ dz
    return dWx, dWh, db
"""

TOGETHER = {
    "a sign, and no slope": (
        "two_layers",
        ("dh1 = np.matmul(da2, W2.T) + dh1_next", "dh1 = -(np.matmul(da2, W2.T) + dh1_next)"),
        ("da1 = dh1 * (1 - np.square(h1s[t + 1]))", "da1 = dh1"),
    ),
    "no carry, and a sign": (
        "char_step",
        ("dh = np.dot(Why.T, dy) + dhnext", "dh = np.dot(Why.T, dy)"),
        ("dhraw = (1 - hs[t] * hs[t]) * dh", "dhraw = -((1 - hs[t] * hs[t]) * dh)"),
    ),
    "a sum of carries, where nobody needs it": (
        "columns_tuple",
        ("dh = Wy.T @ dy + dh_next", "dh = dby.T @ dy + dh_next"),
        ("dh_next = Wh.T @ dz", "dh_next += Wh.T @ dz"),
    ),
    "a name of many that is read where it is wrong": (
        "layers",
        ("draw = dh * (1.0 - h**2)", "draw = dh"),
        ("self.dWh += before.T @ draw", "self.dWh += h.T @ draw"),
    ),
    "added to the parameter, and no slope": (
        "batch_dict",
        ("da = dh * (1 - h[t] * h[t])", "da = dh"),
        ('grads["W"] += x[t].T @ da', 'params["W"] += x[t].T @ da'),
    ),
    "a line lost beside a wrong one": (
        "cache_norm",
        ("dWh += hs[t].T.dot(dpre)", "dWh += 2 * hs[t].T.dot(dpre)"),
        ("dbh += dpre.sum(axis=0)", "pass"),
    ),
}
"""Faults that hide each other."""


def planted(folder: Path, name: str, *edits: tuple[str, str]) -> tuple[AuditReport, list[int]]:
    rows = PASSES[name].file.read_text(encoding="utf-8").splitlines()
    lines = [next(k for k, row in enumerate(rows) if row.strip() == old) for old, _ in edits]
    for line, (old, new) in zip(lines, edits, strict=True):
        rows[line] = rows[line].replace(old, new)
    file = folder / f"{name}.py"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    arguments, keywords = PASSES[name].call(loaded(file))
    return tg.check.audit(*arguments, **keywords, repair=False), [line + 1 for line in lines]


@each("fault", list(FAULTS))
def test_the_line_of_a_fault_is_the_first_that_is_named(fault: str, tmp_path: Path) -> None:
    name, old, new, kind = FAULTS[fault]
    report, (line,) = planted(tmp_path, name, (old, new))
    assert not report.passed and report.findings, str(report)
    first = report.findings[0]
    assert (first.line, first.source) == (line, new), str(report)
    assert kind is None or first.kind == kind, str(report)
    assert len(report.findings) == 1 and {*first.parameters} == {*report.wrong}, str(report)


@each("faults", list(TOGETHER))
def test_faults_that_hide_each_other_are_named_and_no_other_line(faults: str, tmp_path: Path) -> None:
    name, *edits = TOGETHER[faults]
    report, lines = planted(tmp_path, name, *edits)
    told = [f.line for f in report.findings]
    lost = [line + 1 for line, (_, new) in zip(lines, edits, strict=True) if new == "pass"]
    assert {*told} <= {*lines, *lost} and len(told) == len(lines), str(report)


def test_of_a_lost_line_no_other_class_is_named(tmp_path: Path) -> None:
    report, (line,) = planted(tmp_path, "layers", ("self.dWh += before.T @ draw", "pass"))
    assert report.findings[0].line == line - 1 and report.findings[0].kind == "a line is missing", str(report)


def test_the_place_of_a_lost_line_is_told_after_lines_that_are_wrong(tmp_path: Path) -> None:
    sign = ("dWy += dy @ hs[t + 1].T", "dWy -= dy @ hs[t + 1].T")
    slope = ("dz = (1 - hs[t + 1] ** 2) * dh", "dz = (hs[t + 1] * (1 - hs[t + 1])) * dh")
    report, lines = planted(tmp_path, "columns_tuple", sign, slope, ("dbh += dz", "dWh += dz"))
    told = [f.line for f in report.findings]
    assert told[:3] == lines and report.findings[-1].source.startswith("return"), str(report)


def test_where_another_thing_is_returned_is_told_after_lines_that_are_wrong(tmp_path: Path) -> None:
    _, returned, wrong, _ = FAULTS["returned"]
    _, old, new, _ = FAULTS["no transpose"]
    report, lines = planted(tmp_path, "char_step", (old, new), (returned, wrong.replace(" dh,", " bh,")))
    assert [f.line for f in report.findings] == lines, str(report)


def test_a_name_is_not_blamed_for_a_transpose(tmp_path: Path) -> None:
    file = tmp_path / "listed.py"
    file.write_text(LISTED, encoding="utf-8")
    module, rng = loaded(file), np.random.default_rng(0)
    parameters = [rng.normal(size=(5, 3)), rng.normal(size=(5, 5)), rng.normal(size=5)]
    report = tg.check.audit(module.backward, module.loss, parameters, {"xs": rng.normal(size=(4, 3))}, repair=False)
    assert [f.source for f in report.findings] == ["dh = Wh @ dz"], str(report)


def test_a_finding_tells_what_was_read_made_and_due(tmp_path: Path) -> None:
    edit = "dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.dot(Whh, dhraw)"
    report, (line,) = planted(tmp_path, "char_step", edit)
    first = report.findings[0]
    assert first.function == "loss_and_gradients" and first.step == 2 and set(first.parameters) == {"Wxh", "Whh", "bh"}
    told = str(report)
    assert f"char_step.py:{line} (loss_and_gradients, step 2): dhnext = np.dot(Whh, dhraw)" in told
    assert "due    np.dot(Whh, dhraw) should be" in told and "wrong gradients: Wxh, Whh, bh" in told


def test_a_part_that_reads_right_things_is_told_before_what_reads_wrong_ones(tmp_path: Path) -> None:
    name, old, new, _ = FAULTS["the square of a slope"]
    (finding,) = planted(tmp_path, name, (old, new))[0].findings
    assert finding.reads == ("hs[t + 1] at step 2",)
    assert finding.due == "1 - hs[t + 1] should be a part of the adjoint of hs[t + 1] at step 2"


@pytest.mark.parametrize("name", PASSES)
def test_nothing_is_said_of_a_right_pass(name: str) -> None:
    arguments, keywords = PASSES[name].call(loaded(PASSES[name].file))
    report = tg.check.audit(*arguments, **keywords)
    assert report.passed and not report.findings and not report.repairs, str(report)
