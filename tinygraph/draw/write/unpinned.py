"""A picture written as DOT without places: Graphviz's own `dot` finds them, data at the foot and the loss on top."""

from __future__ import annotations

from dataclasses import replace

from ...core.errors import GraphError
from ..colours import FORWARD, GREY
from ..labels import html
from ..picture import Arrow, Picture
from .dot import arrow_settings, box_settings, opening
from .margin import legend, legend_size, table, table_size

MOST = 400
"""Boxes that dot is given unasked: 800 in residual blocks took 1.2 s, 1,100 with hubs over 20 s."""

WIDEST = 480.0
"""Points of a box: bars as wide as all of time have no columns to span here."""


def layout_of(picture: Picture, wished: str, view: str) -> str:
    """``"time"``, our own places, or ``"dot"``: what was wished, else dot for pictures without columns.

    Raises:
        GraphError: dot is wished for a picture whose places mean more than its arrows tell.
    """
    boxes_only = not picture.tiles and not any(b.times or b.headed for b in picture.bands)
    fit = boxes_only and all(box.role != "gradient" for box in picture.boxes)
    if wished == "dot" and not fit:
        raise GraphError(
            f"draw: this picture of the view {view!r} has places that layout='dot' would lose",
            expected='layout="time" or "auto"',
            got='layout="dot"',
            fix='with params="chip" or "ghost" dot can place the views unrolled and both',
        )
    small = len(picture.boxes) <= MOST
    return "dot" if wished == "dot" or (wished == "auto" and fit and small and not picture.bands) else "time"


def unpinned_lines(picture: Picture) -> list[str]:
    """The body of the digraph; no ``rank=same``, which beside a cluster stops Graphviz 14 and 16."""
    return [
        opening("rankdir=BT, nodesep=0.35, ranksep=0.5, labelloc=t, labeljust=l" + _label(_head(picture))),
        "\tsubgraph cluster_all {\n",
        # Stands at the foot: in rankdir=BT Graphviz 2.43 and 16.1 turn round a cluster's labelloc, not the root's.
        f"\tgraph [color=white, margin=10, labelloc=t, labeljust=l{_label(_foot(picture))}]\n",
        *(
            f"\tn{i} [{box_settings(replace(box, width=min(box.width, WIDEST)))}]\n"
            for i, box in enumerate(picture.boxes)
        ),
        *map(_arrow, picture.arrows),
        "\t}\n",
    ]


def _arrow(arrow: Arrow) -> str:
    """What comes back has no say in the ranks, or the loss would sink to the data."""
    back = arrow.tail > arrow.head
    settings = [*arrow_settings(arrow), *["constraint=false"] * back, *["weight=2"] * (arrow.colour == FORWARD)]
    return f"\tn{arrow.tail} -> n{arrow.head} [{', '.join(settings)}]\n"


def _label(text: str) -> str:
    return f", label=<{text}>" if text else ', label=""'


def _head(picture: Picture) -> str:
    """Title and the small line under it."""
    rows = []
    if picture.title:
        rows.append(f'<font point-size="21"><b>{html(picture.title)}</b></font>')
    if picture.subtitle:
        rows.append(f'<font point-size="11" color="{GREY}">{html(picture.subtitle)}</font>')
    cells = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
    return f'<table border="0" cellborder="0" cellspacing="0">{cells}</table>' if rows else ""


def _foot(picture: Picture) -> str:
    """The parameters' table and the legend, side by side: as boxes they would push the rows apart."""
    rows = [(table(picture), table_size(picture)[1])] if picture.uses else []
    tall = [x for x in (*rows, (legend(picture), legend_size(picture)[1])) if x[0]]
    high = max((height for _, height in tall), default=0.0)
    cells = "".join(f"<td>{_filled(part, high - height)}</td>" for part, height in tall)
    return f'<table border="0" cellborder="0" cellspacing="8"><tr>{cells}</tr></table>' if cells else ""


def _filled(part: str, room: float) -> str:
    """A table with room under it, or Graphviz would stretch its rows to the height of the table beside it."""
    empty = f'<tr><td height="{room:.0f}"></td></tr>' if room >= 1 else ""
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr><td>{part}</td></tr>{empty}</table>'
