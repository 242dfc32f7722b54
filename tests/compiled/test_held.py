"""What plans really hold is what they are bounded by: graphs, views, constants, code and arrays."""

import gc
import re
import tracemalloc
from pathlib import Path

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph import compiled as compiled_module
from tinygraph.compiled import together_bytes
from tinygraph.run.native import disk

from .comparing import each_backend
from .test_shapes import data, lstm_step

RNG = np.random.default_rng(0)
W = tg.parameter(RNG.normal(size=(8, 8)))


def lstm():
    return lstm_step(), lambda k: data(5 + k % 20, 2 + k // 20)


def straight():
    def loss(x):
        for k in range(30):
            x = np.tanh(x @ W) * (k + 1.0) + np.exp(-x)
        return tg.sum(x * x)

    return tg.value_and_grad(loss, W), lambda k: np.ones((2 + k, 8))


def constants():
    return lambda x: x[..., None] * np.arange(50_000.0), lambda k: np.ones((1, 2 + k))


def held(function, shape, first, last):
    """Bytes that calls with new shapes leave behind, as Python's allocators count them."""
    gc.collect()
    tracemalloc.start()
    try:
        for k in range(first, last):
            function(shape(k))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@each_backend
def test_what_is_counted_is_what_is_held(backend):
    @each("program", [lstm, straight, constants])
    def counted_as_held(program):
        fn, shape = program()
        function = tg.compile(fn, backend=backend)
        for k in range(3):
            function(shape(k))
        before = together_bytes(function._plans.values())
        measured = held(function, shape, 3, 8)
        counted = together_bytes(function._plans.values()) - before
        assert 0.75 * measured < counted < 1.3 * measured, (measured, counted)

    counted_as_held()


@each_backend
def test_the_bound_is_one_of_real_memory(backend, monkeypatch):
    fn, shape = lstm()
    function = tg.compile(fn, backend=backend)
    function(shape(0))
    bound = 3 << 20  # of plans of 0.2 to 0.7 MiB: with AVX-512 the code and the packed weights are larger
    monkeypatch.setattr(compiled_module, "KEPT_BYTES", bound)
    measured = held(function, shape, 1, 25)
    assert 2 < len(function._plans) < 24
    assert 0.5 * bound < measured < 1.3 * bound


def test_the_bounds_are_those_that_the_guide_tells():
    """The tests of bounds set smaller ones, which cannot show what holds for a user."""
    guide = " ".join((Path(__file__).parents[2] / "docs" / "guide.md").read_text(encoding="utf-8").split())
    (plans,) = re.findall(r"plans of one function hold at most (\d+) GiB", guide)
    (code,) = re.findall(r"at most (\d+) MiB, the oldest go first", guide)
    assert (int(plans) * 2**30, int(code) * 2**20) == (compiled_module.KEPT_BYTES, disk.BOUND)


def test_code_that_plans_share_counts_once():
    function = tg.compile(lambda x: tg.exp(x) + 1, backend="numpy")
    function(np.ones(2))
    one, shared = function.plan.held_bytes, sum(function.plan.code_bytes.values())
    function(np.ones(3))
    assert shared > 0 and together_bytes(function._plans.values()) == one + function.plan.held_bytes - shared
