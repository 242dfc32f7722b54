"""Activations made of ops, by PyTorch's names, with their arXiv numbers; tanh, sigmoid, relu, softplus are ops.

A number such as ``alpha`` may be a node, which then has a gradient, too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.checks import one_of
from ..core.errors import refusing
from ..core.node import Node
from . import choice, exponential
from .error_function import erfc
from .numpy_functions import as_node


@refusing
def silu(x: Any) -> Node:
    """z = x sigmoid(x), also called swish      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> tg.silu(tg.constant([0.0, 1.0, -1000.0])).value
        array([ 0.        ,  0.73105858, -0.        ])
    """
    x = as_node(x)
    return x * exponential.sigmoid(x)


@refusing
def gelu(x: Any, approximate: str = "none") -> Node:
    """z = x Phi(x), Phi the normal distribution's cumulative function      x, z: any shape (1606.08415)

    With ``approximate="tanh"`` it is x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x x x))) / 2, within 5e-4 of it and
    several times as fast where it is not compiled.

    Raises:
        GraphError: ``approximate`` is neither "none" nor "tanh".

    Example:
        >>> import tinygraph as tg
        >>> tg.gelu(tg.constant([0.0, 1.0, -1.0])).value
        array([ 0.        ,  0.84134475, -0.15865525])
    """
    x = as_node(x)
    if one_of("gelu: there is no such approximation", approximate, ("none", "tanh")) == "none":
        return x * 0.5 * erfc(x * -math.sqrt(0.5))
    # Beyond 10 the tanh is 1 or -1 to the last bit, and x * x * x might be infinite.
    near = choice.clip(x, -10.0, 10.0)
    return x * 0.5 * (exponential.tanh((near + near * near * near * 0.044715) * math.sqrt(2 / math.pi)) + 1)


@refusing
def elu(x: Any, alpha: Any = 1.0) -> Node:
    """z = x where x > 0, else alpha (exp(x) - 1)      x, z: any shape; the slope at 0 is alpha (1511.07289)

    Example:
        >>> import tinygraph as tg
        >>> tg.elu(tg.constant([1.0, -1.0, -1000.0])).value
        array([ 1.        , -0.63212056, -1.        ])
    """
    x = as_node(x)
    above = x > 0
    return choice.where(above, x, exponential.expm1(choice.where(above, 0, x)) * alpha)


@refusing
def selu(x: Any) -> Node:
    """z = 1.0507 elu(x, 1.6733), which keeps mean 0 and variance 1      x, z: any shape (1706.02515)

    Example:
        >>> import tinygraph as tg
        >>> tg.selu(tg.constant([1.0, -1000.0])).value
        array([ 1.05070099, -1.75809934])
    """
    return elu(x, 1.6732632423543772) * 1.0507009873554805


@refusing
def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Node:
    """z = x where x > 0, else negative_slope x      x, z: any shape; the slope at 0 is negative_slope

    Example:
        >>> import tinygraph as tg
        >>> tg.leaky_relu(tg.constant([1.0, -1.0])).value
        array([ 1.  , -0.01])
    """
    x = as_node(x)
    return choice.where(x > 0, x, x * negative_slope)


@refusing
def hardtanh(x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Node:
    """z = x limited to the range from min_val to max_val      x, z: any shape; the slope at both ends is 1

    Example:
        >>> import tinygraph as tg
        >>> tg.hardtanh(tg.constant([-1000.0, 0.5, 1000.0])).value
        array([-1. ,  0.5,  1. ])
    """
    return choice.clip(x, min_val, max_val)


@refusing
def hardsigmoid(x: Any) -> Node:
    """z = x / 6 + 1/2, limited to the range from 0 to 1      x, z: any shape; the slope at both ends is 1/6

    Example:
        >>> import tinygraph as tg
        >>> tg.hardsigmoid(tg.constant([-1000.0, 0.0, 1000.0])).value
        array([0. , 0.5, 1. ])
    """
    return choice.clip(as_node(x) * (1 / 6) + 0.5, 0.0, 1.0)


@refusing
def hardswish(x: Any) -> Node:
    """z = x hardsigmoid(x)      x, z: any shape; the slope is -1/2 at -3 and 3/2 at 3 (1905.02244)

    Example:
        >>> import tinygraph as tg
        >>> tg.hardswish(tg.constant([-1000.0, 1.5, 1000.0])).value
        array([  -0.   ,    1.125, 1000.   ])
    """
    x = as_node(x)
    return x * hardsigmoid(x)


@refusing
def mish(x: Any) -> Node:
    """z = x tanh(softplus(x))      x, z: any shape (1908.08681)

    Example:
        >>> import tinygraph as tg
        >>> tg.mish(tg.constant([0.0, 1.0, -1.0])).value
        array([ 0.        ,  0.86509839, -0.30340146])
    """
    x = as_node(x)
    return x * exponential.tanh(exponential.softplus(x))


@refusing
def softsign(x: Any) -> Node:
    """z = x / (1 + |x|)      x, z: any shape

    Example:
        >>> import tinygraph as tg
        >>> tg.softsign(tg.constant([1.0, -3.0])).value
        array([ 0.5 , -0.75])
    """
    x = as_node(x)
    return x / (np.abs(x) + 1)
