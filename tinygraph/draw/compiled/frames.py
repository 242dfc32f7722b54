"""Layout of the compiled view: rows in a group, groups and cards side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..labels import width
from ..layout.layers import Ordering, Rows, lay_out
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


@dataclass
class Frame:
    """A group or a card with its size and position.

    Attributes:
        items: those of a group, by their numbers, and the row of each; ``feet`` and ``tops``: of the rows, from the
            group's foot.
        lanes: maps each item with a value for the next step to the side of its lane, and the number of the lane there.
        parts: the frames within a card.
        left, foot: the lower left corner.
    """

    block: Block
    width: float
    height: float
    parts: list[Frame]
    items: dict[int, Item] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)
    feet: list[float] = field(default_factory=list)
    tops: list[float] = field(default_factory=list)
    layout: Ordering = field(default_factory=lambda: Ordering([], {}, 0.0))
    lanes: dict[int, tuple[int, int]] = field(default_factory=dict)
    left: float = 0.0
    foot: float = 0.0

    @property
    def is_loop(self) -> bool:
        return isinstance(self.block, LoopCard) and self.block.is_loop

    @property
    def behind(self) -> float:
        """Returns how far the cards behind a card stick out."""
        return STACK * min(self.block.steps - 1, 3) if isinstance(self.block, LoopCard) else 0.0

    @property
    def middle(self) -> float:
        """Returns the centre of a group's rows, which moves if one side has more lanes than the other."""
        sides = [side for side, _ in self.lanes.values()]
        return self.left + self.width / 2 + LANE / 2 * (sides.count(-1) - sides.count(1))


def build_frame(side: Side, block: Block, inside: bool = False) -> Frame:
    """Returns a group or card with its size, and all frames in it."""
    if isinstance(block, LoopCard):
        inner = plates(block.parts, "each step") if len(block.parts) > 1 else block.parts
        parts = [build_frame(side, part, inside or block.is_loop) for part in inner]
        wide = sum(p.width + p.behind for p in parts) + APART * (len(parts) - 1) + 2 * MARGIN
        return Frame(
            block,
            max(wide, width(f"{block.name} × {block.steps}", 14, bold=True) + 20),
            max(p.height + p.behind for p in parts) + 2 * MARGIN + CAPTION + tracks(handed(side, block.parts)),
            parts,
        )
    most = max(INNER if inside else OUTER, round(0.7 * len(block.items) ** 0.5))
    return _group(block, {i: side.items[i] for i in block.items}, most)


def plates(blocks: Sequence[Block], name: str) -> list[LoopCard]:
    """Returns blocks side by side as cards; a group gets a background of its own, with a name."""
    return [block if isinstance(block, LoopCard) else LoopCard(name, 1, [block], is_loop=False) for block in blocks]


def _group(block: ItemGroup, items: dict[int, Item], most: int) -> Frame:
    index = {i: k for k, i in enumerate(items)}
    rows = _rows(items, most)
    plan = Rows([rows[i] for i in items], [], [], [], [0] * len(items), [x.width for x in items.values()])
    plan.arrows = [(index[a], index[b]) for b, x in items.items() for a in x.before if a in items]
    recurrent = [(a, b) for b, x in items.items() for a in x.late if a in items]
    lanes: dict[int, tuple[int, int]] = {}
    for a, _ in recurrent:
        if a not in lanes:
            lanes[a] = (1 if len(lanes) % 2 else -1, len(lanes) // 2)
    for a, b in recurrent:
        plan.pulls[index[a]] = plan.pulls[index[b]] = lanes[a][0]
    plan.up, plan.down = [index[a] for a in lanes], [index[b] for b in dict.fromkeys(b for _, b in recurrent)]
    layout = lay_out(plan)
    feet, tops, y = [], [], LANE if lanes else 0.0
    for row in range(max(rows.values()) + 1):
        height = max(x.height for i, x in items.items() if rows[i] == row)
        feet.append(y)
        tops.append(y + height)
        y += height + ROOM
    total = y - ROOM + (LANE if lanes else 0.0)
    return Frame(block, 2 * layout.half + LANE * len(lanes), total, [], items, rows, feet, tops, layout, lanes)


def _rows(items: dict[int, Item], most: int) -> dict[int, int]:
    """Returns the row of each item: above its inputs in the group, in the first row that has space."""
    rows: dict[int, int] = {}
    count: dict[int, int] = {}
    users: dict[int, list[int]] = {}
    for i, item in items.items():
        for a in item.before:
            users.setdefault(a, []).append(i)
        row = 1 + max((rows[a] for a in item.before if a in rows), default=-1)
        while count.get(row, 0) >= most:
            row += 1
        rows[i] = row
        count[row] = count.get(row, 0) + 1
    for i, item in items.items():
        # An item with no input in the group is right below its first user, if there is space.
        row = min((rows[u] for u in users.get(i, ())), default=0) - 1
        if row > rows[i] and rows.keys().isdisjoint(item.before) and count.get(row, 0) < most:
            count[rows[i]] -= 1
            count[row] += 1
            rows[i] = row
    number = {row: k for k, row in enumerate(sorted({*rows.values()}))}
    return {i: number[row] for i, row in rows.items()}


def place_frame(frame: Frame, left: float, foot: float) -> None:
    """Set the position of a frame, and of the frames and items in it."""
    frame.left, frame.foot = left, foot
    if isinstance(frame.block, LoopCard):
        x = left + (frame.width - sum(p.width + p.behind for p in frame.parts) - APART * (len(frame.parts) - 1)) / 2
        height = max(part.height + part.behind for part in frame.parts)
        base = foot + frame.height - CAPTION - MARGIN - height
        for part in frame.parts:
            place_frame(part, x, base + (height - part.height - part.behind) / 2)
            x += part.width + part.behind + APART
    for (i, item), x in zip(frame.items.items(), frame.layout.x, strict=True):
        row = frame.rows[i]
        item.x, item.y = frame.middle + x, foot + (frame.feet[row] + frame.tops[row]) / 2


def tracks(pairs: Iterable[tuple[int, int]]) -> float:
    """Returns the height of the tracks under the blocks."""
    count = sum(b - a > 1 for a, b in pairs)
    return 16 + TRACK * count if count else 0.0
