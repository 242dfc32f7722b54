"""Zoneout: units of the state that stay as they were for a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import as_nodes
from ..core.structure import leaves, rebuild
from ..noise import noise
from .masks import Mask, checked_rate
from .wrapper import Wrapper


class Zoneout(Wrapper):
    """Units of the state keep their old value at random (Krueger et al. 2017, 1606.01305, equations 3 and 5)::

        s_t = m * s_{t-1} + (1 - m) * cell(x_t, s_{t-1})        m: 1 with probability p, else 0, drawn at every step

    Out of training m is p itself. Where the cell's output is one of its new states, so it is here.

    Args:
        cell: any cell. State: the cell's.
        p: the rate of all states, or one for each array of the state, in order. Arrays of integers are let be;
            a clock of floats, as in `ClockworkRNN` and `PhasedLSTM`, wants the rate 0.
        rng: a seed or a numpy Generator that draws.

    Raises:
        GraphError: a rate is no number from 0 to below 1; when called, if there are more states than rates.

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
        self.p = [checked_rate("Zoneout", q) for q in p] if isinstance(p, Sequence) else checked_rate("Zoneout", p)
        self.rng = np.random.default_rng(rng)
        self._masks: list[Mask] = []

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        y, new = self.cell(x, state)
        before, made = leaves(state), leaves(new)
        kept = [self._kept(k, a, b) for k, (a, b) in enumerate(zip(before, made, strict=True))]
        at = {id(a): b for a, b in reversed([*zip(made, kept, strict=True)])}  # the first, where two states are one
        return rebuild(y, [at.get(id(v), v) for v in leaves(y)]), rebuild(new, kept)

    def _kept(self, k: int, old: Any, new: Any) -> Any:
        """The k-th state, of which some units stay as they were."""
        if isinstance(self.p, list) and k >= len(self.p):
            raise GraphError("Zoneout: there are more states than rates", expected=f"{len(self.p)} states",
                             got=f"a state number {k + 1}", fix="one number p for all")  # fmt: skip
        p = self.p[k] if isinstance(self.p, list) else self.p
        if not p or new.dtype.kind != "f":
            return new
        m = noise(self._mask(k, p), new.shape, new.dtype)
        (old,) = as_nodes((old,))
        return m * old + (1 - m) * new

    def _mask(self, k: int, p: float) -> Mask:
        """What draws for the k-th state."""
        while len(self._masks) <= k:
            self._masks.append(Mask(self, 0.0, 1.0, self.rng.spawn(1)[0], otherwise=0.0))
        mask = self._masks[k]
        mask.share = mask.otherwise = p
        return mask
