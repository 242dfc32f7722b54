"""A series in sliding windows: what was, and what came after it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.checks import flag, integer
from ...core.errors import GraphError, refusing
from .batches import Batch, Batches, checksum, drawn, numbers


class Windows(Batches):
    """Windows of a series and what follows each of them: yields ``(x, y)``, x (T, B, I) and y (horizon, B, I)::

        x[:, b] = series[s : s + T]        y[:, b] = series[s + T : s + T + horizon]        s = a multiple of stride

    Every window comes once an epoch, in an order that the seed and the epoch decide. The last batch has fewer windows
    unless B divides their number.

    Args:
        series: floating-point numbers or integers (N,), for which I = 1, or (N, I); a mapped file (np.memmap) is read
            piece by piece. Integers become float64.
        length, horizon: T, and how many steps are to be predicted.
        batch: B, the number of windows in a batch.
        stride: the distance of two windows in steps.
        shuffle: whether the windows of an epoch come in a random order; else in that of time.
        seed: an integer.

    Raises:
        GraphError: the series is no array of numbers (N,) or (N, I), or shorter than length + horizon.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> data = tg.train.Windows(np.arange(7.0), length=3, horizon=2, batch=2, shuffle=False)
        >>> for x, y in data:
        ...     print(x.shape, x[..., 0].T.tolist(), y[..., 0].T.tolist())
        (3, 2, 1) [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]] [[3.0, 4.0], [4.0, 5.0]]
        (3, 1, 1) [[2.0, 3.0, 4.0]] [[5.0, 6.0]]
    """

    @refusing
    def __init__(
        self,
        series: Any,
        length: int,
        horizon: int = 1,
        batch: int = 32,
        *,
        stride: int = 1,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        array = numbers("Windows", "the series", series)
        if array.ndim > 2:
            raise GraphError("Windows: the series has other axes", expected="(N,) or (N, I)", got=str(array.shape))
        self.series = array if array.ndim == 2 else array[:, None]
        sizes = {"length": length, "horizon": horizon, "batch": batch, "stride": stride}
        told = {name: integer("Windows", name, size, least=1) for name, size in sizes.items()}
        self._length, self._horizon = told["length"], told["horizon"]
        self._stride = min(told["stride"], max(len(array), 1))
        self._windows = (len(array) - self._length - self._horizon) // self._stride + 1
        if self._windows < 1:
            expected = f"{self._length + self._horizon} steps or more"
            raise GraphError("Windows: the series is too short", expected=expected, got=f"{len(array)} steps")
        self._rows = min(told["batch"], self._windows)
        self._shuffle, self._seed = flag("Windows", "shuffle", shuffle), integer("Windows", "seed", seed)
        told |= {"shuffle": self._shuffle, "seed": self._seed, "checksum": checksum([self.series])}
        super().__init__("Windows", **told)

    def __len__(self) -> int:
        return (self._windows + self._rows - 1) // self._rows

    def order(self, epoch: int) -> Any:
        """The first steps of all windows, in the order of the epoch."""
        first = np.arange(self._windows) * self._stride
        return drawn(self._seed, epoch).permutation(first) if self._shuffle else first

    @refusing
    def batch(self, order: Any, number: int) -> Batch:
        """x (T, B, I) and y (horizon, B, I) of the batch with this number."""
        first = order[number * self._rows : (number + 1) * self._rows]
        both = np.asarray(self.series)[first + np.arange(self._length + self._horizon)[:, None]]
        both = both if both.dtype.kind == "f" else both.astype(np.float64)
        return both[: self._length], both[self._length :]
