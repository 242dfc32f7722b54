"""What is a state, a loss or an input: sums over time by what they are a part of in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.roles import roles

W = weights(W=(3, 3), V=(3,))
Ends = Callable[[Any, Any, Any], Any]


def summed(part: Callable[[Any], Any], end: Ends) -> tuple[tg.Node, list[Any], list[Any]]:
    """A loss of a sum of a part of each state, the sums, and the states."""
    h, total, sums, states = tg.constant(np.ones(3), name="h0"), 0.0, list[Any](), list[Any]()
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(W["W"] @ h)
            total = total + part(h)
        states.append(h)
        sums.append(total)
    return end(total, h, sums), sums, states


NUMBER, VECTOR = (lambda h: tg.sum(h * h)), (lambda h: h * h)
ENDS: dict[str, tuple[Any, Ends, str]] = {
    "the root": (NUMBER, lambda total, h, sums: total, "loss"),
    "scaled": (NUMBER, lambda total, h, sums: total / 4, "loss"),
    "with a penalty": (NUMBER, lambda total, h, sums: total / 4 + 0.1 * tg.sum(W["V"] * W["V"]), "loss"),
    "less another term": (NUMBER, lambda total, h, sums: -(0.5 * total - tg.sum(h)), "loss"),
    "a perplexity": (NUMBER, lambda total, h, sums: tg.exp(total), "loss"),
    "read by another op": (NUMBER, lambda total, h, sums: 2 * tg.tanh(total), "state"),
    "of many numbers": (VECTOR, lambda total, h, sums: tg.sum(total), "state"),
    "of many numbers, the root": (VECTOR, lambda total, h, sums: total, "state"),
}


@each("name", ENDS)
def test_a_sum_over_time_is_a_loss_where_it_is_one_in_the_end_and_else_a_state(name: str) -> None:
    part, end, right = ENDS[name]
    root, sums, states = summed(part, end)
    told = roles(fold([root]), [root])
    assert {told[x] for x in states} == {"state"}
    carried = [x for x in sums[:-1] if x in told]
    assert len(carried) == 3 and {told[x] for x in carried} == {right}, [told[x] for x in carried]
    assert told[root] == ("loss" if root.size == 1 else "state")
