"""Long texts, ends, draws and narrow beams against the same in plain loops, token by token."""

import itertools

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import Streaming, beam, generate, sample
from tinygraph.train.token_loop import TokenLoop

from .test_generation import Net, V


def by_hand(net, start, length, rng=None, stop=(), state=None, **options):
    """`generate` as its words say: a loop over tokens that ends when all texts have."""
    state = net.initial_state(start.shape[1]) if state is None else state
    for ids in start:
        logits, state = net(ids, state)
    texts, over = [], np.zeros(start.shape[1], bool)
    while len(texts) < length and not over.all():
        if texts:
            logits, state = net(texts[-1], state)
        ids = sample(logits, rng, **options)
        texts.append(np.where(over, texts[-1], ids) if texts else ids)
        over |= np.isin(texts[-1], list(stop))
    return np.array(texts)


@each("prompt", [1, 3, 130])
@each("length", [1, 127, 129, 300])
@each("drawn", [False, True])
def test_long_texts_are_those_of_the_loop_by_hand(prompt, length, drawn):
    """Calls are of at most 128 steps: their borders lie in the prompt, at its end, and in the text."""
    net, start = Net(2), np.random.default_rng(prompt).integers(0, V, (prompt, 2))
    rngs = [np.random.default_rng(7) if drawn else None for _ in range(2)]
    options = {"temperature": 0.7} if drawn else {}
    text = generate(net, start, length, rng=rngs[0], **options)
    assert np.array_equal(text, by_hand(net, start, length, rngs[1], **options)) and text.dtype == np.int64
    assert not drawn or rngs[0].random() == rngs[1].random(), "the generator stands where the loop leaves it"


@each("stop", [[0], [1, 3], [2], []])
@each("seed", range(2))
@each("options", [{}, {"top_k": 3}, {"top_p": 0.8}])
def test_texts_that_end_early_draw_no_more(stop, seed, options):
    net, start = Net(seed), np.array([[0, 1, 2]])
    rngs = [np.random.default_rng(seed) for _ in range(2)]
    text = generate(net, start, 150, rng=rngs[0], stop=stop, temperature=3.0, **options)
    due = by_hand(net, start, 150, rngs[1], stop, temperature=3.0, **options)
    assert np.array_equal(text, due)
    assert rngs[0].random() == rngs[1].random()


def test_a_state_that_is_passed_comes_before_the_nets_own():
    net, start = Net(1), np.array([[0, 1]])
    state = net.initial_state(2) + np.float32([0.9, -0.9, 0.9, -0.9, 0.9])
    due = by_hand(net, start, 9, state=state)
    assert not np.array_equal(due, by_hand(net, start, 9)), "it matters"
    for options in ({}, {"top_k": 1, "rng": np.random.default_rng(0)}):
        assert np.array_equal(generate(net, start, 9, state=state, **options), due)
    (text,) = beam(net, [0], 9, 1, state=state[:1])
    assert np.array_equal(text.tokens, due[:, 0])


def test_ids_keep_their_dtype_and_a_state_may_be_passed():
    net, seen = Net(1), []

    def watched(ids, state):
        seen.append(ids.dtype)
        return net(ids, state)

    state = net.initial_state(2) + np.float32(0.5)
    for dtype, options in itertools.product((np.int32, np.uint8), ({}, {"top_k": 2})):
        start = np.array([[0, 1]], dtype)
        rng = np.random.default_rng(0) if options else None
        text = generate(watched, start, 4, state=state, rng=rng, **options)
        rng = np.random.default_rng(0) if options else None
        assert np.array_equal(text, by_hand(net, start, 4, rng, state=state, **options))
        assert set(seen) == {np.dtype(dtype)} and not seen.clear()


@each("dtype", [np.uint8, np.int8, np.uint16, np.int64])
def test_tokens_do_not_wrap_around_in_the_dtype_of_the_start(dtype):
    after = (np.arange(300) + 97) % 300
    table = np.eye(300)[after]

    def net(ids, state):
        return tg.take(table, ids, axis=0), state

    for write in (
        generate,
        lambda *a: generate(*a, top_k=1, rng=np.random.default_rng(0)),
        lambda *a: beam(*a, 2)[0].tokens,
    ):
        if np.iinfo(dtype).max < 299:
            with pytest.raises(tg.GraphError, match=r"(?s)does not hold 300 tokens.*start\.astype\(np\.int64\)"):
                write(net, np.array([0], dtype), 6)
        else:
            assert write(net, np.array([0], dtype), 6).tolist() == [97, 194, 291, 88, 185, 282]


