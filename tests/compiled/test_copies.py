"""Copies of compiled functions and of training steps: of a method, the copied object's own; of a closure, refused."""

import copy
import pickle

import numpy as np
import pytest

import tinygraph as tg

from ..each import each

COPIES = copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))
X = np.array([1.0, 2.0])


class Scaled:
    """A model that compiles a method of its own, and trains by another."""

    def __init__(self) -> None:
        self.weight = tg.parameter(np.array([1.0, 3.0]), name="weight")
        self.run = tg.compile(self._run, backend="numpy", memory="checkpoint")
        self.train = tg.train.step(self._run, [self.weight], tg.train.SGD([self.weight], learning_rate=0.1))

    def _run(self, x):
        return tg.sum(self.weight * self.weight * x)


@each("duplicate", COPIES)
@each("called", [False, True])
def test_a_copied_model_computes_and_trains_by_itself(duplicate, called):
    model = Scaled()
    if called:
        assert model.run(X) == 19.0
    twin = duplicate(model)
    twin.weight.value = np.array([2.0, 0.0])
    assert (model.run(X), twin.run(X), twin.run.memory, twin.run.backend.name) == (19.0, 4.0, "checkpoint", "numpy")
    assert twin.train(X) == 4.0
    np.testing.assert_allclose(twin.weight.value, [2 - 0.1 * 2 * 2, 0.0])  # dL/dw = 2 w x
    assert model.weight.value.tolist() == [1.0, 3.0] and model.train(X) == 19.0


def plain(x):
    return tg.tanh(x)


@each("duplicate", COPIES)
def test_a_plain_function_is_compiled_again(duplicate):
    compiled = tg.compile(plain)
    np.testing.assert_array_equal(duplicate(compiled)(X), compiled(X))


@each("duplicate", COPIES)
def test_what_reads_variables_around_it_is_not_copied(duplicate):
    weight = tg.parameter(np.ones(2), name="weight")
    loss = lambda x: tg.sum(weight * x)  # noqa: E731
    with pytest.raises(tg.GraphError, match="what the first one uses"):
        duplicate(tg.compile(loss))
    step = tg.train.step(loss, [weight], tg.train.SGD([weight], learning_rate=0.1))
    with pytest.raises(tg.GraphError, match="reads the first ones"):
        duplicate(step)


class Base:
    def run(self, x):
        return tg.sum(x)


class Doubled(Base):
    def run(self, x):
        return super().run(x) * 2


@each("duplicate", COPIES)
def test_a_method_that_calls_the_one_above_it_is_copied(duplicate):
    assert duplicate(tg.compile(Doubled().run))(X) == 6.0
