"""One long text in parallel rows, window after window, with the state carried from each to the next."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.checks import integer
from ...core.errors import GraphError, refusing
from .batches import Batch, Batches, checksum, ids, none_below_zero
from .mapped import FileBytes


class Stream(Batches):
    """A text of N ids as B rows that are read side by side, T steps a batch: yields ``(x, y, reset)``.

    Row b is the b-th of B parts of the text, whose lengths differ by 1 at most. A batch is the next T steps of all
    rows, so that the state after one is the state before the next: x, y int64 (T, B), reset booleans (T, B)::

        y[t, b] = the id that follows x[t, b] in the text

    Every id but the first is a target once an epoch. All batches have one shape, so that a compiled step needs one
    plan: the last batch is filled up with x = 0 and y = -1. A target of -1 does not count: `mean_cross_entropy`
    leaves it out, and `tg.softmax_cross_entropy` refuses it.

    ``reset[t, b]`` says that the state starts anew before the step: where the row begins, and where a document
    begins. ``tg.unroll(cell, xs, state, reset=reset)`` heeds it. With a ``separator`` the state starts anew at each
    separator, which so ends one document, as a target, and begins the next, as an input. With ``documents`` the
    first id of a document is no target, as nothing in the document comes before it.

    Args:
        tokens: integers (N,) from 0; `Bytes.file` and mapped files (np.memmap) are read piece by piece.
        batch: B, the number of rows.
        steps: T; the length of a row if that is less.
        documents: integers (D,), the places in ``tokens`` where documents begin.
        separator: the id between documents.

    Raises:
        GraphError: tokens are no ids, or fewer than B + 1; a place of ``documents`` is outside of the text; or in the
            loop, an id is below 0.

    Example:
        >>> import tinygraph as tg
        >>> data = tg.train.Stream([5, 6, 0, 7, 8, 9, 5, 6], batch=2, steps=3, separator=0)
        >>> for x, y, reset in data:
        ...     print(x.tolist(), y.tolist(), reset.tolist())
        [[5, 7], [6, 8], [0, 9]] [[6, 8], [0, 9], [7, 5]] [[True, True], [False, False], [True, False]]
        [[0, 5], [0, 0], [0, 0]] [[-1, 6], [-1, -1], [-1, -1]] [[False, False], [False, False], [False, False]]
        >>> data.position["epoch"], data.position["batch"]
        (1, 0)
    """

    @refusing
    def __init__(
        self, tokens: Any, batch: int, steps: int, *, documents: Any = None, separator: int | None = None
    ) -> None:
        self.tokens = tokens if isinstance(tokens, FileBytes) else ids("Stream", "tokens", tokens)
        B, pairs = integer("Stream", "batch", batch, least=1), len(self.tokens) - 1
        if pairs < B:
            expected = f"{B + 1} tokens or more for {B} rows"
            raise GraphError("Stream: the text is too short", expected=expected, got=f"{len(self.tokens)} tokens")
        self._starts = np.array([b * pairs // B for b in range(B + 1)])
        longest = int(np.diff(self._starts).max())
        self._steps = min(integer("Stream", "steps", steps, least=1), longest)
        self._count = -(-longest // self._steps)
        self._documents = None if documents is None else _places(documents, len(self.tokens))
        self._separator = None if separator is None else integer("Stream", "separator", separator)
        told = {"batch": B, "steps": self._steps, "separator": self._separator, "checksum": checksum([self.tokens])}
        told["documents"] = None if self._documents is None else checksum([self._documents])
        super().__init__("Stream", **told)

    def __len__(self) -> int:
        return self._count

    @refusing
    def batch(self, order: Any, number: int) -> Batch:
        """x, y and reset, each (T, B), of the window with this number."""
        at = self._starts[:-1] + (number * self._steps + np.arange(self._steps + 1))[:, None]
        inside = at[:-1] < self._starts[1:]
        window = none_below_zero("Stream", self._read(at))
        x, y = np.where(inside, window[:-1], 0), np.where(inside, window[1:], -1)
        reset = np.zeros(x.shape, bool)
        if self._separator is not None:
            reset = inside & (x == self._separator)
        if self._documents is not None:
            begins = _among(at, self._documents)
            reset |= inside & begins[:-1]
            y[begins[1:]] = -1
        reset[0] |= number == 0
        return x, y, reset

    def _read(self, at: np.ndarray) -> np.ndarray:
        """The ids at consecutive places (T + 1, B), of a file row by row; beyond the end it does not matter which."""
        if not isinstance(self.tokens, FileBytes):
            return np.asarray(self.tokens)[np.minimum(at, len(self.tokens) - 1)]
        window = np.zeros(at.shape, self.tokens.dtype)
        for b, start in enumerate(at[0].tolist()):
            piece = self.tokens[start : start + len(at)]
            window[: len(piece), b] = piece
        return window


def _places(documents: Any, length: int) -> np.ndarray:
    """The starts of documents, sorted."""
    places = np.unique(ids("Stream", "documents", documents).astype(np.int64))
    if not places.size or places[0] < 0 or places[-1] >= length:
        got = f"from {places[0]} to {places[-1]}" if places.size else "none"
        raise GraphError("Stream: documents are places in the text", expected=f"from 0 to {length - 1}", got=got)
    return places


def _among(at: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Whether each element of ``at`` is one of the sorted places."""
    return places[np.minimum(np.searchsorted(places, at), len(places) - 1)] == at
