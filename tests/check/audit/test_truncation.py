"""Truncated passes are told from wrong ones, and how far back they reach, off by one or not."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.truncation import truncation

T, I, H, O = 5, 3, 4, 2  # noqa: E741
rng = np.random.default_rng(8)
X, Y = rng.normal(size=(T, I)), rng.normal(size=(T, O))
SHAPES = {"Wx": (I, H), "Wh": (H, H), "Wy": (H, O)}
WEIGHTS = {name: rng.normal(size=shape) * 0.5 for name, shape in SHAPES.items()}


def loss(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any) -> Any:
    hs, total = [np.zeros(H)], 0.0
    for t in range(len(x)):
        hs.append(np.tanh(x[t] @ Wx + hs[-1] @ Wh))
        total = total + np.sum((hs[-1] @ Wy - y[t]) ** 2)
    return total, hs


def windows(back: int, factor: float = 1.0) -> Any:
    """The error of each step goes back so many steps."""

    def backward(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any, hs: Any) -> Any:
        dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
        for t in range(len(x)):
            dy = 2 * (hs[t + 1] @ Wy - y[t]) * factor
            dWy += np.outer(hs[t + 1], dy)
            dh = dy @ Wy.T
            for k in range(t, max(-1, t - back - 1), -1):
                d = dh * (1 - hs[k + 1] ** 2)
                dWx += np.outer(x[k], d)
                dWh += np.outer(hs[k], d)
                dh = d @ Wh.T
        return dWx, dWh, dWy

    return backward


def pieces(length: int) -> Any:
    """Nothing goes back over the border of two pieces."""

    def backward(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any, hs: Any) -> Any:
        dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
        dh = np.zeros(H)
        for t in range(len(x) - 1, -1, -1):
            dy = 2 * (hs[t + 1] @ Wy - y[t])
            dWy += np.outer(hs[t + 1], dy)
            d = (dy @ Wy.T + dh) * (1 - hs[t + 1] ** 2)
            dWx += np.outer(x[t], d)
            dWh += np.outer(hs[t], d)
            dh = d @ Wh.T * (t % length != 0)
        return dWx, dWh, dWy

    return backward


def clipped(pass_: Any) -> Any:
    """The gradients of a pass, clipped by value."""

    def backward(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any, hs: Any) -> Any:
        return tuple([np.clip(g, -0.5, 0.5) for g in pass_(x, y, Wx, Wh, Wy, hs)])

    return backward


def told(backward: Any, steps: int = 5) -> str:
    subject = Functions(backward, loss, WEIGHTS, {"x": X, "y": Y})
    case = Cases(subject).case(steps)
    return truncation(subject.on_nodes(case), subject.gradients(case))


@each(
    "backward, sentence",
    [
        (windows(0), ""),
        (windows(1), "truncated after 1 step back"),
        (windows(2), "truncated after 2 steps back"),
        (windows(4), ""),
        (pieces(2), "truncated in pieces of 2 steps"),
        (pieces(3), "truncated in pieces of 3 steps"),
        (pieces(9), ""),
        (pieces(1), ""),
        (windows(2, factor=0.5), ""),
        (clipped(windows(4)), ""),
        (clipped(windows(1)), "truncated after 1 step back"),
    ],
)
def test_how_far_back_a_pass_reaches(backward: Any, sentence: str) -> None:
    assert told(backward) == sentence


def test_of_three_steps_it_can_be_told_and_of_two_it_cannot() -> None:
    assert told(windows(1), 3) == "truncated after 1 step back"
    assert told(pieces(2), 2) == told(pieces(1), 2) == ""


@each("at", [1, 2, 3, 0])
def test_a_pass_that_is_wrong_where_nothing_is_cut_is_not_only_truncated(at: int) -> None:
    def backward(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any, hs: Any) -> Any:
        return windows(1, factor=-1.0 if len(x) == at else 1.0)(x, y, Wx, Wh, Wy, hs)

    report = tg.check.audit(backward, loss, WEIGHTS, {"x": X, "y": Y}, repair=False)
    assert report.passed is (at in (0, 3)), str(report)
    assert any("truncated after 1 step back" in note for note in report.notes) is report.passed


def test_a_gradient_of_zeros_is_no_reason_and_one_that_is_none_is() -> None:
    def backward(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any, k: Any, hs: Any) -> Any:
        return *windows(1)(x, y, Wx, Wh, Wy, hs), np.zeros_like(k)

    def with_k(x: Any, y: Any, Wx: Any, Wh: Any, Wy: Any, k: Any) -> Any:
        return loss(x, y, Wx, Wh, Wy)

    subject = Functions(backward, with_k, {**WEIGHTS, "k": np.ones(2)}, {"x": X, "y": Y})
    case = Cases(subject).case(5)
    outcome, hand = subject.on_nodes(case), subject.gradients(case)
    assert truncation(outcome, hand) == "truncated after 1 step back"
    for lost in (None, np.full(SHAPES["Wy"], np.nan), np.full(SHAPES["Wy"], np.inf)):
        assert truncation(outcome, {**hand, "Wy": lost}) == ""


def test_a_pass_is_looked_at_over_more_steps_than_the_author_has() -> None:
    report = tg.check.audit(windows(1), loss, WEIGHTS, {"x": X[:2], "y": Y[:2]}, repair=False)
    assert report.passed and any("truncated after 1 step back" in note for note in report.notes), report
