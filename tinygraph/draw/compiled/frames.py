"""Layout of the compiled view: rows in a group, groups and cards side by side, and the routes of arrows among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..labels import width
from ..layout.layers import FOOT, TOP, Rows, lay_out
from ..layout.routes import along, rise, straight, turn
from ..picture import Point
from .items import Block, Item, ItemGroup, LoopCard, Side, handed

ROOM, MARGIN, CAPTION, LANE, STACK = 24.0, 20.0, 34.0, 18.0, 8.0
"""Gap between rows, padding of a card, height of its name, width of a recurrent arrow's lane, offset of the cards in a
stack."""
APART = 66.0
"""Gap between groups and cards side by side."""
TRACK = 18.0
"""Distance of the tracks under blocks side by side, each with its words."""
OUTER, INNER = 2, 3
"""Most boxes in a row outside of loops, and in a loop; a large group has more, so that it is not too high."""
PORT = 16.0
"""Largest distance between two ports at one side of a box."""
BEND, SLACK = 8.0, 1.0
"""Radius of a turn; how far an upright line may lean."""

Ends = tuple[int, int]


def measure(side: Side, block: Block, inside: bool = False) -> None:
    """Set the size of a group or card, and of all in it."""
    if isinstance(block, ItemGroup):
        most = max(INNER if inside else OUTER, round(0.7 * len(block.items) ** 0.5))
        _measure_group(block, {i: side.items[i] for i in block.items}, most)
        return
    if len(block.parts) > 1:
        block.parts = [*plates(block.parts, "each step")]
    for part in block.parts:
        measure(side, part, inside or block.is_loop)
    block.behind = STACK * min(block.steps - 1, 3)
    wide = sum(p.width + p.behind for p in block.parts) + APART * (len(block.parts) - 1) + 2 * MARGIN
    block.width = max(wide, width(f"{block.name} × {block.steps}", 14, bold=True) + 20)
    tall = max(p.height + p.behind for p in block.parts)
    block.height = tall + 2 * MARGIN + CAPTION + tracks(handed(side, block.parts))


def plates(blocks: Sequence[Block], name: str) -> list[LoopCard]:
    """Returns blocks side by side as cards; a group gets a background of its own, with a name."""
    return [block if isinstance(block, LoopCard) else LoopCard(name, 1, [block], is_loop=False) for block in blocks]


def _measure_group(group: ItemGroup, items: dict[int, Item], most: int) -> None:
    index = {i: k for k, i in enumerate(items)}
    rows, lanes = _rows(items, most), group.lanes
    plan = Rows([rows[i] for i in items], [], [], [], [0] * len(items), [x.width for x in items.values()])
    plan.arrows = [(index[a], index[b]) for b, x in items.items() for a in x.before if a in items]
    recurrent = [(a, b) for b, x in items.items() for a in x.late if a in items]
    for a, _ in recurrent:
        if a not in lanes:
            lanes[a] = (1 if len(lanes) % 2 else -1, len(lanes) // 2)
    for a, b in recurrent:
        plan.pulls[index[a]] = plan.pulls[index[b]] = lanes[a][0]
    plan.up, plan.down = [index[a] for a in lanes], [index[b] for b in dict.fromkeys(b for _, b in recurrent)]
    layout = lay_out(plan)
    ends = {**dict(enumerate(items)), TOP: TOP, FOOT: FOOT}
    group.bends = {(ends[a], ends[b]): bends for (a, b), bends in layout.bends.items()}
    y = LANE if lanes else 0.0
    for row in range(max(rows.values()) + 1):
        height = max(x.height for i, x in items.items() if rows[i] == row)
        group.feet.append(y)
        group.tops.append(y + height)
        y += height + ROOM
    group.height = y - ROOM + (LANE if lanes else 0.0)
    group.rows, group.offsets, group.half = rows, layout.x, layout.half
    group.width = 2 * layout.half + LANE * len(lanes)


def _rows(items: dict[int, Item], most: int) -> dict[int, int]:
    """Returns the row of each item: above its inputs in the group, in the first row that has space."""
    rows: dict[int, int] = {}
    count: Counter[int] = Counter()
    users: dict[int, list[int]] = {}
    for i, item in items.items():
        for a in item.before:
            users.setdefault(a, []).append(i)
        row = 1 + max((rows[a] for a in item.before if a in rows), default=-1)
        while count[row] >= most:
            row += 1
        rows[i] = row
        count[row] += 1
    for i, item in items.items():
        # An item with no input in the group is right below its first user, if there is space.
        row = min((rows[u] for u in users.get(i, ())), default=0) - 1
        if row > rows[i] and rows.keys().isdisjoint(item.before) and count[row] < most:
            count[rows[i]] -= 1
            count[row] += 1
            rows[i] = row
    number = {row: k for k, row in enumerate(sorted({*rows.values()}))}
    return {i: number[row] for i, row in rows.items()}


def place(side: Side, block: Block, left: float, foot: float) -> None:
    """Set the position of a block, and of the blocks and items in it."""
    block.left, block.foot = left, foot
    if isinstance(block, LoopCard):
        x = left + (block.width - sum(p.width + p.behind for p in block.parts) - APART * (len(block.parts) - 1)) / 2
        height = max(part.height + part.behind for part in block.parts)
        base = foot + block.height - CAPTION - MARGIN - height
        for part in block.parts:
            place(side, part, x, base + (height - part.height - part.behind) / 2)
            x += part.width + part.behind + APART
        return
    sides = [lane_side for lane_side, _ in block.lanes.values()]
    block.middle = left + block.width / 2 + LANE / 2 * (sides.count(-1) - sides.count(1))
    for (i, row), offset in zip(block.rows.items(), block.offsets, strict=True):
        side.items[i].x, side.items[i].y = block.middle + offset, foot + (block.feet[row] + block.tops[row]) / 2


def tracks(pairs: Iterable[tuple[int, int]]) -> float:
    """Returns the height of the tracks under the blocks."""
    count = sum(b - a > 1 for a, b in pairs)
    return 16 + TRACK * count if count else 0.0


class GroupRoutes:
    """The arrows of one group."""

    def __init__(self, group: ItemGroup, items: Sequence[Item]) -> None:
        self.group, self.items = group, {i: items[i] for i in group.items}

    def upward(self) -> dict[Ends, list[Point]]:
        """Returns the routes from op to op of the same step."""
        pairs = [(a, b) for b, x in self.items.items() for a in x.before if a in self.items]
        ports = self._ports(pairs)
        routes: dict[Ends, list[Point]] = {}
        for a, b in pairs:
            points: list[Point] = [(ports[a, b, True], self._top(a))]
            self._thread(points, self._bends(a, b))
            rise(points, (ports[a, b, False], self._foot(b)), SLACK)
            routes[a, b] = points
        return routes

    def round(self) -> dict[Ends, list[Point]]:
        """Returns the routes to the next step: over the group's top, down beside it, and from below into the user."""
        pairs = [(a, b) for b, x in self.items.items() for a in x.late if a in self.items]
        group, routes = self.group, {}
        for a, b in pairs:
            side, lane = group.lanes[a]
            x = group.middle + side * (group.half + LANE * (lane + 0.5))
            up, down = self._bends(a, TOP), self._bends(FOOT, b)
            points: list[Point] = [(self.items[a].x, self._top(a))]
            self._thread(points, up[:-1])
            high, low = group.foot + group.height - 10 + 5 * lane, group.foot + 8 - 5 * lane
            leave = up[-1][0] + group.middle if len(up) > 1 else points[0][0]
            port = self.items[b].x + side * min(self.items[b].width / 2 - 10, 24)
            enter = down[0][0] + group.middle if len(down) > 1 else port
            rise(points, (leave, high - BEND), SLACK)
            turn(points, (leave + side * BEND, high), level=False)
            along(points, [(x, high), (x, low), (enter + side * BEND, low)], BEND)
            turn(points, (enter, low + BEND), level=True)
            self._thread(points, down[1:])
            rise(points, (port, self._foot(b)), SLACK)
            routes[a, b] = points
        return routes

    def _top(self, i: int) -> float:
        return self.items[i].y + self.items[i].height / 2

    def _foot(self, i: int) -> float:
        return self.items[i].y - self.items[i].height / 2

    def _bends(self, a: int, b: int) -> list[tuple[float, int]]:
        return self.group.bends.get((a, b), [])

    def _thread(self, points: list[Point], bends: list[tuple[float, int]]) -> None:
        """Extend the route past the boxes of the rows between."""
        for x, row in bends:
            rise(points, (x + self.group.middle, self.group.foot + self.group.feet[row]), SLACK)
            straight(points, (points[-1][0], self.group.foot + self.group.tops[row]))

    def _ports(self, pairs: list[Ends]) -> dict[tuple[int, int, bool], float]:
        """Returns the ports of each arrow: (source, target, True) at the lower box, False at the upper box."""
        sides: dict[tuple[int, bool], list[tuple[float, Ends]]] = {}
        for a, b in pairs:
            ends = [x for x, _ in self._bends(a, b)] or [self.items[i].x - self.group.middle for i in (b, a)]
            sides.setdefault((a, True), []).append((ends[0], (a, b)))
            sides.setdefault((b, False), []).append((ends[-1], (a, b)))
        ports: dict[tuple[int, int, bool], float] = {}
        for (i, leaves), arrows in sides.items():
            room = min(PORT, (self.items[i].width - 16) / len(arrows))
            for k, (_, (a, b)) in enumerate(sorted(arrows)):
                ports[a, b, leaves] = self.items[i].x + (k - (len(arrows) - 1) / 2) * room
        return ports


def across(parts: Sequence[Block], pairs: Sequence[Ends]) -> dict[Ends, list[Point]]:
    """Returns the routes between blocks of a row: straight to a neighbour, else on a track of its own under all.

    Tracks leave a block's foot at its right, and enter one at its left, those of near blocks outside.
    """
    routes: dict[Ends, list[Point]] = {}
    floor = min((part.foot for part in parts), default=0.0)
    far = sorted((p for p in pairs if p[1] - p[0] > 1), key=lambda p: (p[1] - p[0], p))
    for a, b in pairs:
        first, second = parts[a], parts[b]
        if b - a == 1:
            low = min(first, second, key=lambda p: p.height)
            y = low.foot + low.height / 2
            routes[a, b] = [(first.left + first.width + first.behind, y)]
            straight(routes[a, b], (second.left, y))
            continue
        x = first.left + first.width - 14 - 12 * sum(p[0] == a and p[1] < b for p in far)
        end = second.left + 14 + 12 * sum(p[1] == b and p[0] > a for p in far)
        y = floor - 16 - TRACK * far.index((a, b))
        routes[a, b] = [(x, first.foot)]
        along(routes[a, b], [(x, y), (end, y), (end, second.foot)], BEND, level=False)
    return routes
