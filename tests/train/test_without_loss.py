"""What callbacks, data and steps raise costs no step that is done, and nothing takes batches away from the training."""

import signal

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Checkpoint, Stream, fit, mean_cross_entropy, step

IDS = np.random.default_rng(0).integers(0, 5, 300)


def trained(folder, steps=12, data=None, wrong=None, **settings):
    E = tg.parameter(np.random.default_rng(1).normal(size=(5, 5)), "E")
    looked = []

    def loss(x, y, reset):
        looked.append(len(looked))
        if wrong is not None:
            wrong(len(looked))
        return mean_cross_entropy(tg.take(E, x, axis=0), y)

    run = step(loss, {"E": E}, SGD({"E": E}, 0.5), backend="eager")
    data = Stream(IDS, batch=2, steps=10) if data is None else data
    checkpoint = None if folder is None else Checkpoint(folder)
    return fit(run, data, steps=steps, every=100, checkpoint=checkpoint, quiet=True, **settings), E.value


def at(k, error):
    def raising(count):
        if (count if isinstance(count, int) else len(count)) == k:
            if error is KeyboardInterrupt:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
            raise error("of the user")

    return raising


@each("error", [RuntimeError, KeyboardInterrupt, StopIteration, MemoryError])
@each("where, kept", [("callbacks", 7), ("wrong", 6)])
def test_the_steps_that_are_done_are_saved_and_the_run_goes_on(where, kept, error, tmp_path):
    whole, E = trained(None)
    folder = tmp_path / f"{where}{error.__name__}"
    with pytest.raises(error):
        trained(folder, **{where: [at(7, error)] if where == "callbacks" else at(7, error)})
    assert [*Checkpoint(folder).paths()] == [kept]
    history, own = trained(folder)
    assert np.array_equal(own, E) and np.array_equal(history.loss, whole.loss)


class Failing:
    def __init__(self, fails):
        self.batches, self.fails = [*Stream(IDS, batch=2, steps=10)], fails

    def __iter__(self):
        for k, batch in enumerate(self.batches):
            if k == self.fails:
                raise OSError("the disk is gone")
            yield batch


def test_data_that_cannot_be_read_cost_no_step(tmp_path):
    whole, E = trained(None)
    with pytest.raises(OSError, match="disk"):
        trained(tmp_path, data=Failing(5))
    history, own = trained(tmp_path, data=Failing(None))
    assert np.array_equal(own, E) and np.array_equal(history.loss, whole.loss)
    with pytest.raises(OSError, match="disk"):
        trained(tmp_path / "new", data=Failing(0))
    assert not Checkpoint(tmp_path / "new").paths(), "no step was done"


def test_weights_that_diverge_are_not_saved(tmp_path):
    def diverging(count):
        if count == 7:
            raise tg.NonFiniteError("NaN")

    with pytest.raises(tg.NonFiniteError):
        trained(tmp_path, wrong=diverging)
    assert not Checkpoint(tmp_path).paths()


@each("who", ["validate", "callbacks"])
def test_batches_of_the_data_to_train_on_are_not_taken_by_others(who, tmp_path):
    data = Stream(IDS, batch=2, steps=10)
    look = {"validate": lambda: float(len([*data])), "callbacks": [lambda history: [*data] and None]}
    with pytest.raises(tg.GraphError, match="took batches of the data to train on"):
        trained(tmp_path / who, data=data, steps=4, **{who: look[who]})
    done = 4 if who == "validate" else 1
    assert [*Checkpoint(tmp_path / who).paths()] == [done] and data.position["batch"] == done
    whole, E = trained(None)
    history, own = trained(tmp_path / who, validate=lambda: float(len([*Stream(IDS, batch=2, steps=10)])))
    assert np.array_equal(own, E) and np.array_equal(history.loss, whole.loss)
