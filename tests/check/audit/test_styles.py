"""Styles of passes, right and with one fault: lists of parameters, dicts of gradients, steps in the object, lambdas."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

rng = np.random.default_rng(3)
T, B, I, H = 4, 3, 2, 5  # noqa: E741
XS, TS = rng.normal(size=(T, B, I)), rng.normal(size=(T, B, H))
WEIGHTS = [rng.normal(size=(I, H)), rng.normal(size=(H, H)), np.zeros(H)]


def forward(params: Any, xs: Any, ts: Any) -> Any:
    Wx, Wh, b = params
    h = np.zeros((xs.shape[1], Wh.shape[0]))
    hs, loss = [h], 0.0
    for x, t in zip(xs, ts, strict=True):
        h = np.tanh(x @ Wx + h @ Wh + b)
        hs.append(h)
        loss = loss + np.sum((h - t) ** 2)
    return loss, hs


def backward(params: Any, xs: Any, ts: Any, hs: Any) -> Any:
    Wh = params[1]
    grads = [np.zeros_like(p) for p in params]
    dh = np.zeros_like(hs[0])
    for t in range(len(xs) - 1, -1, -1):
        dh = dh + 2 * (hs[t + 1] - ts[t])
        dz = dh * (1 - hs[t + 1] ** 2)
        grads[0] += xs[t].T @ dz
        grads[1] += hs[t].T @ dz
        grads[2] += dz.sum(0)
        dh = dz @ Wh.T
    return grads


def backward_of_the_wrong_state(params: Any, xs: Any, ts: Any, hs: Any) -> Any:
    Wh = params[1]
    grads = [np.zeros_like(p) for p in params]
    dh = np.zeros_like(hs[0])
    for t in range(len(xs) - 1, -1, -1):
        dh = dh + 2 * (hs[t + 1] - ts[t])
        dz = dh * (1 - hs[t + 1] ** 2)
        grads[0] += xs[t].T @ dz
        grads[1] += hs[t + 1].T @ dz  # wrong
        grads[2] += dz.sum(0)
        dh = dz @ Wh.T
    return grads


def audit_list(backward: Any, parameters: Any) -> Any:
    return tg.check.audit(backward, forward, parameters, {"xs": XS, "ts": TS}, repair=False)


@each("parameters", [WEIGHTS, tuple(WEIGHTS), {"params": WEIGHTS}])
def test_parameters_may_be_a_list_that_is_one_argument(parameters: Any) -> None:
    assert audit_list(backward, parameters).passed
    report = audit_list(backward_of_the_wrong_state, parameters)
    assert report.wrong == (("params" if isinstance(parameters, dict) else "parameters") + "[1]",)
    assert report.findings[0].source.endswith("# wrong")


def test_a_dict_of_dicts_gives_gradients_by_the_inner_names() -> None:
    def loss(p: Any, x: Any) -> Any:
        return np.sum(np.tanh(x @ p["in"]["W"] + p["in"]["b"]) @ p["out"]["V"])

    def back(p: Any, x: Any) -> Any:
        h = np.tanh(x @ p["in"]["W"] + p["in"]["b"])
        dz = p["out"]["V"].sum(1) * (1 - h**2)
        return {"V": np.outer(h.sum(0), np.ones(p["out"]["V"].shape[1])), "b": dz.sum(0), "W": x.T @ dz}

    weights = {"in": {"W": np.ones((3, 2)), "b": np.ones(2)}, "out": {"V": np.ones((2, 2))}}
    report = tg.check.audit(back, loss, {"p": weights}, {"x": rng.normal(size=(4, 3))}, repair=False)
    assert report.passed, report
    assert {row.parameter for row in report.rows} == {"W", "b", "V"}


class Fixed:
    """The number of steps stands in the object, and so do the states of one more step than there are."""

    def __init__(self) -> None:
        own = np.random.default_rng(1)
        self.T = T
        self.U, self.W = own.normal(size=(H, I)), own.normal(size=(H, H))

    def forward(self, x: Any) -> Any:
        self.h = np.zeros((self.T + 1, H))
        for t in range(self.T):
            self.h[t] = np.tanh(self.U @ x[t] + self.W @ self.h[t - 1])
        return self.h[:-1]

    def backward(self, x: Any, y: Any) -> Any:
        dU, dW, carry = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros(H)
        for t in reversed(range(self.T)):
            dz = (self.h[t] - y[t] + carry) * self.slope(self.h[t])
            dU += np.outer(dz, x[t])
            dW += np.outer(dz, self.h[t - 1])
            carry = self.W.T @ dz
        return dU, dW

    def slope(self, h: Any) -> Any:
        return 1 - h**2


class FixedWrong(Fixed):
    def slope(self, h: Any) -> Any:
        return 1 - h


def half(outputs: Any, targets: Any) -> Any:
    return 0.5 * np.sum((outputs - targets) ** 2)


def test_the_number_of_steps_may_stand_in_the_object() -> None:
    keywords: dict[str, Any] = {"loss": half, "inputs": XS[:, 0], "targets": TS[:, 0], "repair": False}
    report = tg.check.audit(Fixed(), **keywords)
    assert report.passed
    assert {row.steps for row in report.rows} == {1, 2, 4}
    assert set(tg.check.audit(FixedWrong(), **keywords).wrong) == {"U", "W"}


def step(U: Any, W: Any, V: Any, xs: Any, labels: Any, last: Any = None) -> Any:
    """Labels may be floats or a list, and the gradients come as a dict."""
    hs, ps, loss = {-1: np.zeros(W.shape[0])}, {}, 0.0
    for t in range(len(xs)):
        hs[t] = np.tanh(U @ xs[t] + W @ hs[t - 1])
        e = np.exp(V @ hs[t])
        ps[t] = e / e.sum()
        loss -= np.log(ps[t][int(labels[t])])
    grads, carry = {"V": np.zeros_like(V), "W": np.zeros_like(W), "U": np.zeros_like(U)}, np.zeros(W.shape[0])
    for t in range(len(xs))[::-1]:
        dy = ps[t].copy()
        dy[int(labels[t])] -= 1
        grads["V"] += np.outer(dy, hs[t])
        dz = (V.T @ dy + carry) * (1 - hs[t] ** 2)
        grads["U"] += np.outer(dz, xs[t])
        grads["W"] += np.outer(dz, hs[t - 1])
        carry = W.T @ (dz if last is None else V.T @ dy)  # wrong with ``last``
    return loss, grads


CLASSES = {"U": rng.normal(size=(H, I)), "W": rng.normal(size=(H, H)), "V": rng.normal(size=(3, H))}


@each("labels", [[0, 1, 2, 1], [0.0, 1.0, 2.0, 1.0], np.array([0.0, 1.0, 2.0, 1.0]), np.array([0.0, 1.0, 0.0, 1.0])])
@each("n", [1, T])
def test_labels_may_be_floats_and_steps_one(labels: Any, n: int) -> None:
    arguments = {"xs": XS[:n, 0], "labels": labels[:n]}
    assert tg.check.audit(step, parameters=CLASSES, arguments=arguments).passed
    wrong = tg.check.audit(step, parameters=CLASSES, arguments={**arguments, "last": 1}, repair=False)
    assert set(wrong.wrong) == {"U", "W"}


def loss_of(w: Any, b: Any, x: Any) -> Any:
    return np.sum(np.tanh(x @ w + b))


def back_of(w: Any, b: Any, x: Any) -> Any:
    dz = 1 - np.tanh(x @ w + b) ** 2
    return x.T @ dz, dz.sum(0)


def back_of_the_wrong(w: Any, b: Any, x: Any) -> Any:
    dz = 1 - np.tanh(x @ w + b)
    return x.T @ dz, dz.sum(0)


X = rng.normal(size=(5, 3))


@each(
    "wrapped",
    [
        lambda f: functools.partial(f, x=X),
        lambda f: lambda w, b: f(w, b, X),
        lambda f: functools.wraps(f)(lambda *a, **k: f(*a, **k)),
    ],
)
def test_lambdas_partials_and_wrapped_functions(wrapped: Callable[..., Any]) -> None:
    weights: dict[str, Any] = {"w": [[0.5, 1.0]] * 3, "b": np.array([1, 2])}
    right = tg.check.audit(wrapped(back_of), wrapped(loss_of), weights, {"x": X}, repair=False)
    assert right.passed, right
    wrong = tg.check.audit(wrapped(back_of_the_wrong), wrapped(loss_of), weights, {"x": X}, repair=False)
    assert set(wrong.wrong) == {"w", "b"}
    assert "1 - np.tanh(x @ w + b)" in str(wrong.findings[0])


@each("dtype", [np.float16, np.float32, np.int64])
def test_weights_of_any_real_dtype(dtype: Any) -> None:
    weights = {"w": np.ones((3, 2), dtype), "b": np.ones(2, dtype)}
    assert tg.check.audit(back_of, loss_of, weights, {"x": X}).passed
    assert not tg.check.audit(back_of_the_wrong, loss_of, weights, {"x": X}, repair=False).passed


def test_closures_with_nonlocal_names_keywords_and_lists_of_numbers() -> None:
    count = 0

    def counting(w: Any, b: Any, x: Any) -> Any:
        nonlocal count
        count += 1
        return back_of(w, b, x)

    def by_keywords(**values: Any) -> Any:
        return back_of(**values)

    def in_lists(w: Any, b: Any, x: Any) -> Any:
        dw, db = back_of(w, b, x)
        return dw.tolist(), db

    weights = {"w": np.ones((3, 2)), "b": np.ones(2)}
    for function in (counting, by_keywords, in_lists):
        report = tg.check.audit(function, loss_of, weights, {"x": X})
        assert report.passed, report
    assert count == 0


class Linear:
    """A layer that calls what comes from above ``d``."""

    def __init__(self, i: int, o: int) -> None:
        self.W, self.gW = np.full((i, o), 0.2), np.zeros((i, o))

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.W

    def backward(self, d: Any) -> Any:
        self.gW = self.x.T @ d
        return d @ self.W.T


class Stacked:
    """Layers on top of each other."""

    def __init__(self) -> None:
        self.layers = (Linear(I, H), Linear(H, 2))

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d: Any) -> Any:
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return d


@dataclass(frozen=True)
class Frozen:
    """Nothing of it can be set."""

    W: Any

    def forward(self, x: Any) -> Any:
        return np.tanh(x @ self.W)

    def backward(self, x: Any, dout: Any) -> Any:
        return x.T @ (dout * (1 - np.tanh(x @ self.W) ** 2))


@each("model", [Stacked(), Linear(I, 2), Frozen(np.full((I, 2), 0.2))])
def test_layers_and_frozen_objects(model: Any) -> None:
    report = tg.check.audit(model, loss=half, inputs=XS[:, 0], targets=TS[:, 0, :2])
    assert report.passed, report
