"""Objects as subjects: parameters and gradients are found however a class keeps them, and the object never changes."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.objects import Objects

T, I, H, O = 4, 3, 5, 2  # noqa: E741
rng = np.random.default_rng(8)
X, Y = rng.normal(size=(T, I)), rng.normal(size=(T, O))


def square(outputs: Any, targets: Any) -> Any:
    return np.sum((outputs - targets) ** 2)


def weights() -> dict[str, np.ndarray]:
    shapes = {"Wx": (I, H), "Wh": (H, H), "Wy": (H, O), "b": (H,)}
    return {name: np.random.default_rng(k).normal(size=shape) * 0.5 for k, (name, shape) in enumerate(shapes.items())}


def forward_of(p: dict[str, Any], x: Any, h: Any) -> tuple[Any, Any]:
    hs = [h]
    for row in x:
        hs.append(np.tanh(row @ p["Wx"] + hs[-1] @ p["Wh"] + p["b"]))
    return np.array([h @ p["Wy"] for h in hs[1:]]), hs


def backward_of(p: dict[str, Any], x: Any, hs: Any, dy: Any, g: dict[str, Any]) -> dict[str, Any]:
    """Adds to the arrays of ``g``."""
    carry = np.zeros(H)
    for t in reversed(range(len(x))):
        g["Wy"] += np.outer(hs[t + 1], dy[t])
        d = (dy[t] @ p["Wy"].T + carry) * (1 - hs[t + 1] ** 2)
        g["Wx"] += np.outer(x[t], d)
        g["Wh"] += np.outer(hs[t], d)
        g["b"] += d
        carry = d @ p["Wh"].T
    return g


def zeros(p: dict[str, Any]) -> dict[str, Any]:
    return {name: np.zeros_like(x) for name, x in p.items()}


class InDicts:
    """params and grads; backward takes the gradient of the outputs, and adds to what there is."""

    def __init__(self) -> None:
        self.params = weights()
        self.grads = {name: np.ones_like(x) for name, x in self.params.items()}
        self.h = np.full(H, 0.3)

    def forward(self, x: Any) -> Any:
        self.x = x
        y, self.hs = forward_of(self.params, x, self.h)
        return y

    def backward(self, dout: Any) -> None:
        backward_of(self.params, self.x, self.hs, dout, self.grads)


class Weight:
    def __init__(self, data: np.ndarray) -> None:
        self.data, self.grad = data, np.zeros_like(data)


class InWeights:
    """Each weight is an object with data and grad."""

    def __init__(self) -> None:
        for name, x in weights().items():
            setattr(self, name, Weight(x))

    def _all(self, what: str) -> dict[str, Any]:
        return {name: getattr(getattr(self, name), what) for name in weights()}

    def forward(self, inputs: Any) -> Any:
        y, hs = forward_of(self._all("data"), inputs, np.zeros(H))
        return y, hs

    def backward(self, inputs: Any, hs: Any, y: Any, t: Any) -> None:
        backward_of(self._all("data"), inputs, hs, 2 * (y - t), self._all("grad"))


class Updating:
    """backward updates: how, a method says."""

    def __init__(self, lr: float = 0.05) -> None:
        self.lr, self.seen = lr, np.zeros(H)
        vars(self).update(weights())

    def _p(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in weights()}

    def forward(self, x: Any) -> Any:
        y, self.hs = forward_of(self._p(), x, np.zeros(H))
        return y

    def backward(self, x: Any, y: Any, outputs: Any) -> None:
        g = backward_of(self._p(), x, self.hs, 2 * (outputs - y), zeros(self._p()))
        for name, dW in g.items():
            self.update(name, dW)

    def update(self, name: str, dW: Any) -> None:
        setattr(self, name, getattr(self, name) - self.lr * dW)


class AddsNegative(Updating):
    def update(self, name: str, dW: Any) -> None:
        w = getattr(self, name)
        w += -self.lr * dW


class LiteralRate(Updating):
    def __init__(self) -> None:
        super().__init__()
        del self.lr

    def update(self, name: str, dW: Any) -> None:
        w = getattr(self, name)
        w -= 0.01 * dW


class Ascends(Updating):
    def update(self, name: str, dW: Any) -> None:
        w = getattr(self, name)
        w += self.lr * dW


class Both:
    """One method for both passes, which returns the loss before a dict of gradients."""

    def __init__(self) -> None:
        self.W = weights()

    def loss_and_gradients(self, x: Any, y: Any) -> Any:
        out, hs = forward_of(self.W, x, np.zeros(H))
        return np.sum((out - y) ** 2), backward_of(self.W, x, hs, 2 * (out - y), zeros(self.W))


def errors(subject: Objects, scale: float = 1.0) -> dict[str, float]:
    """Against NumPy's own run of the functions above, at T = 3, and on nodes against arrays."""
    case = Cases(subject).case(3)
    hand, outcome = subject.gradients(case), subject.on_nodes(case)
    p = {tail(name): x for name, x in case.parameters.items()}
    start = np.full(H, 0.3) if isinstance(subject._model, InDicts) else np.zeros(H)
    y, hs = forward_of(p, case.arguments["inputs"], start)
    due = backward_of(p, case.arguments["inputs"], hs, 2 * (y - case.arguments["targets"]), zeros(p))
    nodes = {name: g.value for name, g in outcome.gradients.items()}
    right = dict(zip(outcome.leaves, tg.grad(outcome.loss, [*outcome.leaves.values()]), strict=True))
    return {
        name: max(
            float(np.abs(np.asarray(x) * scale - due[tail(name)]).max())
            for x in (g, nodes[name], right[name].value / scale)
        )
        for name, g in hand.items()
    }


