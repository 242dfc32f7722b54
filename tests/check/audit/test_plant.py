"""The planter: what it plants is one line's fault, runs, changes a gradient, and comes again from the same seed."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from tests.each import each

from .edits import Edit, Edits, applied
from .passes import ALL, PASSES, Pass, loaded
from .plant import LEAST, Fault, distance, faults, gradients, groups, is_fault, right, text_of, written


def changed(one: Pass, fault: Fault) -> list[int]:
    rows = zip(text_of(one.name).splitlines(), fault.text.splitlines(), strict=True)
    return [n for n, (old, new) in enumerate(rows, start=1) if old != new]


@each("one", ALL)
def test_a_fault_is_one_line_that_changes_a_gradient(one: Pass, tmp_path: Path) -> None:
    planted = faults(one, count=14, seed=1)
    assert len(planted) == 14 and len({kind for fault in planted for kind in fault.kinds}) > 7
    for fault in planted:
        assert changed(one, fault) == list(fault.lines)
        assert LEAST < distance(gradients(one, fault.text), right(one.name)) < float("inf")
        assert loaded(written(fault, tmp_path)).__file__ == str(tmp_path / f"{one.name}.py")


@each("one", [PASSES[name] for name in ("columns_tuple", "layers", "char_step", "lstm_packed")])
def test_of_many_faults_each_matters(one: Pass) -> None:
    for size in (2, 3):
        (group,) = groups(one, size, count=1, seed=2)
        assert changed(one, group) == list(group.lines) and len(group.edits) == size


def test_the_same_seed_plants_the_same() -> None:
    one = PASSES["two_layers"]
    assert faults(one, 12, seed=4) == faults(one, 12, seed=4) != faults(one, 12, seed=5)
    assert groups(one, 2, 2, seed=4) == groups(one, 2, 2, seed=4)


def test_equal_mutants_are_none() -> None:
    """Zeros of another name with the same shape."""
    one = PASSES["gru_vectors"]
    line = text_of(one.name).splitlines()
    at = next(n for n, row in enumerate(line, start=1) if "dh = np.zeros_like(bz)" in row)
    start = line[at - 1].index("bz")
    assert not is_fault(Fault(one.name, (Edit(at, "name", start, start + 2, "bn"),)))


def test_faults_stand_in_the_backward_half_alone() -> None:
    one = PASSES["char_step"]
    text = text_of(one.name)
    mark = text.splitlines().index("    # backward") + 1
    assert min(edit.line for edit in Edits(text, one.backward).all) > mark


def test_a_deleted_line_may_be_named_where_its_variable_is_read() -> None:
    fault = next(f for f in faults(PASSES["columns_tuple"], 60) if f.kinds == ("deleted",) and "dh_next" in _old(f))
    (accepted,) = fault.accepted().values()
    reader = next(n for n, row in enumerate(fault.text.splitlines(), start=1) if "+ dh_next" in row)
    assert accepted == {fault.lines[0] - 1, fault.lines[0], fault.lines[0] + 1, reader}


def _old(fault: Fault) -> str:
    return text_of(fault.name).splitlines()[fault.lines[0] - 1]


@pytest.mark.parametrize(
    ("old", "kind", "new"),
    [
        ("    d = h * (1 - h)", "derivative", "    d = (1 - h * h)"),
        ("    d = 1 - h ** 2", "derivative", "    d = 1 - np.tanh(h) ** 2"),
        ("    d = h[t - 1]", "index", "    d = h[t + 1]"),
        ("    d += h @ w.T", "transpose", "    d += h @ w"),
        ("    d += h @ w.T", "operands", "    d += (w.T @ h)"),
        ("    d += h @ w.T", "accumulate", "    d = h @ w.T"),
        ("    d += h @ w.T", "sign", "    d -= h @ w.T"),
        ("    a, b = h", "unpacking", "    b, a = h"),
        ("    d = h * w + h", "term", "    d = (h * w)"),
        ("    d = h * w + h", "factor", "    d = h + h"),
        ("    dz = zi * dz", "gate", "    dz = zo * dz"),
    ],
)
def test_what_each_kind_does(old: str, kind: str, new: str) -> None:
    text = f"def backward(h, w, t, zi, zo):\n{old}\n"
    edits = [edit for edit in Edits(text, ("backward",)).all if edit.kind == kind]
    assert new in [applied(text, (edit,)).splitlines()[1] for edit in edits]


def test_a_planted_module_shows_its_lines(tmp_path: Path) -> None:
    (fault,) = faults(PASSES["columns_tuple"], 1)
    module = loaded(written(fault, tmp_path))
    assert inspect.getsource(module.backward) in fault.text
