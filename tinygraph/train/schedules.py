"""Schedules: the learning rate as a function of the number of steps done."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

from ..core.checks import integer, positive
from ..core.errors import GraphError, refusing, shown
from .ranges import zero_or_more
from .states import as_figures

Schedule = Callable[[int], float]


@refusing
def constant(rate: float, warm_up: int = 0) -> Schedule:
    """The same rate at every step, after a rise over ``warm_up`` steps: ``rate * min(1, (steps + 1) / warm_up)``.

    Args:
        rate: positive.
        warm_up: the number of steps until the full rate.

    Raises:
        GraphError: an argument is out of range.

    Example:
        >>> import tinygraph as tg
        >>> [tg.train.constant(0.4, warm_up=4)(steps) for steps in range(5)]
        [0.1, 0.2, 0.30000000000000004, 0.4, 0.4]
    """
    return _warmed(lambda steps: 1.0, "constant", rate, warm_up)


@refusing
def step_decay(rate: float, every: int, factor: float = 0.1, warm_up: int = 0) -> Schedule:
    """The rate times ``factor`` after every so many steps: ``rate * factor^(steps // every)``.

    Args:
        rate: positive.
        every: the number of steps between two changes.
        factor: positive.
        warm_up: as in `constant`; its steps come first and are not counted.

    Raises:
        GraphError: an argument is out of range.

    Example:
        >>> import tinygraph as tg
        >>> [tg.train.step_decay(1.0, every=2, factor=0.5)(steps) for steps in range(5)]
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    every, factor = integer("step_decay", "every", every, 1), positive("step_decay", "factor", factor)
    return _warmed(lambda steps: factor ** (steps // every), "step_decay", rate, warm_up)


@refusing
def exponential(rate: float, factor: float, warm_up: int = 0) -> Schedule:
    """The rate times ``factor`` after each step: ``rate * factor^steps``.

    Args:
        rate, factor: positive.
        warm_up: as in `constant`; its steps come first and are not counted.

    Raises:
        GraphError: an argument is out of range.

    Example:
        >>> import tinygraph as tg
        >>> [tg.train.exponential(1.0, 0.5)(steps) for steps in range(3)]
        [1.0, 0.5, 0.25]
    """
    factor = positive("exponential", "factor", factor)
    return _warmed(lambda steps: factor**steps, "exponential", rate, warm_up)


@refusing
def cosine(rate: float, steps: int, least: float = 0.0, warm_up: int = 0) -> Schedule:
    """Half a cosine from ``rate`` down to ``rate * least`` over so many steps, and that rate from then on.

    ``rate * (least + (1 - least) (1 + cos(pi s / steps)) / 2)``; a rate of 0 is never reached, since a step would then
    change nothing: after the last step the rate is that of half a step before it.

    Args:
        rate: positive.
        steps: from the first step to the last one, the warm-up apart.
        least: the last rate as a share of the first, 0 or more.
        warm_up: as in `constant`; its steps come first and are not counted.

    Raises:
        GraphError: an argument is out of range.

    Source:
        Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5, one period.

    Example:
        >>> import tinygraph as tg
        >>> [round(tg.train.cosine(1.0, steps=4)(steps), 3) for steps in range(4)]
        [1.0, 0.854, 0.5, 0.146]
    """
    steps, least = integer("cosine", "steps", steps, 1), zero_or_more("cosine", "least", least)
    return _warmed(lambda s: least + (1 - least) * _half_cosine(s / steps, 0.5 / steps), "cosine", rate, warm_up)


@refusing
def one_cycle(rate: float, steps: int, rise: float = 0.3, first: float = 0.04, last: float = 4e-6) -> Schedule:
    """Half a cosine up to ``rate`` and another one down, over so many steps.

    Args:
        rate: positive, the highest.
        steps: from the first step to the last one.
        rise: the share of the steps in which the rate rises, in (0, 1).
        first, last: the first and the last rate as shares of the highest; positive.

    Raises:
        GraphError: an argument is out of range.

    Source:
        Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates", 2018;
        the defaults are those of PyTorch's OneCycleLR.

    Example:
        >>> import tinygraph as tg
        >>> [round(tg.train.one_cycle(1.0, steps=11, rise=0.5)(steps), 2) for steps in (0, 5, 10)]
        [0.04, 0.98, 0.0]
    """
    rate, steps = positive("one_cycle", "rate", rate), integer("one_cycle", "steps", steps, 2)
    first, last = positive("one_cycle", "first", first), positive("one_cycle", "last", last)
    if positive("one_cycle", "rise", rise) >= 1:
        raise GraphError("one_cycle: rise is no share", expected="a number between 0 and 1", got=shown(rise))
    peak, end = rise * steps - 1, steps - 1

    def at(done: int) -> float:
        if done <= peak and peak:
            return rate * (1 + (first - 1) * _half_cosine(done / peak))
        return rate * (last + (1 - last) * _half_cosine((done - peak) / (end - peak)))

    return refusing(at, "one_cycle")


class plateau:  # noqa: N801  used as a function, as the other schedules are
    """The rate times ``factor`` whenever what is watched has not become lower for ``patience`` looks in a row.

    Args:
        rate: positive.
        factor: in (0, 1).
        patience: the number of looks without a new low that are waited for.
        least: the rate does not fall below it.

    Attributes:
        rate: the present rate.

    Raises:
        GraphError: an argument is out of range.

    Example:
        >>> import tinygraph as tg
        >>> rate = tg.train.plateau(1.0, factor=0.5, patience=1)
        >>> for loss in (3.0, 2.0, 2.5, 2.5):
        ...     rate.look(loss)
        >>> rate(steps=4)
        0.5
    """

    @refusing
    def __init__(self, rate: float, factor: float = 0.1, patience: int = 10, least: float = 0.0) -> None:
        self.rate, self.patience = positive("plateau", "rate", rate), integer("plateau", "patience", patience, 0)
        self.factor, self.least = positive("plateau", "factor", factor), zero_or_more("plateau", "least", least)
        if self.factor >= 1:
            raise GraphError("plateau: factor is no share", expected="a number between 0 and 1", got=shown(factor))
        self._low, self._waited = math.inf, 0

    def __call__(self, steps: int) -> float:
        """The present rate, at any step."""
        return self.rate

    def look(self, loss: float) -> None:
        """Looks at a new number, such as the loss of held-out data."""
        loss = as_figures("plateau", {"loss": loss})["loss"]
        if loss < self._low:
            self._low, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited > self.patience:
            self.rate, self._waited = max(self.rate * self.factor, min(self.least, self.rate)), 0

    @property
    def position(self) -> dict[str, float]:
        """The rate, the lowest number so far and the looks since; it may be set to go on from there."""
        return {"rate": self.rate, "low": self._low, "waited": self._waited}

    @position.setter
    def position(self, position: dict[str, float]) -> None:
        if not isinstance(position, dict) or position.keys() != self.position.keys():
            expected = f"a dict with {', '.join(self.position)}"
            raise GraphError("plateau: this is no position", expected=expected, got=shown(position))
        rate, waited = positive("plateau", "rate", position["rate"]), integer("plateau", "waited", position["waited"])
        self.rate, self._low, self._waited = rate, as_figures("plateau", position)["low"], waited


def _half_cosine(share: float, short: float = 0.0) -> float:
    """From 1 at 0 to 0 at 1, or to what it is ``short`` before 1."""
    return (1 + math.cos(math.pi * min(max(share, 0.0), 1 - short))) / 2


def _warmed(share: Schedule, name: str, rate: float, warm_up: int) -> Schedule:
    rate, warm_up = positive(name, "rate", rate), integer(name, "warm_up", warm_up)
    least = sys.float_info.min  # with a rate of 0 a step would change nothing

    def at(steps: int) -> float:
        return max(rate * ((steps + 1) / warm_up if steps < warm_up else share(steps - warm_up)), least)

    return refusing(at, name)
