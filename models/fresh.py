"""Data made on the spot: new sequences at every step, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

Batch = tuple[np.ndarray, ...]


class Fresh:
    """Batches without an end, for `tg.train.fit`: the k-th depends on the seed and k alone.

    Args:
        make: makes a batch from a random generator.
        seed: an integer.

    Attributes:
        position: the number of the next batch, as `tg.train.Checkpoint` saves it.

    Example:
        >>> data = Fresh(lambda rng: (rng.integers(10, size=3),), seed=0)
        >>> first, second, *_ = (batch for batch, _ in zip(data, range(2)))
        >>> data.position = {"batch": 1}
        >>> bool((next(iter(data))[0] == second[0]).all())
        True
    """

    def __init__(self, make: Callable[[np.random.Generator], Batch], seed: int) -> None:
        self._make, self._seed = make, seed
        self.position: Mapping[str, int] = {"batch": 0}

    def __iter__(self) -> Iterator[Batch]:
        while True:
            number = self.position["batch"]
            self.position = {"batch": number + 1}
            yield self._make(np.random.default_rng((self._seed, number)))
