"""What is a state or a loss: sums over time by what they are a part of in the end; how often a cell is run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.levels import _runs
from tinygraph.draw.shown.roles import roles

W = weights(W=(3, 3), V=(3,))
Ends = Callable[[Any, Any, Any], Any]


def summed(part: Callable[[Any], Any], end: Ends) -> tuple[tg.Node, list[Any], list[Any]]:
    """A loss of a sum of a part of each state, the sums, of which the first is its term, and the states."""
    h, total, sums, states = tg.constant(np.ones(3), name="h0"), 0.0, list[Any](), list[Any]()
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(W["W"] @ h)
            term = part(h)
            total = total + term
        states.append(h)
        sums.append(total if t else term)
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


@each("counts, runs", [((5, 5), 2), ((5, 3), 2), ((4, 2), 2), ((5, 2), 1), ((9, 4), 1), ((9, 5, 4), 2)])
def test_a_phase_that_has_less_than_half_of_a_cells_ops_reads_it_and_does_not_run_it(counts: Any, runs: int) -> None:
    """Attention reads the states of an encoder in the decoder's phase."""
    assert _runs(Counter({(p, (0, 1)): n for p, n in enumerate(counts)})) == runs
    assert _runs(Counter({(0, (t, 1)): n for t, n in enumerate(counts)})) == len(counts), "in one phase all count"


def valued(root: tg.Node) -> dict[str, float]:
    """The losses that are called by a name and tell a number, each with it."""
    boxes = [x for x in tg.draw(root, level="op").picture.boxes if x.role == "loss"]
    texts = ["".join(part.text for part in box.title).replace(" ", "") for box in boxes]
    pairs = [re.match(r"(\w+)=.*?([-\d.e]+)$", x) for x in texts]
    return {x[1]: float(x[2]) for x in pairs if x}


def test_terms_of_a_loss_are_losses_and_tell_their_numbers() -> None:
    w, data = tg.parameter(np.ones((3, 2)), "w"), np.random.default_rng(0).normal(size=(5, 4, 3))
    ys, h = tg.unroll(lambda x, h: (tg.tanh(x @ w + h, name="h"),) * 2, data, np.zeros((4, 2)))
    near = tg.mean((ys - 1) ** 2, name="near")
    small = tg.sum(h**2, name="small")
    gate = tg.sum(tg.exp(-h), name="gate")
    root = tg.add(near + 0.5 * small, -(gate * tg.mean(ys)), name="root")
    known = valued(root)
    assert known.keys() == {"near", "small", "root"}, "a factor is no term"
    assert known == pytest.approx({x.name: x.item() for x in (near, small, root)}, rel=1e-3)


def test_what_a_step_adds_to_a_loss_is_a_loss() -> None:
    w, h = tg.parameter(0.5, "w"), tg.constant(1.0, "h0")
    loss, terms = tg.constant(0.0), []
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(h * w, name=f"h{t}")
            terms.append(tg.square(h, name=f"term{t}"))
            loss = loss + terms[-1]
    assert valued(loss) | {x.name: pytest.approx(x.item(), rel=1e-3) for x in terms} == valued(loss)
    roles = {box.node.name: box.role for box in tg.draw(loss).picture.boxes if box.node is not None}
    assert roles["h0"] == roles["h1"] == "state", "also where it is a number"


def test_a_state_that_is_a_number_is_no_loss_where_a_loss_sums_it() -> None:
    w, h, hs = tg.parameter(0.5, "w"), tg.constant(1.0, "h0"), []
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(h * w, name=f"h{t}")
        hs.append(h)
    told = roles(fold([root := sum(hs)]), [root])
    assert [told[x] for x in hs] == ["state"] * 3
