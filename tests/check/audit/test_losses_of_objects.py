"""Where the loss of an object comes from: its own method, a function of any names, a pass that does both, or nobody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.losses import Fit, nearest
from tinygraph.check.audit.objects import Objects
from tinygraph.check.audit.usual_losses import candidates

rng = np.random.default_rng(6)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))


class Linear:
    """Its gradient is that of half of the squares, times ``factor``."""

    factor: Any = 1.0

    def __init__(self) -> None:
        self.W = np.random.default_rng(1).normal(size=(3, 2))

    def forward(self, x: Any) -> Any:
        self.x = x
        self.y = x @ self.W
        return self.y

    def backward(self, t: Any) -> None:
        self.dW = self.factor * self.x.T @ (self.y - t)


class WithLoss(Linear):
    def compute_loss(self, outputs: Any, targets: Any) -> Any:
        return 0.5 * np.sum((outputs - targets) ** 2)


class WithCost(Linear):
    def cost(self, p: Any, q: Any) -> Any:
        return np.sum(p * (p / 2 - q))


class WithMean(Linear):
    factor = 1 / 6

    def loss(self, out: Any, labels: Any, rows: Any = 6) -> Any:
        return 0.5 * np.sum((out - labels) ** 2) / rows


class Sloped(Linear):
    def backward(self, dy: Any) -> None:  # type: ignore[override]
        self.dW = self.x.T @ dy


class Silent(Linear):
    def forward(self, x: Any) -> None:
        super().forward(x)


class Both(Linear):
    """One pass does both and returns the loss."""

    forward = backward = None  # type: ignore[assignment]

    def step(self, x: Any, t: Any) -> Any:
        y = x @ self.W
        return 0.5 * np.sum((y - t) ** 2), x.T @ (y - t)


def half(outputs: Any, targets: Any) -> Any:
    return 0.5 * np.sum((outputs - targets) ** 2)


def turned(targets: Any, outputs: Any) -> Any:
    return np.sum(outputs**2) / 2 - np.sum(outputs * targets) + 0 * np.sum(targets)


def of_any_names(p: Any, q: Any) -> Any:
    return np.sum(p * (p / 2 - q))


def of_one_known_name(a: Any, labels: Any) -> Any:
    return np.sum(a * (a / 2 - labels))


def audit(net: Any, **keywords: Any) -> Any:
    return tg.check.audit(net, inputs=X, targets=Y, repair=False, **keywords)


@each(
    "net, keywords, right",
    [
        (Linear, {"loss": half}, True),
        (Linear, {"loss": turned}, True),
        (Linear, {"loss": of_any_names}, True),
        (Linear, {"loss": lambda labels, q: np.sum(labels * (labels / 2 - q))}, True),  # the first is what comes out
        (Linear, {"loss": of_one_known_name}, True),
        (Linear, {"loss": lambda y_hat, t: 2 * half(y_hat, t)}, False),
        (WithLoss, {}, True),
        (WithMean, {}, True),
        (WithCost, {}, True),
        (WithLoss, {"loss": lambda y_hat, t: 2 * half(y_hat, t)}, False),
        (Sloped, {"loss": half}, True),
        (Sloped, {"loss": of_any_names}, True),
        (Both, {}, True),
        (Silent, {"loss": half, "forward": lambda model, x: (model.forward(x), model.y)[1]}, True),
    ],
)
def test_a_right_gradient_is_right_for_the_loss_that_is_told(net: Any, keywords: Any, right: bool) -> None:
    report = audit(net(), **keywords)
    assert report.passed is right and report.loss == "the loss that is computed", report
    assert not right or report.notes == ()
    assert {row.name for row in report.rows} == ({""} if right else {"1/2"})


@each(
    "net, keywords, words",
    [
        (Silent, {"loss": half}, r"the forward pass returns nothing, and the loss needs outputs(?s:.*)model\.y\)\[1\]"),
        (Sloped, {}, r"backward takes the gradient of the outputs, which needs a loss(?s:.*)loss=lambda outputs"),
        (Both, {"loss": half}, r"Both has no method of the name forward"),
        (Silent, {}, r"nobody says what the loss is, and it is none of the usual ones(?s:.*)loss=lambda outputs"),
    ],
)
def test_a_loss_that_cannot_be_told_is_asked_for(net: Any, keywords: Any, words: str) -> None:
    with pytest.raises(tg.GraphError, match=words):
        audit(net(), **keywords)


@each(
    "factor, loss, told",
    [
        (1.0, "the sum of half squares", ""),
        (2.0, "the sum of squares", ""),
        (1.7, "the sum of half squares", ", to which they are most alike"),
        (-1.0, "the sum of half squares", ", to which they are most alike"),
        (np.array([[1.0], [1.2], [0.9]]), "the sum of half squares", ", to which they are most alike"),
    ],
)
def test_where_nobody_tells_a_loss_the_one_that_fits_or_is_nearest_is_taken(factor: Any, loss: str, told: str) -> None:
    net = Linear()
    net.factor = factor
    report = audit(net)
    assert report.loss == loss and report.passed is not bool(told)
    assert report.notes[0] == f"nobody says what the loss is: the gradients are held against {loss}{told}"


def test_the_nearest_loss_is_the_one_whose_gradients_have_most_nearly_the_same_direction() -> None:
    """Of labels as targets: those of the entropies of logits, and none of what is no such loss."""

    class Logits(Linear):
        def backward(self, t: Any) -> None:
            p = np.exp(self.y) / np.exp(self.y).sum(1, keepdims=True)
            self.dW = 1.3 * self.x.T @ (p - np.eye(2)[t])

    labels = rng.integers(0, 2, 6)
    subject = Objects(Logits(), None, X, labels)
    fit = nearest(subject, Cases(subject))
    assert fit is not None and (fit.right, fit.wrong) == ((), ("W",))
    assert fit.name == "the sum of cross-entropies from logits in nats"
    still = Linear()
    still.factor = 0.0
    subject = Objects(still, None, X, Y)
    assert nearest(subject, Cases(subject)) is None


@each(
    "targets, places, steps",
    [
        (rng.normal(size=(3, 4, 2)), {("inputs",): 1, ("targets",): 1}, 4),
        (rng.normal(size=(3, 4, 2)), {("inputs",): 0, ("targets",): 0}, 3),
        ([*rng.normal(size=(5, 3, 2))], {("inputs",): 0, ("targets",): 0}, 5),
        (rng.normal(size=(3, 4, 2)), {}, 9),
    ],
)
def test_a_loss_that_fits_is_a_function_at_any_number_of_steps(targets: Any, places: Any, steps: int) -> None:
    outputs = rng.normal(size=np.shape(targets))
    subject = SimpleNamespace(arguments={"inputs": rng.normal(size=(*np.shape(targets)[:2], 7))})
    cases: Any = SimpleNamespace(places=places, steps=9, subject=subject)
    candidate = next(c for c in candidates() if c.name == "the sum of squares divided by T")
    fit = Fit(candidate, ("W",), ("b", "c"), 2)
    assert fit.as_function(cases)(outputs, targets) == pytest.approx(np.sum((outputs - targets) ** 2) / steps)
    assert str(fit) == "right for the sum of squares divided by T at T = 2, but for b, c"
    assert str(Fit(candidate, ("W",), ())) == "right for the sum of squares divided by T"


class Stateful(Linear):
    """Keeps its state where it found one, and the state's adjoint beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.h = np.zeros((6, 2))

    def forward(self, x: Any) -> Any:
        self.x, self.h = x, x @ self.W
        return self.h

    def backward(self, t: Any) -> None:
        self.dh = self.h - t
        self.dW = self.x.T @ self.dh


def test_what_the_forward_pass_sets_anew_is_no_parameter_though_it_has_an_adjoint() -> None:
    assert [*Objects(Stateful(), half, X, Y).parameters] == ["W"]
    report = audit(Stateful(), loss=half)
    assert report.passed and {row.parameter for row in report.rows} == {"W"}
