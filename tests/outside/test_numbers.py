"""A float among the arguments that is only computed with is an input: one plan, numbers and dtypes as uncompiled."""

import copy
import math
import pickle
import random
import warnings

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend, eager
from tests.each import each
from tinygraph.outside.trial import Trial

INIT = Trial.__init__

pytestmark = pytest.mark.filterwarnings("ignore::tinygraph.WideningWarning")
X, NARROW = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0], "f4")
W = tg.parameter(np.eye(3))
RATES = (0.1, 0.25, -0.5, 3.0, 0.1)


def descent(x, lr):
    return x - lr * tg.grad(tg.sum(x * x), x)


def in_a_cell(x, lr):
    return tg.unroll(lambda x_t, h: (h, h + lr * x_t * (1 - lr)), tg.stack([x, x, x]), x)


def with_gradients(x, lr):
    return tg.value_and_grad(lambda: tg.sum((x * lr) @ W * np.exp(lr)), W)()


COMPUTED = {
    "a product": lambda x, lr: lr * x,
    "a step of descent": descent,
    "Python's arithmetic": lambda x, lr: x * (1 - lr) / (3 + 2 * lr) ** 2 - abs(-lr) % 3 // 1 + +lr,
    "the result alone": lambda x, lr: (x, lr, 2 * lr),
    "numpy's functions": lambda x, lr: x * np.sqrt(abs(lr)) + np.maximum(x, lr) + np.multiply(lr, 2.0),
    "ops": lambda x, lr: tg.maximum(lr, x) + tg.where(x > lr, x, lr) + tg.exp(lr) + np.where(x > 2, lr, x),
    "with an array": lambda x, lr: x + X * lr + lr / NARROW + np.float64(2) * lr,
    "with a narrow array": lambda x, lr: x + NARROW * lr,
    "a power": lambda x, lr: x**lr + 2.0**lr,
    "in a cell": in_a_cell,
    "gradients": with_gradients,
    "a list": lambda x, lr: tg.stack([x * lr, x]),
}


@each_backend
@each("name", COMPUTED)
def test_it_gives_the_numbers_and_dtypes_of_the_uncompiled_in_one_plan(name, backend):
    for x in (X, NARROW):
        compiled = tg.compile(COMPUTED[name], backend=backend)
        for lr in RATES:
            assert_near(compiled(x, lr), eager(COMPUTED[name], x, lr), 1e-12 if x is X else 2e-6)
        assert len(compiled._plans) == 1


ASKING = {
    "if": lambda x, lr: x * 2 if lr > 0.2 else x,
    "a sign": lambda x, lr: x * math.copysign(1, lr),
    "float()": lambda x, lr: x * float(lr),
    "int()": lambda x, lr: x * int(lr),
    "math": lambda x, lr: x * math.exp(lr),
    "equality": lambda x, lr: x * 2 if lr == 0.1 else x,
    "min": lambda x, lr: x * min(lr, 0.2),
    "a setting": lambda x, lr: tg.clip(x, -abs(lr), abs(lr)),
    "round": lambda x, lr: x * round(lr, 1),
    "a name": lambda x, lr: tg.tanh(x * lr, name=f"{lr}"),
    "a dict": lambda x, lr: x * {0.1: 5.0}.get(lr, 1.0),
    "an array of it": lambda x, lr: x * np.full(3, lr) + np.array([lr, 1, 2]),
    "a list of numbers": lambda x, lr: x * [lr, 1.0, 2.0],
    "a method of it": lambda x, lr: x if lr.is_integer() else -x,
    "its type": lambda x, lr: x * lr if isinstance(lr, float) and lr else x,
    "an error that is caught": lambda x, lr: caught(x, lr),
}


def caught(x, lr):
    try:
        return x * float(lr)
    except Exception:
        return x * 1000


@each_backend
@each("name", ASKING)
def test_a_float_whose_value_is_asked_for_is_a_part_of_the_key(name, backend):
    fn, compiled = ASKING[name], tg.compile(ASKING[name], backend=backend)
    for lr in RATES:
        assert_near(compiled(X, lr), eager(fn, X, lr))
    assert len(compiled._plans) == 4


