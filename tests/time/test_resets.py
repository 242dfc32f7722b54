"""Rows that start anew: values and gradients are those of each document by itself, eager and compiled."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tinygraph.core.structure import leaves

T, B, I, H = 9, 4, 3, 3  # noqa: E741  the axes' own letters
RNG = np.random.default_rng(11)
XS, WEIGHTS = RNG.normal(size=(T, B, I)), RNG.normal(size=(T, B, 2 * H))
RESET = np.zeros((T, B), bool)
RESET[[0, 4, 5], 0] = RESET[3, 1] = RESET[8, 2] = True  # row 3 goes on all the way
LENGTHS = np.array([9, 6, 9, 2])


class Learned(tg.cells.Cell):
    """A tanh cell whose first state is a parameter."""

    def __init__(self, input_size, hidden_size, **options):
        super().__init__(input_size, hidden_size, **options)
        self.W, self.U = self.weight(hidden_size, input_size), self.weight(hidden_size, hidden_size)
        self.first = self.bias(hidden_size, init=0.3)

    def initial_state(self, batch_size=None):
        return tg.broadcast_to(self.first, (batch_size or 1, self.hidden_size))

    def __call__(self, x, h):
        h = tg.tanh(x @ self.W.T + h @ self.U.T)
        return h, h


def fresh(kind, size=I, seed=0):
    return kind(size, H, rng=seed, dtype=np.float64)


def plain():
    """A function in a cell's place, its state a dict, its first state two parameters with and without a batch."""
    W, a = tg.parameter(RNG.normal(size=(I, H)) / 2, "W"), tg.parameter(RNG.normal(size=H), "a")
    b = tg.parameter(RNG.normal(size=(1, H)), "b")

    def cell(x, s):
        h = tg.tanh(x @ W + 0.7 * s["h"] * s["c"])
        return h, {"c": 0.5 * s["c"] + h, "h": h}

    return cell, {"h": a, "c": b}, [W, a, b]


def of_library(cell):
    return cell, None, list(cell.parameters().values())


CASES = {
    "lstm": lambda: of_library(fresh(tg.cells.LSTM)),
    "learned": lambda: of_library(fresh(Learned)),
    "function": plain,
    "clockwork": lambda: of_library(tg.cells.ClockworkRNN(I, 3, periods=(1, 2, 3), rng=0, dtype=np.float64)),
    "stack": lambda: of_library(
        tg.cells.Stack([fresh(tg.cells.GRU), fresh(Learned, H, 1), fresh(tg.cells.LSTM, H, 2)])
    ),
    "residual": lambda: of_library(tg.cells.Residual(fresh(tg.cells.GRU))),
    "both ways": lambda: of_library(tg.cells.Bidirectional(fresh(Learned), fresh(tg.cells.GRU, I, 1))),
    "parallel": lambda: of_library(tg.cells.Parallel(fresh(tg.cells.QRNN))),
}
SETTINGS = {
    "forwards": {},
    "backwards": {"reverse": True},
    "lengths": {"lengths": LENGTHS},
    "lengths backwards": {"lengths": LENGTHS, "reverse": True},
    "windows": {"truncate": 2, "window": "sliding"},
}


def documents(row, length):
    """Where the documents of a row lie."""
    return itertools.pairwise([0, *(t for t in range(1, length) if RESET[t, row]), length])


def begun(reset_to, rows):
    """The state of rows that start anew; None for that of the cell."""
    return reset_to and {k: tg.broadcast_to(v, (rows, H)) for k, v in reset_to.items()}


def alone(cell, reset_to, x, lengths=None, **settings):
    """The weighted sum of the outputs, each document being run by itself."""
    total = 0.0
    for row in range(B):
        for i, j in documents(row, T if lengths is None else int(lengths[row])):
            y, _ = tg.unroll(cell, x[i:j, row : row + 1], begun(reset_to, 1), **settings)
            total = total + tg.sum(y * WEIGHTS[i:j, row : row + 1, : y.shape[-1]])
    return total


def together(cell, reset_to, x, reset=RESET, **settings):
    y, _ = tg.unroll(cell, x, begun(reset_to, B), reset=reset, reset_to=reset_to, **settings)
    return tg.sum(y * WEIGHTS[..., : y.shape[-1]])


def measured(run, parameters, x):
    loss = run(x)
    return loss, tg.grad(loss, [x, *parameters], strict=False)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_those_of_each_document_by_itself(case, setting):
    (cell, reset_to, parameters), settings = CASES[case](), SETTINGS[setting]
    x = tg.parameter(XS, "x")
    due = measured(lambda x: alone(cell, reset_to, x, **settings), parameters, x)
    eager = measured(lambda x: together(cell, reset_to, x, **settings), parameters, x)
    numbers = [[np.asarray(g.value) for g in leaves(part)] for part in (due, eager)]
    assert all(np.abs(g).max() > 0 for g in numbers[0])
    assert_near(numbers[1], numbers[0], 1e-12)


