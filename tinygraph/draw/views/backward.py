"""The backward view: beside each box its gradient's, with the rule that sends it on; and the view of both in one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ...core.errors import GraphError
from ...core.node import Node
from ..colours import DEAD
from ..layout.clearance import clear_headings
from ..layout.pairs import Paired, pair_width, split
from ..layout.place import HEIGHT, Placed, place
from ..layout.routes import Route, routes, straight
from ..norms.heat import Heat, heat
from ..norms.untruncated import tell
from ..options import Options, roots_of
from ..picture import Arrow, Box, Part, Picture, Point
from ..shown.folding import Folded, fold
from ..shown.levels import arranged
from ..shown.params import exposed
from ..shown.regions import OVER, UNDER, Regions, regions
from ..shown.roles import roles
from ..shown.truncation import cut_as_asked
from .mirror import Mirror, gradients_of, mirror, twin_words
from .rails import channels, gradient_ways, without_rails
from .strokes import draw_arrows, draw_cuts, returning
from .unrolled import box_width, draw_bands, head_widths, headings, table_of, unrolled
from .wording import Words, words

KEPT, ADDED = "#8f97a3", "#b7860b"
"""Colours of the arrow to a rule from the value that it reads, and of those that add up to a parameter's gradient."""


def both(given: Any, options: Options) -> Picture:
    """The unrolled view with gradients: one arrow forward and one back."""
    return unrolled(given, options if options.has_gradients else replace(options, gradients=True))


def backward(given: Any, options: Options) -> Picture:
    """All parts of the picture, placed.

    Raises:
        GraphError: what is given is not one loss of one element.
    """
    roots, options = cut_as_asked(_loss(given), replace(options, gradients=options.gradients or True))
    ops = fold(roots)
    role = roles(ops, roots)
    shown, told = arranged(ops, role, roots, options)
    gradients = gradients_of(roots[0])
    # With a box for each parameter, for the gradients of one are added up over time.
    hubs = exposed(shown, ops, "hub")
    warmth = heat(hubs, roots, gradients if options.gradients is True else options.gradients)
    picture = Picture(title=options.heading, subtitle=told)
    _Drawn(picture, shown, hubs, warmth, mirror(hubs, warmth, gradients, roots[0])).draw(role, gradients, options)
    picture.uses = table_of(shown, warmth)
    picture.scale = warmth.low, warmth.high
    tell(picture, ops, roots, options)
    return picture


def _loss(given: Any) -> list[Node]:
    roots = roots_of(given)
    if len(roots) != 1 or roots[0].size != 1 or roots[0].dtype.kind != "f":
        raise GraphError(
            "draw: the backward view needs one loss of one element",
            expected='tg.draw(loss, view="backward")',
            got=", ".join(f"{x.label()} {x.shape} {x.dtype}" for x in roots),
            fix="draw the loss that you differentiate, such as tg.mean(losses)",
        )
    return roots


