"""``with tg.nonfinite("raise")`` around a compiled function: the first NaN or infinity is named, as uncompiled."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend, eager

W = tg.parameter(np.full((2, 2), 0.5), "W")
XS = np.ones((5, 1, 2))


def growing(x, h):
    h = tg.exp(h * 3, name="grown")
    return h, h


def over_time(xs):
    return tg.unroll(growing, xs, np.zeros((1, 2)))[0]


def hidden(x):
    logs = tg.log(x)
    return tg.sum(tg.where(x > 0, logs, 0.0))


def in_the_gradient(x):
    return tg.grad(tg.sum(tg.sqrt(x @ W)), W)


@each_backend
def test_op_step_node_and_line_are_named(backend):
    compiled = tg.compile(over_time, backend=backend)
    for _ in range(2):
        with pytest.raises(tg.NonFiniteError) as caught, tg.nonfinite("raise"):
            compiled(XS)
        message = str(caught.value)
        assert message.startswith("exp 'grown' at step 3") and "infinity" in message
        assert "test_nonfinite.py" in message and "h = tg.exp(h * 3" in message


@each_backend
def test_what_does_not_reach_the_results_is_found_too(backend):
    compiled = tg.compile(hidden, backend=backend)
    x = np.array([1.0, 0.0])
    with np.errstate(divide="ignore"):
        assert compiled(x) == 0.0
    said = r"log: the result holds 1 infinity[\s\S]*logs = tg\.log\(x\)"
    with pytest.raises(tg.NonFiniteError, match=said), tg.nonfinite("raise"):
        compiled(x)
    with np.errstate(divide="ignore"):
        assert compiled(x) == 0.0


@each_backend
def test_gradients_are_watched(backend):
    compiled = tg.compile(in_the_gradient, backend=backend)
    with pytest.raises(tg.NonFiniteError, match="gradient"), tg.nonfinite("raise"):
        compiled(np.zeros((1, 2)))


@each_backend
def test_finite_numbers_come_as_from_the_plan(backend):
    def fn(batch, scale, *, mode):
        y = tg.tanh(batch["x"] @ W) * scale
        return {"y": y, "grad": [tg.grad(tg.sum(y), [W, batch["x"]]), None, scale], "mode": 1 if mode == "a" else 2}

    batch = {"x": np.array([[0.1, -0.3]])}
    compiled = tg.compile(fn, backend=backend)
    expected = compiled(batch, 0.5, mode="a")
    with tg.nonfinite("raise"):
        watched = compiled(batch, 0.5, mode="a")
        with tg.nonfinite("allow"):
            assert_near(compiled(batch, 0.5, mode="a"), expected, 0.0)
        new = compiled({"x": np.ones((3, 2))}, 0.5, mode="b")
    assert_near(watched, expected)
    assert_near(new, compiled({"x": np.ones((3, 2))}, 0.5, mode="b"))
    watched["y"][:] = 7  # the caller's own
    assert_near(compiled(batch, 0.5, mode="a"), expected, 0.0)


@each_backend
def test_noise_and_parameters_are_those_of_the_call(backend):
    rng, p = np.random.default_rng(0), tg.parameter(np.ones(2))
    compiled = tg.compile(lambda x: x * p + tg.noise(lambda s: rng.normal(size=s), x.shape), backend=backend)
    with tg.nonfinite("raise"):
        assert (compiled(np.ones(2)) != compiled(np.ones(2))).all()
    p.value = np.array([np.inf, 1.0])
    with pytest.raises(tg.NonFiniteError, match="multiply"), tg.nonfinite("raise"):
        compiled(np.ones(2))


def test_uncompiled_errors_name_the_line_too():
    with pytest.raises(tg.NonFiniteError, match=r"test_nonfinite\.py"), tg.nonfinite("raise"):
        eager(hidden, np.array([1.0, 0.0]))
