"""Which kinds of things an operation may have had to make: values for what picks them, sums before the first step."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.candidates import Candidates
from tinygraph.check.audit.present import Present
from tinygraph.check.audit.right import Thing

from .test_candidates import half
from .test_written import back, keeping_loss, loss, operation, states, written


def mixed(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """Picks the wrong state, adds the wrong product, and keeps nothing of a sum."""
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        h = hs[t]
        dh = 2 * (h - ts[t]) + late
        dz = dh * (1 - h**2)
        dW += dz @ xs[t].T
        dU += dh @ hs[t].T
        db += dh
        late = U.T @ dz
    return dW, dU, db


def things(backward: Any, text: str, of: Any = loss) -> list[Thing]:
    present = Present(written(backward, of))
    told = Candidates(present).of(operation(present.written, text))
    return [thing for assignment in told for thing in assignment.values()]


@each(
    "backward, text, values",
    [
        (back, "hs[t + 1] - ts[t]", False),  # it is an adjoint but for the 2
        (half, "dh * (1 - hs[t + 1] ** 2)", True),
        (mixed, "hs[t]", True),
    ],
)
def test_values_are_due_for_what_is_unknown_or_picked(backward: Any, text: str, values: bool) -> None:
    told = things(backward, text)
    assert told and any(x.kind == "value" for x in told) is values


def test_nobody_picks_what_is_only_a_part_of_a_statement() -> None:
    inner = [x for x in written(mixed).right.things if x.inner]
    assert inner and not any(x.inner for x in things(mixed, "hs[t]"))
    assert any(x.inner for x in things(half, "dh * (1 - hs[t + 1] ** 2)"))


@each(
    "text, yes",
    [
        ("dh * (1 - h**2)", False),
        ("h - ts[t]", False),
        ("dU += dh @ hs[t].T", True),
        ("dh @ hs[t].T", False),
        ("dz @ xs[t].T", False),
        ("db += dh", True),
    ],
)
def test_what_grows_may_be_a_sum_before_the_first_step(text: str, yes: bool) -> None:
    sums = [x for x in things(mixed, text) if x.kind == "sum"]
    assert sums and any(str(x).endswith("the initial " + x.of.removeprefix("the initial ")) for x in sums) is yes


def at_the_end(W: Any, U: Any, b: Any, xs: Any, ts: Any, hs: Any) -> Any:
    """Begins with the wrong one of the last two states."""
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    last = hs[-2]
    late = 2 * (last - ts[-1])
    for t in reversed(range(len(xs))):
        dz = late * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz + 2 * (hs[t] - ts[t - 1])
    return dW, dU, db


def test_what_is_picked_once_may_be_another_value_and_no_part_of_an_adjoint() -> None:
    told = things(at_the_end, "hs[-2]", keeping_loss)
    assert any(x.kind == "value" for x in told) and not any(x.kind == "part" for x in told)
