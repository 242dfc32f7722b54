"""Loads parameters by name from PyTorch tensors, arrays or a safetensors file: all of them or none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ...checkpoint import load
from ...core.checks import as_array, flag
from ...core.errors import GraphError, shown
from ...core.leaves import Parameter
from ...core.node import Node
from ...core.together import new_values, set_together

Arrays = Mapping[str, Any] | str | os.PathLike[str]


def load_into(owner: str, parameters: dict[str, Parameter], absent: set[str], arrays: Arrays, strict: bool) -> None:
    """Sets the parameters' values. ``absent`` names the biases that the module was built without: zeros may be given.

    Raises:
        GraphError: names are missing, unexpected or of a wrong shape, numbers are NaN, infinite or too large for the
            parameter's dtype (all in one message), there are no names, or none of them fits, also if not ``strict``.
    """
    strict, source = flag(owner, "strict", strict), "arrays" if isinstance(arrays, Mapping) else "tg.train.load(path)"
    arrays = load(arrays) if isinstance(arrays, (str, os.PathLike)) else arrays
    if not isinstance(arrays, Mapping) or not all(isinstance(name, str) for name in arrays):
        raise GraphError(
            f"{owner}: parameters are loaded by name",
            expected="a dict, or a safetensors file's path",
            got=f"keys {shown([*arrays])}" if isinstance(arrays, Mapping) else type(arrays).__name__,
            fix="pass its .state_dict()" if hasattr(arrays, "state_dict") else "",
        )
    known = {*parameters, *absent}
    names = [_our_name(name, known) for name in arrays]
    loaded = {name: _array(value) for name, value in zip(names, arrays.values(), strict=True)}
    extra = [n for n in loaded if n not in parameters and not (n in absent and not loaded[n].any())]
    missing = [n for n in parameters if n not in loaded]
    pairs = [(n, loaded[n], x) for n, x in parameters.items() if n in loaded]
    numbers = [(n, a, _cast(a, x.dtype)) for n, a, x in pairs if a.dtype.kind in "fiub"]
    whole = strict or bool(parameters and not pairs)  # what loads nothing is no part of a load
    problems = {
        "missing": missing if whole else [],
        "unexpected": extra if whole else [],
        "there twice": [n for n in parameters if names.count(n) > 1],
        "of another shape": [f"{n}: {a.shape} instead of {x.shape}" for n, a, x in pairs if a.shape != x.shape],
        "no real numbers": [n for n, a, _ in pairs if a.dtype.kind not in "fiub"],
        "not finite": [f"{n}: {_infinite(a)} of {a.size}" for n, a, _ in numbers if _infinite(a)],
        "too large": [f"{n}: for {c.dtype}" for n, a, c in numbers if _infinite(c) > _infinite(a)],
    }
    partly = not any(names for problem, names in problems.items() if problem not in ("missing", "unexpected"))
    if any(problems.values()):
        raise GraphError(
            f"{owner}: these parameters do not fit, and none was loaded",
            expected=", ".join(f"{n} {x.shape}" for n, x in parameters.items()),
            got="; ".join(f"{problem}: {', '.join(names)}" for problem, names in problems.items() if names),
            fix=_renamed({*parameters}, [*arrays], source)
            or "load into a cell of the same sizes and options" + (", or strict=False" if pairs and partly else ""),
        )
    set_together(new_values((parameters[n], cast) for n, _, cast in numbers))


def _renamed(own: set[str], names: list[str], source: str) -> str:
    """What to write where the names of the arrays fit ours but for a prefix, theirs or ours; empty if they do not."""
    for prefix in _prefixes(names) if own else ():
        if own <= {_our_name(name[len(prefix) :], own) for name in names if name.startswith(prefix)}:
            return f"{{k[{len(prefix)}:]: x for k, x in {source}.items() if k.startswith({prefix!r})}}"
    for prefix in _prefixes(own):
        if own <= {prefix + name for name in names}:
            return f"{{{prefix!r} + k: x for k, x in {source}.items()}}"
    return ""


def _prefixes(names: Iterable[str]) -> Iterable[str]:
    """What stands before dots and slashes, ``"a."`` and ``"a.b."`` of ``"a.b.c"``; a moment's, longer, come last."""
    ends = {name[: dot.end()] for name in names for dot in re.finditer(r"[./]", name)}
    return sorted(ends, key=lambda prefix: (len(re.findall(r"[./]", prefix)), prefix))


def _cast(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """A new array; numbers beyond the dtype become infinite, which `load_into` tells."""
    with np.errstate(over="ignore"):
        return np.array(array, dtype)


def _infinite(array: np.ndarray) -> int:
    """How many of the numbers are NaN or infinite."""
    return array.size - int(np.isfinite(array).sum())


def _our_name(name: str, known: set[str]) -> str:
    """Maps PyTorch's name ``weight_ih_l1_reverse`` to ours, ``cells.1.backward.weight_ih``; keeps other names."""
    layered = re.fullmatch(r"(\w+)_l(\d+)(_reverse)?", name)
    if name in known or layered is None:
        return name
    matches = [n for n in known if _matches(n, *layered.groups())]
    return matches[0] if len(matches) == 1 else name


def _matches(name: str, weight: str, layer: str, reverse: str | None) -> bool:
    """Whether our name is this weight's in this layer and direction, whatever wrappers are around the cell."""
    *path, last = name.split(".")
    same_layer = f"cells.{layer}." in name if "cells" in path else layer == "0"
    return last == weight and same_layer and ("backward" in path) == (reverse is not None)


def _array(value: Any) -> np.ndarray:
    """The array of a tensor, which PyTorch converts only after detach() from its graph and cpu() from a GPU."""
    for method in () if getattr(value, "is_meta", False) else ("detach", "cpu"):
        value = getattr(value, method)() if hasattr(value, method) else value
    return value.value if isinstance(value, Node) else as_array(value)
