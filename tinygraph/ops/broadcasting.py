"""Broadcasting, its inverse `sum_to`, and `Elementwise`, the base class of element-wise ops."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..core.errors import GraphError, shown
from ..core.op import Op, Spec
from .inference import as_shape, joint_shape, result_dtype

BOTH = (True, True)
"""The default of ``wanted`` for two inputs: both gradients are needed."""


class Elementwise(Op):
    """An op that broadcasts its inputs and computes each element of the result from the inputs' elements there."""

    leads: ClassVar[bool] = False
    """Whether the first input has the shape of the result, to which only the others are broadcast."""

    def infer(self, *specs: Spec, **attributes: Any) -> Spec:
        shape = specs[0].shape
        for s in specs:
            if s.shape != shape:
                shape = joint_shape(self, [s.shape for s in specs])
                break
        return Spec(shape, result_dtype(self, *[s.dtype for s in specs], **attributes))


def _fits(wide: tuple[int, ...], narrow: tuple[int, ...]) -> bool:
    """Whether ``narrow`` broadcasts to ``wide``, a shape of as many axes."""
    return wide == narrow or all(n == m or m == 1 for n, m in zip(wide, narrow, strict=True))


class BroadcastTo(Op):
    """z = x repeated along axes of size 1 and new leading axes, as in numpy      x: any shape  z: ``shape``

    Example:
        >>> import tinygraph as tg
        >>> tg.broadcast_to(tg.constant([1.0, 2.0]), (3, 2)).shape
        (3, 2)
    """

    def infer(self, x: Spec, shape: Any = ()) -> Spec:  # type: ignore[override]
        target = as_shape(shape)
        lead = len(target) - len(x.shape)
        if lead < 0 or min(target, default=0) < 0 or not _fits(target[lead:], x.shape):
            expected, got = "sizes equal to x's, or where x's are 1", f"{x.shape} to {shown(shape)}"
            raise GraphError(f"{self.name}: x does not broadcast to the shape", expected=expected, got=got)
        return Spec(target, x.dtype)

    def forward(self, x: Any, shape: Any = ()) -> Any:
        # A new array, not the view of np.broadcast_to, which takes five times as long for the small arrays of one step.
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
    """z = x summed to ``shape``, over the axes that broadcasting adds or stretches      x: any shape  z: ``shape``

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
            expected, got = "sizes equal to x's, or 1", f"{x.shape} to {shown(shape)}"
            raise GraphError(f"{self.name}: the shape does not broadcast to x's", expected=expected, got=got)
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
    """Sums a gradient ``g`` over the axes in which ``x`` was broadcast: g in the shape of x."""
    return g if g.shape == x.shape else sum_to.of(g, shape=x.shape)
