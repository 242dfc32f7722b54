"""Prospects: many assignments at once come to what each comes to alone; a run on nodes is made once."""

from __future__ import annotations

import numpy as np

from tests.each import each
from tinygraph.check.audit.candidates import Candidates
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.present import Present
from tinygraph.check.audit.prospects import Prospects
from tinygraph.check.audit.right import Right
from tinygraph.check.audit.table import right_gradients
from tinygraph.check.audit.written import Written

from .passes import PASSES, loaded


def _wrong(name: str, before: str, after: str, folder) -> tuple[Functions, Cases]:
    one = PASSES[name]
    text = one.file.read_text(encoding="utf-8")
    assert before in text
    file = folder / f"{name}.py"
    file.write_text(text.replace(before, after), encoding="utf-8")
    subject = Functions(*one.call(loaded(file))[0])
    return subject, Cases(subject)


@each(
    "name, before, after",
    [
        ("columns_tuple", "dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy"),
        ("gru_vectors", "z, r, n, old, h, y = steps[t]", "z, r, old, n, h, y = steps[t]"),
    ],
)
def test_many_assignments_at_once_leave_wrong_what_each_leaves_alone(name, before, after, tmp_path):
    subject, cases = _wrong(name, before, after, tmp_path)
    outcome = subject.on_nodes(cases.case(3))
    written = Written(outcome, Right(outcome, 3))
    present = Present(written)
    compared = 0
    for operation in written.operations:
        some = [*Candidates(present).of(operation)]
        for p in Prospects(present, some).of(lambda place, first, changed: True, lambda still: True):
            if p.asked:
                values = dict(p.right)
                for node in written.order:  # one by one, without a leading axis
                    if node not in values and any(x in values for x in node.inputs):
                        values[node] = node.op.forward(
                            *[values.get(x, x.value) for x in node.inputs], **node.attributes
                        )
                due = written.right.gradients
                ends = {n: values.get(written.results[n], written.results[n].value) for n in due}
                assert p.still == {n for n in due if not np.allclose(ends[n], due[n], rtol=1e-7, atol=1e-10)}
                compared += 1
    assert compared > 20


def test_a_run_on_nodes_is_made_once_for_the_same_numbers(tmp_path):
    subject, cases = _wrong("columns_tuple", "dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy", tmp_path)
    first = subject.on_nodes(cases.case(3))
    assert subject.on_nodes(cases.case(3)) is first
    assert subject.on_nodes(cases.case(4)) is not first


def test_what_is_kept_after_a_line_is_mended_is_what_is_looked_at_anew(tmp_path):
    subject, cases = _wrong("columns_tuple", "dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy", tmp_path)
    outcome = subject.on_nodes(cases.case(3))
    written = Written(outcome, Right(outcome, 3))
    present = Present(written)
    candidates, kept, alike = Candidates(present), {}, 0
    for operation in written.operations:
        kept[operation] = Prospects(present, candidates.of(operation))
        assert _told(kept[operation]) is not None and [*map(present.is_known, operation.nodes)]  # now all is kept
    some = next(p for one in kept.values() for p in one.of(lambda *_: True, lambda _: True) if p.asked)
    present.mend(some.right)
    fresh = Present(written)
    fresh.mend(some.right)
    for operation, one in kept.items():
        anew = Candidates(fresh).of(operation)
        things = candidates.of(operation)
        assert [{x: t.array.tobytes() for x, t in of.items()} for of in things] == [
            {x: t.array.tobytes() for x, t in of.items()} for of in anew
        ]
        assert [*map(present.is_known, operation.nodes)] == [*map(fresh.is_known, operation.nodes)]
        assert [*map(present.is_settled, operation.nodes)] == [*map(fresh.is_settled, operation.nodes)]
        if things is one.things:
            one.forget()
            assert _told(one) == _told(Prospects(fresh, anew))
            alike += 1
    assert 5 < alike < len(kept)


def _told(prospects):
    return [(p.place, p.node, p.asked, p.still) for p in prospects.of(lambda *_: True, lambda _: True)]


def test_a_run_without_the_way_back_has_the_loss_and_the_right_gradients(tmp_path):
    subject, cases = _wrong("columns_tuple", "dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy", tmp_path)
    case = cases.case(5)
    short = subject.on_nodes(case, back=False)
    assert short.gradients == {} and subject.on_nodes(case, back=False) is short
    whole = subject.on_nodes(case)
    assert whole.gradients and subject.on_nodes(case, back=False) is whole
    assert short.loss.value == whole.loss.value
    right, due = right_gradients(short), right_gradients(whole)
    assert right.keys() == due.keys() and all(np.array_equal(right[n], due[n]) for n in due)


def test_the_authors_own_numbers_run_once_though_time_is_not_known_at_first(tmp_path):
    _, cases = _wrong("columns_tuple", "dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy", tmp_path)
    case = cases.case(None)
    assert cases.places and case.steps == cases.steps and case.runs
