"""Broadcasting and its undoing: the one place where a gradient is summed back to its input's shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.op import Op, Spec
from .inference import as_shape, joint_shape, result_dtype

BOTH = (True, True)
"""Of an op with two inputs, both gradients are asked for."""


class Elementwise(Op):
    """An op whose result at each place depends on its inputs at that place, after broadcasting."""

    def infer(self, *specs: Spec, **attributes: Any) -> Spec:
        shape = specs[0].shape
        for s in specs:
            if s.shape != shape:
                shape = joint_shape(self, [s.shape for s in specs])
                break
        return Spec(shape, result_dtype(self, *[s.dtype for s in specs], **attributes))


def _fits(wide: tuple[int, ...], narrow: tuple[int, ...]) -> bool:
    """Whether sizes ``wide`` are those of ``narrow`` with some 1s stretched."""
    return wide == narrow or all(n == m or m == 1 for n, m in zip(wide, narrow, strict=True))


class BroadcastTo(Op):
    """z = x repeated along axes of size 1 and new leading axes      x: any  z: ``shape``

    Example:
        >>> import tinygraph as tg
        >>> tg.broadcast_to(tg.constant([1.0, 2.0]), (3, 2)).shape
        (3, 2)
    """

    def infer(self, x: Spec, shape: Any = ()) -> Spec:  # type: ignore[override]
        target = as_shape(shape)
        lead = len(target) - len(x.shape)
        if lead < 0 or min(target, default=0) < 0 or not _fits(target[lead:], x.shape):
            raise GraphError(
                f"{self.name}: the shape cannot be reached",
                expected="sizes equal to x's, or x's is 1",
                got=f"{x.shape} to {shape}",
            )
        return Spec(target, x.dtype)

    def forward(self, x: Any, shape: Any = ()) -> Any:
        # Filled, not np.broadcast_to's view: for the small arrays of one step that takes five times as long to make.
        z = np.empty(shape, x.dtype)
        if x.ndim > z.ndim:
            return np.broadcast_to(x, shape)
        z[...] = x
        return z

    def backward(self, gz: Any, z: Any, x: Any, shape: Any = ()) -> Any:
        return unbroadcast(gz, x)

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        return 0


class SumTo(Op):
    """z = x summed over the axes that broadcasting added or stretched      x: any  z: ``shape``

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.sum_to.forward(np.ones((5, 2, 3)), shape=(2, 1))
        array([[15.],
               [15.]])
    """

    def infer(self, x: Spec, shape: Any = ()) -> Spec:  # type: ignore[override]
        target = as_shape(shape)
        lead = len(x.shape) - len(target)
        if lead < 0 or not _fits(x.shape[lead:], target):
            raise GraphError(
                f"{self.name}: the shape cannot be reached",
                expected="sizes equal to x's, or 1",
                got=f"{x.shape} to {shape}",
            )
        return Spec(target, result_dtype(self, x.dtype))

    def forward(self, x: Any, shape: Any = ()) -> Any:
        lead = x.ndim - len(shape)
        if x.shape[lead:] == shape:
            return x.sum(axis=tuple(range(lead)))
        stretched = (i + lead for i, n in enumerate(shape) if n == 1 and x.shape[i + lead] != 1)
        return x.sum(axis=(*range(lead), *stretched), keepdims=True).reshape(shape)

    def backward(self, gz: Any, z: Any, x: Any, shape: Any = ()) -> Any:
        lead = x.ndim - len(shape)
        return broadcast_to.of(gz.reshape((1,) * lead + tuple(shape)), shape=x.shape)

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        return specs[0].size


broadcast_to = BroadcastTo()
sum_to = SumTo()


def unbroadcast(g: Any, x: Any) -> Any:
    """A gradient ``g`` in the shape after broadcasting, summed back to the shape of ``x``."""
    return g if g.shape == x.shape else sum_to.of(g, shape=x.shape)
