"""Runs that go on have the bits of one that never stopped: with data of one's own, states, and rates set on the way."""

from collections import namedtuple

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Adam, Checkpoint, fit, plateau, step

XS = np.random.default_rng(0).normal(size=(5, 2, 3))


class Again:
    def __iter__(self):
        return iter([(x,) for x in XS])


def trained(folder, steps, data, nested, backend="numpy"):
    W = tg.parameter(np.eye(3) / 2, "W")

    def loss(x, state):
        h = np.zeros((2, 3)) if state is None else state["h"][7]
        h = np.tanh(x + h @ W)
        return tg.mean(h**2), nested(h)

    run = step(loss, {"W": W}, Adam({"W": W}, 0.1), backend=backend)
    checkpoint = None if folder is None else Checkpoint(folder)
    return fit(run, data, steps=steps, every=3, checkpoint=checkpoint, quiet=True), W.value


@pytest.mark.parametrize("backend", ["eager", "numpy", "native"])
@each("data", [[(x,) for x in XS], tuple(XS), XS, Again()], ids=["list", "tuple", "array", "iterable"])
def test_data_without_a_position_go_on_in_the_middle_of_an_epoch(data, backend, tmp_path):
    def nested(h):
        return {"h": {7: h}, "unused": [np.ones(2)]}

    whole, W = trained(None, 17, data, nested, backend)
    folder = tmp_path / f"{type(data).__name__}"
    for steps in (7, 10, 17):
        history, V = trained(folder, steps, data, nested, backend)
    assert np.array_equal(W, V) and np.array_equal(history.loss, whole.loss)


def test_an_epoch_that_ended_begins_anew():
    state = {"h": {7: np.ones((2, 3))}}
    history, _ = trained(None, 3, [(XS[0],)], lambda h: state)
    assert len(history) == 3


def test_a_state_that_would_come_back_as_another_is_refused_when_it_is_saved(tmp_path):
    State = namedtuple("State", "h c")
    with pytest.raises(tg.GraphError, match="state of the loop cannot be saved"):
        trained(tmp_path, 4, XS, lambda h: State(h, h))


def regression(folder, steps, rate, change, also=None):
    w = tg.parameter(np.zeros(3), "w")
    sgd = SGD({"w": w}, rate)
    run = step(lambda x: tg.mean((x @ w - 1.0) ** 2), {"w": w}, sgd, backend="numpy")
    checkpoint = None if folder is None else Checkpoint(folder)
    callbacks = [lambda history: change(sgd, history)]
    fit(run, XS, steps=steps, every=4, checkpoint=checkpoint, callbacks=callbacks, also=also, quiet=True)
    return w.value


def test_a_rate_that_was_set_on_the_way_is_saved(tmp_path):
    def change(sgd, history):
        if len(history) == 5:
            sgd.learning_rate = 0.01

    whole = regression(None, 17, 0.1, change)
    regression(tmp_path, 9, 0.1, change)
    assert np.array_equal(regression(tmp_path, 17, 0.1, change), whole)


@each("named", [False, True])
def test_a_plateau_is_saved_whether_it_is_named_or_not(named, tmp_path):
    def run(folder, steps):
        rate = plateau(0.1, factor=0.5, patience=0)
        also = {"rate": rate} if named else None
        return regression(folder, steps, rate, lambda sgd, history: rate.look(len(history)), also)

    folder = tmp_path / str(named)
    whole = run(None, 17)
    run(folder, 9)
    assert np.array_equal(run(folder, 17), whole)


def test_the_rate_of_the_constructor_counts_where_none_was_set_later():
    w = tg.parameter([1.0])
    old = Adam([w], 0.1)
    old.learning_rate = 0.2
    old.step([np.ones(1)])
    new = Adam([w], 0.3)
    new.load_state_dict(old.state_dict())
    assert new.learning_rate == 0.3 and "rate" not in old.state_dict()
    old.learning_rate = 0.4
    new.load_state_dict(old.state_dict())
    assert new.learning_rate == 0.4
    new.load_state_dict({name: x for name, x in old.state_dict().items() if name != "rate"})
    assert new.learning_rate == 0.3
    with pytest.raises(tg.GraphError, match="state rate does not fit"):
        new.load_state_dict({**old.state_dict(), "rate": np.ones(2)})
