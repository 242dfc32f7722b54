"""What a live page cannot show is refused, with what is wrong and how to go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.told import told

from .networks import TARGETS, XS, H, Judge, Speller

CELL = tg.cells.GRU(3, H, rng=0)
CHANCE = np.random.default_rng(0)
LETTERS = tg.train.Characters("hello")


class Mean(tg.Module):
    """Looks along time."""

    def __init__(self) -> None:
        self.cell = tg.cells.GRU(3, H, rng=0)

    def __call__(self, xs: Any) -> Any:
        ys = tg.unroll(self.cell, xs)[0]
        return ys - tg.mean(ys, axis=0)


class Stateless(tg.Module):
    """Has no step at all."""

    def __init__(self) -> None:
        self.head = tg.Linear(3, 2, rng=0)

    def __call__(self, xs: Any) -> Any:
        return self.head(xs)


def cell(x: Any, h: Any) -> Any:
    return (tg.tanh(x * tg.parameter(np.ones(3), "w") + h),) * 2


class Noisy(tg.cells.RNN):
    """Draws numbers at each step."""

    def __call__(self, x: Any, h: Any) -> Any:
        return super().__call__(x + tg.noise(lambda size: CHANCE.normal(size=size), (1, 3), dtype=np.float32), h)


both = tg.cells.Bidirectional(tg.cells.RNN(3, 2, rng=0), tg.cells.RNN(3, 2, rng=1))


@each(
    "call, words, lines",
    [
        (lambda: tg.draw.live(Mean(), XS), "Mean is not one step after the other", "egf"),
        (lambda: tg.draw.live(both, XS), "no future to look at", "egf"),
        (lambda: tg.draw.live(Stateless(), XS), "carries no state from step to step", "f"),
        (lambda: tg.draw.live(cell, XS), "a function has no first state", "egf"),
        (lambda: tg.draw.live(np.tanh, XS), "no step that a page could compute", "egf"),
        (lambda: tg.draw.live(Noisy(3, 3, rng=0), XS), "Noisy is not one step after the other", "egf"),
        (lambda: tg.draw.live(tg.cells.RNN(3, 3, rng=0).freeze(), XS), "no parameter to train", "f"),
        (lambda: tg.draw.live(CELL, "hello"), "a text needs a vocabulary", "gf"),
        (lambda: tg.draw.live(CELL, "hello", vocabulary="helo"), "this is no vocabulary", "egf"),
        (lambda: tg.draw.live(CELL, "hello", vocabulary=LETTERS), "does not fit the cell", "egf"),
        (lambda: tg.draw.live(CELL, np.ones((5, 2, 3))), "a page shows one sequence", "egf"),
        (lambda: tg.draw.live(CELL, XS[:1]), "too short", "eg"),
        (lambda: tg.draw.live(CELL, XS * np.nan), "no finite numbers", "g"),
        (lambda: tg.draw.live(Speller(5), [0, 1, 7], vocabulary=LETTERS), "there is no such id", "eg"),
        (lambda: tg.draw.live(CELL, XS, TARGETS[:-1]), "the targets do not fit", "eg"),
        (lambda: tg.draw.live(Judge(), XS, [2]), "there is no such label", "eg"),
        (
            lambda: tg.draw.live(CELL, XS, optimizer=tg.train.SGD([CELL.weight_hh], 0.1)),
            "lacks parameters of the model",
            "gf",
        ),
        (lambda: tg.draw.live(CELL, XS, optimizer="Adam"), "this is no optimizer", "gf"),
        (lambda: tg.draw.live(CELL, XS, loss=lambda y, t: y - t), "the loss returns no number", "eg"),
        (lambda: tg.draw.live(CELL, XS, lang="fr"), "lang is unknown", "eg"),
        (lambda: tg.draw.live(CELL, XS).save("page.svg"), "a live page is an HTML file", "eg"),
    ],
)
def test_it_is_refused(call: Any, words: str, lines: str) -> None:
    with pytest.raises(tg.GraphError) as refusal:
        call()
    assert words in str(refusal.value) and told(refusal.value) == lines


def test_what_was_passed_stays_as_it_was(tmp_path: Path) -> None:
    net = Speller(5)
    before = net.state_dict()
    kinds = [type(part) for part in (net, net.cell, net.head)]
    page = tg.draw.live(net, [0, 1, 2, 3], [1, 2, 3, -1])
    assert page.data["counts"] == [1, 1, 1, 0] and page.save(tmp_path / "deep" / "net.html")
    assert kinds == [type(part) for part in (net, net.cell, net.head)] and "initial_state" not in vars(net.cell)
    assert net.training and all((before[name] == x).all() for name, x in net.state_dict().items())
