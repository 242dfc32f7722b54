"""The other forms of an unroll: sliding windows, and values computed a second time; every cell in each of them."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.time import traced_segments

from . import cells, states
from .comparing import HAS_NATIVE, assert_near, assert_same, each_backend, eager, with_gradients
from .test_numbers import CASES, built, uncompiled

PLAIN = [*cells.CASES, *states.CASES, "tokens_looked_up_inside_and_loss_inside", "running_loss_in_the_state",
         "outputs_as_a_dict", "greedy_feedback", "both_directions", "one_step", "second_derivatives",
         "jacobian_times_vector"]  # fmt: skip
unroll = tg.unroll


def with_settings(monkeypatch, **settings):
    """Let every unroll have these settings as well."""
    monkeypatch.setattr(tg, "unroll", lambda *args, **own: unroll(*args, **own | settings))


@each("name", PLAIN)
def test_sliding_windows(name, monkeypatch):
    with_settings(monkeypatch, truncate=2, window="sliding")
    fn, weights, args = built(name, "f8")
    assert_same(with_gradients(fn, weights), *args, backend="numpy")


SMALL_AND_LARGE = [("tanh_rnn", "numpy"), ("lstm_packed", "native" if HAS_NATIVE else "numpy")]


@each("reverse", [False, True])
@each("reach", [1, 2, 4, 5, 6])
@each("name, backend", SMALL_AND_LARGE)
def test_sliding_windows_of_every_reach(name, reach, reverse, backend, monkeypatch):
    with_settings(monkeypatch, truncate=reach, window="sliding", reverse=reverse)
    fn, weights, args = built(name, "f8")
    assert_same(with_gradients(fn, weights), *args, backend=backend)


@each("name", CASES)
def test_values_computed_a_second_time(name, monkeypatch):
    monkeypatch.setattr(traced_segments, "SHORTEST", 2)
    fn, weights, args = built(name, "f8")
    fn = with_gradients(fn, weights)
    assert_near(tg.compile(fn, backend="numpy", memory="checkpoint")(*args), uncompiled(name, "f8"))


SETTINGS = [{}, {"reverse": True}, {"truncate": 3}, {"truncate": 4, "reverse": True}]
IN_NUMPY = [("numpy", T, settings) for T in (1, 15, 16, 17, 49) for settings in SETTINGS if T > 15 or not settings]
IN_NATIVE_CODE = [("native", T, settings) for T in (16, 17) for settings in SETTINGS if HAS_NATIVE]
"""Of every length the segments are the same, whoever runs them."""


@each("backend, T, settings", IN_NUMPY + IN_NATIVE_CODE)
def test_segments_of_every_length(T, settings, backend, monkeypatch):
    with_settings(monkeypatch, **settings)
    fn, weights, (_, *rest) = built("lstm_packed", "f8")
    xs = np.random.default_rng(T).normal(size=(T, cells.B, cells.I))
    fn = with_gradients(fn, weights)
    compiled = tg.compile(fn, backend=backend, memory="checkpoint")
    for _ in range(2):
        assert_near(compiled(xs, *rest), eager(fn, xs, *rest))


@each_backend
def test_memory_grows_as_the_root_of_the_length(backend):
    fn, weights, (_, *rest) = built("lstm_packed", "f8")
    xs = np.random.default_rng(0).normal(size=(2500, cells.B, cells.I))
    fn = tg.value_and_grad(lambda *args, f=fn: tg.sum(f(*args)[1][0]), weights)
    kept, again = (tg.compile(fn, backend=backend, memory=memory) for memory in ("keep", "checkpoint"))
    assert_near(again(xs, *rest), kept(xs, *rest), 1e-11)
    assert again.plan.peak_bytes < 0.2 * kept.plan.peak_bytes


def test_unknown_memory_is_refused():
    with pytest.raises(tg.GraphError, match="memory"):
        tg.compile(lambda x: x, memory="little")
