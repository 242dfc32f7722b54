"""Trails, by which pictures tell names: which nodes have one, and how many frames it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tinygraph as tg
from tinygraph.core.trail import trail_of

W = tg.parameter([0.5, 1.0])


def told(ops: list[Callable[[Any], Any]]) -> list[tuple[bool, bool]]:
    """Of each step whether the nodes of the first and of the second op have a trail."""
    steps = []
    for t, op in enumerate(ops):
        with tg.step(t):
            first = W * 2.0
            second = op(first)
        steps.append((bool(trail_of(first)), bool(trail_of(second))))
    return steps


def test_later_steps_of_a_loop_leave_trails_from_their_first_odd_op_on_and_so_many_steps_only() -> None:
    assert told([tg.exp] * 5) == [(True, True)] * 2 + [(False, False)] * 3
    assert told([tg.exp, tg.exp, tg.exp, tg.tanh, tg.exp]) == [
        *[(True, True)] * 2,
        (False, False),
        (False, True),
        (False, False),
    ]
    assert told([tg.exp] * 2 + [tg.tanh] * 10) == [(True, True)] * 2 + [(False, True)] * 8 + [(False, False)] * 2
    assert told([tg.exp, tg.tanh, tg.tanh]) == [(True, True)] * 2 + [(False, True)], "of two as long it is the first"


def deep(depth: int, make: Callable[[], Any]) -> Any:
    return make() if depth == 0 else deep(depth - 1, make)


def test_a_trail_has_four_frames_and_within_a_step_six() -> None:
    def product() -> Any:
        return W * 2.0

    def stepped() -> Any:
        with tg.step(0):
            return W * 2.0

    assert [len(trail_of(deep(depth, product))) for depth in (5, 9)] == [4, 4]
    assert [len(trail_of(deep(depth, stepped))) for depth in (5, 9)] == [6, 6]
