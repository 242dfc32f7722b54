"""Nested lists, tuples and dicts of nodes or arrays: flatten, rebuild, map."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from operator import itemgetter
from typing import Any

NESTED = (dict, list, tuple)


def leaves(structure: Any) -> list[Any]:
    """The leaves of a nested structure, in order; None has none."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [x for part in structure.values() for x in leaves(part)]
    if isinstance(structure, (list, tuple)):
        return [x for part in structure for x in leaves(part)]
    return [structure]


def rebuild(structure: Any, new_leaves: list[Any]) -> Any:
    """The same nesting with ``new_leaves``, which are in the order of `leaves`."""
    rest = iter(new_leaves)
    return map_leaves(lambda _: next(rest), structure)


def ordered_as(structure: Any, like: Any) -> Any:
    """The structure with the keys of its dicts in the order of those of ``like``, as `leaves` goes by their order.

    Raises:
        KeyError: a dict has other keys than the one in its place, unless that is empty.
    """
    if isinstance(structure, dict) and isinstance(like, dict) and like:
        if structure.keys() != like.keys():
            raise KeyError(f"{[*structure]} in place of {[*like]}")
        return dict_like(structure, {key: ordered_as(structure[key], part) for key, part in like.items()})
    kind = type(structure)
    if (kind is tuple or kind is list) and type(like) is kind and len(structure) == len(like):
        for part in structure:
            if isinstance(part, (dict, list, tuple)):
                return kind([ordered_as(part, old) for part, old in zip(structure, like, strict=True)])
    return structure


def misfit(new: Any, old: Any) -> str:
    """What stands in whose place where ``new`` is nested in another way than ``old``; empty if it is not.

    Where there is nothing yet, as in None or (), anything may come, and a list or tuple may grow.
    """
    if new is None or old is None or not (old if isinstance(old, NESTED) else isinstance(new, NESTED)):
        return ""
    if isinstance(new, dict) and isinstance(old, dict):
        return next(filter(None, [misfit(new[key], part) for key, part in old.items()]), "")
    if isinstance(new, (list, tuple)) and isinstance(old, (list, tuple)) and len(new) >= len(old):
        return next(filter(None, map(misfit, new, old)), "")
    return f"{_told(new)} in place of {_told(old)}"


def _told(part: Any) -> str:
    if isinstance(part, NESTED):
        return f"a {type(part).__name__} of {len(part)}"
    return f"an array {getattr(part, 'shape', '')}".rstrip()


def builder(structure: Any) -> Callable[[list[Any]], Any]:
    """`rebuild` for one structure as a function of the new leaves: several times as fast if called many times."""
    build, _ = _builder(structure, 0)
    return build


def _builder(structure: Any, start: int) -> tuple[Callable[[list[Any]], Any], int]:
    """A function that builds this part from all leaves, its own from ``start`` on, and the index after its last."""
    if structure is None:
        return lambda new: None, start
    if not isinstance(structure, (dict, list, tuple)):
        return itemgetter(start), start + 1
    parts = []
    for part in structure.values() if isinstance(structure, dict) else structure:
        build, start = _builder(part, start)
        parts.append(build)
    if isinstance(structure, dict):
        keys = list(structure)
        return lambda new: dict_like(structure, dict(zip(keys, [build(new) for build in parts], strict=True))), start
    # Pairs such as (y, state) and (h, c) are quick, since a short step makes one of each.
    if type(structure) is tuple and len(parts) == 2:
        first, second = parts
        return lambda new: (first(new), second(new)), start
    return lambda new: list_like(structure, [build(new) for build in parts]), start


def dict_like(structure: dict, items: dict) -> dict:
    """The items in a dict of the structure's class, with its attributes and its default."""
    if type(structure) is dict:
        return items
    try:
        return _filled(structure, items)
    except Exception:  # it cannot be copied, or does not change
        try:
            return type(structure)(items)
        except TypeError:
            return items


def _filled(structure: dict, items: dict) -> dict:
    if getattr(structure, "__dict__", None) is structure:  # its keys are its attributes
        return type(structure)(items)
    new = copy(structure)
    new.clear()
    new.update(items)
    return new


def list_like(structure: list | tuple, parts: list) -> Any:
    """The parts in a list or tuple of the structure's class."""
    kind = type(structure)
    if kind is list:
        return parts
    if kind is tuple:
        return kind(parts)
    if isinstance(structure, tuple):
        new = kind(*parts) if hasattr(structure, "_fields") else kind(parts)
        getattr(new, "__dict__", {}).update(getattr(structure, "__dict__", {}))
        return new
    new = copy(structure)
    new[:] = parts
    return new


def map_leaves(fn: Callable[..., Any], structure: Any) -> Any:
    """The same nesting with ``fn(leaf)`` in place of each leaf."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return dict_like(structure, {k: map_leaves(fn, v) for k, v in structure.items()})
    if isinstance(structure, (list, tuple)):
        return list_like(structure, [map_leaves(fn, v) for v in structure])
    return fn(structure)