@each_backend
def test_one_float_in_the_key_and_another_computed_with(backend):
    compiled = tg.compile(lambda x, lr, power: x * lr if power > 1 else x + lr, backend=backend)
    for power in (1.0, 2.0, 1.0):
        for lr in RATES:
            assert_near(compiled(X, lr, power), X * lr if power > 1 else X + lr)
            assert_near(compiled(X, lr=lr, power=power), X * lr if power > 1 else X + lr)
    assert len(compiled._plans) == 4


@each_backend
def test_what_python_raises_is_raised_at_the_call(backend):
    compiled = tg.compile(lambda x, lr: x * (1 / lr) ** 0.5, backend=backend)
    assert_near(compiled(X, 4.0), X * 0.5)
    with pytest.raises(ZeroDivisionError):
        compiled(X, 0.0)
    with pytest.raises(tg.GraphError, match="lr"):
        compiled(X, -4.0)  # a complex number, which uncompiled is refused too
    assert_near(compiled(X, 1.0), X)


@each_backend
def test_a_draw_reads_the_float_of_its_call(backend):
    compiled = tg.compile(lambda x, p: x * tg.noise(lambda shape: np.full(shape, p * 2), x.shape), backend=backend)
    for p in RATES:
        assert_near(compiled(X, p), X * p * 2)
    assert len(compiled._plans) == 1


@each_backend
def test_a_float_that_the_function_stores_is_stored_as_a_float(backend):
    class Model:
        rate = 0.0

        def step(self, x, lr):
            self.rate = lr
            return x * lr

    model = Model()
    compiled = tg.compile(model.step, backend=backend)
    assert_near(compiled(X, 0.5), X * 0.5)
    assert type(model.rate) is float and model.rate == 0.5


@each_backend
def test_zeros_of_both_signs_and_nan(backend):
    compiled = tg.compile(lambda x, c: 1 / (x * c), backend=backend)
    with np.errstate(divide="ignore"):
        for c in (0.0, -0.0, 0.0):
            assert_near(compiled(X, c), np.full(3, math.copysign(math.inf, c)))
    assert np.isnan(compiled(X, math.nan)).all()


def test_many_random_formulas():
    """The numbers and dtypes of the uncompiled, whatever stands beside the floats."""
    rng = random.Random(0)
    scope = {"np": np, "A32": NARROW * 1.5, "A64": X * 0.5}

    def formula(depth):
        if not depth:
            return rng.choice(["x", "y", "lr", "b", "2", "0.5", "A32", "A64"])
        if rng.random() < 0.1:
            return f"np.sqrt(abs({formula(depth - 1)}))"
        return f"({formula(depth - 1)} {rng.choice('+-**/')} {formula(depth - 1)})"

    for k in range(200):
        text = formula(3)
        fn = eval(f"lambda x, y, lr, b: {text}", scope)
        x = (X, NARROW)[k % 2]
        compiled = tg.compile(fn, backend="numpy")
        with np.errstate(all="ignore"):
            for lr, b in ((0.1, 0.9), (0.25, -1.5)):
                try:
                    expected = eager(fn, x, x + 1, lr, b)
                except ZeroDivisionError:
                    with pytest.raises(ZeroDivisionError):
                        compiled(x, x + 1, lr, b)
                    continue
                got = compiled(x, x + 1, lr, b)
                assert got.dtype == expected.dtype and got.shape == expected.shape, text
                np.testing.assert_allclose(got, expected, 2e-6 if expected.dtype == np.float32 else 1e-12, err_msg=text)


@each_backend
def test_the_twentieth_plan_for_a_value_warns_once_and_names_the_argument(backend):
    compiled = tg.compile(lambda x, steps, scale, mode: x * scale * (2 if steps > 3 else 1), backend=backend)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(19):
            compiled(X, k, k / 7, "plain")
        for k in range(19):
            compiled(X, 5, k / 9, "plain")
    with pytest.warns(UserWarning, match=r"plan 20 [\s\S]*'steps'") as caught:
        compiled(X, 100, 0.5, "plain")
    assert "scale" not in str(caught[0].message) and "mode" not in str(caught[0].message)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(200, 250):
            compiled(X, k, 0.5, "plain")


