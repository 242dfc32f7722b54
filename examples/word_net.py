"""The word RNN of article 004: h_t = tanh(U x_t + W h_{t-1}), p_t = softmax(V h_t). Its losses are in bits a word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

import tinygraph as tg

BITS = 1 / math.log(2)
"""Bits in a nat."""

DROPOUT = 0.3, 0.6
"""Rates for inputs and outputs. Without dropout the 256 units overfit after 800 steps: the held-out score worsens."""


class WordRNN(tg.Module):
    """The network for V words with H hidden units, in float32; no biases, as in the article.

    U, W and V are uniform within 1/sqrt(H). The article's U(0, 1) saturates tanh (|z| above 35), and then nothing is
    learned.

    Attributes:
        E (V, H) the embeddings, U (H, H) input, W (H, H) recurrent and V (V, H) output weights.
    """

    def __init__(self, words: int, hidden: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        bound = 1 / math.sqrt(hidden)
        self.E = _parameter(0.1 * random.standard_normal((words, hidden)))
        self.U = _parameter(random.uniform(-bound, bound, (hidden, hidden)))
        self.W = _parameter(random.uniform(-bound, bound, (hidden, hidden)))
        self.V = _parameter(random.uniform(-bound, bound, (words, hidden)))
        self.drop_inputs, self.drop_outputs = (tg.Dropout(share, rng=random) for share in DROPOUT)

    def __call__(self, ids: Any, state: Any = None) -> tuple[tg.Node, tg.Node]:
        """Maps words (T, B) and a state (B, H), None for zeros, to logits (T, B, V) and the state after them.

        Dropout is on the inputs and on the states on their way to the output, not to the next step (Zaremba et al.,
        2014).
        """
        W_T = self.W.T

        def cell(x: tg.Node, h: tg.Node) -> tuple[tg.Node, tg.Node]:
            h = tg.tanh(x + h @ W_T)
            return h, h

        state = self.initial_state(ids.shape[1]) if state is None else state
        states, last = tg.unroll(cell, self.drop_inputs(self.E[ids]) @ self.U.T, state)
        return self.drop_outputs(states) @ self.V.T, last

    def initial_state(self, batch: int) -> np.ndarray:
        """h before the first word: zeros (B, H)."""
        return np.zeros((batch, self.W.shape[0]), self.W.dtype)

    def loss(self, words: Any, targets: Any, reset: Any, state: Any = None) -> tuple[tg.Node, tg.Node]:
        """Mean bits a word of a batch of `tg.train.Stream`, and the state after it."""
        logits, state = self(words, state)
        return tg.train.mean_cross_entropy(logits, targets) * BITS, state

    def sentence(self, ids: np.ndarray) -> tg.Node:
        """Mean bits a word of one sentence (T + 1,), in a loop over steps as in the article: the graph to draw."""
        h: Any = tg.constant(np.zeros(self.W.shape[0], self.W.dtype), name="h0")
        losses = []
        for t, (word, target) in enumerate(pairwise(ids)):
            with tg.step(t):
                x = tg.take(self.E, word, axis=0, name="x")
                h = tg.tanh(self.U @ x + self.W @ h, name="h")
                losses.append(tg.softmax_cross_entropy(self.V @ h, target, name="loss"))
        return tg.multiply(tg.mean(tg.stack(losses)), BITS, name="bits a word")


def _parameter(array: np.ndarray) -> tg.Parameter:
    return tg.parameter(array.astype(np.float32))


class Scorer:
    """Scores texts: ``scorer(ids)`` is mean bits a word of ``ids[1:]``, without dropout, read in a few rows."""

    def __init__(self, net: WordRNN, rows: int = 8, steps: int = 64) -> None:
        self.net, self.rows, self.steps = net, rows, steps
        self._loss = tg.compile(net.loss)

    def __call__(self, ids: np.ndarray) -> float:
        self.net.eval()
        state, total = None, 0.0
        for words, targets, reset in tg.train.Stream(ids, min(self.rows, len(ids) - 1), self.steps):
            bits, state = self._loss(words, targets, reset, state)
            total += float(bits) * int((targets >= 0).sum())
        self.net.train()
        return total / (len(ids) - 1)


def sentence_bits(net: WordRNN, sentences: Sequence[np.ndarray]) -> list[float]:
    """Mean bits a word of each sentence, read from a zero state, without dropout."""
    net.eval()
    bits = []
    for ids in sentences:
        logits, _ = net(ids[:-1, None])
        bits.append(tg.mean(tg.softmax_cross_entropy(logits, ids[1:, None])).item() * BITS)
    net.train()
    return bits


class Writer:
    """One word at a time, for `tg.train.generate`: ids (B,) to logits (B, V), in which the unknown word is never."""

    def __init__(self, net: WordRNN) -> None:
        self.net = net
        self.never = np.where(np.arange(net.V.shape[0]) == 0, -1e9, 0).astype(net.V.dtype)

    def __call__(self, ids: Any, state: Any) -> tuple[tg.Node, tg.Node]:
        logits, state = self.net(ids[None], state)
        return logits[0] + self.never, state

    def initial_state(self, batch: int) -> np.ndarray:
        """h before the first word: zeros (B, H)."""
        return self.net.initial_state(batch)
