"""The search for what is to blame: how much it tries, what it takes back, and what it blames again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.blame import Blame
from tinygraph.check.audit.candidates import but_for_a_factor, mending_none
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.departures import Departure
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.present import Present
from tinygraph.check.audit.right import Right
from tinygraph.check.audit.written import Written

from .passes import PASSES, loaded
from .plant import text_of
from .test_blame import FAULTS
from .test_candidates import half
from .test_written import operation, states, written


@each("fault", ["sign", "carry left out", "state of another step"])
def test_so_many_assignments_are_tried_and_no_more(fault: str, tmp_path: Path) -> None:
    name, old, new, _ = FAULTS[fault]
    file = tmp_path / f"{name}.py"
    file.write_text(text_of(name).replace(old, new), encoding="utf-8")
    subject = Functions(*PASSES[name].call(loaded(file))[0])
    outcome = subject.on_nodes(Cases(subject).case(3))
    right = Right(outcome, 3)

    def tried(most: int) -> int:
        blame = Blame(Written(outcome, right), most)
        blame.departures()
        return most - blame._most

    enough = tried(6000)
    assert 0 < enough < 200 and tried(enough) == enough
    assert all(tried(most) <= most for most in (0, 1, 2, enough - 1))


def in_half() -> tuple[Blame, Departure, Departure]:
    """A search in a pass without its 2, that departure, and that of a line that it spoils, which is right itself."""
    blame = Blame(written(half))
    present = Present(blame.written)
    plain, spoilt = (operation(blame.written, text) for text in ("hs[t + 1] - ts[t]", "dh * (1 - hs[t + 1] ** 2)"))
    cause = mending_none(present, plain, but_for_a_factor(present, plain))
    values = present.replayed(cause.right)
    right = {x: values[x] for x in spoilt.nodes}
    effect = replace(cause, operation=spoilt, node=spoilt.nodes[0], right=right, mended=frozenset("WUb"))
    return blame, cause, effect


def test_what_comes_right_by_itself_is_taken_back() -> None:
    blame, cause, effect = in_half()
    blame._keep(effect)
    assert not blame._acquit() and blame.departed == [effect] and {*blame.overrides} == {*effect.right}
    blame._keep(cause)
    assert blame._acquit() and blame.departed == [cause] and {*blame.overrides} == {*cause.right}
    assert blame.written.wrong(blame._present.values) == frozenset()
    assert not blame._acquit() and [d.operation for d in blame.departures()] == [cause.operation]


def test_what_was_taken_back_is_blamed_again_where_nothing_else_mends_the_gradients() -> None:
    for mends in (True, False):
        blame, _, effect = in_half()
        blame._acquitted, blame._most = [effect] * 8, 0  # so many that nothing else is looked for
        if not mends:
            blame._acquitted = [replace(effect, right={x: x.value for x in effect.right})] * 8
        told = blame.departures()
        assert [d.operation for d in told] == [effect.operation] * mends
        assert blame.written.wrong(blame._present.values) == (frozenset() if mends else {"W", "U", "b"})


def test_so_many_lines_are_blamed_and_no_more() -> None:
    def twice(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
        hs = states(W, U, b, xs)
        dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
        for t in reversed(range(len(xs))):
            dh = 2 * (hs[t + 1] - ts[t]) + late
            dz = dh * (1 - hs[t + 1] ** 2)
            dW += 3 * dz @ xs[t].T
            dU -= dz @ hs[t].T
            db += dz
            late = U.T @ dz
        return dW, dU, db

    for most in (0, 1, 2, 8):
        told = Blame(written(twice)).departures(most)
        assert len(told) == min(most, 2)
