"""The ways of arrows in the rolled view: up through the cards, and round from one step's state to the next."""

from __future__ import annotations

from ..picture import Point
from ..shown.repetition import Edge
from .cards import Card, Stage
from .layers import FOOT, TOP
from .place import HEIGHT
from .routes import climb, straight, turn

PORT, ROUND, BESIDE = 22.0, 24.0, 20.0
"""Most room between two arrows at one side of a box, radius of the turns of a returning state, room beside a card."""


class StageRoutes:
    """Ways over a stage; arrows that share a side of a box stand apart on it in the order of their other ends."""

    def __init__(self, here: Stage, edges: list[Edge]) -> None:
        self.here = here
        self.led_away = {e.source for e in edges if self.returns(e) and e.source != e.target}
        self.ports: dict[tuple[Edge, int], float] = {}
        sides: dict[tuple[int, int], list[tuple[float, Edge]]] = {}
        for edge in edges:
            if not self.returns(edge) and edge not in here.aside:
                sides.setdefault((edge.source, 1), []).append((self._toward(edge, 1), edge))
                sides.setdefault((edge.target, -1), []).append((self._toward(edge, -1), edge))
        for (g, end), ends in sides.items():
            ends.sort(key=lambda e: (e[0], e[1].source, e[1].target))
            room = min(PORT, (here.width[g] - 24) / len(ends))
            for k, (_, edge) in enumerate(ends):
                self.ports[edge, end] = here.x[g] + (k - (len(ends) - 1) / 2) * room

    def returns(self, edge: Edge) -> bool:
        """Whether an edge leads round its card to another step."""
        a, b = self.here.item(edge.source), self.here.item(edge.target)
        return a == b and a < 0 and bool(edge.lag)

    def way(self, edge: Edge) -> list[Point]:
        """Points of a chain of cubic curves from box to box."""
        here = self.here
        if self.returns(edge):
            return self.round(edge)
        if edge in here.aside:
            return self._aside(edge)
        points = [(self.ports[edge, 1], here.y[edge.source] + HEIGHT / 2)]
        for x, low, high in self._upright(edge):
            if abs(points[-1][0] - x) < 0.1:
                straight(points, (x, low))
            else:
                climb(points, (x, low))
            if high > low:
                straight(points, (x, high))
        end = (self.ports[edge, -1], here.y[edge.target] - HEIGHT / 2)
        (climb if len(points) > 1 else straight)(points, end)
        return points

    def _upright(self, edge: Edge) -> list[tuple[float, float, float]]:
        """The gates; at a card's edge right over or under a box the arrow already runs where it leaves or enters."""
        gates, here = self._gates(edge), self.here
        a, b = here.item(edge.source), here.item(edge.target)
        if a == b:
            return gates
        if a < 0 and here.cards[-1 - a].rows[edge.source] == max(here.cards[-1 - a].rows.values()):
            gates[0] = (self.ports[edge, 1], *gates[0][1:])
        if b < 0 and here.cards[-1 - b].rows[edge.target] == 0:
            gates[-1] = (self.ports[edge, -1], *gates[-1][1:])
        return gates

    def _toward(self, edge: Edge, end: int) -> float:
        gates = self._gates(edge)
        if gates:
            return gates[0 if end > 0 else -1][0]
        return self.here.x[edge.target if end > 0 else edge.source]

    def _gates(self, edge: Edge) -> list[tuple[float, float, float]]:
        """The upright pieces that an arrow passes through on its way up: (x, foot, top)."""
        here = self.here
        a, b = here.item(edge.source), here.item(edge.target)
        if a == b:
            return _pieces(here.cards[-1 - a].bends.get((edge.source, edge.target), []))
        gates = []
        if a < 0:
            card = here.cards[-1 - a]
            *rows, (x, _) = card.bends[edge.source, TOP]
            gates = [*_pieces(rows), (x, card.top - 22, card.top + 22)]
        gates += here.passing.get((a, b), [])
        if b < 0:
            card = here.cards[-1 - b]
            (x, _), *rows = card.bends[FOOT, edge.target]
            gates += [(x, card.foot - 4, card.foot + 4), *_pieces(rows)]
        return gates

    def round(self, edge: Edge) -> list[Point]:
        """From the side of the state down (or up) its lane to the side of the op that takes it."""
        here, card = self.here, self.here.cards[self.here.card_of[edge.source]]
        side, lane = card.returning[edge.source], card.lanes[edge.source]
        x, y, half = here.x[edge.source], here.y[edge.source], here.width[edge.source] / 2
        if _free(here, card, edge.source, side):
            points = [(x + side * half, y)]
        else:
            points = [(x + side * half / 2, y + HEIGHT / 2)]
            y += HEIGHT / 2 + 14
            turn(points, (x + side * (half / 2 + 8), y), level=False)
        target = self.arrival(edge.target, side)
        if edge.source == edge.target:
            return self._own(edge, side, lane)
        down = -1 if target < y else 1
        bow = min(ROUND, abs(target - y) / 2)
        straight(points, (lane - side * ROUND, y))
        turn(points, (lane, y + down * bow), level=True)
        straight(points, (lane, target - down * bow))
        self.enter(points, edge.target, side, bow)
        return points

    def _own(self, edge: Edge, side: int, lane: float) -> list[Point]:
        """From a box round to itself, as of a running sum; where a lane leaves on that side, on the other if it can."""
        card = self.here.cards[self.here.card_of[edge.source]]
        if edge.source in self.led_away and _free(self.here, card, edge.source, -side):
            side, lane = -side, -side * float("inf")
        x, y = self.here.x[edge.source] + side * self.here.width[edge.source] / 2, self.here.y[edge.source]
        lane = min(lane * side, x * side + 40) * side
        points = [(x, y + 10)]
        points += [(lane, y + 26), (lane, y - 26), (x, y - 10)]
        return points

    def joining(self, edge: Edge, state: int) -> list[Point]:
        """From an initial state under the card into the lane of the state whose place it takes."""
        card = self.here.cards[self.here.card_of[state]]
        side, lane = card.returning[state], card.lanes[state]
        points = self._outside(edge, side) if edge in self.here.aside else []
        points = points or [(self.here.x[edge.source], self.here.y[edge.source] + HEIGHT / 2)]
        climb(points, (lane, card.foot))
        target = self.arrival(edge.target, side)
        straight(points, (lane, target - ROUND))
        self.enter(points, edge.target, side, ROUND)
        return points

    def _outside(self, edge: Edge, side: int) -> list[Point]:
        """Out of a card over the box, and up beside the card to right under the other one."""
        here = self.here
        mine, other = here.cards[here.card_of[edge.source]], here.cards[here.card_of[edge.target]]
        x, y, half = here.x[edge.source], here.y[edge.source] + HEIGHT / 2, here.width[edge.source] / 2
        points = [(x + side * half / 2, y)]
        turn(points, (x + side * (half / 2 + 8), y + 14), level=False)
        out = mine.left - BESIDE if side < 0 else mine.right + 2 * BESIDE
        straight(points, (out - side * ROUND, y + 14))
        turn(points, (out, y + 14 + ROUND), level=True)
        straight(points, (out, other.foot - 3 * ROUND))
        return points

    def arrival(self, group: int, side: int) -> float:
        """Height at which a box is reached from a lane: its own, or just under it where others stand before it."""
        card = self.here.cards[self.here.card_of[group]]
        y = self.here.y[group]
        return y if _free(self.here, card, group, side) else y - HEIGHT / 2 - 14

    def enter(self, points: list[Point], group: int, side: int, bow: float) -> None:
        """Turn from the lane towards a box and into it."""
        x, y, half = self.here.x[group], self.here.y[group], self.here.width[group] / 2
        target, lane = self.arrival(group, side), points[-1][0]
        turn(points, (lane - side * bow, target), level=False)
        if target == y:
            straight(points, (x + side * half, y))
        else:
            straight(points, (x + side * (half / 2 + 8), target))
            turn(points, (x + side * half / 2, y - HEIGHT / 2), level=True)

    def _aside(self, edge: Edge) -> list[Point]:
        """From the side of a box, which may be in another card, level into the side of one in this card."""
        here = self.here
        a, b = edge.source, edge.target
        way = 1 if here.x[b] >= here.x[a] else -1
        points = [(here.x[a] + way * here.width[a] / 2, here.y[a])]
        card = here.cards[here.card_of[b]]
        if a in here.card_of and here.item(a) != here.item(b):
            mine = here.cards[here.card_of[a]]
            straight(points, (mine.right if way > 0 else mine.left, here.y[a]))
        edge_x = card.left if way > 0 else card.right
        target = self.arrival(b, -way)
        if (edge_x - points[-1][0]) * way > 0:
            bow = (edge_x - points[-1][0]) * 0.55
            (x0, y0) = points[-1]
            points += [(x0 + bow, y0), (edge_x - bow, target), (edge_x, target)]
        self.enter_level(points, b, -way, target)
        return points

    def enter_level(self, points: list[Point], group: int, side: int, target: float) -> None:
        """Along the row to a box's side, or under it and up."""
        x, y, half = self.here.x[group], self.here.y[group], self.here.width[group] / 2
        if target == y:
            straight(points, (x + side * half, y))
        else:
            straight(points, (x + side * (half / 2 + 8), target))
            turn(points, (x + side * half / 2, y - HEIGHT / 2), level=True)


def _pieces(bends: list[Point]) -> list[tuple[float, float, float]]:
    return [(x, y - HEIGHT / 2, y + HEIGHT / 2) for x, y in bends]


def _free(here: Stage, card: Card, group: int, side: int) -> bool:
    """Whether no box of its row stands between a box and the lanes on a side."""
    row = card.rows[group]
    return all(card.rows[g] != row or (here.x[g] - here.x[group]) * side <= 0 for g in card.cell.groups)
