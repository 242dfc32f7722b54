"""Element-wise arithmetic: add, subtract, multiply, divide, negative, power, square."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.leaves import Constant
from ..core.node import Node
from .broadcasting import BOTH, Elementwise, unbroadcast


class Add(Elementwise):
    """z = x + y      x, y: shapes that broadcast  z: their broadcast shape

    Example:
        >>> import tinygraph as tg
        >>> tg.add(tg.constant([1.0, 2.0]), 1.0).value
        array([2., 3.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return x + y

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        return unbroadcast(gz, x) if wanted[0] else None, unbroadcast(gz, y) if wanted[1] else None


class Subtract(Elementwise):
    """z = x - y      x, y: shapes that broadcast  z: their broadcast shape

    Example:
        >>> import tinygraph as tg
        >>> tg.subtract(tg.constant([1.0, 2.0]), 1.0).value
        array([0., 1.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return np.subtract(x, y)

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        return unbroadcast(gz, x) if wanted[0] else None, unbroadcast(-gz, y) if wanted[1] else None


class Multiply(Elementwise):
    """z = x * y      x, y: shapes that broadcast  z: their broadcast shape

    Example:
        >>> import tinygraph as tg
        >>> tg.multiply(tg.constant([1.0, 2.0]), 3.0).value
        array([3., 6.])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return x * y

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        return unbroadcast(gz * y, x) if wanted[0] else None, unbroadcast(gz * x, y) if wanted[1] else None


class Divide(Elementwise):
    """z = x / y      x, y: shapes that broadcast  z: their broadcast shape

    Example:
        >>> import tinygraph as tg
        >>> tg.divide(tg.constant([1.0, 2.0]), 2.0).value
        array([0.5, 1. ])
    """

    def forward(self, x: Any, y: Any) -> Any:
        return x / y

    def backward(self, gz: Any, z: Any, x: Any, y: Any, *, wanted: Any = BOTH) -> Any:
        slope = quotient.of(gz, y)
        gx = unbroadcast(slope, x) if wanted[0] else None
        gy = unbroadcast(-quotient.of(slope * x, y), y) if wanted[1] else None
        return gx, gy


class Quotient(Elementwise):
    """z = g / x, and exactly 0 where g is 0      g, x: shapes that broadcast  z: their broadcast shape

    The division used in gradients. `where` sends a gradient of 0 into the branch that it does not select; there x
    may be 0, and 0 / 0 = NaN would spread to every parameter.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.quotient.forward(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
        array([0.5, 0. ])
    """

    def forward(self, g: Any, x: Any) -> Any:
        zeros = np.zeros(np.broadcast_shapes(g.shape, x.shape), np.result_type(g, x))
        return np.divide(g, x, out=zeros, where=g != 0)

    def backward(self, gz: Any, z: Any, g: Any, x: Any, *, wanted: Any = BOTH) -> Any:
        gg = unbroadcast(quotient.of(gz, x), g) if wanted[0] else None
        return gg, unbroadcast(-quotient.of(gz * z, x), x) if wanted[1] else None


class Negative(Elementwise):
    """z = -x      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> tg.negative(tg.constant([1.0, -2.0])).value
        array([-1.,  2.])
    """

    def forward(self, x: Any) -> Any:
        return -x

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return -gz


class Power(Elementwise):
    """z = x ** p      x, p: shapes that broadcast  z: their broadcast shape

    The gradient with respect to p is 0 where x <= 0, since log(x) is not a real number there, and NaN where z is
    NaN or infinite too.

    Example:
        >>> import tinygraph as tg
        >>> tg.power(tg.constant([1.0, 2.0]), 3.0).value
        array([1., 8.])
    """

    def forward(self, x: Any, p: Any) -> Any:
        # numpy before 2.3 computes float32 ** (float64 of shape ()) in float32, against its promotion rules.
        return x**p if x.dtype == p.dtype else np.power(x, p)

    def backward(self, gz: Any, z: Any, x: Any, p: Any, *, wanted: Any = BOTH) -> Any:
        gx = gp = None
        if wanted[0]:
            q = _in_dtype_of(z, p)
            gx = unbroadcast(scaled_power.of(gz * q, x, _one_less(q, x)), x)
        if wanted[1]:
            gp = unbroadcast(scaled_power.of(gz, x, p) * _log(x, z), p)
        return gx, gp


def _in_dtype_of(z: Any, x: Any) -> Any:
    """x in the dtype of z: -128 - 1 is 127 in int8, and of float16 numpy takes logarithms in float16."""
    if x.dtype == z.dtype:
        return x
    fixed = isinstance(x, Constant) and x.dtype.kind != "f"  # gradients may be asked for a constant of floats
    return Constant(x._value.astype(z.dtype)) if fixed else x.astype(z.dtype)


def _log(x: Any, z: Any) -> Any:
    """log(x) in the dtype of z, and 0 where x <= 0; a factor of x ** p, so that NaN there stays NaN."""
    return np.log(np.where(x > 0, _in_dtype_of(z, x), 1))


def _one_less(p: Any, x: Any) -> Any:
    """p - 1, but 1 where x = p = 0: the derivative is 0 there, and x ** -1 would make the next order 0 * inf."""
    exponent = _known(p)
    if exponent is not None and exponent.all():
        return p - 1  # p may be one number: x ** p takes 0.4 ms for 256,000 numbers, with an exponent for each 12
    return np.where(np.abs(x) + np.abs(p) == 0, 1, p - 1)


def _known(p: Any) -> Any:
    """The numbers of an exponent that is an array, a constant, or one of these less something; else None."""
    if isinstance(p, Node) and p._op is subtract:
        left, right = map(_known, p._inputs)
        return None if left is None or right is None else left - right
    return p._value if isinstance(p, Constant) else p if isinstance(p, np.ndarray) else None


class ScaledPower(Elementwise):
    """z = g * x ** p, and exactly 0 where g is 0      g, x, p: shapes that broadcast  z: their broadcast shape

    The power used in gradients, as `Quotient` is the division: in a branch that `where` does not select, x ** p
    may be infinite or NaN, and g is 0.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.scaled_power.forward(np.array([2.0, 0.0]), np.array([4.0, 0.0]), np.array([0.5, -0.5]))
        array([4., 0.])
    """

    def forward(self, g: Any, x: Any, p: Any) -> Any:
        powers = np.zeros(np.broadcast_shapes(g.shape, x.shape, p.shape), np.result_type(g, x, p))
        return g * np.power(x, p, out=powers, where=g != 0)

    def backward(self, gz: Any, z: Any, g: Any, x: Any, p: Any, *, wanted: Any = (True, True, True)) -> Any:
        gg = unbroadcast(scaled_power.of(gz, x, p), g) if wanted[0] else None
        gx = unbroadcast(scaled_power.of(gz * g * p, x, _one_less(_in_dtype_of(z, p), x)), x) if wanted[1] else None
        return gg, gx, unbroadcast(scaled_power.of(gz * g, x, p) * _log(x, z), p) if wanted[2] else None


class Square(Elementwise):
    """z = x * x      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> tg.square(tg.constant([1.0, -2.0])).value
        array([1., 4.])
    """

    def forward(self, x: Any) -> Any:
        return np.square(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * 2 * x


add = Add()
subtract = Subtract()
multiply = Multiply()
divide = Divide()
quotient = Quotient()
negative = Negative()
power = Power()
scaled_power = ScaledPower()
square = Square()
