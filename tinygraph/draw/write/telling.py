"""A picture told in words: what is drawn, for readers who do not see it."""

from __future__ import annotations

from collections import Counter

from ..picture import Picture
from ..words import told
from .margin import WORDS, ruler

NAME = "computational graph"
"""The name of a picture without a title."""


def title_of(picture: Picture) -> str:
    return picture.title or told(NAME, picture.lang)


def description(picture: Picture) -> str:
    """Returns what is drawn: the boxes by role, the columns, the parameters, and the range of gradient norms."""
    parts = [picture.subtitle] if picture.subtitle else []
    roles = Counter(box.role for box in picture.boxes if box.role in WORDS)
    if roles:
        names = {role: told(words, picture.lang).split("(")[0].split("（")[0].strip() for role, words in WORDS.items()}
        comma = ", " if picture.lang == "en" else "，"
        parts.append("boxes: " + comma.join(f"{roles[role]} {names[role]}" for role in WORDS if role in roles))
    titles = [f"{band.title} {band.token}".strip() for band in picture.bands]
    if titles:
        parts.append("columns: " + ", ".join(titles[:1] if len(titles) < 2 else [f"{titles[0]} to {titles[-1]}"]))
    parts += [f"{len(own)} {name}" for name, own in (("tiles", picture.tiles), ("arrows", picture.arrows)) if own]
    if picture.uses:
        parts.append("parameters: " + ", ".join(use.name for use in picture.uses[:20]))
    if (scale := ruler(picture)) is not None:
        parts.append(f"{'gradient norms' if picture.scale else 'numbers'} from {scale.low} to {scale.high}")
    if picture.cuts:
        parts.append(f"{len(picture.cuts)} cuts of the gradient through time")
    return (". " if picture.lang == "en" else "。").join(told(part, picture.lang) for part in parts)
