"""The vocabulary: every op, each with its local ``forward`` and ``backward``, closed under its own gradients."""

from . import numpy_speaks, operators  # noqa: F401  they put operators and numpy's functions onto Node
from .arithmetic import add, divide, multiply, negative, power, quotient, scaled_power, square, subtract
from .broadcasting import broadcast_to, sum_to
from .choice import (
    abs,
    clip,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    maximum,
    minimum,
    not_equal,
    relu,
    sign,
    where,
)
from .einsum import einsum
from .exponential import exp, log, sigmoid, softplus, sqrt, tanh
from .lookup import add_at, one_hot, pick, scatter, take
from .losses import entry, excess, onehot_like, sigmoid_cross_entropy, softmax_cross_entropy, squared_error
from .periodic import cos, sin
from .product import matmul
from .reduction import argmax, logsumexp, mean, sum, ties
from .reduction import largest as max
from .reduction import smallest as min
from .rounding import floor
from .shape import astype, reshape, stop_gradient, swapaxes, transpose
from .slicing import concatenate, getitem, put, split, stack
from .softmax import log_softmax, softmax

__all__ = [
    "abs", "add", "add_at", "argmax", "astype", "broadcast_to", "clip", "concatenate", "cos", "divide", "einsum",
    "entry", "equal", "excess", "exp", "floor", "getitem", "greater", "greater_equal", "less", "less_equal", "log",
    "log_softmax", "logsumexp", "matmul", "max", "maximum", "mean", "min", "minimum", "multiply", "negative",
    "not_equal", "one_hot", "onehot_like", "pick", "power", "put", "quotient", "relu", "reshape", "scaled_power",
    "scatter", "sigmoid", "sigmoid_cross_entropy", "sign", "sin", "softmax", "softmax_cross_entropy", "softplus",
    "split", "sqrt", "square", "squared_error", "stack", "stop_gradient", "subtract", "sum", "sum_to", "swapaxes",
    "take", "tanh", "ties", "transpose", "where",
]  # fmt: skip
