"""Loops over tokens: choosing, looking up and counting by integers is native code, and means what it does in numpy."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

from .comparing import assert_same

pytest.importorskip("llvmlite")

V, H, B, T = 7, 5, 3, 12


class Weights:
    def __init__(self, dtype, seed=0):
        rng = np.random.default_rng(seed)
        self.embed, self.h, self.y = (
            tg.parameter(rng.normal(size=shape).astype(dtype)) for shape in ((V, H), (H, H), (H, V))
        )

    def step(self, x, h):
        h = np.tanh(x + h @ self.h)
        return h @ self.y, h


def by_argmax(w):
    """Words fed back by `unroll`."""
    cell = lambda word, h: w.step(tg.take(w.embed, word, axis=0), h)  # noqa: E731
    return lambda words, h: tg.argmax(tg.unroll(cell, words, h, feedback=lambda y: tg.argmax(y, axis=-1))[0], axis=-1)


def until_a_word(w):
    """A word in the state that stays as it is after the last one, and how many there were."""

    def cell(_, state):
        word, count, h = state
        logits, h = w.step(w.embed[word], h)
        over = (word == 2) | (count >= 9)
        following = tg.argmax(logits, axis=-1)
        return word, (tg.where(over, word, following), count + tg.where(over, 0, 1).astype(count.dtype), h)

    return lambda words, h: tg.unroll(cell, words, (words[0].astype(np.int64), np.zeros(B, np.int32), h))


def by_chance(w):
    """Words drawn from the softmax, of numbers that come from outside."""

    def cell(u, state):
        word, h = state
        logits, h = w.step(tg.one_hot(word, V, h.dtype) @ w.embed, h)
        edges = np.cumsum(tg.softmax(logits), axis=-1)
        word = tg.sum(u[:, None] >= edges, axis=-1)
        return tg.minimum(word, V - 1), (tg.minimum(word, V - 1), h)

    return lambda words, h: tg.unroll(cell, np.random.default_rng(0).random((T, B)), (words[0].astype(np.int64), h))[0]


def every_third_step(w):
    """A state that begins anew as a counter says, and a number of each row by two indices."""

    def cell(word, state):
        t, h = state
        h = tg.where((t % 3 == 0)[:, None], np.zeros((B, H), h.dtype), h)
        logits, h = w.step(w.embed[-1 - abs(word - 3)], h)
        return logits[np.arange(B), word], (t + 1, h)

    return lambda words, h: tg.unroll(cell, words, (np.arange(B), h))


LOOPS = [by_argmax, until_a_word, by_chance, every_third_step]
WORDS = np.random.default_rng(1).integers(0, V, (T, B))


@each("dtype", ["f4", "f8"])
@each("loop", LOOPS)
def test_a_loop_over_words_is_one_stretch_of_native_code(loop, dtype):
    run, h = loop(Weights(dtype)), np.random.default_rng(2).normal(size=(B, H)).astype(dtype)
    for words in (WORDS, WORDS.astype(np.int16)):
        step = assert_same(run, words, h, backend="native", tolerance=1e-5 if dtype == "f4" else 1e-12)
        assert len(step.plan.source) == 1, "no call of numpy within"
    assert_same(run, WORDS, h, backend="numpy", tolerance=1e-5 if dtype == "f4" else 1e-12)


TABLE = tg.parameter(np.arange(12.0).reshape(4, 3))
WRONG = {
    "take": lambda ids: tg.take(TABLE, ids, axis=0),
    "along the last axis": lambda ids: tg.take(TABLE, ids, axis=-1),
    "flattened": lambda ids: tg.take(TABLE, ids * 3),
    "rows": lambda ids: TABLE[ids],
    "columns": lambda ids: TABLE[:, ids],
    "pairs": lambda ids: TABLE[ids, ids],
    "one hot": lambda ids: tg.one_hot(ids, 3),
    "in a loop": lambda ids: tg.unroll(lambda k, s: (TABLE[k] + s, TABLE[k + 0 * s.astype(int)[0]]), ids, np.zeros(3))[
        0
    ],
}


def refused(fn, ids):
    with pytest.raises(tg.GraphError) as error:
        fn(ids)
    return str(error.value).partition("\n")[0].replace(" at step 1", "")


@each("dtype", ["i1", "i4", "i8", "u1"])
@each("name", WRONG)
def test_an_index_out_of_range_gets_the_error_of_numpy(name, dtype):
    for ids in ([1, 7], [1, 120], [1, -7]):
        if np.dtype(dtype).kind == "u" and ids[1] < 0:
            continue
        ids = np.array(ids, dtype)
        messages = {refused(lambda ids: WRONG[name](tg.constant(ids)), ids)}
        for backend in ("numpy", "native"):
            step = tg.compile(WRONG[name], backend=backend)
            messages.add(refused(step, ids))
            right = np.array([1, 2], dtype) % 3
            expected = WRONG[name](tg.constant(right)).value
            np.testing.assert_array_equal(step(right), expected, err_msg="the plan works on")
        assert len(messages) == 1, messages


def test_the_first_wrong_index_of_a_loop_is_told():
    """Fed back: what is wrong is known at step 3 alone."""

    def run(words):
        return tg.unroll(lambda _, k: (TABLE[k], k + 1), words, np.array([1]))[0]

    for backend in ("numpy", "native"):
        assert "index 4 is out of bounds" in refused(tg.compile(run, backend=backend), np.zeros(9))
