"""tinygraph: NumPy code in, right gradients and pictures of recurrent networks out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import check, ops, train
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

if TYPE_CHECKING:
    from . import cells

__version__ = "0.1.0"

__all__ = [
    "Constant", "Drawing", "GraphError", "MutationError", "Node", "NonFiniteError", "Op", "Parameter", "cells", "check",
    "compile", "constant", "draw", "grad", "hvp", "jvp", "nonfinite", "ops", "parameter", "scope", "step", "summary",
    "train", "unroll", "value_and_grad", "vjp", "zero_grad",
]  # fmt: skip
__all__ += ops.__all__


def __getattr__(name: str) -> Any:
    """Loads `cells` when it is first asked for: its forty files would be a fifth of the time of the import."""
    if name == "cells":
        return import_module(".cells", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
