"""Colours of a page: each as it was drawn by day, and its fellow by night, as CSS variables."""

from __future__ import annotations

import colorsys
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache

from ...norms.heat import ODD, ramp

STEPS = 32
"""Levels of heat told apart: neighbours differ by less than an eye sees side by side."""
_HEAT = {ramp(i / STEPS): i for i in range(STEPS + 1)}
FINE = 512
_GREENS = [-int(ramp(i / FINE)[3:5], 16) for i in range(FINE + 1)]
_NIGHT = [(43, 37, 36), (98, 52, 33), (176, 74, 34), (244, 134, 60), (255, 222, 150)]
"""Heat on a dark ground: what is strong glows, what is weak sinks into the ground."""
SURFACE, DARK = "#161b22", "#1b2027"
"""What a white box stands on by night; ink on light grounds."""


@dataclass
class Palette:
    """Gives every colour a short name and remembers it for `css`."""

    names: dict[str, str] = field(default_factory=dict)

    def key(self, colour: str) -> str:
        """``h0`` to ``h32`` of heat, ``k0``, ``k1``, ... of any other; ``odd``, hatched, where a number is none."""
        level = level_of(colour)
        if level is not None:
            return f"h{round(level * STEPS)}"
        return "odd" if colour == ODD else self.names.setdefault(colour, f"k{len(self.names)}")

    def css(self) -> str:
        """The variables of all colours met and of heat, by day and by night; ``--i...`` is the ink upon each."""
        day = {**{f"h{i}": c for c, i in _HEAT.items()}, **{k: c for c, k in self.names.items()}}
        night = {f"h{i}": _hex(_mixed(_NIGHT, i / STEPS)) for i in range(STEPS + 1)}
        night |= {k: _by_night(c) for c, k in self.names.items()}
        dark = _variables(night)
        return (
            f":root{{{_variables(day)}}}\n"
            f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
            f":root[data-theme=dark]{{{dark}}}\n"
        )


@cache
def level_of(colour: str) -> float | None:
    """Where a colour lies on the ramp of heat, None if it is no colour of it."""
    rgb = _rgb(colour)
    if rgb is None:
        return None
    # Along the ramp green falls all the way.
    i = bisect_left(_GREENS, -rgb[1], 1, len(_GREENS) - 1)
    off, level = min(
        (sum(abs(a - b) for a, b in zip(rgb, _rgb(ramp(k / FINE)) or rgb, strict=True)), k / FINE) for k in (i - 1, i)
    )
    return level if off <= 6 else None


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{k}:{c};--i{k}:{_ink(c)};" for k, c in colours.items())


def _rgb(colour: str) -> tuple[int, ...] | None:
    try:
        return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) if len(colour) == 7 else None
    except ValueError:
        return None


def _hex(rgb: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(x):02x}" for x in rgb)


def _mixed(stops: list[tuple[int, int, int]], level: float) -> tuple[float, ...]:
    at = level * (len(stops) - 1)
    i = min(int(at), len(stops) - 2)
    return tuple(a + (b - a) * (at - i) for a, b in zip(stops[i], stops[i + 1], strict=True))


def _by_night(colour: str) -> str:
    """The same hue with light and dark exchanged, white as the surface."""
    rgb = _rgb(colour)
    if rgb is None or colour == "#ffffff":
        return SURFACE if rgb else colour
    hue, light, strength = colorsys.rgb_to_hls(*(x / 255 for x in rgb))
    return _hex(tuple(255 * x for x in colorsys.hls_to_rgb(hue, 0.16 + 0.78 * (1 - light), strength * 0.9)))


def _ink(colour: str) -> str:
    """Of dark and white ink the one that stands out more (contrast after WCAG 2)."""
    rgb = _rgb(colour)
    ground = 1.0 if rgb is None else _luminance(rgb)
    return DARK if (ground + 0.05) ** 2 > (_luminance(_rgb(DARK) or ()) + 0.05) * 1.05 else "#ffffff"


def _luminance(rgb: tuple[int, ...]) -> float:
    linear = [x / 255 / 12.92 if x <= 10 else ((x / 255 + 0.055) / 1.055) ** 2.4 for x in rgb]
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
