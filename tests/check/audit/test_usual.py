"""The axis of the classes, targets turned to outputs, sizes of a case, resized arguments, drawn numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import usual_losses as usual
from tinygraph.check.audit.cases import candidates, drawn, resized
from tinygraph.check.audit.scales import sizes_of
from tinygraph.check.audit.subject import Case

T, B, V = 4, 3, 6
rng = np.random.default_rng(7)
LABELS = rng.integers(0, V, (T, B))
LABELS[0, 0] = V - 1
ONE_HOT = np.eye(V)[LABELS]
OUTPUTS = rng.uniform(0.1, 0.9, (T, B, V))


@each(
    "outputs, targets, axis",
    [
        (OUTPUTS, LABELS, 2),
        (OUTPUTS, LABELS.T, 2),
        (OUTPUTS, LABELS[..., None], 2),
        (OUTPUTS, ONE_HOT, 2),
        (OUTPUTS, ONE_HOT.swapaxes(0, 1), 2),
        (OUTPUTS.transpose(0, 2, 1), LABELS, 1),
        (OUTPUTS.transpose(0, 2, 1), ONE_HOT.transpose(0, 2, 1), 1),
        (OUTPUTS[:, 0, :, None], LABELS[:, 0], 1),
        (OUTPUTS[:, 0], [int(k) for k in LABELS[:, 0]], 1),
        (OUTPUTS[0, 0], LABELS[0, 0], 0),
        (OUTPUTS[..., : V - 1], LABELS, None),  # a label is beyond the classes
        (OUTPUTS, LABELS[:2], None),
        (OUTPUTS, rng.normal(size=(T, B, V)), None),
        (OUTPUTS, ONE_HOT - 2 * ONE_HOT.mean() * (ONE_HOT == 7), 2),
        (OUTPUTS, ONE_HOT[:2], None),
        (OUTPUTS, np.stack([2 * ONE_HOT[..., 0] - 1] * V, -1), None),
    ],
)
def test_the_classes_lie_along_an_axis(outputs: Any, targets: Any, axis: int | None) -> None:
    assert usual.class_axis(outputs, targets) == axis


def test_of_numbers_that_sum_to_one_below_zero_there_are_no_classes() -> None:
    t = np.zeros((T, B, V))
    t[..., 0], t[..., 1] = 2.0, -1.0
    assert usual.class_axis(OUTPUTS, t) is None
    assert usual.class_axis(OUTPUTS[:1, :1, :1], np.ones((1, 1, 1))) is None


def entropy(p: np.ndarray) -> float:
    """By a loop over steps and rows."""
    return -sum(np.log(p[t, b, LABELS[t, b]]) for t in range(T) for b in range(B))


def test_losses_of_turned_targets_are_those_of_plain_loops() -> None:
    e = np.exp(OUTPUTS)
    p = e / e.sum(2, keepdims=True)
    for targets in (LABELS, LABELS.T, ONE_HOT, ONE_HOT.swapaxes(0, 1), LABELS[..., None]):
        assert usual.from_logits(OUTPUTS, targets) == pytest.approx(entropy(p))
        assert usual.from_probabilities(OUTPUTS, targets) == pytest.approx(entropy(OUTPUTS))
        node = usual.from_logits(tg.parameter(OUTPUTS + 800), targets)  # exp alone would be infinite
        assert node.item() == pytest.approx(entropy(p))
    turned = p.transpose(0, 2, 1)
    for targets in (LABELS, ONE_HOT.transpose(0, 2, 1)):
        assert usual.from_probabilities(turned, targets) == pytest.approx(entropy(p))
    real = rng.normal(size=(T, B, V))
    for t in (real, real.swapaxes(0, 1), [*real], dict(enumerate(real)), real.reshape(T * B, V)):
        assert usual.squares(OUTPUTS, t) == pytest.approx(
            sum((a - b) ** 2 for a, b in zip(OUTPUTS.flat, real.flat, strict=True))
        )
    yes = (real > 0).astype(int)
    both = -sum(np.log(q if k else 1 - q) for q, k in zip(OUTPUTS.flat, yes.flat, strict=True))
    assert usual.binary_from_probabilities(OUTPUTS, yes) == pytest.approx(both)
    z = np.log(OUTPUTS / (1 - OUTPUTS))
    assert usual.binary_from_logits(z, yes) == pytest.approx(both)


@each(
    "loss, outputs, targets, words",
    [
        (usual.squares, OUTPUTS, LABELS, r"shape \(4, 3\) for outputs of shape \(4, 3, 6\)"),
        (usual.from_logits, OUTPUTS, OUTPUTS, "no classes"),
        (usual.from_probabilities, OUTPUTS + 0.5, ONE_HOT, "no probabilities"),
        (usual.from_probabilities, OUTPUTS - 0.5, ONE_HOT, "no probabilities"),
        (usual.binary_from_probabilities, OUTPUTS * 0, ONE_HOT, "no probabilities"),
        (usual.binary_from_probabilities, OUTPUTS * 0 + 1, ONE_HOT, "no probabilities"),
    ],
)
def test_what_is_no_such_loss_is_refused(loss: Any, outputs: Any, targets: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        loss(outputs, targets)


X, Y = rng.normal(size=(4, 3, 5)), rng.normal(size=(4, 3, 2))


@each(
    "arguments, places, steps, outputs, due",
    [
        ({"x": X, "y": Y}, {("x",): 0, ("y",): 0}, 4, None, {"T": 4, "B": 3, "outputs": 2}),
        ({"x": X, "y": Y}, {("x",): 1, ("y",): 1}, 3, None, {"T": 3, "B": 4, "outputs": 2}),
        ({"x": X, "y": Y}, {("x",): 0, ("y",): 0}, 4, np.ones((4, 3, 7)), {"T": 4, "B": 3, "outputs": 7}),
        ({"x": X, "y": Y}, {("x",): 0, ("y",): 0}, 4, [np.ones((3, 7))] * 4, {"T": 4, "B": 3, "outputs": 7}),
        ({"x": X}, {("x",): 0}, 4, None, {"T": 4, "outputs": 5}),
        ({"x": [*X], "y": [*Y]}, {("x",): 0, ("y",): 0}, 4, None, {"T": 4, "B": 3, "outputs": 2}),
        ({"y": Y, "x": X}, {("x",): 0, ("y",): 0}, 4, None, {"T": 4, "B": 3, "outputs": 2}),
        ({"x": X[:, :1], "y": Y[:, :1]}, {("x",): 0, ("y",): 0}, 4, None, {"T": 4, "outputs": 2}),
        ({"x": X, "labels": np.zeros((4, 3))}, {("x",): 0, ("labels",): 0}, 4, None, {"T": 4, "B": 3}),
        ({"x": X, "y": Y}, {}, None, None, {"outputs": 2}),
        (({"x": X}, (Y,)), {(0, "x"): 0, (1, 0): 0}, 4, None, {"T": 4, "B": 3, "outputs": 2}),
        ({"x": [], "n": 3}, {("x",): 0}, None, None, {}),
        ({"x": X, "y": Y}, {("x",): 0, ("y",): 0}, 4, np.ones((4, 3)), {"T": 4, "B": 3, "outputs": 2}),
        ({"x": X, "y": Y[..., :1]}, {("x",): 0, ("y",): 0}, 4, np.ones((4, 3, 1)), {"T": 4, "B": 3}),
    ],
)
def test_sizes_are_those_of_the_arrays(arguments: Any, places: Any, steps: int | None, outputs: Any, due: Any) -> None:
    cases: Any = SimpleNamespace(places=places)
    assert sizes_of(cases, Case(steps, {}, arguments), outputs) == due


def test_lengths_that_may_be_time_have_one_axis_of_each_array() -> None:
    square = np.ones((4, 4))
    told = candidates({"x": np.ones((4, 3)), "w": square, "n": 4, "ys": [np.ones(2)] * 4, "e": []})
    assert (4, {("x",): 0, ("w",): 0, ("ys",): 0}) in told and (4, {("x",): 0, ("w",): 1, ("ys",): 0}) in told
    assert (3, {("x",): 1}) in told and len(told) == 3
    assert candidates((np.ones(2), [np.ones(5)])) == [(2, {(0,): 0}), (1, {(1,): 0})]
    assert candidates({"x": np.ones((0, 2)), "s": np.ones(())}) == [(2, {("x",): 1})]


def test_arguments_are_cut_and_repeated_where_time_lies() -> None:
    x = np.arange(12.0).reshape(4, 3)
    arguments = {"x": x, "y": (1, 2, 3, 4), "n": 4, "k": 3, "f": 4.0, "deep": [x, {"z": x.T}]}
    places: Any = {("x",): 0, ("y",): 0, ("deep", 1, "z"): 1}
    for steps in (1, 2, 4, 6):
        own = resized(arguments, places, steps, 4)
        order = [k % 4 for k in range(steps)]
        np.testing.assert_array_equal(own["x"], x[order])
        assert own["y"] == tuple(k + 1 for k in order) and (own["n"], own["k"], own["f"]) == (steps, 3, 4.0)
        np.testing.assert_array_equal(own["deep"][1]["z"], x.T[:, order])
        assert own["deep"][0] is x


def test_drawn_numbers_are_of_the_kind_that_was_there() -> None:
    flags, half = np.array([True, False]), rng.normal(size=3).astype(np.float32)
    before: dict[str, Any] = {"x": X, "labels": LABELS, "hot": ONE_HOT, "rows": ONE_HOT.swapaxes(1, 2), "flags": flags}
    before |= {"empty": [], "no": np.zeros((0, 3))}
    before |= {"half": half, "yes": (X > 0) * 1.0, "none": np.zeros((2, 2))}
    before |= {"ids": [0, 5, 2], "bools": [True, False], "s": "text", "t": (X, 3)}
    before["few"] = np.where(np.arange(60).reshape(T, B, 5) < 2, [0.0, 1.0, 0.0, 1.0, 0.0], X)
    own = drawn(before, np.random.default_rng(0))
    assert (own["few"] < 0).any(), "numbers of which some are 0 and 1"
    assert own["empty"] == [] and own["no"].shape == (0, 3)
    for key in ("x", "labels", "hot", "rows", "flags", "half", "yes", "none"):
        assert (own[key].shape, own[key].dtype) == (before[key].shape, before[key].dtype), key
    many = drawn({"x": np.ones((2, 3000)) * 3, "k": np.full(3000, 4), "i": [4] * 3000}, np.random.default_rng(0))
    assert abs(many["x"].mean()) < 0.1 and abs(many["x"].std() - 1) < 0.1
    assert {*many["k"].tolist()} == {*many["i"]} == {0, 1, 2, 3, 4}
    assert (
        (own["hot"].sum(2) == 1).all() and (own["rows"].sum(1) == 1).all() and not np.array_equal(own["hot"], ONE_HOT)
    )
    assert (
        np.isin(own["hot"], (0, 1)).all()
        and ((own["yes"] > 0.05) & (own["yes"] < 0.95)).all()
        and own["yes"].std() > 0.1
    )
    assert own["none"].all() and own["flags"] is not flags and own["flags"].tolist() == [True, False]
    assert (
        own["bools"] == [True, False] and own["s"] == "text" and own["t"][1] == 3 and not np.array_equal(own["t"][0], X)
    )