class _Drawn:
    """A picture under construction, and what it is made of."""

    def __init__(self, picture: Picture, shown: Folded, hubs: Folded, warmth: Heat, found: Mirror) -> None:
        self.picture, self.shown, self.hubs, self.warmth, self.found = picture, shown, hubs, warmth, found
        self.where = _places(shown, hubs)

    def draw(self, role: dict[Node, str], gradients: dict[Node, Node], options: Options) -> None:
        role |= dict.fromkeys(self.where.states, "state")
        texts = self._texts(role, gradients, options)
        sizes = {x: box_width(text) for x, text in texts.items()}
        heads = headings(self.shown, options.tokens)
        paired = self._placed(sizes, head_widths(heads))
        self.paired, self.number_of = paired, {x: i for i, x in enumerate(texts)}
        for node, text in texts.items():
            self.picture.boxes.append(self._box(node, text, role))
        draw_bands(self.picture, paired.placed, self.where, heads)
        ways = _routes(self.shown, paired)
        draw_arrows(self.picture, self.shown, ways, None, {x for x in self.shown.nodes if role[x] == "state"})
        draw_cuts(self.picture, paired.placed, ways)
        self._gradients()
        self._reads()
        colours = {x.colour for x in self.picture.arrows}
        told = [(ADDED, "adds up to a parameter's ∂"), (KEPT, "dashed: a value that the rule reads")]
        self.picture.keys += [x for x in told if x[0] in colours]
        clear_headings(self.picture)

    def _texts(self, role: dict[Node, str], gradients: dict[Node, Node], options: Options) -> dict[Node, Words]:
        """Of every box, the forward ones first, what it says."""
        texts = {x: words(x, self.shown, role[x], None, values=options.values) for x in self.shown.nodes}
        drawn = {x for x in gradients if x.op is not None or x in self.found.twins}
        for node, twin in self.found.twins.items():
            forward = texts[node] if node in texts else Words([Part(self.hubs.names[node])], "", [node.label()])
            texts[twin] = twin_words(node, forward, self.found, self.warmth, drawn)
            if self.shown.uses.get(node, 0) > 1:
                texts[twin].below += f" · sum of {self.shown.uses[node]}"
        return texts

    def _placed(self, sizes: dict[Node, float], heads: list[float]) -> Paired:
        twins = self.found.twins
        over = [twin for x, twin in twins.items() if self.where.place[x] == OVER]
        sizes |= dict.fromkeys(over, max((sizes[x] for x in over), default=0.0))
        wide = {x: sizes[twin] for x, twin in twins.items()}
        widths = {x: pair_width(sizes.get(x, 0.0), wide.get(x, 0.0)) for x in self.hubs.nodes}
        placed = place(self.hubs, self.where, widths, heads)
        self.channels = channels(placed, self.hubs)
        self._make_room(placed, place(without_rails(self.hubs, self.channels), self.where, widths, heads))
        return split(placed, sizes, twins, self.where)

    def _make_room(self, placed: Placed, slim: Placed) -> None:
        """Take the places of columns without the rails that run at their right end; only bars keep their heights."""
        for node, spot in slim.spots.items():
            under = self.where.place[node] == UNDER
            placed.spots[node] = spot._replace(y=placed.spots[node].y) if under else spot
        placed.bends, placed.edges = slim.bends, slim.edges

    def _box(self, node: Node, text: Words, role: dict[Node, str]) -> Box:
        spot, of = self.paired.placed.spots[node], node.origin
        mine = of is not None and self.found.twins.get(of) is node
        norm = self.warmth.norms.get(of) if mine and of is not None else None
        dots = node in self.shown.dots or (of is not None and of in self.shown.dots)
        kind = "dots" if dots else "gradient" if mine else role[node]
        fill = self.warmth.colour(norm) if mine and not dots else "#ffffff"
        return Box(spot.x, spot.y, spot.width, HEIGHT, kind, fill, text.title, text.below, text.tip, node, norm)

    def _gradients(self) -> None:
        """The gradient's arrows, red and as wide as their norms, and beside those through time the norm."""
        for way in gradient_ways(self.found, self.hubs, self.where, self.paired, self.channels):
            a, b = self.number_of[way.back.source], self.number_of[way.node]
            flow = self.warmth.flows.get(way.link)
            if way.link.source in self.shown.dots and way.link.user in self.shown.dots:
                continue
            if way.link.cut:
                tip = "stop_gradient: nothing comes back"
                self.picture.arrows.append(Arrow(a, b, way.points, DEAD, 1.2, dashed=True, pointed=False, tip=tip))
            elif flow is not None:
                arrow = returning(a, b, way.points, flow, self.warmth)
                if way.link.source in self.hubs.names and flow and math.isfinite(flow):
                    arrow.colour, arrow.width = ADDED, arrow.width / 2 + 0.4
                self.picture.arrows.append(arrow)

    def _reads(self) -> None:
        """From a box to its gradient's, where the rule reads what was computed forward."""
        for node, twin in self.found.twins.items():
            if node in self.found.reads and node not in self.shown.dots:
                a, b = self.paired.placed.spots[node], self.paired.placed.spots[twin]
                points: list[Point] = [(a.x + a.width / 2, a.y)]
                straight(points, (b.x - b.width / 2, b.y))
                tip = "a value of the forward pass that the rule reads"
                arrow = Arrow(self.number_of[node], self.number_of[twin], points, KEPT, 0.9, dashed=True, tip=tip)
                self.picture.arrows.append(arrow)


def _places(shown: Folded, hubs: Folded) -> Regions:
    """Places of the boxes; all parameters stand under the columns, for there their gradients add up."""
    where = regions(shown)
    where.place.update((x, UNDER) for x in hubs.nodes if x not in where.place)
    return where


def _routes(shown: Folded, paired: Paired) -> list[Route]:
    """Forward arrows: level ones from side to side, upright ones from port to port."""
    level, upright = routes(shown, paired.placed), routes(shown, paired.ports)
    return [a if a.through else b for a, b in zip(level, upright, strict=True)]
