"""Layers before and after a cell: Linear, Embedding, Dropout."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from ...core.checks import flag
from ...core.errors import GraphError, shown
from ...core.leaves import Parameter, node_of
from ...core.node import Node
from ...ops import take
from ...time.noise import generator, noise
from ..base.initial import Initialiser, filled, gaussian, within
from ..base.masks import Mask, checked_rate
from ..base.module import Module
from ..base.sizes import finite, floating, whole


class Linear(Module):
    """y = x @ weight.T + bias, of the last axis.

    Args:
        input_size, output_size: I and O.
        bias: whether there is one.
        rng: a seed or a numpy Generator for the weights, uniform within 1 / sqrt(I) as PyTorch draws them.
        dtype: of the parameters.

    Attributes:
        weight: (O, I).
        bias: (O,), or None.

    Raises:
        GraphError: a size is below 1; at a call: the last axis of x is not I.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.Linear(3, 2, rng=0)(np.ones((5, 4, 3), np.float32)).shape
        (5, 4, 2)
    """

    def __init__(
        self, input_size: int, output_size: int, bias: bool = True, rng: Any = None, dtype: Any = np.float32
    ) -> None:
        self.input_size = whole("Linear", "input_size", input_size)
        self.output_size = whole("Linear", "output_size", output_size)
        rng, init = generator("Linear", rng), within(1 / sqrt(self.input_size))
        self.weight = _weight("Linear", init, rng, (self.output_size, self.input_size), dtype)
        self.bias = _weight("Linear", init, rng, (self.output_size,), dtype) if flag("Linear", "bias", bias) else None

    def __call__(self, x: Any) -> Node:
        """Maps x (..., I) to y (..., O)."""
        x = node_of(x)
        if not x.ndim or x.shape[-1] != self.input_size:
            expected = f"(..., {self.input_size})"
            raise GraphError("Linear: the last axis is not input_size", expected=expected, got=str(x.shape))
        y: Node = x @ self.weight.T
        return y if self.bias is None else y + self.bias


class Embedding(Module):
    """y = weight[ids]: a vector of its own for each of so many words.

    Args:
        size: the number of words V.
        width: the numbers of each vector, E.
        rng: a seed or a numpy Generator for the weights, normal with deviation ``deviation``.
        dtype: of the weights.
        deviation: of the weights; 1 is PyTorch's.

    Attributes:
        weight: (V, E).

    Raises:
        GraphError: a size is below 1; at a call: the ids are no integers, or not below V.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.Embedding(10, 3, rng=0)(np.array([[1, 2], [9, 0]])).shape
        (2, 2, 3)
    """

    def __init__(self, size: int, width: int, rng: Any = None, dtype: Any = np.float32, deviation: float = 1.0) -> None:
        shape = whole("Embedding", "size", size), whole("Embedding", "width", width)
        init = gaussian(finite("Embedding", "deviation", deviation, 0))
        self.weight = _weight("Embedding", init, generator("Embedding", rng), shape, dtype)

    def __call__(self, ids: Any) -> Node:
        """Maps integers (...) to vectors (..., E)."""
        y: Node = take(self.weight, ids, axis=0)
        return y


class Dropout(Module):
    """In training each number is 0 with probability p, and the others are divided by 1 - p; in evaluation nothing is.

    Args:
        p: the share that is dropped, in [0, 1); it may be set later. Inputs have any shape.
        rng: a seed or a numpy Generator that draws.

    Raises:
        GraphError: p is not in [0, 1).

    Source:
        Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> drop = tg.Dropout(0.5, rng=0)
        >>> sorted(set(drop(np.ones(100)).value.tolist())), drop.eval()(np.ones(2)).value
        ([0.0, 2.0], array([1., 1.]))
    """

    def __init__(self, p: float, rng: Any = None) -> None:
        self.p = p
        self._mask = Mask(self, 0, generator("Dropout", rng))

    @property
    def p(self) -> float:
        """The share that is dropped."""
        return self._p

    @p.setter
    def p(self, p: float) -> None:
        self._p = checked_rate("Dropout", p)

    def odds(self, place: int) -> tuple[float, float, float]:
        """The share of numbers kept, what these are multiplied with, and what all are in evaluation."""
        return 1 - self.p, 1 / (1 - self.p), 1.0

    def __call__(self, x: Any) -> Node:
        """Maps x, of any shape, to the same shape."""
        x = node_of(x)
        if x.dtype.kind != "f":
            raise GraphError("Dropout needs floating-point numbers", got=shown(x.dtype))
        y: Node = x * noise(self._mask, x.shape, x.dtype)
        return y


def _weight(owner: str, init: Initialiser, rng: Any, shape: tuple[int, ...], dtype: Any) -> Parameter:
    return Parameter(filled(init, rng, shape, floating(owner, dtype)), None)
