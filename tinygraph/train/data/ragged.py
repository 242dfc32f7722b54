"""Sequences of different lengths in batches of similar ones, so that little of the work is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.checks import flag, integer
from ...core.errors import GraphError, refusing, shown
from .batches import Batch, Batches, checksum, drawn, none_below_zero, numbers
from .buckets import Bucket, buckets


class Ragged(Batches):
    """Sequences of T_i steps in batches of similar lengths: yields ``(x, y, lengths)``, x (T, B, I) or ids (T, B).

    Sequences of one bucket are padded to the longest of it, with zeros; ``tg.unroll(cell, x, lengths=lengths)`` heeds
    the lengths, integers (B,). The borders of the buckets are where the least is padded, and there are as few buckets
    as will do. Every sequence comes once an epoch; seed and epoch decide which come together, and in which order. A
    shape of batches is a plan of a compiled step: `shapes` lists them, one for each bucket and one for the rest.

    Args:
        sequences: a list of arrays (T_i, I), of floating-point numbers or integers, or of ids (T_i,).
        batch: B, the number of sequences in a batch.
        targets: for one target a sequence an array (n, ...) or a list of n numbers: y is (B, ...). For one a step a
            list of n arrays (T_i, ...): y is (T, B, ...), where padding is -1 for integers and 0 for others. None for
            the next id in the sequence: x is all but the last, y all but the first.
        padding: the most that may be padding, as a share of all steps. Where B sequences differ too much for it, it is
            as little as can be; the attribute `padding` tells how much it is.
        shuffle: whether the order is random; else batches go from short to long, and keep the order of the list.
        seed: an integer.

    Raises:
        GraphError: a sequence is no array of numbers, has no step or another shape or kind than the first; the
            targets do not match the sequences; or an id is below 0.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> sequences = [np.ones((n, 3)) for n in (2, 5, 2, 4, 5, 1)]
        >>> data = tg.train.Ragged(sequences, batch=2, targets=[0, 1, 0, 1, 1, 0], shuffle=False)
        >>> for x, y, lengths in data:
        ...     print(x.shape, y, lengths)
        (2, 2, 3) [0 0] [2 1]
        (4, 2, 3) [0 1] [2 4]
        (5, 2, 3) [1 1] [5 5]
        >>> data.shapes, round(data.padding, 2)
        ([(2, 2), (4, 2), (5, 2)], 0.14)
    """

    @refusing
    def __init__(
        self,
        sequences: Sequence[Any],
        batch: int,
        targets: Any = None,
        *,
        padding: float = 0.1,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        arrays = _sequences(sequences)
        self._y: Any
        self._x, self._y = _next(arrays) if targets is None else (arrays, _targets(targets, arrays))
        self._lengths = np.array([len(x) for x in self._x])
        self._rows = min(integer("Ragged", "batch", batch, least=1), len(arrays))
        self._buckets = buckets(self._lengths, self._rows, share_of("Ragged", padding))
        self._shuffle, self._seed = flag("Ragged", "shuffle", shuffle), integer("Ragged", "seed", seed)
        told = {"batch": self._rows, "shuffle": self._shuffle, "seed": self._seed, "sequences": len(arrays)}
        super().__init__("Ragged", **told, buckets=[b.steps for b in self._buckets], checksum=checksum(self._x))

    def __len__(self) -> int:
        return sum(len(self._cuts(bucket)) for bucket in self._buckets)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes (T, B) of the batches; each is one plan of a compiled step."""
        return sorted({(b.steps, stop - start) for b in self._buckets for start, stop in self._cuts(b)})

    @property
    def padding(self) -> float:
        """The share of all steps that is padding."""
        return 1 - float(self._lengths.sum()) / sum(b.steps * (b.stop - b.start) for b in self._buckets)

    def order(self, epoch: int) -> Any:
        """For each batch of the epoch the indices of its sequences and its T."""
        if not self._shuffle:
            by_length = np.argsort(self._lengths, kind="stable")
            return [(np.sort(by_length[i:j]), b.steps) for b in self._buckets for i, j in self._cuts(b)]
        rng = drawn(self._seed, epoch)
        # Which of several sequences of one length go into which of two buckets is drawn, too.
        by_length = np.lexsort((rng.random(len(self._lengths)), self._lengths))
        batches = []
        for bucket in self._buckets:
            rows = rng.permutation(by_length[bucket.start : bucket.stop])
            batches += [(rows[i - bucket.start : j - bucket.start], bucket.steps) for i, j in self._cuts(bucket)]
        return [batches[k] for k in rng.permutation(len(batches))]

    @refusing
    def batch(self, order: Any, number: int) -> Batch:
        """x (T, B, ...), y and lengths (B,) of the batch with this number."""
        rows, T = order[number]
        x = _padded([self._x[i] for i in rows], T, 0)
        if isinstance(self._y, np.ndarray):
            return x, self._y[rows], self._lengths[rows]
        parts = [self._y[i] for i in rows]
        return x, _padded(parts, T, -1 if parts[0].dtype.kind == "i" else 0), self._lengths[rows]

    def _cuts(self, bucket: Bucket) -> list[tuple[int, int]]:
        """Where the batches of a bucket begin and end; what B leaves over comes first, among the shortest."""
        stops = list(range(bucket.stop, bucket.start, -self._rows))[::-1]
        return list(zip([bucket.start, *stops[:-1]], stops, strict=True))


