"""Objects as people write them now and then: no loss, no rate, numbers in lists, losses with more arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.methods import functions_of
from tinygraph.check.audit.naming import INPUTS, OUTPUTS, TARGETS, bound
from tinygraph.check.audit.objects import Objects
from tinygraph.check.audit.state_checks import notes

rng = np.random.default_rng(6)
X, Y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))


def half(outputs: Any, targets: Any) -> Any:
    return 0.5 * np.sum((outputs - targets) ** 2)


class Net:
    """One layer; what others have besides stands beside it."""

    def __init__(self) -> None:
        self.W, self.b = np.random.default_rng(1).normal(size=(3, 2)), np.ones(2)
        self.sizes = [3, 2]

    def forward(self, x: Any) -> Any:
        self.x = x
        self.y = x @ self.W + self.b
        return self.y

    def backward(self, dy: Any) -> None:
        self.dW, self.db = self.x.T @ dy, dy.sum(0)


class Stepping(Net):
    """One method does both and returns the loss; another only tells it."""

    forward = None  # type: ignore[assignment]

    def compute_loss(self, outputs: Any, targets: Any) -> Any:
        return half(outputs, targets)

    def backward(self, x: Any, targets: Any) -> Any:  # type: ignore[override]
        y = x @ self.W + self.b
        self.dW, self.db = x.T @ (y - targets), (y - targets).sum(0)
        return self.compute_loss(y, targets)


class Updating(Net):
    """A rate for one parameter, none for the other, and a gradient that is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.V = np.random.default_rng(2).normal(size=(2, 2))

    def forward(self, x: Any) -> Any:
        self.h = super().forward(x)
        return self.h @ self.V

    def backward(self, dy: Any, lr: float = 0.1) -> None:
        self.dV = self.h.T @ dy
        super().backward(dy @ self.V.T)
        self.W = self.W - lr * self.dW
        self.b = self.b - self.db
        del self.dW, self.db


class Unrated(Net):
    def backward(self, dy: Any) -> None:
        self.W = self.W - self.x.T @ dy
        self.b = self.b - dy.sum(0)


class Silent(Net):
    """Nobody says what comes out, nor what the loss is."""

    def forward(self, x: Any) -> None:  # type: ignore[override]
        super().forward(x)

    def backward(self, targets: Any) -> None:
        self.W = self.W - self.x.T @ (self.y - targets)


class Counting(Net):
    """With a number beside what comes out."""

    def forward(self, x: Any) -> Any:
        return [super().forward(x), len(x)]

    def backward(self, targets: Any) -> None:
        self.W = self.W - self.x.T @ (self.y - targets)


class Named(Net):
    """What it returns has the name that losses have for outputs."""

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        return y  # noqa: RET504


class AsATuple(Net):
    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        h = y * 1
        return y, h


def audit(model: Any, loss: Any = half) -> Any:
    return tg.check.audit(model, loss=loss, inputs=X, targets=Y, repair=False)


@each(
    "loss",
    [
        lambda x, y, eps=0.0: half(x, y) + eps,  # by place: people call anything x
        lambda outputs, targets, scale=1.0: scale * half(outputs, targets),
        lambda a, b: half(a, b),
        lambda targets, outputs: half(outputs, targets),
        lambda y, t: half(y, t),
    ],
)
def test_a_loss_gets_outputs_and_targets_whatever_its_arguments_are_called(loss: Any) -> None:
    for model in (Named(), AsATuple()):
        subject = Objects(model, loss, X, Y)
        case = Cases(subject).case(None)
        p, x, t = case.parameters, case.arguments[INPUTS], case.arguments[TARGETS]
        away = x @ p["W"] + p["b"] - t
        own = subject.run({name: w.copy() for name, w in p.items()}, case.arguments)
        assert own.loss == pytest.approx(0.5 * np.sum(away**2))
        np.testing.assert_allclose(own.gradients["W"], x.T @ away, rtol=1e-9)
        np.testing.assert_allclose(own.gradients["b"], away.sum(0), rtol=1e-9)


def test_a_loss_gets_what_else_the_forward_pass_returns() -> None:
    class Two(Net):
        def forward(self, x: Any) -> Any:
            y = super().forward(x)
            penalty = np.sum(self.W**2)
            return y, penalty

        def backward(self, dy: Any) -> None:
            super().backward(dy)
            self.dW = self.dW + 2 * self.W

    assert audit(Two(), lambda y, targets, penalty: half(y, targets) + penalty).passed


