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
    yield call("train.bucketed", train.bucketed, lambda: np.ones((3, 2, 4)), lambda: np.ones((3, 2), int), padding=0.2)
    options = {"length": 3, "horizon": 2, "batch": 2, "stride": 1, "shuffle": True, "seed": 0}
    yield call("train.Windows", epoch(train.Windows), lambda: np.arange(12.0), **options)
    yield call("train.Windows.position", _moved, lambda: train.Windows(np.arange(9.0), 3).position)


def _moved(position: Any) -> None:
    train.Windows(np.arange(9.0), 3).position = position


def of_texts() -> Iterator[Call]:
    text = "the cat sat on the mat 循"
    for kind in (train.Words, train.Characters, train.Bytes):
        options = {} if kind is train.Bytes else {"size": 4} | ({"lower": True} if kind is train.Words else {})
        if options:
            yield call(f"train.{kind.__name__}", kind, lambda: text, **options)
        known = train.Bytes() if kind is train.Bytes else kind(text)
        for name, value in (
            ("encode", "a cat"),
            ("decode", [1, 2]),
            ("documents", ["a", "cat"]),
            ("from_dict", known.to_dict()),
        ):
            yield call(f"train.{kind.__name__}.{name}", getattr(known, name), lambda value=value: value)
    yield call("train.Bytes", train.Bytes)
    yield call("train.Bytes.file", train.Bytes.file, lambda: __file__)


def of_splits() -> Iterator[Call]:
    yield call("train.split", train.split, lambda: np.arange(20), lambda: (0.5, 0.5), gap=2)
    options = {
        "targets": lambda: np.arange(6),
        "shares": lambda: (0.5, 0.5),
        "groups": lambda: [1, 1, 2, 2, 3, 3],
        "seed": 1,
    }
    yield call("train.split_sequences", train.split_sequences, lambda: [np.ones(3)] * 6, **options)
    numbers = lambda: np.arange(6.0).reshape(3, 2)  # noqa: E731
    yield call("train.Standard", lambda *v, **k: train.Standard(*v, **k)(numbers()), numbers)
    for name in ("__call__", "inverse"):
        yield call(f"train.Standard.{name}", getattr(train.Standard(numbers()), name), numbers)
    yield call(
        "train.Standard.from_dict", lambda d: train.Standard.from_dict(d)(numbers()), train.Standard(numbers()).to_dict
    )


def of_metrics() -> Iterator[Call]:
    real = {"lengths": lambda: [2, 1], "counted": lambda: np.ones((2, 2), bool)}
    square = lambda: np.arange(4.0).reshape(2, 2)  # noqa: E731
    labels = lambda: np.array([[0, 1], [2, 0]])  # noqa: E731
    for name in ("accuracy", "confusion"):
        yield call(f"train.{name}", getattr(train, name), lambda: np.ones((2, 2, 3)), labels, **real)
        yield call(f"train.{name}", getattr(train, name), labels, labels)
    for name in ("perplexity", "bits_per_character"):
        yield call(f"train.{name}", getattr(train, name), square, **real)
    for name in ("mae", "rmse"):
        yield call(f"train.{name}", getattr(train, name), square, square, **real)
    yield call("train.skill", train.skill, square, square, lambda: 1.0, **real)
    yield call("train.Running", lambda figure: train.Running(figure).add(square(), square()).value, lambda: train.mae)
    yield call("train.Running.add", lambda *v, **k: train.Running(train.mae).add(*v, **k).value, square, square, **real)
    logits = lambda: np.ones((2, 2, 3))  # noqa: E731
    yield call("train.mean_cross_entropy", train.mean_cross_entropy, logits, labels, lengths=[2, 1])


DATA = [*of_data(), *of_texts(), *of_splits(), *of_metrics()]
