"""What an unroll is given: inputs and states of the cell's form are taken, others named before anything is computed."""

import numpy as np
import pytest

import tinygraph as tg

XS = np.ones((4, 2, 3), np.float32)
GRU, LSTM, STACK = (
    tg.cells.GRU(3, 5, rng=0),
    tg.cells.LSTM(3, 5, rng=0),
    tg.cells.Stack.of(tg.cells.LSTM, 3, 5, 2, rng=0),
)
ONES = np.ones((2, 5), np.float32)


@pytest.mark.parametrize(
    "cell, xs, settings, problem",
    [
        (GRU, XS, {"state": (ONES, ONES)}, "GRU: a state of another form"),
        (GRU, XS, {"state": np.ones((1, 2, 5))}, "GRU: a state of another form"),
        (GRU, XS, {"state": np.ones((2, 4))}, "GRU: a state of another form"),
        (GRU, XS, {"state": 0.0}, "GRU: a state of another form"),
        (GRU, XS[:, 0], {"state": ONES}, "GRU: a state of another form"),
        (LSTM, XS, {"state": ONES}, "LSTM: a state of another form"),
        (LSTM, XS, {"state": (ONES, ONES, ONES)}, "LSTM: a state of another form"),
        (STACK, XS, {"state": (ONES, ONES)}, r"Stack: a state of another form[\s\S]*\(\(\(2, 5\), \(2, 5\)\), "),
        (
            tg.cells.Bidirectional(LSTM, LSTM),
            XS,
            {"state": (np.ones((2, 2, 5)),) * 2},
            "Bidirectional: a state of another",
        ),
        (tg.cells.LRU(3, 2), XS, {"state": np.ones((2, 2))}, "LRU: a state of another form"),
        (GRU, [XS[0], XS[1]], {}, "GRU: a list is an input of several arrays"),
        (GRU, XS[..., :2], {}, "GRU: inputs of another size"),
        (GRU, XS, {"axis": 2}, "GRU: inputs of another size"),
        (STACK, XS[:, 0, 0], {}, "Stack: inputs of another size"),
        (tg.cells.GRU, XS, {}, "this is no cell"),
        ("GRU", XS, {}, "this is no cell"),
        (None, XS, {}, "this is no cell"),
        (GRU, XS, {"axis": "time"}, "axis says which axis"),
        (GRU, XS, {"axis": True}, "axis says which axis"),
        (GRU, XS, {"axis": None}, "axis says which axis"),
        (lambda x, h: (h + x, h), XS, {}, "None came where an array"),
        (lambda x, h: (x, x if h is None else h), {"a": XS, "b": np.ones((4, 2))}, {"axis": -2}, "no such axis"),
    ],
)
def test_wrong_ones_are_named(cell, xs, settings, problem):
    with pytest.raises(tg.GraphError, match=problem):
        tg.unroll(cell, xs, **settings)


@pytest.mark.parametrize(
    "cell, state",
    [
        (GRU, ONES),
        (GRU, np.ones(5)),
        (LSTM, [ONES, ONES]),
        (LSTM, (tg.constant(ONES), ONES[0])),
        (STACK, ((ONES, ONES), (ONES, ONES))),
        (STACK, [[ONES, ONES], (ONES, ONES)]),
    ],
)
def test_right_ones_are_taken(cell, state):
    assert tg.unroll(cell, XS, state)[0].shape == (4, 2, 5)
    assert tg.compile(lambda s: tg.unroll(cell, XS, s)[0])(state).shape == (4, 2, 5)


def test_a_single_sequence_of_one_hot_integers_is_no_batch():
    outputs, h = tg.unroll(GRU, np.eye(3, dtype=int)[[0, 2, 1, 1]])
    assert outputs.shape == (4, 5) and h.shape == (5,)


def test_one_length_for_all_begins_with_a_batch():
    outputs, (h, _) = tg.unroll(LSTM, XS, lengths=3, truncate=2, window="sliding")
    assert outputs.shape == (4, 2, 5) and h.shape == (2, 5) and not outputs.value[3].any()


def test_truncate_may_be_numpys():
    assert tg.unroll(GRU, XS, truncate=np.int64(2))[1].shape == (2, 5)


def test_an_output_of_another_structure_is_named():
    with pytest.raises(tg.GraphError, match="outputs of two steps have another structure"):
        tg.unroll(lambda x, n: ((x,) if n == 0 else (x, x), n + 1), np.ones(3), 0.0)
