"""What a hand-written pass would be: which operations depart, what is known, and what reads right things."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.present import Present

from .test_candidates import exchanged, half, once
from .test_written import back, states, written


def slope(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """`back` without the square."""
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dh = 2 * (hs[t + 1] - ts[t]) + late
        dz = dh * (1 - hs[t + 1])
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, db


def sign(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """`back` with a minus."""
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dh = 2 * (hs[t + 1] - ts[t]) + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += -dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, db


ERROR, PLAIN, FINE = "2 * (hs[t + 1] - ts[t])", "2 * (hs[t + 1] - ts[t]) + late", "dh * (1 - hs[t + 1] ** 2)"
ONCE = "(2 + (t == 1)) * (hs[t + 1] - ts[t])"
ALL = [0, 1, 2]
"""Runs of a line: of the steps 2, 1 and 0."""


@each(
    "backward, departing, settled, unknown",
    [
        (back, [], {ERROR: ALL, PLAIN: ALL, FINE: ALL}, {}),
        # An adjoint but for a factor is a value of the forward pass: what reads it reads wrong things.
        (half, [], {}, {"hs[t + 1] - ts[t]": [], "hs[t + 1] - ts[t] + late": [1, 2], FINE: ALL, "U.T @ dz": [0, 1]}),
        (once, [ONCE, f"{ONCE} + late"], {ONCE: [0, 2], f"{ONCE} + late": [0], FINE: [0]}, {ONCE: [1], FINE: [1, 2]}),
        (
            slope,
            ["1 - hs[t + 1]", "dh * (1 - hs[t + 1])"],
            {ERROR: ALL, PLAIN: [0]},
            {"1 - hs[t + 1]": ALL, "dh * (1 - hs[t + 1])": ALL, "dz @ hs[t].T": [0, 1], PLAIN: [1, 2]},
        ),
        (sign, ["-dz", "-dz @ hs[t].T"], {ERROR: ALL, PLAIN: ALL, FINE: ALL}, {"-dz": ALL, FINE: [], "U.T @ dz": []}),
        (
            exchanged,
            ["h - ts[t]", "2 * (h - ts[t])", "2 * (h - ts[t]) + late"],
            {"1 - h**2": [2]},
            {"h - ts[t]": ALL, "1 - h**2": []},
        ),
    ],
)
def test_what_departs_is_what_is_at_fault(backward: Any, departing: Any, settled: Any, unknown: Any) -> None:
    graph = written(backward)
    present, own = Present(graph), [o for o in graph.operations if o.line.function == backward.__name__]
    assert [o.line.expression for o in own if present.departs(o)] == departing
    runs = {o.line.expression: [k for k, x in enumerate(o.nodes) if present.is_settled(x)] for o in own}
    assert {text: some for text, some in runs.items() if some} == settled
    lost = {o.line.expression: [k for k, x in enumerate(o.nodes) if not present.is_known(x)] for o in own}
    assert {text: lost.get(text, []) for text in unknown} == unknown
    wrong = {o.line.expression: [k for k, x in enumerate(o.nodes) if not present.reads_right(x)] for o in own}
    assert not any(wrong[text][:1] == [0] for text in departing), "what departs first reads right things"


def test_one_that_becomes_another_knows_what_that_one_knows() -> None:
    graph = written(slope)
    fine = {o.line.expression: o for o in written(back).operations}
    wrong = next(o for o in graph.operations if o.line.expression == "dh * (1 - hs[t + 1])")
    right = {x: y.value for x, y in zip(wrong.nodes, fine[FINE].nodes, strict=True)}
    present, other = Present(graph), Present(graph)
    present.mend({wrong.nodes[0]: 2 * right[wrong.nodes[0]]})
    before = [present.is_known(x) for x in graph.order], [present.is_settled(x) for x in graph.order]
    other.mend(right)
    after = [other.is_known(x) for x in graph.order], [other.is_settled(x) for x in graph.order]
    present.become(other)
    assert before != after == ([present.is_known(x) for x in graph.order], [present.is_settled(x) for x in graph.order])
    assert present.overrides == right and graph.wrong(present.values) == frozenset()
    assert all(present.value(x) is other.value(x) for x in graph.order)
