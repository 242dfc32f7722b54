"""What a function computes another way at each call, with the same shapes: refused at the first call."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

X = np.array([1.0, -2.0])


def normal(shape):
    return np.random.default_rng().normal(size=shape)


def uniform(shape):
    return np.random.default_rng().uniform(size=shape)


def added(y, h):
    return (y + 0.5 * h,) * 2


class Times(tg.Op):
    """An op of the user's with a number of its own, and what it keeps of its calls."""

    def __init__(self, by):
        self.by, self.calls, self.rng = by, 0, np.random.default_rng()

    def forward(self, x):
        self.calls += 1
        return x * self.by

    def backward(self, gz, z, x):
        return gz * self.by


OPS = [Times(2.0), Times(3.0)]
PICKS = {
    "a slice": lambda x, k: x[k : k + 1],
    "a number after dots": lambda x, k: x[None, ..., k],
    "a list of places": lambda x, k: x[[k]],
    "a number beside a list": lambda x, k: tg.stack([x, x * 2])[(k, [0, 1])],
    "a factor": lambda x, k: tg.concatenate([x[:1], x[1:] * k]),
    "an axis": lambda x, k: tg.sum(tg.stack([x, x + x]), axis=k),
    "places to take": lambda x, k: tg.take(x, np.array([k, 0]), axis=0),
    "a mask": lambda x, k: tg.where(np.array([k == 0, k == 1]), x, 0.0),
    "a bound": lambda x, k: tg.clip(x, -1 - k, 1.0),
    "a dtype": lambda x, k: x.astype(np.float32 if k else np.float64),
    "an op": lambda x, k: (tg.tanh, tg.sin)[k](x),
    "the order of operands": lambda x, k: (x - 1.0, 1.0 - x)[k],
    "what is drawn": lambda x, k: tg.noise((normal, uniform)[k], x.shape) * x,
    "a body": lambda x, k: tg.unroll(lambda y, h: ((tg.tanh, tg.sin)[k](y + h),) * 2, tg.stack([x, x]), 0.0 * x)[1],
    "an index in a body": lambda x, k: tg.unroll(lambda y, h: (y[k : k + 1] + h,) * 2, tg.stack([x, x]), 0 * x[:1])[1],
    "a direction": lambda x, k: tg.unroll(added, tg.stack([x, 2 * x]), 0.0 * x, reverse=bool(k))[1],
    "the steps": lambda x, k: tg.unroll(added, tg.stack([x] * (2 + k)), 0.0 * x)[1],
    "an op of the user's": lambda x, k: OPS[k](x),
    "an op that is made anew": lambda x, k: Times(2.0 + k)(x),
    "what an op keeps": lambda x, k: Times(np.array([1.0, k]))(x),
}


@each_backend
@each("name", list(PICKS))
def test_another_graph_of_the_same_shapes_is_refused(name, backend):
    turns = {"n": 0}

    def fn(x):
        turns["n"] += 1
        return PICKS[name](x, turns["n"] % 2)

    with pytest.raises(tg.GraphError, match=r"function changes|another graph|random numbers"):
        tg.compile(fn, backend=backend)(X)


@each("name", list(PICKS))
def test_the_same_graph_is_taken(name):
    compiled = tg.compile(lambda x: PICKS[name](x, 1), backend="numpy")
    if name != "what is drawn":
        for x in (X, 2 * X, -X):
            np.testing.assert_allclose(compiled(x), PICKS[name](tg.constant(x), 1).value, rtol=1e-12)
