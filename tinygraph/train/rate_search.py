"""A search of the learning rate: a short run in which it grows, after which all is as before."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.checks import integer, positive
from ..core.errors import GraphError, NonFiniteError, refusing
from .fit import TrainingRun, endless, train
from .history import History, new_axes
from .progress import Progress
from .states import set_state, state_of
from .step import TrainingStep


@dataclass(frozen=True)
class RateSearch:
    """What `find_learning_rate` measured.

    Attributes:
        rates, losses: arrays of shape (N,): the rate of each step, and the running mean of the losses.
        rate: a rate to begin with: that at which the loss fell fastest; of a loss that only rises, the lowest.
    """

    rates: np.ndarray
    losses: np.ndarray
    rate: float

    @refusing
    def plot(self, ax: Any = None) -> Any:
        """Draws the losses over the rates, with a line at `rate`; returns matplotlib's axes."""
        ax = new_axes() if ax is None else ax
        ax.plot(self.rates, self.losses, color="#33475b")
        ax.axvline(self.rate, color="#b02a1a", linestyle="--", label=f"{self.rate:.2g}")
        ax.set_xscale("log")
        ax.set_xlabel("learning rate")
        ax.set_ylabel("loss, running mean")
        ax.legend()
        return ax


@refusing
def find_learning_rate(
    step: TrainingStep, data: Iterable[Any], *, low: float = 1e-6, high: float = 1.0, steps: int = 100
) -> RateSearch:
    """Trains for so many steps with a rate that grows from ``low`` to ``high``, and puts everything back.

    The rate of step k is ``low (high / low)^(k / (steps - 1))``. It ends early where the loss is four times its lowest,
    or no number.

    Args:
        step: made by `tg.train.step`; its optimizers' rates are as before afterwards, as are parameters and moments.
        data: as in `fit`; its ``position`` is put back, too.
        low, high: positive, the first rate and the last.
        steps: at least 10.

    Returns:
        a `RateSearch`, with arrays of shape (N,) and a rate to begin with.

    Raises:
        GraphError: an option is out of range, or the first loss is no number.

    Source:
        Smith, "Cyclical learning rates for training neural networks", 2017, section 3.3.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> w, xs = tg.parameter([0.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> data = [(x, x @ np.array([2.0, -1.0])) for x in xs]
        >>> step = tg.train.step(lambda x, y: (x @ w - y) ** 2, w, tg.train.SGD(w, 0.2))
        >>> search = tg.train.find_learning_rate(step, data, low=1e-3, high=10.0)
        >>> 0.001 < search.rate < 0.5, w.value
        (True, array([0., 0.]))
    """
    if not isinstance(step, TrainingStep):
        fix = "step = tg.train.step(loss, ...)"
        raise GraphError("find_learning_rate: no training step", got=type(step).__name__, fix=fix)
    low, high = positive("find_learning_rate", "low", low), positive("find_learning_rate", "high", high)
    steps = integer("find_learning_rate", "steps", steps, 10)
    if low >= high:
        raise GraphError("find_learning_rate: low is not below high", got=f"{low} and {high}")
    with _put_back(step, data):
        losses = _losses(step, data, low, math.log(high / low) / (steps - 1), steps)
    rates = low * np.exp(math.log(high / low) / (steps - 1) * np.arange(len(losses)))
    falls = np.diff(losses[: int(np.argmin(losses)) + 1], prepend=losses[0])
    return RateSearch(rates, np.array(losses), float(rates[int(np.argmin(falls))]))


def _losses(step: TrainingStep, data: Iterable[Any], low: float, growth: float, steps: int) -> list[float]:
    """The running means of the losses of steps with a growing rate."""
    losses: list[float] = []

    def watch(history: History) -> bool:
        if not math.isfinite(history.last_loss):
            return True
        losses.append(0.9 * losses[-1] + 0.1 * history.last_loss if losses else history.last_loss)
        return history.last_loss > 4 * min(losses) > 0

    for o in step.optimizers:
        o._rate = lambda done: low * math.exp(growth * len(losses))  # of calls: several may make one update
    run = TrainingRun(step, endless(data, None), steps, steps, callbacks=[watch])
    try:
        with Progress(steps, 0, None, True) as progress:
            train(run, lambda: False, progress)
    except NonFiniteError:
        if not losses:
            raise
    if not losses:
        raise NonFiniteError("find_learning_rate: the first loss is not finite", got=f"{run.history.last_loss}")
    return losses


@contextmanager
def _put_back(step: TrainingStep, data: Any) -> Iterator[None]:
    """A context after which parameters, moments, rates and the place in the data are as before."""
    things = {"parameters": step.parameters, "step": step, **{str(k): o for k, o in enumerate(step.optimizers)}}
    if hasattr(data, "position"):
        things["data"] = data
    before = {name: state_of(name, thing) for name, thing in things.items()}
    schedules, norm, skipped = [o._rate for o in step.optimizers], step.norm, step.skipped
    try:
        yield
    finally:
        for name, thing in things.items():
            set_state(name, thing, before[name])
        for o, schedule in zip(step.optimizers, schedules, strict=True):
            o._rate = schedule
        step.norm, step.skipped = norm, skipped
