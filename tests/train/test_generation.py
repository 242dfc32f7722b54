"""Generation against loops in plain numpy, all texts enumerated, and the probabilities of a softmax."""

import itertools

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import Streaming, beam, generate, sample

V, H = 4, 5


class Net(tg.Module):
    """A GRU over embedded tokens with a linear head."""

    def __init__(self, rng=0):
        self.embed, self.cell = tg.Embedding(V, 3, rng=rng), tg.cells.GRU(3, H, rng=rng)
        self.head = tg.Linear(H, V, rng=rng)
        self.head.weight.value = 4 * self.head.weight.value

    def __call__(self, ids, state):
        y, state = self.cell(self.embed(ids), state)
        return self.head(y), state

    def initial_state(self, *batch):
        return self.cell.initial_state(*batch)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_frequencies_are_those_of_the_softmax():
    logits, rng = np.array([[0.0, 1.0, -1.0, 0.5], [2.0, 0.0, 0.0, -3.0]]), np.random.default_rng(0)
    for temperature in (1.0, 0.5, 3.0):
        counts = np.zeros((2, V))
        for _ in range(4000):
            counts[[0, 1], sample(logits, rng, temperature)] += 1
        np.testing.assert_allclose(counts / 4000, softmax(logits / temperature), atol=0.03)


class Drawing(np.random.Generator):
    """Draws one number for ever."""

    def __init__(self, draw):
        super().__init__(np.random.PCG64(0))
        self.draw = draw

    def random(self, size=None):
        return np.full(size, self.draw)


@each("options", [{}, {"top_k": 9}])
@each("draw, token", [(0.0, 1), (1 - 2**-53, 7)])
def test_a_draw_of_0_or_just_below_1_is_a_token_that_has_a_chance(options, draw, token):
    """Chances are added up, so that their sum is not quite 1."""
    logits = np.random.default_rng(3).normal(size=(400, 9))
    logits[:, [0, 8]] = -np.inf
    assert set(sample(logits, Drawing(draw), 2.0, **options).tolist()) == {token}
    start = np.arange(400)[None]
    options = {**options, "state": np.zeros(1), "rng": Drawing(draw)}
    assert (generate(lambda ids, s: (tg.constant(logits) + 0.0 * s, s), start, 2, **options) == token).all()


def test_only_the_likeliest_tokens_are_drawn():
    rng = np.random.default_rng(1)
    for _ in range(50):
        logits = rng.normal(size=(3, 6)).round(1)
        p = softmax(logits)
        for option in ({"top_k": 2}, {"top_p": 0.7}, {"top_k": 3, "top_p": 0.5}, {"top_k": 99}, {"top_p": 1.0}):
            drawn = np.array([sample(logits, rng, **option) for _ in range(30)])
            for row in range(3):
                ranked = sorted(range(6), key=lambda k: (-p[row, k], k))
                allowed = ranked[: option.get("top_k", 6)]
                if "top_p" in option:
                    allowed = [
                        k for k in allowed if sum(p[row, j] for j in ranked[: ranked.index(k)]) < option["top_p"]
                    ]
                assert set(drawn[:, row]) <= set(allowed or ranked[:1])


@each("logits", [np.array([1.0, 3.0, 3.0]), np.array([[1.0, -np.inf, 0.0]]), tg.constant([[5, 1, 7]])])
def test_without_a_generator_the_likeliest_is_taken(logits):
    assert np.ravel(sample(logits))[0] == int(np.argmax(np.ravel(getattr(logits, "value", logits))))


def greedy_by_hand(net, start, length):
    state, ids = net.initial_state(start.shape[1]), []
    for t in range(len(start) + length - 1):
        logits, state = net(start[t] if t < len(start) else ids[-1], state)
        if t >= len(start) - 1:
            ids.append(logits.value.argmax(-1))
    return np.array(ids)


def test_generation_is_the_loop_by_hand():
    net, start = Net(), np.array([[0, 1], [2, 3], [1, 0]])
    expected = greedy_by_hand(net, start, 9)
    assert np.array_equal(generate(net, start, 9), expected)
    assert np.array_equal(generate(net, start[:, 1], 9), expected[:, 1])
    draws = [generate(net, start, 9, rng=np.random.default_rng(4), temperature=2.0) for _ in range(2)]
    assert np.array_equal(*draws) and not np.array_equal(draws[0], expected)


