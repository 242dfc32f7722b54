"""The six systems: loss and gradients, compiled, are those of the readable model, and so are its predictions."""

from functools import partial

import numpy as np
import pytest

import tinygraph as tg
from models import batched_rnn, last_step_rnn, parity_rnn, series_rnn, tagging_rnn, word_rnn

from .comparing import assert_near, assert_same, each_backend

SYSTEMS = {
    "batched": (batched_rnn.Model, batched_rnn, batched_rnn.INPUTS, batched_rnn.TARGETS),
    "last_step": (last_step_rnn.Model, last_step_rnn, last_step_rnn.INPUTS, last_step_rnn.TARGET),
    "parity": (parity_rnn.Model, parity_rnn, parity_rnn.SEQUENCES[1], parity_rnn.TARGETS[1]),
    "series": (series_rnn.Model, series_rnn, series_rnn.INPUTS, series_rnn.TARGETS),
    "tagging": (tagging_rnn.Model, tagging_rnn, tagging_rnn.INPUTS, tagging_rnn.TAGS),
    "word": (word_rnn.Model, word_rnn, word_rnn.INPUTS, word_rnn.NEXT_WORDS),
    "word_whole": (partial(word_rnn.Model, truncate=None), word_rnn, word_rnn.INPUTS, word_rnn.NEXT_WORDS),
    "word_fixed": (partial(word_rnn.Model, train_embeddings=False), word_rnn, word_rnn.INPUTS, word_rnn.NEXT_WORDS),
}


def model_of(make, system):
    rng = np.random.default_rng(3)
    hidden = 5  # small: the numbers are compared, not the training
    return make({k: 0.5 * rng.normal(size=a.shape) for k, a in system.cosine_init(hidden).items()})


@each_backend
@pytest.mark.parametrize("name", SYSTEMS)
def test_loss_and_gradients(name, backend):
    make, system, inputs, targets = SYSTEMS[name]
    if name.startswith("word"):  # long enough for the window to cut
        inputs, targets = np.tile(inputs, 2), np.tile(targets, 2)
    model = model_of(make, system)
    assert_same(tg.value_and_grad(model.loss, model.parameters), inputs, targets, backend=backend)


@each_backend
@pytest.mark.parametrize("name", SYSTEMS)
def test_gradients_are_those_of_the_training_path(name, backend):
    """`backward` computes gradients as arrays by rules of its own; the compiled ones must be the same."""
    make, system, inputs, targets = SYSTEMS[name]
    model = model_of(make, system)
    model.loss(inputs, targets).backward()
    _, gradients = tg.compile(tg.value_and_grad(model.loss, model.parameters), backend=backend)(inputs, targets)
    assert_near(gradients, {k: p.grad for k, p in model.parameters.items()})


@each_backend
def test_a_model_trains_by_its_compiled_step(backend):
    readable, fast = (model_of(*SYSTEMS["series"][:2]) for _ in range(2))
    step = tg.compile(tg.value_and_grad(fast.loss, fast.parameters), backend=backend)
    for _ in range(10):
        tg.zero_grad(readable.parameters)
        loss = readable.loss(series_rnn.INPUTS, series_rnn.TARGETS)
        loss.backward()
        value, gradients = step(series_rnn.INPUTS, series_rnn.TARGETS)
        assert_near(value, loss.value, 1e-10)
        for name, p in readable.parameters.items():
            p.value = p.value - 0.005 * p.grad
            fast.parameters[name].value = fast.parameters[name].value - 0.005 * gradients[name]


@each_backend
def test_predictions(backend):
    word = model_of(*SYSTEMS["word"][:2])
    predict = tg.compile(lambda words: tg.argmax(word.logits(words), axis=-1), backend=backend)
    for words in (word_rnn.INPUTS, np.arange(11), np.array([7])):
        assert np.array_equal(predict(words), word.predict(words))
