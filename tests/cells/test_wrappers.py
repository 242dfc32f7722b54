"""Wrong calls of what goes around cells, each with one clear error; names; training and not."""

import numpy as np
import pytest

import tinygraph as tg

GRU = tg.cells.GRU
XS = np.ones((4, 2, 3), np.float32)


def gru(seed=0, inputs=3, hidden=3):
    return GRU(inputs, hidden, rng=seed)


@pytest.mark.parametrize("call, problem", [
    (lambda: tg.cells.Stack([]), "there is no cell"),
    (lambda: tg.cells.Stack([gru(hidden=4), gru()]), "cell 1 does not take what cell 0 gives"),
    (lambda: tg.cells.Stack([gru(), gru()], dropout=1.0), "Stack: the rate"),
    (lambda: tg.cells.Stack.of(GRU, 3, 4, num_layers=1.5), "num_layers"),
    (lambda: tg.cells.Bidirectional(gru(), gru(), "concat"), "unknown merge"),
    (lambda: tg.cells.Zoneout(gru(), -0.1), "Zoneout: the rate"),
    (lambda: tg.cells.Zoneout(gru(), True), "Zoneout: the rate"),
    (lambda: tg.cells.LayerNorm(lambda x, h: (h, h)), "size of the cell's output is not known"),
    (lambda: tg.unroll(tg.cells.Residual(gru(hidden=4)), XS), "input and output of the cell differ"),
    (lambda: tg.unroll(tg.cells.Bidirectional(gru(), gru()), XS, feedback=lambda y: y[..., :3]), "one step alone"),
    (lambda: tg.unroll(tg.cells.Zoneout(tg.cells.Bidirectional(gru(), gru()), 0.1), XS), "one step alone"),
    (lambda: tg.unroll(tg.cells.Bidirectional(gru(), gru()), XS, np.zeros((2, 3))), "a state of another form"),
    (lambda: tg.unroll(tg.cells.Stack([gru(), gru()]), XS, np.zeros((2, 3))), "a state of another form"),
    (lambda: tg.unroll(tg.cells.Zoneout(tg.cells.LSTM(3, 3), (0.1,)), XS), "more states than rates"),
    (lambda: tg.unroll(tg.Recurrent(gru()), XS), "a layer drives its cell itself"),
    (lambda: tg.unroll(tg.cells.Stack([tg.Recurrent(gru()), gru()]), XS), "a layer drives its cell itself"),
    (lambda: tg.Recurrent(lambda x, h: (h, h)).load_state_dict({"w": 1.0}), "unexpected: w"),
])  # fmt: skip
def test_wrong_calls_are_named(call, problem):
    with pytest.raises(tg.GraphError, match=problem):
        call()


def test_parameters_are_called_what_parameters_calls_them():
    layer = tg.Recurrent(tg.cells.Stack([tg.cells.Bidirectional(gru(1), gru(2)), tg.cells.Residual(gru(3, 6, 6))]))
    named = layer.parameters()
    assert [x.name for x in named.values()] == list(named)
    assert next(iter(named)) == "cells.0.forward.weight_ih" and list(named)[-1] == "cells.1.cell.bias_hh"


def test_a_cell_used_twice_is_one():
    cell = gru()
    both = tg.cells.Bidirectional(cell, cell)
    assert list(both.parameters()) == [f"forward.{n}" for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    both.load_state_dict(gru(5).state_dict() and {f"forward.{n}": a for n, a in gru(5).state_dict().items()})
    assert (cell.weight_ih.value == gru(5).weight_ih.value).all()


def test_functions_are_cells_everywhere():
    def leaky(x, h):
        h = 0.5 * h + x
        return h, h

    cell = tg.cells.Stack([tg.cells.Residual(leaky), tg.cells.Zoneout(leaky, 0.2, rng=0).eval()])
    outputs, (a, b) = tg.Recurrent(cell)(np.ones((3, 2)), (np.zeros(2), np.zeros(2)))
    first = np.array([1.0, 1.5, 1.75]) + 1.0
    h, seen = 0.0, []
    for x in first:
        h = 0.2 * h + 0.8 * (0.5 * h + x)
        seen.append(h)
    np.testing.assert_allclose(outputs.value[:, 0], seen, rtol=1e-14)
    assert cell.initial_state(2) == (None, None) and a.value[0] == 1.75 and b.value[0] == seen[-1]


def test_training_reaches_all_within():
    inner = tg.cells.Stack([gru(), gru()], dropout=0.3)
    layer = tg.Recurrent(tg.cells.Bidirectional(inner, tg.cells.Zoneout(gru(), 0.1)))
    assert layer.eval() is layer and not inner.training and not layer.cell.backward.training
    assert layer.train().cell.forward.training


def test_a_stack_step_by_step_is_the_stack_over_time():
    stack = tg.cells.Stack([gru(0), gru(1)], dropout=0.5).eval()
    outputs, last = tg.unroll(stack, XS)
    state = stack.initial_state(2)
    for t in range(len(XS)):
        y, state = stack(XS[t], state)
        np.testing.assert_allclose(y.value, outputs.value[t], rtol=1e-6)
    np.testing.assert_allclose(state[1].value, last[1].value, rtol=1e-6)


def test_a_variational_mask_under_feedback_is_one_for_the_sequence():
    stack = tg.cells.Stack([lambda x, s: (x, s), lambda x, s: (x, s)], dropout=0.5, variational=True, rng=0)
    outputs, _ = tg.unroll(stack, np.ones((4, 1, 20)), ((), ()), feedback=lambda y: y * 0 + 1)
    assert (outputs.value == outputs.value[:1]).all() and {*np.unique(outputs.value)} == {0.0, 2.0}
    stack.variational = False
    outputs, _ = tg.unroll(stack, np.ones((4, 1, 20)), ((), ()), feedback=lambda y: y * 0 + 1)
    assert not (outputs.value == outputs.value[:1]).all()
