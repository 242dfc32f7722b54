"""Writes a picture as DOT: all positions and curves are given, user texts are in labels only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from xml.etree import ElementTree

from ..colours import FORWARD, GOLD, INK
from ..labels import html, tooltip, width
from ..norms.heat import ODD
from ..picture import SMALL, Arrow, Box, Part, Picture, Point, lengths
from ..shown.roles import BORDERS
from .beside import Extent, edges, margin
from .look import DEFAULTS, LINES, Paint, ink
from .reading import Lettering, Painted, marks
from .svg import PAD, parts_of

TIP = 7.0
"""Length of an arrow's head in points, at its size of 0.7."""


def lines(picture: Picture) -> list[str]:
    """Returns the body of the digraph; boxes are nodes n0, n1, ... in order of computation."""
    look, under, over = Paint(picture.lang), list[str](), list[str]()
    beside, outer = margin(picture, edges(picture), look)
    parts = list(parts_of(replace(picture, boxes=[], arrows=[]), look))
    groups = "".join(f"<g>{x}</g>" for x in (*(mark for *_, mark in parts), "".join(beside)))
    *drawn, aside = ElementTree.fromstring(f"<svg>{groups}</svg>")
    for (kind, i, _), group in zip(parts, drawn, strict=True):
        tip = picture.tiles[i].tip if kind == "tiles" else ""
        (under if kind == "bands" else over).extend(_marks(f"{kind[:-1]}{i}_", group, tip))
    boxes = [f"\tn{i} [{_at(box.x, box.y)}, {_box(box)}]\n" for i, box in enumerate(picture.boxes)]
    over += _marks("beside", aside)
    return [_OPENING, *_size(picture, outer), *under, *boxes, *over, *map(_arrow, picture.arrows)]


_OPENING = (
    '\tgraph [layout=nop2, bgcolor=white, pad=0.3, fontname="Helvetica", outputorder=nodesfirst, splines=line]\n'
    '\tnode [fontname="Helvetica", fontsize=13, shape=box, style="rounded,filled", fixedsize=true, height=0.556, '
    f'color="{BORDERS["op"]}", fillcolor="#ffffff", fontcolor="{INK}"]\n'
    f'\tedge [color="{FORWARD}", arrowsize=0.6, penwidth=1.1]\n'
)
"""Default attributes; with layout=nop2 each program of Graphviz keeps the places and curves that are written here."""
RING = 8.0
"""What Graphviz adds to the size of a box for its second line."""


def _size(picture: Picture, outer: Extent) -> list[str]:
    """Returns the size in inches of a picture that was fitted to an area."""
    if picture.scaled == 1:
        return []
    wide, high = (picture.scaled * (x + 2 * PAD) / 72 for x in (outer.right - outer.left, outer.top - outer.foot))
    return [f'\tgraph [size="{wide:.3f},{high:.3f}!"]\n']


def _at(x: float, y: float) -> str:
    return f'pos="{x:.1f},{y:.1f}!"'


def _box(box: Box) -> str:
    """Returns size, colours and texts of a box."""
    frame = _frame(box.width, box.height, box.role, box.fill, box.dashed, box.core)
    return f'{frame}, label=<{_label(box)}>, tooltip="{tooltip(box.tip)}"'


@lru_cache(maxsize=512)
def _frame(wide: float, high: float, role: str, fill: str, dashed: bool, core: float) -> str:
    """Returns size and colours of a box, which come again at each step."""
    line, ground = LINES[role], fill
    if core:
        aside = f"#ffffff;{(1 - core / wide) / 2:.4f}"
        ground = f"{aside}:{fill};{core / wide:.4f}:#ffffff"
    colours = [("color", BORDERS[role], BORDERS["op"]), ("fillcolor", ground, "#ffffff"), ("fontcolor", ink(fill), INK)]
    look = "".join(f', {name}="{value}"' for name, value, default in colours if value != default)
    look += "" if role in ("op", "dots") else f", penwidth={line.width:g}"
    look += ", peripheries=2" * line.double
    wide, high = wide - RING * line.double, high - RING * line.double
    size = "" if abs(high - 40) < 0.1 else f", height={high / 72:.3f}"
    style = "dashed" if dashed or line.dashes else ""
    size += f', style="{"striped" if core else "rounded,filled"},{style}"' if style or core else ""
    return f"width={wide / 72:.3f}{size}{look}"


def _label(box: Box) -> str:
    """Returns title over second line as a table, because its rows have the same distance in all Graphviz versions."""
    parts = _runs(box.title)
    if "chip" not in [part.kind for part in parts]:
        head = "".join(map(_text, parts))
    else:
        gold = f' bgcolor="{GOLD}"'
        cells = "".join([f"<td{gold if part.kind == 'chip' else ''}>{_text(part)}</td>" for part in parts])
        room = sum(map(sum, lengths(parts)))
        # A fixed size, otherwise the table would stretch to the width of the line below.
        fixed = f'border="0" cellspacing="2" cellpadding="1" fixedsize="true" width="{room:.0f}" height="22"'
        head = f"<table {fixed}><tr>{cells}</tr></table>"
    below = "<br/>".join(map(html, box.below.split("\n")))
    foot = f'<tr><td><font point-size="{SMALL:g}">{below}</font></td></tr>' if below else ""
    return f'<table border="0" cellspacing="0" cellpadding="0"><tr><td>{head}</td></tr>{foot}</table>'


