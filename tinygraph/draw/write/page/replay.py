"""Replay of training: drawings of the same network at several times, as data for the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ....core.errors import GraphError
from ...labels import clean, number
from ...norms.heat import Heat
from ...picture import Arrow, Box, Picture
from ...views.strokes import returning
from .facts import measured
from .palette import Palette, level_of


def shots(pictures: Sequence[Picture], colours: Palette) -> list[dict[str, Any]]:
    """Returns for each picture its title, its scale, and the numbers of each box and arrow.

    Raises:
        GraphError: the pictures differ in more than numbers; the message names the first difference.
    """
    for i, picture in enumerate(pictures[:-1]):
        _check(pictures[-1], picture, i)
    return [_shot(picture, colours, i) for i, picture in enumerate(pictures)]


def one_scale(pictures: Sequence[Picture]) -> list[Picture]:
    """Returns the pictures with one common colour scale, so that colours are comparable between them."""
    scales = [picture.scale for picture in pictures if picture.scale is not None]
    if len(pictures) < 2 or not scales:
        return [*pictures]
    shared = Heat(low=min(low for low, _ in scales), high=max(high for _, high in scales))
    return [
        replace(
            x,
            boxes=[(b if level_of(b.fill) is None else replace(b, fill=shared.colour(b.norm))) for b in x.boxes],
            arrows=[_arrow(a, shared) for a in x.arrows],
            scale=x.scale and (shared.low, shared.high),
        )
        for x in pictures
    ]


def _arrow(arrow: Arrow, shared: Heat) -> Arrow:
    """Recolour an arrow that shows a norm; the norm is read from its tooltip."""
    norm = re.fullmatch(r"‖∂‖ ([\d.e-]+)", arrow.tip)
    if norm is None or level_of(arrow.colour) is None:
        return arrow
    recoloured = returning(arrow.tail, arrow.head, arrow.points, float(norm[1]), shared)
    return replace(recoloured, dashed=arrow.dashed, pointed=arrow.pointed, tip=arrow.tip)


def _shot(picture: Picture, colours: Palette, i: int) -> dict[str, Any]:
    return {
        "title": clean(picture.title or "", 120),
        "scale": None if picture.scale is None else [number(x) for x in picture.scale],
        "boxes": [measured(box) | {"fill": colours.key(box.fill)} for box in picture.boxes],
        "arrows": [[colours.key(x.colour), round(x.width, 2), clean(x.tip, 120)] for x in picture.arrows],
        "notes": [clean(note.text, 40) for note in picture.notes],
        "uses": [use.norm for use in picture.uses],
    }


def _check(last: Picture, other: Picture, i: int) -> None:
    """Check for the same boxes in the same order, and arrows between the same boxes."""
    fix = "draw every snapshot from the same code, with the same options and sequence length"
    sizes = [f"{len(picture.boxes)} boxes" for picture in (last, other)]
    if sizes[0] != sizes[1]:
        raise GraphError(f"save: snapshot {i} is of another network", expected=sizes[0], got=sizes[1], fix=fix)
    for k, (a, b) in enumerate(zip(last.boxes, other.boxes, strict=True)):
        if _kind(a) != _kind(b):
            raise GraphError(f"save: snapshot {i} differs at box {k}", expected=_kind(a), got=_kind(b), fix=fix)
    ends = [[(x.tail, x.head) for x in picture.arrows] for picture in (last, other)]
    if ends[0] != ends[1] or len(last.notes) != len(other.notes):
        counts = [f"{len(x)} arrows" for x in ends]
        fix = "draw every snapshot with the same gradients= and truncate="
        problem = f"save: the arrows of snapshot {i} differ"
        raise GraphError(problem, expected=f"{counts[0]}, as at the end", got=counts[1], fix=fix)


def _kind(box: Box) -> str:
    """Returns a description of a box without its numbers."""
    if box.node is None:
        return clean(" ".join(part.text for part in box.title if part.kind != "value"), 60)
    return f"{clean(box.node.label(), 60)} {box.node.shape}"
