"""Characters: bits of a network and of compressors, against an LSTM in numpy and plain arithmetic."""

import gzip
import math
import zlib
from itertools import pairwise

import numpy as np
import pytest

from models import characters
from models.task import Budget
from tinygraph.train import Characters, Stream, step

TRAIN, HELD = "to be, or not to be: that is the question. " * 30, "that is to be questioned: or is it not? " * 3


def by_hand(net, ids, hidden):
    """-ln p of each of ids[1:], by PyTorch's equations of an LSTM in float64."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}
    h, c, nats = np.zeros(hidden), np.zeros(hidden), []
    bias = p["cell.bias_ih"] + p["cell.bias_hh"]
    for now, following in pairwise(ids):
        z = p["cell.weight_ih"] @ p["embed.weight"][now] + p["cell.weight_hh"] @ h + bias
        i, f, g, o = np.split(z, 4)
        i, f, o = (1 / (1 + np.exp(-x)) for x in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        logits = p["head.weight"] @ h + p["head.bias"]
        nats.append(np.log(np.exp(logits).sum()) - logits[following])
    return np.array(nats)


@pytest.fixture
def small():
    letters = Characters(TRAIN)
    return letters, characters.Net(len(letters), 10, dropout=0.4, seed=1)


def test_with_fixed_weights_each_character_costs_what_the_equations_say(small):
    letters, net = small
    ids = letters.encode(HELD * 4)
    fixed, _ = characters.scores(net, ids)
    np.testing.assert_allclose(fixed, by_hand(net, ids, 10), rtol=1e-4)


def test_learning_on_scores_before_it_learns_and_leaves_the_weights(small):
    letters, net = small
    ids, (steps, rate) = letters.encode(HELD), characters.LEARNING_ON
    before = net.state_dict()
    fixed, learning = characters.scores(net, ids)
    assert all(np.array_equal(x, before[name]) for name, x in net.state_dict().items())
    np.testing.assert_allclose(learning[:steps], fixed[:steps], rtol=1e-5)
    assert learning[steps:].mean() < fixed[steps:].mean()
    adam = characters.AdamW(net.parameters(), rate, weight_decay=0.0)
    run, state, nats = step(net.loss, net.parameters(), adam, clip=1.0), None, []
    for x, y, reset in Stream(ids, 1, steps):
        own, _ = net.loss(x, y, reset, state)  # of weights that have not seen it
        nats.append(own.item())
        assert learning[len(nats) * steps - steps :][: int((y >= 0).sum())].mean() == pytest.approx(
            own.item(), rel=1e-4
        )
        _, state = run(x, y, reset, state=state)


def test_copies_are_chances_and_follow_what_was_right(monkeypatch):
    monkeypatch.setattr(characters, "SAME", 2)
    train, held = "abcabd", "abdabd"
    # Of "b" after "a" there is no pair before; "ab" was followed by "d", "bd" by nothing but "a" of the held-out text.
    nats = np.log([2.0, 4, 8, 2, 4])
    cost = characters.with_copies(nats, train, held)
    w = 0.5
    assert cost[0] == nats[0], "da was never read"
    assert cost[1] == pytest.approx(-math.log(w + (1 - w) / 4)), "d followed ab the last time"
    assert cost[2] == pytest.approx(-math.log(w + (1 - w) / 8)), "a followed bd at the border"
    assert cost[3] == pytest.approx(-math.log(w + (1 - w) / 2)) and (cost[4] < nats[4])


def test_a_wrong_copy_costs_and_is_weighed_less_the_next_time(monkeypatch):
    monkeypatch.setattr(characters, "SAME", 1)
    nats = np.full(9, math.log(3))
    cost = characters.with_copies(nats, "ab", "acadaeafag")
    wrong = cost[::2]  # after each a another letter follows than the last time
    assert (wrong > nats[0]).all() and (np.diff(wrong) < 0).all()


def test_a_compressor_pays_for_the_held_out_text_alone():
    baselines = characters.compressors(TRAIN, HELD)
    whole, rest = (len(gzip.compress(text.encode(), 9)) for text in (TRAIN + HELD, TRAIN))
    assert baselines["gzip -9"] == 8 * (whole - rest) / len(HELD)
    raw = [len(zlib.compress(text.encode(), 9)) for text in (TRAIN + HELD, TRAIN)]
    assert baselines["gzip -9"] == pytest.approx(8 * (raw[0] - raw[1]) / len(HELD)), "headers do not count"
    assert 0 < baselines["xz -9e"] < 8


def test_a_result_has_its_scores_beside_both_compressors(monkeypatch):
    monkeypatch.setattr(characters, "data", lambda: (TRAIN, HELD * 20))
    result = characters.result(Budget(0.004, 3000, clock=False), seed=0)
    fixed, learning, copying = (row.figure for row in result.rows)
    assert copying < learning < fixed and result.steps == 12
    assert all(row.bar == row.baselines["gzip -9"] for row in result.rows)
    assert result.sample.startswith("The ") and len(result.sample) == 404


def test_the_text_is_that_of_the_documentation():
    train, held = characters.data()
    assert abs(len(train) - 9 * len(held)) < 10 and len(held) > 40_000 and "sequence" in held
