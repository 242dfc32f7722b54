"""The table: errors, cosines and scales against plain NumPy; names of scales; clipping; what cannot be compared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.clipped import clipping_in
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.table import Probe, TableRow, probe, rows, tolerance_of

rng = np.random.default_rng(4)
STEPS = (1, 2, 4)
SIZES = {"B": 3, "outputs": 6}
RIGHT = [{"W": rng.normal(size=(5, 3)), "b": rng.normal(size=5)} for _ in STEPS]


def table(change: Any) -> list[TableRow]:
    """The rows of W, where hand-written gradients are what ``change`` makes of the right one and of T."""
    probes = [
        Probe(t, {"W": change(right["W"], t), "b": right["b"].copy()}, right, {**SIZES, "T": t})
        for t, right in zip(STEPS, RIGHT, strict=True)
    ]
    whole = rows(probes)
    assert [row.right for row in whole if row.parameter == "b"] == [True] * 3
    return [row for row in whole if row.parameter == "W"]


@each(
    "name, factor",
    [
        ("sign", lambda t: -1),
        ("2", lambda t: 2),
        ("1/2", lambda t: 0.5),
        ("B", lambda t: 3),
        ("1/B", lambda t: 1 / 3),
        ("T", lambda t: t),
        ("1/T", lambda t: 1 / t),
        ("T * B", lambda t: 3 * t),
        ("1/(T * B)", lambda t: 1 / (3 * t)),
        ("outputs", lambda t: 6),
        ("1/outputs", lambda t: 1 / 6),
        ("ln 2", lambda t: math.log(2)),
        ("1/ln 2", lambda t: 1 / math.log(2)),
        ("sign * 2", lambda t: -2),
        ("1/T * ln 2", lambda t: math.log(2) / t),
        ("sign * 1/2 * T", lambda t: -t / 2),
        ("", lambda t: 1.7),
    ],
)
def test_a_scale_has_its_name(name: str, factor: Any) -> None:
    for row in table(lambda g, t: factor(t) * g):
        c = factor(row.steps)
        assert row.error == pytest.approx(abs(c - 1), abs=1e-12)
        assert row.scale == pytest.approx(c)
        assert row.right == (abs(c - 1) < 1e-12)
        assert row.name == ("" if row.right else name)
        assert abs(row.cosine) == pytest.approx(1)


def test_error_cosine_and_scale_are_those_of_numpy() -> None:
    noise = rng.normal(size=(5, 3))
    for row, right in zip(table(lambda g, t: g + noise), RIGHT, strict=True):
        own, due = (right["W"] + noise).ravel(), right["W"].ravel()
        (best,) = np.linalg.lstsq(due[:, None], own, rcond=None)[0]
        angle = math.acos(np.dot(own, due) / math.sqrt(np.dot(own, own) * np.dot(due, due)))
        assert row.error == pytest.approx(math.sqrt(np.sum(noise**2)) / math.sqrt(np.sum(due**2)))
        assert (row.cosine, row.scale) == (pytest.approx(math.cos(angle)), pytest.approx(best))
        assert (row.name, row.right) == ("", False)


@each(
    "words, change",
    [
        ("missing", lambda g, t: None),
        ("zeros", lambda g, t: 0 * g),
        ("NaN", lambda g, t: g * np.nan),
        ("infinite", lambda g, t: g / 0.0),
        ("of shape (3, 5), not (5, 3): transposed", lambda g, t: g.T),
        ("of shape (3, 5), not (5, 3)", lambda g, t: 2 * g.T),
        ("of shape (3,), not (5, 3)", lambda g, t: g[0]),
        ("of shape (3, 5), not (5, 3)", lambda g, t: 2 * g.T),
    ],
)
def test_what_cannot_be_compared_is_said_in_words(words: str, change: Any) -> None:
    with np.errstate(divide="ignore"):
        told = table(change)
    assert {row.name for row in told} == {words}
    assert not any(row.right for row in told)


def test_zeros_that_are_due_are_right_up_to_rounding() -> None:
    none = np.zeros((5, 3))
    for hand, name in ((none + 1e-17, ""), (none + 0.1, "zeros are due")):
        right = {"W": none, "b": np.ones(5)}
        row = rows([Probe(1, {"W": hand, "b": np.ones(5)}, right, {})])[0]
        assert (row.name, row.right) == (name, not name)


def test_rounding_of_float32_is_right_and_a_part_in_a_thousand_is_wrong() -> None:
    def step(W: Any, x: Any) -> Any:
        y = W @ x
        return 0.5 * np.sum(y * y), np.outer(y, x)

    for dtype in (np.float32, np.float64):
        subject = Functions(step, None, {"W": np.ones((2, 3), dtype)}, {"x": np.ones(3, dtype)})
        cases = Cases(subject)
        one = probe(subject, cases, cases.case(None))
        assert rows([one], tolerance_of(subject))[0].right
        off = Probe(one.steps, {"W": 1.001 * np.asarray(one.hand["W"])}, one.right, {})
        assert not rows([off], tolerance_of(subject))[0].right


def norm(g: dict[str, np.ndarray], names: Any) -> float:
    return math.sqrt(sum(np.sum(g[name] ** 2) for name in names))


def test_clipping_is_no_wrong_gradient_and_what_it_leaves_out_is_named() -> None:
    gradients = [{k: 9 * x for k, x in (g | {"c": rng.normal(size=4)}).items()} for g in RIGHT]

    def by_value(g: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {k: x if k == "c" else np.clip(x, -2, 2) for k, x in g.items()}

    def by_norm(g: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {k: x if k == "c" else x * 3 / norm(g, "Wb") for k, x in g.items()}

    def each_by_norm(g: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {k: x if k == "c" else x * 3 / norm(g, [k]) for k, x in g.items()}

    for clip, how in ((by_value, "clipped at 2"), (by_norm, "to the norm 3"), (each_by_norm, "to the norm 3")):
        probes = [Probe(t, clip(g), g, {"T": t}) for t, g in zip(STEPS, gradients, strict=True)]
        for row in rows(probes):
            assert row.right
            assert how in row.name if row.parameter != "c" else not row.name
        told = clipping_in([(p.hand, p.right) for p in probes], 1.5e-8)
        assert told.left_out == ("c",)
        assert told.left_out_by.endswith("leaves out c")


@each("bound, right", [(1.0, True), (0.5, True), (0.73519, False)])
def test_a_clipped_bias_of_two_numbers_is_right_if_the_limit_is_round(bound: float, right: bool) -> None:
    """Any two numbers are clipped ones at the larger of them."""
    gradients = [{"b": np.array([2.5, -0.25 * bound])}, {"b": np.array([0.3 * bound, 7.25])}]
    probes = [
        Probe(t, {"b": np.clip(g["b"], -bound, bound)}, g, {"T": t}) for t, g in zip((2, 4), gradients, strict=True)
    ]
    assert {row.right for row in rows(probes)} == {right}


def test_a_factor_is_no_clipping() -> None:
    for factor in (0.5, 0.3):
        probes = [
            Probe(t, {k: factor * x for k, x in g.items()}, g, {"T": t}) for t, g in zip(STEPS, RIGHT, strict=True)
        ]
        assert not any(row.right for row in rows(probes))


@each("size", [0.0, 1e-17, 1e-16])
def test_zeros_are_right_where_all_gradients_are_rounding(size: float) -> None:
    """Of an activation that is constant the gradient is zero, and what the engine makes of it may be 1e-17."""
    noise = [{k: size * x for k, x in g.items()} for g in RIGHT]
    probes = [Probe(t, {k: 0 * x for k, x in g.items()}, g, {"T": t}) for t, g in zip(STEPS, noise, strict=True)]
    assert all(row.right for row in rows(probes))


def test_zeros_are_wrong_where_gradients_are_small() -> None:
    small = [{k: 1e-9 * x for k, x in g.items()} for g in RIGHT]
    probes = [Probe(t, {k: 0 * x for k, x in g.items()}, g, {"T": t}) for t, g in zip(STEPS, small, strict=True)]
    assert {row.name for row in rows(probes)} == {"zeros"}
