"""One right call or more of every public callable of data, vocabularies and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import tinygraph as tg

from .right import Call, call

train = tg.train


def epoch(cls: Any) -> Any:
    """Makes the data and goes over one epoch, of which the first batches are enough."""
    return lambda *args, **options: [batch for _, batch in zip(range(3), cls(*args, **options), strict=False)]


def ids() -> Any:
    return np.arange(12) % 5


def sequences() -> Any:
    return [np.ones((n, 3)) for n in (2, 4, 3)]


def of_data() -> Iterator[Call]:
    yield call("train.Stream", epoch(train.Stream), ids, lambda: 2, lambda: 3, documents=lambda: [0, 7], separator=1)
    yield call("train.Ragged", epoch(train.Ragged), sequences, lambda: 2, lambda: [0, 1, 1], padding=0.1, shuffle=True)
    yield call("train.Ragged", epoch(train.Ragged), sequences, lambda: 2, lambda: sequences(), seed=3)
    yield call("train.Ragged", epoch(train.Ragged), lambda: [[1, 2], [3, 4, 5]], lambda: 2)
    options = {"length": 3, "horizon": 2, "batch": 2, "stride": 1, "shuffle": True, "seed": 0}
    yield call("train.Windows", epoch(train.Windows), lambda: np.arange(12.0), **options)
    yield call("train.Windows.position", _moved, lambda: train.Windows(np.arange(9.0), 3).position)


def _moved(position: Any) -> None:
    train.Windows(np.arange(9.0), 3).position = position


DATA = [*of_data()]
