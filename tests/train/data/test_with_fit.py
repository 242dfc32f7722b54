"""Data in the loop: a run that is stopped in an epoch and goes on is bit for bit the one that never stopped."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.run import backends

RNG = np.random.default_rng(2)
TEXT = RNG.integers(0, 7, 150)
SEQUENCES = [RNG.normal(size=(n, 3)) for n in RNG.integers(2, 9, 20)]


def text_model(backend):
    cell = tg.cells.LSTM(4, 5, rng=0, dtype=np.float64)
    E, W = tg.parameter(np.linspace(-1, 1, 28).reshape(7, 4), "E"), tg.parameter(np.ones((5, 7)) / 5, "W")

    def loss(x, y, reset, state):
        outputs, state = tg.unroll(cell, E[x], state, reset=reset)
        return tg.train.mean_cross_entropy(outputs @ W, y), state

    parameters = {**cell.parameters(), "E": E, "W": W}
    data = tg.train.Stream(TEXT, 3, 8, separator=6)
    return data, tg.train.step(loss, parameters, tg.train.Adam(parameters, 0.01), backend=backend), parameters


def ragged_model(backend):
    cell, W = tg.cells.GRU(3, 4, rng=0, dtype=np.float64), tg.parameter(np.ones((4, 2)) / 4, "W")

    def loss(x, y, lengths):
        _, last = tg.unroll(cell, x, lengths=lengths)
        return tg.train.mean_cross_entropy(last @ W, y)

    parameters = {**cell.parameters(), "W": W}
    data = tg.train.Ragged(SEQUENCES, 6, np.arange(20) % 2, seed=4)
    return data, tg.train.step(loss, parameters, tg.train.Adam(parameters, 0.01), backend=backend), parameters


@pytest.mark.parametrize("backend", ["eager", *(b.name for b in backends.BACKENDS.values() if b.graphs is None)])
@each("make", [text_model, ragged_model])
def test_a_run_that_stopped_in_an_epoch_goes_on_bit_for_bit(backend, make, tmp_path):
    if backend == "native":
        pytest.importorskip("llvmlite")
    data, step, whole = make(backend)
    losses = tg.train.fit(step, data, steps=17, quiet=True).loss
    folder = tmp_path / make.__name__
    for steps in (4, 11, 17):
        data, step, parts = make(backend)
        checkpoint = tg.train.Checkpoint(folder)
        history = tg.train.fit(step, data, steps=steps, checkpoint=checkpoint, every=1000, quiet=True)
    assert history.loss.tolist() == losses.tolist()
    assert all((parts[name].value == p.value).all() for name, p in whole.items())
    assert data.position["epoch"] > 1 and data.position["batch"] > 0


def test_a_text_that_repeats_is_learned_through_the_state():
    rng = np.random.default_rng(0)
    period = [*rng.permutation(12).tolist(), 3, 5]  # what follows 3 and 5 depends on what came before
    cell, V = tg.cells.GRU(12, 24, rng=0), 12
    W, eye = tg.parameter(np.zeros((24, V), "f4"), "W"), np.eye(V, dtype="f4")

    def loss(x, y, reset, state):
        outputs, state = tg.unroll(cell, tg.take(eye, x, axis=0), state, reset=reset)
        return tg.train.mean_cross_entropy(outputs @ W, y), state

    parameters = {**cell.parameters(), "W": W}
    data = tg.train.Stream(period * 20, 2, 7)
    step = tg.train.step(loss, parameters, tg.train.Adam(parameters, 0.02), backend="numpy")
    history = tg.train.fit(step, data, steps=150, quiet=True)
    assert history.loss[-20:].max() < 0.3 < history.loss[0]


@each("mark", ["documents", "separator"])
def test_a_stream_of_documents_has_the_losses_of_each_by_itself(mark):
    texts = [RNG.integers(1, 7, n) for n in (5, 1, 13, 2, 8, 3)]
    cell, E, W = tg.cells.GRU(4, 5, rng=0, dtype=np.float64), RNG.normal(size=(7, 4)), RNG.normal(size=(5, 7))

    def losses(x, y, state=None, **options):
        outputs, state = tg.unroll(cell, E[x][:, None] if x.ndim == 1 else E[x], state, **options)
        each_loss = tg.softmax_cross_entropy(outputs @ W, np.maximum(y, 0).reshape(outputs.shape[:2])).value
        return each_loss[(y >= 0).reshape(outputs.shape[:2])].sum(), state

    if mark == "separator":  # each ends with 0, and begins with the one before it
        texts = [np.concatenate([[0], t, [0]]) for t in texts]
        ids = np.concatenate([t[:-1] for t in texts])
        data = tg.train.Stream([*ids, 0], 1, 6, separator=0)
    else:
        ids, starts = np.concatenate(texts), np.cumsum([0, *map(len, texts)])[:-1]
        data = tg.train.Stream(ids, 1, 6, documents=starts)
    total, state = 0.0, None
    for x, y, reset in data:
        part, state = losses(x, y, state, reset=reset)
        total += part
    assert total == pytest.approx(sum(losses(t[:-1], t[1:])[0] for t in texts if len(t) > 1), rel=1e-12)
