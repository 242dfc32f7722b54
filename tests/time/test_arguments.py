"""Checks of the arguments of unroll: cells, inputs, states and settings."""

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
        (GRU, XS, {"state": (ONES, ONES)}, "GRU: the state has the wrong structure"),
        (GRU, XS, {"state": np.ones((1, 2, 5))}, "GRU: the state has the wrong structure"),
        (GRU, XS, {"state": np.ones((2, 4))}, "GRU: the state has the wrong structure"),
        (GRU, XS, {"state": 0.0}, "GRU: the state has the wrong structure"),
        (GRU, XS[:, 0], {"state": ONES}, "GRU: the state has the wrong structure"),
        (LSTM, XS, {"state": ONES}, "LSTM: the state has the wrong structure"),
        (LSTM, XS, {"state": (ONES, ONES, ONES)}, "LSTM: the state has the wrong structure"),
        (
            STACK,
            XS,
            {"state": (ONES, ONES)},
            r"Stack: the state has the wrong structure[\s\S]*\(\(\(2, 5\), \(2, 5\)\), ",
        ),
        (
            tg.cells.Bidirectional(LSTM, LSTM),
            XS,
            {"state": (np.ones((2, 2, 5)),) * 2},
            "Bidirectional: the state has the wrong structure",
        ),
        (tg.cells.LRU(3, 2), XS, {"state": np.ones((2, 2))}, "LRU: the state has the wrong structure"),
        (GRU, [XS[0], XS[1]], {}, "GRU: a list means several input arrays"),
        (GRU, XS[..., :2], {}, "GRU: the inputs do not match input_size"),
        (GRU, XS, {"axis": 2}, "GRU: the inputs do not match input_size"),
        (STACK, XS[:, 0, 0], {}, "Stack: the inputs do not match input_size"),
        (tg.cells.GRU, XS, {}, "the argument is not a cell"),
        ("GRU", XS, {}, "the argument is not a cell"),
        (None, XS, {}, "the argument is not a cell"),
        (GRU, XS, {"axis": "time"}, "invalid time axis"),
        (GRU, XS, {"axis": True}, "invalid time axis"),
        (GRU, XS, {"axis": None}, "invalid time axis"),
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
    with pytest.raises(tg.GraphError, match="outputs of the time steps differ in structure"):
        tg.unroll(lambda x, n: ((x,) if n == 0 else (x, x), n + 1), np.ones(3), 0.0)
