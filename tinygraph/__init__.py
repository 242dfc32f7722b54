"""tinygraph: NumPy code in, right gradients and pictures of recurrent networks out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from . import check, ops, train
from .compiled import compile
from .core import habits
from .core.errors import GraphError, MutationError, NonFiniteError, WideningWarning
from .core.leaves import Constant, Parameter, buffer, constant, parameter
from .core.missing import unknown
from .core.node import Node
from .core.nonfinite import nonfinite
from .core.op import Op
from .core.scope import scope, step
from .draw import Drawing, draw, summary
from .engine.grad import grad, zero_grad
from .engine.transforms import hvp, jvp, value_and_grad, vjp
from .live import live as _live
from .ops import *  # noqa: F403  the vocabulary, under numpy's names
from .recording.recorded import recorded
from .run.kept_code import cache_clear
from .time.feedback import Feedback
from .time.noise import noise
from .time.scan import linear_scan
from .time.unroll import unroll

if TYPE_CHECKING:
    from . import cells, export
    from .cells import Recurrent
    from .cells.around.layers import Dropout, Embedding, Linear
    from .cells.base.module import Module
    from .export.onnx.loading import load_onnx

draw.live = _live

__version__ = "0.2.0"
_ROOMS = ("cells", "export")
_LATER = {
    "Recurrent": ".cells",
    "Module": ".cells.base.module",
    "load_onnx": ".export.onnx.loading",
    **dict.fromkeys(("Dropout", "Embedding", "Linear"), ".cells.around.layers"),
}
"""Names in files that are loaded when first asked for: the cells would be a fifth of the import's time."""

__all__ = [
    "Constant", "Drawing", "Dropout", "Embedding", "Feedback", "GraphError", "Linear", "Module", "MutationError",
    "Node", "NonFiniteError", "Op", "Parameter", "Recurrent", "WideningWarning", "buffer", "cache_clear", "cells",
    "check", "compile", "constant", "draw", "export", "grad", "hvp", "jvp", "linear_scan", "load_onnx", "noise",
    "nonfinite", "ops", "parameter", "recorded", "scope", "step", "summary", "train", "unroll", "value_and_grad", "vjp",
    "zero_grad",
]  # fmt: skip
__all__ += ops.__all__


def __dir__() -> list[str]:
    """The public names; the rooms of the house (`tinygraph.core` and so on) are not among them."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """Loads `cells`, `export` and the names of `_LATER` when they are first asked for."""
    if name in _ROOMS or name in _LATER:
        module = import_module(_LATER.get(name, f".{name}"), __name__)
        return module if name in _ROOMS else getattr(module, name)
    raise unknown(__name__, name, "" if name.startswith("_") else _instead_of(name))


def _instead_of(name: str) -> str:
    """What to write for a name that is not here: from the table, or where else it is."""
    for place in ("train", "ops", "cells") if name not in habits.TG else ():
        if name in dir(import_module(f".{place}", __name__)):
            return f"tg.{place}.{name}"
    plain = name.rstrip("_")
    numpys = f"np.{name}  # NumPy's own" if name in dir(np) else ""
    table = habits.TRAIN | habits.CELLS | habits.TG
    return table.get(name) or numpys or (f"x = tg.{plain}(x)  # nodes do not change" if plain in __all__ else "")
