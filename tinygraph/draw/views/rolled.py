"""The rolled view: what repeats drawn once on a stack of cards, with red arrows from one time step to the next."""

from __future__ import annotations

from typing import Any

from ...core.node import Node
from ..colours import FORWARD, GREY, RED
from ..labels import clean, number, shape
from ..layout.cards import Card, Stage, stage
from ..layout.loops import StageRoutes
from ..layout.place import HEIGHT
from ..norms.group_heat import group_heat
from ..norms.untruncated import tell
from ..options import Options, roots_of
from ..picture import Arrow, Band, Box, Note, Picture, Point
from ..shown.cells import cells
from ..shown.folding import Folded, fold
from ..shown.naming import name_cells
from ..shown.repetition import Edge, Repetition, find_repetition
from ..shown.representatives import stand_ins
from ..shown.roles import roles
from ..shown.truncation import cut_as_asked
from .unrolled import box_width, fill_of, table_of, token_texts, unrolled
from .wording import Words, words


def rolled(given: Any, options: Options) -> Picture:
    """The rolled picture, or where nothing repeats the unrolled one, which then says so.

    The cell is found from the graph alone: `repetition` groups the boxes of all steps that have the
    same op, settings, parameters and sources; `cells` builds a card around each state that runs round.
    """
    roots, options = cut_as_asked(roots_of(given), options)
    folded = fold(roots)
    found = find_repetition(folded)
    if found is None:
        timeless = {x.step for x in folded.nodes} <= {None}
        why = "no time steps are marked" if timeless else "no part of it repeats over time"
        return _not_rolled(unrolled(roots, options), why)
    role = _group_roles(folded, found, roots)
    stands, drawn = stand_ins(folded, found)
    warmth = group_heat(folded, found, stands, roots, options)
    texts = [_any_step(words(x, drawn, role[g], warmth), found, g) for g, x in enumerate(stands)]
    here = stage(found, cells(folded, found), {g: box_width(t) for g, t in enumerate(texts)})
    if here.tangled:
        return _not_rolled(unrolled(roots, options), "its cells feed each other both ways")
    name_cells(found, [c.cell for c in here.cards])
    picture = Picture(title=options.heading)
    for g, text in enumerate(texts):
        fill = "#ffffff" if warmth is None else fill_of(stands[g], warmth, set(roots))
        norm = None if warmth is None else warmth.norms[stands[g]]
        place = here.x[g], here.y[g], here.width[g], HEIGHT
        picture.boxes.append(Box(*place, role[g], fill, text.title, text.below, _tip(found, g, norm), norm=norm))
    picture.bands += [
        Band(c.left, c.right, c.foot, c.top, c.cell.name, times=max(len(found.times(g)) for g in c.cell.groups))
        for c in here.cards
    ]
    _draw_arrows(picture, found, here)
    picture.uses = table_of(folded, warmth)
    picture.scale = None if warmth is None else (warmth.low, warmth.high)
    picture.subtitle = _told(found, here.cards, options)
    tell(picture, folded, roots, options)
    return picture


def _not_rolled(picture: Picture, why: str) -> Picture:
    picture.subtitle = f"unrolled, for {why}"
    return picture


def _any_step(text: Words, found: Repetition, g: int) -> Words:
    """The words for any step: the number that a loss came to stands below, of a loss of each step none."""
    values = [part.text for part in text.title if part.kind == "value" and len(found.groups[g]) == 1]
    text.title = [part for part in text.title if part.kind != "value"]
    count = [f"{len(found.groups[g])} of them"] if g in found.data else []
    text.below = " · ".join(x for x in [*values, text.below, *count] if x)
    return text


def _told(found: Repetition, cards: list[Card], options: Options) -> str:
    """What the picture shows, in one line under its title."""
    spans = [_span(found, c.cell.groups) for c in cards]
    if len(set(spans)) == 1:
        text = f"one cell, run for {spans[0]}" if len(cards) == 1 else f"{len(cards)} cells, each run for {spans[0]}"
    else:
        text = "; ".join(f"{c.cell.name} for {span}" for c, span in zip(cards, spans, strict=True))
    back = any(c.returning for c in cards)
    text += "; red arrows cross one time step" if back else ""
    tokens = clean(" ".join(token_texts(found.steps, options.tokens).values()), 60).strip()
    return text + (f"; {tokens}" if tokens else "") + ("; ‖∂‖ over all steps together" if options.has_gradients else "")


