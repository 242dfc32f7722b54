"""Writes a picture as plain text: columns in time order, links through time, and the parameters."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from textwrap import wrap

from ..colours import FORWARD
from ..labels import cells, filled
from ..picture import Box, Picture
from ..shown.roles import BORDERS
from ..words import LANGUAGES, told
from .margin import caption

SHOWN, FIRST, LAST = 6, 3, 2
"""If there are more columns than SHOWN, only the FIRST and the LAST ones are written."""
PAGE, WIDE = 100, 15
"""Characters per line and per column: six columns and their gaps fill a line."""
NOT_COMPUTED = {told("not computed", lang) for lang in LANGUAGES}
CARRIES = {BORDERS["state"], FORWARD}
"""Colours of forward arrows; only these are written, with a mark if they are cut."""


def plain(picture: Picture) -> str:
    """Returns bars over the columns, the columns with rows from top to bottom, bars under them, arrows, parameters."""
    if picture.plain_text:
        return "\n".join(_cut(line.rstrip()) for line in picture.plain_text)
    rows = _rows(picture)
    in_columns = {i for columns in rows for column in columns.values() for i in column}
    loose = sorted((x for i, x in enumerate(picture.boxes) if i not in in_columns), key=lambda box: (-box.y, box.x))
    parts = [[picture.title] if picture.title else []]
    for columns in rows:
        top = max(picture.bands[c].top for c in columns)
        parts += [[_line(box) for box in loose if box.y > top], _grid(picture, columns)]
        loose = [box for box in loose if box.y <= top]
    parts += [[_line(box) for box in loose], _crossing(picture, rows), _parameters(picture)]
    return "\n\n".join("\n".join(_cut(line.rstrip()) for line in part) for part in parts if part)


def _title(box: Box) -> str:
    return " ".join(part.text for part in box.title)


def _line(box: Box) -> str:
    return f"{_title(box)}   {box.below}" if box.below else _title(box)


def by_band(picture: Picture) -> dict[int, list[int]]:
    """Maps each band, from left to right, to the numbers of the boxes inside."""
    bands, boxes = picture.bands, sorted(range(len(picture.boxes)), key=lambda i: picture.boxes[i].x)
    xs, ys = [picture.boxes[i].x for i in boxes], [box.y for box in picture.boxes]
    order = sorted(range(len(bands)), key=lambda c: bands[c].left)
    across = {c: boxes[bisect_left(xs, bands[c].left) : bisect_right(xs, bands[c].right)] for c in order}
    return {c: [i for i in some if bands[c].foot <= ys[i] <= bands[c].top] for c, some in across.items()}


def _rows(picture: Picture) -> list[dict[int, list[int]]]:
    """Returns the columns in rows from top to bottom, because cards may stand one over the other."""
    columns, bands, foot = by_band(picture), picture.bands, math.inf
    rows: list[set[int]] = []
    for c in sorted(columns, key=lambda c: -bands[c].top):
        if not rows or bands[c].top < foot:
            rows.append(set())
            foot = math.inf
        rows[-1].add(c)
        foot = min(foot, bands[c].foot)
    return [{c: boxes for c, boxes in columns.items() if c in row} for row in rows]


def _folded(columns: dict[int, list[int]]) -> list[int | None]:
    """Returns the bands to show; None stands for the hidden ones."""
    order = list(columns)
    return [*order] if len(order) <= SHOWN else [*order[:FIRST], None, *order[-LAST:]]


def _cut(text: str) -> str:
    """Cuts a line that is wider than a page, between words if its last one is short."""
    if cells(text) <= PAGE:
        return text
    while cells(text) > PAGE - 2:
        text = text[:-1]
    words = text.rpartition(" ")[0]
    return (words if cells(words) > PAGE / 2 else text) + " …"


def _grid(picture: Picture, columns: dict[int, list[int]]) -> list[str]:
    """Returns the columns side by side, with boxes of one height in one line and gradient norms below."""
    shown = _folded(columns)
    boxes_at: dict[tuple[int, int], list[Box]] = {}
    for c in shown:
        for i in columns[c] if c is not None else ():
            boxes_at.setdefault((c or 0, round(picture.boxes[i].y)), []).append(picture.boxes[i])
    heights = sorted({y for _, y in boxes_at}, reverse=True)
    depths = {y: max(len(_cell(boxes)) for (_, row), boxes in boxes_at.items() if row == y) for y in heights}
    blocks = []
    for c in shown:
        band = None if c is None else picture.bands[c]
        rows = [f"… {told(f'{len(columns) - FIRST - LAST} more', picture.lang)} …", ""]
        if band:
            rows[0] = f"{band.title} × {band.times}" if band.times else f"{band.title} {band.token}".rstrip()
        for y in heights:
            lines = _cell(boxes_at.get((c, y), [])) if c is not None else []
            rows += lines + [""] * (depths[y] - len(lines))
        width = max(map(cells, rows))
        rows[1] = "-" * width if band else ""
        blocks.append([filled(row, width) for row in rows])
    return ["  ".join(line) for line in zip(*blocks, strict=True)]


def _cell(boxes: list[Box]) -> list[str]:
    """Returns the titles of one step's boxes at one height, each with its gradient norm below if it is known."""
    lines = []
    for box in sorted(boxes, key=lambda b: b.x):
        norms = [x for x in box.below.split(" · ") if is_norm(x)]
        named, value = _value_apart(box)
        lines += wrap(named, WIDE, subsequent_indent="    ", break_long_words=False)
        lines += [f"  {text}" for text in (*value, *norms)]
    return lines


