"""Colours with a fixed meaning in every picture: text, parameters, forward arrows, states, gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

INK, GREY = "#222222", "#667080"
"""Text, and secondary text."""
GOLD = "#f6d365"
"""Parameters."""
FORWARD, STATE = "#8b93a0", "#276749"
"""Forward arrows, and those that carry a state to another step."""
RED, DEAD = "#c53030", "#d7191c"
"""Red is a gradient: what is said of it, and where it is cut."""


def hexed(parts: Iterable[float]) -> str:
    """Returns a colour as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*map(round, parts))


def mixed(stops: Sequence[tuple[int, ...]], level: float) -> str:
    """Returns the colour at a level from 0 to 1 on a scale with these stops, at equal distances."""
    position = level * (len(stops) - 1)
    i = min(int(position), len(stops) - 2)
    return hexed([a + (b - a) * (position - i) for a, b in zip(stops[i], stops[i + 1], strict=True)])
