"""Writes a picture as DOT: all positions and curves are given, user texts are in labels only."""

from __future__ import annotations

from functools import lru_cache
from xml.etree import ElementTree

from ..colours import DEAD, FORWARD, GOLD, GREY, INK
from ..labels import html, tooltip, width
from ..norms.heat import ODD
from ..picture import SMALL, Arrow, Band, Box, Cut, Opening, Part, Picture, Point, Rim, Tile, lengths
from ..shown.roles import BORDERS
from ..words import told
from .beside import edges, margin
from .look import LINES, Paint, ink, legible
from .reading import Lettering, Painted, marks

TIP = 7.0
"""Length of an arrow's head in points, at its size of 0.7."""


def lines(picture: Picture) -> list[str]:
    """Returns the body of the digraph; boxes are nodes n0, n1, ... in order of computation."""
    out = [_OPENING, *_size(picture)]
    out += [_band(i, band) for i, band in enumerate(picture.bands)]
    out += [f"\tn{i} [{_at(box.x, box.y)}, {box_settings(box)}]\n" for i, box in enumerate(picture.boxes)]
    out += [_tile(i, tile) for i, tile in enumerate(picture.tiles)]
    out += [_opening(i, opening) for i, opening in enumerate(picture.openings)]
    out += [_rim(i, rim) for i, rim in enumerate(picture.rims)]
    for i, note in enumerate(picture.notes):
        out.append(_word(f"note{i}", note.x, note.y, note.text, note.size, legible(note.colour)))
    for i, cut in enumerate(picture.cuts):
        out += _cut(i, cut, picture.lang)
    out += _margin(picture)
    out += [_arrow(arrow) for arrow in picture.arrows]
    return out


_OPENING = (
    '\tgraph [layout=nop2, bgcolor=white, pad=0.3, fontname="Helvetica", outputorder=nodesfirst, splines=line]\n'
    '\tnode [fontname="Helvetica", fontsize=13, shape=box, style="rounded,filled", fixedsize=true, height=0.556, '
    f'color="{BORDERS["op"]}", fillcolor="#ffffff", fontcolor="{INK}"]\n'
    f'\tedge [color="{FORWARD}", arrowsize=0.6, penwidth=1.1]\n'
)
"""Default attributes; with layout=nop2 each program of Graphviz keeps the places and curves that are written here."""
RING = 8.0
"""What Graphviz adds to the size of a box for its second line."""


def _size(picture: Picture) -> list[str]:
    """Returns the size in inches of a picture that was fitted to an area."""
    if picture.scaled == 1:
        return []
    outer = margin(picture, edges(picture), Paint())[1]
    wide, high = (picture.scaled * (x + 32) / 72 for x in (outer.right - outer.left, outer.top - outer.foot))
    return [f'\tgraph [size="{wide:.3f},{high:.3f}!"]\n']


def _at(x: float, y: float) -> str:
    return f'pos="{x:.1f},{y:.1f}!"'


def box_settings(box: Box) -> str:
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
    for part in title:
        if part.kind != "chip" and runs and runs[-1].kind != "chip":
            runs[-1] = Part(f"{runs[-1].text} {_spaced(part)}")
        else:
            runs.append(part if part.kind == "chip" else Part(_spaced(part)))
    return runs


def _spaced(part: Part) -> str:
    """Separate a value from the name before it by a no-break space, which SVG keeps."""
    return f"\xa0{part.text}" if part.kind == "value" else part.text


def _text(part: Part) -> str:
    bold = f"<b>{html(part.text)}</b>"
    return f'<font color="#5a4300">{bold}</font>' if part.kind == "chip" else bold


def _ground_of(name: str, band: Band, shift: float, colours: str) -> str:
    return (
        f"\t{name} [{_at((band.left + band.right) / 2 + shift, (band.foot + band.top) / 2 + shift)}, "
        f"width={(band.right - band.left) / 72:.3f}, height={(band.top - band.foot) / 72:.3f}, "
        f'{colours}, label="", tooltip="{tooltip([band.title])}"]\n'
    )


def _stack(i: int, band: Band) -> str:
    """Returns the cards behind a card, and its title with the number of runs."""
    behind = [
        _ground_of(f"card{i}_{k}", band, 8.0 * k, 'color="#d3dae3", fillcolor="#ffffff"')
        for k in range(min(band.times - 1, 3), 0, -1)
    ]
    front = _ground_of(f"band{i}", band, 0.0, 'color="#b9c4d2", fillcolor="#f8fafc"')
    return "".join(behind) + front + _upper_left(i, band, f"{band.title} × {band.times}")


def _upper_left(i: int, band: Band, title: str) -> str:
    text = f'<font point-size="14"><b>{html(title)}</b></font>'
    return _aligned(f"head{i}", band.left + 14 + (room := width(band.title, 14) + 90) / 2, band.top - 25, room, text)


def _aligned(name: str, x: float, y: float, room: float, text: str, align: str = "left") -> str:
    """Returns a text that starts, or ends, at one side of its room in any font."""
    # The cell has the size: in a table of that size Graphviz would put the text at its top.
    cell = f'<td fixedsize="true" width="{room:.0f}" height="28" align="{align}">{text}</td>'
    return _plain(name, x, y, f'<table border="0" cellspacing="0" cellpadding="0"><tr>{cell}</tr></table>')


