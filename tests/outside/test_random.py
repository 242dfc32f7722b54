"""Random numbers drawn in a compiled function: refused, naming `tg.noise`, which draws at each call."""

import random
import secrets
import subprocess
import sys
from random import gauss

import numpy as np
import pytest
from numpy.random import normal

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0, 3.0])
GENERATOR, OLD, PLAIN = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
SYSTEM = random.SystemRandom()


class Model:
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def dropped(self, x):
        return x * (self.rng.random(3) < 0.5)


def of_a_cell(x):
    return tg.unroll(lambda x_t, h: (x_t * GENERATOR.normal(size=3), h), tg.stack([x, x]), 0.0)[0]


def an_order(x):
    return x[:2][np.random.permutation(2)]


def helper(size):
    return np.random.default_rng().normal(size=size)


def module(x):
    return x * np.random.normal(size=3)


def name(x):
    return x * normal(size=3)


def generator(x):
    return x * GENERATOR.normal(size=3)


def old_state(x):
    return x * OLD.normal(size=3)


def python(x):
    return x * random.random()


def pythons_name(x):
    return x * gauss(0, 1)


def pythons_generator(x):
    return x * PLAIN.random()


def made_there(x):
    return x * np.random.default_rng().normal(size=3)


def made_in_a_helper(x):
    return x * helper(3)


def of_the_system(x):
    return x * SYSTEM.random()


def secret(x):
    return x * secrets.randbelow(1 << 30)


def as_a_default(x, rng=np.random.default_rng(0)):  # noqa: B008
    return x * rng.normal(size=3)


DRAWERS = [module, name, generator, old_state, python, pythons_name, pythons_generator, made_there, made_in_a_helper,
           of_the_system, secret, as_a_default, Model().dropped, of_a_cell, an_order]  # fmt: skip


@each_backend
@each("fn", DRAWERS)
def test_numbers_drawn_while_the_function_is_traced_are_refused(fn, backend):
    with pytest.raises(tg.GraphError, match=r"random numbers[\s\S]*tg\.noise"):
        tg.compile(fn, backend=backend)(X)


@each_backend
def test_noise_draws_at_each_call_whatever_draws(backend):
    draws = [GENERATOR.normal, lambda size: np.random.normal(size=size), helper, OLD.standard_normal]
    for draw in draws:
        compiled = tg.compile(lambda x, draw=draw: x + tg.noise(lambda s: draw(size=s), x.shape), backend=backend)
        first, second = compiled(X), compiled(X)
        assert (first != second).all()


@each_backend
def test_numbers_from_a_seed_in_the_function_are_the_same_uncompiled_and_compiled(backend):
    def fn(x):
        return x * np.random.default_rng(7).normal(size=3)

    compiled = tg.compile(fn, backend=backend)
    for _ in range(3):
        assert_near(compiled(X), fn(X))


@each_backend
def test_dropout_in_a_cell_draws_and_cells_may_be_made_from_a_seed(backend):
    cell = tg.cells.Stack([tg.cells.RNN(2, 3, rng=0), tg.cells.RNN(3, 3, rng=1)], dropout=0.5)
    xs = np.ones((40, 2, 2), "f4")
    compiled = tg.compile(lambda xs: tg.unroll(cell, xs)[0], backend=backend)
    first, second = compiled(xs), compiled(xs)
    assert (first != second).any()
    cell.eval()
    assert_near(compiled(xs), tg.unroll(cell, xs)[0].value, 2e-5)
    made = tg.compile(lambda x: tg.cells.RNN(3, 2, rng=0, dtype=float)(x[None], np.zeros((1, 2)))[0], backend=backend)
    assert_near(made(X), made(X), 0.0)


def test_numbers_drawn_elsewhere_do_not_matter():
    compiled = tg.compile(lambda x: x * 2, backend="numpy")
    for _ in range(5):
        np.random.normal()
        GENERATOR.normal()
        assert_near(compiled(X), 2 * X)


FRESH = """
import numpy as np, tinygraph as tg
try:
    tg.compile(lambda x: tg.sum(x * np.random.rand(2)), backend="numpy")(np.ones(2))
except tg.GraphError as error:
    print("refused" if "tg.noise" in str(error) else error)
"""


def test_numpys_random_module_is_watched_before_its_first_use():
    """NumPy imports it only when it is named, which may be within the function."""
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
