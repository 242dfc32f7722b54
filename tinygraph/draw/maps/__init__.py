"""Heat maps over time: gradient flow, states, gates, attention, and the saliency of inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..norms.heat import ODD, Heat, between_powers
from ..options import Options
from ..picture import SMALL, Picture
from ..shown.naming import heading, names
from .attention import attention_sheets
from .axes import into_axes
from .characters import key, lines
from .gates import gate_sheets
from .plot import PADDED, Room, folded, plot
from .reading import Reading
from .saliency import saliency_sheets
from .shades import Shade, shade_of
from .sheets import Sheet, blocks_of, notes
from .states import state_sheets

SHEETS: dict[str, Callable[[Reading], list[Sheet]]] = {
    "states": state_sheets,
    "gates": gate_sheets,
    "attention": attention_sheets,
    "saliency": saliency_sheets,
}
MOST = 12
"""Most sheets of a picture."""
ROOMS = [Room()] + [Room(w, h) for w, h in ((640, 360), (520, 300), (400, 230), (300, 170), (200, 120), (110, 80))]
"""What matrices may take, from the most to the least; the first without an area to fit."""


def candidates(target: Any, options: Options, view: str) -> Iterator[Picture]:
    """Yields pictures of the sheets of a view that need less and less room."""
    reading = Reading(target, options, view)
    sheets = sorted(SHEETS[view](reading), key=lambda x: x.block)
    if options.ax is not None:
        into_axes(options.ax, sheets, _colouring(sheets, reading), heading(reading.folded, reading.options, view))
    area = options.area
    for room in ROOMS:
        # A wider one could not be read in the area: its labels have the size SMALL.
        if room is ROOMS[-1] or area is None or room.width * area.least <= area.width * SMALL:
            yield _picture(reading, sheets, room)


def _colouring(sheets: list[Sheet], reading: Reading) -> Shade | Heat:
    """Returns the colour scale for all numbers of some sheets; that of gradients is logarithmic, and red."""
    view, ends = reading.view, reading.options.scale
    values = np.concatenate([x.values[~x.absent] for x in sheets])
    if view == "saliency":
        return between_powers(values.tolist()).within(ends)
    if ends is not None:
        return Shade(*ends, view == "states")
    if view == "gates":
        return Shade(0.0, 1.0)
    return shade_of(values, signed=view == "states")


def _picture(reading: Reading, sheets: list[Sheet], room: Room) -> Picture:
    view = reading.view
    first = sheets[:MOST]
    shrunk = folded(blocks_of(first), room)
    named = names(reading.folded, reading.options)
    picture = Picture(title=heading(reading.folded, reading.options, view), names=named)
    flat = [x for block in shrunk for x in block]
    colours = _colouring(flat, reading)
    if isinstance(colours, Heat):
        picture.scale, picture.keys = (colours.low, colours.high), colours.keys
    else:
        picture.ruler = colours.ruler(WORDS[view])
    tokens = plot(picture, shrunk, colours.colour, room)
    fills = {tile.fill for tile in picture.tiles}
    picture.keys += [(ODD, "NaN or infinite")] * (ODD in fills and picture.ruler is not None)
    picture.keys += [(PADDED, "padding")] * (PADDED in fills)
    picture.keys += [("#ffffff", "no number")] * any((x.absent & ~x.padding).any() for x in flat)
    batch = max(reading.batch, default=1)
    said = notes(reading.options.item, batch, sheets, flat, tokens)
    picture.subtitle = "; ".join([*said, *reading.remarks])
    title = [reading.options.heading] if reading.options.heading else []
    shade = Shade(0.0, colours.high) if isinstance(colours, Heat) else colours
    texts = [line for x in first for line in ["", *lines(x, shade)]]
    picture.plain_text = [*title, *texts, *key(first, shade)][not title :]
    return picture


WORDS = {"states": "0", "gates": "value", "attention": "weight"}
"""What stands at the middle of the colour scale."""