def _band(i: int, band: Band) -> str:
    if band.times:
        return _stack(i, band)
    ground = _ground_of(f"band{i}", band, 0.0, 'color="#e3e7ee", fillcolor="#f8fafc"')
    if band.headed:
        return ground + _upper_left(i, band, band.title)
    if not band.token:
        return ground + _word(f"head{i}", band.middle, band.foot + 24, band.title, 14, INK)
    title = f'<font point-size="14"><b>{html(band.title)}</b></font>'
    token = f'<font point-size="12" color="{GREY}">{html(band.token)}</font>'
    runs = (title, width(band.title, 14, True) + 14), (token, width(band.token, 12))
    box = 'fixedsize="true" height="20" align="left"'  # in viewers whose font differs from Graphviz's, too
    cells = "".join(f'<td {box} width="{room:.0f}">{text}</td>' for text, room in runs)
    text = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{cells}</tr></table>'
    return ground + _plain(f"head{i}", band.middle, band.foot + 24, text)


def _plain(name: str, x: float, y: float, label: str, look: str = "") -> str:
    return f"\t{name} [{_at(x, y)}, shape=plain, style=solid, fixedsize=false, height=0, {look}label=<{label}>]\n"


def _word(name: str, x: float, y: float, text: str, size: float, colour: str) -> str:
    """Returns a bold text centred at a point: Graphviz centres a text that contains no markup."""
    look = f'fontname="Helvetica-Bold", fontsize={size:g}, fontcolor="{colour}", '
    return _plain(name, x, y, html(text), look)


def _tile(i: int, tile: Tile) -> str:
    label = (
        f'<<font point-size="{SMALL:g}" color="{ink(tile.fill)}"><b>{html(tile.text)}</b></font>>'
        if tile.text
        else '""'
    )
    return (
        f"\ttile{i} [{_at(tile.x, tile.y)}, width={tile.width / 72:.3f}, height={tile.height / 72:.3f}, style=filled, "
        f'color="{tile.fill}", fillcolor="{tile.fill}", penwidth=0.5, label={label}, tooltip="{tooltip([tile.tip])}"]\n'
    )


def _opening(i: int, opening: Opening) -> str:
    """Returns an opening in a bar, as a table whose sides alone have lines."""
    line, role = LINES[opening.role].width, opening.role
    size = f'width="{opening.width:.0f}" height="{opening.height + 2:.0f}" fixedsize="true"'
    look = f'border="{line:.0f}" sides="LR" color="{BORDERS[role]}" bgcolor="#ffffff" cellborder="0" {size}'
    return _plain(f"opening{i}", opening.x, opening.y, f"<table {look}><tr><td></td></tr></table>")


def _rim(i: int, rim: Rim) -> str:
    line = LINES["differs" if rim.dashed else "only"]
    size = f"width={rim.width / 72:.3f}, height={rim.height / 72:.3f}, penwidth={line.width:g}"
    style = 'style="dashed"' if rim.dashed else 'style="solid", peripheries=2'
    return f'\trim{i} [{_at(rim.x, rim.y)}, {size}, {style}, color="{BORDERS["differs"]}", label=""]\n'


def _cut(i: int, cut: Cut, lang: str) -> list[str]:
    """Returns the dashed line between two invisible points, and its badge."""
    badge = (
        f'<table border="1" color="{DEAD}" bgcolor="white" style="rounded" cellborder="0" cellpadding="2">'
        f'<tr><td><font color="{DEAD}" point-size="{SMALL:g}"><b>{told("BPTT cut", lang)}</b></font></td></tr>'
        f'<tr><td><font color="{DEAD}" point-size="{SMALL:g}">{told("gradient stops here", lang)}</font></td></tr>'
        "</table>"
    )
    point = "shape=point, style=invis, width=0.01, height=0.01"
    path = [(cut.x, cut.foot + (cut.top - cut.foot) * k / 3) for k in range(4)]
    return [
        f"\tcut{i}a [{_at(cut.x, cut.foot)}, {point}]\n",
        f"\tcut{i}b [{_at(cut.x, cut.top)}, {point}]\n",
        f'\tcut{i}a -> cut{i}b [pos="{_path(path)}", style=dashed, color="{DEAD}", penwidth=1.8, arrowhead=none]\n',
        *([_plain(f"cut{i}", cut.x + cut.aside, cut.foot - 20, badge)] if cut.badge else []),
    ]


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


def _margin(picture: Picture) -> list[str]:
    """Returns title, table and legend, mark by mark as in the SVG."""
    root = ElementTree.fromstring(f"<svg>{''.join(margin(picture, edges(picture), Paint(picture.lang))[0])}</svg>")
    return [_mark(f"beside{k}", part) for k, part in enumerate(marks(root))]


def _mark(name: str, part: Painted | Lettering) -> str:
    style = part.style
    if isinstance(part, Lettering):
        words, points, bold = part.runs[0].text, float(style["font-size"]), "font-weight" in style
        text = (
            f'<font point-size="{points:g}" color="{style["fill"]}">{"<b>" * bold}{html(words)}{"</b>" * bold}</font>'
        )
        align, side = {"start": ("left", 1), "middle": ("center", 0), "end": ("right", -1)}[style["text-anchor"]]
        room = width(words, points, bold) + 8
        return _aligned(name, part.x + side * room / 2, 0.3 * points - part.y, room, text, align)
    xs, ys = zip(*(point for _, ends in part.segments for point in ends), strict=True)
    place = _at((min(xs) + max(xs)) / 2, -(min(ys) + max(ys)) / 2)
    size = f"width={(max(xs) - min(xs)) / 72:.3f}, height={(max(ys) - min(ys)) / 72:.3f}"
    fill = ODD if style["fill"].startswith("url") else style["fill"]
    looks = ["rounded"] * bool(part.round) + ["filled"] * (fill != "none") + ["dashed"] * ("stroke-dasharray" in style)
    line = f'color="{style.get("stroke", fill)}", penwidth={style.get("stroke-width", "1")}'
    return f'\t{name} [{place}, {size}, style="{",".join(looks)}", fillcolor="{fill}", {line}, label=""]\n'
