"""Buffers and frozen parameters: what trains, what is saved, and what an optimizer does with them."""

import copy
import pickle

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each


class Net(tg.Module):
    def __init__(self):
        self.encoder = tg.cells.GRU(3, 4, rng=0, dtype=np.float64)
        self.head, self.scale = tg.Linear(4, 2, rng=1, dtype=np.float64), tg.buffer(np.full(2, 3.0))

    def __call__(self, xs):
        return self.head(tg.unroll(self.encoder, xs)[0][-1]) * self.scale


XS = np.random.default_rng(0).normal(size=(5, 2, 3))


def test_a_buffer_is_saved_and_not_trained():
    net = Net()
    assert "scale" not in net.parameters() and "scale" in net.state_dict()
    tg.sum(net(XS)).backward()
    assert net.scale.grad is None and net.head.bias.grad is not None
    other = Net()
    other.scale.value = [0.0, 0.0]
    other.load_state_dict(net.state_dict())
    assert other.scale.value.tolist() == [3, 3]
    assert not copy.deepcopy(net).scale.trained and not pickle.loads(pickle.dumps(net.scale)).trained


@each("backend", ["eager", "numpy", "native"])
def test_compiled_functions_read_a_buffer_at_each_call(backend):
    net = Net()
    step = tg.train.step(
        lambda xs: tg.sum(net(xs)), net.parameters(), tg.train.SGD(net.parameters(), 1e-9), backend=backend
    )
    first = step(XS)
    net.scale.value = [6.0, 6.0]
    np.testing.assert_allclose(step(XS), 2 * first, rtol=1e-5)


def test_frozen_parameters_stay_and_are_saved():
    net = Net()
    assert net.freeze("encoder.*") is net
    assert sorted(net.parameters()) == ["head.bias", "head.weight"] and len(net.state_dict()) == 7
    before = net.state_dict()
    parameters = net.parameters()
    step = tg.train.step(lambda xs: tg.sum(net(xs) ** 2), parameters, tg.train.Adam(parameters, 0.1))
    step(XS)
    moved = [name for name, x in net.state_dict().items() if not np.array_equal(x, before[name])]
    assert sorted(moved) == ["head.bias", "head.weight"]
    assert "encoder.weight_ih" in net.unfreeze("encoder.*").parameters()


def test_a_frozen_cell_keeps_the_dtype_of_its_weights():
    cell = tg.cells.GRU(3, 4, rng=0).freeze()
    assert not cell.parameters() and tg.unroll(cell, XS)[0].dtype == np.float32


@each(
    "wrong, match",
    [
        (lambda net: net.freeze("decoder.*"), "no parameter has a name like"),
        (lambda net: net.freeze(3), "pattern"),
        (lambda net: [tg.train.SGD(net.encoder.parameters(), 0.1), net.freeze()][0].step(), "frozen"),
        (lambda net: tg.train.SGD([net.scale], 0.1).step([np.ones(2)]), "buffer"),
        (lambda net: tg.sum(net.scale).backward(), "no parameter that is trained"),
        (lambda net: tg.buffer([1, 2]), "floating"),
    ],
)
def test_what_does_not_fit_is_told(wrong, match):
    net = Net()
    tg.sum(net(XS)).backward()
    with pytest.raises(tg.GraphError, match=match):
        wrong(net)


def test_layers_are_their_formulas():
    rng = np.random.default_rng(0)
    x, layer = rng.normal(size=(2, 5, 3)), tg.Linear(3, 4, rng=1, dtype=np.float64)
    expected = np.einsum("tbi,oi->tbo", x, layer.weight.value) + layer.bias.value
    np.testing.assert_allclose(layer(x).value, expected, rtol=1e-12)
    plain = tg.Linear(3, 4, bias=False, rng=1, dtype=np.float64)
    np.testing.assert_allclose(plain(x).value, np.einsum("tbi,oi->tbo", x, plain.weight.value), rtol=1e-12)
    assert np.abs(layer.weight.value).max() <= 3**-0.5
    embedding = tg.Embedding(6, 2, rng=0)
    ids = np.array([[5, 0, 0], [1, 1, 2]])
    assert np.array_equal(embedding(ids).value, embedding.weight.value[ids])
    (g,) = tg.grad(tg.sum(embedding(ids)), [embedding.weight])
    assert g.value[:, 0].tolist() == [2, 2, 1, 0, 0, 1]


def test_dropout_keeps_the_mean_and_ends_in_evaluation():
    drop, x = tg.Dropout(0.25, rng=0), np.ones(40_000)
    y = drop(x).value
    assert set(np.unique(y)) == {0.0, 1 / 0.75} and abs(y.mean() - 1) < 0.02
    compiled = tg.compile(lambda x: drop(x))
    a, b = compiled(x), compiled(x)
    assert not np.array_equal(a, b), "each call draws anew"
    drop.eval()
    assert np.array_equal(compiled(x), x)


@each(
    "wrong",
    [
        lambda: tg.Linear(0, 3),
        lambda: tg.Linear(3, 2)(np.ones((2, 4))),
        lambda: tg.Embedding(0, 3),
        lambda: tg.Embedding(4, 3, rng=0)([0.5]),
        lambda: tg.Embedding(4, 3, rng=0)([4]),
        lambda: tg.Dropout(1.0),
        lambda: tg.Dropout(0.5)([1, 2]),
    ],
)
def test_wrong_sizes_are_refused(wrong):
    with pytest.raises(tg.GraphError):
        wrong()