def is_norm(words: str) -> bool:
    """Whether a part of a box's second line tells its gradient."""
    return words.startswith("‖∂‖") or words in NOT_COMPUTED


def _value_apart(box: Box) -> tuple[str, list[str]]:
    """Returns a title and its value separately if both do not fit in a column, because a cut number would be wrong."""
    *name, last = (part.text for part in box.title)
    if cells(_title(box)) <= WIDE or not name or box.title[-1].kind != "value":
        return _title(box), []
    return " ".join(name), [last]


def _crossing(picture: Picture, rows: list[dict[int, list[int]]]) -> list[str]:
    """Returns arrows between columns, ``t = 1: h1 ----> t = 2: W @ h1``, or from a rolled cell to itself."""
    column_of = {i: c for columns in rows for c, column in columns.items() for i in column}
    shown = {c for columns in rows for c in _folded(columns) if c is not None}
    lines = []
    for arrow in picture.arrows:
        a, b = column_of.get(arrow.tail), column_of.get(arrow.head)
        if a is None and b in shown and picture.boxes[arrow.tail].role == "state" and arrow.colour in CARRIES:
            lines.append(_start(picture, arrow.tail, b, arrow.head))
        if a is not None and picture.bands[a].times and arrow.tip.startswith("t"):
            when, _, note = arrow.tip.replace("; ", ";").partition(";")
            source, target = (_title(picture.boxes[i]) for i in (arrow.tail, arrow.head))
            card = f"{picture.bands[a].title}, " * (sum(band.times > 0 for band in picture.bands) > 1)
            lines.append(f"  {card}{when.replace('−', '-')}: {source} ----> {target}" + (f" ({note})" if note else ""))
        # A backward arrow has the same ends as its forward arrow, in reverse order, and is dashed or red.
        if a is None or b is None or a == b or not {a, b} <= shown or arrow.colour not in CARRIES:
            continue
        broken = arrow.tip.startswith("stop_gradient")
        ahead = picture.bands[a].left < picture.bands[b].left
        sign = ("--|->" if broken else "---->") if ahead else "<----"
        ends = [(a, arrow.tail), (b, arrow.head)]
        left, right = ends if ahead else ends[::-1]
        lines.append(f"  {_end(picture, *left)} {sign} {_end(picture, *right)}")
    if any("--|->" in line for line in lines):
        lines.append(told("(--|-> BPTT cut: the gradient stops here)", picture.lang))
    return [told("time:", picture.lang), *dict.fromkeys(lines)] if lines else []


def _start(picture: Picture, state: int, column: int, box: int) -> str:
    """Returns an initial state and what it enters; in a cell that runs backward in time it is on the right."""
    source, target = f"{told('start:', picture.lang)} {_title(picture.boxes[state])}", _end(picture, column, box)
    right = picture.boxes[state].x > picture.boxes[box].x and not picture.bands[column].times
    return f"  {target} <---- {source}" if right else f"  {source} ----> {target}"


def _end(picture: Picture, column: int, box: int) -> str:
    return f"{picture.bands[column].title}: {_title(picture.boxes[box])}"


def _parameters(picture: Picture) -> list[str]:
    norm = any(use.norm is not None for use in picture.uses)
    wide = max((cells(use.name) for use in picture.uses), default=0)
    lines = [
        f"  {filled(use.name, wide)}  {use.shape:>9}  {use.uses}×"
        + (f"  ‖∂‖ {use.norm}" if norm else "")
        + (f"  {told(picture.beside, picture.lang)} {use.full}" if use.full is not None else "")
        for use in picture.uses
    ]
    return [caption(picture)[0], *lines] if lines else []
