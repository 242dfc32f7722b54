"""Element-wise exp, log, their forms that are exact near 0, sqrt, tanh, sigmoid, softplus."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arithmetic import quotient
from .broadcasting import BOTH, Elementwise, unbroadcast
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
            e = np.exp(-(x if x.dtype.kind == "f" else floating(x)))
        e += 1
        return np.reciprocal(e)  # 1 / e, for which numpy would make an array of 1

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


class Exp2(Elementwise):
    """z = 2 ** x      x, z: any shape;  dz/dx = z ln(2)

    Example:
        >>> import tinygraph as tg
        >>> tg.exp2(tg.constant([0.0, 3.0])).value
        array([1., 8.])
    """

    def forward(self, x: Any) -> Any:
        return np.exp2(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * z * math.log(2)


class Expm1(Elementwise):
    """z = exp(x) - 1, exact near 0 too      x, z: any shape;  dz/dx = z + 1

    Example:
        >>> import tinygraph as tg
        >>> tg.expm1(tg.constant([1e-20])).value
        array([1.e-20])
    """

    def forward(self, x: Any) -> Any:
        return np.expm1(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * (z + 1)


class Log1p(Elementwise):
    """z = ln(1 + x), exact near 0 too      x, z: any shape; -inf at -1 and NaN below, with numpy's warning

    Example:
        >>> import tinygraph as tg
        >>> tg.log1p(tg.constant([1e-20])).value
        array([1.e-20])
    """

    def forward(self, x: Any) -> Any:
        return np.log1p(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return quotient.of(gz, 1 + x)


class Logaddexp(Elementwise):
    """z = ln(exp(x) + exp(y)), without overflow      x, y: shapes that broadcast

    dz/dx = sigmoid(x - y); where both are -inf, the gradient is 0.

    Example:
        >>> import tinygraph as tg
        >>> tg.logaddexp(tg.constant([0.0, 1000.0]), 0.0).value
        array([6.93147181e-01, 1.00000000e+03])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.logaddexp(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        some = z > -np.inf  # else the difference of two inputs of -inf would be NaN
        gx = unbroadcast(gz * sigmoid.of(x - np.where(some, y, 0)), x) if wanted[0] else None
        return gx, unbroadcast(gz * sigmoid.of(y - np.where(some, x, 0)), y) if wanted[1] else None


exp = Exp()
log = Log()
sqrt = Sqrt()
tanh = Tanh()
sigmoid = Sigmoid()
softplus = Softplus()
exp2 = Exp2()
expm1 = Expm1()
log1p = Log1p()
logaddexp = Logaddexp()
