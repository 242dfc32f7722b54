"""Figures that say how good predictions are: of arrays, or summed over batches; what is padding does not count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import refusing
from .running import Running, differences, figure, gain, hits, losses_of, matrix


def _mean(sums: np.ndarray, count: int) -> float:
    return float(sums[0]) / count


@figure(2, hits, _mean)
@refusing
def accuracy(predictions: Any, labels: Any, *, lengths: Any = None, counted: Any = None) -> float:
    """The share of labels that were predicted.

    Args:
        predictions: ids, integers of the labels' shape, or scores (..., V), of which the largest is the prediction.
        labels: integers (...); those below 0 do not count.
        lengths: integers (B,), the number of real steps of each column of labels (T, B); None for all.
        counted: booleans of the labels' shape, False where nothing counts; None for all.

    Raises:
        GraphError: the shapes do not match, or nothing counts.

    Example:
        >>> import tinygraph as tg
        >>> tg.train.accuracy([[0, 1], [2, 2]], [[0, 1], [1, -1]])
        0.6666666666666666
    """
    return Running(accuracy).add(predictions, labels, lengths=lengths, counted=counted).value


@figure(2, matrix, lambda sums, count: sums.copy())
@refusing
def confusion(predictions: Any, labels: Any, *, lengths: Any = None, counted: Any = None) -> np.ndarray:
    """How often each label was predicted as each: integers (V, V), labels down, predictions across.

    Args:
        predictions, labels, lengths, counted: as for `accuracy`. V is that of the scores, or the largest id and 1.

    Raises:
        GraphError: the shapes do not match, nothing counts, or an id is beyond 10,000.

    Example:
        >>> import tinygraph as tg
        >>> tg.train.confusion([0, 1, 1, 0], [0, 1, 0, 0])
        array([[2, 1],
               [0, 1]])
    """
    return Running(confusion).add(predictions, labels, lengths=lengths, counted=counted).value


def _exp_of_mean(sums: np.ndarray, count: int) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(_mean(sums, count)))


@figure(1, losses_of, _exp_of_mean)
@refusing
def perplexity(losses: Any, *, lengths: Any = None, counted: Any = None) -> float:
    """exp of the mean loss: among how many equally likely words a word would be as hard to guess.

    Args:
        losses: in nats, as `tg.softmax_cross_entropy` gives them (...).
        lengths, counted: as for `accuracy`.

    Raises:
        GraphError: the shapes do not match, or nothing counts.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> round(tg.train.perplexity(np.log([[2.0, 8.0], [4.0, 99.0]]), lengths=[2, 1]), 9)
        4.0
    """
    return Running(perplexity).add(losses, lengths=lengths, counted=counted).value


@figure(1, losses_of, lambda sums, count: _mean(sums, count) / math.log(2))
@refusing
def bits_per_character(losses: Any, *, lengths: Any = None, counted: Any = None) -> float:
    """The mean loss in bits, as compressors are measured: mean / ln 2; of words it is bits a word.

    Args:
        losses, lengths, counted: as for `perplexity`, (...) in nats.

    Raises:
        GraphError: the shapes do not match, or nothing counts.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.train.bits_per_character(np.log([2.0, 8.0]))
        2.0
    """
    return Running(bits_per_character).add(losses, lengths=lengths, counted=counted).value


@figure(2, differences(1), _mean)
@refusing
def mae(predictions: Any, targets: Any, *, lengths: Any = None, counted: Any = None) -> float:
    """The mean absolute error, mean |y - t|, in the unit of the targets.

    Args:
        predictions, targets: numbers of one shape, (T, B, ...) with lengths.
        lengths: integers (B,), the number of real steps of each sequence; None for all.
        counted: booleans with the leading axes of the targets, False where nothing counts; None for all.

    Raises:
        GraphError: the shapes do not match, or nothing counts.

    Example:
        >>> import tinygraph as tg
        >>> tg.train.mae([1.0, 5.0], [2.0, 2.0])
        2.0
    """
    return Running(mae).add(predictions, targets, lengths=lengths, counted=counted).value


@figure(2, differences(2), lambda sums, count: math.sqrt(_mean(sums, count)))
@refusing
def rmse(predictions: Any, targets: Any, *, lengths: Any = None, counted: Any = None) -> float:
    """The root of the mean squared error, sqrt(mean (y - t)**2), in the unit of the targets.

    Args:
        predictions, targets, lengths, counted: as for `mae`, (...).

    Raises:
        GraphError: the shapes do not match, or nothing counts.

    Example:
        >>> import tinygraph as tg
        >>> tg.train.rmse([1.0, 9.0], [2.0, 2.0])
        5.0
    """
    return Running(rmse).add(predictions, targets, lengths=lengths, counted=counted).value


@figure(3, differences(2), gain)
@refusing
def skill(predictions: Any, targets: Any, baseline: Any, *, lengths: Any = None, counted: Any = None) -> float:
    """By how much the squared error is below that of a baseline: 1 - sum (y - t)**2 / sum (b - t)**2.

    1 is perfect, 0 as good as the baseline, below 0 worse. With the targets' mean as baseline it is R squared.

    Args:
        predictions, targets, lengths, counted: as for `mae`, (...).
        baseline: b, of the targets' shape or one that broadcasts to it, such as the last value seen.

    Raises:
        GraphError: the shapes do not match, or nothing counts.

    Example:
        >>> import tinygraph as tg
        >>> tg.train.skill([1.0, 3.0], [1.0, 2.0], baseline=[0.0, 1.0])
        0.5
    """
    return Running(skill).add(predictions, targets, baseline, lengths=lengths, counted=counted).value
