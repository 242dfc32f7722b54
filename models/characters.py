"""Characters: an LSTM predicts the next character of CPython's documentation, beside gzip and xz.

    h_t, c_t = LSTM(E[character_t], h_{t-1}, c_{t-1})        p_t = softmax(W h_t + b)

The last tenth of the text is held out. A compressor takes 8 (|compressed(all)| - |compressed(the rest)|) bits for it;
gzip looks 32 KiB back, xz all the way. Both copy what was written before, in the held-out text too, where an eighth of
the text stands twice; a network with fixed weights cannot. So it is scored three times: with the weights as they were
trained; learning on, where every 32 characters are scored first and are a training step then; and so with copies, where
what followed the last time after the same 16 characters is likely to follow again.
"""

from __future__ import annotations

import gzip
import lzma
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.train import AdamW, Characters, Stream, fit, generate, mean_cross_entropy, step

from .task import Budget, Result, Row, package

STEPS_A_MINUTE = 3000
LONG = 10
"""From so many minutes on the network is larger, a step takes longer, and the bar is xz."""

ROWS, STEPS, WIDTH, RATE = 16, 50, 64, 4e-3
LEARNING_ON = 32, 1e-3
"""Characters a step and Adam's rate while the held-out text is read."""
SAME, LONGEST = 16, 30
"""As many characters have to be the same for a copy; weights are told apart up to so many right copies in a row."""


def data() -> tuple[str, str]:
    """The text to train on, nine tenths, and the text held out."""
    topics = package("pydoc_data.topics", "pydoc_data, a part of Python that some distributions leave out").topics
    text = "\n\n".join(topics[name] for name in sorted(topics))
    cut = len(text) * 9 // 10
    return text[:cut], text[cut:]


def compressed_bits(compress: Callable[[bytes], bytes], train: str, held: str) -> float:
    """Bits a character that a compressor needs for the held-out text after the rest."""
    before, whole = len(compress(train.encode())), len(compress((train + held).encode()))
    return 8 * (whole - before) / len(held)


def compressors(train: str, held: str) -> dict[str, float]:
    """gzip and xz at their strongest."""
    return {
        "gzip -9": compressed_bits(lambda data: gzip.compress(data, 9), train, held),
        "xz -9e": compressed_bits(lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME), train, held),
    }


class Net(tg.Module):
    """Maps ids (T, B) and a state to logits (T, B, V) and the state after them."""

    def __init__(self, characters: int, hidden: int, dropout: float, seed: int) -> None:
        self.embed = tg.Embedding(characters, WIDTH, rng=seed, deviation=0.5)
        self.cell = tg.cells.LSTM(WIDTH, hidden, rng=seed + 1)
        bias = self.cell.bias_ih
        assert bias is not None
        bias.value = bias.value + np.repeat([0, 1, 0, 0], hidden).astype(np.float32)  # the forget gate begins open
        self.drop, self.head = tg.Dropout(dropout, rng=seed + 2), tg.Linear(hidden, characters, rng=seed + 3)

    def __call__(self, ids: Any, state: Any = None) -> tuple[tg.Node, Any]:
        outputs, state = tg.unroll(self.cell, self.embed(ids), state)
        return self.head(self.drop(outputs)), state

    def loss(self, x: Any, y: Any, reset: Any, state: Any = None) -> tuple[tg.Node, Any]:
        """Mean nats a character; a Stream's rows begin anew where the state is None."""
        logits, state = self(x, state)
        return mean_cross_entropy(logits, y), state

    def each(self, x: Any, y: Any, reset: Any, state: Any = None) -> tuple[tg.Node, tuple[tg.Node, Any]]:
        """The same, with the nats of each character (T, B) beside the state; those of padding mean nothing."""
        logits, state = self(x, state)
        return mean_cross_entropy(logits, y), (tg.softmax_cross_entropy(logits, np.maximum(y, 0)), state)

    def write(self, ids: Any, state: Any) -> tuple[tg.Node, Any]:
        """One character at a time: ids (B,) to logits (B, V)."""
        output, state = self.cell(self.embed(ids), state)
        return self.head(output), state


def read(run: Callable[..., Any], data: Stream) -> np.ndarray:
    """Nats of each character of a text but the first; ``run`` is `Net.each`, compiled, or a training step of it."""
    state, nats = None, []
    for x, y, reset in data:
        _, (here, state) = run(x, y, reset, state=state)
        nats.append(here[y >= 0])
    return np.concatenate(nats).astype(np.float64)


