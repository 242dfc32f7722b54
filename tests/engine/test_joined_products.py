"""Gradients of one weight over time: a few products of joined rows, also where a cell multiplies by its transpose."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.graph import ancestors
from tinygraph.engine import parts
from tinygraph.engine.grad import derive

RNG = np.random.default_rng(0)


@pytest.fixture
def products(monkeypatch):
    """The matrix products that `RowSum` computes, each by its number of rows."""
    rows, multiply = [], parts.RowSum._multiply
    monkeypatch.setattr(parts.RowSum, "_multiply", lambda self, a, b: (rows.append(len(a)), multiply(self, a, b)))
    return rows


def run(w, turn, steps=40):
    h = np.zeros((4, 3))
    for x in RNG.normal(size=(steps, 4, 3)):
        h = np.tanh(x + h @ turn(w))
    return tg.sum(h * h)


@pytest.mark.parametrize("turn", [lambda w: w.T, np.transpose, lambda w: w.transpose(), lambda w: w])
def test_steps_share_products(turn, products):
    w = tg.parameter(RNG.normal(size=(3, 3)))
    loss = run(w, turn)
    loss.backward()
    assert len(products) == 2 and sum(products) == 4 * 40
    np.testing.assert_allclose(w.grad, tg.grad(loss, w).value, rtol=1e-12)


@pytest.mark.parametrize("turn", [lambda w: w.transpose(0, 1), lambda w: w * 2])
def test_what_is_no_transpose_is_multiplied_at_each_step(turn, products):
    w = tg.parameter(RNG.normal(size=(3, 3)))
    loss = run(w, turn)
    loss.backward()
    assert not products
    np.testing.assert_allclose(w.grad, tg.grad(loss, w).value, rtol=1e-12)


def test_a_transpose_that_is_asked_for_gets_its_own_gradient():
    w = tg.parameter(RNG.normal(size=(2, 3)))
    turned, x = w.T, RNG.normal(size=(4, 3))
    y = tg.sum(tg.tanh(x @ turned))
    arrays = derive(ancestors([y], gradients=True), {w, turned}, {y: np.ones(())}, as_graph=False)
    expected = x.T @ (1 - np.tanh(x @ w.value.T) ** 2)
    np.testing.assert_allclose(arrays[turned], expected, rtol=1e-12)
    np.testing.assert_allclose(arrays[w], expected.T, rtol=1e-12)


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_a_cell_over_many_steps(cell, products):
    cell = getattr(tg.cells, cell)(3, 4, rng=0, dtype=np.float64)
    loss = tg.sum(tg.unroll(cell, RNG.normal(size=(70, 2, 3)))[0] ** 2)
    loss.backward()
    assert len(products) == 4  # two weights, of 70 steps of two rows each
    for p in cell.parameters().values():
        np.testing.assert_allclose(p.grad, tg.grad(loss, p).value, rtol=1e-10, atol=1e-12)


class Nothing(tg.Op):
    def forward(self, x):
        return x * 1

    def backward(self, gz, z, x):
        return ()


def test_a_rule_without_gradients_is_refused():
    with pytest.raises(tg.GraphError, match="wrong number of gradients"):
        tg.sum(Nothing()(tg.parameter([1.0]))).backward()


def test_an_error_of_a_call_with_an_array_says_nothing_of_our_insides():
    with pytest.raises(tg.GraphError) as caught:
        tg.add(tg.parameter([1.0, 2.0]), np.ones(3))
    chain, error = [], caught.value
    while error is not None:
        chain.append(str(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert not any("_value" in text for text in chain)


@tg.step(3)
def recursive(depth):
    inside = recursive(depth - 1) if depth else None
    return inside or tg.tanh(tg.constant(0.0)).step


def test_step_decorates_a_function_that_calls_itself():
    assert recursive(2) == 3 and tg.tanh(tg.constant(0.0)).step is None
