"""Training of the main job: it learns, it keeps to its limits, and the state goes from window to window."""

import itertools
import math
import signal
import sys
from functools import partial

import numpy as np
import pytest
import word_training
from word_net import mean_bits, new_parameters
from word_training import Limits, describe, stop_on_signal, train

import tinygraph as tg
from tests.each import each

TEXT = np.array([1, 2, 3, 4, 5, 6] * 40)


def never():
    return False


def test_a_text_that_repeats_is_learned():
    p = new_parameters(7, 16, seed=0)
    history = train(p, TEXT, 8, Limits(250, math.inf), never)
    assert len(history.bits) == 250 and history.bits[0] > 2 and history.bits[-1] < 0.2
    assert mean_bits(p, TEXT[:60]) < 0.5


def test_the_same_seed_gives_the_same_network():
    runs = [new_parameters(7, 4, seed=5) for _ in range(2)]
    for p in runs:
        train(p, TEXT, 8, Limits(6, math.inf), never)
    for name in "EUWV":
        np.testing.assert_array_equal(runs[0][name].value, runs[1][name].value)


def test_windows_follow_each_other_and_carry_the_state(monkeypatch):
    seen = []

    def record(optimizer, gradients, words, targets, state, masks):
        seen.append((words, targets, state))
        return 1.0, np.full((words.shape[1], 4), len(seen), np.float32)

    monkeypatch.setattr(word_training, "train_step", record)
    ids = np.arange(16 * 10 + 1) % 7
    train(new_parameters(7, 4, 0), ids, 4, Limits(5, math.inf), never)
    expected = ids[:160].reshape(16, 10).T
    for (words, targets, state), (start, before) in zip(seen, [(0, 0), (4, 1), (0, 0), (4, 3), (0, 0)], strict=True):
        np.testing.assert_array_equal(words, expected[start : start + 4])
        np.testing.assert_array_equal(targets, (expected[start : start + 4] + 1) % 7)
        assert state.shape == (16, 4) and (state == before).all()


@pytest.mark.parametrize("limits", [Limits(0, math.inf), Limits(math.inf, 0)])
def test_a_limit_of_nothing_trains_nothing(limits):
    assert train(new_parameters(7, 4, 0), TEXT, 8, limits, never).bits == []


def test_a_limit_of_time_is_kept():
    history = train(new_parameters(7, 4, 0), TEXT, 8, Limits(math.inf, 0.2), never, eager=True)
    assert 0.2 <= history.elapsed_s < 1 and len(history.bits) > 3


def test_training_ends_when_asked():
    asked = itertools.count()
    history = train(new_parameters(7, 4, 0), TEXT, 8, Limits(100, math.inf), lambda: next(asked) == 3)
    assert len(history.bits) == 3


def test_the_learning_rate_falls_in_a_line(monkeypatch):
    rates = []

    def record(optimizer, gradients, words, targets, state, masks):
        rates.append(optimizer.learning_rate)
        return 1.0, state

    monkeypatch.setattr(word_training, "train_step", record)
    train(new_parameters(7, 4, 0), TEXT, 8, Limits(4, math.inf), never)
    np.testing.assert_allclose(rates, 3e-3 * np.array([1, 0.75, 0.5, 0.25]), rtol=1e-12)


def test_a_window_longer_than_the_text_is_the_text():
    history = train(new_parameters(7, 4, 0), TEXT[:18], 1000, Limits(2, math.inf), never)
    assert history.words == [16, 32]


def test_without_tqdm_progress_is_plain_lines(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    train(new_parameters(7, 4, 0), TEXT, 8, Limits(3, math.inf), never)
    error = capsys.readouterr().err
    assert error.startswith("100% ") and "bits/word" in error and "words/s step 3" in error


def test_the_bar_shows_bits_and_speed(capsys):
    history = train(new_parameters(7, 4, 0), TEXT, 8, Limits(3, math.inf), never)
    error = capsys.readouterr().err
    assert describe(history) in error and "100%" in error


@each("numbers", itertools.product([signal.SIGINT, signal.SIGTERM], repeat=2))
def test_the_first_signal_asks_and_the_second_breaks_off(numbers):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt), stop_on_signal() as stopped:
        assert not stopped()
        signal.raise_signal(numbers[0])
        assert stopped()
        signal.raise_signal(numbers[1])
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@each(
    "limits, steps, told",
    [
        (Limits(5, math.inf), 5, "all 5 steps are done"),
        (Limits(2400, 60.0), 1234, "by the clock, after 1 min and 1,234 of 2,400 steps"),
        (Limits(math.inf, 90.0), 7, "by the clock, after 1.5 min and 7 steps"),
    ],
)
def test_what_ended_the_training(limits, steps, told):
    assert limits.ended(steps) == told


def test_a_step_goes_downhill_and_is_clipped():
    p = new_parameters(7, 8, seed=0)
    optimizer = tg.train.SGD(p, learning_rate=1.0)
    before = {name: x.value for name, x in p.items()}
    words, targets = TEXT[:20].reshape(10, 2), TEXT[1:21].reshape(10, 2)
    gradients, state = partial(word_training.eager_gradients, p), np.zeros((2, 8), np.float32)
    nats, _ = word_training.train_step(optimizer, gradients, words, targets, state)
    moved = math.sqrt(sum(float(np.square(x.value - before[name]).sum()) for name, x in p.items()))
    after, _ = word_training.train_step(optimizer, gradients, words, targets, state)
    assert 0 < moved <= word_training.MAX_NORM * 1.0001 and after < nats


def test_a_step_forgets_the_gradients_of_the_step_before():
    runs = [new_parameters(7, 8, seed=0) for _ in range(2)]
    for x in runs[1].values():
        x.grad = np.full(x.shape, 100.0, np.float32)
    words, targets = TEXT[:20].reshape(10, 2), TEXT[1:21].reshape(10, 2)
    for p in runs:
        optimizer = tg.train.SGD(p, learning_rate=1.0)
        gradients = partial(word_training.eager_gradients, p)
        word_training.train_step(optimizer, gradients, words, targets, np.zeros((2, 8), np.float32))
    np.testing.assert_array_equal(runs[0]["W"].value, runs[1]["W"].value)


def test_compiled_and_eager_training_have_the_same_losses():
    losses = []
    for eager in (True, False):
        losses.append(train(new_parameters(7, 16, seed=0), TEXT, 8, Limits(20, math.inf), never, eager=eager).bits)
    # float32, twenty steps: roundings in another order grow with every update.
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < 0.95 * losses[0][0]
