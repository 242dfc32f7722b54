"""Where a mask keeps some units of a state, what comes of it is that state; a gate's mix has the name of its line."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.draw.shown.letters import letters

X = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
M = np.random.default_rng(1).random((4, 2, 4)) < 0.5
KEPT = M[0].astype(np.float32)


class Kept(tg.cells.Cell):
    """A user's wrapper: some units keep their state."""

    def __init__(self, how: Any) -> None:
        super().__init__(3, 4, rng=0)
        self.cell, self.how = tg.cells.LSTM(3, 4, rng=0), how

    def initial_state(self, *batch: int) -> Any:
        return self.cell.initial_state(*batch)

    def __call__(self, x: Any, state: Any) -> Any:
        _, (h, c) = self.cell(x, state)
        return self.how(state[0], h), (self.how(state[0], h), self.how(state[1], c))


WRAPPERS: dict[str, Any] = {
    "zoneout": lambda: tg.cells.Zoneout(tg.cells.LSTM(3, 4, rng=0), 0.3, rng=1),
    "zoneout of one state": lambda: tg.cells.Zoneout(tg.cells.LSTM(3, 4, rng=0), (0.0, 0.3), rng=1),
    "zoneout, evaluated": lambda: tg.cells.Zoneout(tg.cells.LSTM(3, 4, rng=0), 0.3, rng=1).eval(),
    "where": lambda: Kept(lambda old, new: tg.where(M[0], old, new)),
    "where, the other way": lambda: Kept(lambda old, new: tg.where(M[0], new, old)),
    "products": lambda: Kept(lambda old, new: new * (1 - KEPT) + old * KEPT),
}


@each("name", WRAPPERS)
def test_a_state_of_which_units_are_kept_has_its_letter(name: str) -> None:
    y, state = tg.unroll(WRAPPERS[name](), X)
    nodes = ancestors([y, *state])
    told = letters(nodes)
    for k, letter in enumerate("hc"):
        carried = {x for z in nodes if z.step is not None for x in z.inputs if x.step not in (None, z.step)}
        mixed = [x for x in carried if told.get(x) == letter and x.shape == (2, 4)]
        assert {x.step for x in mixed} == {0, 1, 2} and told[state[k]] == letter
    assert {f"{letter}₀" for letter in "hc"} <= {told[x] for x in nodes if x.step is None and x in told}


def test_the_picture_of_zoneout_calls_its_states_h_and_c() -> None:
    y, _ = tg.unroll(WRAPPERS["zoneout"](), X)
    picture = tg.draw(y, level="op", max_nodes=None).picture
    texts = [" ".join(part.text for part in box.title) for box in picture.boxes]
    assert texts.count("hₜ = … + …") == 4 and texts.count("cₜ = … + …") == 3
    assert "f * cₜ₋₁" in texts and "hₜ₋₁ @ cell.weight_hh.T" in texts and "h₀" in texts and "c₀" in texts


def gated(x: Any, h: Any) -> Any:
    w = W
    n, z = tg.tanh(x @ w["W"].T), tg.sigmoid(h @ w["U"].T)
    return z, (1 - z) * n + z * h


def leaky(x: Any, h: Any) -> Any:
    n = tg.tanh(x @ W["W"].T + h @ W["U"].T)
    return n, 0.1 * n + 0.9 * h


def learned(x: Any, h: Any) -> Any:
    n = tg.tanh(x @ W["W"].T + h @ W["U"].T)
    return n, W["a"] * n + (1 - W["a"]) * h


W = weights(W=(4, 3), U=(4, 4), a=(4,))


@each("step", [gated, leaky, learned])
def test_a_gate_or_a_number_makes_something_new_of_what_it_mixes(step: Any) -> None:
    y, h = tg.unroll(step, X, np.zeros((2, 4)))
    nodes = ancestors([y, h])
    told = letters(nodes)
    assert {x.op.name for x in nodes if told.get(x) == "n" and x.op} == {"tanh"} and h not in told


def test_a_step_that_chooses_between_numbers_is_no_state() -> None:
    with tg.step(0):
        a = tg.tanh(W["U"] @ np.ones(4))
        y = tg.exp(tg.where(M[0, 0], a, 0.0))
    assert [x for x, letter in letters(ancestors([y])).items() if letter == "a"] == [a]
