"""A sum over the steps starts with its first term, which has one box; a rolled card has the boxes of all steps."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each

X = np.random.default_rng(0).normal(size=(12, 2, 3))
W = weights(W=(4, 3), U=(4, 4), V=(5, 4))


def summed(steps: int, zero: Any, *, turned: bool = False) -> Any:
    h, total = np.zeros((2, 4)), zero
    for t in range(steps):
        with tg.step(t):
            h = tg.tanh(X[t] @ W["W"].T + h @ W["U"].T)
            loss = tg.softmax_cross_entropy(h @ W["V"].T, np.array([t % 5, 1]))
            total = loss + total if turned else total + loss
    return total


def titles(picture: Any) -> list[str]:
    return [" ".join(part.text for part in box.title) for box in picture.boxes]


@each("zero", [0.0, 0])
@each("turned", [False, True])
@each("options", [{"level": "op"}, {"level": "cell"}, {"level": "op", "gradients": True}])
def test_the_first_term_of_a_sum_is_its_start(zero: Any, turned: bool, options: dict[str, Any]) -> None:
    texts = titles(tg.draw(tg.sum(summed(3, zero, turned=turned)), max_nodes=None, **options).picture)
    assert sum(x.startswith("total") for x in texts) == 2 and sum("loss" in x for x in texts) >= 3
    assert not [x for x in texts if x.startswith("total") and "+" not in x]


def unnamed(steps: int) -> Any:
    h, total = np.zeros((2, 4)), 0.0
    for t in range(steps):
        with tg.step(t):
            h = tg.tanh(X[t] @ W["W"].T + h @ W["U"].T)
            total = total + tg.softmax_cross_entropy(h @ W["V"].T, np.array([t % 5, 1]))
    return total


@each("steps", [2, 3, 12])
def test_a_first_term_without_a_name_has_that_of_the_sum(steps: int) -> None:
    picture = tg.draw(unnamed(steps), level="op", max_nodes=None).picture
    texts = titles(picture)
    assert texts.count("totalₜ = softmax cross-entropy") == 1 and texts.count("softmax cross-entropy") >= 1
    start = picture.boxes[texts.index("totalₜ = softmax cross-entropy")]
    assert start.below == "2 · target 0, 1"
    rolled = tg.draw(unnamed(steps), "rolled").text()
    assert rolled.count("softmax cross-") == 1 and "cross-entropy ---->" not in rolled
    assert "totalₜ₋₁ + …" in rolled.replace("\n    ", " ") and "totalₜ = softmax" not in rolled


def test_a_sum_of_a_single_step_keeps_its_box() -> None:
    texts = titles(tg.draw(summed(1, 0.0), level="op").picture)
    assert sum(x.startswith("total") for x in texts) == 1
