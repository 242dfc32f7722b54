"""The report of a trained model: losses, the error of its gradients, and whether the goal is reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

import tinygraph as tg

from .weights import Arrays


class System(Protocol):
    """The common interface of the six models."""

    parameters: dict[str, tg.Parameter]

    def loss(self, inputs: Any, targets: Any) -> tg.Node: ...


def gradient_error(make: Callable[[Arrays], System], arrays: Arrays, inputs: Any, targets: Any) -> float:
    """The largest relative error of a system's gradients against central differences, without a unit.

    Weights and inputs are random with deviation 0.5. With an article's own tiny weights and
    0/1 data a wrong backward pass can agree with the differences to five digits.

    Args:
        make: maps arrays by name to a model.
        arrays: the weights' names and shapes; their values are not used.
        inputs: the inputs of ``model.loss``; of a floating-point array only the shape is used,
            integers (word ids) are kept.
        targets: the targets of ``model.loss``.

    Raises:
        GraphError: the gradients are wrong.
    """
    generator = np.random.default_rng(0)
    model = make({name: 0.5 * generator.standard_normal(array.shape) for name, array in arrays.items()})
    if np.asarray(inputs).dtype.kind == "f":
        inputs = 0.5 * generator.standard_normal(np.shape(inputs))
    return tg.check.gradients(lambda: model.loss(inputs, targets), model.parameters, order=1).largest_error


def print_report(title: str, losses: dict[int, float], gradient_error: float, goal: str, reached: bool) -> None:
    """Prints the loss table, the error of the gradients, and whether the goal is reached.

    Args:
        title: one line with the system and the loss.
        losses: maps epochs to losses, in the order of printing.
        gradient_error: the relative error, from `gradient_error`.
        goal: the goal of the article's reader, in words.
        reached: whether the trained system reaches it.

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
