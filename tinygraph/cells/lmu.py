"""The Legendre memory unit: a fixed linear memory of the last theta steps beside a plain recurrence."""

from __future__ import annotations

from math import ceil, inf, log2, sqrt
from typing import Any

import numpy as np

from ..core.errors import GraphError, shown
from ..core.leaves import constant
from ..core.node import Node
from .base import Activation, Cell, activation, whole, within


class LMU(Cell):
    """Legendre memory unit: stores a window of time as polynomials (Voelker, Kajić and Eliasmith 2019, NeurIPS)::

        u  = x e_xᵀ + h e_hᵀ + m e_mᵀ                         one number a sequence, written into the memory
        m' = Ā m + B̄ u
        h' = tanh(W_x x + W_h h + W_m m')

    theta dm/dt = A m + B u with A_ij = (2i + 1) (-1 if i < j else (-1)^(i - j + 1)), B_i = (2i + 1) (-1)^i keeps the
    last theta steps of u as d Legendre coefficients; (Ā, B̄) is its discretisation with step 1 and zero-order hold.
    Neither is trained.

    Parameters: e_x (1, I), e_h (1, H), e_m (1, d), W_x (H, I), W_h (H, H), W_m (H, d).
    Group: Oscillators, clocks, delays and windows

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: (h, m), (B, H) and (B, d).
        memory_size: d, the order of the memory; None for H.
        theta: the length of the window in steps; None for d.
        nonlinearity: used instead of tanh; a name or a function.

    Raises:
        GraphError: memory_size is below 1, or theta is not above 0.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LMU(3, 4, memory_size=6, theta=20.0, rng=0)
        >>> y, (h, m) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, m.shape
        ((2, 4), (2, 6))
    """

    states = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        memory_size: int | None = None,
        theta: float | None = None,
        nonlinearity: str | Activation = "tanh",
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        M, H = self.input_size, self.hidden_size
        d = H if memory_size is None else whole("LMU", "memory_size", memory_size)
        self.memory_size, self.theta = d, float(d if theta is None else theta)
        A, B = discretised(*legendre(d), self.theta)
        self.A, self.B = constant(A.astype(self.dtype), "A"), constant(B.astype(self.dtype), "B")
        self.e_x, self.e_h = (self.weight(1, n, init=within(sqrt(3 / n))) for n in (M, H))  # LeCun's uniform
        self.e_m = self.weight(1, d, init="zeros")
        self.W_x, self.W_h, self.W_m = (self.weight(H, n, init="xavier_normal") for n in (M, H, d))
        self.nonlinearity = activation(nonlinearity)

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, m = state
        u = x @ self.e_x.T + h @ self.e_h.T + m @ self.e_m.T
        m = m @ self.A.T + u * self.B
        h = self.nonlinearity(x @ self.W_x.T + h @ self.W_h.T + m @ self.W_m.T)
        return h, (h, m)

    def _state_size(self, i: int) -> int:
        return (self.hidden_size, self.memory_size)[i]


def legendre(d: int) -> tuple[np.ndarray, np.ndarray]:
    """A (d, d) and B (d,) of the delay system whose state is the d Legendre coefficients of the window."""
    i, j = np.arange(d)[:, None], np.arange(d)
    A = (2 * i + 1) * np.where(i < j, -1.0, (-1.0) ** (i - j + 1))
    return A, (2 * j + 1) * (-1.0) ** j


def discretised(A: np.ndarray, B: np.ndarray, theta: float) -> tuple[np.ndarray, np.ndarray]:
    """Ā = exp(A / theta) and B̄ = A⁻¹ (Ā - 1) B: the system's step of length 1 with constant u.

    Both are blocks of one matrix exponential, exp([[A, B], [0, 0]] / theta) (Van Loan 1978).
    """
    if not 0 < theta < inf:
        raise GraphError("LMU: theta is a number of steps", expected="a finite number above 0", got=shown(theta))
    d = len(B)
    joined = np.zeros((d + 1, d + 1))
    joined[:d, :d], joined[:d, d] = A / theta, B / theta
    joined = exponential(joined)
    return joined[:d, :d], joined[:d, d]


def exponential(M: np.ndarray) -> np.ndarray:
    """exp(M) of a square matrix: the Taylor series of exp(M / 2^k), with a norm below 1/2, squared k times."""
    halvings = max(0, ceil(log2(max(float(np.abs(M).sum(axis=0).max()), 1e-300))) + 1)
    M = M / 2**halvings
    result = term = np.eye(len(M))
    for n in range(1, 19):
        term = term @ M / n
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result
