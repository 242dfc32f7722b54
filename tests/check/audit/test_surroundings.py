"""Surroundings: an audit leaves the user's functions, objects, globals and random numbers as they were."""

from __future__ import annotations

import io
import logging
import sys
from collections import deque
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.subject import copied
from tinygraph.check.audit.surroundings import Keeper

history: list[float] = []
cache: dict[str, Any] = {"runs": 0, "inner": [1.0]}
total = np.zeros(3)
recent: deque[float] = deque([1.0], maxlen=2)
calls = 0
dice = np.random.default_rng(7)


class Store:
    """An object of the user's that functions write to."""

    steps = 0
    kept: list[Any] = []  # noqa: RUF012

    def __init__(self) -> None:
        self.last: Any = None
        self.inner = {"a": [0.0]}


store = Store()


def loss(w: Any, x: Any) -> Any:
    return np.sum(np.tanh(x @ w))


def busy(w: Any, x: Any, seen: list[Any] = []) -> Any:  # noqa: B006
    global calls, fresh
    calls += 1
    fresh = calls  # type: ignore[name-defined]
    history.append(1.0)
    cache["runs"] += 1
    cache["inner"].append(2.0)
    total[0] += 1
    recent.append(3.0)
    seen.append(x)
    store.last = w
    store.inner["a"].append(1.0)
    Store.steps += 1
    Store.kept.append(w)
    print("a step")
    np.random.seed(3)
    return x.T @ (1 - np.tanh(x @ w))  # wrong: no square


def state() -> list[Any]:
    g = globals()
    return [
        [*history],
        {**cache, "inner": [*cache["inner"]]},
        total.copy(),
        [*recent],
        calls,
        "fresh" in g,
        [*(busy.__defaults__ or ())[0]],
        store.last,
        [*store.inner["a"]],
        Store.steps,
        [*Store.kept],
        np.random.get_state(legacy=True)[1].tolist(),  # type: ignore[index]
        dice.bit_generator.state,
        busy.__code__,
        loss.__code__,
        sys.gettrace(),
        np.geterr(),
        "_tinygraph_edit" in g,
    ]


@each("repair", [False, True])
def test_globals_defaults_classes_and_code_are_as_they_were(repair: bool) -> None:
    w, x = np.ones((3, 2)), np.ones((4, 3))
    before, out = state(), io.StringIO()
    with redirect_stdout(out):
        report = tg.check.audit(busy, loss, {"w": w}, {"x": x}, repair=repair)
    assert not report.passed
    for a, b in zip(before, state(), strict=True):
        assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
    assert out.getvalue() == ""
    assert (w == 1).all()
    assert (x == 1).all()


def test_a_tracer_and_a_raising_pass_leave_nothing_behind() -> None:
    def raising(w: Any, x: Any) -> Any:
        history.append(2.0)
        raise KeyError("w")

    def tracer(*_: Any) -> Any:
        return None

    before = state()
    own = sys.gettrace()
    try:
        sys.settrace(tracer)
        with pytest.raises(tg.GraphError, match="KeyError"):
            tg.check.audit(raising, loss, {"w": np.ones((3, 2))}, {"x": np.ones((4, 3))})
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(own)
    assert before[0] == history


def dropped(w: Any, v: Any, x: Any) -> Any:
    h = np.tanh(x @ w)
    mask = (np.random.rand(*h.shape) < 0.5) / 0.5
    return np.sum(h * mask @ v), x.T @ (v.T * mask * (1 - h**2)), (h * mask).sum(0)[:, None]


def diced(w: Any, v: Any, x: Any) -> Any:
    h = np.tanh(x @ w)
    mask = (dice.random(h.shape) < 0.5) / 0.5
    return np.sum(h * mask @ v), x.T @ (v.T * mask * (1 - h**2)), (h * mask).sum(0)[:, None]


def told(w: Any, v: Any, x: Any, dice: Any) -> Any:
    h = np.tanh(x @ w)
    mask = (dice.random(h.shape) < 0.5) / 0.5
    return np.sum(h * mask @ v), x.T @ (v.T * mask * (1 - h**2)), (h * mask).sum(0)[:, None]


@each("step, more", [(dropped, {}), (diced, {}), (told, {"dice": np.random.default_rng(5)})])
def test_a_pass_that_draws_random_numbers_is_not_called_wrong(step: Any, more: dict[str, Any]) -> None:
    x = np.random.default_rng(1).normal(size=(5, 3))
    numbers = [g.bit_generator.state for g in more.values()]
    report = tg.check.audit(step, parameters={"w": np.ones((3, 4)), "v": np.ones((4, 1))}, arguments={"x": x, **more})
    assert report.passed, report
    assert not report.findings
    assert not report.notes
    assert numbers == [g.bit_generator.state for g in more.values()]


class Dropping:
    """An object with a generator of its own, which draws in both passes."""

    def __init__(self) -> None:
        self.W, self.dice = np.full((3, 2), 0.3), np.random.default_rng(2)
        self.log: list[Any] = []

    def forward(self, x: Any) -> Any:
        self.x, self.mask = x, self.dice.random((len(x), 2)) < 0.5
        self.log.append(x)
        return x @ self.W * self.mask

    def backward(self, dy: Any) -> None:
        self.dice.random(3)
        self.dW = self.x.T @ (dy * self.mask)


def test_an_object_is_left_as_it_was() -> None:
    def half(outputs: Any, targets: Any) -> Any:
        return 0.5 * np.sum((outputs - targets) ** 2)

    model = Dropping()
    names, numbers, W = {*vars(model)}, model.dice.bit_generator.state, model.W
    x, y = np.random.default_rng(1).normal(size=(2, 4, 3)), np.zeros((4, 2))
    report = tg.check.audit(model, loss=half, inputs=x[0], targets=y)
    assert report.passed, report
    assert not report.notes
    assert names == {*vars(model)}
    assert numbers == model.dice.bit_generator.state
    assert model.W is W
    assert (W == 0.3).all()
    assert model.log == []


shared: list[Any] = [0]


class Slotted:
    __slots__ = ("a", "later")

    def __init__(self) -> None:
        self.a = [1]


slotted, handler = Slotted(), logging.NullHandler()


class Sharing:
    held = shared
    deep: list[Any] = [[[[[[[]]]]]]]  # noqa: RUF012


def rebinding(*, inner: list[Any] = [[]], most: Any = None) -> None:  # noqa: B006
    inner[0].append(1)
    shared.append(1)
    Sharing.held = [2]
    slotted.a = [*slotted.a, 2]
    handler.level = 7


def innermost(x: Any) -> Any:
    while x and isinstance(x[0], list):
        x = x[0]
    return x


def test_keywords_defaults_lists_in_lists_and_what_two_hold_are_put_back() -> None:
    keeper = Keeper([rebinding])
    rebinding()
    innermost(Sharing.deep).append(1)
    keeper.restore()
    assert slotted.a == [1] and handler.level == 7  # what Python logs with is left alone
    assert (rebinding.__kwdefaults__ or {})["inner"] == [[]]
    assert shared == [0] and Sharing.held is shared and innermost(Sharing.deep) == []


def test_what_users_put_things_into_is_copied_and_what_python_logs_with_is_not() -> None:
    own, log = Store(), logging.NullHandler()
    twin = copied({"own": own, "log": log, "dice": dice})
    assert twin["own"] is not own and twin["own"].inner == own.inner and twin["own"].inner is not own.inner
    assert twin["log"] is log and twin["dice"] is not dice
    assert twin["dice"].bit_generator.state == dice.bit_generator.state
