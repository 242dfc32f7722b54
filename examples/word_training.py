"""Training of the word RNN: windows of the text, limits, the progress bar, Ctrl-C and SIGTERM."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from word_net import Parameters, batch_losses
from word_text import streams

import tinygraph as tg

STREAMS = 16
"""B. Fewer, longer streams learn more per word, more streams run faster: 16 was best for one minute on two cores."""

LEARNING_RATE = 3e-3
"""Adam's initial rate. With dropout, 5e-3 gave a score worse by 0.07 bits on the default text."""

MAX_NORM = 1.0


@dataclass
class Limits:
    """The largest number of steps and of seconds; training ends at the first of them. Infinity is no limit."""

    steps: float
    seconds: float

    def ended(self, steps: int) -> str:
        """What ended a training after this number of steps that nobody stopped."""
        if steps >= self.steps:
            return f"all {steps:,} steps are done"
        of = f" of {self.steps:,}" if math.isfinite(self.steps) else ""
        return f"by the clock, after {self.seconds / 60:g} min and {steps:,}{of} steps"

    def spent(self, steps: int, seconds: float) -> float:
        """The used share of the limit that is closer to its end: 0 at the start, 1 or more at the end."""
        return max(_share(steps, self.steps), _share(seconds, self.seconds))


def _share(used: float, limit: float) -> float:
    return used / limit if limit else 1.0


@dataclass
class History:
    """The course of the training: bits per word of each window, the number of words seen, the elapsed seconds."""

    bits: list[float] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def words_per_s(self) -> float:
        return self.words[-1] / max(self.elapsed_s, 1e-9) if self.words else 0.0


def train(
    p: Parameters,
    ids: np.ndarray,
    truncate: int,
    limits: Limits,
    stopped: Callable[[], bool],
    *,
    dropout: tuple[float, float] = (0.0, 0.0),
    seed: int = 0,
    eager: bool = False,
    watch: Callable[[int], None] = lambda step: None,
) -> History:
    """Minimises the mean loss of each window with Adam; the learning rate falls linearly to a fiftieth.

    Gradients flow back to the start of their window; the next window starts from the state's values.

    Args:
        p: the parameters, which get new values.
        ids: the training words (N,).
        truncate: T, the length of a window in words.
        limits: the limits of the training.
        stopped: called before each step; True ends the training.
        dropout: the shares of the inputs, and of the states on their way to the output, that are set to 0.
        seed: the seed of the dropout masks.
        eager: whether to build the graph of every step, node by node, instead of compiling the step once.
        watch: called before each step with the number of steps done.
    """
    gradients: Gradients = partial(eager_gradients, p) if eager else tg.compile(partial(traced_gradients, p))
    optimizer = tg.train.Adam(p, LEARNING_RATE)
    history, start = History(), time.perf_counter()
    windows = _windows(*streams(ids, STREAMS), truncate)
    state, random = None, np.random.default_rng(seed)
    with _progress() as show:
        while (spent := limits.spent(len(history.bits), history.elapsed_s)) < 1 and not stopped():
            watch(len(history.bits))
            words, targets, first = next(windows)
            if state is None or first:
                state = np.zeros((words.shape[1], p["W"].shape[0]), p["W"].dtype)
            optimizer.learning_rate = LEARNING_RATE * max(0.02, 1 - spent)
            masks = [_mask(random, (words.size, p["W"].shape[0]), share) for share in dropout]
            nats, state = train_step(optimizer, gradients, words, targets, state, masks)
            history.bits.append(nats / math.log(2))
            history.words.append(words.size + (history.words[-1] if history.words else 0))
            history.elapsed_s = time.perf_counter() - start
            show(history, limits.spent(len(history.bits), history.elapsed_s))
    return history


def _mask(random: np.random.Generator, shape: tuple[int, int], share: float) -> np.ndarray:
    """A dropout mask: 0 for a ``share`` of the elements, else 1 / (1 - share), which keeps the mean."""
    return (random.random(shape, np.float32) >= share) / np.float32(1 - share)


Gradients = Callable[..., tuple[Any, Any, dict[str, Any]]]
"""Maps words, targets (T, B), a state (B, H) and dropout masks to the mean loss in nats, the next state, gradients."""


def train_step(
    optimizer: Any, gradients: Gradients, words: np.ndarray, targets: np.ndarray, state: np.ndarray, masks: Any = None
) -> tuple[float, np.ndarray]:
    """Trains on one window, ids (T, B): returns its mean loss in nats before the step, and the next state (B, H)."""
    loss, state, arrays = gradients(words, targets, state, masks)
    optimizer.step(tg.train.clip_by_norm(arrays, MAX_NORM))
    return loss.item(), state


def traced_gradients(
    p: Parameters, words: Any, targets: Any, state: Any, masks: Any
) -> tuple[Any, Any, dict[str, Any]]:
    """The function to compile: returns loss, state and gradients as nodes."""
    losses, last = batch_losses(p, words, targets, state, masks)
    loss = tg.mean(losses)
    return loss, last, tg.grad(loss, p)


def eager_gradients(p: Parameters, words: Any, targets: Any, state: Any, masks: Any) -> tuple[Any, Any, dict[str, Any]]:
    """The same results by `backward`, which stores the gradients in the parameters."""
    losses, last = batch_losses(p, words, targets, state, masks)
    loss = tg.mean(losses)
    tg.zero_grad(p)
    loss.backward()
    return loss, last.value, {name: x.grad for name, x in p.items()}


def _windows(words: np.ndarray, targets: np.ndarray, T: int) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Yields windows of T steps from ids (S, B), again and again, and whether the window starts the text."""
    last = max(1, len(words) - T + 1)
    while True:
        for t in range(0, last, T):
            yield words[t : t + T], targets[t : t + T], t == 0


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Yields a function that returns True after the first Ctrl-C or SIGTERM; a second one raises KeyboardInterrupt."""
    came: list[int] = []

    def note(number: int, _: Any) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)
        # Not print: the signal may arrive during a print, which is not reentrant.
        os.write(2, b"\nstopping: results are being written (Ctrl-C again ends at once)\n")

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress() -> Iterator[Callable[[History, float], None]]:
    """A progress bar on stderr, or a line every two seconds if tqdm is not installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield _Lines().show
        return
    bar_format = "{percentage:3.0f}%|{bar:30}| {elapsed}<{remaining}{postfix}"
    with tqdm(total=1.0, bar_format=bar_format, file=sys.stderr) as bar:

        def show(history: History, spent: float) -> None:
            bar.set_postfix_str(describe(history), refresh=False)
            bar.update(min(spent, 1.0) - bar.n)

        yield show


class _Lines:
    """Progress as plain lines."""

    shown_s = 0.0

    def show(self, history: History, spent: float) -> None:
        if history.elapsed_s - self.shown_s >= 2 or spent >= 1:
            self.shown_s = history.elapsed_s
            print(f"{min(spent, 1.0):4.0%} {describe(history)}", file=sys.stderr)


def describe(history: History) -> str:
    """The mean bits per word of the last 50 steps, the speed, and the number of steps."""
    recent = history.bits[-50:]
    return f"{sum(recent) / len(recent):.2f} bits/word {history.words_per_s:,.0f} words/s step {len(history.bits)}"
