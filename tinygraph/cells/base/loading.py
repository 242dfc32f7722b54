"""Taking over parameters by name: from PyTorch tensors, arrays or a safetensors file, all of them or none."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...checkpoint import load
from ...core.errors import GraphError
from ...core.leaves import Parameter
from ...core.node import Node

Arrays = Mapping[str, Any] | str | os.PathLike[str]


def load_into(owner: str, parameters: dict[str, Parameter], absent: set[str], arrays: Arrays, strict: bool) -> None:
    """Set the parameters' values; ``absent``: names of biases that were not wanted, which may be given as zeros.

    Raises:
        GraphError: names that are missing, unexpected or misshapen, all of them in one message; no names at all.
    """
    given = load(arrays) if isinstance(arrays, (str, os.PathLike)) else arrays
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise GraphError(
            f"{owner}: parameters are loaded by name",
            expected="a dict, or a safetensors file's path",
            got=f"keys {[*given]}"[:80] if isinstance(given, Mapping) else type(given).__name__,
            fix="its .state_dict()" if hasattr(given, "state_dict") else "",
        )
    known = {*parameters, *absent}
    found = {_own_name(name, known): _array(value) for name, value in given.items()}
    extra = [n for n in found if n not in parameters and not (n in absent and not found[n].any())]
    missing = [n for n in parameters if n not in found]
    wrong = [
        f"{n}: {found[n].shape} instead of {x.shape}"
        for n, x in parameters.items()
        if n in found and found[n].shape != x.shape
    ]
    told = {
        "missing": missing if strict else [],
        "unexpected": extra if strict else [],
        "of another shape": wrong,
        "no real numbers": [n for n in parameters if n in found and found[n].dtype.kind not in "fiub"],
    }
    if any(told.values()):
        raise GraphError(
            f"{owner}: these parameters do not fit, and none was loaded",
            expected=", ".join(f"{n} {x.shape}" for n, x in parameters.items()),
            got="; ".join(f"{what}: {', '.join(names)}" for what, names in told.items() if names),
            fix="load into a cell of the same sizes and options" + (", or strict=False" if missing or extra else ""),
        )
    for name, x in parameters.items():
        if name in found:
            x.value = np.array(found[name], x.dtype)


def _own_name(name: str, known: set[str]) -> str:
    """Of a layer of PyTorch's, ``weight_ih_l1_reverse``, our name, ``cells.1.backward.weight_ih``; else the name."""
    layered = re.fullmatch(r"(\w+)_l(\d+)(_reverse)?", name)
    if name in known or layered is None:
        return name
    ours = [n for n in known if _is_of(n, *layered.groups())]
    return ours[0] if len(ours) == 1 else name


def _is_of(name: str, weight: str, layer: str, reverse: str | None) -> bool:
    """Whether it is the weight's name in a layer and direction, whatever wrappers are around the cell."""
    *path, last = name.split(".")
    here = f"cells.{layer}." in name if "cells" in path else layer == "0"
    return last == weight and here and ("backward" in path) == (reverse is not None)


def _array(value: Any) -> np.ndarray:
    """A tensor's numbers: PyTorch refuses to give those of one that needs a gradient, or lies on a GPU."""
    for step in ("detach", "cpu"):
        value = getattr(value, step)() if hasattr(value, step) else value
    return value.value if isinstance(value, Node) else np.asarray(value)
