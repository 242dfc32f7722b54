"""The example of a live page: what enters each step and what is expected of it, as one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.checks import as_array
from ..core.errors import GraphError, shown
from ..core.node import Node
from ..train.data.vocabulary import Vocabulary, Words

OWNER = "draw.live"


@dataclass(eq=False)
class Example:
    """A sequence.

    Attributes:
        inputs: (T, I), or ids (T,).
        state: the first state, None for the model's own.
        tokens: the token of each id, if there is a vocabulary.
        words: whether tokens are words, rather than characters; with small letters alone if it is ``"lower"``.
        rows: whether ids enter as rows of the identity, (T, V).
    """

    inputs: ndarray
    state: Any
    tokens: list[str] | None
    words: str
    rows: int = 0

    @property
    def steps(self) -> list[ndarray]:
        """What enters each step, without a batch axis."""
        if self.rows:
            return list(np.eye(self.rows)[self.inputs])
        return list(self.inputs)


def example_of(inputs: Any, vocabulary: Any, width: int | None) -> Example:
    """The example of what the user passed.

    Args:
        inputs: an array, a text, or a pair of one of them and the first state.
        vocabulary: a `tg.train.Characters` or `tg.train.Words`, or None.
        width: the input size of a cell, which takes no ids; None for a net.

    Raises:
        GraphError: it is none of these; a text without a vocabulary; ids out of range; a batch of more than one.
    """
    state = None
    if type(inputs) is tuple and len(inputs) == 2:
        inputs, state = inputs
    if vocabulary is not None and not isinstance(vocabulary, Vocabulary):
        got, fix = shown(vocabulary, 60), "tg.train.Characters(text)"
        raise GraphError(
            f"{OWNER}: this is no vocabulary", expected="tg.train.Characters or tg.train.Words", got=got, fix=fix
        )
    tokens = None if vocabulary is None else list(vocabulary.tokens)
    if isinstance(inputs, str):
        if vocabulary is None:
            fix = "vocabulary=tg.train.Characters(text)"
            raise GraphError(f"{OWNER}: a text needs a vocabulary", got=shown(inputs, 40), fix=fix)
        inputs = vocabulary.encode(inputs)
    array = _sequence(inputs)
    words = "" if not isinstance(vocabulary, Words) else "lower" if vocabulary.lower else "words"
    example = Example(array, state, tokens, words)
    if array.ndim == 1 and width is not None:
        example.rows = len(tokens) if tokens else width
    _check(example, width)
    return example


def _sequence(inputs: Any) -> ndarray:
    array = _numbers("the example", inputs)
    if array.ndim >= 2 and array.shape[1] == 1 and (array.ndim == 3 or array.dtype.kind != "f"):
        array = array.squeeze(1)
    if array.ndim == 3:
        fix = "draw.live(model, xs[:, :1])"
        raise GraphError(
            f"{OWNER}: a page shows one sequence", expected="(T, I) or (T, 1, I)", got=f"{array.shape}", fix=fix
        )
    ids = array.dtype.kind in "iu" and array.ndim == 1
    if not ids and array.ndim != 2:
        expected = "(T, I), (T, 1, I), ids (T,) or a text"
        raise GraphError(f"{OWNER}: the example is no sequence", expected=expected, got=f"shape {array.shape}")
    if len(array) < 2:
        raise GraphError(f"{OWNER}: the example is too short", expected="two steps or more", got=f"T = {len(array)}")
    return array.astype(np.int64 if ids else np.float64)


def _numbers(what: str, value: Any) -> ndarray:
    try:
        array = value.value if isinstance(value, Node) else as_array(value)
    except ValueError as error:
        raise GraphError(f"{OWNER}: {what} is no array", got=str(error)) from error
    if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
        raise GraphError(f"{OWNER}: {what} holds no finite numbers", got=shown(value, 60))
    return array


def _check(example: Example, width: int | None) -> None:
    array, tokens = example.inputs, example.tokens
    if array.ndim == 1:
        most = len(tokens) if tokens else example.rows or None
        if array.min() < 0 or (most is not None and array.max() >= most):
            got = f"{array.min()} to {array.max()}"
            raise GraphError(f"{OWNER}: there is no such id", expected=f"from 0 to {(most or 1) - 1}", got=got)
    size = example.rows or (array.shape[1] if array.ndim == 2 else None)
    if width is not None and size is not None and size != width:
        got = f"{size} tokens" if example.rows else f"{size}"
        problem = f"{OWNER}: the example does not fit the cell"
        raise GraphError(problem, expected=f"inputs of its size, {width}", got=got, fix=f"cells.X({size}, H)")


@dataclass(eq=False)
class Goal:
    """What is expected of the outputs.

    Attributes:
        targets: one for each step, (O,), or a label ().
        counts: 1 where a target counts, else 0.
        labels: whether targets are labels.
        follows: whether the target is the next token.
    """

    targets: list[ndarray]
    counts: list[int]
    labels: bool
    follows: bool = False


def goal_of(example: Example, targets: Any, width: int, last: bool, own_loss: bool) -> Goal:
    """The targets of an example.

    Args:
        targets: what the user passed; None for the next token of a text, else zeros.
        width: the size of the output, O.
        last: whether only the output of the last step counts.
        own_loss: whether the user's loss is used, which takes any target.
    """
    T = len(example.inputs)
    if targets is None and example.tokens and example.inputs.ndim == 1 and len(example.tokens) == width and not last:
        ids = np.append(example.inputs[1:], -1)
        return Goal(list(np.maximum(ids, 0)), [*map(int, ids >= 0)], labels=True, follows=True)
    array = np.zeros((1 if last else T, width)) if targets is None else _numbers("targets", targets)
    labels = array.dtype.kind in "iu"
    array = array.reshape(_sizes(array, T, width, last, labels, own_loss))
    full = np.zeros((T, *array.shape[1:]), array.dtype)
    counts = np.zeros(T, int)
    full[-len(array) :], counts[-len(array) :] = array, 1
    if labels:
        counts[full < 0] = 0
        full = np.maximum(full, 0)
        if not own_loss and full.max() >= width:
            raise GraphError(f"{OWNER}: there is no such label", expected=f"below {width}", got=f"{full.max()}")
    if not counts.any():
        raise GraphError(f"{OWNER}: no target counts", expected="one that is not -1")
    return Goal(list(full if labels else full.astype(float)), [*map(int, counts)], labels)


def _sizes(array: ndarray, T: int, width: int, last: bool, labels: bool, own_loss: bool) -> Sequence[int]:
    """The shape of targets without a batch axis: steps first."""
    steps = 1 if last else T
    rest = (array.size // steps,) if own_loss and not labels else () if labels else (width,)
    if array.size != steps * prod(rest) or not array.size:
        one = "one for the last step" if last else f"one for each of the {T} steps"
        expected = f"{one}: labels, or numbers of the output's size {width}"
        raise GraphError(f"{OWNER}: the targets do not fit", expected=expected, got=f"shape {array.shape}")
    return (steps, *rest)
