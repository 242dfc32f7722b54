"""Options that a call does not have: those that it has, and what to write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from difflib import get_close_matches
from inspect import signature
from typing import Any

from .habits import OPTIONS


def option(unknown: Iterable[str], own: Collection[str] | None) -> str:
    """What to write for options that a call does not have, empty if nobody knows; ``own``: those that it has, if known.

    Example:
        >>> from tinygraph.core.options import option
        >>> option(["lr"], ["learning_rate"]), option(["lr"], ["rate", "steps"]), option(["stpes"], ["rate", "steps"])
        ('learning_rate=', 'rate=', 'steps=')
    """
    return "; ".join(dict.fromkeys(fix for name in sorted(unknown) if (fix := _fix(name, own))))


def _fix(name: str, own: Collection[str] | None) -> str:
    names, _, otherwise = OPTIONS.get(name, "=").partition(" | ")
    options, _, word = names.partition("  # ")
    if not options.endswith("="):
        return names
    fits = [x for x in options.split() if x != "=" and (own is None or x[:-1] in own)]
    if fits:
        return f"{fits[0]}  # {word}" if word else fits[0]
    near = get_close_matches(name, own or (), 1)
    return f"{near[0]}=" if near else otherwise


def options_of(function: Callable[..., Any]) -> list[str]:
    """The names of a function's arguments, or of a constructor's: its bases' too, while it hands others on to them."""
    names: dict[str, None] = {}
    parts = [vars(c).get("__init__") for c in function.__mro__[:-1]] if isinstance(function, type) else [function]
    for part in parts:
        with suppress(TypeError, ValueError):  # of Python's own functions some have no signature
            parameters = signature(part).parameters.values()  # type: ignore[arg-type]
            names |= dict.fromkeys(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
            if not any(p.kind is p.VAR_KEYWORD for p in parameters):
                break
    return [name for name in names if name != "self"]
