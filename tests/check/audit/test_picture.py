"""The picture of an audit: the line that makes each gradient, the arrow on which one departs, both norms."""

from __future__ import annotations

import copy
import functools
import pickle
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.picture import WARNING
from tinygraph.check.audit.report import AuditReport
from tinygraph.draw.picture import Box, Picture

from .passes import ALL, PASSES, Pass, loaded, rng
from .plant import faults, written
from .seeds import SEEDS


@functools.cache
def report(name: str) -> AuditReport:
    subject = SEEDS.get(name) or PASSES[name]
    arguments, keywords = subject.call(loaded(subject.file))
    return tg.check.audit(*arguments, **keywords, repair=False)


def picture(name: str) -> Picture:
    drawn = report(name).picture().picture
    assert drawn is not None
    return drawn


def departing(drawn: Picture) -> list[tuple[float, str, int | None, str]]:
    """Of each painted arrow the width, the box that it leads to, the step of that, and the tip; the widest first."""
    painted = [a for a in drawn.arrows if a.colour == WARNING]
    heads = {id(a): drawn.boxes[a.head] for a in painted}
    told = [(a.width, title(heads[id(a)]), step_of(heads[id(a)]), a.tip) for a in painted]
    return sorted(told, reverse=True, key=lambda row: row[0])


WITH_BIASES = ("Why @ hₜ + by", "hₜ = tanh", "+ bh")


def title(box: Box) -> str:
    return " ".join(part.text for part in box.title)


def step_of(box: Box) -> int | None:
    return None if box.node is None else box.node.step


def test_the_arrows_are_those_where_the_final_state_is_read_for_another() -> None:
    """Seed 001: with h_T for h_t all is right at t = 2, but for Whh, which wants the state before."""
    first, *others = departing(picture("001"))
    assert first[1:] == ("+ bh", 1, "line 31 makes another gradient")
    assert [row[1:] for row in sorted(others, key=lambda row: row[1])] == [
        ("Whh @ hₜ₋₁", 2, "line 33 makes another gradient"),
        ("Why @ hₜ", 1, "line 28 makes another gradient"),
    ]
    assert first[0] > max(row[0] for row in others)


def test_a_number_is_at_each_gradient_that_a_line_makes_and_at_no_other() -> None:
    drawn = picture("001")
    numbers = [note for note in drawn.notes if note.text.isdigit()]
    boxes = [b for b in drawn.boxes if b.node is not None and b.node.step == 1 and title(b) in WITH_BIASES]
    near = {title(b): [n for n in numbers if abs(n.x - b.x) < b.width / 2 and abs(n.y - b.y) < 30] for b in boxes}
    over = {title(b): [n.text for n in near[title(b)] if n.y > b.y] for b in boxes}
    under = {title(b): [n.text for n in near[title(b)] if n.y < b.y] for b in boxes}
    assert over == {"Why @ hₜ + by": ["27"], "hₜ = tanh": ["30"], "+ bh": []}
    assert under == {"Why @ hₜ + by": ["27"], "hₜ = tanh": [], "+ bh": []}, "of the parameter in the box"


@pytest.mark.parametrize("name", ["columns_tuple", "lstm_packed", "layers"])
def test_a_right_pass_has_a_picture_without_a_departure(name: str) -> None:
    drawn = picture(name)
    assert not departing(drawn) and [use.norm == use.full for use in drawn.uses]
    assert any(note.text.isdigit() for note in drawn.notes)
    assert len(drawn.keys) == 1


def test_both_norms_stand_side_by_side() -> None:
    drawn = picture("003b")
    uses = {use.name: (float(use.norm or 0), float(use.full or 0)) for use in drawn.uses}
    assert uses.keys() == {"Wx", "Wh", "Wy", "bh", "by"}
    assert all(np.isclose(hand, right / 2, rtol=0.02) for name, (right, hand) in uses.items() if name in ("Wy", "by"))
    text = report("003b").picture().text()
    assert "by hand" in text and "full BPTT" not in text
    assert "here the hand-written gradient departs" in report("003b").picture().source


def test_a_gradient_that_nobody_makes_is_told_at_its_parameter() -> None:
    def loss(W, b, xs):  # type: ignore[no-untyped-def]
        h = np.zeros(4)
        for x in xs:
            h = np.tanh(W @ h + b + x)
        return np.sum(h**2), h

    def backward(W, b, xs, h):  # type: ignore[no-untyped-def]
        return np.zeros_like(W), np.zeros_like(b)

    weights = {"W": rng().normal(size=(4, 4)), "b": rng().normal(size=4)}
    drawn = tg.check.audit(backward, loss, weights, {"xs": rng().normal(size=(3, 4))}, repair=False).picture().picture
    assert {use.name: use.full for use in drawn.uses} == {"W": "0", "b": "0"}


def test_a_copy_of_a_report_is_a_report_without_a_picture() -> None:
    for twin in (copy.deepcopy(report("001")), pickle.loads(pickle.dumps(report("001")))):
        assert str(twin) == str(report("001")) and twin == report("001")
        with pytest.raises(tg.GraphError, match="a copy of a report has no picture"):
            twin.picture()


@each(
    "old, new, step",
    [
        ("dWh += dz @ hs[t].T", "dWh += 2 * (dz @ hs[t].T)", 2),  # the product within is right at each step
        ("dWh += dz @ hs[t].T", "dWh = dz @ hs[t].T", 2),  # the parts of all steps but the first get lost
        ("dWh += dz @ hs[t].T", "dWh -= dz @ hs[t].T", 2),
        ("dWh += dz @ hs[t].T", "dWh += dz @ hs[t - 1].T", 2),
        ("dWh += dz @ hs[t].T", "dWh += dz @ hs[max(t, 1)].T", 0),
        ("dWh += dz @ hs[t].T", "pass", 2),
    ],
)
def test_of_a_weight_the_part_is_painted_that_is_the_first_to_be_wrong(
    tmp_path: Path, old: str, new: str, step: int
) -> None:
    one = PASSES["columns_tuple"]
    text = one.file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file = tmp_path / "planted.py"
    file.write_text(text.replace(old, new), encoding="utf-8")
    arguments, keywords = one.call(loaded(file))
    drawn = tg.check.audit(*arguments, **keywords, repair=False).picture().picture
    assert drawn is not None
    assert [(row[1][:4], row[2]) for row in departing(drawn)] == [("Wh @", step)]


@each("one", ALL, ids=[one.name for one in ALL])
def test_a_planted_fault_has_a_place_in_the_picture_and_on_the_page(one: Pass, tmp_path: Path) -> None:
    """At the step of the finding; what is sent to the state before arrives one step earlier."""
    (fault,) = faults(one, 1, seed=11)
    arguments, keywords = one.call(loaded(written(fault, tmp_path)))
    told = tg.check.audit(*arguments, **keywords, repair=False)
    drawn = told.picture().picture
    assert drawn is not None
    _, _, step, tip = departing(drawn)[0]
    shown = next(f for f in told.findings if f"line {f.line}" in tip)
    assert step is None or shown.step is None or shown.step - step in (0, 1)
    assert all(f":{f.line}<" in told._repr_html_() for f in told.findings)
