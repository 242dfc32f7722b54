"""Small, stable cells for small machines: recurrent networks with a weighted residual connection."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.node import Node
from .base import Activation, Init, PackedCell, activation, affine, is_paper


class FastRNN(PackedCell):
    """Fast recurrent network: two trained numbers mix old and new (Kusupati et al. 2018, 1901.02358)::

        n  = tanh(W x + b + U h + b')
        h' = sigmoid(alpha) n + sigmoid(beta) h

    torchrecurrent starts with alpha = 3, beta = -3: nearly all of the state is new at every step. The authors start
    with alpha = -3, beta = 3 (``FastRNNCell`` of microsoft/EdgeML); the paper asks for a small alpha and a beta near
    1 - alpha, so that gradients survive many steps: ``variant="paper"``.

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (H,), alpha, beta (1,).
    Group: Plain: no gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity: used instead of tanh; a name or a function.
        alpha_init, beta_init: initialisers of alpha and beta, before the sigmoid; None for the variant's.
        variant: "coded" or "paper": the initial alpha and beta.

    Raises:
        GraphError: the variant is neither.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.FastRNN(3, 4, variant="paper", rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.beta.value
        ((2, 4), array([3.], dtype=float32))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation = "tanh",
        *,
        alpha_init: Init | None = None,
        beta_init: Init | None = None,
        variant: str = "coded",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        alpha, beta = (-3.0, 3.0) if is_paper("FastRNN", variant) else (3.0, -3.0)
        self.alpha = self.weight(1, init=alpha if alpha_init is None else alpha_init)
        self.beta = self.weight(1, init=beta if beta_init is None else beta_init)
        self.nonlinearity = activation(nonlinearity)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        (n,) = self.from_both(x, h)
        alpha, beta, n = ops.sigmoid(self.alpha), ops.sigmoid(self.beta), self.nonlinearity(n)
        h = alpha * n + beta * h
        return h, h


class FastGRNN(PackedCell):
    """Fast gated recurrent network: gate and candidate share their matrices (Kusupati et al. 2018, 1901.02358)::

        p  = W x + U h
        z  = sigmoid(p + b_z + b'_z)                                 (as coded: tanh)
        n  = tanh(p + b_n + b'_n)
        h' = (sigmoid(zeta) (1 - z) + sigmoid(nu)) * n + z * h

    torchrecurrent uses tanh for the gate, which can make it negative, and starts with zeta = 3, nu = -3. The
    authors use the sigmoid, 1 and -4 (``FastGRNNCell`` of microsoft/EdgeML): ``variant="paper"``.

    Parameters: weight_ih (H, I), weight_hh (H, H), bias_ih, bias_hh (2H,) with blocks z, n, zeta, nu (1,).
    Group: One gate

    Args:
        input_size, hidden_size, bias, recurrent_bias, ...: as for `PackedCell`. State: h (B, H).
        nonlinearity: activation of the gate z, a name or a function; None for the variant's.
        zeta_init, nu_init: initialisers of zeta and nu, before the sigmoid; None for the variant's.
        variant: "coded" or "paper": the gate's nonlinearity, and the initial zeta and nu.

    Raises:
        GraphError: the variant is neither.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.FastGRNN(3, 4, variant="paper", rng=0)
        >>> y, h = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, cell.gate("z").bias_ih.shape
        ((2, 4), (4,))
    """

    others = dict.fromkeys(("bias_ih", "bias_hh"), ("z", "n"))

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        recurrent_bias: bool = True,
        nonlinearity: str | Activation | None = None,
        *,
        zeta_init: Init | None = None,
        nu_init: Init | None = None,
        variant: str = "coded",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, recurrent_bias, **options)
        gate, zeta, nu = ("sigmoid", 1.0, -4.0) if is_paper("FastGRNN", variant) else ("tanh", 3.0, -3.0)
        self.zeta = self.weight(1, init=zeta if zeta_init is None else zeta_init)
        self.nu = self.weight(1, init=nu if nu_init is None else nu_init)
        self.nonlinearity = activation(gate if nonlinearity is None else nonlinearity)

    def biased(self, p: Node, gate: str) -> Node:
        """Adds to p (B, H) the biases that the gate has."""
        block = self.gate(gate)
        biases = [b for b in (block.bias_ih, block.bias_hh) if b is not None]
        return sum(biases, p)

    def __call__(self, x: Any, h: Any) -> tuple[Node, Node]:
        p = affine(x, self.weight_ih) + affine(h, self.weight_hh)
        z, n = self.nonlinearity(self.biased(p, "z")), ops.tanh(self.biased(p, "n"))
        zeta, nu = ops.sigmoid(self.zeta), ops.sigmoid(self.nu)
        h = (zeta * (1 - z) + nu) * n + z * h
        return h, h
