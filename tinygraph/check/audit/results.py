"""Results of a backward pass: which of the arrays that it returns is the gradient of which parameter."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from inspect import isgenerator
from typing import Any

import numpy as np

from ...core.node import Node
from ...core.structure import leaves
from ...ops import add, copy

_BEFORE = re.compile(r"^(grad(ient)?s?_?(of_)?|delta_?|nabla_?|d_?|g_?)")
_AFTER = re.compile(r"_?(grad(ient)?|g|delta)$")


def loss_of(result: Any) -> Any:
    """The first number in what a function returned, or what was one before ``loss += dy``; None if there is none."""
    parts = _flat(result)
    before = (_before_arrays(part) for part in parts)
    return next((x for x in (*parts, *before) if np.size(x) == 1), None)


def _before_arrays(x: Any) -> Any:
    while isinstance(x, Node) and x.op in (add, copy) and x.size > 1:
        x = x.inputs[0]
    return x


def gradients_of(result: Any, parameters: Mapping[str, Any], function: Any) -> dict[str, Any]:
    """Maps each parameter to its gradient: by keys of a dict, by names in the ``return``, else by order and shape."""
    result = _in_arrays([*result] if isgenerator(result) else result)
    parts, names = _named(result, names_returned(function))
    chosen: dict[str, Any] = {}
    for name in parameters:
        for told, part in zip(names, parts, strict=True):
            if names_gradient(told, name) and np.shape(part) == np.shape(parameters[name]):
                chosen.setdefault(name, part)
    free = [p for p in parts if not any(p is x for x in chosen.values())]
    for name in parameters:
        if name not in chosen:
            at = next((k for k, p in enumerate(free) if np.shape(p) == np.shape(parameters[name])), None)
            chosen[name] = None if at is None else free[at]
            free = free if at is None else free[at + 1 :]
    return _of_other_shapes({name: chosen[name] for name in parameters}, parts, parameters)


def _in_arrays(result: Any) -> Any:
    """With an array in place of each list of lists of numbers."""
    if isinstance(result, Mapping):
        return {key: _in_arrays(part) for key, part in result.items()}
    if type(result) not in (list, tuple):
        return result
    if result and all(type(row) is list and row and all(type(x) is float for x in leaves(row)) for row in result):
        try:
            return np.array(result)
        except ValueError:  # rows of different lengths are gradients, each a row
            return [np.array(row) for row in result]
    return type(result)([_in_arrays(part) for part in result])


def _of_other_shapes(chosen: dict[str, Any], parts: list[Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """With what is left in order, if no array that is left is of the shape of a parameter that is left."""
    left = [name for name, part in chosen.items() if part is None]
    spare = [p for p in parts if np.ndim(p) and not any(p is x for x in chosen.values())]
    fits = {np.shape(p) for p in spare} & {np.shape(parameters[name]) for name in left}
    return chosen if fits or len(spare) != len(left) else chosen | dict(zip(left, spare, strict=True))


@lru_cache(maxsize=4096)  # the search for repairs asks thousands of times
def names_gradient(told: str, name: str) -> bool:
    """Whether ``told`` is what people call the gradient of a parameter: ``dW_xh`` or ``grad_Wxh`` of ``Wxh``."""
    bare = told.rpartition(".")[2]
    short = _BEFORE.sub("", bare)
    options = {bare, short, _AFTER.sub("", bare), _AFTER.sub("", short)} - {""}
    return plain(name) in map(plain, options)


def plain(name: str) -> str:
    """A name in small letters without underscores, and without what it is an attribute of."""
    return name.rpartition(".")[2].replace("_", "").lower()


def _named(result: Any, told: Sequence[str]) -> tuple[list[Any], list[str]]:
    if isinstance(result, Mapping):
        return [*result.values()], [str(key) for key in result]
    if not isinstance(result, (tuple, list)):
        return [result], [*told[:1]] or [""]
    parts, names = [], []
    told = told[-len(result) :] if len(told) >= len(result) else ()  # the loss before them is gone
    for k, part in enumerate(result):
        inner = _named(part, ()) if isinstance(part, (Mapping, tuple, list)) else ([part], [told[k] if told else ""])
        parts += inner[0]
        names += inner[1]
    return parts, names


@lru_cache(maxsize=64)  # the search for repairs asks thousands of times
def names_returned(function: Any) -> list[str]:
    """The names in the last ``return a, b, c`` of a function, but for those that stand there twice."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    returns = [x.value for x in ast.walk(tree) if isinstance(x, ast.Return) and x.value is not None]
    if not returns:
        return []
    last = max(returns, key=lambda value: value.lineno)
    names = [ast.unparse(x) for x in (last.elts if isinstance(last, (ast.Tuple, ast.List)) else [last])]
    return [name if names.count(name) == 1 else "" for name in names]


def _flat(result: Any) -> list[Any]:
    if isinstance(result, Mapping):
        return [x for part in result.values() for x in _flat(part)]
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in _flat(part)]
    return [result] if isinstance(result, (Node, np.ndarray, np.generic, float, int)) else []
