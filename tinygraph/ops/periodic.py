"""Element-wise sin, cos, tan, their inverses, and the angle and length of a point."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import quotient
from .broadcasting import BOTH, Elementwise, unbroadcast


class Sin(Elementwise):
    """z = sin(x)      x: radians, any shape  z: x's shape

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.sin(tg.constant([0.0, np.pi / 2])).value
        array([0., 1.])
    """

    def forward(self, x: Any) -> Any:
        return np.sin(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * np.cos(x)


class Cos(Elementwise):
    """z = cos(x)      x: radians, any shape  z: x's shape

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.cos(tg.constant([0.0, np.pi])).value
        array([ 1., -1.])
    """

    def forward(self, x: Any) -> Any:
        return np.cos(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return -gz * np.sin(x)


class Tan(Elementwise):
    """z = tan(x)      x: radians, any shape  z: x's shape;  dz/dx = 1 + z z

    Example:
        >>> import tinygraph as tg
        >>> tg.tan(tg.constant([0.0, 1.0])).value
        array([0.        , 1.55740772])
    """

    def forward(self, x: Any) -> Any:
        return np.tan(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * (1 + z * z)


class Arcsin(Elementwise):
    """z = the angle from -pi/2 to pi/2 with sin(z) = x      x, z: any shape; NaN beyond -1 and 1, with a warning

    Example:
        >>> import tinygraph as tg
        >>> tg.arcsin(tg.constant([0.0, 1.0])).value
        array([0.        , 1.57079633])
    """

    def forward(self, x: Any) -> Any:
        return np.arcsin(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return quotient.of(gz, np.sqrt((1 - x) * (1 + x)))


class Arccos(Elementwise):
    """z = the angle from 0 to pi with cos(z) = x      x, z: any shape; NaN beyond -1 and 1, with a warning

    Example:
        >>> import tinygraph as tg
        >>> tg.arccos(tg.constant([1.0, 0.0])).value
        array([0.        , 1.57079633])
    """

    def forward(self, x: Any) -> Any:
        return np.arccos(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return -quotient.of(gz, np.sqrt((1 - x) * (1 + x)))


class Arctan(Elementwise):
    """z = the angle from -pi/2 to pi/2 with tan(z) = x      x, z: any shape;  dz/dx = 1 / (1 + x x)

    Example:
        >>> import tinygraph as tg
        >>> tg.arctan(tg.constant([0.0, 1.0])).value
        array([0.        , 0.78539816])
    """

    def forward(self, x: Any) -> Any:
        return np.arctan(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz / (1 + x * x)


class Arctan2(Elementwise):
    """z = the angle from -pi to pi of the point (x, y)      y, x: shapes that broadcast, y first as in numpy

    The gradient at (0, 0), where there is none, is 0.

    Example:
        >>> import tinygraph as tg
        >>> tg.arctan2(tg.constant([1.0, 1.0]), tg.constant([1.0, -1.0])).value
        array([0.78539816, 2.35619449])
    """

    def forward(self, y: Any, x: Any) -> Any:
        return np.arctan2(y, x)

    def backward(self, gz: Any, z: Any, y: Any, x: Any, *, wanted: Any = BOTH) -> Any:
        r = np.hypot(y, x)
        r = np.where(r == 0, 1, r)
        gy = unbroadcast(gz * (x / r) / r, y) if wanted[0] else None
        return gy, unbroadcast(-gz * (y / r) / r, x) if wanted[1] else None


class Hypot(Elementwise):
    """z = sqrt(x x + y y), without overflow      x, y: shapes that broadcast; the gradient at (0, 0) is 0

    Example:
        >>> import tinygraph as tg
        >>> tg.hypot(tg.constant([3.0, 3e200]), tg.constant([4.0, 4e200])).value
        array([5.e+000, 5.e+200])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.hypot(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        r = np.where(z == 0, 1, z)
        gx = unbroadcast(gz * (x / r), x) if wanted[0] else None
        return gx, unbroadcast(gz * (y / r), y) if wanted[1] else None


sin = Sin()
cos = Cos()
tan = Tan()
arcsin = Arcsin()
arccos = Arccos()
arctan = Arctan()
arctan2 = Arctan2()
hypot = Hypot()