def test_of_several_results_that_are_outputs_the_backward_pass_gets_each_by_its_name() -> None:
    def backward(scores: Any, probs: Any, targets: Any) -> None: ...

    supply: Any = {OUTPUTS: lambda: "outputs", INPUTS: lambda: "x", TARGETS: lambda: "t"}
    kept = {"scores": 1, "probs": 2}
    assert bound("f", backward, supply, kept, (INPUTS, TARGETS)) == {"scores": 1, "probs": 2, "targets": "t"}


def test_where_one_method_does_both_a_loss_beside_it_is_only_a_helper() -> None:
    subject = Objects(Stepping(), None, X, Y)
    assert not subject.apart and tg.check.audit(Stepping(), inputs=X, targets=Y, repair=False).passed


def test_a_backward_pass_that_takes_the_gradient_of_outputs_that_nobody_makes_is_refused() -> None:
    class Lone(Stepping):
        def backward(self, dy: Any) -> None:  # type: ignore[override]
            self.dW, self.db = X.T @ dy, dy.sum(0)

    with pytest.raises(tg.GraphError, match="backward takes the gradient of the outputs, which needs a loss"):
        Objects(Lone(), None, X, Y)


def test_what_the_backward_pass_makes_anew_is_not_changed_by_it() -> None:
    class Editing(Net):
        def backward(self, dy: Any) -> None:
            self.scratch = dy * 2
            super().backward(dy)
            self.x *= 2

    subject = Objects(Editing(), half, X, Y)
    assert subject.changed(Cases(subject).case(None)) == ["x"]


def test_an_array_without_numbers_is_no_parameter() -> None:
    class Empty(Net):
        def __init__(self) -> None:
            super().__init__()
            self.V, self.dV = np.zeros((0, 2)), np.zeros((0, 2))

    assert {*Objects(Empty(), half, X, Y).parameters} == {"W", "b"}


def test_a_state_that_the_forward_pass_sets_is_no_parameter() -> None:
    class Stateful(Net):
        def __init__(self) -> None:
            super().__init__()
            self.h = np.zeros(2)

        def forward(self, x: Any) -> Any:
            y = super().forward(x) + self.h
            self.h = y[-1]
            return y

    assert {*Objects(Stateful(), half, X, Y).parameters} == {"W", "b"}


def test_a_method_that_is_the_loss_gets_outputs_and_targets_by_their_order() -> None:
    class Lossy(Net):
        def loss(self, a: Any, b: Any) -> Any:
            return np.sum(a * a) - 2 * np.sum(a * b)  # half the squares, but for what does not depend on outputs

        def backward(self, dy: Any) -> None:
            super().backward(dy)

    report = tg.check.audit(Lossy(), inputs=X, targets=Y, repair=False)
    assert report.passed, str(report)


def test_where_a_rate_is_passed_a_number_beside_it_is_none() -> None:
    class Half(Net):
        def backward(self, dy: Any, lr: float = 0.1) -> None:
            self.W = self.W - 0.5 * lr * (self.x.T @ dy)
            self.b = self.b - 0.5 * lr * dy.sum(0)

    assert Objects(Half(), half, X, Y).rate == 1.0
    assert [(row.name, row.right) for row in audit(Half()).rows] == [("1/2", False)] * 2


def test_without_a_rate_no_update_lacks_one() -> None:
    subject = Objects(Unrated(), half, X, Y)
    assert subject.without_rate(Cases(subject).case(None)) == []
    assert audit(Unrated()).passed


def test_at_another_rate_so_much_more_is_due_of_what_is_updated_alone() -> None:
    subject = Objects(Updating(), half, X, Y)
    case = Cases(subject).case(None)
    assert subject.without_rate(case) == ["b"]
    other, names = subject.at_other_rate(case, 3.0)
    assert names == {"W", "b"}
    once, then = subject.gradients(case), other.gradients(case)
    for name, factor in (("W", 3.0), ("b", 1.0), ("V", 1.0)):
        np.testing.assert_allclose(then[name], factor * np.asarray(once[name]), rtol=1e-9, err_msg=name)


@each("model", [Silent, Counting])
def test_without_a_loss_what_is_updated_is_learned(model: Any) -> None:
    subject = Objects(model(), None, X, Y)
    assert subject.names_no_loss and {*subject.parameters} == {"W"} and notes(subject, Cases(subject)) == ()


def test_methods_of_classes_are_followed_like_others() -> None:
    class Helped(Net):
        @classmethod
        def squash(cls, z: Any) -> Any:
            return np.tanh(z)

        @staticmethod
        def slope(h: Any) -> Any:
            return 1 - h**2

    assert {"squash", "slope", "forward", "backward"} <= {f.__name__ for f in functions_of(Helped())}
