"""What all data has in common: batches of an epoch in an order that the seed decides, and a position that is saved."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...core.checks import as_array, integer
from ...core.errors import GraphError, shown

Batch = tuple[np.ndarray, ...]
"""What one step of training takes."""


class Batches:
    """Base class: ``for batch in data`` goes from the position to the end of the epoch, the next ``for`` over the next.

    A subclass says how many batches there are (`__len__`) and makes one (`batch`), from its number and from the
    order of the epoch, which is drawn by `order` from seed and epoch alone. So a position is a few numbers, and
    going on from it, in another process too, gives the same batches bit for bit.

    Args:
        owner: the name in messages.
        **told: what tells this data from other data, as numbers and texts.
    """

    def __init__(self, owner: str, **told: Any) -> None:
        self._told = {"data": owner, **told}
        self._epoch = self._batch = 0
        self._ordered: tuple[int, Any] | None = None

    def __len__(self) -> int:
        """The number of batches of an epoch."""
        raise GraphError(f"{type(self).__name__} has no __len__", fix="define the number of batches of an epoch")

    def order(self, epoch: int) -> Any:
        """What `batch` gets of the epoch; None where all epochs are alike."""
        return None

    def batch(self, order: Any, number: int) -> Batch:
        """The batch of this number, from 0, of an epoch with this order: new arrays."""
        raise GraphError(f"{type(self).__name__} has no batch", fix="define batch(self, order, number)")

    def __iter__(self) -> Iterator[Batch]:
        epoch = self._epoch
        while self._epoch == epoch:
            batch = self.batch(self._order(), self._batch)
            # The position moves before the batch is handed out: what saves it during the step saves the next one.
            self._epoch, self._batch = divmod(self._epoch * len(self) + self._batch + 1, len(self))
            yield batch

    def _order(self) -> Any:
        if self._ordered is None or self._ordered[0] != self._epoch:
            self._ordered = self._epoch, self.order(self._epoch)
        return self._ordered[1]

    @property
    def position(self) -> dict[str, Any]:
        """Epoch and number of the next batch, and what tells this data from other data; ``json`` can write it.

        Setting it makes the next ``for`` go on from there.
        """
        return {"epoch": self._epoch, "batch": self._batch, "of": self._told.copy()}

    @position.setter
    def position(self, position: dict[str, Any]) -> None:
        name = self._told["data"]
        if not isinstance(position, dict) or position.keys() != self.position.keys():
            expected = f"a dict with {', '.join(self.position)}, as data.position gives it"
            raise GraphError(f"{name}: this is no position", expected=expected, got=shown(position))
        theirs = position["of"] if isinstance(position["of"], dict) else {}
        other = [key for key in {**self._told, **theirs} if theirs.get(key) != self._told.get(key)]
        if other:
            raise GraphError(
                f"{name}: the position belongs to other data: {', '.join(other)} differ",
                expected=", ".join(f"{key} {shown(self._told.get(key))}" for key in other),
                got=", ".join(f"{key} {shown(theirs.get(key))}" for key in other),
                fix="make the data with the arguments that it had when the position was saved",
            )
        epoch, number = (integer(name, f"{key} of the position", position[key]) for key in ("epoch", "batch"))
        if number >= len(self):
            expected = f"below {len(self)}"
            raise GraphError(f"{name}: the position is beyond the epoch", expected=expected, got=str(number))
        self._epoch, self._batch = epoch, number


def drawn(seed: int, epoch: int) -> np.random.Generator:
    """The generator of an epoch: a function of seed and epoch."""
    return np.random.default_rng([seed, epoch])


PIECES, PIECE = 64, 64


def checksum(arrays: Sequence[Any]) -> int:
    """A number that tells data from other data: of the shapes, and of some numbers from all over the arrays.

    It reads `PIECES` pieces of `PIECE` rows at most, so that a mapped file stays on disk.
    """
    places = np.unique(np.linspace(0, len(arrays) - 1, PIECES).astype(np.int64))
    total = zlib.crc32(np.array([len(arrays), *map(len, arrays)], np.int64).tobytes())
    for array in (arrays[i] for i in places):
        starts = np.unique(np.linspace(0, max(0, len(array) - PIECE), PIECES // len(places) + 1).astype(np.int64))
        for start in starts:
            piece = array[start : start + PIECE]
            total = zlib.crc32(np.ascontiguousarray(piece, "f8" if piece.dtype.kind == "f" else "i8").tobytes(), total)
    return total


def numbers(owner: str, what: str, values: Any) -> np.ndarray:
    """An array of integers or floating-point numbers; a mapped file stays one. Lists become arrays."""
    array = as_array(values)
    if array.dtype.kind not in "iuf" or not array.ndim:
        got = f"{array.dtype} {array.shape}" if array.dtype.kind != "O" else shown(values)
        raise GraphError(f"{owner}: {what} are no array of numbers", got=got, fix=_fix(array))
    return array


def _fix(array: np.ndarray) -> str:
    return "ids of a text: tg.train.Characters(text).encode(text)" if array.dtype.kind in "US" else ""


def ids(owner: str, what: str, values: Any) -> np.ndarray:
    """An array of integers (N,)."""
    array = numbers(owner, what, values)
    if array.dtype.kind == "f" or array.ndim != 1:
        raise GraphError(f"{owner}: {what} are ids", expected="integers (N,)", got=f"{array.dtype} {array.shape}")
    return array


def none_below_zero(owner: str, array: np.ndarray) -> np.ndarray:
    """The ids as int64; -1 marks what does not count in a loss, so that none may come from outside."""
    if array.dtype.kind == "i" and array.size and int(array.min()) < 0:
        raise GraphError(f"{owner}: an id is below 0", expected="ids from 0", got=str(array.min()))
    return array.astype(np.int64)
