"""Methods by their names, arguments by their roles, what a pass returns and gets, and numbers set on an object."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import objects, passing, state_checks
from tinygraph.check.audit.methods import functions_of, loss_method, method_of, names_in
from tinygraph.check.audit.naming import (
    CLIP,
    INPUTS,
    OUTPUTS,
    RATE,
    SLOPE,
    TARGETS,
    arguments_of,
    bound,
    called,
    roles_of,
)
from tinygraph.check.audit.passing import OFF, PassedNumbers
from tinygraph.check.audit.sources import _score, is_alike, paired


def path(*names: Any) -> Any:
    return tuple(("item" if isinstance(n, int) else "attribute", n) for n in names)


@each(
    "first, other, score",
    [
        (path("W"), path("dW"), 2),
        (path("W"), path("grads", "W"), 2),
        (path("params", "W"), path("grads", "dW"), 2),
        (path("layers", 0, "W"), path("layers", 0, "dW"), 2),
        (path("layers", 0, "W"), path("layers", 1, "dW"), 1),
        (path("layers", 0, "W"), path("grads", "dW"), 1),
        (path("W", "data"), path("W", "grad"), 2),
        (path("W"), path("W"), 0),
        (path("W"), path("dU"), 0),
        (path("b", 0), path("db", 0), 2),
        (path("b", 0), path("db", 1), 0),
        (path("W"), path("layers", "W"), 0),
        (path("params", "weights"), path("params", "dW"), 0),
        (path("W"), path("grads", "d"), 0),
    ],
)
def test_how_well_a_name_is_that_of_a_gradient(first: Any, other: Any, score: int) -> None:
    assert _score(first, other) == score


def test_parameters_are_paired_with_gradients_of_their_shape_first() -> None:
    w, b = np.ones((2, 3)), np.ones(3)
    arrays = {path("W"): w, path("dW"): w, path("old", "dW"): b, path("b"): b, path("db"): b, path("h"): b}
    assert paired(arrays) == {path("W"): path("dW"), path("b"): path("db")}
    assert paired({path("W"): w, path("gW"): b, path("grads", "W"): w}) == {path("W"): path("grads", "W")}
    assert (
        paired({path("W"): w, path("dW"): b}) == {path("W"): path("dW")} and paired({path("h"): b, path("c"): b}) == {}
    )
    assert paired({path("a", "W"): w, path("b", "dW"): b}) == {}
    assert paired({path("a", "W"): w, path("b", "dW"): w}) == {path("a", "W"): path("b", "dW")}
    assert is_alike(path("Whh"), [path("Wxh")]) and not is_alike(path("h0"), [path("Wxh"), path("b")])


class Net:
    def __init__(self) -> None:
        self.act = np.tanh
        self.helper = helper

    def run(self, x: Any) -> Any:
        return self.squash(x)

    @staticmethod
    def squash(x: Any) -> Any:
        return Inner().go(x)

    @property
    def size(self) -> int:
        return 3

    def bptt(self, x: Any) -> Any:
        return x

    def step(self, x: Any) -> Any:
        return x


class Inner:
    def go(self, x: Any) -> Any:
        return helper(x)


class Loss(Net):
    def compute_loss(self, y: Any, t: Any) -> Any:
        return np.sum(y - t)


def helper(x: Any) -> Any:
    def within() -> Any:
        return other(x)

    return within()


def other(x: Any) -> Any:
    return x


def test_passes_are_the_methods_of_known_names_the_likeliest_first() -> None:
    net = Net()
    assert (method_of(net, "forward", None).name, method_of(net, "backward", None).name) == ("run", "bptt")
    told = method_of(net, "backward", lambda model, x: x)
    assert told.name == "" and told.function.__name__ == "<lambda>"
    assert loss_method(net) is None
    own = loss_method(Loss())
    assert own is not None and own.name == "compute_loss"
    with pytest.raises(
        tg.GraphError,
        match=r"Inner has no method of the name backward(?s:.*)one of backward,(?s:.*)go(?s:.*)backward=lambda",
    ):
        method_of(Inner(), "backward", None)
    with pytest.raises(tg.GraphError, match="no methods"):
        method_of(SimpleNamespace(), "forward", None)


def test_functions_to_follow_are_the_methods_and_what_they_call_in_their_file() -> None:
    names = [f.__name__ for f in functions_of(Net(), method_of(Net(), "backward", None), None)]
    assert names[0] == "bptt" and len(names) == len({*names})
    assert {"run", "squash", "size", "step", "go", "helper", "other", "__init__"} <= {*names}
    assert not {"tanh", "sum"} & {*names} and {"other"} <= {*names_in(helper.__code__)}
    assert [f.__name__ for f in functions_of(None, other, helper)] == ["other", "helper"]


@each(
    "names, due",
    [
        (["x", "y"], {"x": INPUTS, "y": TARGETS}),
        (["y", "t"], {"y": OUTPUTS, "t": TARGETS}),
        (["ys", "labels"], {"ys": OUTPUTS, "labels": TARGETS}),
        (["labels", "targets"], {"labels": OUTPUTS, "targets": TARGETS}),
        (["d"], {"d": SLOPE}),
        (["x", "d"], {"x": INPUTS, "d": TARGETS}),
        (["y_hat", "lr", "maxNorm", "wave"], {"y_hat": OUTPUTS, "lr": RATE, "maxNorm": CLIP, "wave": None}),
    ],
)
def test_roles_of_arguments_that_stand_beside_each_other(names: list[str], due: dict[str, Any]) -> None:
    assert roles_of(names) == due


SUPPLY: Any = {INPUTS: lambda: "x", TARGETS: lambda: "t", RATE: lambda: 1.0, CLIP: lambda: 9.0}
BOTH = (INPUTS, TARGETS)


@each(
    "function, kept, skip, all_of_it, due",
    [
        (lambda x, y: 0, {}, 0, False, {"x": "x", "y": "t"}),
        (lambda model, x, y: 0, {}, 1, False, {"x": "x", "y": "t"}),
        (lambda one: 0, {}, 0, False, {"one": "x"}),
        (lambda x, one: 0, {}, 0, True, {"x": "x", "one": "t"}),
        (lambda x, lr=0.1, k=3: 0, {}, 0, False, {"x": "x", "lr": 1.0}),
        (lambda x, clip=None, lr=True: 0, {}, 0, False, {"x": "x"}),
        (lambda x, max_norm=5.0: 0, {}, 0, False, {"x": "x", "max_norm": 9.0}),
        (lambda hs, y: 0, {"hs": 1, "y": 2}, 0, False, {"hs": 1, "y": "t"}),
        (lambda: 0, {}, 0, False, {}),
    ],
)
def test_arguments_get_what_their_names_mean(function: Any, kept: Any, skip: int, all_of_it: bool, due: Any) -> None:
    assert bound("f", function, SUPPLY, kept, BOTH, skip, all_of_it) == due


@each(
    "function, words",
    [
        (lambda one: 0, r"f takes one, of which(?s:.*)f\(one\)"),
        (lambda x, h0: 0, r"f takes h0(?s:.*)f\(x, h0\)(?s:.*)model.forward\(inputs, h0\)"),
        (lambda y_hat: 0, "f takes y_hat"),
    ],
)
def test_an_argument_that_nobody_knows_is_asked_for(function: Any, words: str) -> None:
    with pytest.raises(tg.GraphError, match=words):
        bound(
            "f",
            function,
            {k: v for k, v in SUPPLY.items() if "h0" in words or k},
            {},
            BOTH if "h0" in words else (),
            0,
            True,
        )


def test_arguments_without_names_of_their_own() -> None:
    def positional(model: Any, a: Any, /, b: Any, *, c: Any) -> Any:
        return model, a, b, c

    assert called(positional, {"a": 1, "b": 2, "c": 3}, ("m",)) == ("m", 1, 2, 3)
    assert [*arguments_of(positional, 1)] == ["a", "b", "c"] and [*arguments_of(lambda x, *r, **k: 0)] == ["x"]


@each(
    "result, kept, due",
    [
        (3, {}, 3),
        ((), {}, ()),
        ((1, 2), {"h": 1, "y_hat": 2}, 2),
        ((1, 2), {"h": 1, "self.y": 2}, 2),
        ((1, 2), {"loss": 1, "h": 2}, 2),
        ((1, 2), {}, 1),
        ((1, 2), {"y": 1, "probs": 2}, 2),
    ],
)
def test_of_several_results_the_outputs_are_picked(result: Any, kept: dict[str, Any], due: Any) -> None:
    assert passing._outputs(result, kept) == due


class Numbers:
    def __init__(self) -> None:
        self.lr, self.clip_norm, self.T, self.n, self.seq_len, self.name = 0.1, 5.0, 4, 4, 3, "lr"
        self.options = {"learning_rate": 0.5, "max_norm": 1, 0: 0.3}
        self.flag = True


def test_rates_limits_and_lengths_are_set_on_an_object() -> None:
    one = Numbers()
    objects._set_numbers(one, (4, 2), PassedNumbers(1.0, OFF))
    assert (one.lr, one.clip_norm, one.T, one.n, one.seq_len, one.name, one.flag) == (1.0, OFF, 2, 4, 3, "lr", True)
    assert one.options == {"learning_rate": 1.0, "max_norm": OFF, 0: 0.3}
    same = Numbers()
    objects._set_numbers(same, None, PassedNumbers(2.0, 3.0))
    assert (same.lr, same.clip_norm, same.T) == (2.0, 3.0, 4)
    assert objects._has_rate(one) and not objects._has_rate(SimpleNamespace(W=1))


@each(
    "before, now, due",
    [
        ([1, 2, 3], [1], (3, 1)),
        (np.ones((4, 3)), np.ones((2, 3)), (4, 2)),
        (np.ones((3, 4)), np.ones((3, 2)), (4, 2)),
        (np.ones((3, 4)), np.ones((3, 4)), None),
        (None, None, None),
        ((1,), (1, 2), (1, 2)),
    ],
)
def test_the_length_that_changed(before: Any, now: Any, due: Any) -> None:
    assert objects._lengths(before, now) == due


def test_targets_are_enlarged_and_steps_of_two_cases_mixed() -> None:
    x, y, hot = np.array([1.0, 2.0]), np.array([0.5, 2.0]), np.array([0.0, 1.0])
    large = state_checks._enlarged({"x": x, "y": y})
    assert large["x"] is x and large["y"].tolist() == [500.0, 2000.0]
    listed = state_checks._enlarged({"targets": [y, (y,)]})["targets"]
    assert listed[0].tolist() == listed[1][0].tolist() == [500.0, 2000.0] and isinstance(listed[1], tuple)
    for same in ({"x": x, "z": y}, (x, y), None):
        assert state_checks._enlarged(same) is same
    assert state_checks._enlarged({"y": hot})["y"] is hot
    labels = np.array([3, 4])
    assert state_checks._enlarged({"labels": labels})["labels"] is labels
    cases: Any = SimpleNamespace(places={("x",): 1, ("y",): 0, ("deep", 0): 0})
    a = {"x": np.array([[1, 2], [3, 4]]), "y": ["a", "b"], "k": x, "deep": [np.array([1, 2]), 5]}
    b = {"x": np.array([[5, 6], [7, 8]]), "y": ["c", "d"], "k": y, "deep": [np.array([3, 4]), 6]}
    mixed = state_checks._mixed(a, b, cases, ())
    assert mixed["x"].tolist() == [[1, 6], [3, 8]] and mixed["y"] == ["a", "d"]
    assert mixed["k"].tolist() == [1.0, 2.0] and mixed["k"] is not x
    assert mixed["deep"][0].tolist() == [1, 4] and mixed["deep"][1] == 5


def test_arrays_that_differ_are_named() -> None:
    a = {"w": np.ones(4), "b": np.zeros(2), "c": None, "d": np.ones(1)}
    b = {"w": np.ones(4) * (1 + 1e-7), "b": np.full(2, 1e-100), "c": np.ones(1), "d": None}
    assert state_checks._differing(a, b, 1e-6) == ["b"] and state_checks._differing(a, b, 1e-8) == ["w", "b"]
