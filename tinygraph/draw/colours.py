"""Colours with a fixed meaning in every picture: text, parameters, forward arrows, states, gradients."""

from __future__ import annotations

INK, GREY = "#222222", "#667080"
"""Text, and secondary text."""
GOLD = "#f6d365"
"""Parameters."""
FORWARD, STATE = "#8b93a0", "#276749"
"""Forward arrows, and those that carry a state to another step."""
RED, DEAD = "#c53030", "#d7191c"
"""Red is a gradient: what is said of it, and where it is cut."""
