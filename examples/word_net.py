"""The word RNN of article 004: h_t = tanh(U x_t + W h_{t-1}), p_t = softmax(V h_t). Its losses are in bits a word."""

from __future__ import annotations

import math
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
        """Maps words (T, B) and a state (B, H), None for zeros, to logits (T, B, V) and the state after them."""
        states, last = self.states(ids, state)
        return self.logits(states), last

    def states(self, ids: Any, state: Any = None) -> tuple[tg.Node, tg.Node]:
        """Maps words (T, B) and a state (B, H), None for zeros, to h (T, B, H) and the last of them.

        Dropout is on the inputs, and on the states on their way to the output, not to the next step (Zaremba et al.,
        2014).
        """
        W_T = self.W.T

        def cell(x: tg.Node, h: tg.Node) -> tuple[tg.Node, tg.Node]:
            h = tg.tanh(x + h @ W_T)
            return h, h

        state = self.initial_state(ids.shape[1]) if state is None else state
        return tg.unroll(cell, self.drop_inputs(self.E[ids]) @ self.U.T, state)

    def logits(self, states: tg.Node) -> tg.Node:
        """Maps h (..., H) to logits (..., V)."""
        return self.drop_outputs(states) @ self.V.T

    def initial_state(self, batch: int) -> np.ndarray:
        """h before the first word: zeros (B, H)."""
        return np.zeros((batch, self.W.shape[0]), self.W.dtype)

    def loss(self, words: Any, targets: Any, reset: Any, state: Any = None) -> tuple[tg.Node, tg.Node]:
        """Mean bits a word of a batch of `tg.train.Stream`, and the state after it."""
        logits, state = self(words, state)
        return tg.train.mean_cross_entropy(logits, targets) * BITS, state

    def sentence(self, ids: np.ndarray, state: np.ndarray) -> tg.Node:
        """Mean bits a word of a sentence (T + 1,) after a state (H,), in a loop as in the article: to be drawn."""
        h: Any = tg.constant(state, name="h0")
        losses = []
        for t, (word, target) in enumerate(pairwise(ids)):
            with tg.step(t):
                x = tg.take(self.E, word, axis=0, name="x")
                h = tg.tanh(self.U @ x + self.W @ h, name="h")
                losses.append(cross_entropy_in_bits(self.V @ h, target, name="bits"))
        return tg.mean(tg.stack(losses), name="bits a word")


class CrossEntropyInBits(tg.Op):
    """z = -log2 softmax(logits)[target]      logits: (V,)  target: ()  z: ()"""

    name = "softmax_cross_entropy"  # by which pictures know a loss

    def forward(self, logits: Any, target: Any) -> Any:
        shifted = logits - np.max(logits)
        return (np.log2(np.sum(np.exp(shifted))) - shifted[target] * BITS).astype(logits.dtype)

    def backward(self, gz: Any, z: Any, *inputs: Any, **attributes: Any) -> Any:
        logits, target = inputs
        p = np.exp(logits - np.max(logits))
        return gz * BITS * (p / np.sum(p) - (np.arange(len(logits)) == target).astype(logits.dtype)), None


cross_entropy_in_bits = CrossEntropyInBits()


def _parameter(array: np.ndarray) -> tg.Parameter:
    return tg.parameter(array.astype(np.float32))


class Reader:
    """Reads a text as one row, without dropout."""

    def __init__(self, net: WordRNN, steps: int = 128) -> None:
        self.net, self.steps = net, steps

        def read(words: Any, targets: Any, state: Any) -> tuple[tg.Node, tg.Node, tg.Node]:
            states, state = net.states(words, state)
            counted = np.maximum(targets, 0)
            return tg.softmax_cross_entropy(net.logits(states), counted) * BITS, states, state

        self._read = tg.compile(read)

    def __call__(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bits (N - 1,) of each word of ``ids[1:]``, and h (N - 1, H) after each word of ``ids[:-1]``."""
        self.net.eval()
        state, bits, states = self.net.initial_state(1), [], []
        for words, targets, _ in tg.train.Stream(ids, 1, self.steps):
            here, h, state = self._read(words, targets, state)
            bits.append(here[targets >= 0])
            states.append(h[targets >= 0])
        self.net.train()
        return np.concatenate(bits).astype(np.float64), np.concatenate(states)


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
