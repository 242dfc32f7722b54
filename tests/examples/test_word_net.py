"""The network of the main job against its equations in plain numpy, and against differences."""

import math

import numpy as np
import pytest
from word_net import batch_losses, generate, mean_bits, new_parameters, sentence_loss

import tinygraph as tg

RANDOM = np.random.default_rng(3)
V, H = 11, 5


@pytest.fixture
def p():
    return {
        name: tg.parameter(0.5 * RANDOM.normal(size=shape), name=name)
        for name, shape in {"E": (V, H), "U": (H, H), "W": (H, H), "V": (V, H)}.items()
    }


def losses_by_hand(p, words, targets, h):
    """-ln softmax(V h_t)[target], one stream, one step after the other."""
    E, U, W, V_ = (p[name].value for name in "EUWV")
    losses = []
    for word, target in zip(words, targets, strict=True):
        h = np.tanh(U @ E[word] + W @ h)
        chances = np.exp(V_ @ h) / np.exp(V_ @ h).sum()
        losses.append(-math.log(chances[target]))
    return np.array(losses), h


def test_batched_losses_are_those_of_each_stream(p):
    words, targets, state = RANDOM.integers(V, size=(4, 3)), RANDOM.integers(V, size=(4, 3)), RANDOM.normal(size=(3, H))
    losses, last = batch_losses(p, words, targets, state)
    for b in range(3):
        expected, h = losses_by_hand(p, words[:, b], targets[:, b], state[b])
        np.testing.assert_allclose(losses.value.reshape(4, 3)[:, b], expected, rtol=1e-12)
        np.testing.assert_allclose(last.value[b], h, rtol=1e-12)


def test_the_drawn_graph_is_the_trained_network(p):
    words, targets = RANDOM.integers(V, size=6), RANDOM.integers(V, size=6)
    drawn = sentence_loss(p, words, targets)
    assert math.isclose(drawn.item(), losses_by_hand(p, words, targets, np.zeros(H))[0].mean(), rel_tol=1e-12)
    trained = tg.mean(batch_losses(p, words[:, None], targets[:, None], np.zeros((1, H)))[0])
    for ours, theirs in zip(tg.grad(drawn, list(p.values())), tg.grad(trained, list(p.values())), strict=True):
        np.testing.assert_allclose(ours.value, theirs.value, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", "EUWV")
def test_gradients_against_central_differences(p, name):
    words, targets, state = RANDOM.integers(V, size=(5, 2)), RANDOM.integers(V, size=(5, 2)), np.zeros((2, H))
    gradient = tg.grad(tg.mean(batch_losses(p, words, targets, state)[0]), p[name]).value
    direction = RANDOM.normal(size=gradient.shape)

    def mean_at(step):
        moved = p | {name: tg.parameter(p[name].value + step * direction)}
        streams = [losses_by_hand(moved, words[:, b], targets[:, b], state[b])[0] for b in range(2)]
        return np.mean(streams)

    difference = (mean_at(1e-5) - mean_at(-1e-5)) / 2e-5
    assert math.isclose(float((gradient * direction).sum()), difference, rel_tol=1e-7)


def test_bits_do_not_depend_on_where_the_graphs_are_cut(p, monkeypatch):
    ids = RANDOM.integers(V, size=23)
    expected = losses_by_hand(p, ids[:-1], ids[1:], np.zeros(H))[0].mean() / math.log(2)
    for steps in (1, 7, 22, 100):
        monkeypatch.setattr("word_net.EVALUATION_STEPS", steps)
        assert math.isclose(mean_bits(p, ids), expected, rel_tol=1e-12)


def test_an_untrained_network_knows_nothing():
    p = new_parameters(200, 16, seed=0)
    assert abs(mean_bits(p, RANDOM.integers(200, size=100)) - math.log2(200)) < 0.1


def test_new_parameters_follow_the_seed_and_are_float32():
    first, same, other = (new_parameters(7, 4, seed)["W"].value for seed in (1, 1, 2))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_cold_generation_takes_the_likeliest_word_each_time(p):
    words = generate(p, np.array([3, 4]), lambda word: False, np.random.default_rng(0), longest=8, temperature=1e-4)
    assert words[:2] == [3, 4] and len(words) == 8 and 0 not in words[2:]
    E, U, W, V_ = (p[name].value for name in "EUWV")
    h = np.zeros(H)
    for n, word in enumerate(words[:-1]):
        h = np.tanh(U @ E[word] + W @ h)
        assert n == 0 or words[n + 1] == 1 + np.argmax((V_ @ h)[1:])


def test_generation_stops_where_it_is_told(p):
    words = generate(p, np.array([1]), lambda word: word > 5, np.random.default_rng(0), longest=200)
    assert words[-1] > 5 and all(word <= 5 for word in words[:-1])
