"""What was asked for: calls of the auditor that cannot be meant are refused before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import isfunction, ismethod
from typing import Any

import numpy as np

from ...core.errors import GraphError, shown
from ...core.node import Node
from ...core.structure import leaves

BACKWARD_FIRST = "tg.check.audit(backward, loss, {'W': W}, {'x': x})"


def check_call(
    passes: Any,
    loss: Any,
    parameters: Any,
    arguments: Any,
    inputs: Any,
    targets: Any,
    forward: Any,
    backward: Any,
    seed: Any,
) -> None:
    """Refuses what is neither functions with parameters nor an object."""
    for name, x in {"loss": loss, "forward": forward, "backward": backward}.items():
        if x is not None and not callable(x):
            raise GraphError(f"audit: {name} is no function", expected="a function that is called", got=shown(x))
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise GraphError("audit: no seed", expected="an integer of 0 or more", got=shown(seed))
    if parameters is None:
        _check_object(passes, arguments)
        _check_arrays({"inputs": inputs, "targets": targets})
        return
    if not callable(passes):
        raise GraphError("audit: no backward pass", expected="a function", got=shown(passes), fix=BACKWARD_FIRST)
    spare = [
        n
        for n, x in {"inputs": inputs, "targets": targets, "forward": forward, "backward": backward}.items()
        if x is not None
    ]
    if spare:
        problem = f"audit: {', '.join(spare)} cannot go with parameters"
        fix = "arguments={name: value}; inputs and targets are those of an object"
        raise GraphError(problem, expected="functions with parameters and arguments, or an object", fix=fix)
    _check_parameters(parameters)
    if not isinstance(arguments, (Mapping, list, tuple)):
        expected = "a dict by name, or a tuple in order"
        raise GraphError("audit: no arguments", expected=expected, got=shown(arguments), fix="arguments={'x': x}")
    _check_arrays(arguments if isinstance(arguments, Mapping) else {"arguments": arguments})


def _check_object(passes: Any, arguments: Any) -> None:
    if isinstance(passes, type):
        fix = f"{passes.__name__}(...)"
        raise GraphError("audit: a class in place of an object", expected="an object", got=passes.__name__, fix=fix)
    if isfunction(passes) or ismethod(passes) or passes is None:
        who = getattr(passes, "__name__", "None")
        fix = f"tg.check.audit({who}, parameters={{'W': W}}, arguments={{'x': x}})"
        raise GraphError("audit: no parameters", expected="a dict of arrays by name", got=who, fix=fix)
    if np.size(arguments) if isinstance(arguments, np.ndarray) else arguments:
        fix = "inputs=..., targets=..., and forward=lambda model, inputs: ... where a pass takes more"
        raise GraphError("audit: arguments are those of functions", got=type(passes).__name__, fix=fix)


def _check_parameters(parameters: Any) -> None:
    whole = isinstance(parameters, (Mapping, list, tuple))
    if not whole or not leaves(parameters):
        expected = "a dict of arrays by name, or a list of arrays that the functions take as one argument"
        raise GraphError("audit: no parameters", expected=expected, got=shown(parameters))
    named = parameters if isinstance(parameters, Mapping) else {"parameters": parameters}
    _check_arrays(named)
    for name, x in _flat(named):
        kind = x.dtype.kind if isinstance(x, Node) else _kind(x)
        if kind not in "fiu":
            raise GraphError(f"audit: {name} is no parameter", expected="an array of real numbers", got=shown(x))


def _kind(x: Any) -> str:
    try:
        return np.asarray(x).dtype.kind
    except ValueError:  # rows of different lengths
        return "O"


def _check_arrays(named: Mapping[str, Any]) -> None:
    """Kinds of arrays in which * and @ mean other things, or some numbers do not count."""
    for name, x in _flat(named):
        if isinstance(x, np.ndarray) and type(x) not in (np.ndarray, np.memmap):
            kind = type(x).__name__
            fix = "np.asarray(x), with @ for products" if isinstance(x, np.matrix) else "np.asarray(x)"
            raise GraphError(f"audit: {name} is of the kind {kind}", expected="plain arrays", got=kind, fix=fix)


def _flat(named: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, x in named.items():
        yield from ((str(name), part) for part in leaves(x))
