"""What stands beside a picture, for all writers: the rows of the parameters' table and of the legend; and in words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ..colours import GOLD
from ..labels import number
from ..norms.heat import ODD, ZERO, ramp
from ..picture import Picture, Ruler
from ..words import told

PALE, WARM = "#666e78", "#b02a1a"
"""Less important words, and words on the gradient's arrows."""
WORDS = {"input": "input", "state": "state (crosses time)", "op": "op", "loss": "loss", "parameter": "parameter",
          "gradient": "gradient ∂ ‖norm‖, and its rule",
          "moved": "left the loop (see its number)", "removed": "done by no action: see its tip"}  # fmt: skip
SCALE = "‖∂‖, log scale"
BACKWARD = ("red arrows: backward,", "wide where much comes back")
MOST = 40
"""Most parameters in the table; of more it says how many are left out."""


class Key(NamedTuple):
    """A line of the legend: a border (of a ``role``) or a fill, and what it means."""

    words: str
    fill: str
    role: str = ""


def heads(picture: Picture) -> list[str]:
    """Returns the column heads of the parameters' table."""
    norms = [f"‖∂‖ {picture.truncation}".strip()] * (picture.scale is not None)
    norms += [picture.beside] * any(u.full is not None for u in picture.uses)
    texts = ["name", "shape", "uses", *norms]
    return [told(text, picture.lang) for text in texts]


def table_rows(picture: Picture) -> list[list[str]]:
    """Returns the parameters: name, shape, number of uses, gradient norm, and the norm without cuts."""
    columns = len(heads(picture))
    norms = [[x for x in (use.norm, use.full) if x is not None] for use in picture.uses[:MOST]]
    texts = [[use.name, use.shape, f"{use.uses}×", *own] for use, own in zip(picture.uses, norms, strict=False)]
    return [[*row, *[""] * columns][:columns] for row in texts]


def keys(picture: Picture) -> list[Key]:
    """Returns the roles that occur, chips, and what fills outside the scale mean."""
    fills = {box.role: box.fill if box.role == "parameter" else "#ffffff" for box in picture.boxes}
    rows = [Key(told(words, picture.lang), fills[role], role) for role, words in WORDS.items() if role in fills]
    if any(part.kind == "chip" for box in picture.boxes for part in box.title):
        rows.append(Key(told("parameter of the op", picture.lang), GOLD))
    rows += [Key(words, colour) for colour, words in picture.keys]
    rims = {rim.dashed for rim in picture.rims}
    rows += [Key(told("in one of the two only", picture.lang), "#ffffff", "only")] * (False in rims)
    rows += [Key(told(picture.differs, picture.lang), "#ffffff", "differs")] * (True in rims)
    return rows + [Key(told("‖∂‖: length of the gradient", picture.lang), ramp(0.5))] * (picture.scale is not None)


def odd_keys(picture: Picture) -> list[Key]:
    """Returns the colours outside the scale that occur, and their meanings."""
    fills = {x.fill for x in picture.boxes} | {x.fill for x in picture.tiles} if picture.scale is not None else set()
    return [
        Key(told(words, picture.lang), c)
        for c, words in ((ZERO, "gradient exactly 0"), (ODD, "NaN or infinite"))
        if c in fills
    ]


def caption(picture: Picture) -> list[str]:
    """Returns the two runs of text over the table, the first with how many numbers all parameters hold."""
    total = sum(use.size for use in picture.uses)
    head = f"parameters: {total:,} number{'s' * (total != 1)}" if total else "parameters"
    return [told(text, picture.lang) for text in (head, "(one copy each)")]


def listing(picture: Picture) -> list[str]:
    """Returns the heading and the lines of what differs, none if nothing is compared."""
    return [told("differences", picture.lang), *picture.listed] if picture.listed else []


def left_out(picture: Picture) -> str:
    """Returns the last line of a table with more than MOST parameters, else an empty text."""
    count = len(picture.uses) - MOST
    return told(f"and {count} more", picture.lang) if count > 0 else ""


def has_backward_arrows(picture: Picture) -> bool:
    """Whether there are arrows of gradients; on rolled cards there are none."""
    return picture.scale is not None and bool(picture.arrows) and not any(band.times for band in picture.bands)


def ruler(picture: Picture) -> Ruler | None:
    """Returns the colour scale, of gradients or of other numbers."""
    if picture.scale is None:
        return picture.ruler
    low, high = picture.scale
    return Ruler([ramp(i / 8) for i in range(9)], number(low), told(SCALE, picture.lang), number(high), picture.scale)


NAME = "computational graph"
"""The name of a picture without a title."""


def title_of(picture: Picture) -> str:
    return picture.title or told(NAME, picture.lang)


def description(picture: Picture) -> str:
    """Returns what is drawn: the boxes by role, the columns, the parameters, and the range of gradient norms."""
    parts = [picture.subtitle] if picture.subtitle else []
    roles = Counter(box.role for box in picture.boxes if box.role in WORDS)
    comma = ", " if picture.lang == "en" else "，"
    if roles:
        names = {role: told(words, picture.lang).split("(")[0].split("（")[0].strip() for role, words in WORDS.items()}
        parts.append("boxes: " + comma.join(f"{roles[role]} {names[role]}" for role in WORDS if role in roles))
    if picture.bands:
        titles = [": ".join(filter(None, (told(x.title, picture.lang), x.token))) for x in picture.bands]
        parts.append("columns: " + comma.join(" … ".join(x) for x in _spans(titles)))
    parts += [f"{len(own)} {name}" for name, own in (("tiles", picture.tiles), ("arrows", picture.arrows)) if own]
    if picture.uses:
        parts.append("parameters: " + ", ".join(use.name for use in picture.uses[:20]))
    if (scale := ruler(picture)) is not None:
        parts.append(f"{'gradient norms' if picture.scale else 'numbers'} from {scale.low} to {scale.high}")
    in_dots = sum(int(re.sub(r"\D", "", x.token) or 0) for x in picture.bands if "…" in x.title)
    if cuts := len(picture.cuts) + in_dots:
        parts.append(f"{cuts} cuts of the gradient through time")
    return (". " if picture.lang == "en" else "。").join(told(part, picture.lang) for part in parts)


def _spans(titles: Iterable[str]) -> list[list[str]]:
    """Returns the first and the last column of each phase, as steps begin anew there; of cards each by itself."""
    spans: list[list[str]] = []
    last = math.inf
    for title in titles:
        step = re.match(r"t = (\d+)", title)
        if step is None or int(step[1]) <= last:
            spans.append([title])
        else:
            spans[-1][1:] = [title]
        last = math.inf if step is None else int(step[1])
    return spans
