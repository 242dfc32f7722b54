"""Names, numbers and indexes of a rolled picture, written for any step from those of all steps."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.draw.shown.folding import Chip, Folded, Inline, Link
from tinygraph.draw.shown.repetition import Repetition
from tinygraph.draw.shown.representatives import _any_time, _chip, _earlier, _index, _subscript, _views, common_name


def at_steps(*names: Any, steps: Any = (0, 1, 2)) -> tuple[Repetition, list[tg.Node]]:
    """A group with a member of each name, one at each step."""
    members = [tg.tanh(tg.constant([float(k)]), name=name) for k, name in enumerate(names)]
    return Repetition([members], {0}, steps=[*steps], when={x: i for i, x in enumerate(members)}), members


@each(
    "names, steps, told",
    [
        (["h", "h", "h"], (0, 1, 2), "hₜ"),
        (["h0", "h1", "h2"], (0, 1, 2), "hₜ"),
        (["h1", "h2", "h3"], (0, 1, 2), "hₜ₊₁"),
        (["h_1", "h_2", "h_3"], (3, 4, 5), "hₜ₋₂"),
        (["h10", "h20", "h30"], (10, 20, 30), "hₜ"),
        (["h2", "h1", "h0"], (0, 1, 2), "hₜ"),
        (["a", "b", "c"], (0, 1, 2), "a …"),
        (["h1", "k2", "h3"], (0, 1, 2), "h1 …"),
        (["h1", "h", "h3"], (0, 1, 2), "h1 …"),
        ([" h ", "h", "h "], (0, 1, 2), "hₜ"),
        (["h", None, "h"], (0, 1, 2), None),
        (["h1234567890", "h1234567891", "h1234567892"], (0, 1, 2), "h1234567890 …"),
        (["12", "13", "14"], (12, 13, 14), "ₜ"),
        (["h1_0", "h1_1", "h1_2"], (0, 1, 2), "h1ₜ"),
    ],
)
def test_names_of_all_steps_are_one_for_any_step(names: list[Any], steps: Any, told: str | None) -> None:
    """Which need not have their steps in them, if they all are the same; what is told by no step says ``…``."""
    repetition, members = at_steps(*names, steps=steps)
    assert common_name(repetition, members) == told


@each(
    "indexes, told",
    [
        ([1, 2, 3], "t+1"),
        ([-1, 0, 1], "t−1"),
        ([0, 1, 2], "t"),
        ([2, 1, 0], "t …"),
        ([5, 5, 5], 5),
        ([slice(0, 2), slice(1, 3), slice(2, 4)], "t:t+2"),
        ([slice(0, 4), slice(0, 5), slice(0, 6)], "t …:t+4"),
        ([slice(3, 5)] * 3, slice(3, 5)),
        ([slice(None, 2), slice(None, 3), slice(None, 4)], slice(None, 2)),
        ([(0, slice(1, 3)), (1, slice(1, 3)), (2, slice(1, 3))], ("t", slice(1, 3))),
        ([(Ellipsis, 2), (Ellipsis, 3), (Ellipsis, 4)], (Ellipsis, "t+2")),
        ([1, None, 3], 1),
    ],
)
def test_indexes_of_all_steps_are_one_for_any_step(indexes: list[Any], told: Any) -> None:
    assert _index(indexes, [0, 1, 2]) == told


def test_what_another_step_reads_has_the_step_in_its_name() -> None:
    assert [_subscript(k) for k in (-11, -1, 0, 1, 23)] == ["₋₁₁", "₋₁", "", "₊₁", "₊₂₃"]
    source, user, other = (tg.tanh(tg.constant([1.0])) for _ in range(3))
    repetition = Repetition(when={source: 3, user: 4, other: 3})
    link = Link(source, False, user, 0)
    told = {"hₜ": "hₜ₋₁", "hₜ₊₁": "hₜ", "hₜ₋₁": "hₜ₋₂", "hₜ₊₁₂": "hₜ₊₁₁", "h …": "h …", "h": "h"}
    for name, earlier in told.items():
        stand = tg.tanh(tg.constant([1.0]), name=name)
        assert _earlier(repetition, stand, user, link, Folded()).name == earlier
        assert _earlier(repetition, stand, other, link, Folded()) is stand, "of the same step"
        assert _earlier(Repetition(when={user: 4}), stand, user, link, Folded()) is stand, "of no step"
    bare = tg.tanh(tg.constant([1.0]))
    assert _earlier(repetition, bare, user, link, Folded(letters={bare: "cₜ"})).name == "cₜ₋₁"
    ahead = Repetition(when={source: 5, user: 4})
    assert _earlier(ahead, bare, user, link, Folded(letters={bare: "cₜ"})).name == "cₜ₊₁"


@each(
    "texts, told",
    [
        (["X[0]", "X[1]", "X[2]"], "X[t]"),
        (["X[1, 0:2]", "X[2, 0:2]", "X[3, 0:2]"], "X[t+1, 0:2]"),
        (["X[0:2]", "X[1:3]", "X[2:4]"], "X[t:t+2]"),
        (["E[5]", "E[3]", "E[9]"], "E[xₜ]"),
        (["W2.T", "W2.T", "W2.T"], "W2.T"),
        (["X[0]", "X[1:2]", "X[2]"], "X[1:2]"),
        (["X[-3]", "X[-2]", "X[-1]"], "X[t−3]"),
    ],
)
def test_a_chip_has_its_index_for_any_step(texts: list[str], told: str) -> None:
    repetition, members = at_steps("h", "h", "h")
    chips = [Chip(members[0], text) for text in texts]
    folded = Folded(operands={x: [Inline("1", True), chip] for x, chip in zip(members, chips, strict=True)})
    assert _chip(folded, repetition, 0, 1, chips[1]) == Chip(members[0], told)


def test_views_of_a_link_have_their_indexes_for_any_step() -> None:
    repetition, members = at_steps("h", "h", "h")
    array = tg.tanh(tg.constant(np.ones((5, 4))))
    rows = [array[k + 1, 0:2] for k in range(3)]
    links = [Link(array, False, x, 0, (row, tg.reshape(row, (2, 1)))) for x, row in zip(members, rows, strict=True)]
    folded = Folded(operands={x: [link] for x, link in zip(members, links, strict=True)})
    first, second = _views(folded, repetition, 0, 0, links[1])
    assert first.attributes["index"] == ("t+1", slice(0, 2)) and second.attributes == links[1].views[1].attributes
    assert rows[1].attributes["index"] == (2, slice(0, 2)), "the graph stays as it is"
    folded.operands[members[0]] = [Link(array, False, members[0], 0, ())]
    told = _views(folded, repetition, 0, 0, links[1])[0].attributes["index"]
    assert told == ("t+1", slice(0, 2)), "of a step that reads all of it there is no index"


@each(
    "values, text, whole, told",
    [
        ([1, 2, 3], "2", True, "xₜ"),
        ([0.5, 0.7, 0.9], "0.7", False, "cₜ"),
        ([0.5, 0.5, 0.5], "0.5", False, "0.5"),
        ([2, 2, 2], "2", True, "xₜ"),
    ],
)
def test_a_number_that_differs_is_a_letter(values: list[Any], text: str, whole: bool, told: str) -> None:
    """So is an index that each step has of its own, though two may be equal."""
    members = [tg.multiply(tg.constant([1.0], name="x"), tg.constant(v)) for v in values]
    repetition = Repetition([members], steps=[0, 1, 2])
    assert _any_time(repetition, 0, 1, Inline(text, whole)).text == told  # type: ignore[union-attr]
    shared = tg.constant(values[0])
    same = Repetition([[tg.multiply(tg.constant([1.0], name="x"), shared) for _ in range(3)]], steps=[0, 1, 2])
    assert _any_time(same, 0, 1, Inline(text, whole)) == Inline(text, whole), "one number for all steps"
    alone = Repetition([members[:1]], steps=[0])
    assert _any_time(alone, 0, 1, Inline(text, whole)) == Inline(text, whole)


def test_labels_of_a_loss_are_its_targets() -> None:
    losses = [tg.softmax_cross_entropy(tg.tanh(tg.constant([1.0, 2.0])), np.array(k)) for k in (0, 1, 0)]
    repetition = Repetition([losses], steps=[0, 1, 2])
    assert _any_time(repetition, 0, 1, Inline("1", True)) == Inline("yₜ", True)