def _span(found: Repetition, groups: list[int]) -> str:
    times = max((found.times(g) for g in groups), key=len)
    return f"t = {times[0]} … {times[-1]}"


def _group_roles(folded: Folded, found: Repetition, roots: list[Node]) -> list[str]:
    """Roles of the boxes; what stands in for the state at one step is state."""
    known = roles(folded, roots)
    role = ["state" if any(known[x] == "state" for x in g) else known[g[-1]] for g in found.groups]
    for edge in found.edges:
        if edge.only is not None and edge.target in found.cells and found.groups[edge.source][0].op is None:
            role[edge.source] = "state"
    return role


def _tip(found: Repetition, g: int, norm: float | None) -> list[str]:
    members = found.groups[g]
    node = members[-1]
    kind = node.kind if node.op is None else node.op.name
    lines = [kind + (f" in {node.scope}" if node.scope else ""), f"{shape(node.shape)} {node.dtype}"]
    if g in found.cells:
        lines.append(f"{len(members)} times, {_span(found, [g])}")
    if norm is not None:
        lines.append(f"gradient norm {number(norm, 4)} over all steps together")
    return lines


def _draw_arrows(picture: Picture, found: Repetition, here: Stage) -> None:
    edges = [e for e in found.edges if here.joined.get(e, 0) is not None]
    ways = StageRoutes(here, edges)
    told: dict[int, list[Edge]] = {}
    noted: set[tuple[int, int | None]] = set()
    for edge in edges:
        state = here.joined.get(edge)
        points = ways.way(edge) if state is None else ways.joining(edge, state)
        if ways.returns(edge):
            tip = f"cut {edge.cuts} times: no gradient passes there" if edge.cuts else ""
            picture.arrows.append(Arrow(edge.source, edge.target, points, RED, 2.6, edge.only is not None, tip=tip))
            told.setdefault(edge.source, []).append(edge)
        else:
            dashed = edge.only is not None
            picture.arrows.append(Arrow(edge.source, edge.target, points, FORWARD, 1.3, dashed=dashed))
            if dashed and (edge.source, edge.only) not in noted:
                noted.add((edge.source, edge.only))
                picture.notes.append(_when(found, here, edge, points))
    taken: list[Note] = []
    for edges in told.values():
        taken += _returning(here, ways, edges, taken)
    picture.notes += taken


def _when(found: Repetition, here: Stage, edge: Edge, points: list[Point]) -> Note:
    """The step at which an arrow is used; between cells also the one that it comes from."""
    if edge in here.aside:
        assert edge.only is not None
        x, y = points[-4] if len(points) > 6 else points[0]
        start = found.steps[found.steps.index(edge.only) - edge.lag] if edge.source in found.cells else None
        text = f"t = {edge.only} only" if start is None else f"t = {start} → t = {edge.only}"
        if edge in here.joined:
            (x, low), (_, high) = points[9], points[12]
            return Note(x - 52, (low + high) / 2, text, GREY)
        return Note(x - 40, y - 14, text, GREY)
    x, y = points[0]
    side = 1 if x > here.x[edge.source] + 1 else -1
    return Note(x + side * 36, y + 16, f"t = {edge.only} only", GREY)


def _returning(here: Stage, ways: StageRoutes, edges: list[Edge], taken: list[Note]) -> list[Note]:
    """Beside the lane of one state what it stands for, off the notes that are there already."""
    edge = edges[0]
    card = here.cards[here.card_of[edge.source]]
    side = card.returning[edge.source]
    y = (here.y[edge.source] + ways.arrival(edge.target, side)) / 2
    x = card.lanes[[g for g, s in card.returning.items() if s == side][-1]] + side * 36
    if edge.source == edge.target:
        x = here.x[edge.source] + side * (here.width[edge.source] / 2 + 66)
    while any(abs(x - note.x) < 60 and abs(y - note.y) < 20 for note in taken):
        y -= 34
    lags = dict.fromkeys(f"t{'−' if e.lag > 0 else '+'}{abs(e.lag)}" for e in sorted(edges, key=lambda e: abs(e.lag)))
    notes = [Note(x, y, f"{', '.join(lags)} → t", RED, size=13)]
    if edge.cuts:
        notes.append(Note(x, y - 16, f"cut {edge.cuts}×", RED))
    return notes
