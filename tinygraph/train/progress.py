"""The progress of a training run: a bar in terminals and notebooks, a line at each look in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any, Self

from .history import History


class Progress:
    """Shows loss, figures beside the baseline, steps a second and the time left.

    Args:
        steps: the number of steps when the run ends.
        done: the number that is done already.
        baseline: the figure to beat, or None.
        quiet: whether to show nothing.
    """

    def __init__(self, steps: int, done: int, baseline: float | None, quiet: bool) -> None:
        self.steps, self.done, self.baseline, self.quiet = steps, done, baseline, quiet
        self._start, self._bar, self._text = time.perf_counter(), None, ""

    def __enter__(self) -> Self:
        if not self.quiet and sys.stderr.isatty():
            self._bar = _bar(self.steps, self.done)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, history: History, figures: Mapping[str, float]) -> None:
        """Shows the latest step, and the figures if there are new ones."""
        if self.quiet:
            return
        if figures:
            beside = "" if self.baseline is None else f" (baseline {self.baseline:.4g})"
            self._text = ", ".join(f"{name} {figure:.4g}" for name, figure in figures.items()) + beside
        loss = history.last_loss
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {loss:.4g}" + (f", {self._text}" if self._text else ""), refresh=False)
            self._bar.update(1)
        elif figures:
            speed = (len(history) - self.done) / max(time.perf_counter() - self._start, 1e-9)
            left = (self.steps - len(history)) / speed
            print(f"step {len(history):,}: loss {loss:.4g}, {self._text}, {speed:.3g} steps/s, {left:.0f} s left")


def _bar(steps: int, done: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=steps, initial=done, unit="step", dynamic_ncols=True)
