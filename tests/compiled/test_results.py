"""What goes into compiled functions and comes out: nestings, Nones, plain values, arguments, parameters set anew."""

from collections import namedtuple

import numpy as np
import pytest

import tinygraph as tg

from .comparing import assert_near, assert_same, each_backend, eager

X = np.arange(6.0).reshape(2, 3)
Pair = namedtuple("Pair", "left right")


@each_backend
def test_nested_results(backend):
    def fn(x):
        y = x * 2
        return {"a": [y, (x + y,)], "none": None, "pair": Pair(y, [x - 1]), "empty": [], "deep": ({"z": y.T},)}

    compiled = assert_same(fn, X, backend=backend)
    got = compiled(X)
    assert type(got["pair"]) is Pair and got["none"] is None and got["empty"] == [] and type(got["a"]) is list


UNUSUAL = {
    "the argument": lambda x: x,
    "it twice": lambda x: (x, x),
    "a view": lambda x: x.T,
    "several views": lambda x: (x[0], x[:, 1:], x.reshape(3, 2).T),
    "None": lambda x: None,
    "nothing": lambda x: (),
    "a number": lambda x: 3.0,
    "numbers": lambda x: (1, 2.5, True),
    "an array": lambda x: np.arange(3),
    "an array made within": lambda x: np.ones((2, 1)) * 2.0,
    "a constant": lambda x: tg.constant([1.0, 2.0]),
    "one node three times": lambda x: [tg.exp(x)] * 3,
    "equal nodes": lambda x: (x + 1, x + 1.0),
    "broadcast": lambda x: tg.broadcast_to(x, (4, 2, 3)),
    "booleans": lambda x: (x > 2, x[x.shape[0] - 1]),
    "an index": lambda x: tg.argmax(x),
    "another dtype": lambda x: x.astype("f4"),
    "a sum over no axis": lambda x: tg.sum(x, axis=()),
    "one element": lambda x: x[0, 0],
    "a constant times a number": lambda x: tg.constant(2.0) * 3,
}


@each_backend
@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_results(name, backend):
    fn = UNUSUAL[name]
    assert_same(fn, X, backend=backend)


@each_backend
def test_results_are_the_callers_own(backend):
    w = tg.parameter(X, "w")
    compiled = tg.compile(lambda x: (x, w, w * 1.0, x + w, x.T), backend=backend)
    given = X.copy()
    first = compiled(given)
    assert not any(np.shares_memory(y, given) or np.shares_memory(y, w.value) for y in first)
    kept = [y.copy() for y in first]
    for y in compiled(given + 1):
        y[...] = -99.0
    assert_near(first, tuple(kept), 0.0)
    assert np.array_equal(given, X) and np.array_equal(w.value, X)
    assert_near(compiled(given), tuple(kept), 0.0)


@each_backend
def test_arguments_nested_named_and_plain(backend):
    def fn(batch, scale=1.0, *, mode="twice", extra=None):
        xs, (y, *rest) = batch["xs"], batch["pair"]
        z = xs * scale + y * (2 if mode == "twice" else 3)
        return (z, *rest) if extra is None else z + extra[0]

    compiled = tg.compile(fn, backend=backend)
    batch = {"xs": X, "pair": [X + 1, X - 1]}
    for kwargs in (
        {},
        {"scale": 2.0},
        {"mode": "thrice"},
        {"extra": (X,)},
        {"scale": np.float64(3.0)},
        {"scale": np.array(4.0), "extra": [X[:1]]},
    ):
        expected = fn(batch, **kwargs)
        assert_near(compiled(batch, **kwargs), expected if isinstance(expected, np.ndarray) else tuple(expected))


@each_backend
def test_plain_values_of_one_hash_and_another_type_are_told_apart(backend):
    compiled = tg.compile(lambda x, n: x.astype("f4") if n is True else x * n, backend=backend)
    assert [compiled(X, n).dtype for n in (1, True, 1.0)] == [np.dtype("f8"), np.dtype("f4"), np.dtype("f8")]
    integers = np.arange(3)
    assert [compiled(integers, n).dtype.kind for n in (2, 2.0, 2)] == ["i", "f", "i"]


@each_backend
@pytest.mark.parametrize(
    "make",
    [
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1][::-1],
        lambda a: np.broadcast_to(a[0], (2, 3)),
        lambda a: tg.constant(a),
        lambda a: a.astype(">f8").astype("f8"),
        lambda a: np.ma.asarray(a).data,
    ],
    ids=["fortran", "strided", "negative", "broadcast", "node", "swapped", "masked"],
)
def test_arguments_however_they_lie(make, backend):
    compiled = tg.compile(lambda x: x * 2 + x.T.reshape(2, 3), backend=backend)
    given = make(X)
    x = given.value if isinstance(given, tg.Node) else np.asarray(given)
    assert_near(compiled(given), x * 2 + x.T.reshape(2, 3))
    assert_near(compiled(X), X * 2 + X.T.reshape(2, 3))


