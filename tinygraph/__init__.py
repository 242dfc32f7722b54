"""tinygraph: NumPy code in, right gradients and pictures of recurrent networks out."""

from . import cells, check, ops, train
from .compiled import compile
from .core.errors import GraphError, MutationError, NonFiniteError
from .core.leaves import Constant, Parameter, constant, parameter
from .core.node import Node
from .core.nonfinite import nonfinite
from .core.op import Op
from .core.scope import scope, step
from .draw import Drawing, draw, summary
from .engine import grad, zero_grad
from .ops import *  # noqa: F403  the vocabulary, under numpy's names
from .transforms import hvp, jvp, value_and_grad, vjp
from .unroll import unroll

__version__ = "0.1.0"

__all__ = [
    "Constant", "Drawing", "GraphError", "MutationError", "Node", "NonFiniteError", "Op", "Parameter", "cells", "check",
    "compile", "constant", "draw", "grad", "hvp", "jvp", "nonfinite", "ops", "parameter", "scope", "step", "summary",
    "train", "unroll", "value_and_grad", "vjp", "zero_grad",
]  # fmt: skip
__all__ += ops.__all__
