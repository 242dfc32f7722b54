"""Zoneout: random units of the state keep their old value for a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.leaves import node_of
from ...core.structure import leaves, rebuild
from ...time.noise import generator, noise
from ..base.masks import Mask, checked_rate
from .wrapper import Wrapper


class Zoneout(Wrapper):
    """Units of the state keep their old value at random (Krueger et al. 2017, 1606.01305, equations 3 and 5)::

        s_t = m * s_{t-1} + (1 - m) * cell(x_t, s_{t-1})        m: 1 with probability p, else 0, drawn at every step

    In evaluation m is p itself. If the cell's output is one of its new states, the wrapper's output is that state
    after zoneout. The attribute p may be set at any time, also for a compiled function. With rate 0 no mask is drawn
    at all: a function that was compiled with 0 has to be compiled again.

    Args:
        cell: any cell. State: the cell's.
        p: the rate of all states, or one rate for each array of the state, in order. Integer arrays are not changed;
            a clock of floats, as in `ClockworkRNN` and `PhasedLSTM`, needs the rate 0.
        rng: a seed or a numpy Generator, which draws the masks.

    Raises:
        GraphError: a rate is not a number in [0, 1); in a call, if the number of rates is not that of the states.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.Zoneout(tg.cells.LSTM(3, 4, rng=0), (0.05, 0.5), rng=1)      # of h, of c
        >>> outputs, (h, c) = tg.unroll(cell, np.ones((5, 2, 3), np.float32))
        >>> again, _ = tg.unroll(cell.eval(), np.ones((5, 2, 3), np.float32))
        >>> outputs.shape, bool((outputs.value == again.value).all())
        ((5, 2, 4), False)
    """

    over_time: Any = None

    def __init__(self, cell: Any, p: float | Sequence[float], rng: int | np.random.Generator | None = None) -> None:
        super().__init__(cell)
        self.p, self.rng = p, generator("Zoneout", rng)
        # All at once, though most cells have fewer states: a checkpoint holds the generators of a net not yet run.
        self._masks = [Mask(self, k, rng) for k, rng in enumerate(self.rng.spawn(8))]

    @property
    def p(self) -> Any:
        """The rate of all states, or a tuple with a rate for each."""
        return self._p

    @p.setter
    def p(self, p: Any) -> None:
        several = isinstance(p, Sequence)
        self._p = tuple(checked_rate("Zoneout", rate) for rate in p) if several else checked_rate("Zoneout", p)

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        y, new = self.cell(x, state)
        before, after = leaves(state), leaves(new)
        self._check(len(before), len(after))
        mixed = [self._mixed(k, a, b) for k, (a, b) in enumerate(zip(before, after, strict=True))]
        mixed_of = {id(a): b for a, b in reversed([*zip(after, mixed, strict=True)])}  # if two are one node, the first
        return rebuild(y, [mixed_of.get(id(v), v) for v in leaves(y)]), rebuild(new, mixed)

    def odds(self, place: int) -> tuple[float, float, float]:
        """For a state's mask: the share of units kept p, the value 1 of a kept unit, the value p in evaluation."""
        p = self.p[place] if isinstance(self.p, tuple) else self.p
        return p, 1.0, p

    def _mixed(self, k: int, old: Any, new: Any) -> Any:
        """The new k-th state after zoneout."""
        if not self.odds(k)[0] or new.dtype.kind != "f":
            return new
        while len(self._masks) <= k:
            self._masks.append(Mask(self, len(self._masks), self.rng.spawn(1)[0]))
        m = noise(self._masks[k], new.shape, new.dtype)
        old = node_of(old)
        return m * old + (1 - m) * new

    def _check(self, before: int, after: int) -> None:
        if before != after:
            problem = "Zoneout: the cell returns more or fewer states than it takes"
            raise GraphError(problem, expected=f"{before}", got=f"{after}", fix="pass an initial state with all arrays")
        if isinstance(self.p, tuple) and len(self.p) != after:
            problem, fix = "Zoneout: a rate is needed for each state", "pass one number p for all states"
            raise GraphError(problem, expected=f"{after} rates", got=f"{self.p}", fix=fix)
