"""What is taken for a function of so many arguments, and what for a cell."""

from functools import partial

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.time.cell_contract import as_cell, takes


class Step:
    def __call__(self, x, state, scale=1.0):
        return x * scale, state

    def step(self, x, state):
        return x, state


@pytest.mark.parametrize(
    "fn, count",
    [
        (lambda y: y, 1),
        (lambda *ys: ys, 1),
        (lambda y, scale=2: y, 1),
        (partial(lambda a, y: y, 1), 1),
        (abs, 1),
        (np.negative, 1),
        (tg.tanh, 1),
        (min, 1),
        (Step(), 2),
        (Step().step, 2),
        (Step.step, 3),
        (getattr, 2),
    ],
)
def test_functions_of_so_many_arguments(fn, count):
    assert takes(fn, count)


@pytest.mark.parametrize(
    "fn, count",
    [
        (lambda a, b: a, 1),
        (lambda: 0, 1),
        (lambda y, *, scale: y, 1),
        (Step(), 1),
        (Step(), 4),
        (3, 1),
        (None, 1),
    ],
)
def test_others(fn, count):
    assert not takes(fn, count)


@pytest.mark.parametrize("cell", [Step(), Step().step, lambda x, state: (x, state), tg.cells.GRU(3, 4)])
def test_cells_are_handed_back(cell):
    assert as_cell("unroll", cell) is cell


@pytest.mark.parametrize(
    "wrong, got",
    [
        (Step, "Step.*fix *Step\\("),
        (3, "3"),
        ([Step()], r"\["),
        (tg.Recurrent(Step()), "a layer"),
    ],
)
def test_what_is_no_cell_is_named_with_its_owner(wrong, got):
    with pytest.raises(tg.GraphError, match=f"(?s)^Stack: .*got *.*{got}"):
        as_cell("Stack", wrong)
