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
        (GRU, XS, {"state": np.ones((3, 5))}, r"GRU: the state .*shapes\n  expected  \(2, 5\)\n  got       \(3, 5\)"),
        (LSTM, XS, {"state": ONES}, "LSTM: the state has the wrong structure"),
        (LSTM, XS, {"state": (ONES, ONES[[0, 1, 1]])}, "LSTM: the state has the wrong structure"),
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
        (GRU, [XS[0], XS[1]], {}, "unroll: a list as inputs may mean time steps"),
        (GRU, XS[..., :2], {}, "GRU: the inputs do not match input_size"),
        (GRU, XS, {"axis": 2}, "GRU: the inputs do not match input_size"),
        (STACK, XS[:, 0, 0], {}, "Stack: the inputs do not match input_size"),
        (tg.cells.GRU, XS, {}, "the argument is not a cell"),
        ("GRU", XS, {}, "the argument is not a cell"),
        (None, XS, {}, "the argument is not a cell"),
        (GRU, XS, {"reset": [True] * 4, "lengths": [4, 2]}, r"reset and the padding have other axes\n.*\(T, B\)"),
        (LSTM, XS, {"reset": XS[..., 0] > 0, "reset_to": (ONES,)}, "LSTM: the state has the wrong structure"),
        (
            lambda x, s: (s[0], s),
            XS,
            {"state": (ONES, ONES), "reset": XS[..., 0] > 0, "reset_to": (ONES,)},
            "reset_to has another structure than the state\n  expected  2 arrays, as in the state\n  got       1",
        ),
        (
            lambda x, s: (s, s),
            XS,
            {"state": ONES, "reset": XS[..., 0] > 0, "reset_to": np.ones((2, 4))},
            r"reset_to has another shape than the state\n  expected  \(2, 5\), as the state[\s\S]*got       \(2, 4\)",
        ),
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
        (GRU, np.ones((1, 5))),
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


class Bare:
    """A cell with a first state of its own that does not say its input size: h' = h + sum of x."""

    def initial_state(self, batch_size=None):
        return np.zeros((2,) if batch_size is None else (batch_size, 2))

    def __call__(self, x, h):
        h = h + (tg.sum(x, axis=-1, keepdims=True) if x.dtype.kind == "f" else tg.one_hot(x, 2))
        return h, h


@pytest.mark.parametrize(
    "xs, shape",
    [
        (np.arange(12.0).reshape(4, 3), (2,)),  # (T, I)
        (np.arange(20.0).reshape(4, 5, 1), (5, 2)),  # (T, B, I)
        (np.array([0, 1, 1, 0]), (2,)),  # class indices (T,)
        (np.array([[0, 1, 1], [1, 1, 0]]), (3, 2)),  # (T, B)
    ],
    ids=["one sequence", "a batch", "one of indices", "a batch of indices"],
)
def test_a_cell_without_input_size_begins_with_the_batch_of_its_inputs(xs, shape):
    outputs, h = tg.unroll(Bare(), xs)
    assert h.shape == shape and outputs.shape == (len(xs), *shape)
    rows = xs.sum(-1, keepdims=True) if xs.dtype.kind == "f" else np.eye(2)[xs]
    np.testing.assert_allclose(outputs.value, np.cumsum(np.broadcast_to(rows, outputs.shape), axis=0))
    for lengths in ([1] * xs.shape[1] if len(shape) > 1 else 1,):
        held = tg.unroll(Bare(), xs, lengths=lengths)[1]
        np.testing.assert_allclose(held.value, np.broadcast_to(rows[0], held.shape))


class Classes:
    """Takes class indices, of as many classes as a batch has sequences here."""

    input_size = 3

    def initial_state(self, batch_size=None):
        assert batch_size is not None
        return np.zeros(batch_size)

    def __call__(self, x, h):
        h = h + x
        return h, h


def test_a_mask_tells_a_batch_where_the_inputs_do_not():
    xs = np.array([[0, 1, 2], [2, 1, 1]])
    outputs, h = tg.unroll(Classes(), xs, mask=np.array([[True, True, True], [True, False, True]]))
    assert h.value.tolist() == [2, 1, 3] and outputs.shape == (2, 3)


@pytest.mark.parametrize(
    "cell, xs, settings, problem",
    [
        (Classes(), np.ones((2, 4), int), {"state": 0.0}, "the state has the wrong structure"),
        (GRU, np.ones(3), {}, "the inputs do not match input_size"),
        (lambda x, h: (tg.sum(x), h), np.ones((2, 4)), {"state": 0.0, "axis": 1}, "the outputs have no such axis"),
    ],
)
def test_forms_at_the_edge_are_refused(cell, xs, settings, problem):
    with pytest.raises(tg.GraphError, match=problem):
        tg.unroll(cell, xs, **settings)


@pytest.mark.parametrize("teacher", [1.5, -0.1, np.array([0.5, 2.0]), np.nan])
def test_a_teachers_rate_is_a_probability(teacher):
    with pytest.raises(tg.GraphError, match=r"^feedback: teacher is not a probability\n  expected  0 to 1, or bool"):
        tg.Feedback(lambda y: y, teacher)
    for right in (0, 1, True, 0.0, 1.0, np.array([0.0, 1.0])):
        tg.Feedback(lambda y: y, right)
