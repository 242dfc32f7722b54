"""Attributes by paths: what objects hold, gradients beside parameters by name, names of arguments."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.attributes import arrays_in, clone, exchange, get, name_of, objects_in, parts_of, put
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.naming import CLIP, INPUTS, OUTPUTS, RATE, SLOPE, TARGETS, bound, role_of, roles_of
from tinygraph.check.audit.objects import Objects
from tinygraph.check.audit.results import names_gradient

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))


class Dense:
    __slots__ = ("W", "dW", "x")

    def __init__(self, n: int, m: int) -> None:
        self.W, self.dW = rng.normal(size=(n, m)), np.zeros((n, m))

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.tanh(x @ self.W)

    def backward(self, y: Any, dy: Any) -> Any:
        dz = dy * (1 - y**2)
        self.dW = self.x.T @ dz
        return dz @ self.W.T


class Deep:
    """Layers in a list; biases in a list beside a list of their gradients; a module, a generator, a bound method."""

    def __init__(self) -> None:
        self.layers = [Dense(3, 5), Dense(5, 2)]
        self.b, self.db = [rng.normal(size=(1, 3))], [np.zeros((1, 3))]
        self.sys, self.rng, self.act = sys, np.random.default_rng(0), self.shift
        self.itself = self

    def shift(self, x: Any) -> Any:
        return x + self.b[0]

    def forward(self, x: Any) -> Any:
        self.h = self.layers[0].forward(self.act(x))
        self.y = self.layers[1].forward(self.h)
        return self.y

    def backward(self, dout: Any) -> None:
        dx = self.layers[0].backward(self.h, self.layers[1].backward(self.y, dout))
        self.db[0] = dx.sum(axis=0, keepdims=True)


def square(y: Any, t: Any) -> Any:
    return np.sum((y - t) ** 2)


def test_layers_in_lists_have_paths_and_right_gradients() -> None:
    subject = Objects(Deep(), square, X, Y)
    assert [*subject.parameters] == ["layers.0.W", "layers.1.W", "b.0"]
    case = Cases(subject).case(None)
    (W, V, b), x, t = case.parameters.values(), case.arguments["inputs"], case.arguments["targets"]
    hand = subject.gradients(case)
    for name, array in (("layers.0.W", W), ("layers.1.W", V), ("b.0", b)):
        place, step = (0, 1), 1e-6
        ends = []
        for sign in (1, -1):
            array[place] += sign * step
            ends.append(np.sum((np.tanh(np.tanh((x + b) @ W) @ V) - t) ** 2))
            array[place] -= sign * step
        own = hand[name]
        assert own is not None and own[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)
    assert tg.check.audit(Deep(), loss=square, inputs=X, targets=Y).passed


def test_a_path_leads_through_all_that_holds_arrays() -> None:
    thing = Deep()
    thing.h = {"a": (np.ones(2), np.zeros(3)), -1: [np.ones(1)]}
    names = [name_of(path) for path in arrays_in(thing)]
    assert {"layers.0.W", "layers.1.dW", "b.0", "h['a'].1", "h.-1.0"} <= {*names}
    assert len(names) == len({*names})
    path = next(path for path in arrays_in(thing) if name_of(path) == "h['a'].1")
    put(thing, path, np.full(3, 7.0))
    assert get(thing, path)[0] == 7 and get(thing, (*path, ("item", "nowhere"))) is None


def test_arrays_are_looked_for_eight_levels_deep() -> None:
    def nest(x: Any, levels: int) -> Any:
        return x if levels == 0 else {"a": nest(x, levels - 1)}

    array = np.ones(2)
    for levels, there in ((1, True), (8, True), (9, False)):
        assert [len(p) for p in arrays_in(nest(array, levels))] == [levels] * there
        assert any(x is array for x in [*arrays_in([nest(array, levels - 1)]).values()]) is there
        inner = Dense(2, 2)
        assert any(x is inner for x in objects_in(nest(inner, levels))) is there
        changed = nest(array, levels)
        exchange(changed, {id(array): array * 3})
        assert get(changed, (("item", "a"),) * levels).tolist() == ([3, 3] if there else [1, 1])
    assert arrays_in(array) == {} and arrays_in([np.arange(3), array]) == {(("item", 1),): array}


def test_a_clone_is_apart_and_keeps_what_cannot_be_copied() -> None:
    thing = Deep()
    twin = clone(thing)
    assert twin.sys is sys and twin.layers[0] is not thing.layers[0]
    exchange(twin, {id(twin.b[0]): np.full((1, 3), 9.0)})
    assert twin.b[0][0, 0] == 9 != thing.b[0][0, 0]
    assert twin.act(np.zeros(3))[0, 0] == 9


@each(
    "name, role",
    {
        "X": INPUTS,
        "input_seq": INPUTS,
        "y_true": TARGETS,
        "t": TARGETS,
        "T": None,
        "y_hat": OUTPUTS,
        "d_out": SLOPE,
        "learning_rate": RATE,
        "max_norm": CLIP,
        "wave": None,
    }.items(),
)
def test_a_name_has_a_role(name: str, role: str | None) -> None:
    assert role_of(name) == role


def test_y_beside_t_is_what_came_out() -> None:
    assert roles_of(["y", "t"]) == {"y": OUTPUTS, "t": TARGETS}
    assert roles_of(["x", "y"]) == {"x": INPUTS, "y": TARGETS}


def test_unknown_names_take_what_is_left_in_order() -> None:
    supply = {INPUTS: lambda: "x", TARGETS: lambda: "t", RATE: lambda: 1.0}
    assert bound("f", lambda first, second, lr=0.1: 0, supply, {}, (INPUTS, TARGETS)) == {
        "first": "x",
        "second": "t",
        "lr": 1.0,
    }
    assert bound("f", lambda hs, x: 0, supply, {"hs": 5}, (INPUTS, TARGETS)) == {"hs": 5, "x": "x"}
    with pytest.raises(tg.GraphError, match="f takes a, b, c"):
        bound("f", lambda a, b, c: 0, supply, {}, (INPUTS, TARGETS))


@each(
    "told, name, yes",
    [
        *[("dW_xh", "Wxh", True), ("grad_W", "W", True), ("W_grad", "W", True), ("gradW", "W", True), ("W", "W", True)],
        *[("self.dWg", "Wg", True), ("dU", "Ug", False), ("mW", "W", False), ("delta_W", "W", True)],
        ("gb_h", "b_h", True),
    ],
)
def test_the_gradient_of_a_name(told: str, name: str, yes: bool) -> None:
    assert names_gradient(told, name) is yes


class One:
    __slots__ = "weights"


class More(One):
    __slots__ = ("__dict__", "__weakref__", "b")


def test_slots_are_attributes_one_alone_too() -> None:
    own = More()
    own.weights, own.b, own.free = np.ones(2), np.zeros(3), 5
    assert [name for (_, name), _ in parts_of(own)] == ["free", "b", "weights"]
    assert [name_of(path) for path in arrays_in(own)] == ["b", "weights"]
