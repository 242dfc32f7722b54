"""The backward view: the gradient beside each box, with its local rule."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...core.node import Node
from ..layout.clearance import clear_badges, clear_headings, make_openings
from ..layout.pairs import Paired, pair_width, paired_routes, split
from ..layout.place import place
from ..layout.spots import HEIGHT, PAIRS, TERSE_PAIRS
from ..norms.heat import add_flows, heat, slopes
from ..options import Options, one_loss, roots_of
from ..picture import Arrow, Box, Part, Picture
from ..shown.folding import fold
from ..shown.levels import Detail, Levels
from ..shown.naming import heading
from ..shown.params import exposed
from ..shown.regions import OVER, UNDER, regions
from ..shown.roles import roles
from ..shown.truncation import cut_as_asked
from .heads import draw_bands, draw_phases, head_widths, headings
from .mirror import gradients_of, mirror, twin_words
from .rails import channels, gradient_routes, reading, without_rails
from .strokes import cut_off, draw_arrows, draw_cuts, returning
from .unrolled import WIDE, add_tables, box_width
from .wording import Words, words

KEPT, ADDED = "#8f97a3", "#b7860b"
"""Colour of arrows from a value to the rule that reads it, and of arrows that sum to a parameter's gradient."""


def backward(target: Any, options: Options) -> Picture:
    """Returns the picture with all its parts in place: the most detail for which there is room.

    Raises:
        GraphError: ``target`` is not one loss of one element.
    """
    for picture in candidates(target, options):
        least, bands = picture, picture.bands
        wide = max((x.right for x in bands), default=0.0) - min((x.left for x in bands), default=0.0)
        if wide <= 2 * WIDE:  # boxes stand in pairs
            break
    return least


def candidates(target: Any, options: Options) -> Iterator[Picture]:
    """Yields the pictures for an area, from the most to the least detail."""
    fix = "draw the loss that you differentiate, for example tg.mean(losses)"
    call = 'tg.draw(loss, view="backward")'
    loss = one_loss(roots_of(target), "the backward view", expected=call, fix=fix, floats=True)
    roots, options = cut_as_asked([loss], replace(options, gradients=options.gradients or True))
    ops, gradients = fold(roots), gradients_of(roots[0])
    levels = Levels(ops, roots, options)
    for detail in levels.details():
        for hubbed in (True, False) if options.fit is not None else (True,):
            yield replace(_Backward(levels, detail, gradients, hubbed=hubbed).drawn(), level=detail.level)


