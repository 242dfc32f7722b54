"""sin, cos and floor, which the cells that turn or beat in time need: the phase of `LRU` and of `PhasedLSTM`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.broadcasting import Elementwise


class Sin(Elementwise):
    """z = sin(x)      x, z: any shape"""

    def forward(self, x: Any) -> Any:
        return np.sin(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * cos.of(x)


class Cos(Elementwise):
    """z = cos(x)      x, z: any shape"""

    def forward(self, x: Any) -> Any:
        return np.cos(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return -gz * sin.of(x)


class Floor(Elementwise):
    """z = the largest whole number not above x      x, z: any shape; it has no gradient"""

    differentiable = False

    def forward(self, x: Any) -> Any:
        return np.floor(x)


sin = Sin()
cos = Cos()
floor = Floor()