@each_backend
@pytest.mark.parametrize("dtype", ["i4", "i8", "u1", "bool", "f2", "f4", "f8"])
def test_every_dtype_and_back(dtype, backend):
    x = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    assert_same(
        lambda x: (x, x + x, x > 1, tg.where(x > 1, x, x.T.reshape(2, 3)), x.astype("f8") * 0.5), x, backend=backend
    )


@each_backend
def test_bytes_in_the_other_order(backend):
    compiled = tg.compile(lambda x: x * 2, backend=backend)
    swapped = X.astype(X.dtype.newbyteorder())
    assert np.array_equal(compiled(swapped), X * 2) and np.array_equal(compiled(X), X * 2)


@each_backend
def test_parameters_are_read_at_each_call(backend):
    w = tg.parameter(np.full((3, 2), 0.1), "w")

    def cell(x, h):
        h = tg.tanh(x @ w + h)
        return h, h

    def loss(xs):
        return tg.sum(tg.unroll(cell, xs, np.zeros(2))[0])

    fn = tg.value_and_grad(loss, [w])
    compiled = tg.compile(fn, backend=backend)
    for _ in range(3):
        before = compiled(X)
        assert_near(before, eager(fn, X))
        w.value = w.value - 0.1 * before[1][0]
        assert not np.array_equal(compiled(X)[0], before[0])
    w.value = w.value - 0.05
    assert_near(compiled(X), eager(fn, X))
    w.value = np.asfortranarray(w.value * 2)
    assert_near(compiled(X), eager(fn, X))
    w.value = np.repeat(w.value, 2, axis=1)[:, ::2]
    assert_near(compiled(X), eager(fn, X))


@each_backend
def test_trains_like_the_uncompiled(backend):
    rng = np.random.default_rng(5)
    start, xs = [rng.normal(size=s) * 0.5 for s in ((3, 4), (4, 4), (4,))], rng.normal(size=(6, 2, 3))

    def losses(compiled):
        wx, wh, b = (tg.parameter(a) for a in start)

        def cell(x, h):
            h = tg.tanh(x @ wx + h @ wh + b)
            return h, h

        def loss(xs):
            return tg.mean(tg.squared_error(tg.unroll(cell, xs, np.zeros((2, 4)))[0], 0.3))

        step = tg.value_and_grad(loss, [wx, wh, b])
        step = tg.compile(step, backend=backend) if compiled else lambda xs, f=step: eager(f, xs)
        found = []
        for _ in range(20):
            value, gradients = step(xs)
            found.append(float(value))
            for w, g in zip((wx, wh, b), gradients, strict=True):
                w.value = w.value - 0.5 * g
        return found

    eagerly = losses(False)
    assert eagerly[-1] < 0.5 * eagerly[0]
    np.testing.assert_allclose(losses(True), eagerly, rtol=1e-11)


@each_backend
def test_a_compiled_function_of_no_arguments(backend):
    w = tg.parameter(X, "w")
    compiled = tg.compile(lambda: (tg.sum(w * w), tg.grad(tg.sum(w * w), w)), backend=backend)
    assert_near(compiled(), (np.asarray((X * X).sum()), 2 * X))
    w.value = X + 1
    assert_near(compiled(), (np.asarray(((X + 1) ** 2).sum()), 2 * X + 2))


@each_backend
def test_a_parameter_as_an_argument_is_read_at_each_call(backend):
    w, v = tg.parameter(X, "w"), tg.parameter(X + 5, "v")
    compiled = tg.compile(lambda p, x: tg.sum(p * x, axis=0), backend=backend)
    assert_near(compiled(w, X), (X * X).sum(0))
    w.value = X + 1
    assert_near(compiled(w, X), ((X + 1) * X).sum(0))
    assert_near(compiled(v, X), ((X + 5) * X).sum(0))


@each_backend
def test_gradients_for_everything_at_once(backend):
    w = {"a": tg.parameter(X, "a"), "unused": tg.parameter(np.ones(2), "unused")}

    def fn(x, y):
        z = tg.sum(tg.exp(x * 0.1) * w["a"]) + tg.sum(y)
        return tg.grad(z, {"w": w, "x": x, "both": (y, x)})

    compiled = assert_same(fn, X, X + 1, backend=backend)
    assert not compiled(X, X)["w"]["unused"].any()


@each_backend
def test_a_compiled_method_and_a_closure_over_arrays(backend):
    class Model:
        def __init__(self):
            self.w = tg.parameter(np.full((3, 2), 0.5))
            self.forward = tg.compile(self.apply, backend=backend)

        def apply(self, x, shift=2.0):
            return x @ self.w + shift + X[:, :2]

    model = Model()
    assert_near(model.forward(X), X @ model.w.value + 2 + X[:, :2])
    assert_near(model.forward(X, 1.0), X @ model.w.value + 1 + X[:, :2])
