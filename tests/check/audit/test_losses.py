"""Losses: to which of the usual ones a gradient belongs, for gradients that NumPy computes by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.losses import fitting
from tinygraph.check.audit.objects import Objects
from tinygraph.check.audit.usual_losses import candidates, stacked

T, B, I, H, V = 4, 3, 7, 5, 6  # noqa: E741
rng = np.random.default_rng(9)
X = rng.normal(size=(T, B, I))
REAL = rng.normal(size=(T, B, V))
ONE_HOT = np.eye(V)[rng.integers(0, V, (T, B))]
LABELS = rng.integers(0, V, (T, B))
YES_NO = (rng.random((T, B, V)) > 0.5) * 1.0


def softmax(z: Any) -> Any:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


class Net:
    """What leaves it, and the gradient at the logits, are functions."""

    def __init__(self, out: Any, slope: Any, forget: bool = False) -> None:
        chance = np.random.default_rng(2)
        self.Wx, self.Wh, self.Wy = (chance.normal(size=s) * 0.5 for s in ((I, H), (H, H), (H, V)))
        self.out, self.slope, self.forget = out, slope, forget

    def forward(self, x: Any) -> Any:
        self.x, self.hs, self.y = x, [np.zeros((x.shape[1], H))], []
        for row in x:
            self.hs.append(np.tanh(row @ self.Wx + self.hs[-1] @ self.Wh))
            self.y.append(self.out(self.hs[-1] @ self.Wy))
        return np.array(self.y)

    def backward(self, x: Any, t: Any) -> None:
        self.dWx, self.dWh, self.dWy = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.Wy)
        carry = np.zeros((x.shape[1], H))
        for k in reversed(range(len(x))):
            if t.ndim == 2:
                dz = np.copy(self.y[k])
                dz[np.arange(x.shape[1]), t[k]] -= 1
            else:
                dz = self.y[k] - t[k]
            dz = dz * self.slope(len(x), x.shape[1])
            self.dWy += self.hs[k + 1].T @ dz
            d = (dz @ self.Wy.T + carry) * (1 - self.hs[k + 1] ** 2)
            self.dWx += x[k].T @ d
            self.dWh += self.hs[k].T @ d
            carry = d @ self.Wh.T * (not self.forget)


def same(z: Any) -> Any:
    return z


def named(net: Net, targets: Any) -> list[str]:
    subject = Objects(net, None, X, targets)
    return [str(fit) for fit in fitting(subject, Cases(subject))]


@each(
    "name, out, slope, targets",
    [
        ("the sum of half squares", same, lambda t, b: 1.0, REAL),
        ("the sum of squares", same, lambda t, b: 2.0, REAL),
        ("the mean of half squares", same, lambda t, b: 1 / (t * b * V), REAL),
        ("the mean of squares", same, lambda t, b: 2 / (t * b * V), REAL),
        ("the sum of half squares divided by B", same, lambda t, b: 1 / b, REAL),
        ("the sum of squares divided by T", same, lambda t, b: 2 / t, REAL),
        ("the sum of squares divided by T * B", same, lambda t, b: 2 / (t * b), REAL),
        ("the sum of cross-entropies from probabilities in nats", softmax, lambda t, b: 1.0, ONE_HOT),
        ("the sum of cross-entropies from probabilities in nats", softmax, lambda t, b: 1.0, LABELS),
        ("the sum of cross-entropies from probabilities in bits", softmax, lambda t, b: 1 / math.log(2), ONE_HOT),
        ("the mean of cross-entropies from probabilities in nats", softmax, lambda t, b: 1 / (t * b), LABELS),
        ("the sum of cross-entropies from probabilities divided by B in nats", softmax, lambda t, b: 1 / b, ONE_HOT),
        ("the sum of binary cross-entropies from probabilities in nats", sigmoid, lambda t, b: 1.0, YES_NO),
        (
            "the mean of binary cross-entropies from probabilities in nats",
            sigmoid,
            lambda t, b: 1 / (t * b * V),
            YES_NO,
        ),
    ],
)
def test_a_right_gradient_tells_its_loss(name: str, out: Any, slope: Any, targets: Any) -> None:
    assert named(Net(out, slope), targets) == [f"right for {name}"]


def test_logits_are_told_from_probabilities() -> None:
    class Logits(Net):
        squash: Any = None

        def backward(self, x: Any, t: Any) -> None:
            logits, self.y = self.y, [self.squash(y) for y in self.y]
            super().backward(x, t)
            self.y = logits

    for squash, targets, name in ((softmax, ONE_HOT, "cross-entropies"), (sigmoid, YES_NO, "binary cross-entropies")):
        net = Logits(same, lambda t, b: 1.0)
        net.squash = squash
        assert named(net, targets) == [f"right for the sum of {name} from logits in nats"]


def test_a_fault_over_time_leaves_the_loss_of_the_rest() -> None:
    (told,) = named(Net(same, lambda t, b: 2.0, forget=True), REAL)
    assert told == "right for the sum of squares, but for Wx"  # at T = 2 Wh lacks nothing: its first state is zero


def test_a_gradient_of_no_known_loss_is_none() -> None:
    assert named(Net(same, lambda t, b: 1.7), REAL) == []


def test_the_losses_are_those_of_plain_numpy() -> None:
    logits = rng.normal(size=(T, B, V))
    p, q = softmax(logits), sigmoid(logits)
    picked = -np.log(np.take_along_axis(p, LABELS[..., None], -1))
    both = -np.where(YES_NO > 0, np.log(q), np.log(1 - q))
    sizes = {"T": T, "B": B, "rows": T * B, "size": T * B * V}
    due = {
        "the mean of squares": (logits, REAL, np.mean((logits - REAL) ** 2)),
        "the mean of half squares": (logits, REAL, np.mean((logits - REAL) ** 2) / 2),
        "the sum of cross-entropies from logits in nats": (logits, LABELS, picked.sum()),
        "the mean of cross-entropies from probabilities in bits": (p, LABELS, picked.mean() / np.log(2)),
        "the sum of binary cross-entropies from logits in nats": (logits, YES_NO, both.sum()),
        "the mean of binary cross-entropies from probabilities in nats": (q, YES_NO, both.mean()),
    }
    known = {candidate.name: candidate for candidate in candidates()}
    for name, (outputs, targets, value) in due.items():
        node = known[name].loss(tg.parameter(outputs), targets, sizes)
        np.testing.assert_allclose(node.value, value, rtol=1e-12, err_msg=name)


def test_lists_and_dicts_of_steps_are_stacked() -> None:
    parts = [np.full(2, k) for k in range(3)]
    assert stacked(parts).shape == stacked(dict(enumerate(parts))).shape == (3, 2)


def test_the_report_names_the_loss_that_the_gradients_belong_to() -> None:
    def mean(outputs: Any, targets: Any) -> Any:
        return np.mean((outputs - targets) ** 2)

    net = Net(same, lambda t, b: 1.0)
    report = tg.check.audit(net, loss=mean, inputs=X, targets=REAL, repair=False)
    assert not report.passed
    assert report.notes[0].endswith(
        "another loss than the one that is computed: they are right for the sum of half squares"
    )


def test_where_nobody_names_a_loss_the_one_of_the_gradients_is_taken() -> None:
    for forget in (False, True):
        net = Net(same, lambda t, b: 1 / b, forget)
        report = tg.check.audit(net, inputs=X, targets=REAL, repair=False)
        assert report.loss == "the sum of half squares divided by B"
        assert report.passed is not forget
        assert report.notes[0].startswith("nobody says what the loss is")


class Clipped(Net):
    def backward(self, x: Any, t: Any) -> None:
        super().backward(x, t)
        self.dWx, self.dWh, self.dWy = (np.clip(g, -0.5, 0.5) for g in (self.dWx, self.dWh, self.dWy))


def test_a_clipped_gradient_tells_its_loss_too() -> None:
    assert named(Clipped(same, lambda t, b: 2.0), REAL) == ["right for the sum of squares"]


class Idle(Net):
    """With parameters that nothing depends on, whose gradients belong to any loss, and one of another loss."""

    def __init__(self, out: Any, slope: Any) -> None:
        super().__init__(out, slope)
        self.Ua, self.Ub = np.ones(2), np.ones(3)

    def backward(self, x: Any, t: Any) -> None:
        super().backward(x, t)
        self.dWy *= 2
        self.dUa, self.dUb = np.zeros(2), np.zeros(3)


def test_of_two_losses_the_one_of_most_gradients_is_told() -> None:
    assert named(Idle(same, lambda t, b: 1.0), REAL) == ["right for the sum of half squares, but for Wy"]


class Alone(Net):
    def backward(self, x: Any) -> None:  # type: ignore[override]
        super().backward(x, np.zeros((*np.shape(x)[:2], V)))


def test_without_targets_no_loss_is_known() -> None:
    subject = Objects(Alone(same, lambda t, b: 1.0), lambda outputs: np.sum(outputs**2), X, None)
    assert fitting(subject, Cases(subject)) == []
    report = tg.check.audit(
        Alone(same, lambda t, b: 1.0), loss=lambda outputs: np.sum(outputs**2), inputs=X, repair=False
    )
    assert not report.passed and not any("another loss" in note for note in report.notes)


def test_what_is_right_at_one_step_alone_is_told_with_it() -> None:
    net = Net(same, lambda t, b: 1.0 if t == 1 else 1.7)
    assert named(net, REAL) == ["right for the sum of half squares at T = 1"]
