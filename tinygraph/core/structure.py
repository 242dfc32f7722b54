"""Nested lists, tuples and dicts of nodes or arrays: take apart, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def leaves(structure: Any) -> list[Any]:
    """The leaves in order; None is an empty place and has none."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [x for part in structure.values() for x in leaves(part)]
    if isinstance(structure, (list, tuple)):
        return [x for part in structure for x in leaves(part)]
    return [structure]


def rebuild(structure: Any, new_leaves: list[Any]) -> Any:
    """The same nesting with other leaves, given in the order of `leaves`."""
    rest = iter(new_leaves)
    return map_leaves(lambda _: next(rest), structure)


def map_leaves(fn: Callable[..., Any], structure: Any) -> Any:
    """The same nesting with ``fn(leaf)`` in place of each leaf."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {k: map_leaves(fn, v) for k, v in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(map_leaves(fn, v) for v in structure))
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_leaves(fn, v) for v in structure)
    return fn(structure)
