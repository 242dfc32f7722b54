"""The gradient check at a kink: it says kink, and where, and a wrong gradient near one is still called wrong."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each


def said(fn, *arrays, order):
    with pytest.raises(tg.check.GradientError) as caught:
        tg.check.gradients(fn, [np.asarray(a) for a in arrays], order=order)
    return str(caught.value)


W = np.ones((3, 2))
KINKS = {
    "relu": (tg.relu, [[0.0, 0.7]], "[0] = 0:"),
    "relu behind what it shuts": (tg.relu, [[-0.7, -1.0, 0.0, -2.0]], "[2] = 0:"),
    "relu of a number": (lambda x: tg.relu(x), [0.0], "x = 0:"),
    "relu of float32": (lambda x: tg.relu(x), [np.zeros((2, 3), np.float32)], "x[0, 0] = 0:"),
    "relu of a product": (lambda w, x: tg.relu(w @ x), [W, [1.0, -1.0]], "w[0, 0] = 1"),
    "the one zero of many": (lambda x: tg.relu(x) + x * x, [np.linspace(-1, 1, 11)], "x[5] = 0:"),
    "near relu": (lambda x: tg.relu(x), [[0.4, 1e-5]], "x[1] = 1e-05, 1.0e-05 beside it"),
    "near relu, below": (lambda x: tg.relu(x), [[0.4, -1e-4]], "x[1] = -0.0001, 1.0e-04 beside it"),
    "near abs": (lambda x: tg.abs(x), [1e-6], "x = 1e-06, "),
    "nearer than anybody can tell": (lambda x: tg.relu(x), [[0.4, 2e-7]], "x[1] = 2e-07:"),
    "equal extremes": (lambda x: tg.max(x) ** 2, [[2.0, 2.0, 0.1]], "= 2:"),
    "equal numbers": (lambda x, y: tg.maximum(x, y) * x, [[1.0, 2.0], [1.0, 0.0]], "x[0] = 1"),
    "clip": (lambda x: tg.clip(x, 0, 1) * x, [[0.3, 1.0]], "x[1] = 1:"),
    "where": (lambda x: tg.where(x > 0.5, x * x, x), [[0.2, 0.5]], "x[1] = 0.5:"),
    "a root of a square": (lambda x: tg.sqrt(x * x), [[1e-6]], "x[0] = 1e-06"),
    "a kink of the slope": (lambda x: tg.relu(x) ** 2, [[0.0, 1.0]], "x[0] = 0:"),
}


@each("name", KINKS)
def test_a_kink_is_called_one_and_its_place_is_told_at_both_orders(name):
    fn, arrays, place = KINKS[name]
    for order in (1, 2):
        message = said(fn, *arrays, order=order)
        assert message.startswith("check.gradients: a kink at ") and place in message.splitlines()[0]
        assert "wrong" not in message and "<- kink" in message and "farther from the kink" in message


@each("size", [3, 6])
def test_the_element_at_the_kink_is_told_wherever_it_is(size):
    for k in range(size):
        x = np.linspace(0.4, 1.0, size) * (np.arange(size) != k)
        message = said(lambda x: tg.relu(x) * 2.0, x, order=1)
        assert message.startswith(f"check.gradients: a kink at x[{k}] = 0:"), message.splitlines()[0]


def test_where_the_first_derivative_is_the_mean_of_both_sides_only_the_second_order_says_so():
    for fn, x in ((tg.abs, [0.0, 1.0]), (tg.max, [1.0, 1.0, 0.2])):
        tg.check.gradients(lambda x, fn=fn: fn(x), [np.array(x)], order=1)
        assert said(lambda x, fn=fn: fn(x), x, order=2).startswith("check.gradients: a kink at x[0]")


def test_beyond_the_reach_of_the_differences_there_is_no_kink():
    assert tg.check.gradients(lambda x: tg.relu(x) + tg.abs(x), [np.array([3e-3, -3e-3])]).passed


class Sided(tg.Op):
    """relu with a planted fault: the slope above 0 is 1.01."""

    def forward(self, x):
        return np.maximum(x, 0)

    def backward(self, gz, z, x):
        return gz * (x > 0) * 1.01


class Flat(tg.Op):
    """abs without a gradient."""

    def forward(self, x):
        return np.abs(x)

    def backward(self, gz, z, x):
        return gz * 0


class Bent(tg.Op):
    """max(x, 0) x with a right gradient, whose own gradient is 0."""

    def forward(self, x):
        return np.maximum(x, 0) * x

    def backward(self, gz, z, x):
        return (
            gz * tg.where(x > 0, 2 * tg.stop_gradient(x), 0.0) if isinstance(x, tg.Node) else gz * 2 * np.maximum(x, 0)
        )


@each("op", [Sided(), Flat()], ids=["Sided", "Flat"])
@each("x", [[0.0], [0.0, 1.0], [1e-5], [-1e-5], [1e-5, -1.0], [0.5, 1.0]])
def test_a_wrong_gradient_is_called_wrong_at_a_kink_near_one_and_far_from_it(op, x):
    for order in (1, 2):
        assert said(lambda x: op(x), x, order=order).startswith("check.gradients: wrong gradient of x")


@each("x", [[0.0, 1.0], [1e-5, 1.0], [0.5, 1.0]])
def test_a_wrong_second_derivative_at_a_kink_is_called_wrong(x):
    assert said(lambda x: Bent()(x), x, order=2).startswith("check.gradients: wrong gradient of x")


def test_a_wrong_gradient_beside_a_kink_of_another_part_is_called_wrong():
    def fn(x):
        return tg.relu(x) + tg.tanh(x) + 0.01 * (tg.stop_gradient(x) - x)

    for order in (1, 2):
        assert said(fn, [0.0, 1.0], order=order).startswith("check.gradients: wrong gradient of x")
    assert said(lambda x: tg.sin(800 * x) + 0.01 * (tg.stop_gradient(x) - x), [0.3], order=1).count("wrong gradient")


class Late(tg.Op):
    """sin whose first gradient is wrong, and no other."""

    def __init__(self):
        self.slopes = iter([2.0])

    def forward(self, x):
        return np.sin(x)

    def backward(self, gz, z, x):
        return gz * tg.cos(x) * next(self.slopes, 1.0)


def test_a_kink_too_weak_to_explain_the_difference_is_no_excuse():
    """Around the place all is right, so that the size of the kink alone tells."""
    op = Late()
    message = said(lambda x: tg.relu(x) ** 2 + op(x), [0.0, 3.0], order=1)
    assert message.startswith("check.gradients: wrong gradient of x")


def test_what_is_steep_but_smooth_is_no_kink():
    assert "wrong" in said(lambda x: tg.tanh(1e4 * x) + 0.3 * tg.stop_gradient(x), [1e-5, 0.3], order=1)


def test_parameters_are_put_back_after_a_kink():
    x = tg.parameter(np.array([0.0, 1.0]), "x")
    with pytest.raises(tg.check.GradientError, match="kink"):
        tg.check.gradients(lambda x: tg.relu(x), [x])
    assert x.value.tolist() == [0.0, 1.0]
