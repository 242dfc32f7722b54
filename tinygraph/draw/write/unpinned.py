"""Writes a picture as DOT without positions: Graphviz's `dot` places data at the foot, loss on top."""

from __future__ import annotations

from dataclasses import replace

from ...core.errors import GraphError, shown
from ..colours import FORWARD, GREY
from ..labels import html
from ..picture import Arrow, Picture
from .dot import arrow_settings, box_settings, opening
from .margin import legend, legend_size, table, table_size

MOST = 400
"""Most boxes for dot with layout "auto": 800 in residual blocks took 1.2 s, 1,100 with hubs over 20 s."""

WIDEST = 480.0
"""Largest width of a box in points: a bar need not span columns here."""


def layout_of(picture: Picture, requested: str, view: str) -> str:
    """Returns ``"time"`` (our own positions) or ``"dot"``: as requested, else dot for pictures without columns.

    Raises:
        GraphError: dot is requested for a picture whose positions carry information that arrows do not show.
    """
    boxes_only = not picture.tiles and not any(b.times or b.headed for b in picture.bands)
    fit = boxes_only and all(box.role != "gradient" for box in picture.boxes)
    if requested == "dot" and not fit:
        raise GraphError(
            f"draw: the view {shown(view)} shows facts by places that layout='dot' would lose",
            expected='layout="time" or "auto"',
            got='layout="dot"',
            fix='layout="dot" works for the views unrolled and both with params="chip" or "ghost"',
        )
    small = len(picture.boxes) <= MOST
    return "dot" if requested == "dot" or (requested == "auto" and fit and small and not picture.bands) else "time"


def unpinned_lines(picture: Picture) -> list[str]:
    """Returns the body of the digraph, without ``rank=same``, which fails beside a cluster in Graphviz 14 and 16."""
    return [
        opening("rankdir=BT, nodesep=0.35, ranksep=0.5, labelloc=t, labeljust=l" + _label(_head(picture))),
        "\tsubgraph cluster_all {\n",
        # This is at the foot: with rankdir=BT Graphviz 2.43 and 16.1 invert a cluster's labelloc, not the root's.
        f"\tgraph [color=white, margin=10, labelloc=t, labeljust=l{_label(_foot(picture))}]\n",
        *(
            f"\tn{i} [{box_settings(replace(box, width=min(box.width, WIDEST)))}]\n"
            for i, box in enumerate(picture.boxes)
        ),
        *map(_arrow, picture.arrows),
        "\t}\n",
    ]


def _arrow(arrow: Arrow) -> str:
    """Returns an arrow; backward arrows do not constrain the ranks, otherwise the loss would be below the data."""
    back = arrow.tail > arrow.head
    settings = [*arrow_settings(arrow), *["constraint=false"] * back, *["weight=2"] * (arrow.colour == FORWARD)]
    return f"\tn{arrow.tail} -> n{arrow.head} [{', '.join(settings)}]\n"


def _label(text: str) -> str:
    return f", label=<{text}>" if text else ', label=""'


def _head(picture: Picture) -> str:
    """Returns the title and the subtitle."""
    rows = []
    if picture.title:
        rows.append(f'<font point-size="21"><b>{html(picture.title)}</b></font>')
    if picture.subtitle:
        rows.append(f'<font point-size="11" color="{GREY}">{html(picture.subtitle)}</font>')
    cells = "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows)
    return f'<table border="0" cellborder="0" cellspacing="0">{cells}</table>' if rows else ""


def _foot(picture: Picture) -> str:
    """Returns the table of parameters and the legend side by side; as separate boxes they would push the rows apart."""
    rows = [(table(picture), table_size(picture)[1])] if picture.uses else []
    tall = [x for x in (*rows, (legend(picture), legend_size(picture)[1])) if x[0]]
    high = max((height for _, height in tall), default=0.0)
    cells = "".join(f"<td>{_filled(part, high - height)}</td>" for part, height in tall)
    return f'<table border="0" cellborder="0" cellspacing="8"><tr>{cells}</tr></table>' if cells else ""


def _filled(part: str, room: float) -> str:
    """Pad a table at its foot, otherwise Graphviz would stretch its rows to the height of the table beside it."""
    empty = f'<tr><td height="{room:.0f}"></td></tr>' if room >= 1 else ""
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr><td>{part}</td></tr>{empty}</table>'
