"""Element-wise exp, log, sqrt, tanh, sigmoid, softplus."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import quotient
from .broadcasting import Elementwise
from .inference import floating


class Exp(Elementwise):
    """z = exp(x)      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> tg.exp(tg.constant([0.0])).value
        array([1.])
    """

    def forward(self, x: Any) -> Any:
        return np.exp(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * z


class Log(Elementwise):
    """z = ln(x)      x, z: any shape; -inf at 0 and NaN below, with numpy's warning

    Example:
        >>> import tinygraph as tg
        >>> tg.log(tg.constant([1.0])).value
        array([0.])
    """

    def forward(self, x: Any) -> Any:
        return np.log(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return quotient.of(gz, x)


class Sqrt(Elementwise):
    """z = x ** (1/2)      x, z: any shape; NaN below 0, with numpy's warning

    Example:
        >>> import tinygraph as tg
        >>> tg.sqrt(tg.constant([9.0])).value
        array([3.])
    """

    def forward(self, x: Any) -> Any:
        return np.sqrt(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return quotient.of(gz, 2 * z)


class Tanh(Elementwise):
    """z = tanh(x)      x, z: any shape;  dz/dx = 1 - z z

    Example:
        >>> import tinygraph as tg
        >>> tg.tanh(tg.constant([0.0, 1000.0])).value
        array([0., 1.])
    """

    def forward(self, x: Any) -> Any:
        return np.tanh(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * (1 - z * z)


class Sigmoid(Elementwise):
    """z = 1 / (1 + exp(-x))      x, z: any shape;  dz/dx = z (1 - z)

    Example:
        >>> import tinygraph as tg
        >>> tg.sigmoid(tg.constant([-1000.0, 0.0, 1000.0])).value
        array([0. , 0.5, 1. ])
    """

    def forward(self, x: Any) -> Any:
        # Where exp(-x) overflows to infinity, 1 / (1 + inf) = 0 is exact.
        with np.errstate(over="ignore"):
            e = np.exp(-floating(x))
        e += 1
        return 1 / e

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * z * (1 - z)


class Softplus(Elementwise):
    """z = ln(1 + exp(x))      x, z: any shape;  dz/dx = sigmoid(x)

    Example:
        >>> import tinygraph as tg
        >>> tg.softplus(tg.constant([-1000.0, 1000.0])).value
        array([   0., 1000.])
    """

    def forward(self, x: Any) -> Any:
        x = floating(x)
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * sigmoid.of(x)


exp = Exp()
log = Log()
sqrt = Sqrt()
tanh = Tanh()
sigmoid = Sigmoid()
softplus = Softplus()
