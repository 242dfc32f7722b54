"""Colours with a fixed meaning in every picture: text, parameters, forward arrows, time, cuts."""

from __future__ import annotations

INK, GREY = "#222222", "#667080"
"""Text, and secondary text."""
GOLD = "#f6d365"
"""Parameters."""
FORWARD, RED, DEAD = "#8b93a0", "#c53030", "#d7191c"
"""Forward arrows, recurrent arrows of a rolled cell, and cuts."""
