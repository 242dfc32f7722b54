"""Element-wise rounding: floor, which has no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from .broadcasting import Elementwise


class Floor(Elementwise):
    """z = the largest integer <= x, in the dtype of x      x, z: any shape; no gradient

    Example:
        >>> import tinygraph as tg
        >>> tg.floor(tg.constant([1.5, -0.5])).value
        array([ 1., -1.])
    """

    differentiable = False

    def forward(self, x: Any) -> Any:
        return np.floor(x)


floor = Floor()
