"""Averages of the weights over training: exponential (EMA) and of equal parts (SWA)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.checks import integer
from ..core.errors import GraphError, refusing
from ..core.leaves import Parameter
from ..core.structure import leaves
from ..core.together import new_values, set_together
from .flat import check_state
from .nesting import names_of
from .ranges import share


class Average:
    """The average of parameters over the steps of training, which often scores better than the last of them.

    ``a <- decay * a + (1 - decay) * w`` (EMA); without ``decay``, the mean of all looks so far (SWA).

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        decay: in [0, 1), such as 0.999; or None.

    Attributes:
        looks: how often `look` was called.

    Raises:
        GraphError: something is not a parameter, or ``decay`` is out of range.

    Source:
        Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; Izmailov et al., "Averaging
        weights leads to wider optima and better generalization", 2018.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(0.0)
        >>> average = tg.train.Average([w])
        >>> for value in (1.0, 2.0, 6.0):
        ...     w.value = value
        ...     average.look()
        >>> with average.applied():
        ...     print(w.item())
        3.0
        >>> w.item()
        6.0
    """

    @refusing
    def __init__(self, parameters: Any, decay: float | None = None) -> None:
        self._flat: list[Parameter] = leaves(parameters)
        for p in self._flat:
            if not isinstance(p, Parameter):
                raise GraphError("Average: not a parameter", expected="tg.parameter", got=type(p).__name__)
        self.decay = None if decay is None else share("Average", "decay", decay)
        self.names, self.looks = names_of(parameters), 0
        self._averages: list[np.ndarray] = [p.value for p in self._flat]

    def look(self) -> None:
        """Takes the present values into the average; the first look is the average itself."""
        kept = self.looks / (self.looks + 1) if self.decay is None or not self.looks else self.decay
        pairs = zip(self._averages, self._flat, strict=True)
        averages = [kept * a + (1 - kept) * p.value for a, p in pairs]
        set_together([(self, "_averages", averages), (self, "looks", self.looks + 1)])

    @contextmanager
    def applied(self) -> Iterator[None]:
        """A context in which the parameters have their averages as values."""
        before = [p.value.copy() for p in self._flat]
        try:
            set_together(new_values(zip(self._flat, [a.copy() for a in self._averages], strict=True)))
            yield
        finally:
            set_together(new_values(zip(self._flat, before, strict=True)))

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of the averages by the names of the parameters, and ``"looks"``."""
        named = zip(self.names, self._averages, strict=True)
        return {"looks": np.array(self.looks)} | {name: a.copy() for name, a in named}

    @refusing
    def load_state_dict(self, arrays: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` returned, all of it or nothing.

        Raises:
            GraphError: a name is missing, unexpected, or its array has another shape or dtype.
        """
        check_state("Average", arrays, self.state_dict())
        averages = [np.array(arrays[name]) for name in self.names]
        looks = integer("Average", "looks", int(arrays["looks"]))
        set_together([(self, "_averages", averages), (self, "looks", looks)])