@each(
    "net",
    [
        lambda ids, s: (ids * np.nan, s),
        lambda ids, s: (ids * 1.0, s),
        lambda ids, s: (np.full((1, 3), np.nan) + 0.0 * s, s),
    ],
)
@each("options", [{}, {"top_k": 2}])
def test_what_are_no_logits_is_told(net, options):
    with pytest.raises(tg.GraphError, match=r"(?s)no logits.*\(B, V\)"):
        generate(net, [0], 2, state=np.zeros(1), rng=np.random.default_rng(0), **options)


def beam_by_hand(table, start, length, width, stop, penalty):
    """All continuations of what is kept are scored, the best are kept, finished ones apart; none is given up early."""

    def log(before, k):
        """The net of the test below: the longer the text, the surer it is, so that no two texts are equally likely."""
        powers = table[before[-1]] ** (1 + 0.1 * len(before))
        return np.log(powers[k] / powers.sum())

    alive, ended = [((), 0.0)], []
    for n in range(1, length + 1):
        grown = [((*t, k), p + log((*start, *t), k)) for t, p in alive for k in range(len(table))]
        grown = sorted(grown, key=lambda pair: -pair[1])[: 2 * width]
        ended += [(t, p, p / n**penalty) for t, p in grown if t[-1] == stop or n == length]
        ended = sorted(ended, key=lambda text: -text[2])[:width]
        alive = [(t, p) for t, p in grown if t[-1] != stop][:width]
    return ended


@each("seed", range(3))
@each("width", [1, 2, 3, 5])
@each("stop, penalty", [(None, 0.0), (2, 0.0), (2, 0.7), (0, 2.0)])
def test_a_narrow_beam_is_the_search_by_hand(seed, width, stop, penalty):
    table = np.random.default_rng(seed).random((4, 4)) ** 2 + 0.01
    logits = tg.parameter(np.log(table))
    texts = beam(
        lambda ids, s: (tg.take(logits, ids, axis=0) * (1.1 + 0.1 * s[:, :1]), s + 1.0),
        [3, 1],
        6,
        width,
        state=np.zeros((1, 2)),
        stop=stop,
        length_penalty=penalty,
    )
    due = beam_by_hand(table, [3, 1], 6, width, stop, penalty)
    assert [tuple(t.tokens.tolist()) for t in texts] == [t for t, _, _ in due]
    np.testing.assert_allclose([t.log_probability for t in texts], [p for _, p, _ in due], rtol=1e-12)
    np.testing.assert_allclose([t.score for t in texts], [s for _, _, s in due], rtol=1e-12)


def test_a_stream_takes_what_is_like_its_first_step_and_tells_the_rest():
    cell = tg.cells.GRU(2, 3, rng=0)
    xs = np.random.default_rng(0).normal(size=(4, 2, 2)).astype(np.float32)
    due = tg.unroll(cell, xs)[0].value
    stream = Streaming(cell, backend="numpy")
    forms = [xs[0], xs[1].astype(np.float64), np.asfortranarray(xs[2]), tg.constant(xs[3])]
    got = [stream(x) for x in forms]
    np.testing.assert_allclose(got, due, atol=1e-6)
    state = stream.state
    for wrong in (np.ones((1, 2), np.float32), np.ones((2, 2), int), np.ones((2, 2), bool)):
        with pytest.raises(tg.GraphError, match=r"(?s)x is not as the first one.*\(2, 2\) float32"):
            stream(wrong)
    for wrong in (np.ones((1, 3), np.float32), np.ones((2, 3)), [state, state], None):
        with pytest.raises(tg.GraphError, match=r"(?s)the state does not fit.*\(2, 3\) float32"):
            stream.state = wrong
    np.testing.assert_array_equal(stream.state, state)
    stream.state = tg.constant(state)
    np.testing.assert_array_equal(stream.state, state)
    ints = Streaming(lambda x, s: (x + s, x + s), np.array([1]), backend="numpy")
    assert ints(np.array([2])).tolist() == [3] and ints(np.array([4])).tolist() == [7] and ints.state.tolist() == [7]
    with pytest.raises(tg.GraphError, match="not as the first"):
        ints(np.array([4.0]))
    with pytest.raises(tg.GraphError, match=r"(?s)another state than it takes.*no state.*\(2,\)"):
        Streaming(lambda x, s: (x, x), backend="numpy")(np.ones(2))


def test_a_call_is_of_at_most_128_steps_and_all_calls_are_alike(monkeypatch):
    calls, chosen = [], TokenLoop._chosen
    monkeypatch.setattr(
        TokenLoop,
        "_chosen",
        lambda self, begin, count, steps: calls.append((count, steps)) or chosen(self, begin, count, steps),
    )
    for length, due in ((128, [(128, 128)]), (129, [(65, 65), (64, 65)]), (300, [(100, 100)] * 3)):
        generate(lambda ids, s: (tg.take(np.eye(3), ids, axis=0), s), [0], length, state=np.zeros(1))
        assert calls == due and not calls.clear()
