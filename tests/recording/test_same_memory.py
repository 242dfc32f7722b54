"""Views, copies and orders in memory: numpy's value and slope, or a refusal, eager and compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg

from .same_memory import PROGRAMS, sorted_transpose

UNSURE = "may be a view or a copy"


@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda fn: fn.__name__)
def test_value_and_slope_are_numpys_or_it_is_refused(fn: Any) -> None:
    value, slope = fn(np.float64(2.0)), (fn(2.0 + 1e-6) - fn(2.0 - 1e-6)) / 2e-6
    w = tg.parameter(2.0)
    try:
        y = tg.recorded(fn)(w)
        np.testing.assert_allclose([y.item(), tg.grad(y, w).item()], [value, slope], 1e-6, 1e-6)
    except tg.MutationError as error:
        assert fn is sorted_transpose and UNSURE in str(error)
    try:
        got = tg.compile(tg.value_and_grad(lambda q: tg.recorded(fn)(q), w), backend="numpy")(w)
        np.testing.assert_allclose([*map(float, got)], [value, slope], 1e-6, 1e-6)
    except tg.MutationError as error:
        assert UNSURE in str(error)
