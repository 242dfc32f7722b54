"""Which returned array is whose gradient, and what an update takes away: by keys, by names, by order and shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import updates
from tinygraph.check.audit.results import gradients_of, loss_of, names_returned, plain
from tinygraph.ops.writing import copy

rng = np.random.default_rng(1)
W, U, V = rng.normal(size=(2, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
B, C = rng.normal(size=3), rng.normal(size=3)
PARAMETERS = {"W": W, "U": U, "V": V, "b": B}


def in_order(W: Any, U: Any, V: Any, b: Any) -> Any:
    return W, U, V, b


def other_order(db: Any, dV: Any, dU: Any, dW: Any) -> Any:
    return db, dV, dU, dW


def with_loss(loss: Any, dV: Any, dU: Any, dW: Any, db: Any) -> Any:
    return loss, dV, dU, dW, db


def twice(dU: Any) -> Any:
    return dU, dU


def nested(dV: Any) -> Any:
    def inner() -> Any:
        return 1, 2

    if dV is None:
        return inner()
    return dV


def early(dW: Any) -> Any:
    if dW is None:
        return  # noqa: RET502
    return dW


GW, GU, GV, GB = W + 1, U + 1, V + 1, B + 1


@each(
    "result, function, due",
    [
        ((GW, GU, GV, GB), in_order, (GW, GU, GV, GB)),
        ((GB, GV, GU, GW), other_order, (GW, GU, GV, GB)),
        ([GV, GU, GW, GB], with_loss, (GW, GU, GV, GB)),
        ({"dV": GV, "dU": GU, "dW": GW, "db": GB}, None, (GW, GU, GV, GB)),
        ({"first": GV, "second": GU, "W": GW, "grad_b": GB}, None, (GW, GV, GU, GB)),
        ((GU, GW, GV, GU, GB), None, (GW, GV, GU, GB)),
        ((GU,), other_order, (None, GU, None, None)),
        (GU, nested, (None, None, GU, None)),
        ((GB, GU), None, (None, GU, None, None)),
        (((GW, GU), {"dV": GV}, GB), None, (GW, GU, GV, GB)),
        ([[GW, GU], [GV, GB]], None, (GW, GU, GV, GB)),
        ((g for g in (GW, GU, GV, GB)), None, (GW, GU, GV, GB)),
        ((GW.tolist(), GU.tolist()), None, (GW, GU, None, None)),
        ({"dW": GW[0], "dU": GU, "dV": GV, "db": GB}, None, (GW[0], GU, GV, GB)),
        ((GW, GU, GV, GB[:2]), in_order, (GW, GU, GV, GB[:2])),
        ((GW, GU, GV, 3.0), in_order, (GW, GU, GV, None)),
        ((GW, GU, C), None, (GW, GU, None, C)),
        ({"dU": GW, "dW": GU, "dV": GV, "db": GB}, None, (GW, GU, GV, GB)),  # by its shape, whatever its name
        (None, None, (None, None, None, None)),
    ],
)
def test_a_gradient_goes_to_its_parameter(result: Any, function: Any, due: Any) -> None:
    own = gradients_of(result, PARAMETERS, function)
    assert [*own] == [*PARAMETERS]
    for name, right in zip(PARAMETERS, due, strict=True):
        assert (own[name] is None) == (right is None), name
        if right is not None:
            np.testing.assert_array_equal(own[name], right, err_msg=name)


def test_rows_of_different_lengths_are_gradients_each() -> None:
    own = gradients_of(([1.0, 2.0], [3.0, 4.0, 5.0]), {"a": np.ones(2), "b": np.ones(3)}, None)
    assert own["a"].tolist() == [1, 2] and own["b"].tolist() == [3, 4, 5]


@each("nothing", [(), [], ([], []), [[]], {}])
def test_of_nothing_there_is_no_gradient(nothing: Any) -> None:
    assert gradients_of(nothing, {"b": B}, None) == {"b": None}


def test_names_are_those_of_the_last_return_that_stand_there_once() -> None:
    assert names_returned(other_order) == ["db", "dV", "dU", "dW"]
    assert names_returned(twice) == ["", ""] and names_returned(nested) == ["dV"]
    assert names_returned(early) == ["dW"]
    assert names_returned(len) == [] and names_returned(None) == []
    assert (plain("self.dW_xh"), plain("W")) == ("dwxh", "w")


@each(
    "result, loss",
    [
        (2.0, 2.0),
        ((3.0, W), 3.0),
        ((W, 3.0, 4.0), 3.0),
        ({"a": [W, {"b": 5}]}, 5),
        ([W], None),
        (None, None),
        ("a", None),
    ],
)
def test_the_loss_is_the_first_number(result: Any, loss: Any) -> None:
    assert loss_of(result) == loss
    one = np.array([[7.0]])
    assert loss_of((W, one, 2.0)) is one


def test_the_loss_is_what_was_a_number_before_arrays_were_added_to_it() -> None:
    one = tg.parameter(3.0)
    for shape in (2, (1, 2), (3, 4)):
        assert loss_of(one + np.ones(shape)) is one and loss_of((copy(one + np.ones(shape)) + 1.0, W)) is one
        assert loss_of(one * np.ones(shape)) is None


def node(value: Any = W) -> Any:
    return tg.parameter(np.asarray(value), "w")


UPDATES = {
    "w - lr * g": (lambda w, g: w - 0.1 * g, 0.1, True),
    "w + -lr * g": (lambda w, g: w + -0.1 * g, 0.1, False),
    "w - g * lr": (lambda w, g: w - g * 0.1, 0.1, True),
    "-lr * g + w": (lambda w, g: -0.1 * g + w, 0.1, False),
    "w + lr * g": (lambda w, g: w + 0.1 * g, 0.1, False),
    "w - g": (lambda w, g: w - g, None, True),
    "w - 1 * g": (lambda w, g: w - 1.0 * g, None, True),
    "w + -1 * g": (lambda w, g: w + -1.0 * g, None, True),
    "w + -g": (lambda w, g: w + -g, None, True),
    "w - -g": (lambda w, g: w - -g, None, False),
    "w - 3 * g": (lambda w, g: w - 3.0 * g, None, True),
    "copy": (lambda w, g: copy(w) - 0.1 * g, 0.1, True),
    "no sum": (lambda w, g: 0.1 * g, None, False),
    "w * 2": (lambda w, g: w * 2, None, False),
    "w - 0.1 * b": (lambda w, g: w - 0.1 * np.sum(g, 0), 0.1, False),
    "w - 0 * g": (lambda w, g: w - 0.0 * g, None, True),
    "w - number * b": (lambda w, g: w - np.full((1, 1), 0.1) * np.sum(g, 0), None, False),
    "w - numbers * g": (lambda w, g: w - np.full((2, 3), 0.1) * g, None, True),
    "v - g": (lambda w, g: node() - g, None, False),
    "w - b": (lambda w, g: w - np.sum(g) * np.ones(3), None, False),
}


@each("how", list(UPDATES))
def test_what_an_update_takes_away_is_told_and_its_rate(how: str) -> None:
    update, rate, itself = UPDATES[how]
    before, g = node(), node(U[:2])
    after = update(before, g)
    taken = updates.taken_away(before, after)
    np.testing.assert_allclose(taken.value, before.value - after.value, rtol=1e-12, atol=1e-15)
    assert (taken.name != updates.UPDATE) == itself
    assert updates.rate_in(before, after) == rate
    assert updates.taken_away(W, after.value) == pytest.approx(W - after.value)
    numbers = updates.taken_away(before, after.value).ravel()  # code that made numbers of nodes on its way
    assert [x.value.item() for x in numbers] == pytest.approx((W - after.value).ravel().tolist())
    if rate is not None:
        plain_one = updates.without_rate(taken, rate)
        np.testing.assert_allclose(plain_one.value, taken.value / rate, rtol=1e-12)
        assert updates.without_rate(taken.value, rate) == pytest.approx(taken.value / rate)
        np.testing.assert_allclose(updates.without_rate(taken, 0.3).value, taken.value / 0.3, rtol=1e-12)


def test_the_gradient_in_a_rated_term_is_found_itself() -> None:
    g = node(U[:2])
    assert updates.without_rate(0.1 * g, 0.1) is g and updates.without_rate(-(-0.1 * g), 0.1) is g
    assert updates.without_rate(g, 1.0).value == pytest.approx(g.value)
    for term in (-0.1 * g, -(0.1 * g)):
        turned = updates.without_rate(term, 0.1)
        assert turned.op is tg.ops.negative and turned.inputs == (g,)


def test_an_array_is_kept_as_long_as_it_is_a_copy_of_the_parameter() -> None:
    w = node()
    assert updates.is_kept(w, w) and updates.is_kept(copy(copy(w)), w)
    assert not updates.is_kept(w * 1, w) and not updates.is_kept(W, w) and not updates.is_kept(copy(node()), w)
    assert updates.rate_in(w, W) is None and updates.rate_in(w, w) is None