class _Backward:
    """A picture under construction, with the graphs, regions and norms that it is built from."""

    def __init__(self, levels: Levels, detail: Detail, gradients: dict[Node, Node], *, hubbed: bool) -> None:
        self.ops, self.roots, self.options = levels.ops, levels.roots, levels.options
        self.gradients, self.terse = gradients, detail.terse
        self.role = roles(self.ops, self.roots)
        self.shown, notes = levels.arranged(self.role, detail)
        notes = notes.replace("without shapes and norms", "without shapes and rules")
        # One box per parameter, because its gradient is a sum over time.
        self.hubs = exposed(self.shown, self.ops) if hubbed else self.shown
        notes = notes if hubbed else "; ".join(x for x in (notes, "without gradients of parameters") if x)
        asked = self.options.gradients
        known = slopes(self.hubs, self.roots, gradients if asked is True else asked)
        self.heat_map = heat(self.hubs, self.roots, known).within(self.options.scale)
        add_flows(self.heat_map, self.hubs, known)
        self.mirror = mirror(self.hubs, self.heat_map, gradients, self.roots[0])
        self.where = regions(self.shown)
        # Parameters are under the columns, where their gradients are summed.
        self.where.place.update((x, UNDER) for x in self.hubs.nodes if x not in self.where.place)
        self.role |= dict.fromkeys(self.where.states | self.where.starts, "state")
        self.picture = Picture(title=heading(self.ops, self.options, "backward"), subtitle=notes)

    def drawn(self) -> Picture:
        """Returns the picture with all its parts in place."""
        picture, shown, texts = self.picture, self.shown, self._texts()
        for text in texts.values() if self.terse else ():
            text.below = ""
        titles = headings(self.ops, shown, self.options.tokens)
        self.paired = self._placed({x: box_width(text) for x, text in texts.items()}, head_widths(titles))
        self.number_of = {x: i for i, x in enumerate(texts)}
        placed = self.paired.placed
        picture.boxes = [self._box(node, text) for node, text in texts.items()]
        draw_bands(picture, placed, self.where, titles)
        forward_routes = paired_routes(shown, placed, self.paired.ports)
        draw_arrows(picture, shown, forward_routes, None, {x for x in shown.nodes if self.role[x] == "state"})
        draw_cuts(picture, placed, shown)
        self._gradients()
        self._reads()
        draw_phases(picture, shown, placed, self.where)
        colours = {x.colour for x in picture.arrows}
        legend = [(ADDED, "adds up to a parameter's ∂"), (KEPT, "dashed: a value that the rule reads")]
        picture.keys += [x for x in legend if x[0] in colours]
        clear_headings(picture)
        clear_badges(picture)
        make_openings(picture, {i for x, i in self.number_of.items() if placed.spots[x].column is None})
        add_tables(picture, self.ops, shown, self.roots, self.options, self.heat_map)
        return picture

    def _texts(self) -> dict[Node, Words]:
        """Maps every box to its text, forward boxes first."""
        texts = {x: words(x, self.shown, self.role[x], None, values=self.options.values) for x in self.shown.nodes}
        for x in self.shown.parts.keys() & texts.keys() if self.hubs is self.shown else ():
            texts[x].title = texts[x].title[:1]  # without its parameters
        drawn = {x for x in self.gradients if x.op is not None or x in self.mirror.twins}
        for node, twin in self.mirror.twins.items():
            forward = texts[node] if node in texts else Words([Part(self.hubs.names[node])], "", [node.label()])
            texts[twin] = twin_words(node, forward, self.mirror, self.heat_map, drawn)
            if self.terse and len(texts[twin].title) > 1 and self.where.place[node] not in (OVER, UNDER):
                texts[twin].title[0] = Part("∂")  # its box at its left has the name
            if self.shown.uses.get(node, 0) > 1:
                texts[twin].below += f" · sum of {self.shown.uses[node]}"
        return texts

    def _placed(self, sizes: dict[Node, float], heads: list[float]) -> Paired:
        twins = self.mirror.twins
        bar_twins = [twin for x, twin in twins.items() if self.where.place[x] == OVER]
        sizes |= dict.fromkeys(bar_twins, max((sizes[x] for x in bar_twins), default=0.0))
        twin_widths = {x: sizes[twin] for x, twin in twins.items()}
        grid = TERSE_PAIRS if self.terse else PAIRS
        widths = {x: pair_width(sizes.get(x, 0.0), twin_widths.get(x, 0.0), grid.seam) for x in self.hubs.nodes}
        self.channels = channels(place(self.hubs, self.where, widths, heads, grid), self.hubs)
        placed = place(without_rails(self.hubs, self.channels), self.where, widths, heads, grid)
        return split(placed, sizes, twins, self.where)

    def _box(self, node: Node, text: Words) -> Box:
        spot, origin = self.paired.placed.spots[node], node.origin
        is_gradient = origin is not None and self.mirror.twins.get(origin) is node
        norm = self.heat_map.norms.get(origin) if is_gradient and origin is not None else None
        dots = node in self.shown.dots or (origin is not None and origin in self.shown.dots)
        role_shown = "dots" if dots else "gradient" if is_gradient else self.role[node]
        fill = self.heat_map.colour(norm) if is_gradient and not dots else "#ffffff"
        return Box(spot.x, spot.y, spot.width, HEIGHT, role_shown, fill, text.title, text.below, text.tip, node, norm)

    def _gradients(self) -> None:
        """Draw the gradient's arrows in red, their width by norm, and the norm beside arrows through time."""
        for back, link, points in gradient_routes(self.mirror, self.where, self.paired, self.channels):
            a, b = self.number_of[back.source], self.number_of[back.user]
            flow = self.heat_map.flows.get(link)
            if {link.source, link.user} <= self.shown.dots:
                continue
            if link.cut:
                self.picture.arrows.append(cut_off(a, b, points))
            elif flow is not None:
                arrow = returning(a, b, points, flow, self.heat_map)
                if link.source in self.hubs.names and flow and math.isfinite(flow):
                    arrow.colour, arrow.width = ADDED, arrow.width / 2 + 0.4
                self.picture.arrows.append(arrow)

    def _reads(self) -> None:
        """Draw an arrow from a box to its gradient if the rule reads a value of the forward pass."""
        for node, twin in self.mirror.twins.items():
            if node in self.mirror.reads and node not in self.shown.dots:
                points = reading(self.paired.placed, node, twin)
                tip = "a value of the forward pass that the rule reads"
                arrow = Arrow(self.number_of[node], self.number_of[twin], points, KEPT, 0.9, dashed=True, tip=tip)
                self.picture.arrows.append(arrow)