def trained(letters: Characters, train: str, budget: Budget, seed: int) -> Net:
    """A network after the budget's steps."""
    long = budget.minutes >= LONG
    net = Net(len(letters), 256 if long else 192, 0.2 if long else 0.1, seed)
    rate = budget.falling(RATE, warm_up=0.03)
    adam = AdamW(net.parameters(), rate, betas=(0.9, 0.99), weight_decay=0.0)
    run = step(net.loss, net.parameters(), adam, clip=1.0)
    fit(run, Stream(letters.encode(train), ROWS, STEPS), steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def scores(net: Net, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nats of each character of a text (N,) but the first, with fixed weights, and learning on while it is read."""
    net.eval()
    fixed = read(tg.compile(net.each), Stream(ids, 1, 256))
    before, (steps, rate) = net.state_dict(), LEARNING_ON
    adam = AdamW(net.parameters(), rate, weight_decay=0.0)
    learning = read(step(net.each, net.parameters(), adam, clip=1.0), Stream(ids, 1, steps))
    net.load_state_dict(before)
    return fixed, learning


def with_copies(nats: np.ndarray, train: str, held: str) -> np.ndarray:
    """Nats of each character of ``held[1:]`` when the network's chances p are mixed with copies::

        chance(c) = w + (1 - w) p(c) if c is the copy, else (1 - w) p(c)

    The weight w is the mean of w / chance over the copies before, 0 for wrong ones: one step of expectation and
    maximisation a copy. Each number of right copies in a row has a weight of its own.
    """
    text, row, result = train + held, 0, nats.copy()
    after = {text[t - SAME : t]: t for t in range(SAME, len(train) + 1)}
    right, count = np.full(LONGEST + 1, 0.5), np.ones(LONGEST + 1)
    for k, t in enumerate(range(len(train) + 1, len(text))):
        context = text[t - SAME : t]
        source, after[context] = after.get(context), t
        if source is None:
            row = 0
            continue
        w, p, same = right[row] / count[row], math.exp(-nats[k]), text[source] == text[t]
        chance = w * same + (1 - w) * p
        result[k] = -math.log(chance)
        right[row] += w * same / chance
        count[row] += 1
        row = min(row + 1, LONGEST) if same else 0
    return result


def written(net: Net, letters: Characters, start: str, length: int, seed: int) -> str:
    """A text that goes on from a start."""
    random, first = np.random.default_rng(seed), letters.encode(start)
    state = net.cell.initial_state(1)
    return start + letters.decode(
        generate(net.write, first, length, state=state, rng=random, temperature=0.7, top_p=0.95)
    )


def result(budget: Budget, seed: int = 0) -> Result:
    train, held = data()
    letters = Characters(train)
    if budget.minutes >= LONG:
        budget = budget.share(1, steps_a_minute=STEPS_A_MINUTE / 3)
    net = trained(letters, train, budget, seed)
    ids = letters.encode(held)
    fixed, learning = scores(net, ids)
    copying = with_copies(learning, train, held)
    baselines = compressors(train, held)
    bar = baselines["xz -9e" if budget.minutes >= LONG else "gzip -9"]
    piece = slice(1000, 1024)
    flow, _ = net.loss(ids[piece, None], ids[1001:1025, None], None)
    unit, hidden = "bits a character", net.cell.hidden_size
    return Result(
        rows=tuple(
            Row(f"held-out text, {how}", unit, float(nats.mean()) / math.log(2), bar, baselines)
            for how, nats in (
                ("fixed weights", fixed),
                ("learning on", learning),
                ("learning on, with copies", copying),
            )
        ),
        data=f"CPython's documentation in `pydoc_data.topics`: {len(train):,} characters to train on, {len(held):,} "
        "held out; the text differs a little between versions of Python.",
        net=f"An LSTM of {hidden} units, dropout {net.drop.p:g} on its outputs; AdamW, {ROWS} rows of {STEPS} steps.",
        budgets=(budget,),
        flow=tg.draw(flow, "flow", title="Held-out characters", tokens=[*held[piece]]),
        seen="c, the memory, hands gradients back over all of the text shown; what reaches h fades a little faster.",
        sample=written(net, letters, "The ", 400, seed),
    )
