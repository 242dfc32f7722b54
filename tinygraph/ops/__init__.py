"""The ops, each with its ``forward`` and ``backward``; gradients are written in the same ops."""

from . import elsewhere, methods, numpy_speaks, operators
from .activations import elu, gelu, hardsigmoid, hardswish, hardtanh, leaky_relu, mish, selu, silu, softsign
from .arithmetic import add, divide, multiply, negative, power, quotient, scaled_power, square, subtract
from .broadcasting import broadcast_to, sum_to
from .choice import (
    abs,
    clip,
    copysign,
    equal,
    fmax,
    fmin,
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
from .error_function import erf, erfc
from .exponential import exp, exp2, expm1, log, log1p, logaddexp, sigmoid, softplus, sqrt, tanh
from .hyperbolic import arccosh, arcsinh, arctanh, cosh, sinh
from .linalg import cholesky, det, inv, slogdet, solve
from .lookup import add_at, one_hot, pick, scatter, take, within
from .losses import entry, excess, onehot_like, sigmoid_cross_entropy, softmax_cross_entropy, squared_error
from .periodic import arccos, arcsin, arctan, arctan2, cos, hypot, sin, tan
from .product import matmul
from .reduction import argmax, logsumexp, mean, prod, sum, ties
from .reduction import largest as max
from .reduction import smallest as min
from .rounding import ceil, floor, floor_divide, fmod, remainder, rint, round, trunc
from .running import cumprod, cumsum, leading, sorting
from .shape import astype, reshape, stop_gradient, swapaxes, transpose
from .slicing import concatenate, getitem, put, split, stack
from .softmax import log_softmax, softmax
from .writing import copy, last_written, write, write_at

__all__ = [
    "abs", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "astype",
    "broadcast_to", "ceil", "clip", "concatenate", "copysign", "cos", "cosh", "cumprod", "cumsum", "divide", "einsum",
    "elu", "equal", "erf", "erfc", "exp", "exp2", "expm1", "floor", "floor_divide", "fmax", "fmin", "fmod", "gelu",
    "getitem", "greater", "greater_equal", "hardsigmoid", "hardswish", "hardtanh", "hypot", "leaky_relu", "less",
    "less_equal", "log", "log1p", "log_softmax", "logaddexp", "logsumexp", "matmul", "max", "maximum", "mean", "min",
    "minimum", "mish", "multiply", "negative", "not_equal", "one_hot", "power", "prod", "relu", "remainder", "reshape",
    "rint", "round", "selu", "sigmoid", "sigmoid_cross_entropy", "sign", "silu", "sin", "sinh", "softmax",
    "softmax_cross_entropy", "softplus", "softsign", "split", "sqrt", "square", "squared_error", "stack",
    "stop_gradient", "subtract", "sum", "swapaxes", "take", "tan", "tanh", "transpose", "trunc", "where",
]  # fmt: skip
"""Ops that are in `tinygraph` too: `tg.add` and so on."""

FOR_GRADIENTS = [
    "add_at", "cholesky", "copy", "det", "entry", "excess", "inv", "last_written", "leading", "onehot_like", "pick",
    "put", "quotient", "scaled_power", "scatter", "slogdet", "solve", "sorting", "sum_to", "ties", "within", "write",
    "write_at",
]  # fmt: skip
"""Ops of gradients, of arrays that are written, of np.linalg, `within` for lengths, `leading` and `sorting` for places
along an axis; they are in `tg.ops` alone: `tg.ops.quotient`."""

numpy_speaks.register({name: globals()[name] for name in __all__})
elsewhere.install({name: globals()[name] for name in __all__})
