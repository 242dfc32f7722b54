"""Parts for training, validation and test that share nothing, and a scaler that knows the first of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from ...core.checks import integer
from ...core.errors import GraphError, refusing, shown
from ...core.node import Node
from .batches import drawn, numbers

SHARES = (0.8, 0.1, 0.1)


@refusing
def split(data: Any, shares: Sequence[float] = SHARES, *, gap: int = 0) -> list[Any]:
    """Cuts a text or a series (N, ...) into parts one after the other, such as training, validation and test.

    Of numbers that follow each other, random ones would be neighbours of those that are held out. Between two parts
    ``gap`` steps are left out: with ``length + horizon - 1`` not even a window that reaches over the border would
    share a step with both.

    Args:
        data: an array (N, ...) or a list; the parts are views of it, also of a mapped file.
        shares: the size of each part as a share of what is left when the gaps are taken out; they add up to 1.
        gap: the number of steps between two parts.

    Raises:
        GraphError: shares are no positive numbers that add up to 1, or a part would be empty.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> train, test = tg.train.split(np.arange(10), (0.75, 0.25), gap=2)
        >>> train, test                                                      # shapes (6,) and (2,)
        (array([0, 1, 2, 3, 4, 5]), array([8, 9]))
    """
    if (
        not hasattr(data, "__len__")
        or not hasattr(data, "__getitem__")
        or isinstance(data, (dict, str))
        or not np.ndim(data[:1])
    ):
        raise GraphError("split: a text or a series is an array or a list", expected="(N, ...)", got=shown(data))
    left, gap = _shares("split", shares), integer("split", "gap", gap)
    edges = _edges("split", left, len(data) - gap * (len(left) - 1))
    return [data[i + k * gap : j + k * gap] for k, (i, j) in enumerate(edges)]


@refusing
def split_sequences(
    sequences: Sequence[Any],
    targets: Any = None,
    *,
    shares: Sequence[float] = SHARES,
    groups: Any = None,
    seed: int = 0,
) -> list[Any]:
    """Deals out sequences at random, such as for training, validation and test; those of one group stay together.

    Args:
        sequences: a list of n arrays, each (T, ...) with a T of its own, of texts, or of anything else. Of equal ones
            some may come to the test; with texts ``groups=texts`` keeps them together.
        targets: n targets, an array or a list; then each part is a pair (sequences, targets).
        shares: the size of each part as a share of n; they add up to 1.
        groups: n labels, such as the speaker of each recording: what is learned of a speaker in training must not
            help in the test. Parts are then as large as the groups allow. None where each is its own group.
        seed: an integer.

    Raises:
        GraphError: shares are no positive numbers that add up to 1, targets or groups are not n, or a part would be
            empty.

    Example:
        >>> import tinygraph as tg
        >>> train, test = tg.train.split_sequences(list("abcdef"), shares=(0.5, 0.5), groups=[1, 1, 2, 2, 3, 3])
        >>> train, test
        (['a', 'b', 'c', 'd'], ['e', 'f'])
    """
    owner, n = "split_sequences", len(sequences)
    for name, several, count in (("targets", targets, len), ("groups", groups, np.size)):
        if several is not None and count(several) != n:
            raise GraphError(f"{owner}: {name} do not match the sequences", expected=f"{n}", got=f"{count(several)}")
    labels = np.arange(n) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1)
    rank = drawn(integer(owner, "seed", seed), 0).permutation(n)[labels] if n else labels
    order = np.argsort(rank, kind="stable")
    _, first, sizes = np.unique(rank[order], return_index=True, return_counts=True)
    edges = _edges(owner, _shares(owner, shares), n)
    middles = np.repeat(first + (sizes - 1) // 2, sizes)
    parts = [np.sort(order[(i <= middles) & (middles < j)]) for i, j in edges]
    if not all(len(part) for part in parts):
        raise GraphError(f"{owner}: a part is empty", got=f"{len(sizes)} groups for {len(parts)} parts")
    several = [_chosen(sequences, part) for part in parts]
    return several if targets is None else [*zip(several, (_chosen(targets, part) for part in parts), strict=True)]


def _chosen(several: Any, part: np.ndarray) -> Any:
    return several[part] if isinstance(several, np.ndarray) else [several[i] for i in part]


def _shares(owner: str, shares: Any) -> list[float]:
    array = np.asarray(shares)
    if array.ndim != 1 or array.dtype.kind not in "iuf" or not (array > 0).all() or abs(array.sum() - 1) > 1e-9:
        raise GraphError(f"{owner}: shares add up to 1", expected="such as (0.8, 0.1, 0.1)", got=shown(shares))
    return array.tolist()


def _edges(owner: str, shares: list[float], size: int) -> list[tuple[int, int]]:
    """Where parts of ``size`` steps begin and end."""
    cuts = [0, *(round(c * size) for c in np.cumsum(shares))]
    edges = list(pairwise(cuts))
    if any(j <= i for i, j in edges):
        expected = f"one or more for each of {len(shares)} parts"
        raise GraphError(f"{owner}: a part is empty", expected=expected, got=f"{max(size, 0)} to be shared")
    return edges


class Standard:
    """Scales numbers so that those it was made from have mean 0 and deviation 1, feature by feature::

        z = (x - mean) / deviation        x = mean + deviation * z

    Make it from the part to train on alone: mean and deviation of all would tell of what is held out.

    Args:
        train: floating-point numbers or integers (N,), for one mean, or (..., I), or a list of arrays (T_i, I).

    Attributes:
        mean, deviation: float64, () or (I,); the deviation of a feature that never changes is 1.

    Raises:
        GraphError: there are no numbers, or one is not finite.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> scaler = tg.train.Standard(np.array([[1.0, 10.0], [3.0, 30.0]]))
        >>> scaler([[2.0, 40.0]]), scaler.inverse([[0.0, 2.0]])
        (array([[0., 2.]]), array([[ 2., 40.]]))
    """

    @refusing
    def __init__(self, train: Any) -> None:
        parts = train if isinstance(train, (list, tuple)) and train and np.ndim(train[0]) > 1 else [train]
        arrays = [numbers("Standard", "what is scaled", part) for part in parts]
        features = arrays[0].shape[1:][-1:]
        whole = np.concatenate([a.reshape(-1, *features) for a in arrays]).astype(np.float64)
        if not whole.size or not np.isfinite(whole).all():
            got = "a NaN or an infinity" if whole.size else "none"
            raise GraphError("Standard: the numbers are to be finite, and one at least", got=got)
        self.mean, deviation = np.asarray(whole.mean(axis=0)), np.asarray(whole.std(axis=0))
        self.deviation = np.where(np.ptp(whole, axis=0) > 0, deviation, 1.0)

    @refusing
    def __call__(self, x: Any) -> Any:
        """Scales an array or a node (..., I), or a list of arrays; floats keep their dtype."""
        return _each(x, lambda x: (x - self._of(self.mean, x)) / self._of(self.deviation, x))

    @refusing
    def inverse(self, z: Any) -> Any:
        """What was scaled to z (..., I)."""
        return _each(z, lambda z: self._of(self.mean, z) + self._of(self.deviation, z) * z)

    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` makes the scaler of again; ``json`` can write it."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    @refusing
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """The scaler of which `to_dict` made this.

        Raises:
            GraphError: it is no such dict.
        """
        if not isinstance(saved, dict) or saved.keys() != {"mean", "deviation"}:
            raise GraphError("Standard: this is no saved scaler", expected="what to_dict gave", got=shown(saved))
        scaler = cls(np.zeros(1))
        scaler.mean, scaler.deviation = (np.asarray(saved[name], np.float64) for name in ("mean", "deviation"))
        return scaler

    def _of(self, numbers: np.ndarray, x: Any) -> np.ndarray:
        if numbers.ndim and x.shape[-1:] != numbers.shape:
            raise GraphError("Standard: other features", expected=f"(..., {numbers.size})", got=f"shape {x.shape}")
        return numbers.astype(x.dtype) if x.dtype.kind == "f" else numbers


def _each(x: Any, fn: Any) -> Any:
    if isinstance(x, (list, tuple)) and x and np.ndim(x[0]) > 1:
        return [fn(numbers("Standard", "what is scaled", part)) for part in x]
    return fn(x if isinstance(x, Node) else numbers("Standard", "what is scaled", x))
