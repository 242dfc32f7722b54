"""A stream: every id is a target once, rows go on where they were, states start anew where documents do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.ops.random_calls import quick

Stream = tg.train.Stream


def rows_of(data):
    """All windows of an epoch, one below the other: x, y, reset, each (windows times T, B)."""
    return [np.concatenate(parts) for parts in zip(*data, strict=True)]


@given(st.integers(2, 90), st.integers(1, 9), st.integers(1, 12))
@settings(quick, max_examples=150)
def test_every_id_but_the_first_is_a_target_once_in_its_order(N, B, T):
    if B > N - 1:
        return
    text = np.arange(10, 10 + N)
    data = Stream(text, B, T)
    batches = list(data)
    assert len(batches) == len(data) and len({x.shape for x, _, _ in batches}) == 1
    x, y, reset = rows_of(batches)
    ahead = [[n for n in column if n >= 0] for column in y.T.tolist()]
    assert [n for column in ahead for n in column] == text[1:].tolist()
    assert max(map(len, ahead)) - min(map(len, ahead)) <= 1
    assert ((y == x + 1) | (y == -1)).all()
    assert reset[0].all() and not reset[1:].any()


def test_a_row_goes_on_in_the_next_window():
    x, y, _ = rows_of(Stream(np.arange(41), 4, 3))
    assert x[:10].T.tolist() == np.arange(40).reshape(4, 10).tolist()
    assert y[:10].T.tolist() == np.arange(1, 41).reshape(4, 10).tolist()
    assert (y[10:] == -1).all() and (x[10:] == 0).all()


@given(st.lists(st.integers(0, 3), min_size=8, max_size=60), st.integers(1, 5), st.integers(1, 9))
@settings(quick, max_examples=100)
def test_a_separator_ends_one_document_and_begins_the_next(text, B, T):
    x, y, reset = rows_of(Stream(text, B, T, separator=2))
    real = y >= 0
    first = np.zeros_like(real)
    first[0] = True
    assert (reset == (first | (real & (x == 2)))).all()
    assert y[real].size == len(text) - 1


@given(st.sets(st.integers(0, 39), min_size=1), st.integers(1, 5), st.integers(1, 9))
@settings(quick, max_examples=100)
def test_the_first_id_of_a_document_is_no_target(starts, B, T):
    x, y, reset = rows_of(Stream(np.arange(40), B, T, documents=sorted(starts)))
    targets = sorted(y[y >= 0].tolist())
    assert targets == [n for n in range(1, 40) if n not in starts]
    whole, _, plain = rows_of(Stream(np.arange(40), B, T))
    assert (x == whole).all()
    for t, b in np.argwhere(reset & ~plain):
        assert x[t, b] in starts
    seen = {int(n) for n in x[reset]}
    assert {n for n in starts if n < 39} <= seen  # the last id of the text is no input


def test_wrong_texts_are_told():
    wrong = {
        "too short": lambda: Stream([1, 2, 3], 3, 2),
        "tokens are ids": lambda: Stream([1.0, 2.0], 1, 1),
        "no array of numbers": lambda: Stream("abc", 1, 1),
        "an id is below 0": lambda: list(Stream([1, -1, 2], 1, 1)),
        "places in the text": lambda: Stream([1, 2, 3], 1, 1, documents=[0, 3]),
        "batch is a whole number": lambda: Stream([1, 2, 3], 0, 1),
        "steps is a whole number": lambda: Stream([1, 2, 3], 1, 0.5),
        "separator is a whole number": lambda: Stream([1, 2, 3], 1, 1, separator=-1),
    }
    for problem, call in wrong.items():
        with pytest.raises(tg.GraphError, match=problem):
            call()


def test_small_integers_do_not_wrap_round():
    x, y, _ = rows_of(Stream(np.array([250, 255, 0, 255], np.uint8), 1, 2))
    assert x.dtype == y.dtype == np.int64
    assert x[:3, 0].tolist() == [250, 255, 0] and y[:, 0].tolist() == [255, 0, 255, -1]


def test_a_batch_that_has_no_number_is_refused() -> None:
    rows = tg.train.Ragged([np.ones((3, 1)), np.ones((2, 1))], 2, [0, 1])
    for some in (Stream(np.arange(20), 3, 2), tg.train.Windows(np.ones((20, 2)), 3, 2), rows):
        with pytest.raises(tg.GraphError, match=f"{type(some).__name__}.batch: "):
            some.batch([1, 2], "x")