def _padded(arrays: list[np.ndarray], T: int, value: int) -> np.ndarray:
    padded = np.full((T, len(arrays), *arrays[0].shape[1:]), value, arrays[0].dtype)
    for b, array in enumerate(arrays):
        padded[: len(array), b] = array
    return padded


def _sequences(sequences: Any) -> list[np.ndarray]:
    """The sequences as arrays of one kind of number; ids as int64."""
    if isinstance(sequences, (str, bytes, dict)) or not hasattr(sequences, "__len__") or not len(sequences):
        problem = "Ragged: the sequences are no list of arrays"
        raise GraphError(problem, expected="[array (T_i, I), ...]", got=shown(sequences))
    arrays = [numbers("Ragged", f"the steps of sequence {i}", s) for i, s in enumerate(sequences)]
    first = arrays[0]
    for i, array in enumerate(arrays):
        if array.shape[1:] != first.shape[1:] or (array.dtype.kind == "f") != (first.dtype.kind == "f"):
            expected, got = (f"(T_{k}, ...) = {a.shape} {a.dtype}" for k, a in ((0, first), (i, array)))
            raise GraphError(f"Ragged: sequence {i} is not like the first", expected=expected, got=got)
        if not len(array):
            raise GraphError(f"Ragged: sequence {i} has no step", expected="one or more", got=str(array.shape))
    if first.dtype.kind == "f":
        if first.ndim == 1:
            problem, fix = "Ragged: numbers of a step need an axis", "[s[:, None] for s in sequences], of one a step"
            raise GraphError(problem, expected="(T_i, I)", got=str(first.shape), fix=fix)
        widest = np.result_type(*{a.dtype for a in arrays})
        return [a.astype(widest, copy=False) for a in arrays]
    return [none_below_zero("Ragged", a) if a.ndim == 1 else a.astype(np.int64) for a in arrays]


def _next(arrays: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs and targets of sequences that are to be continued."""
    if arrays[0].ndim > 1 or min(map(len, arrays)) < 2:
        got = f"shape {min(arrays, key=len).shape}"
        raise GraphError("Ragged: targets are needed", expected="without them, two ids or more a sequence", got=got)
    return [a[:-1] for a in arrays], [a[1:] for a in arrays]


def _targets(targets: Any, arrays: list[np.ndarray]) -> Any:
    """An array (n, ...) for one target a sequence, or a list of n arrays (T_i, ...) for one a step."""
    if isinstance(targets, (list, tuple)) and targets and all(np.ndim(y) for y in targets):
        steps = [_numbers_or_labels(f"the targets of sequence {i}", y) for i, y in enumerate(targets)]
        lengths = [len(a) for a in arrays]
        if [len(y) for y in steps] != lengths or len({(y.shape[1:], y.dtype) for y in steps}) > 1:
            wrong = next((i for i, (y, n) in enumerate(zip(steps, lengths, strict=False)) if len(y) != n), -1)
            got = f"{len(steps)} arrays" + (f", of which number {wrong} has {len(steps[wrong])}" if wrong >= 0 else "")
            expected = f"{len(arrays)} arrays of one kind, each with the steps of its sequence"
            fix = "np.stack(targets) for one target a sequence"
            raise GraphError("Ragged: the targets do not match the sequences", expected=expected, got=got, fix=fix)
        return steps
    whole = _numbers_or_labels("the targets", targets)
    if len(whole) != len(arrays):
        expected, fix = f"{len(arrays)} targets, one a sequence", "a list of arrays (T_i, ...) for one target a step"
        problem = "Ragged: the targets do not match the sequences"
        raise GraphError(problem, expected=expected, got=f"{len(whole)}", fix=fix)
    return whole


def _numbers_or_labels(what: str, values: Any) -> np.ndarray:
    array = numbers("Ragged", what, values)
    return array if array.dtype.kind == "f" else array.astype(np.int64)


def share_of(owner: str, padding: Any) -> float:
    """The most that may be padding, as a share of all steps."""
    if isinstance(padding, bool) or not isinstance(padding, (int, float, np.floating)) or not 0 <= padding < 1:
        raise GraphError(f"{owner}: padding is a share", expected="a number in [0, 1)", got=shown(padding))
    return float(padding)
