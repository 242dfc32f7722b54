"""The gradient of one input alone, where the others need none: the same numbers as among all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

from .case import Case
from .test_every_op import CASES, gradients, leaves, weights

SEVERAL = [case for case in CASES if len(case.differentiable) > 1]


@each("as_graph", [True, False])
@each("case", SEVERAL, [case.id for case in SEVERAL], by=lambda case: case.name)
def test_the_gradient_of_one_input_alone(case: Case, as_graph: bool) -> None:
    arrays, gz = case.arrays(np.float64), weights(case)
    every = dict(zip(case.differentiable, gradients(case, leaves(case, arrays), gz), strict=True))
    for place in case.differentiable:
        alone = _alone(case, arrays, place, gz, as_graph)
        np.testing.assert_array_equal(alone, every[place].value, f"input {place}")


def _alone(case: Case, arrays: list[np.ndarray], place: int, gz: np.ndarray, as_graph: bool) -> Any:
    """The gradient of the input at ``place``; the others are arrays, or constants without a gradient."""
    x = tg.parameter(arrays[place])
    z = case.call([x if k == place else tg.constant(a) for k, a in enumerate(arrays)])
    if as_graph:
        return tg.grad(z, x, gz).value
    z.backward(gz)
    return x.grad
