"""Element-wise sin and cos."""

from __future__ import annotations

from typing import Any

import numpy as np

from .broadcasting import Elementwise


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


sin = Sin()
cos = Cos()