COMPILED = [(case, "forwards") for case in CASES] + [("stack", s) for s in SETTINGS] + [("function", "windows")]


@each_backend
@pytest.mark.parametrize("case, setting", COMPILED)
def test_compiled_they_are_the_same(case, setting, backend):
    (cell, reset_to, parameters), settings = CASES[case](), SETTINGS[setting]
    for memory in ("keep", "checkpoint") if setting == "forwards" else ("keep",):
        compiled = tg.compile(
            lambda x, reset: measured(lambda x: together(cell, reset_to, x, reset, **settings), parameters, x),
            backend=backend,
            memory=memory,
        )
        due = measured(lambda x: alone(cell, reset_to, x, **settings), parameters, tg.parameter(XS, "x"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = compiled(XS, RESET)
        assert_near(leaves(result), [g.value for g in leaves(due)], 1e-11)
        assert np.abs(compiled(XS, ~RESET)[0] - result[0]) > 1e-6  # where rows start is an argument, not a constant


def test_the_state_goes_on_from_batch_to_batch_where_no_document_begins():
    cell = fresh(tg.cells.LSTM)
    whole, last = tg.unroll(cell, XS, reset=RESET)
    first, state = tg.unroll(cell, XS[:4], reset=RESET[:4])
    second, end = tg.unroll(cell, XS[4:], [s.value for s in state], reset=RESET[4:])
    assert_near(np.concatenate([first.value, second.value]), whole.value)
    assert_near([s.value for s in end], [s.value for s in last])
    starts = tg.parameter(RNG.normal(size=(B, H)))
    _, (h, _) = tg.unroll(cell, XS, (starts, starts), reset=RESET)
    (g,) = tg.grad(tg.sum(h), [starts])
    assert (np.abs(g.value).max(axis=1) > 0).tolist() == [False, False, False, True]  # only row 3 goes on


def by_hand(W, U, first, start, x, reset, weights):
    """A tanh cell in plain numpy: the loss and its gradients, with the state replaced by hand."""
    gW, gU, gf, gs, loss = np.zeros_like(W), np.zeros_like(U), np.zeros_like(first), np.zeros_like(start), 0.0
    for b in range(x.shape[1]):
        h, steps = start[b], []
        for t in range(len(x)):
            before = first if reset[t, b] else h
            h = np.tanh(x[t, b] @ W + before @ U)
            loss += weights[t, b] @ h
            steps.append((before, h))
        gh = np.zeros_like(first)
        for t in reversed(range(len(x))):
            raw = (gh + weights[t, b]) * (1 - steps[t][1] ** 2)
            gW, gU, gh = gW + np.outer(x[t, b], raw), gU + np.outer(steps[t][0], raw), U @ raw
            if reset[t, b]:
                gf, gh = gf + gh, np.zeros_like(gh)
        gs[b] = gh
    return loss, [gW, gU, gf, gs]


@pytest.mark.parametrize("axis", [0, 1])
def test_a_plain_loop_in_numpy_gives_the_same(axis):
    W, U, first, start = (RNG.normal(size=s) / 2 for s in ((I, H), (H, H), (H,), (B, H)))
    due, gradients = by_hand(W, U, first, start, XS, RESET, WEIGHTS[..., :H])
    p = [tg.parameter(v) for v in (W, U, first, start)]

    def cell(x, h):
        h = tg.tanh(x @ p[0] + h @ p[1])
        return h, h

    x, reset, weights = (np.moveaxis(v, 0, axis) for v in (XS, RESET, WEIGHTS[..., :H]))
    y, _ = tg.unroll(cell, x, p[3], reset=reset, reset_to=p[2], axis=axis)
    loss = tg.sum(y * weights)
    assert_near(loss.value, due, 1e-12)
    assert_near([g.value for g in tg.grad(loss, p)], gradients, 1e-12)


def test_padding_starts_nothing_and_keeps_the_last_state():
    cell = fresh(tg.cells.GRU)
    reset = RESET.copy()
    reset[7, 1] = True  # in the padding of row 1
    _, last = tg.unroll(cell, XS, reset=reset, lengths=LENGTHS)
    _, due = tg.unroll(cell, XS[3:6, 1:2])
    assert_near(last.value[1:2], due.value)


def test_no_number_of_an_earlier_document_reaches_a_later_one():
    cell, x = fresh(tg.cells.LSTM), XS.copy()
    x[0, 0] = np.nan  # documents of row 0: 0 to 3, 4, 5 to 8
    node = tg.parameter(x)
    y, _ = tg.unroll(cell, node, reset=RESET)
    assert np.isnan(y.value[:4, 0]).all() and np.isfinite(y.value[4:]).all()
    (g,) = tg.grad(tg.sum(y[4:]), [node])
    assert np.isfinite(g.value[4:]).all() and not g.value[:3, 1].any()


def test_without_a_batch_and_as_a_layer():
    cell = fresh(tg.cells.GRU)
    y, _ = tg.unroll(cell, XS[:, 0], reset=RESET[:, 0].tolist())
    layer, _ = tg.Recurrent(cell, axis=1)(XS.swapaxes(0, 1), reset=RESET.T)
    assert_near(layer.value[0], y.value)
    assert_near(tg.unroll(cell, XS[4:5, 0])[0].value, y.value[4:5])


def test_two_states_of_one_node_start_anew_from_their_own():
    def cell(x, s):
        return s[0] + s[1], (s[0] + x, s[1] * 2)

    h = tg.constant(np.ones(2))
    y, _ = tg.unroll(cell, np.ones((3, 2)), (h, h), reset=[[0, 0], [0, 1], [0, 0]], reset_to=(np.zeros(2), h * 5))
    assert y.value.T.tolist() == [[2, 4, 7], [2, 5, 11]]


@pytest.mark.parametrize("reverse", [False, True])
def test_holes_in_the_padding_hide_no_beginning(reverse):
    cell = fresh(tg.cells.GRU)
    mask = np.ones((T, B), bool)
    mask[[2, 3, 4], 0] = mask[0, 1] = mask[[1, 2], 1] = False  # row 0 begins anew at 5, row 1 at 3, after holes
    reset = RESET & mask
    reset[0, 2] = True
    y, last = tg.unroll(cell, XS, reset=reset, mask=mask, reverse=reverse)
    for row, parts in enumerate([[(0, 2), (5, 9)], [(3, 9)], [(0, 8), (8, 9)], [(0, 9)]]):
        for i, j in parts:
            due, end = tg.unroll(cell, XS[i:j, row], reverse=reverse)
            assert_near(y.value[i:j, row], due.value)
            if (i, j) == parts[0 if reverse else -1]:
                assert_near(last.value[row], end.value)


@each_backend
@pytest.mark.parametrize("reverse", [False, True])
def test_one_step_alone(backend, reverse):
    cell, start = fresh(tg.cells.GRU), RNG.normal(size=(B, H))
    compiled = tg.compile(lambda x, s, r: tg.unroll(cell, x, s, reset=r, reverse=reverse)[0], backend=backend)
    due = [tg.unroll(cell, XS[:1], s)[0].value for s in (start, None)]
    due = np.where(np.array([False, True, False, True])[:, None], due[1], due[0])[0]
    reset = np.array([[False, True, False, True]])
    got = compiled(XS[:1], start, reset)[0]
    assert_near(got, tg.unroll(cell, XS[:1], start)[0].value[0] if reverse else due)


class Doubling:
    """Drives a cell from another state than it was handed."""

    def __init__(self, cell):
        self.cell = cell

    def __call__(self, x, h):
        return self.cell(x, h)

    def over_time(self, drive, xs, state):
        return drive(self.cell, xs, state * 2)


def test_reset_to_is_where_a_state_that_is_not_passed_begins():
    start = RNG.normal(size=(B, H))
    y, _ = tg.unroll(fresh(tg.cells.GRU), XS, reset_to=start)
    assert_near(y.value, tg.unroll(fresh(tg.cells.GRU), XS, start)[0].value)


def test_wrong_resets_are_told():
    cell, one = fresh(tg.cells.GRU), lambda x, h: (h, h)
    wrong = {
        "reset does not match the inputs": lambda: tg.unroll(cell, XS, reset=RESET.T),
        "(?s)reset does not match.*float64": lambda: tg.unroll(cell, XS, reset=RESET * 1.0),
        "no initial_state": lambda: tg.unroll(one, XS, np.zeros((B, I)), reset=RESET),
        "another structure": lambda: tg.unroll(one, XS, np.zeros((B, I)), reset=RESET, reset_to=(1.0, 2.0)),
        "another shape": lambda: tg.unroll(one, XS, np.zeros((B, I)), reset=RESET, reset_to=np.zeros(7)),
        "other keys": lambda: tg.unroll(
            one, XS, {"h": np.zeros((B, I))}, reset=RESET, reset_to={"c": np.zeros((B, I))}
        ),
        "with feedback": lambda: tg.unroll(cell, XS, reset=RESET, feedback=lambda y: y),
        "the state has the wrong structure": lambda: tg.unroll(cell, XS, reset=RESET, reset_to=np.zeros(7)),
        "other axes": lambda: tg.unroll(cell, XS, reset=RESET[:, 0], lengths=LENGTHS),
        "the states as they were passed": lambda: tg.unroll(
            Doubling(cell), XS, np.ones((B, H)), reset=RESET, reset_to=np.zeros((B, H))
        ),
    }
    for problem, call in wrong.items():
        with pytest.raises(tg.GraphError, match=problem):
            call()
