"""The search of a learning rate: near what a quadratic allows, and everything is as before afterwards."""

from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Adam, cosine, find_learning_rate, step

from .run import Training

CURVATURE = 50.0


def quadratic(make=lambda w: SGD(w, 0.25)):
    """Gradient descent on 25 w^2 diverges above the rate 2 / 50."""
    w = tg.parameter(3.0)
    return w, step(lambda x: x * CURVATURE / 2 * w * w, w, make(w), backend="numpy")


def test_the_rate_is_below_that_which_diverges():
    w, run = quadratic()
    search = find_learning_rate(run, [np.array(1.0)], low=1e-5, high=10.0)
    assert 1e-4 < search.rate < 2 / CURVATURE
    assert len(search.rates) == len(search.losses) < 100, "it ends where the loss grows"
    np.testing.assert_allclose(np.diff(np.log(search.rates)), np.log(1e6) / 99, rtol=1e-9)
    assert w.item() == 3.0 and run.steps == 0 and run.optimizers[0].learning_rate == 0.25


def test_everything_is_as_before():
    run = Training(None)
    run.train(7)
    rate = run.adam.learning_rate
    before = {**run.net.state_dict(), **run.adam.state_dict(), **run.step.state_dict()}
    position = run.data.position
    find_learning_rate(run.step, run.data, steps=12)
    after = {**run.net.state_dict(), **run.adam.state_dict(), **run.step.state_dict()}
    assert all(np.array_equal(x, before[name]) for name, x in after.items()) and run.data.position == position
    assert run.adam.learning_rate == rate and run.adam.learning_rate != cosine(0.05, 60)(0)


def test_a_nan_on_the_way_ends_the_search():
    w = tg.parameter(1.0)
    run = step(lambda x: tg.exp(tg.exp(w * w * x)), w, SGD(w, 0.1), backend="numpy")
    with np.errstate(over="ignore"):
        search = find_learning_rate(run, [np.array(1.0)], low=1e-3, high=1e4)
    assert len(search.losses) < 100 and w.item() == 1.0


def test_the_curve_is_drawn():
    search = find_learning_rate(quadratic()[1], [np.array(1.0)], low=1e-5)
    ax = search.plot()
    np.testing.assert_allclose(ax.lines[0].get_ydata(), search.losses)
    assert ax.get_xscale() == "log" and ax.lines[1].get_xdata()[0] == search.rate


@each(
    "options, match",
    [
        ({"low": 0.0}, "low"),
        ({"low": 1.0, "high": 0.5}, "not below"),
        ({"high": np.inf}, "high"),
        ({"steps": 9}, "steps"),
    ],
)
def test_wrong_options_are_refused(options, match):
    _, run = quadratic(lambda w: Adam(w))
    with pytest.raises(tg.GraphError, match=match):
        find_learning_rate(run, [np.array(1.0)], **options)
    with pytest.raises(tg.GraphError, match="no training step"):
        find_learning_rate(run.loss, [np.array(1.0)])


@each("count", [1, 4])
def test_the_rates_are_those_of_the_calls(count):
    w, seen = tg.parameter(3.0), []
    run = step(lambda x: x * w * w, w, SGD(w, 0.25), accumulate=count, backend="numpy")

    class Watching(list):
        def __iter__(self):
            seen.append(run.optimizers[0].learning_rate)
            return super().__iter__()

    search = find_learning_rate(run, Watching([np.array(1.0)]), low=1e-5, high=1e-2, steps=20)
    np.testing.assert_allclose(search.rates, seen, rtol=1e-12)
    assert np.isclose(search.rates[-1], 1e-2)


def test_a_step_that_leaves_nan_out_ends_the_search():
    w = tg.parameter(3.0)
    run = step(lambda x: x * w * w, w, SGD(w, 0.25), nonfinite="skip", backend="numpy")
    data = [np.array(1.0)] * 30 + [np.array(np.nan)] * 10
    search = find_learning_rate(run, data, low=1e-5, high=1e-2, steps=40)
    assert np.isfinite(search.losses).all() and len(search.losses) == len(search.rates) == 30
    assert run.skipped == 0 and np.isnan(run.norm), "as before"
    with pytest.raises(tg.GraphError, match="the first loss is not finite"):
        find_learning_rate(run, data[30:])


@each("low, high, steps", [(1e-5, 10.0, 100), (1e-4, 1.0, 40)])
def test_its_numbers_are_those_of_descent_by_hand(low, high, steps):
    """Losses as running means, the rate of the steepest fall, the end where a loss is over four times the least."""
    search = find_learning_rate(quadratic()[1], [np.array(1.0)], low=low, high=high, steps=steps)
    w, rates, means = 3.0, [], []
    for k in range(steps):
        rates.append(low * (high / low) ** (k / (steps - 1)))
        loss = CURVATURE / 2 * w * w
        means.append(0.9 * means[-1] + 0.1 * loss if means else loss)
        if loss > 4 * min(means):
            break
        w -= rates[-1] * CURVATURE * w
    np.testing.assert_allclose(search.losses, means, rtol=1e-9)
    np.testing.assert_allclose(search.rates, rates, rtol=1e-9)
    least = means.index(min(means))
    falls = [0.0] + [b - a for a, b in pairwise(means[: least + 1])]
    assert search.rate == pytest.approx(rates[falls.index(min(falls))], rel=1e-9)


def test_a_first_loss_that_is_not_finite_is_told():
    w = tg.parameter(1.0)
    for nonfinite in ("raise", "skip"):
        run = step(lambda x: w * x, w, SGD(w, 0.1), backend="numpy", nonfinite=nonfinite)
        with pytest.raises(tg.NonFiniteError):
            find_learning_rate(run, [np.array(np.inf)])
        assert w.item() == 1.0 and run.optimizers[0].learning_rate == 0.1
