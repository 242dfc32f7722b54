"""Lengths outside of 0 to T: the same refusal uncompiled and compiled, however the lengths come."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend, eager
from tests.each import each

XS, H0 = np.random.default_rng(0).normal(size=(4, 3, 2)), np.zeros((3, 2))
WRONG = ([5, 1, 1], [0, -1, 2], [4, 4, 1 << 40])


def cell(x, h):
    h = tg.tanh(x + 0.5 * h)
    return h, h


def plain(xs, lengths):
    return tg.unroll(cell, xs, H0, lengths=lengths)


def backwards(xs, lengths):
    return tg.unroll(cell, xs, H0, lengths=lengths, reverse=True, truncate=2)


def computed(xs, lengths):
    return tg.unroll(cell, xs, H0, lengths=lengths * 2 - lengths)


def with_mask(xs, lengths):
    return tg.unroll(cell, xs, H0, lengths=lengths, mask=np.ones((4, 3), bool))


def in_windows(xs, lengths):
    return tg.unroll(cell, xs, H0, lengths=lengths, truncate=2, window="sliding")


def gradient(xs, lengths):
    return tg.grad(tg.sum(tg.unroll(cell, xs, H0, lengths=lengths)[0]), xs)


def nested(xs, lengths):
    def outer(x, h):
        return tg.unroll(cell, tg.stack([x, x, x, x]), h, lengths=lengths)[0][-1], h

    return tg.unroll(outer, xs, H0)


def layers(xs, lengths):
    both = tg.cells.Bidirectional(tg.cells.RNN(2, 2, rng=0, dtype=float), tg.cells.RNN(2, 2, rng=1, dtype=float))
    return tg.unroll(both, xs, lengths=lengths)


WAYS = [plain, backwards, computed, with_mask, in_windows, gradient, nested, layers]


@each_backend
@each("fn", WAYS)
@each("dtype", ["i8", "i4"])
def test_lengths_that_are_arguments_are_looked_at_in_each_call(fn, dtype, backend):
    compiled, right = tg.compile(fn, backend=backend), np.array([4, 0, 2], dtype)
    for wrong in WRONG:
        wrong = np.array(wrong).clip(-1, np.iinfo(dtype).max).astype(dtype)
        assert_near(compiled(XS, right), eager(fn, XS, right))
        messages = []
        for call in (lambda w: eager(fn, XS, w), lambda w: compiled(XS, w)):
            with pytest.raises(tg.GraphError, match="a length is out of range") as caught:
                call(wrong)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]
    assert_near(compiled(XS, right), eager(fn, XS, right))


@each_backend
@each("fn", WAYS)
def test_lengths_of_the_function_itself_are_refused_when_it_is_traced(fn, backend):
    for wrong in WRONG:
        lengths = np.array(wrong)
        with pytest.raises(tg.GraphError, match="a length is out of range"):
            tg.compile(lambda xs, at=lengths: fn(xs, at), backend=backend)(XS)


@each_backend
def test_no_sequence_and_one_sequence(backend):
    compiled = tg.compile(lambda xs, n: tg.unroll(cell, xs, np.zeros(xs.shape[1:]), lengths=n)[0], backend=backend)
    assert compiled(np.ones((4, 0, 2)), np.zeros(0, int)).shape == (4, 0, 2)
    one = XS[:, 0]
    assert_near(compiled(one, np.array(3)), eager(lambda xs: tg.unroll(cell, xs, np.zeros(2), lengths=3)[0], one))
    with pytest.raises(tg.GraphError, match="a length is out of range"):
        compiled(one, np.array(5))
