"""The nesting of parameters: their dotted names, and gradients matched to them by key and position."""

from __future__ import annotations

from typing import Any

from ..core.errors import GraphError
from ..core.leaves import Parameter

OTHER = "step: the gradients are not nested as the parameters were when the optimizer was made"


def names_of(parameters: Any) -> list[str]:
    """The names of the leaves in order: keys and positions, joined by dots; no two alike, of which a file holds one."""
    names = _names(parameters, "")
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise GraphError(f"two parameters have the name {twice!r}", fix="no dots in the keys of dicts")
    return names


def _names(parameters: Any, path: str) -> list[str]:
    if parameters is None:
        return []
    if not isinstance(parameters, (dict, list, tuple)):
        return [path or parameters.name or "0"]
    items = parameters.items() if isinstance(parameters, dict) else enumerate(parameters)
    return [name for key, part in items for name in _names(part, f"{path}.{key}" if path else f"{key}")]


def matched(parameters: Any, gradients: Any, problem: str = OTHER) -> list[Any]:
    """The gradients in the order of the flat parameters, matched by key and position; None where there is none."""
    if parameters is None:
        return []
    if isinstance(parameters, Parameter):
        return [gradients]
    keys = list(parameters) if isinstance(parameters, dict) else list(range(len(parameters)))
    count = len(gradients) if isinstance(gradients, (list, tuple)) else 0
    gradient_keys = list(gradients) if isinstance(gradients, dict) else list(range(count))
    if _nesting(parameters) is not _nesting(gradients) or set(keys) != set(gradient_keys):
        raise GraphError(
            problem,
            expected=f"{type(parameters).__name__} of {keys}",
            got=f"{type(gradients).__name__} of {gradient_keys}",
            fix="a new optimizer, if parameters came or went" if isinstance(gradients, (dict, list, tuple)) else "",
        )
    return [g for k in keys for g in matched(parameters[k], gradients[k], problem)]


def _nesting(x: Any) -> type:
    """Its type; dict for subclasses of dict, which structures of nodes do not keep."""
    return dict if isinstance(x, dict) else type(x)
