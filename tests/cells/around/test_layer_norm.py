"""`LayerNorm` around a cell: its output is that of the cell, normed by hand; the state stays the cell's."""

import numpy as np

import tinygraph as tg


def test_outputs_are_normed_by_hand_and_states_are_the_cells():
    cell = tg.cells.GRU(3, 4, rng=0, dtype=np.float64)
    norm = tg.cells.LayerNorm(cell)
    norm.weight.value, norm.bias.value = [0.5, -1.0, 2.0, 3.0], [0.1, 0.2, 0.3, 0.4]
    xs = np.random.default_rng(1).normal(size=(5, 2, 3))
    outputs, last = tg.unroll(norm, xs)
    plain, state = tg.unroll(cell, xs)
    y = plain.value
    apart = y - y.mean(axis=-1, keepdims=True)
    due = apart / np.sqrt((apart**2).mean(axis=-1, keepdims=True) + norm.epsilon)
    np.testing.assert_allclose(outputs.value, due * norm.weight.value + norm.bias.value, rtol=1e-10)
    np.testing.assert_array_equal(last.value, state.value)
