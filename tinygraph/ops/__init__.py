"""The ops, each with its ``forward`` and ``backward``; gradients are written in the same ops."""

from . import numpy_speaks, operators
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
from .lookup import add_at, one_hot, pick, scatter, take, within
from .losses import entry, excess, onehot_like, sigmoid_cross_entropy, softmax_cross_entropy, squared_error
from .periodic import cos, sin
from .product import matmul
from .reduction import argmax, logsumexp, mean, prod, sum, ties
from .reduction import largest as max
from .reduction import smallest as min
from .rounding import floor
from .running import cumprod, cumsum, leading, sorting
from .shape import astype, reshape, stop_gradient, swapaxes, transpose
from .slicing import concatenate, getitem, put, split, stack
from .softmax import log_softmax, softmax

__all__ = [
    "abs", "add", "argmax", "astype", "broadcast_to", "clip", "concatenate", "cos", "cumprod", "cumsum", "divide",
    "einsum", "equal", "exp", "floor", "getitem", "greater", "greater_equal", "less", "less_equal", "log",
    "log_softmax", "logsumexp", "matmul", "max", "maximum", "mean", "min", "minimum", "multiply", "negative",
    "not_equal", "one_hot", "power", "prod", "relu", "reshape", "sigmoid", "sigmoid_cross_entropy", "sign", "sin",
    "softmax", "softmax_cross_entropy", "softplus", "split", "sqrt", "square", "squared_error", "stack",
    "stop_gradient", "subtract", "sum", "swapaxes", "take", "tanh", "transpose", "where",
]  # fmt: skip
"""Ops that are in `tinygraph` too: `tg.add` and so on."""

FOR_GRADIENTS = [
    "add_at", "entry", "excess", "leading", "onehot_like", "pick", "put", "quotient", "scaled_power", "scatter",
    "sorting", "sum_to", "ties", "within",
]  # fmt: skip
"""Ops that are used in gradients, `within` for lengths, `leading` and `sorting` for places along an axis; they are in
`tg.ops` alone: `tg.ops.quotient`."""

numpy_speaks.register({name: globals()[name] for name in __all__})
