"""Texts written by a net in compiled loops, in which the token that is chosen is the next input."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..compiled import compile
from ..core.errors import GraphError
from ..core.leaves import array_of
from ..core.node import Node
from ..core.structure import map_leaves
from ..time.unroll import unroll

LOGITS = "numbers (B, V) or (V,), of each row a highest one that is finite"
STEPS = 128
"""The most steps of one call, after which it is looked whether all texts have ended."""


class TokenLoop:
    """What `generate` writes where no token is left out of the choice.

    Args:
        net: one step, as in `generate`.
        tokens: the tokens before, (T, B).
        state: before the first of them, nested arrays.
        rng: draws; None takes the likeliest token.
        temperature: by which logits are divided before a draw.
    """

    def __init__(
        self, net: Any, tokens: np.ndarray, state: Any, rng: np.random.Generator | None, temperature: float
    ) -> None:
        self._net, self._tokens, self._rng, self._temperature = net, tokens, rng, temperature
        self._state, self._last = map_leaves(array_of, state), tokens[0]
        self._run = compile(self._steps)

    def until(self, length: int, ends: np.ndarray) -> np.ndarray:
        """The tokens (length, B), fewer if all texts have met one of ``ends``, which their further tokens repeat."""
        total, texts = len(self._tokens) + length - 1, np.zeros((0, self._tokens.shape[1]), np.int64)
        steps, kept = -(-total // -(-total // STEPS)), None if self._rng is None else self._rng.bit_generator.state
        for begin in range(0, total, steps):
            texts = np.concatenate([texts, self._chosen(begin, min(total - begin, steps), steps)])
            text = _ended(texts, ends)
            if len(text) < len(texts):
                break
        if self._rng is not None and len(text) < len(texts):  # as if nothing had been drawn for what is cut
            self._rng.bit_generator.state = kept or {}
            self._rng.random((text.size, 1))
        return text

    def _chosen(self, begin: int, count: int, steps: int) -> np.ndarray:
        """The tokens chosen in ``count`` steps from ``begin`` on; those of the start alone choose none."""
        start = self._tokens[begin : begin + steps]
        prompt = np.zeros((steps, *self._last.shape), self._tokens.dtype)
        prompt[: len(start)] = start
        own = np.arange(begin, begin + steps) < len(self._tokens)
        first = min(max(len(self._tokens) - 1 - begin, 0), count)
        draws = np.zeros((*prompt.shape, 1))
        if self._rng is not None:
            draws[first:count] = self._rng.random(draws[first:count].shape)
        arguments = (prompt, own, draws), (self._state, self._last), self._temperature
        (chosen, highest), (self._state, self._last) = self._run(*arguments)
        wrong = highest[first:count][~np.isfinite(highest[first:count])]
        if wrong.size:
            raise GraphError("sample: these are no logits", expected=LOGITS, got=f"a highest one that is {wrong[0]}")
        return chosen[first:count]

    def _steps(self, inputs: Any, state: Any, temperature: Any) -> Any:
        """All steps; inputs are tokens (T, B), whether they count (T,), and numbers in [0, 1) (T, B, 1)."""

        def step(x: Any, carried: Any) -> Any:
            (prompt, own, draw), (state, last) = x, carried
            logits, state = self._net(ops.where(own, prompt, last), state)
            if logits.shape[:-1] != last.shape or logits.dtype.kind not in "fiu":
                got = f"{logits.dtype} {logits.shape}"
                raise GraphError("sample: these are no logits", expected=LOGITS, got=got)
            check_room(logits, last.dtype)
            chosen = ops.argmax(logits, axis=-1) if self._rng is None else _drawn(logits, draw, temperature)
            return (chosen, ops.max(logits, axis=-1)), (state, ops.astype(chosen, last.dtype))

        return unroll(step, inputs, state)


def check_room(logits: Any, dtype: np.dtype) -> None:
    """Refuses tokens of a dtype that does not hold all that may be chosen, since each is an input in that dtype."""
    if logits.shape[-1] - 1 > np.iinfo(dtype).max:
        raise GraphError(f"generate: {dtype} does not hold {logits.shape[-1]} tokens", fix="start.astype(np.int64)")


def _drawn(logits: Node, draw: Node, temperature: Any) -> Node:
    """As `sample` draws."""
    below = ops.astype(logits, np.float64)
    below = (below - ops.max(below, axis=-1, keepdims=True)) / temperature
    edges = ops.cumsum(ops.softmax(below, axis=-1), axis=-1)
    return ops.sum(ops.greater_equal(draw * edges[:, -1:], edges), axis=-1)


def _ended(texts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The texts up to where all have ended, each with its end repeated."""
    if not len(texts):  # the start is longer than a call
        return texts
    ended = np.isin(texts, ends)
    over = np.logical_or.accumulate(ended, axis=0)
    last = np.take_along_axis(texts, np.argmax(ended, axis=0)[None], axis=0)
    texts = np.where(over, last, texts)
    all_over = over.all(axis=1)
    return texts[: np.argmax(all_over) + 1] if all_over.any() else texts
