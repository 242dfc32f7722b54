"""The network of the main job against its equations in plain numpy, and against differences."""

import math
from itertools import pairwise

import numpy as np
import pytest
from word_net import Reader, WordRNN, Writer, cross_entropy_in_bits

import tinygraph as tg

RANDOM = np.random.default_rng(3)
V, H = 11, 5


@pytest.fixture
def net():
    own = WordRNN(V, H, seed=0)
    for name in "EUWV":
        shape = getattr(own, name).shape
        setattr(own, name, tg.parameter(0.5 * RANDOM.normal(size=shape)))
    return own.eval()


def by_hand(net, words, targets, h):
    """-log2 softmax(V h_t)[target], one row, one step after the other; and the last h."""
    E, U, W, V_ = (getattr(net, name).value for name in "EUWV")
    bits = []
    for word, target in zip(words, targets, strict=True):
        h = np.tanh(U @ E[word] + W @ h)
        chances = np.exp(V_ @ h) / np.exp(V_ @ h).sum()
        bits.append(-math.log2(chances[target]))
    return np.array(bits), h


def test_the_loss_is_the_mean_of_bits_over_rows_and_steps_that_count(net):
    words, targets, state = RANDOM.integers(V, size=(4, 3)), RANDOM.integers(V, size=(4, 3)), RANDOM.normal(size=(3, H))
    expected = [by_hand(net, words[:, b], targets[:, b], state[b]) for b in range(3)]
    bits, last = net.loss(words, targets, None, state)
    assert math.isclose(bits.item(), np.mean([row for row, _ in expected]), rel_tol=1e-12)
    np.testing.assert_allclose(last.value, [h for _, h in expected], rtol=1e-12)
    targets[2:, 1] = -1
    rows = [expected[0][0], expected[1][0][:2], expected[2][0]]
    assert math.isclose(net.loss(words, targets, None, state)[0].item(), np.concatenate(rows).mean(), rel_tol=1e-12)


def test_the_drawn_graph_is_the_trained_network(net):
    ids, state = RANDOM.integers(V, size=7), RANDOM.normal(size=H)
    drawn, parameters = net.sentence(ids, state), list(net.parameters().values())
    assert math.isclose(drawn.item(), by_hand(net, ids[:-1], ids[1:], state)[0].mean(), rel_tol=1e-12)
    trained, _ = net.loss(ids[:-1, None], ids[1:, None], None, state[None])
    for ours, theirs in zip(tg.grad(drawn, parameters), tg.grad(trained, parameters), strict=True):
        np.testing.assert_allclose(ours.value, theirs.value, rtol=1e-10, atol=1e-14)


def test_the_cross_entropy_in_bits_has_right_gradients():
    tg.check.gradients(lambda z: cross_entropy_in_bits(z, np.array(3)), [RANDOM.normal(size=V) + 90], order=2)


@pytest.mark.parametrize("name", "EUWV")
def test_gradients_against_central_differences(net, name):
    words, targets, state = RANDOM.integers(V, size=(5, 2)), RANDOM.integers(V, size=(5, 2)), np.zeros((2, H))
    p = getattr(net, name)
    gradient, value = tg.grad(net.loss(words, targets, None, state)[0], p).value, p.value
    direction = RANDOM.normal(size=gradient.shape)

    def mean_at(step):
        p.value = value + step * direction
        return np.mean([by_hand(net, words[:, b], targets[:, b], state[b])[0] for b in range(2)])

    difference = (mean_at(1e-5) - mean_at(-1e-5)) / 2e-5
    assert math.isclose(float((gradient * direction).sum()), difference, rel_tol=1e-7)


def test_a_text_is_read_as_one_row_wherever_it_is_cut(net):
    ids = RANDOM.integers(V, size=23)
    expected, last = by_hand(net, ids[:-1], ids[1:], np.zeros(H))
    _, early = by_hand(net, ids[:9], ids[1:10], np.zeros(H))
    for steps in (1, 7, 100):
        bits, states = Reader(net.train(), steps)(ids)
        np.testing.assert_allclose(bits, expected, rtol=1e-12)
        np.testing.assert_allclose(states[[8, -1]], [early, last], rtol=1e-12)
        assert net.training


def test_an_untrained_network_knows_nothing():
    bits, _ = Reader(WordRNN(200, 16, seed=0))(RANDOM.integers(200, size=100))
    assert abs(bits.mean() - math.log2(200)) < 0.1


def test_new_parameters_follow_the_seed_and_are_float32():
    first, same, other = (WordRNN(7, 4, seed).W.value for seed in (1, 1, 2))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


def test_the_likeliest_words_are_written_but_never_the_unknown_one(net):
    words = [4, *tg.train.generate(Writer(net), np.array([3, 4]), 6).tolist()]
    assert len(words) == 7 and 0 not in words[1:]
    E, U, W, V_ = (getattr(net, name).value for name in "EUWV")
    h = np.tanh(U @ E[3])
    for word, following in pairwise(words):
        h = np.tanh(U @ E[word] + W @ h)
        assert following == 1 + np.argmax((V_ @ h)[1:])