def _runs(title: list[Part]) -> list[Part]:
    """Merge neighbouring title parts that are no chips into one run of text.

    Between two runs a gap would close in a viewer whose font differs from Graphviz's; and measuring runs takes a third
    of Graphviz's time.
    """
    runs: list[Part] = []
    for is_chip, parts in groupby(title, lambda part: part.kind == "chip"):
        own = list(parts)
        # A no-break space before a value: SVG keeps it.
        words = " ".join("\xa0" * (x.kind == "value") + x.text for x in own)
        runs += own if is_chip else [Part(words)]
    return runs


def _text(part: Part) -> str:
    bold = f"<b>{html(part.text)}</b>"
    return f'<font color="#5a4300">{bold}</font>' if part.kind == "chip" else bold


def _path(points: list[Point]) -> str:
    return " ".join(["%.1f,%.1f"] * len(points)) % tuple([v for point in points for v in point])


def _arrow(arrow: Arrow) -> str:
    path = _pointed(arrow.points) if arrow.pointed else _path(arrow.points)
    settings = [f'pos="{path}"', *arrow_settings(arrow)]
    return f"\tn{arrow.tail} -> n{arrow.head} [{', '.join(settings)}]\n"


def arrow_settings(arrow: Arrow) -> list[str]:
    """Returns colour, width and tooltip of an arrow."""
    more = [f'color="{arrow.colour}"', f"penwidth={arrow.width:.2f}"] if arrow.colour != FORWARD else []
    if arrow.dashed:
        more.append("style=dashed")
    if arrow.tip:
        more.append(f'tooltip="{arrow.tip}"')
    if not arrow.pointed:
        more.append("arrowhead=none")
    return more


def _pointed(points: list[Point]) -> str:
    """Returns the curve, which ends where the arrowhead starts; the tip of the head comes first."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    far = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1.0
    base = (x1 - TIP * (x1 - x0) / far, y1 - TIP * (y1 - y0) / far)
    return f"e,{x1:.1f},{y1:.1f} {_path([*points[:-1], base])}"


_DEFAULTS = ElementTree.fromstring(f"<svg {DEFAULTS}/>").attrib


def _marks(name: str, group: ElementTree.Element, tip: str = "") -> Iterator[str]:
    """Yields what is seen of a part of the SVG, mark by mark."""
    for k, part in enumerate(marks(group, _DEFAULTS)):
        if isinstance(part, Lettering):
            yield _words(f"{name}{k}", part)
        elif part.round is None:
            yield from _strokes(f"{name}{k}", part)
        else:
            yield _rectangle(f"{name}{k}", part, tip)


def _words(name: str, words: Lettering) -> str:
    """Returns a text that starts, ends, or has its middle at its place in any font."""
    cells, wide, gaps = "", 0.0, [*(run.gap for run in words.runs[1:]), 8.0]
    align, side = {"start": ("left", 1), "middle": ("center", 0), "end": ("right", -1)}[words.style["text-anchor"]]
    for run, gap in zip(words.runs, gaps, strict=True):
        text = f"<b>{html(run.text)}</b>" if run.bold else html(run.text)
        room, face = width(run.text, run.size, run.bold) + gap, f'point-size="{run.size:g}" color="{run.style["fill"]}"'
        # The cells have the size: in a table of that size Graphviz would put the text at its top.
        size = f'fixedsize="true" width="{room:.0f}" height="28" align="{align if len(gaps) == 1 else "left"}"'
        cells, wide = f"{cells}<td {size}><font {face}>{text}</font></td>", wide + room
    place = _at(words.x + side * wide / 2, 0.3 * words.runs[0].size - words.y)
    table = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{cells}</tr></table>'
    return f"\t{name} [{place}, shape=plain, style=solid, fixedsize=false, height=0, label=<{table}>]\n"


def _strokes(name: str, path: Painted) -> Iterator[str]:
    """Yields straight lines, each between two invisible points."""
    points = [(x, -y) for _, ends in path.segments for x, y in ends]
    look = f'color="{path.style["stroke"]}", penwidth={path.style["stroke-width"]}, arrowhead=none'
    look += ", style=dashed" * ("stroke-dasharray" in path.style)
    for k, (a, b) in enumerate(zip(points[::2], points[1::2], strict=True)):
        for end, (x, y) in (("a", a), ("b", b)):
            yield f"\t{name}{end}{k} [{_at(x, y)}, shape=point, style=invis, width=0.01, height=0.01]\n"
        yield f'\t{name}a{k} -> {name}b{k} [pos="{_path([a, a, b, b])}", {look}]\n'


def _rectangle(name: str, part: Painted, tip: str) -> str:
    style = part.style
    xs, ys = zip(*(point for _, ends in part.segments for point in ends), strict=True)
    place = _at((min(xs) + max(xs)) / 2, -(min(ys) + max(ys)) / 2)
    size = f"width={(max(xs) - min(xs)) / 72:.3f}, height={(max(ys) - min(ys)) / 72:.3f}"
    fill = ODD if style["fill"].startswith("url") else style["fill"]
    looks = ["rounded"] * bool(part.round) + ["filled"] * (fill != "none") + ["dashed"] * ("stroke-dasharray" in style)
    line = f'color="{style.get("stroke", fill)}", penwidth={style.get("stroke-width", "1")}'
    told = f', tooltip="{tooltip([tip])}"' if tip else ""
    return f'\t{name} [{place}, {size}, style="{",".join(looks)}", fillcolor="{fill}", {line}, label=""{told}]\n'
