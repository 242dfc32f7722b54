"""Training of the word RNN: windows of a text, limits, the progress bar, and Ctrl-C."""

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
"""B. Fewer and longer streams learn more per word, more of them run faster: 16 was best in a minute on two cores."""

LEARNING_RATE = 3e-3
"""Adam's at the start. With dropout, 5e-3 ended 0.07 bits worse on the default text."""

MAX_NORM = 1.0


@dataclass
class Limits:
    """Training ends after so many steps or seconds, whichever comes first; infinity is no limit."""

    steps: float
    seconds: float

    def spent(self, steps: int, seconds: float) -> float:
        """The share used up of the limit that is nearer: 0 at the start, 1 or more at the end."""
        return max(_share(steps, self.steps), _share(seconds, self.seconds))


def _share(used: float, limit: float) -> float:
    return used / limit if limit else 1.0


@dataclass
class History:
    """What training did: bits per word of each step's window, words seen, seconds taken."""

    bits: list[float] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    elapsed_s: float = 0.0

    @property
    def words_per_s(self) -> float:
        return self.words[-1] / max(self.elapsed_s, 1e-9) if self.words else 0.0


def train(p: Parameters, ids: np.ndarray, truncate: int, limits: Limits, stopped: Callable[[], bool], *,
          dropout: tuple[float, float] = (0.0, 0.0), seed: int = 0, eager: bool = False,
          watch: Callable[[int], None] = lambda step: None) -> History:  # fmt: skip
    """Adam on the mean loss of window after window, its rate falling in a line to a fiftieth.

    Gradients look back to the start of their window; the state is carried over as numbers.

    Args:
        p: changed in place.
        ids: the training words (N,).
        truncate: T, the length of a window in words.
        limits: when to end.
        stopped: asked before each step; True ends the training.
        dropout: the shares of the inputs, and of the states on their way to the output, that are set to 0.
        seed: of the dropout.
        eager: make the graph of every step anew, node by node, instead of compiling the step once.
        watch: called with the number of steps done, before each.
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
    """0 for a ``share`` of the elements, else 1 / (1 - share): the mean stays."""
    return (random.random(shape, np.float32) >= share) / np.float32(1 - share)


Gradients = Callable[..., tuple[Any, Any, dict[str, Any]]]
"""Of words, targets (T, B), a state (B, H) and dropout masks: the mean loss in nats, the next state, the gradients."""


def train_step(optimizer: Any, gradients: Gradients, words: np.ndarray, targets: np.ndarray, state: np.ndarray,
               masks: Any = None) -> tuple[float, np.ndarray]:  # fmt: skip
    """One window, ids (T, B) from the state (B, H): its mean loss in nats before the step, and the next state."""
    loss, state, arrays = gradients(words, targets, state, masks)
    optimizer.step(tg.train.clip_by_norm(arrays, MAX_NORM))
    return loss.item(), state


def traced_gradients(
    p: Parameters, words: Any, targets: Any, state: Any, masks: Any
) -> tuple[Any, Any, dict[str, Any]]:
    """For `tg.compile`: all three results as nodes."""
    losses, last = batch_losses(p, words, targets, state, masks)
    loss = tg.mean(losses)
    return loss, last, tg.grad(loss, p)


def eager_gradients(p: Parameters, words: Any, targets: Any, state: Any, masks: Any) -> tuple[Any, Any, dict[str, Any]]:
    """The same by `backward`, which leaves the gradients in the parameters."""
    losses, last = batch_losses(p, words, targets, state, masks)
    loss = tg.mean(losses)
    tg.zero_grad(p)
    loss.backward()
    return loss, last.value, {name: x.grad for name, x in p.items()}


def _windows(words: np.ndarray, targets: np.ndarray, T: int) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """T steps at a time of (S, B) ids, over and over, and whether the text starts anew."""
    last = max(1, len(words) - T + 1)
    while True:
        for t in range(0, last, T):
            yield words[t : t + T], targets[t : t + T], t == 0


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Inside, the first Ctrl-C only makes the function that is yielded say True; a second one interrupts."""
    pressed: list[bool] = []

    def press(*_: Any) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(True)
        # print may not be called again while it is at work, and a signal can come then.
        os.write(2, b"\nstopping: results are being written (Ctrl-C again ends at once)\n")

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress() -> Iterator[Callable[[History, float], None]]:
    """A bar on stderr, or a line every two seconds where tqdm is not installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield _Lines().show
        return
    form = "{percentage:3.0f}%|{bar:30}| {elapsed}<{remaining}{postfix}"
    with tqdm(total=1.0, bar_format=form, file=sys.stderr) as bar:

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
    """The last 50 steps' bits per word, the speed, and the steps so far."""
    recent = history.bits[-50:]
    return f"{sum(recent) / len(recent):.2f} bits/word {history.words_per_s:,.0f} words/s step {len(history.bits)}"
