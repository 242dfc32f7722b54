"""Planted faults are mended on their own line, at several numbers of steps; two at once; right passes get nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.mended import Repair, diff
from tinygraph.check.audit.repair import search

from .passes import PASSES, loaded

ONE = PASSES["columns_tuple"]


def audited(folder: Path, *changes: tuple[str, str]) -> tuple[Functions, Cases, Any]:
    text = ONE.file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = folder / "planted.py"
    file.write_text(text, encoding="utf-8")
    module = loaded(file)
    arguments, _ = ONE.call(module)
    subject = Functions(*arguments)
    return subject, Cases(subject), module


def line_of(folder: Path, text: str) -> int:
    rows = (folder / "planted.py").read_text(encoding="utf-8").splitlines()
    return next(n for n, row in enumerate(rows, start=1) if text in row)


def mended(folder: Path, *changes: tuple[str, str]) -> list[Repair]:
    subject, cases, _ = audited(folder, *changes)
    return search(subject, cases, [], budget_seconds=30.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dWh += dz @ hs[t].T", "dWh += dz @ hs[t + 1].T"),
        ("dz = (1 - hs[t + 1] ** 2) * dh", "dz = (1 - np.tanh(hs[t + 1]) ** 2) * dh"),
        ("dbh += dz", "dbh = dz"),
        ("dh_next = Wh.T @ dz", "dh_next = Wh @ dz"),
        ("dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy"),
    ],
)
def test_the_planted_line_becomes_what_it_was(old: str, new: str, tmp_path: Path) -> None:
    first = mended(tmp_path, (old, new))[0]
    assert first.after.strip().replace(" ", "") == old.replace(" ", "") and first.before.strip() == new
    assert first.line == line_of(tmp_path, new) and first.alone and 4 in first.proven_at and 2 in first.proven_at


def test_a_missing_line_is_put_in(tmp_path: Path) -> None:
    first = mended(tmp_path, ("        dh_next = Wh.T @ dz\n", ""))[0]
    assert first.after.splitlines()[-1].strip() == "dh_next = Wh.T @ dz" and first.kind == "a line is missing"
    assert diff(first).splitlines()[-1] == "+        dh_next = Wh.T @ dz"


OTHERS = {
    "into the variable that was meant": ("gru_vectors", "dWn += np.outer(dan, xs[t])", "Wr += np.outer(dan, xs[t])"),
    "of another thing's sum": ("cache_norm", "dbh += dpre.sum(axis=0)", "dbh += dbh.sum(axis=0)"),
    "in a file with slices of time": ("layers", "draw = dh * (1.0 - h**2)", "draw = dh * (1.0 + h**2)"),
    "in the order of the parameters": (
        "gru_vectors",
        "return dWz, dUz, dbz, dWr, dUr, dbr, dWn, dUn, dbn, dV",
        "return dWz, dUr, dbz, dWr, dUr, dbr, dWn, dUn, dbn, dV",
    ),
    "an update without its rate": ("class_update", "self.W_hh -= lr * dW_hh", "self.W_hh -= dW_hh"),
}


@each("fault", list(OTHERS))
def test_of_several_lines_that_could_mend_it_the_planted_one_is_told(fault: str, tmp_path: Path) -> None:
    name, old, new = OTHERS[fault]
    text = PASSES[name].file.read_text(encoding="utf-8")
    file = tmp_path / f"{name}.py"
    file.write_text(text.replace(f" {old}\n", f" {new}\n"), encoding="utf-8")
    arguments, keywords = PASSES[name].call(loaded(file))
    (repair,) = tg.check.audit(*arguments, **keywords).repairs
    at = text[: text.index(f" {old}\n")].count("\n") + 1
    assert (repair.line, repair.before.strip()) == (at, new), str(repair)
    factors = (sorted(re.split(r"[ ()*]+", x.strip())) for x in (repair.after, old))
    assert len({" ".join(parts) for parts in factors}) == 1, repair.after


def test_a_lost_update_is_put_in_with_its_rate_and_a_lost_sum_behind_what_it_reads(tmp_path: Path) -> None:
    for name, lost in (
        ("class_update", "dW_xh += np.dot(d_raw, inputs[t].T)"),
        ("tagger", "dR += dr.dot(self.s[t].T)"),
        ("lstm_gates", 'd["bg"] += dag'),
    ):
        text = PASSES[name].file.read_text(encoding="utf-8")
        file = tmp_path / f"{name}.py"
        file.write_text(text.replace(f"{lost}\n", "pass\n"), encoding="utf-8")
        arguments, keywords = PASSES[name].call(loaded(file))
        (repair,) = tg.check.audit(*arguments, **keywords).repairs
        at = text[: text.index(lost)].count("\n") + 1
        assert repair.line in (at - 1, at) and repair.after.splitlines()[-1].strip().replace("'", '"') == lost


def test_two_faults_at_once(tmp_path: Path) -> None:
    changes = ("dWh += dz @ hs[t].T", "dWh += dz @ hs[t + 1].T"), ("dy = ys[t] - ts[t]", "dy = ts[t] - ys[t]")
    repairs = mended(tmp_path, *changes)
    assert {r.line for r in repairs} == {line_of(tmp_path, new) for _, new in changes}
    assert not any(r.alone for r in repairs)


def test_a_right_pass_needs_no_repair_and_keeps_its_code(tmp_path: Path) -> None:
    subject, cases, module = audited(tmp_path)
    before = module.backward.__code__
    assert search(subject, cases, [(module.backward, 29)]) == [] and module.backward.__code__ is before
    assert not [name for name in vars(module) if "tinygraph" in name]
