"""Step by step: states of dicts in any order, arrays of the caller's, NaN watched for, cells that return no pair."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import Streaming, generate

BACKENDS = ["numpy", "native"]


def counting(x, state):
    return x + state["a"], {"a": state["a"] + 1.0, "b": {"d": state["b"]["d"], "c": state["b"]["c"] * 2.0}}


def state_of(a, c, d):
    return {"b": {"c": np.array([c]), "d": np.array([d])}, "a": np.array([a])}


@each("backend", BACKENDS)
def test_a_dict_goes_on_by_its_keys_whatever_their_order(backend):
    stream = Streaming(counting, state_of(0.0, 1.0, 5.0), backend)
    assert [stream(np.zeros(1)).item() for _ in range(4)] == [0, 1, 2, 3]
    assert (stream.state["b"]["c"].item(), stream.state["b"]["d"].item()) == (16.0, 5.0)
    stream.state = {"a": np.array([40.0]), "b": {"d": np.array([6.0]), "c": np.array([3.0])}}
    assert [stream(np.zeros(1)).item() for _ in range(3)] == [40, 41, 42]
    assert (stream.state["b"]["c"].item(), stream.state["b"]["d"].item()) == (24.0, 6.0)


def test_a_text_goes_on_by_the_keys_of_its_state():
    table = np.eye(4)[[1, 2, 3, 0]]

    def net(ids, state):
        return tg.take(table, ids, axis=0) + 0.0 * state["a"], {"a": state["a"], "b": state["b"]}

    state = {"b": np.full((1, 1), np.nan), "a": np.zeros((1, 1))}
    for options in ({}, {"top_k": 1, "rng": np.random.default_rng(0)}):
        assert generate(net, [0], 5, state=state, **options).tolist() == [1, 2, 3, 0, 1]


ONE = np.ones(1)


@each("state", [{"a": ONE}, {"a": ONE, "b": {"c": ONE, "e": ONE}}, state_of([1.0], 1.0, 1.0), ONE])
def test_a_state_of_another_kind_is_refused(state):
    stream = Streaming(counting, state_of(0.0, 1.0, 5.0), "numpy")
    stream(np.zeros(1))
    with pytest.raises(tg.GraphError, match="the state does not fit"):
        stream.state = state
    assert stream(np.zeros(1)).item() == 1.0


@each("backend", BACKENDS)
@each("cell", [tg.cells.GRU(3, 4, rng=0, dtype=np.float64), tg.cells.LSTM(3, 4, rng=0, dtype=np.float64)])
def test_arrays_of_a_state_may_be_written_afterwards(cell, backend):
    xs = np.random.default_rng(0).normal(size=(5, 2, 3))
    state = tg.unroll(cell, xs)[1]
    state = [np.array(s.value) for s in state] if isinstance(state, tuple) else np.array(state.value)
    state = tuple(state) if isinstance(state, list) else state
    expected = tg.unroll(cell, xs, state)[0].value
    first = Streaming(cell, state, backend)
    later = Streaming(cell, None, backend)
    later(xs[0])
    later.state = state
    for part in state if isinstance(state, tuple) else [state]:
        part[:] = 9.0
    for stream in (first, later):
        np.testing.assert_allclose([stream(x) for x in xs], expected, rtol=1e-12)


@each("backend", BACKENDS)
def test_a_nan_is_named_also_in_a_stream(backend):
    cell, xs = tg.cells.GRU(3, 4, rng=0, dtype=np.float64), np.random.default_rng(0).normal(size=(4, 2, 3))
    expected = tg.unroll(cell, xs)[0].value
    for begun in (0, 2):
        stream = Streaming(cell, None, backend)
        ys = [stream(x) for x in xs[:begun]]
        with tg.nonfinite("raise"):
            ys.append(stream(xs[begun]))
            with pytest.raises(tg.NonFiniteError, match="matmul"):
                stream(xs[0] * np.nan)
        ys += [stream(x) for x in xs[begun + 1 :]]
        np.testing.assert_allclose(ys, expected, rtol=1e-12)


@each("cell", [lambda x, s: x + s, lambda x, s: (x, s, s), lambda x, s: [x, s]])
def test_a_cell_that_returns_no_pair_is_told(cell):
    with pytest.raises(tg.GraphError, match="did not return a pair"):
        Streaming(cell, np.zeros(2), "numpy")(np.zeros(2))


@each("backend", BACKENDS)
def test_what_a_stream_gives_out_may_be_written(backend):
    w, x, h = np.array([[0.5, -0.2], [0.1, 0.3]]), np.ones((1, 2)), np.zeros((1, 2))

    def cell(x, h):
        h = np.tanh(x + h @ w)
        return h, h

    stream = Streaming(cell, h, backend)
    for _ in range(3):
        stream.state[:] = 7.0
        y, h = stream(x), np.tanh(x + h @ w)
        np.testing.assert_allclose(y, h, rtol=1e-12)
        y -= 5.0
        state = stream.state
        state -= state.mean()
