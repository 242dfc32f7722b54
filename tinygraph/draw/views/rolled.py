"""The rolled view: each repeating cell once, on a stack of cards, with green arrows between steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...core.node import Node
from ..colours import FORWARD, GREY, RED, STATE
from ..labels import clean, number, shape, shapes, width
from ..layout.cards import Card, Stage, place_cards
from ..layout.loops import StageRoutes
from ..layout.spots import HEIGHT
from ..norms.over_time import group_heat
from ..options import Options, roots_of
from ..picture import Arrow, Band, Box, Note, Picture, Point
from ..shown.cells import cells
from ..shown.folding import Folded, Link, fold
from ..shown.levels import SAYS
from ..shown.naming import heading, name_cells
from ..shown.repetition import Edge, Repetition, find_repetition
from ..shown.representatives import stand_ins
from ..shown.roles import roles
from ..shown.truncation import cut_as_asked
from .heads import by_column
from .tags import Taken, along, tag
from .unrolled import add_tables, box_width, fill_of, unrolled
from .unrolled import candidates as unrolled_candidates
from .wording import Words, words


def rolled(target: Any, options: Options) -> Picture:
    """Returns the rolled picture, or the unrolled one with a note if nothing repeats."""
    roots, options = cut_as_asked(roots_of(target), options)
    folded = fold(roots, alike=True)
    repetition = find_repetition(folded)
    if repetition is None:
        timeless = {x.step for x in folded.nodes} <= {None}
        why = "no time steps are marked" if timeless else "no part of it repeats over time"
        return _not_rolled(unrolled(roots, options), why)
    role = _group_roles(folded, repetition, roots)
    representatives, drawn = stand_ins(folded, repetition)
    heat_map = group_heat(folded, repetition, representatives, roots, options)
    texts = [_any_step(words(x, drawn, role[g], heat_map), repetition, g, x) for g, x in enumerate(representatives)]
    stage = place_cards(repetition, cells(folded, repetition), {g: box_width(t) for g, t in enumerate(texts)})
    if stage.tangled:
        return _not_rolled(unrolled(roots, options), "its cells feed each other both ways")
    name_cells(repetition, [c.cell for c in stage.cards], folded.phases)
    picture = Picture(title=heading(folded, options, "rolled"))
    for g, text in enumerate(texts):
        fill = "#ffffff" if heat_map is None else fill_of(representatives[g], heat_map, set(roots))
        norm = None if heat_map is None else heat_map.norms[representatives[g]]
        place = stage.x[g], stage.y[g], stage.width[g], HEIGHT
        picture.boxes.append(Box(*place, role[g], fill, text.title, text.below, _tip(repetition, g, norm), norm=norm))
    picture.bands += [
        Band(c.left, c.right, c.foot, c.top, c.cell.name, times=max(len(repetition.times(g)) for g in c.cell.groups))
        for c in stage.cards
    ]
    _draw_arrows(picture, repetition, stage)
    ways = {(representatives[x.tail], representatives[x.head]): x.points for x in picture.arrows}
    links = [(x, (x.source, y)) for y in representatives for x in drawn.operands[y] if isinstance(x, Link)]
    tag(((x, ways[ends]) for x, ends in links if ends in ways), Taken(picture))
    if any(card.returning for card in stage.cards):
        picture.keys.append((STATE, "arrow of a state, to another step"))
    picture.subtitle = _subtitle(folded, repetition, stage.cards, options)
    add_tables(picture, folded, folded, roots, options, heat_map)
    return picture


def candidates(target: Any, options: Options) -> Iterator[Picture]:
    """Yields the pictures for an area: the ops of each cell, then a box each cell, then one for all cells."""
    picture = rolled(target, options)
    if picture.subtitle.startswith("unrolled, for "):
        for one in unrolled_candidates(target, options):
            one.subtitle = "; ".join(x for x in (picture.subtitle.partition(";")[0], one.subtitle) if x)
            yield one
        return
    yield picture
    for level in ("layer", "whole") if options.level == "auto" else ():
        for one in unrolled_candidates(target, replace(options, level=level)):
            says = "" if SAYS[level] in one.subtitle else SAYS[level]
            one.title, one.subtitle = picture.title, "; ".join(x for x in (says, one.subtitle) if x)
            yield one


def _not_rolled(picture: Picture, why: str) -> Picture:
    more = "" if why in picture.subtitle else picture.subtitle
    picture.subtitle = "; ".join(x for x in (f"unrolled, for {why}", more) if x)
    return picture


def _any_step(text: Words, repetition: Repetition, g: int, shown: Node) -> Words:
    """Adapt the text of a box to any step: the value of a loss moves to the second line; a loss per step shows none."""
    values = [part.text for part in text.title if part.kind == "value" and len(repetition.groups[g]) == 1]
    text.title = [part for part in text.title if part.kind != "value"]
    count = [f"{len(repetition.groups[g])} of them"] if g in repetition.data else []
    below = text.below.replace(shape(shown.shape), shapes(repetition.groups[g]), 1)
    text.below = " · ".join(x for x in [*values, below, *count] if x)
    return text


def _subtitle(folded: Folded, repetition: Repetition, cards: list[Card], options: Options) -> str:
    """Returns the line under the title: which cells are run for which steps."""
    spans = [_span(repetition, c.cell.groups) for c in cards]
    if len(set(spans)) == 1:
        text = f"one cell, run for {spans[0]}" if len(cards) == 1 else f"{len(cards)} cells, each run for {spans[0]}"
    else:
        text = "; ".join(f"{c.cell.name} for {span}" for c, span in zip(cards, spans, strict=True))
    has_returns = any(c.returning for c in cards)
    text += "; green arrows cross time" if has_returns else ""
    tokens = clean(" ".join(by_column(folded, options.tokens).values()), 60).strip()
    anew = sorted({t for (_, t), said in folded.padding.items() if "start anew" in said})
    text += f"; rows start anew at t = {clean(', '.join(map(str, anew)), 30)}" * bool(anew)
    return text + (f"; {tokens}" if tokens else "") + ("; ‖∂‖ over all steps together" if options.has_gradients else "")


def _span(repetition: Repetition, groups: list[int]) -> str:
    times = max((repetition.times(g) for g in groups), key=len)
    return f"t = {times[0]} … {times[-1]}"


def _group_roles(folded: Folded, repetition: Repetition, roots: list[Node]) -> list[str]:
    """Returns the role of each group; a leaf that replaces a state at one step is a state."""
    known = roles(folded, roots)
    role = ["state" if any(known[x] == "state" for x in g) else known[g[-1]] for g in repetition.groups]
    for edge in repetition.edges:
        if edge.only is not None and edge.target in repetition.cells and repetition.groups[edge.source][0].op is None:
            role[edge.source] = "state"
    return role


def _tip(repetition: Repetition, g: int, norm: float | None) -> list[str]:
    members = repetition.groups[g]
    node = members[-1]
    kind = node.kind if node.op is None else node.op.name
    lines = [kind + (f" in {node.scope}" if node.scope else ""), f"{shapes(members)} {node.dtype}"]
    if g in repetition.cells and len(members) > 1:
        lines.append(f"{len(members)} times, {_span(repetition, [g])}")
    if norm is not None:
        lines.append(f"gradient norm {number(norm, 4)} over all steps together")
    return lines


def _draw_arrows(picture: Picture, repetition: Repetition, stage: Stage) -> None:
    edges = [e for e in repetition.edges if stage.joined.get(e, 0) is not None]
    routes = StageRoutes(stage, edges)
    returning: dict[int, list[Edge]] = {}
    noted: set[tuple[int, int | None]] = set()
    notes: list[tuple[Note, list[Point]]] = []
    for edge in edges:
        points = routes.way(edge)
        if routes.returns(edge):
            tip = _lag(edge) + (f"; cut {edge.cuts} times: no gradient passes there" if edge.cuts else "")
            picture.arrows.append(Arrow(edge.source, edge.target, points, STATE, 2.6, edge.only is not None, tip=tip))
            returning.setdefault(edge.source, []).append(edge)
        else:
            dashed = edge.only is not None
            picture.arrows.append(Arrow(edge.source, edge.target, points, FORWARD, 1.3, dashed=dashed))
            if dashed and (edge.source, edge.only) not in noted:
                noted.add((edge.source, edge.only))
                notes.append((_step_note(repetition, stage, edge, points), points))
    taken = Taken(picture)
    for note, way in notes:  # beside its own arrow where it would meet another note or arrow
        half = width(note.text, note.size, True) / 2 + 5
        spots = [(x + side * half, y + up) for x, y in along(way) for side in (1, -1) for up in (-8, 8)]
        picture.notes.append(taken.placed(note, spots))
    for edges in returning.values():
        picture.notes += _return_notes(stage, routes, edges, taken)


def _lag(edge: Edge) -> str:
    return f"t{'−' if edge.lag > 0 else '+'}{abs(edge.lag)} → t"


def _step_note(repetition: Repetition, stage: Stage, edge: Edge, points: list[Point]) -> Note:
    """Returns a note with the step at which an arrow is used; between cells also the step where it starts."""
    if edge in stage.aside:
        (x, y), text = points[-4] if len(points) > 6 else points[0], f"t = {edge.only} only"
        if edge.source in repetition.cells and edge.only is not None:
            text = f"t = {repetition.steps[repetition.steps.index(edge.only) - edge.lag]} → t = {edge.only}"
        if edge in stage.joined:
            (x, low), (_, high) = points[9], points[12]
            return Note(x - 52, (low + high) / 2, text, GREY)
        return Note(x - 40, y - 14, text, GREY)
    x, y = points[0]
    side = 1 if x > stage.x[edge.source] + 1 else -1
    return Note(x + side * 36, y + 16, f"t = {edge.only} only", GREY)


def _return_notes(stage: Stage, routes: StageRoutes, edges: list[Edge], taken: Taken) -> list[Note]:
    """Returns notes such as ``t−1 → t`` beside the lane of one state, or the loop of a box, where nothing else is."""
    edge = edges[0]
    card = stage.card(edge.source)
    side = card.returning[edge.source]
    y = (stage.y[edge.source] + routes.arrival(edge.target, side)) / 2
    x = card.lanes[[g for g, s in card.returning.items() if s == side][-1]] + side * 36
    away = [(0, up) for up in sorted(range(-80, 81, 4), key=abs)]
    if edge.source == edge.target:
        x, y = stage.x[edge.source] + side * (stage.width[edge.source] / 2 + 66), stage.y[edge.source]
        away = [(-side * aside, up) for aside in range(0, 120, 8) for up in (28, -28)]
    lags = dict.fromkeys(_lag(e) for e in sorted(edges, key=lambda e: abs(e.lag)))
    # One over the other, as a line of several would reach into the lane.
    notes = [Note(x, y + 17 * k, words, STATE, size=13) for k, words in enumerate(reversed(lags))]
    if edge.cuts:
        notes.append(Note(x, y - 16, f"cut {edge.cuts}×", RED))
    return [taken.placed(note, [(note.x + aside, note.y + up) for aside, up in away]) for note in notes]