def test_new_shapes_and_floats_that_are_inputs_never_warn():
    compiled = tg.compile(lambda x, lr, mode: x * lr, backend="numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in range(1, 50):
            compiled(np.ones(n), n / 3, "a")
    with pytest.warns(UserWarning, match="'lr'"):
        asked = tg.compile(tg.value_and_grad(lambda x, lr: tg.sum(W[0] * x * (2 if lr > 1 else 1)), W), backend="numpy")
        for k in range(25):
            asked(X, k / 10)


@each_backend
@each("bound", [1e300, -1e300, 1e39, np.inf, np.nan, 3.0])
def test_a_bound_beyond_float32_is_as_uncompiled(bound, backend):
    x = np.array([1.0, -2.0, 5.0], np.float32)
    with np.errstate(over="ignore"):
        expected = np.clip(x, 0, bound)
        for fn in (lambda x, s: np.clip(x, 0, s), lambda x, s: tg.clip(x, -1.0, s) + 0 * x):
            compiled = tg.compile(fn, backend=backend)(x, bound)
            np.testing.assert_array_equal(compiled, fn(tg.constant(x), bound).value)
            assert compiled.dtype == np.float32
        np.testing.assert_array_equal(tg.compile(lambda x, s: np.clip(x, 0, s), backend=backend)(x, bound), expected)


@each_backend
def test_beside_a_node_or_a_copy_a_float_stays_what_it_is(backend):
    def fn(x, lr):
        rates = copy.deepcopy({"a": [lr]}), copy.copy(lr)
        masks = (lr < x) * 1.0 + (lr >= x) * 10.0 + (lr == x) * 100.0 + (lr != x) * 1000.0
        return x * rates[0]["a"][0] + rates[1] + masks

    compiled = tg.compile(fn, backend=backend)
    for lr in (0.1, 2.0, 9.0):
        right = X * lr + lr + np.select([lr < X, lr == X], [1001.0, 110.0], 1010.0)
        assert_near(compiled(X, lr), right)
    assert len(compiled._plans) == 1


USES = {
    "a product": lambda p: p * 2,
    "numpy's function": lambda p: np.sqrt(p) + np.maximum(p, 1.0),
    "an array": lambda p: np.full(3, p) + np.array([p, 1.0, 2.0]),
    "float()": lambda p: float(p) + int(p) + round(p, 1),
    "a comparison": lambda p: 5.0 if p > 1 else 7.0,
    "a text": lambda p: len(f"{p}") + len(str(p)) + len(repr(p)),
    "a copy": lambda p: copy.deepcopy([p])[0] + pickle.loads(pickle.dumps(p)),
    "a method": lambda p: 1.0 if p.is_integer() else 2.0,
}


@each_backend
@each("name", USES)
def test_a_draw_has_the_float_of_its_call_whatever_it_does_with_it(name, backend):
    use = USES[name]
    compiled = tg.compile(lambda x, p: x * tg.noise(lambda shape: np.zeros(shape) + use(p), x.shape), backend=backend)
    for p in (0.5, 4.0, 12.25):
        assert_near(compiled(X, p), X * use(p))
    assert len(compiled._plans) == 1


def test_a_float_that_is_not_known_has_the_attributes_of_floats_alone():
    told = []

    def fn(x, p):
        try:
            return x * p.shape
        except AttributeError as error:
            told.append(str(error))
        return x * p

    assert_near(tg.compile(fn, backend="numpy")(X, 2.0), 2 * X)
    assert {*told} == {"'float' object has no attribute 'shape'"}


def test_of_a_long_list_that_becomes_an_array_not_each_float_takes_a_trace(monkeypatch):
    tries = []
    monkeypatch.setattr(Trial, "__init__", lambda self, *args: (tries.append(1), INIT(self, *args))[1])
    floats = [float(n) for n in range(200)]
    for arguments in (floats, [floats[k : k + 10] for k in range(0, 200, 10)]):
        sums = tg.compile(lambda rows, rate: tg.sum(tg.constant(rows) * rate), backend="numpy")
        for rate in (2.0, 3.0):  # it is computed with: no new plan
            assert sums(arguments, rate) == rate * sum(floats)
        assert len(sums._plans) == 1
    assert len(tries) < 50
