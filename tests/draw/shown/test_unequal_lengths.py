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
    """Titles of the boxes from which arrows lead to the loss, walked back. Dots of the same steps are one place."""
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


def test_a_cell_keeps_its_row_beside_longer_and_shorter_ones():
    for network in (encoders, siamese):
        for lengths in ((3, 5), (5, 3)):
            picture = tg.draw(network(*lengths), level="cell").picture
            rows: dict[str, set[float]] = {}
            for box in picture.boxes:
                rows.setdefault(told(box)[-1], set()).update([box.y] if "ops" in box.below else [])
            (first,), (second,) = rows["1"], rows["2"]
            assert first != second, lengths


def test_directions_of_padded_texts_keep_their_rows_and_their_states_run_straight():
    ways = [tg.unroll(cell(k), xs(5), lengths=[5, 3], reverse=bool(k))[0] for k in range(2)]
    picture = tg.draw(sum(tg.mean(x**2) for x in ways), level="cell", gradients=True).picture
    rows = {name: {box.y for box in picture.boxes if told(box) == name} for name in ("forward", "backward")}
    assert [len(ys) for ys in rows.values()] == [1, 1] and min(rows["forward"]) < min(rows["backward"])
    names = [told(box) for box in picture.boxes]
    states = [x for x in picture.arrows if names[x.tail] == names[x.head] in rows]
    assert len(states) == 16, "four steps of both, there and back"
    assert all(len({y for _, y in arrow.points}) == 1 for arrow in states)


def test_ops_of_a_run_keep_their_rows_where_the_other_has_ended():
    boxes = tg.draw(siamese(2, 4), level="op").picture.boxes
    states = [box.y for box in boxes if box.role == "state" and told(box) != "h₀"]
    assert len(states) == 6 and len(set(states)) == 2


@each("lengths", [(5, 3), (3, 5), (3, 4), (1, 4), (5, 1)], ids=str)
@each("level", ["op", "cell"])
def test_each_direction_of_unequal_lengths_starts_from_a_state_in_common_columns(lengths, level):
    """Where the shorter one starts, too; and one that begins later goes on from nothing before."""
    ways = [tg.unroll(cell(k), xs(steps), reverse=bool(k))[0] for k, steps in enumerate(lengths)]
    picture = tg.draw(sum(tg.mean(x**2) for x in ways), level=level).picture
    assert [band.title for band in picture.bands] == [f"t = {t}" for t in range(max(lengths))]
    assert [box.role for box in picture.boxes if told(box) == "h₀"] == ["state"] * 2