def test_texts_end_at_their_token():
    net, start = Net(3), np.array([[0, 1, 2, 3]])
    free = greedy_by_hand(net, start, 12)
    stop = int(free[3, 0])
    ended = generate(net, start, 12, stop=stop)
    for b in range(4):
        first = np.flatnonzero(free[:, b] == stop)
        upto = (first[0] + 1) if len(first) else 12
        assert np.array_equal(ended[:upto, b], free[:upto, b][: len(ended)])
        assert (ended[upto:, b] == stop).all()
    assert len(generate(net, start[:, :1], 12, stop=[stop])) == np.flatnonzero(free[:, 0] == stop)[0] + 1


def log_probability(net, start, text):
    state, total = net.initial_state(1), 0.0
    for t, token in enumerate([*start, *text][:-1]):
        logits, state = net(np.array([token]), state)
        if t >= len(start) - 1:
            total += float(np.log(softmax(logits.value.astype(np.float64)))[0, [*start, *text][t + 1]])
    return total


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("stop", [None, 2])
def test_a_wide_beam_has_all_texts_ranked(stop, penalty):
    net, start, length = Net(1), [0, 1], 3
    texts = set()
    for text in itertools.product(range(V), repeat=length):
        texts.add(text[: text.index(stop) + 1] if stop in text else text)
    scores = {text: log_probability(net, start, text) for text in texts}
    ranked = sorted(texts, key=lambda text: -scores[text] / len(text) ** penalty)
    found = beam(net, start, length, width=V**length, stop=stop, length_penalty=penalty)
    assert len(found) == len(texts)
    np.testing.assert_allclose([f.log_probability for f in found], [scores[t] for t in ranked], atol=1e-5)
    assert {tuple(f.tokens.tolist()) for f in found} == texts
    (one,) = beam(net, start, length, width=1)
    assert np.array_equal(one.tokens, generate(net, start, length)), "a beam of one is greedy"


@each(
    "make",
    [
        lambda: tg.cells.LSTM(3, 4, rng=0),
        lambda: tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, rng=0),
        lambda: lambda x, state: (x + state["h"], {"h": np.float32(0.5) * (x + state["h"])}),
    ],
)
def test_streaming_is_unroll(make):
    cell, xs = make(), np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    start = None if isinstance(cell, tg.Module) else {"h": np.zeros((2, 3), np.float32)}
    expected, last = tg.unroll(cell, xs, start)
    for backend in ("numpy", "native"):
        stream = Streaming(cell, start, backend)
        for t in range(6):
            np.testing.assert_allclose(stream(xs[t]), expected.value[t], atol=1e-6)
            if t == 2:
                kept = stream.state
        for a, b in zip(tg.core.structure.leaves(stream.state), tg.core.structure.leaves(last), strict=True):
            np.testing.assert_allclose(a, b.value, atol=1e-6)
        stream.state = kept
        np.testing.assert_allclose(stream(xs[3].astype(np.float32)[:, ::-1][:, ::-1]), expected.value[3], atol=1e-6)


def test_streaming_reads_new_weights():
    cell, x = tg.cells.RNN(2, 3, rng=0), np.ones((1, 2), np.float32)
    stream = Streaming(cell)
    stream(x)
    stream.state = cell.initial_state(1)
    cell.weight_ih.value = 2 * cell.weight_ih.value
    np.testing.assert_allclose(stream(x), cell(x, cell.initial_state(1))[0].value, atol=1e-6)


