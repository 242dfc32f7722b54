"""The linear recurrent unit: a diagonal complex recurrence, computed with two real arrays."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import GraphError
from .base import Initialiser, LinearCell, LinearTerms, finite, gaussian, whole


class LRU(LinearCell):
    """Linear recurrent unit: a diagonal complex recurrence (Orvieto et al. 2023, 2303.06349)::

        lambda = exp(-exp(nu_log) + i exp(theta_log))         (N,), inside of the unit circle
        s' = lambda * s + exp(gamma_log) * (B u)              complex; u the input, s the state
        y  = Re(C s') + D u

    With s = a + i b, each step computes the real pair (a, b). Initially lambda is uniform by area on the ring between
    r_min and r_max, its phase uniform in [0, max_phase); gamma = sqrt(1 - |lambda|²) keeps the size of the state.

    Parameters: nu_log, theta_log, gamma_log (N,), B_re, B_im (N, I), C_re, C_im (P, N), D (P, I); N is hidden_size.
    Group: Linear in the state

    Args:
        input_size, hidden_size, rng, dtype: as for `Cell`. State: (a, b), (B, N) each, the real and imaginary parts.
        output_size: P, the size of y (B, P); None for N.
        r_min, r_max: radii of the ring, 0 <= r_min < r_max <= 1.
        max_phase: the largest initial phase; small phases suit slow signals.

    Raises:
        GraphError: the ring is empty or not within the unit circle.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LRU(3, 4, output_size=3, r_min=0.9, rng=0)
        >>> y, (a, b) = cell(np.ones((2, 3), np.float32), cell.initial_state(2))
        >>> y.shape, a.shape
        ((2, 3), (2, 4))
    """

    states = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        output_size: int | None = None,
        r_min: float = 0.0,
        r_max: float = 1.0,
        max_phase: float = 2 * pi,
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        if not 0 <= r_min < r_max <= 1:
            problem, expected = "LRU: the ring must lie within the unit circle", "0 <= r_min < r_max <= 1"
            raise GraphError(problem, expected=expected, got=f"r_min {r_min}, r_max {r_max}")
        M, N = self.input_size, self.hidden_size
        P = self.output_size = N if output_size is None else whole("LRU", "output_size", output_size)
        radius = np.sqrt(self.rng.uniform(r_min**2, r_max**2, N))
        self.nu_log = self.weight(N, init=_constant(np.log(-np.log(radius))))
        phase = self.rng.uniform(0, finite("LRU", "max_phase", max_phase, 0), N)
        self.theta_log = self.weight(N, init=_constant(np.log(phase)))
        self.gamma_log = self.weight(N, init=_constant(np.log1p(-(radius**2)) / 2))
        self.B_re, self.B_im = (self.weight(N, M, init=gaussian(1 / sqrt(2 * M))) for _ in range(2))
        self.C_re, self.C_im = (self.weight(P, N, init=gaussian(1 / sqrt(N))) for _ in range(2))
        self.D = self.weight(P, M, init="normal")

    def linear(self, u: Any) -> LinearTerms:
        size, phase, gamma = ops.exp(-ops.exp(self.nu_log)), ops.exp(self.theta_log), ops.exp(self.gamma_log)
        lambda_re, lambda_im = size * ops.cos(phase), size * ops.sin(phase)
        driven = gamma * (u @ self.B_re.T), gamma * (u @ self.B_im.T)
        return LinearTerms(
            (lambda_re, lambda_im), driven, lambda s: s[0] @ self.C_re.T - s[1] @ self.C_im.T + u @ self.D.T
        )


def _constant(array: np.ndarray) -> Initialiser:
    return lambda rng, shape: array
