"""Windows of a series: each comes once, what follows is what follows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.ops.random_calls import quick

Windows = tg.train.Windows


@pytest.mark.parametrize("series", [[], [1.0], np.zeros((0, 3))])
def test_a_series_without_a_window_is_too_short(series):
    with pytest.raises(tg.GraphError, match="the series is too short"):
        Windows(series, length=3, horizon=2)


@given(st.integers(2, 40), st.integers(1, 9), st.integers(1, 5), st.integers(1, 8), st.integers(1, 5), st.booleans())
@settings(quick, max_examples=120)
def test_every_window_comes_once_with_what_follows_it(N, length, horizon, B, stride, shuffle):
    if length + horizon > N:
        return
    data = Windows(np.arange(N), length, horizon, B, stride=stride, shuffle=shuffle)
    firsts = []
    for x, y in data:
        assert x.shape[0] == length and y.shape[0] == horizon and x.shape[1] == y.shape[1] <= B
        assert x.dtype == y.dtype == np.float64
        both = np.concatenate([x, y])[..., 0]
        firsts += both[0].astype(int).tolist()
        assert (both == both[0] + np.arange(length + horizon)[:, None]).all()
    due = list(range(0, N - length - horizon + 1, stride))
    assert firsts == due if not shuffle else sorted(firsts) == due
    assert len(data) == -(-len(due) // B)


def test_several_features_and_their_dtype_stay():
    series = np.arange(12, dtype="f4").reshape(6, 2)
    ((x, y),) = Windows(series, 3, 2, 8, shuffle=False)
    assert x.dtype == np.float32 and x.shape == (3, 2, 2) and (x[:, 1] == series[1:4]).all()
    assert (y[:, 1] == series[4:]).all()


def test_wrong_series_are_told():
    wrong = {
        "too short": lambda: Windows(np.ones(4), 3, 2),
        "other axes": lambda: Windows(np.ones((4, 2, 2)), 1, 1),
        "no array of numbers": lambda: Windows(["a"], 1, 1),
        "stride is a whole number": lambda: Windows(np.ones(4), 1, 1, stride=0),
        "shuffle is yes or no": lambda: Windows(np.ones(4), 1, 1, shuffle="x"),
        "seed is a whole number": lambda: Windows(np.ones(4), 1, 1, seed=None),
    }
    for problem, call in wrong.items():
        with pytest.raises(tg.GraphError, match=problem):
            call()
