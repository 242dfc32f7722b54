"""Colours of a page as CSS variables: as drawn for the light theme, and converted for the dark theme."""

from __future__ import annotations

import colorsys
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache

from ...colours import hexed, mixed
from ...norms.heat import ODD, ramp
from ..look import Paint, ink, rgb

STEPS = 32
"""Number of heat levels: the difference between neighbours is too small to see."""
_HEAT = {ramp(i / STEPS): i for i in range(STEPS + 1)}
FINE = 512
_GREENS = [-int(ramp(i / FINE)[3:5], 16) for i in range(FINE + 1)]
_NIGHT = [(43, 37, 36), (98, 52, 33), (176, 74, 34), (244, 134, 60), (255, 222, 150)]
"""Heat colours of the dark theme: large norms are bright, small ones are near the background."""
SURFACE, DARK = "#161b22", "#1b2027"
"""White boxes in the dark theme; texts on light backgrounds."""


@dataclass
class Palette(Paint):
    """Gives every colour a short name, and keeps the names for `css`."""

    names: dict[str, str] = field(default_factory=dict)
    lang: str = "en"

    def key(self, colour: str) -> str:
        """Returns ``h0`` to ``h32`` for heat colours, ``odd`` for NaN and infinity, else ``k0``, ``k1``, ..."""
        level = level_of(colour)
        if level is not None:
            return f"h{round(level * STEPS)}"
        return "odd" if colour == ODD else self.names.setdefault(colour, f"k{len(self.names)}")

    def colour(self, colour: str) -> str:
        return f"var(--{self.key(colour)})"

    def ink(self, ground: str) -> str:
        return f' fill="var(--i{self.key(ground)})"'

    def face(self, kind: str) -> str:
        return f' class="{kind}"'

    def ground(self, kind: str) -> str:
        return f'class="{kind}"'

    def css(self) -> str:
        """Returns the variables of all colours used and of heat, for both themes; ``--i...``: text colour on each."""
        day = {**{f"h{i}": c for c, i in _HEAT.items()}, **{k: c for c, k in self.names.items()}}
        night = {f"h{i}": mixed(_NIGHT, i / STEPS) for i in range(STEPS + 1)}
        night |= {k: _by_night(c) for c, k in self.names.items()}
        dark = _variables(night)
        return (
            f":root{{{_variables(day)}}}\n"
            f"@media screen and (prefers-color-scheme: dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
            f"@media screen{{:root[data-theme=dark]{{{dark}}}}}\n"
        )


@cache
def level_of(colour: str) -> float | None:
    """Returns the position of a colour on the heat ramp, None if it is not on the ramp."""
    parts = rgb(colour)
    if parts is None:
        return None
    # Binary search: the green component falls along the whole ramp.
    i = bisect_left(_GREENS, -parts[1], 1, len(_GREENS) - 1)
    off, level = min(
        (sum(abs(a - b) for a, b in zip(parts, rgb(ramp(k / FINE)) or parts, strict=True)), k / FINE)
        for k in (i - 1, i)
    )
    return level if off <= 6 else None


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{k}:{c};--i{k}:{ink(c, DARK)};" for k, c in colours.items())


def _by_night(colour: str) -> str:
    """Returns the same hue with lightness inverted; white becomes the surface colour."""
    parts = rgb(colour)
    if parts is None or colour == "#ffffff":
        return SURFACE if parts else colour
    hue, light, strength = colorsys.rgb_to_hls(*(x / 255 for x in parts))
    return hexed(255 * x for x in colorsys.hls_to_rgb(hue, 0.15 + 0.82 * (1 - light), strength * 0.9))
