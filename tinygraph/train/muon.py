"""Muon: steps of matrices whose directions all have the same length."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError, refusing
from .flat import Moments
from .optimizer import Optimizer, Rate, StepNumbers

COEFFICIENTS = 3.4445, -4.7750, 2.0315
"""Of the polynomial that brings singular values towards 1; from the source of `Muon`."""


class Muon(Optimizer):
    """Muon, for matrices: momentum, made nearly orthogonal, so that no direction is learned faster than the others.

    ::

        v <- momentum v + (1 - momentum) g        u = (1 - momentum) g + momentum v, or v without ``nesterov``
        X = u / |u|;  `rounds` times:  A = X X^T,  X <- a X + (b A + c A A) X
        w <- w - learning_rate * (sqrt(max(1, rows / columns)) X + weight_decay * w)

    Args:
        parameters: nested lists, tuples or dicts of matrices (N, M); biases need another optimizer.
        learning_rate: positive, the length of a step in each direction; or a function of the steps done.
        momentum: in [0, 1).
        nesterov: whether to look ahead.
        weight_decay: 0 or more.
        rounds: at least 1; how often the polynomial is applied.
        groups: as in `Optimizer`.

    Raises:
        GraphError: as in `Optimizer`, an option is out of range, or a parameter is no matrix.

    Source:
        Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; the options are those of
        PyTorch's Muon, which computes in bfloat16.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> W = tg.parameter(np.zeros((2, 2)), name="W")
        >>> tg.train.Muon([W], learning_rate=1.0, weight_decay=0.0).step([np.array([[2.0, 0.0], [0.0, 1.0]])])
        >>> bool(np.all((np.abs(np.diag(W.value)) > 0.6) & (np.abs(np.diag(W.value)) < 1.3)))
        True
    """

    moments = ("velocity",)
    momentum: float = 0.95
    nesterov: bool = True

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1e-3,
        momentum: float = 0.95,
        nesterov: bool = True,
        weight_decay: float = 0.1,
        rounds: int = 5,
        groups: Any = None,
    ) -> None:
        self.momentum, self.nesterov, self.weight_decay, self.rounds = momentum, nesterov, weight_decay, rounds
        super().__init__(parameters, learning_rate, groups)
        for name, p in self.named():
            if len(p.shape) != 2:
                fix = "tg.train.step takes a list of optimizers: Muon for matrices, Adam for the others"
                raise GraphError(f"Muon: {name} is no matrix", got=f"shape {p.shape}", fix=fix)

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        velocity = self.momentum * moments["velocity"] + (1 - self.momentum) * g
        ahead = (1 - self.momentum) * g + self.momentum * velocity if self.nesterov else velocity
        rows, columns = w.shape
        change = max(1.0, rows / columns) ** 0.5 * orthogonal(ahead, self.rounds)
        return w - numbers["rate"] * (change + self.weight_decay * w), {"velocity": velocity}


def orthogonal(matrix: Any, rounds: int) -> Any:
    """The matrix with singular values near 1, between about 0.7 and 1.2, by rounds of a polynomial of degree 5."""
    a, b, c = COEFFICIENTS
    rows, columns = matrix.shape
    x = matrix if rows <= columns else matrix.T
    x = x / np.maximum(np.sqrt(np.sum(x * x)), 1e-7)
    for _ in range(rounds):
        square = x @ x.T
        x = a * x + (b * square + c * (square @ square)) @ x
    return x if rows <= columns else x.T
