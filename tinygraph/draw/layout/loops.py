"""Routes of arrows in the rolled view: up through the cards, and around a card from step to step."""

from __future__ import annotations

from ..picture import Point
from ..shown.repetition import Edge
from .cards import Stage
from .layers import FOOT, TOP
from .routes import BEND, along, climb, enter, leave, rise, straight, swing, turn
from .spots import HEIGHT, Spot

PORT, ROUND, BESIDE = 22.0, 24.0, 20.0
"""Largest distance between two ports, radius of the turns of a recurrent edge, distance of a route from a card."""


class StageRoutes:
    """Routes in a rolled picture; ports at one side of a box are in the order of the arrows' other ends."""

    def __init__(self, stage: Stage, edges: list[Edge]) -> None:
        self.stage = stage
        self.led_away = {e.source for e in edges if self.returns(e) and e.source != e.target}
        self.ports: dict[tuple[Edge, int], float] = {}
        sides: dict[tuple[int, int], list[tuple[float, Edge]]] = {}
        for edge in edges:
            if not self.returns(edge) and edge not in stage.aside:
                sides.setdefault((edge.source, 1), []).append((self._toward(edge, 1), edge))
                sides.setdefault((edge.target, -1), []).append((self._toward(edge, -1), edge))
        for (g, end), ends in sides.items():
            ends.sort(key=lambda e: (e[0], e[1].source, e[1].target))
            room = min(PORT, (stage.width[g] - 24) / len(ends))
            for k, (_, edge) in enumerate(ends):
                self.ports[edge, end] = stage.x[g] + (k - (len(ends) - 1) / 2) * room

    def returns(self, edge: Edge) -> bool:
        """Whether an edge is recurrent: it leads around its card to another step."""
        a, b = self.stage.item(edge.source), self.stage.item(edge.target)
        return a == b and a < 0 and bool(edge.lag)

    def way(self, edge: Edge) -> list[Point]:
        """Returns the points of a chain of cubic Bezier curves from box to box."""
        stage = self.stage
        state = stage.joined.get(edge)
        if state is not None:
            return self._joining(edge, state)
        if self.returns(edge):
            return self._round(edge)
        if edge in stage.aside:
            return self._aside(edge)
        points = [(self.ports[edge, 1], stage.y[edge.source] + HEIGHT / 2)]
        for x, low, high in self._upright(edge):
            rise(points, (x, low))
            if high > low:
                straight(points, (x, high))
        end = (self.ports[edge, -1], stage.y[edge.target] - HEIGHT / 2)
        (climb if len(points) > 1 else straight)(points, end)
        return points

    def _upright(self, edge: Edge) -> list[tuple[float, float, float]]:
        """Returns the gates; next to the first or last row of a card, the arrow passes the card's edge at its port."""
        gates, stage = self._gates(edge), self.stage
        a, b = stage.item(edge.source), stage.item(edge.target)
        if a == b:
            return gates
        if a < 0 and stage.cards[-1 - a].rows[edge.source] == max(stage.cards[-1 - a].rows.values()):
            gates[0] = (self.ports[edge, 1], *gates[0][1:])
        if b < 0 and stage.cards[-1 - b].rows[edge.target] == 0:
            gates[-1] = (self.ports[edge, -1], *gates[-1][1:])
        return gates

    def _toward(self, edge: Edge, end: int) -> float:
        state = self.stage.joined.get(edge) if end > 0 else None
        if state is not None:
            return self.stage.card(state).lanes[state]
        gates = self._gates(edge)
        if gates:
            return gates[0 if end > 0 else -1][0]
        return self.stage.x[edge.target if end > 0 else edge.source]

    def _gates(self, edge: Edge) -> list[tuple[float, float, float]]:
        """Returns the vertical pieces (x, foot, top) through which an arrow passes on its way up."""
        stage = self.stage
        a, b = stage.item(edge.source), stage.item(edge.target)
        if a == b:
            return _pieces(stage.cards[-1 - a].bends.get((edge.source, edge.target), []))
        gates = []
        if a < 0:
            card = stage.cards[-1 - a]
            *rows, (x, _) = card.bends[edge.source, TOP]
            gates = [*_pieces(rows), (x, card.top - 22, card.top + 22)]
        gates += stage.passing.get((a, b), [])
        if b < 0:
            card = stage.cards[-1 - b]
            (x, _), *rows = card.bends[FOOT, edge.target]
            gates += [(x, card.foot - 4, card.foot + 4), *_pieces(rows)]
        return gates

    def _round(self, edge: Edge) -> list[Point]:
        """Returns the route from the side of the state along its lane to the side of the op that uses it."""
        g, stage, card = edge.source, self.stage, self.stage.card(edge.source)
        side, lane, target = card.returning[g], card.lanes[g], self.arrival(edge.target, card.returning[g])
        if g == edge.target:
            return self._own(g, side, lane)
        points = leave(self._spot(g), side, HEIGHT / 2, is_free=_free(stage, g, side))
        y = points[-1][1]
        down = -1 if target < y else 1
        bow = min(ROUND, abs(target - y) / 2)
        straight(points, (lane - side * ROUND, y))
        turn(points, (lane, y + down * bow), level=True)
        straight(points, (lane, target - down * bow))
        self.enter(points, edge.target, side, bow)
        return points

    def _spot(self, group: int) -> Spot:
        return Spot(self.stage.x[group], self.stage.y[group], self.stage.width[group], 0, None)

    def _own(self, group: int, side: int, lane: float) -> list[Point]:
        """Returns a loop from a box to itself, as for a running sum; on the other side if a lane leaves here."""
        if group in self.led_away and _free(self.stage, group, -side):
            side, lane = -side, -side * float("inf")
        x, y = self.stage.x[group] + side * self.stage.width[group] / 2, self.stage.y[group]
        lane = min(lane * side, x * side + 40) * side
        return [(x, y + 10), (lane, y + 26), (lane, y - 26), (x, y - 10)]

    def _joining(self, edge: Edge, state: int) -> list[Point]:
        """Returns the route from an initial state under the card into the lane of the state that it initializes."""
        card = self.stage.card(state)
        side, lane = card.returning[state], card.lanes[state]
        if edge in self.stage.aside:
            points = self._outside(edge, side)
        else:
            points = [(self.ports[edge, 1], self.stage.y[edge.source] + HEIGHT / 2)]
        turning = self.arrival(edge.target, side) - ROUND
        climb(points, (lane, min(card.foot, turning)))
        straight(points, (lane, turning))
        self.enter(points, edge.target, side, ROUND)
        return points

    def _outside(self, edge: Edge, side: int) -> list[Point]:
        """Returns the route out of a card over the box, and up beside the card to just under the other card."""
        card, other = self.stage.card(edge.source), self.stage.card(edge.target)
        points = leave(self._spot(edge.source), side, HEIGHT / 2, is_free=False)
        out = card.left - BESIDE if side < 0 else card.right + 2 * BESIDE
        along(points, [(out, points[-1][1]), (out, other.foot - 3 * ROUND)], ROUND)
        return points

    def arrival(self, group: int, side: int) -> float:
        """Returns the height at which a route from a lane reaches a box: its middle, or just under it."""
        y = self.stage.y[group]
        return y if _free(self.stage, group, side) else y - HEIGHT / 2 - BEND

    def enter(self, points: list[Point], group: int, side: int, bow: float) -> None:
        """Turn from the lane towards a box and into it."""
        turn(points, (points[-1][0] - side * bow, self.arrival(group, side)), level=False)
        enter(points, self._spot(group), side, HEIGHT / 2, is_free=_free(self.stage, group, side))

    def _aside(self, edge: Edge) -> list[Point]:
        """Returns the route from the side of a box, maybe in another card, into the side of a box of this card."""
        stage = self.stage
        a, b = edge.source, edge.target
        direction = 1 if stage.x[b] >= stage.x[a] else -1
        points = leave(self._spot(a), direction, HEIGHT / 2, is_free=True)
        card = stage.card(b)
        if a in stage.card_of:  # another card, see `starts`
            source_card = stage.card(a)
            straight(points, (source_card.right if direction > 0 else source_card.left, stage.y[a]))
        end = (card.left if direction > 0 else card.right, self.arrival(b, -direction))
        (left, right), (low, high) = (sorted(pair) for pair in zip(points[-1], end, strict=True))
        cards = [c for c in stage.cards if c is not card and a not in c.rows and left < c.right and c.left < right]
        between = [c.top for c in cards if low < c.top and c.foot < high]
        if between:
            self._over(points, max(between), end, direction)
        elif (end[0] - points[-1][0]) * direction > 0:
            swing(points, end)
        enter(points, self._spot(b), -direction, HEIGHT / 2, is_free=_free(stage, b, -direction))
        return points

    def _over(self, points: list[Point], top: float, end: Point, direction: int) -> None:
        """Route over cards of this height to the side of another card, and down beside it."""
        x, y = points[-1]
        out, gap = (BESIDE * k * direction for k in ((2, -1) if direction > 0 else (1, -2)))
        over = max(top + 2 * BESIDE, y)
        climbing = [(x + out, y), (x + out, over)] if over > y else []
        along(points, [*climbing, (end[0] + gap, over), (end[0] + gap, end[1]), end], BESIDE / 2)


def _pieces(bends: list[Point]) -> list[tuple[float, float, float]]:
    return [(x, y - HEIGHT / 2, y + HEIGHT / 2) for x, y in bends]


def _free(stage: Stage, group: int, side: int) -> bool:
    """Whether no box of the same row is between a box and the lanes on a side."""
    rows = stage.card(group).rows
    return all(row != rows[group] or (stage.x[g] - stage.x[group]) * side <= 0 for g, row in rows.items())
