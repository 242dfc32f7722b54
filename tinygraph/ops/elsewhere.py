"""Words of PyTorch, Keras and JAX on nodes: those that work, and for the others what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np

from ..core import habits, missing
from ..core.errors import refusing
from ..core.node import Node
from ..core.traced import Traced
from .numpy_functions import FUNCTIONS, UFUNCS
from .shape import stop_gradient

OFTEN = {"backward", "reshape", "transpose", "sum", "mean", "max", "min", "astype", "take", "swapaxes"}
"""Methods that graphs are made of, which refuse wrong arguments by themselves."""


def _numpy(self: Node) -> np.ndarray:
    """A copy of the value, an array that one may write to."""
    return self.value.copy()


def install(vocabulary: Mapping[str, Any]) -> None:
    """Installs all of them on nodes, last: what nodes have by then stays."""
    words: dict[str, Any] = {"numpy": _numpy, "to_numpy": _numpy, "cpu": lambda x: x, "clone": lambda x: x.copy()}
    for word, method in (words | {"detach": lambda x: stop_gradient(x)}).items():
        setattr(Node, word, method)
    for word, method in list(vars(Node).items()):
        if isinstance(method, FunctionType) and not word.startswith("_") and word not in OFTEN:
            setattr(Node, word, refusing(method, word))
    public = [name for name in dir(np.ndarray) if not name.startswith("_")]
    fixes = {name: f"x.value.{name}  # the array's own, which carries no gradient" for name in public}
    for name in {f.__name__ for f in (*FUNCTIONS, *UFUNCS)} - vocabulary.keys() & vars(np).keys():
        fixes[name] = f"np.{name}  # a function, not a method"
    fixes |= {name: f"tg.{name}(x)  # a function, not a method" for name in vocabulary}
    fixes |= {f"{name}_": f"x = tg.{name}(x)  # a new node: nodes do not change" for name in vocabulary}
    for kind in (Node, Traced):
        missing.lock(kind, {"shape": "x = x.reshape({})", "dtype": "x = x.astype(np.float32)"})
    missing.install(Node, fixes | habits.NODE, missing.MissingForGood)
