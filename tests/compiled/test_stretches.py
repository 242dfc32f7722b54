"""Cells whose ops are all known to native code run in one stretch of it, forward and backward."""

import numpy as np
import pytest

import tinygraph as tg

pytest.importorskip("llvmlite")


@pytest.mark.parametrize("name", ["LSTM", "LRU", "PhasedLSTM"])
def test_a_training_step_of_a_cell_is_one_stretch(name):
    cell = getattr(tg.cells, name)(3, 4, rng=0)
    step = tg.compile(tg.value_and_grad(lambda xs: tg.sum(tg.unroll(cell, xs)[0] ** 2), cell.parameters()))
    step(np.ones((5, 2, 3), np.float32))
    assert step.plan.backend == "native" and len(step.plan.source) == 1
