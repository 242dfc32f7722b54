"""Saliency of inputs: what steps depend on is an input, what outputs are compared with is none."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.seen import blocks, matrix


def test_targets_of_all_steps_are_no_inputs() -> None:
    """Data that is read whole before a loop is an input, also where it goes around the loop."""
    rng = np.random.default_rng(0)
    xs, targets = tg.constant(rng.normal(size=(4, 2, 3))), tg.constant(rng.normal(size=(4, 2, 3)))
    outputs = tg.unroll(tg.cells.RNN(3, 3, rng=0, dtype=np.float64), xs * 2.0)[0]
    loss = tg.sum((outputs + xs - targets) ** 2)
    seen = blocks(tg.draw(loss, "saliency"))
    (each,) = [matrix(block) for name, block in seen.items() if name.endswith("each feature")]
    assert each == pytest.approx(np.abs(tg.grad(loss, xs).value[:, 0]).T, rel=0.05) and len(seen) == 2
