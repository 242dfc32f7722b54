"""Element-wise sinh, cosh and the inverses of the hyperbolic functions; tanh is in `exponential`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import quotient
from .broadcasting import Elementwise


class Sinh(Elementwise):
    """z = (exp(x) - exp(-x)) / 2      x, z: any shape;  dz/dx = cosh(x)

    Example:
        >>> import tinygraph as tg
        >>> tg.sinh(tg.constant([0.0, 1.0])).value
        array([0.        , 1.17520119])
    """

    def forward(self, x: Any) -> Any:
        return np.sinh(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * np.cosh(x)


class Cosh(Elementwise):
    """z = (exp(x) + exp(-x)) / 2      x, z: any shape;  dz/dx = sinh(x)

    Example:
        >>> import tinygraph as tg
        >>> tg.cosh(tg.constant([0.0, 1.0])).value
        array([1.        , 1.54308063])
    """

    def forward(self, x: Any) -> Any:
        return np.cosh(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * np.sinh(x)


class Arcsinh(Elementwise):
    """z = ln(x + sqrt(x x + 1)), with sinh(z) = x      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> tg.arcsinh(tg.constant([0.0, 1e300])).value
        array([  0.        , 691.46867508])
    """

    def forward(self, x: Any) -> Any:
        return np.arcsinh(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz / np.hypot(x, 1)


class Arccosh(Elementwise):
    """z = ln(x + sqrt(x x - 1)), with cosh(z) = x      x, z: any shape; NaN below 1, with numpy's warning

    Example:
        >>> import tinygraph as tg
        >>> tg.arccosh(tg.constant([1.0, 2.0])).value
        array([0.        , 1.3169579])
    """

    def forward(self, x: Any) -> Any:
        return np.arccosh(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return quotient.of(quotient.of(gz, np.sqrt(x - 1)), np.sqrt(x + 1))


class Arctanh(Elementwise):
    """z = ln((1 + x) / (1 - x)) / 2, with tanh(z) = x      x, z: any shape; NaN beyond -1 and 1, with a warning

    Example:
        >>> import tinygraph as tg
        >>> tg.arctanh(tg.constant([0.0, 0.5])).value
        array([0.        , 0.54930614])
    """

    def forward(self, x: Any) -> Any:
        return np.arctanh(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return quotient.of(gz, (1 - x) * (1 + x))


sinh = Sinh()
cosh = Cosh()
arcsinh = Arcsinh()
arccosh = Arccosh()
arctanh = Arctanh()
