"""The colours that mean something in every picture: inks, parameters, arrows forward, round time, and cut."""

from __future__ import annotations

INK, GREY = "#222222", "#667080"
"""Texts, and texts of lesser weight."""
GOLD = "#f6d365"
"""A parameter."""
FORWARD, RED, DEAD = "#8b93a0", "#c53030", "#d7191c"
"""An arrow of the forward pass, one that crosses time in a rolled cell, and what is cut."""
