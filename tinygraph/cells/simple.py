"""The plain recurrences that the seeds and the study of long memories start from: sigmoid RNN and IRNN."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .activations import Activation, activation
from .initial import Initialiser
from .packed import PackedCell


class SigmoidRNN(PackedCell):
    """The simple recurrent network with a sigmoid (Elman 1990, "Finding structure in time")::

        h' = sigmoid(W x + b + U h + b')

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih (H,); bias_hh (H,) with recurrent_bias.

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`, with one bias unless two are asked
            for. State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.SigmoidRNN(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, recurrent_bias: bool = False,
                 **options: Any) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (z,) = self.from_input(x)
        (u,) = self.from_state(h)
        h = ops.sigmoid(z + u)
        return h, h


def scaled_identity(scale: float) -> Initialiser:
    """``scale`` on the diagonal, else zeros: the recurrent weight of an `IRNN`."""
    return lambda rng, shape: scale * np.eye(*shape)


def narrow_normal(deviation: float) -> Initialiser:
    """Normal with this deviation: all other weights of an `IRNN`."""
    return lambda rng, shape: rng.normal(size=shape) * deviation
