"""Two more plain recurrent networks: the sigmoid RNN of the articles, and the IRNN."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..core.node import Node
from .base import PackedCell, finite, gaussian
from .rnn import RNN


class SigmoidRNN(PackedCell):
    """Plain recurrent network with a sigmoid (Elman 1990, doi 10.1207/s15516709cog1402_1)::

        h' = sigmoid(W x + b + U h + b')

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih (H,); bias_hh (H,) with recurrent_bias.
    Group: Plain: no gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`, but by default without bias_hh.
            State: h (B, H).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.SigmoidRNN(3, 4, rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape
        (2, 4)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, recurrent_bias: bool = False, **options: Any
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (z,), (u,) = self.from_input(x), self.from_state(h)
        h = ops.sigmoid(z + u)
        return h, h


class IRNN(RNN):
    """Plain recurrent network with relu whose initial U is the identity (Le et al. 2015, 1504.00941)::

        h' = relu(W x + b + U h + b')         at the start U = scale * identity, W normal with deviation 0.001, b = 0

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,).
    Group: Plain: no gate

    Args:
        input_size, hidden_size, bias, ...: as for `RNN`. State: h (B, H).
        scale: the factor of the identity: with 1 a new cell never forgets; the paper uses 0.01 for speech.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.IRNN(3, 4, rng=0)
        >>> y, h = cell(np.zeros((2, 3), np.float32), np.ones((2, 4), np.float32))
        >>> bool((y.value == 1).all())
        True
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, scale: float = 1.0, **options: Any
    ) -> None:
        scale = finite("IRNN", "scale", scale)
        initial: dict[str, Any] = dict.fromkeys(("bias_init", "recurrent_bias_init"), "zeros")
        initial |= {"kernel_init": gaussian(0.001), "recurrent_kernel_init": lambda rng, shape: scale * np.eye(*shape)}
        super().__init__(input_size, hidden_size, bias, "relu", **initial | options)
