"""What the tasks share: a budget of steps and minutes, and a result beside its baselines.

A task is a module of this folder with ``STEPS_A_MINUTE`` and ``result(budget, seed)``; ``examples/results.py`` runs
them.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType

import tinygraph as tg

LAST_RATE = 0.01
"""The learning rate at the end, as a share of the highest one."""

MOST_STEPS = 10**9
"""Of a budget that only the clock ends."""


class Budget:
    """So many steps or so many minutes, whichever is used up first; the learning rate falls as the budget is used.

    On a quiet machine the steps end first, so that the same seed gives the same figures. A slow machine is ended by the
    clock, with a rate that has fallen all the same.

    Args:
        minutes: for all networks of a task together.
        steps_a_minute: what a quiet machine with two cores does, measured.
        clock: whether the minutes count; if not, the steps alone do.

    Attributes:
        steps: the most steps.
        done, seconds, cpu_s: what was used: steps, seconds on the clock, seconds of all processors.

    Example:
        >>> budget = Budget(minutes=2, steps_a_minute=50, clock=False)
        >>> rate = budget.falling(0.1)
        >>> budget.steps, rate(0), round(rate(50), 4)
        (100, 0.1, 0.0505)
    """

    def __init__(self, minutes: float, steps_a_minute: float, clock: bool = True) -> None:
        self.minutes, self.steps_a_minute, self.clock = minutes, steps_a_minute, clock
        self.steps = max(1, round(minutes * steps_a_minute)) if math.isfinite(minutes) else MOST_STEPS
        self.done, self.seconds, self.cpu_s = 0, 0.0, 0.0
        self._start: tuple[float, float] | None = None

    @property
    def position(self) -> dict[str, float]:
        """What was used, for checkpoints: a run that is resumed has what is left of it."""
        return {"seconds": self.seconds, "cpu_s": self.cpu_s}

    @position.setter
    def position(self, position: dict[str, float]) -> None:
        self._start = time.perf_counter() - position["seconds"], time.process_time() - position["cpu_s"]

    @classmethod
    def of(cls, steps: int | None, minutes: float | None) -> Budget:
        """So many steps, so many minutes, or both; None is no limit."""
        own = cls(math.inf if minutes is None else minutes, 0.0, clock=minutes is not None)
        own.steps = MOST_STEPS if steps is None else steps
        return own

    def share(self, part: float, steps_a_minute: float | None = None) -> Budget:
        """A part of this budget, for one network of several."""
        return Budget(self.minutes * part, steps_a_minute or self.steps_a_minute, self.clock)

    def spent(self, steps: int) -> float:
        """The used share, from 0 to 1, after so many steps."""
        self._look()
        by_clock = (self.seconds / (60 * self.minutes) if self.minutes else 1.0) if self.clock else 0.0
        return min(1.0, max(steps / self.steps, by_clock))

    def falling(self, rate: float, warm_up: float = 0.0) -> Callable[[int], float]:
        """A learning rate that rises in a straight line over a share of the budget, and falls in half a cosine."""

        def now(steps: int) -> float:
            spent = self.spent(steps)
            if spent < warm_up:
                return rate * max(spent / warm_up, LAST_RATE)
            cosine = (1 + math.cos(math.pi * (spent - warm_up) / (1 - warm_up))) / 2
            return rate * (LAST_RATE + (1 - LAST_RATE) * cosine)

        return now

    def __call__(self, history: tg.train.History) -> bool:
        """Whether the training is to end: a callback of `tg.train.fit`."""
        self.done = len(history)
        return self.spent(self.done) >= 1

    def _look(self) -> None:
        now = time.perf_counter(), time.process_time()
        self._start = self._start or now
        self.seconds, self.cpu_s = now[0] - self._start[0], now[1] - self._start[1]


@dataclass(frozen=True)
class Row:
    """One figure of held-out data beside its baselines and the bar.

    Attributes:
        what: of what it is the figure, such as ``"held-out text, LSTM"``.
        unit: such as ``"bits a character"``.
        figure, bar: in that unit.
        baselines: figures of simpler methods on the same held-out data, by name.
        higher: whether higher is better.

    Example:
        >>> row = Row("held-out text", "bits a character", 1.9, bar=2.0, baselines={"gzip": 2.0})
        >>> row.reached, row.told()
        (True, 'held-out text: 1.9 bits a character; gzip 2; bar: below 2: reached')
    """

    what: str
    unit: str
    figure: float
    bar: float
    baselines: Mapping[str, float] = field(default_factory=dict)
    higher: bool = False

    @property
    def reached(self) -> bool:
        return bool(self.figure > self.bar if self.higher else self.figure < self.bar)

    def told(self) -> str:
        beside = "".join(f"; {name} {figure:.4g}" for name, figure in self.baselines.items())
        bar = f"bar: {'above' if self.higher else 'below'} {self.bar:.4g}"
        verdict = "reached" if self.reached else f"missed by {abs(self.figure - self.bar):.3g}"
        return f"{self.what}: {self.figure:.4g} {self.unit}{beside}; {bar}: {verdict}"


@dataclass(frozen=True)
class Result:
    """What a task gives.

    Attributes:
        rows: figures of held-out data.
        data: a sentence or two: what the data are, how they are split, how the baselines are computed.
        net: a sentence: cell, sizes, optimizer.
        budgets: one for each network that was trained.
        flow: the gradient's flow through the trained network, ``tg.draw(loss, "flow")``.
        beside: the same of a network that fails, to be seen beside the first; None for none.
        seen: a sentence or two on what the pictures show.
        sample: lines that the network wrote, if it writes.
    """

    rows: tuple[Row, ...]
    data: str
    net: str
    budgets: tuple[Budget, ...]
    flow: tg.Drawing
    beside: tg.Drawing | None = None
    seen: str = ""
    sample: str = ""

    @property
    def steps(self) -> int:
        return sum(budget.done for budget in self.budgets)

    @property
    def cpu_s(self) -> float:
        return sum(budget.cpu_s for budget in self.budgets)


class MissingData(tg.GraphError):
    """The package that data come with is not installed."""


def package(name: str, distribution: str) -> ModuleType:
    """Imports a module of an optional package.

    Raises:
        MissingData: it is not installed.

    Example:
        >>> package("json", "json").__name__
        'json'
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        fix = f"python -m pip install {distribution}, or all data at once: python -m pip install -e '.[data]'"
        raise MissingData(f"the data of this task come with the package {distribution}", fix=fix) from error
