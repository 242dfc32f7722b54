"""The word RNN of article 004: h_t = tanh(U x_t + W h_{t-1}), p_t = softmax(V h_t)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg

Parameters = dict[str, tg.Node]
"""``E`` (V, H) the embeddings, ``U`` (H, H) input, ``W`` (H, H) recurrent and ``V`` (V, H) output weights."""

EVALUATION_STEPS = 512
"""The number of words in each graph of `mean_bits`: it limits the memory and does not change the result."""


def new_parameters(V: int, H: int, seed: int) -> Parameters:
    """Random float32 parameters for V words and H hidden units; no biases, as in the article.

    U, W and V are uniform within 1/sqrt(H). The article's U(0, 1) saturates tanh (|z| above 35), and then nothing is
    learned.
    """
    random = np.random.default_rng(seed)
    bound = 1 / np.sqrt(H)
    arrays = {
        "E": 0.1 * random.standard_normal((V, H)),
        "U": random.uniform(-bound, bound, (H, H)),
        "W": random.uniform(-bound, bound, (H, H)),
        "V": random.uniform(-bound, bound, (V, H)),
    }
    return {name: tg.parameter(array.astype(np.float32), name=name) for name, array in arrays.items()}


def batch_losses(p: Parameters, words: Any, targets: Any, state: Any, masks: Any = None) -> tuple[tg.Node, tg.Node]:
    """Losses of T steps of B streams, and the state after them.

    The products outside the recurrence (U x before the loop, V h after it) are computed once for all T * B words.

    Args:
        words, targets: ids (T, B).
        state: array (B, H), h before the first step.
        masks: two dropout masks (T * B, H), one for the inputs and one for the states on their way to the output, but
            not to the next step (Zaremba et al., 2014); None for no dropout.

    Returns:
        losses (T * B,) in nats, and the last h (B, H).
    """
    (T, B), H = words.shape, p["W"].shape[0]
    inputs = tg.take(p["E"], words.reshape(-1), axis=0)
    inputs = (inputs if masks is None else inputs * masks[0]) @ p["U"].T
    W_T = p["W"].T

    def cell(x: tg.Node, h: tg.Node) -> tuple[tg.Node, tg.Node]:
        h = tg.tanh(x + h @ W_T)
        return h, h

    states, last = tg.unroll(cell, inputs.reshape(T, B, H), state)
    states = states.reshape(T * B, H)
    logits = (states if masks is None else states * masks[1]) @ p["V"].T
    return tg.softmax_cross_entropy(logits, targets.reshape(-1)), last


def sentence_loss(p: Parameters, words: np.ndarray, targets: np.ndarray) -> tg.Node:
    """The mean loss in nats of one sentence, ids (T,), in a loop over steps as in the article: the graph to draw."""
    h: Any = tg.constant(np.zeros(p["W"].shape[0], p["W"].dtype), name="h0")
    losses = []
    for t, (word, target) in enumerate(zip(words, targets, strict=True)):
        with tg.step(t):
            x = tg.take(p["E"], word, axis=0, name="x")
            h = tg.tanh(p["U"] @ x + p["W"] @ h, name="h")
            losses.append(tg.softmax_cross_entropy(p["V"] @ h, target, name="loss"))
    return tg.mean(tg.stack(losses), name="mean loss")


def mean_bits(p: Parameters, ids: np.ndarray) -> float:
    """Bits per word of ``ids[1:]``, ids (N,) read as one stream from a zero state."""
    state = np.zeros((1, p["W"].shape[0]), p["W"].dtype)
    nats = 0.0
    for start in range(0, len(ids) - 1, EVALUATION_STEPS):
        part = ids[start : start + EVALUATION_STEPS + 1, None]
        losses, last = batch_losses(p, part[:-1], part[1:], state)
        state = last.value
        nats += float(losses.value.sum(dtype=np.float64))
    return nats / (len(ids) - 1) / np.log(2)


def generate(
    p: Parameters,
    prompt: np.ndarray,
    stop: Callable[[int], bool],
    random: np.random.Generator,
    longest: int = 25,
    temperature: float = 0.7,
) -> list[int]:
    """Continues ``prompt``, ids (N,): samples each next word from p_t with logits divided by ``temperature``.

    Word 0, which stands for all unknown words, is never drawn. The text ends when ``stop(word)`` is true,
    or after ``longest`` words; the result includes the prompt.
    """
    E, U, W, V = (p[name].value for name in "EUWV")
    h = np.zeros(len(W), W.dtype)
    for word in prompt:
        h = np.tanh(U @ E[word] + W @ h)
    words = [int(word) for word in prompt]
    while len(words) < longest and not stop(words[-1]):
        logits = (V @ h).astype(np.float64)[1:] / temperature
        weights = np.exp(logits - logits.max())
        words.append(1 + int(random.choice(len(weights), p=weights / weights.sum())))
        h = np.tanh(U @ E[words[-1]] + W @ h)
    return words
