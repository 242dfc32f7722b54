"""The report of a trained system: its losses, the error of its gradients, and whether the reader's goal was reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

import tinygraph as tg

from .weights import Arrays


class System(Protocol):
    """What the six models have in common."""

    parameters: dict[str, tg.Parameter]

    def loss(self, inputs: Any, targets: Any) -> tg.Node: ...


def gradient_error(make: Callable[[Arrays], System], arrays: Arrays, inputs: Any, targets: Any) -> float:
    """The largest relative error of a system's gradients against central differences, without a unit.

    Weights and inputs are drawn anew with deviation 0.5. At an article's own tiny weights and
    0/1 data a wrong backward pass can agree with differences to five digits.

    Args:
        make: from arrays by name to a model.
        arrays: the weights' names and shapes; their numbers are not used.
        inputs: what ``model.loss`` takes; only the shape of a floating-point array counts,
            integers (numbers of words) stay.
        targets: what ``model.loss`` takes.

    Raises:
        GraphError: the gradients are wrong.
    """
    generator = np.random.default_rng(0)
    model = make({name: 0.5 * generator.standard_normal(array.shape) for name, array in arrays.items()})
    if np.asarray(inputs).dtype.kind == "f":
        inputs = 0.5 * generator.standard_normal(np.shape(inputs))
    return tg.check.gradients(lambda: model.loss(inputs, targets), model.parameters, order=1).largest_error


def print_report(title: str, losses: dict[int, float], gradient_error: float, goal: str, reached: bool) -> None:
    """Print the loss table, the gradients' error and the verdict.

    Args:
        title: one line that names the system and the loss.
        losses: by epoch, in the order of printing.
        gradient_error: relative, as `gradient_error` gives it.
        goal: what the reader of the article wanted, in words.
        reached: whether the trained system does that.

    Example:
        >>> print_report("square", {0: 1.0, 100: 0.25}, 2e-11, "below 0.3", True)
        square
           epoch  loss
               0  1
             100  0.25
        largest gradient error against central differences: 2.0e-11
        goal: below 0.3: reached
    """
    print(title)
    print("   epoch  loss")
    for epoch, loss in losses.items():
        print(f"{epoch:8d}  {loss:.10g}")
    print(f"largest gradient error against central differences: {gradient_error:.1e}")
    print(f"goal: {goal}: {'reached' if reached else 'NOT reached'}")
