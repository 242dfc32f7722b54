"""Zoneout: units of the state that stay as they were for a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.leaves import as_nodes
from ...core.structure import leaves, rebuild
from ...time.noise import generator, noise
from ..base.masks import Mask, checked_rate
from .wrapper import Wrapper


class Zoneout(Wrapper):
    """Units of the state keep their old value at random (Krueger et al. 2017, 1606.01305, equations 3 and 5)::

        s_t = m * s_{t-1} + (1 - m) * cell(x_t, s_{t-1})        m: 1 with probability p, else 0, drawn at every step

    Out of training m is p itself. Where the cell's output is one of its new states, so it is here. The attribute p may
    be set at any time, and the next drawing, of a compiled function too, goes by it; but a state of rate 0 has no m: a
    function compiled with it is to be compiled anew for another rate.

    Args:
        cell: any cell. State: the cell's.
        p: the rate of all states, or one for each array of the state, in order. Arrays of integers are let be;
            a clock of floats, as in `ClockworkRNN` and `PhasedLSTM`, wants the rate 0.
        rng: a seed or a numpy Generator that draws.

    Raises:
        GraphError: a rate is no number from 0 to below 1; when called, if there are not as many rates as states.

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
        self._masks: list[Mask] = []

    @property
    def p(self) -> Any:
        """The rate of all states, or a tuple of theirs."""
        return self._p

    @p.setter
    def p(self, p: Any) -> None:
        several = isinstance(p, Sequence)
        self._p = tuple(checked_rate("Zoneout", q) for q in p) if several else checked_rate("Zoneout", p)

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        y, new = self.cell(x, state)
        before, made = leaves(state), leaves(new)
        self._check(before, made)
        kept = [self._kept(k, a, b) for k, (a, b) in enumerate(zip(before, made, strict=True))]
        at = {id(a): b for a, b in reversed([*zip(made, kept, strict=True)])}  # the first, where two states are one
        return rebuild(y, [at.get(id(v), v) for v in leaves(y)]), rebuild(new, kept)

    def odds(self, place: int) -> tuple[float, float, float]:
        """Of a state's mask: the rate, 1, the rate."""
        p = self.p[place] if isinstance(self.p, tuple) else self.p
        return p, 1.0, p

    def _kept(self, k: int, old: Any, new: Any) -> Any:
        """The k-th state, of which some units stay as they were."""
        if not self.odds(k)[0] or new.dtype.kind != "f":
            return new
        while len(self._masks) <= k:
            self._masks.append(Mask(self, len(self._masks), self.rng.spawn(1)[0]))
        m = noise(self._masks[k], new.shape, new.dtype)
        (old,) = as_nodes((old,))
        return m * old + (1 - m) * new

    def _check(self, before: list[Any], made: list[Any]) -> None:
        if len(before) != len(made):
            raise GraphError(
                "Zoneout: the cell gives more or fewer states than it is given",
                got=f"{len(made)}",
                expected=f"{len(before)}",
                fix="a first state with all of them",
            )
        if isinstance(self.p, tuple) and len(self.p) != len(made):
            raise GraphError(
                "Zoneout: a rate is needed for each state",
                expected=f"{len(made)} rates",
                got=f"{self.p}",
                fix="one number p for all",
            )
