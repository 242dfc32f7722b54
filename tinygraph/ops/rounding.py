"""Element-wise rounding and whole quotients, which have no gradient, and the remainders of division."""

from __future__ import annotations

from typing import Any

import numpy as np

from .broadcasting import BOTH, Elementwise, unbroadcast


class _Rounding(Elementwise):
    """z = an integer near x: floor <= x, ceil >= x, trunc towards 0, rint the nearest      x, z: any shape; no gradient

    Example:
        >>> import tinygraph as tg
        >>> x = tg.constant([1.5, -0.5])
        >>> tg.floor(x).value, tg.ceil(x).value, tg.trunc(x).value, tg.rint(x).value
        (array([ 1., -1.]), array([ 2., -0.]), array([ 1., -0.]), array([ 2., -0.]))
    """

    differentiable = False

    def __init__(self, ufunc: np.ufunc) -> None:
        self.ufunc = ufunc
        self.name = ufunc.__name__
        self.__doc__ = type(self).__doc__

    def forward(self, x: Any) -> Any:
        return self.ufunc(x)


class Round(Elementwise):
    """z = x rounded to ``decimals`` digits after the point, halves to even      x, z: any shape; no gradient

    Example:
        >>> import tinygraph as tg
        >>> tg.round(tg.constant([0.126, 2.5]), 2).value
        array([0.13, 2.5 ])
    """

    differentiable = False

    def forward(self, x: Any, decimals: int = 0) -> Any:
        return np.round(x, decimals)


class FloorDivide(Elementwise):
    """z = the largest integer <= x / y, for x // y      x, y: shapes that broadcast; no gradient

    Example:
        >>> import tinygraph as tg
        >>> (tg.constant([7.0, -7.0]) // 2).value
        array([ 3., -4.])
    """

    differentiable = False

    def forward(self, x: Any, y: Any) -> Any:
        return np.floor_divide(x, y)


class Remainder(Elementwise):
    """z = x - y * (x // y), with the sign of y, for x % y      x, y: shapes that broadcast

    dz/dx = 1, dz/dy = -(x // y)

    Example:
        >>> import tinygraph as tg
        >>> (tg.constant([7.0, -7.0]) % 4).value
        array([3., 1.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.remainder(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        gx = unbroadcast(gz, x) if wanted[0] else None
        return gx, unbroadcast(-gz * np.floor_divide(x, _hidden(gz, y)), y) if wanted[1] else None


class Fmod(Elementwise):
    """z = x - y * trunc(x / y), with the sign of x      x, y: shapes that broadcast

    dz/dx = 1, dz/dy = -trunc(x / y)

    Example:
        >>> import tinygraph as tg
        >>> tg.fmod(tg.constant([7.0, -7.0]), 4).value
        array([ 3., -3.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.fmod(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        gx = unbroadcast(gz, x) if wanted[0] else None
        return gx, unbroadcast(-gz * np.trunc(x / _hidden(gz, y)), y) if wanted[1] else None


def _hidden(gz: Any, y: Any) -> Any:
    """y, but 1 where gz is 0: there `where` may hide a branch in which y is 0."""
    return np.where(gz == 0, 1, y)


floor = _Rounding(np.floor)
ceil = _Rounding(np.ceil)
trunc = _Rounding(np.trunc)
rint = _Rounding(np.rint)
round = Round()
floor_divide = FloorDivide()
remainder = Remainder()
fmod = Fmod()