@each(
    "wrong, match",
    [
        (lambda net: sample([[np.nan, 1.0]]), "logits"),
        (lambda net: sample(3.0), "logits"),
        (lambda net: sample([1.0], rng=3), "generator"),
        (lambda net: sample([1.0], np.random.default_rng(0), temperature=0.0), "temperature"),
        (lambda net: sample([1.0], np.random.default_rng(0), top_k=0), "top_k"),
        (lambda net: sample([1.0], np.random.default_rng(0), top_p=1.5), "top_p"),
        (lambda net: sample([1.0], top_p=0.5), r"sample: without rng(?s:.*)fix +rng="),
        (lambda net: generate(net, [0], 1, temperature=50.0), r"generate: without rng(?s:.*)50\.0(?s:.*)fix +rng="),
        (lambda net: generate(net, [0], 1, top_k=2), r"generate: without rng(?s:.*)'top_k': 2(?s:.*)fix +rng="),
        (lambda net: generate(net, [], 3), "generate: no tokens(?s:.*)begin with a token"),
        (lambda net: generate(net, "ab", 3), r"generate: no tokens(?s:.*)encode\("),
        (lambda net: beam(net, ["a"], 3, 2), r"beam: no tokens(?s:.*)encode\("),
        (lambda net: generate(net, [0.5], 3), "no tokens"),
        (lambda net: generate(net, [0], 0), "length"),
        (lambda net: generate(3, [0], 1), "generate"),
        (lambda net: generate(net, [0], 1, rng=3), "no generator"),
        (lambda net: generate(net, [0], 1, rng=3, top_k=2), "no generator"),
        (lambda net: beam(net, [[0, 1]], 3, 2), "one text"),
        (lambda net: beam(net, [0], 3, 0), "width"),
        (lambda net: beam(net, [0], 3, 1, length_penalty=-1.0), "length_penalty"),
        (lambda net: Streaming(3), "Streaming"),
        (lambda net: (s := Streaming(tg.cells.RNN(2, 3)))(np.ones((1, 2))) is s(np.ones((2, 2))), "first one"),
        (lambda net: Streaming(lambda x, s: (x, (x, x)), np.ones(2))(np.ones(2)), "another structure"),
    ],
)
def test_wrong_arguments_get_one_error(wrong, match):
    with pytest.raises(tg.GraphError, match=match):
        wrong(Net())


@each("penalty", [0.0, 2.0])
def test_a_beam_ends_when_nothing_better_can_come(monkeypatch, penalty):
    """Where what goes on is far behind, two steps are enough for two texts."""
    logits, calls, call = tg.parameter([[0.0, 50.0, -50.0]]), [], Streaming.__call__
    monkeypatch.setattr(Streaming, "__call__", lambda self, x: calls.append(0) or call(self, x))
    options = {"state": np.zeros((1, 1)), "stop": 1, "length_penalty": penalty}
    texts = beam(lambda ids, s: (logits + 0.0 * s, s), [0], 9, 2, **options)
    assert texts[0].tokens.tolist() == [1] and len(texts) == 2
    assert len(calls) == 2 if penalty == 0.0 else len(calls) >= 2
    (only,) = beam(lambda ids, s: (0.0 * s, s), [0], 9, 1, **{**options, "stop": 0})
    assert only.tokens.tolist() == [0] and only.log_probability == 0.0, "the only token ends the text"


def test_a_beam_of_nan_is_an_error():
    for logit in (np.nan, np.inf, -np.inf):
        with pytest.raises(tg.GraphError, match="beam: the logits hold a NaN, or no finite highest one"):
            beam(lambda ids, s, logit=logit: (np.full((1, 3), logit) + 0.0 * s, s), [0], 4, 2, state=np.zeros(1))


@each("temperature", [1e-3, 1e-300, 1e-308, 5e-324])
@each("options", [{}, {"top_k": 9}, {"top_p": 1.0}])
def test_a_temperature_near_0_takes_the_likeliest(temperature, options):
    table = np.array([[1.0, 3.0, 2.0], [5.0, -1.0, 1e300], [0.0, -np.inf, -1e300]])
    rng = np.random.default_rng(0)
    assert sample(table, rng, temperature, **options).tolist() == [1, 2, 0]
    text = generate(
        lambda ids, s: (tg.take(table, ids, axis=0), s), [0], 6, rng=rng, temperature=temperature, **options
    )
    assert text.tolist() == [1, 2, 0, 1, 2, 0]


@each("logits", [[[0.0, np.inf]], [[-np.inf, -np.inf]], [[0.0, 1.0], [np.nan, 1.0]], np.zeros((2, 0))])
@each("rng", [None, np.random.default_rng(0)])
def test_logits_without_a_finite_highest_one_are_refused(logits, rng):
    with pytest.raises(tg.GraphError, match="sample: these are no logits"):
        sample(np.array(logits), rng)
    with pytest.raises(tg.GraphError):
        generate(lambda ids, s: (np.array(logits)[-1:] + 0.0 * s, s), [0], 3, state=np.zeros(1), rng=rng)


@each("stop", [1.5, "a", True, [True]])
def test_what_is_no_token_does_not_stop_a_text(stop):
    for function, width in ((generate, ()), (beam, (2,))):
        with pytest.raises(tg.GraphError, match="stop is"):
            function(lambda ids, s: (np.zeros((1, 3)) + s, s), [0], 3, *width, state=np.zeros(1), stop=stop)
