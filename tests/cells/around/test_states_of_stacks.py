"""A stack takes a state for each of its cells, called by itself or over time, and names what it was given instead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

STACK = tg.cells.Stack.of(tg.cells.LSTM, 3, 5, 2, rng=0)
H = np.ones((2, 5), np.float32)
X = np.ones((2, 3), np.float32)
WRONG: dict[str, Any] = {"one": ((H, H),), "three": ((H, H),) * 3, "none": None, "empty": (), "an array": H}


@each("state", WRONG.values(), WRONG)
def test_another_number_of_states_is_refused(state: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"Stack: a state is needed for each cell[\s\S]*2 states[\s\S]*shapes"):
        STACK(X, state)


@each("kind", [tuple, list])
def test_a_state_for_each_cell_is_what_the_cells_take_one_after_the_other(kind: Any) -> None:
    y, states = STACK(X, kind([(H, H), (H * 2, H)]))
    first, a = STACK.cells[0](X, (H, H))
    second, b = STACK.cells[1](first, (H * 2, H))
    np.testing.assert_array_equal(y.value, second.value)
    assert isinstance(states, tuple)
    for s, right in zip(states, (a, b), strict=True):
        for part, other in zip(s, right, strict=True):
            np.testing.assert_array_equal(part.value, other.value)
