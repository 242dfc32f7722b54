"""Element-wise selection: maximum, fmax, clip, where, abs, sign, relu and the like; comparisons, without gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.node import Node
from .broadcasting import BOTH, Elementwise, unbroadcast


class Maximum(Elementwise):
    """z = the larger of x and y, element-wise      x, y: shapes that broadcast; each gets half the gradient of a tie

    Example:
        >>> import tinygraph as tg
        >>> tg.maximum(tg.constant([1.0, 5.0]), 3.0).value
        array([3., 5.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.maximum(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        return _share(gz, x > y, x == y, x, y, wanted)


class Minimum(Elementwise):
    """z = the smaller of x and y, element-wise      x, y: shapes that broadcast; each gets half the gradient of a tie

    Example:
        >>> import tinygraph as tg
        >>> tg.minimum(tg.constant([1.0, 5.0]), 3.0).value
        array([1., 3.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.minimum(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        return _share(gz, x < y, x == y, x, y, wanted)


class Fmax(Elementwise):
    """z = the larger of x and y, the other where one is NaN      x, y: shapes that broadcast; ties as in maximum

    Example:
        >>> import tinygraph as tg
        >>> tg.fmax(tg.constant([1.0, float("nan")]), 3.0).value
        array([3., 3.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.fmax(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        return _share(gz, x == z, x == y, x, y, wanted)


class Fmin(Fmax):
    """z = the smaller of x and y, the other where one is NaN      x, y: shapes that broadcast; ties as in minimum

    Example:
        >>> import tinygraph as tg
        >>> tg.fmin(tg.constant([1.0, float("nan")]), 3.0).value
        array([1., 3.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.fmin(x, y)


def _share(gz: Any, first: Any, tie: Any, x: Any, y: Any, wanted: Any) -> Any:
    of_first = np.where(tie, gz * 0.5, np.where(first, gz, 0))
    gy = unbroadcast(gz - of_first, y) if wanted[1] else None
    return unbroadcast(of_first, x) if wanted[0] else None, gy


class Clip(Elementwise):
    """z = x limited to the range from ``a_min`` to ``a_max``      x, z: any shape; a limit is a number or None

    The gradient is 1 where a_min <= x <= a_max, else 0. Limits that are arrays or nodes, of shapes that broadcast, make
    a `maximum` and a `minimum` in its place, and have gradients of their own.

    Example:
        >>> import tinygraph as tg
        >>> tg.clip(tg.constant([-9.0, 0.5, 9.0]), -1, 1).value
        array([-1. ,  0.5,  1. ])
    """

    def __call__(self, *inputs: Any, name: str | None = None, **limits: Any) -> Node:
        bounds = (*inputs[1:], *limits.values())
        if not any(isinstance(b, (Node, list, tuple)) or (isinstance(b, np.ndarray) and b.ndim) for b in bounds):
            return super().__call__(*inputs, name=name, **limits)
        (x,), limits = self.bind(inputs, limits)
        low, high = limits.get("a_min"), limits.get("a_max")
        if low is not None:
            x = maximum(x, low, name=name if high is None else None)
        return x if high is None else minimum(x, high, name=name)

    def bind(self, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        inputs, attributes = super().bind(inputs, attributes)
        # An array of one number is a number to numpy, but might change before the gradient.
        return inputs, {k: v[()] if isinstance(v, np.ndarray) and not v.ndim else v for k, v in attributes.items()}

    def forward(self, x: Any, a_min: Any = None, a_max: Any = None) -> Any:
        if any(isinstance(bound, Node) or np.ndim(bound) for bound in (a_min, a_max)):
            expected, fix = "numbers or None", "tg.minimum(tg.maximum(x, a_min), a_max)"
            raise GraphError("clip: a limit is not a number", expected=expected, got="an array or node", fix=fix)
        return np.clip(x, a_min, a_max)

    def backward(self, gz: Any, z: Any, x: Any, a_min: Any = None, a_max: Any = None) -> Any:
        return np.where(z == x, gz, 0)


Clip._known = frozenset()  # so that every call with limits goes through `bind`


class Where(Elementwise):
    """z = x where the condition is True, else y      condition, x, y: shapes that broadcast

    Where x or y is not selected it may be NaN or infinite: its gradient there is exactly 0.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> x = tg.parameter([4.0, 0.0])
        >>> tg.grad(tg.sum(tg.where(x.value > 0, tg.sqrt(x), 0.0)), x).value
        array([0.25, 0.  ])
    """

    def forward(self, condition: Any, x: Any, y: Any) -> Any:
        return np.where(condition, x, y)

    def backward(self, gz: Any, z: Any, condition: Any, x: Any, y: Any, *, wanted: Any = (False, True, True)) -> Any:
        gx = unbroadcast(np.where(condition, gz, 0), x) if wanted[1] else None
        gy = unbroadcast(np.where(condition, 0, gz), y) if wanted[2] else None
        return None, gx, gy


class Abs(Elementwise):
    """z = |x|      x, z: any shape; the gradient at 0 is 0

    Example:
        >>> import tinygraph as tg
        >>> tg.abs(tg.constant([-2.0, 3.0])).value
        array([2., 3.])
    """

    def forward(self, x: Any) -> Any:
        return np.abs(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * np.sign(x)


class Copysign(Elementwise):
    """z = |x| with the sign of y      x, y: shapes that broadcast; no gradient for y, and 0 where x is 0

    Example:
        >>> import tinygraph as tg
        >>> tg.copysign(tg.constant([1.0, -2.0]), -1.0).value
        array([-1., -2.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.copysign(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any) -> Any:
        return unbroadcast(gz * np.sign(x) * np.copysign(1, y), x), None


class Relu(Elementwise):
    """z = max(x, 0)      x, z: any shape; the gradient at 0 is 0

    Example:
        >>> import tinygraph as tg
        >>> tg.relu(tg.constant([-2.0, 3.0])).value
        array([0., 3.])
    """

    def forward(self, x: Any) -> Any:
        return np.maximum(x, 0)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return np.where(x > 0, gz, 0)


class Sign(Elementwise):
    """z = -1, 0 or 1, the sign of x      x, z: any shape; no gradient

    Example:
        >>> import tinygraph as tg
        >>> tg.sign(tg.constant([-2.0, 0.0, 3.0])).value
        array([-1.,  0.,  1.])
    """

    differentiable = False

    def forward(self, x: Any) -> Any:
        return np.sign(x)


class _Comparison(Elementwise):
    """z = True where the comparison of x with y holds      x, y: shapes that broadcast  z: booleans, no gradient

    Example:
        >>> import tinygraph as tg
        >>> tg.greater(tg.constant([1.0, 5.0]), 3.0).value
        array([False,  True])
    """

    differentiable = False

    def __init__(self, ufunc: np.ufunc) -> None:
        self.ufunc = ufunc
        self.name = ufunc.__name__
        self.__doc__ = type(self).__doc__

    def forward(self, x: Any, y: Any) -> Any:
        return self.ufunc(x, y)


maximum = Maximum()
minimum = Minimum()
fmax = Fmax()
fmin = Fmin()
copysign = Copysign()
clip = Clip()
where = Where()
abs = Abs()
relu = Relu()
sign = Sign()
greater = _Comparison(np.greater)
greater_equal = _Comparison(np.greater_equal)
less = _Comparison(np.less)
less_equal = _Comparison(np.less_equal)
equal = _Comparison(np.equal)
not_equal = _Comparison(np.not_equal)