def tail(name: str) -> str:
    return next(w for w in weights() if w in name.replace("['", ".").replace("']", "").split("."))


@each(
    "model, names",
    [
        (InDicts(), "params['Wx'] params['Wh'] params['Wy'] params['b']"),
        (InWeights(), "Wx.data Wh.data Wy.data b.data"),
        (Updating(), "Wx Wh Wy b"),
        (AddsNegative(), "Wx Wh Wy b"),
        (LiteralRate(), "Wx Wh Wy b"),
        (Both(), "W['Wx'] W['Wh'] W['Wy'] W['b']"),
    ],
)
def test_the_gradients_of_any_class_are_those_of_numpy(model: Any, names: str) -> None:
    loss = None if isinstance(model, Both) else square
    before = copy.deepcopy(vars(model))
    subject = Objects(model, loss, X, Y)
    assert [*subject.parameters] == names.split()
    assert max(errors(subject).values()) < 1e-12
    assert str(vars(model)) == str(before) or isinstance(model, InWeights)
    assert subject.unlearned == (("h",) if isinstance(model, InDicts) else ())


def test_an_update_upwards_is_a_wrong_sign() -> None:
    assert max(errors(Objects(Ascends(), square, X, Y), scale=-1.0).values()) < 1e-12


def test_a_number_in_the_code_is_a_rate_only_where_there_is_no_other() -> None:
    model = LiteralRate()
    assert Objects(model, square, X, Y).rate == pytest.approx(0.01)
    model.lr = 0.1
    assert Objects(model, square, X, Y).rate == 1
    del model.lr
    told = Objects(model, square, X, Y, backward=lambda model, x, y, outputs, lr: model.backward(x, y, outputs))
    assert told.rate == 1


def test_the_gradient_of_an_update_is_the_node_that_was_subtracted() -> None:
    for model in (Updating(), AddsNegative()):
        subject = Objects(model, square, X, Y)
        gradients = subject.on_nodes(Cases(subject).case(2)).gradients
        assert {g.op.name for g in gradients.values()} & {"subtract", "multiply"} == set()


def test_a_weight_without_a_gradient_is_named_and_a_table_is_none() -> None:
    class Forgets(Updating):
        def __init__(self) -> None:
            super().__init__()
            self.h0 = np.full(H, 0.1)

        def forward(self, x: Any) -> Any:
            y, self.hs = forward_of(self._p(), x, self.h0)
            return y

        def update(self, name: str, dW: Any) -> None:
            if name != "Wh":
                super().update(name, dW)

    subject = Objects(Forgets(), square, X, Y)
    assert [*subject.parameters] == ["Wx", "Wh", "Wy", "b"]
    assert subject.unlearned == ("h0",)
    assert subject.gradients(Cases(subject).case(2))["Wh"] is None


def test_arguments_that_nobody_knows_are_named() -> None:
    class Strange(InDicts):
        def backward(self, wave: Any) -> None:
            super().backward(wave)

    with pytest.raises(tg.GraphError, match=r"Strange\.backward takes wave[\s\S]*backward=lambda"):
        Objects(Strange(), square, X, Y)
    own = lambda model, x, y: model.backward(2 * (model.forward(x) - y))  # noqa: E731
    assert max(errors(Objects(Strange(), square, X, Y, backward=own)).values()) < 1e-12


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(tg.GraphError, match="no method of the name backward"):
        Objects(Weight(np.ones(2)), square, X, Y)

    class Idle(Updating):
        def update(self, name: str, dW: Any) -> None:
            self.seen = dW

    with pytest.raises(tg.GraphError, match="makes no gradient"):
        Objects(Idle(), square, X, Y)


def test_every_method_and_what_it_calls_is_followed_the_backward_pass_first() -> None:
    names = [f.__qualname__ for f in Objects(AddsNegative(), square, X, Y).functions]
    assert names[0] == "Updating.backward"
    assert {"AddsNegative.update", "backward_of", "forward_of", "square"} <= {*names}


def test_calling_twice_tells_of_sums_that_nobody_sets_to_zero() -> None:
    subject = Objects(InDicts(), square, X, Y)
    case = Cases(subject).case(2)
    first, second = subject.again(case)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    first, second = subject.again(case, whole=True)
    assert all(np.allclose(second[name], 2 * first[name]) for name in first)


class TellsLoss(InDicts):
    """Its forward pass takes the targets and returns the loss."""

    def forward(self, x: Any, y: Any) -> Any:
        out = super().forward(x)
        self.dout = 2 * (out - y)
        return np.sum((out - y) ** 2)

    def backward(self) -> None:
        super().backward(self.dout)


def test_the_loss_is_apart_where_a_forward_pass_gives_outputs() -> None:
    assert Objects(InDicts(), square, X, Y).apart
    own = Objects(TellsLoss(), None, X, Y)
    assert not own.apart and max(errors_of_loss(own)) < 1e-12


def errors_of_loss(subject: Objects) -> list[float]:
    """The gradients beside those of the graph of the same loss."""
    case = Cases(subject).case(3)
    hand, outcome = subject.gradients(case), subject.on_nodes(case)
    right = dict(zip(outcome.leaves, tg.grad(outcome.loss, [*outcome.leaves.values()]), strict=True))
    return [float(np.abs(g - right[name].value).max()) for name, g in hand.items()]
