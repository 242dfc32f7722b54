"""What has no name is called by its use: targets, memories; a sum of losses that steps hand on is no state."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each

sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))

import gallery_networks as net

X, Y = np.random.default_rng(0).normal(size=(2, 5, 4))
W = weights(W=(4, 4), V=(4, 4))


def words(root: tg.Node, view: str = "unrolled", **options: Any) -> list[str]:
    return [" ".join(part.text for part in box.title) for box in tg.draw(root, view, **options).picture.boxes]


def prediction() -> tg.Node:
    return tg.tanh(tg.constant(X) @ W["W"]) @ W["V"]


LOSSES = {
    "square": lambda p, y: tg.mean((p - y) ** 2),
    "square, turned": lambda p, y: tg.mean(tg.square(y - p)),
    "entropy": lambda p, y: -tg.sum(y * tg.log(tg.softmax(p, axis=1))),
    "of logits": lambda p, y: -tg.mean(y * tg.log_softmax(p, axis=1)),
    "masked": lambda p, y: tg.sum(np.eye(5, 4) * (p - y) ** 2),
}


@each("name", LOSSES)
def test_what_a_loss_by_hand_compares_with_is_its_target(name: str) -> None:
    told = words(LOSSES[name](prediction(), tg.constant(Y)))
    assert told.count("target") == 1, told
    named = words(LOSSES[name](prediction(), tg.constant(Y, name="wanted")))
    assert not any("target" in x for x in named) and "wanted" in named


OTHERS = {
    "no parameters": lambda x: tg.sum((tg.constant(X) - x) ** 2),
    "parameters after it": lambda x: tg.sum((tg.constant(X) @ W["W"] - x) @ W["V"]),
    "added": lambda x: tg.sum(prediction() + x),
    "read by another op": lambda x: tg.sum((prediction() - x) ** 2 * tg.exp(x)),
    "an input, too": lambda x: tg.sum((prediction() - x) ** 2) + tg.sum(x @ W["V"]),
}


@each("name", OTHERS)
def test_other_data_is_no_target(name: str) -> None:
    assert not any("target" in x for x in words(OTHERS[name](tg.constant(Y))))


def by_hand(marked: bool) -> tg.Node:
    h, total = np.zeros((5, 4)), 0.0
    for t in range(3):
        if marked:
            with tg.step(t):
                h = np.tanh(X @ W["W"] + h @ W["V"])
                total = total + np.mean((h - Y) ** 2)
        else:
            h = np.tanh(X @ W["W"] + h @ W["V"])
            total = total + np.mean((h - Y) ** 2)
    return total


@each("marked", [True, False])
def test_a_sum_of_losses_that_steps_hand_on_is_no_state(marked: bool) -> None:
    picture = tg.draw(by_hand(marked), level="op").picture
    told = [(" ".join(part.text for part in box.title), box.role) for box in picture.boxes]
    totals = [role for title, role in told if title.startswith("total")]
    assert set(totals) == {"loss"} and sum(role == "state" for title, role in told if title.startswith("h")) >= 3
    green = {a.tail for a in picture.arrows if a.colour == "#276749"}
    assert green and all(picture.boxes[k].role == "state" for k in green), "its arrow is no state's"


def test_a_state_of_one_number_stays_one() -> None:
    h: Any = tg.constant(np.zeros(()), name="h0")
    for t in range(3):
        with tg.step(t):
            h = 0.5 * h + np.ones(())
    roles = [box.role for box in tg.draw(tg.sum(h * h), level="op").picture.boxes]
    assert roles.count("state") >= 3


def test_targets_of_each_step_say_their_step() -> None:
    xs, ys = tg.constant(np.stack([X, Y, X])), tg.constant(np.stack([Y, X, Y]))
    h: Any = np.zeros((5, 4))
    losses = []
    for t in range(3):
        with tg.step(t):
            h = np.tanh(xs[t] @ W["W"] + h @ W["V"])
            losses.append(tg.mean((h - ys[t]) ** 2))
    told = words(sum(losses), level="op")
    assert [x for x in told if x.startswith("target")] == ["target₀", "target₁", "target₂"]
    assert {"x₀", "x₁", "x₂"} <= {*told}, "the other data are the inputs, without a prime"
    assert "targetₜ" in words(sum(losses), "rolled")


def test_what_attention_looks_at_is_its_memory() -> None:
    told = words(net.encoder_decoder(), level="op")
    assert told.count("memory = stack") == 1 and any("memory *" in x or "* memory" in x for x in told)
    assert "memory = stack" in words(net.encoder_decoder())
    outputs, _ = tg.unroll(tg.cells.RNN(3, 4, rng=0), np.ones((3, 2, 3), np.float32))
    assert not any("memory" in x for x in words(tg.sum(outputs * tg.exp(outputs))))


@pytest.mark.parametrize("view", ["unrolled", "rolled"])
def test_an_index_that_is_fed_back_is_told(view: str) -> None:
    w = weights(E=(5, 3), V=(4, 5))
    cell = tg.cells.RNN(3, 4, rng=0, dtype=np.float64)

    def step(i: Any, s: Any) -> Any:
        h, s = cell(tg.take(w["E"], i, axis=0), s)
        return h @ w["V"], s

    ids = np.array([[1], [2], [3]])
    ys, _ = tg.unroll(step, ids, cell.initial_state(1), feedback=lambda y: tg.argmax(y, axis=-1))
    told = words(tg.mean(ys**2), view, level="op")
    assert "E [argmax]" in told and "argmax" in told


def test_in_chinese_these_words_are_chinese_and_names_stay() -> None:
    xs, ys = tg.constant(np.stack([X, Y])), tg.constant(np.stack([Y, X]))
    losses = []
    for t in range(2):
        with tg.step(t):
            losses.append(tg.mean((np.tanh(xs[t] @ W["W"]) - ys[t]) ** 2))
    roots = [LOSSES["square"](prediction(), tg.constant(Y)), sum(losses), net.encoder_decoder()]
    shown = [words(root, level="op", lang="zh") for root in roots]
    assert not any("target" in x or x.startswith("memory") for told in shown for x in told)
    assert [("目标" in told, "目标₁" in told, "记忆 = stack" in told) for told in shown] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    named = words(LOSSES["square"](prediction(), tg.constant(Y, name="target")), level="op", lang="zh")
    assert "target" in named
