"""What a stack takes and gives is that of its ends; a rate of dropout or zoneout is a share."""

import itertools

import numpy as np
import pytest

import tinygraph as tg

GRU = tg.cells.GRU


def test_the_sizes_of_a_stack_are_those_of_its_ends():
    sizes = [2, 3, 5, 4]
    for count in (1, 2, 3):
        cells = [tg.cells.RNN(*pair) for pair in itertools.pairwise(sizes[: count + 1])]
        stack = tg.cells.Stack(cells)
        assert (stack.input_size, stack.output_size) == (2, sizes[count])
        assert stack(np.ones((1, 2), np.float32), stack.initial_state(1))[0].shape == (1, sizes[count])


@pytest.mark.parametrize(
    "owner, make",
    [
        ("Dropout", tg.Dropout),
        ("Zoneout", lambda p: tg.cells.Zoneout(GRU(3, 4), p)),
        ("Stack", lambda p: tg.cells.Stack([GRU(3, 4), GRU(4, 4)], p)),
    ],
)
def test_a_rate_is_a_share(owner, make):
    for wrong in (None, 1j, True, np.ones(2), 1.0, -0.1, float("nan"), *(["a"] if owner != "Zoneout" else [])):
        with pytest.raises(tg.GraphError, match=f"^{owner}: the rate is a share of the units"):
            make(wrong)
    for right in (0, 0.5, np.float32(0.25)):
        make(right)
