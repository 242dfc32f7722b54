"""Loops of unequal lengths, of which the shorter one ends in the dots: none of them is lost, and none changes roles."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each


def xs(steps: int) -> np.ndarray:
    return np.random.default_rng(steps).normal(size=(steps, 2, 3)).astype("f")


def cell(seed: int) -> tg.Layer:
    return tg.cells.RNN(3, 4, rng=seed)


def encoders(short: int, long: int, reverse: bool = False) -> tg.Node:
    """Two cells; a third one starts from the sum of their last states."""
    start = tg.unroll(cell(0), xs(short), reverse=reverse)[1] + tg.unroll(cell(1), xs(long))[1]
    return tg.mean(tg.unroll(cell(2), xs(4), start)[0] ** 2)


def siamese(short: int, long: int, reverse: bool = False) -> tg.Node:
    one = cell(0)
    return tg.mean((tg.unroll(one, xs(short), reverse=reverse)[1] - tg.unroll(one, xs(long))[1]) ** 2)


def told(box) -> str:
    return " ".join(part.text for part in box.title)


def reaching(picture) -> list[str]:
    """Boxes from which arrows lead to the loss, walked back from it; by titles. Dots of the same steps are one place."""
    boxes = picture.boxes
    before: dict[int, set[int]] = {}
    for arrow in picture.arrows:
        before.setdefault(arrow.head, set()).add(arrow.tail)
    ways = [i for i, box in enumerate(boxes) if box.role == "loss"]
    for i in ways:
        beside = {k for k, box in enumerate(boxes) if box.role == boxes[i].role == "dots" and box.tip == boxes[i].tip}
        ways += sorted((before.get(i, set()) | beside) - set(ways))
    return [told(boxes[i]) for i in ways]


OPTIONS = [
    {},
    {"gradients": True},
    {"fit": "slide"},
    {"level": "cell", "steps": [0, 1, -1]},
    {"level": "op", "steps": [0, 1, -1]},
    {"level": "op", "steps": [-1]},
    {"level": "cell", "steps": [-1]},
]


@pytest.mark.parametrize("network", [encoders, siamese])
@each("options", OPTIONS)
def test_each_start_leads_to_the_loss_whatever_is_hidden(network, options):
    for lengths in ((4, 12), (5, 3)):
        assert reaching(tg.draw(network(*lengths), **options).picture).count("h₀") == 2, lengths


def test_the_start_of_a_loop_that_begins_in_the_dots_is_shown():
    for network in (encoders, siamese):
        picture = tg.draw(network(4, 12, reverse=True), level="cell", steps=[0, 1, -1]).picture
        assert reaching(picture).count("h₀") == 2


def test_dots_of_the_shorter_loop_tell_its_own_steps():
    picture = tg.draw(encoders(4, 12), level="cell", steps=[0, 1, -1]).picture
    tips = {tip for box in picture.boxes if box.role == "dots" for tip in box.tip}
    spans = ("2 … 3", "2 … 10", "2 … 2")  # of both encoders and of the decoder
    assert tips == {f"t = {span}, like the steps beside them" for span in spans}


def test_a_cell_that_reads_two_texts_is_two_runs_to_the_end():
    for lengths in ((3, 5), (5, 3), (3, 3)):
        loss = siamese(*lengths)
        names = [told(box) for box in tg.draw(loss, level="cell").picture.boxes if "ops" in box.below]
        assert [names.count(f"run {k}") for k in (1, 2)] == [*lengths]
        cards = [(band.title, band.times) for band in tg.draw(loss, "rolled").picture.bands]
        assert sorted(cards) == [("run 1", lengths[0]), ("run 2", lengths[1])]
