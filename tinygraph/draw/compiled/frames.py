"""Places of a compiled picture's boxes: rows within a group, groups and cards side by side, arrows in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..labels import width
from ..layout.layers import Ordering, Rows, lay_out
from ..picture import Point
from .items import OUTSIDE, Block, Item, ItemGroup, LoopCard, Side, handed

HEIGHT, LOW, LINE, ROOM = 50.0, 36.0, 11.5, 24.0
"""Height of a box with one line under its title, with none, of each further line, and room between rows."""
MARGIN, CAPTION, LANE, STACK = 20.0, 34.0, 18.0, 8.0
"""Room in a card, over its boxes for its name, for each state's way round, and for the cards behind it."""
APART = 66.0
"""Between groups and cards that stand side by side."""
TRACK = 13.0
"""Distance of the ways under blocks that stand side by side."""
OUTER, INNER = 2, 3
"""Boxes that a row may hold outside of loops, and in one; in a large group more, so that it is not all height."""


@dataclass
class Frame:
    """A group or a card with its size and place.

    Attributes:
        rows: of each item of a group its row; ``feet`` and ``tops`` of the rows, from the group's foot.
        lanes: of each item whose value the next step takes the side on which it goes round, and its number there.
        parts: the frames within a card.
        left, foot: the lower left corner.
    """

    block: Block
    width: float
    height: float
    parts: list[Frame] = field(default_factory=list)
    rows: dict[int, int] = field(default_factory=dict)
    feet: list[float] = field(default_factory=list)
    tops: list[float] = field(default_factory=list)
    layout: Ordering = field(default_factory=lambda: Ordering([], {}, 0.0))
    lanes: dict[int, tuple[int, int]] = field(default_factory=dict)
    left: float = 0.0
    foot: float = 0.0

    @property
    def is_loop(self) -> bool:
        return isinstance(self.block, LoopCard) and self.block.number != OUTSIDE

    @property
    def behind(self) -> float:
        """How far the cards behind a card stand out."""
        return STACK * min(self.block.steps - 1, 3) if isinstance(self.block, LoopCard) else 0.0

    @property
    def middle(self) -> float:
        """Centre of a group's rows: more lanes on one side than on the other move it."""
        sides = [side for side, _ in self.lanes.values()]
        return self.left + self.width / 2 + LANE / 2 * (sides.count(-1) - sides.count(1))


def height_of(item: Item) -> float:
    return HEIGHT + LINE * item.below.count("\n") if item.below else LOW


def frame(side: Side, block: Block, widths: Sequence[float], inside: bool = False) -> Frame:
    """The size of a group or card, and of all that is in it."""
    if isinstance(block, LoopCard):
        plates = [_plate(part) if len(block.parts) > 1 else part for part in block.parts]
        parts = [frame(side, part, widths, inside or block.number != OUTSIDE) for part in plates]
        wide = sum(p.width for p in parts) + APART * (len(parts) - 1) + 2 * MARGIN
        return Frame(
            block,
            max(wide, width(f"{block.name} × {block.steps}", 14, bold=True) + 20),
            max(p.height + p.behind for p in parts) + 2 * MARGIN + CAPTION + tracks(handed(side, block.parts)),
            parts,
        )
    return _group(side.items, block, widths, max(INNER if inside else OUTER, round(0.7 * len(block.items) ** 0.5)))


def _plate(block: Block) -> LoopCard:
    return block if isinstance(block, LoopCard) else LoopCard("each step", 1, OUTSIDE, [block])


def plates(blocks: Sequence[Block]) -> list[LoopCard]:
    """Blocks outside of loops, groups on a ground of their own."""
    return [block if isinstance(block, LoopCard) else LoopCard("once", 1, OUTSIDE, [block]) for block in blocks]


def _group(items: list[Item], block: ItemGroup, widths: Sequence[float], most: int) -> Frame:
    index = {i: k for k, i in enumerate(block.items)}
    rows = _rows(items, block.items, index, most)
    plan = Rows([rows[i] for i in index], [], [], [], [0] * len(index), [widths[i] for i in index])
    plan.arrows = [(index[a], index[b]) for b in index for a in items[b].before if a in index]
    back = [(a, b) for b in index for a in items[b].late if a in index]
    lanes: dict[int, tuple[int, int]] = {}
    for a, _ in back:
        if a not in lanes:
            lanes[a] = (1 if len(lanes) % 2 else -1, len(lanes) // 2)
    for a, b in back:
        plan.pulls[index[a]] = plan.pulls[index[b]] = lanes[a][0]
    plan.up, plan.down = [index[a] for a in lanes], [index[b] for b in dict.fromkeys(b for _, b in back)]
    layout = lay_out(plan)
    feet, tops, y = [], [], LANE if lanes else 0.0
    for row in range(max(rows.values()) + 1):
        tall = max(height_of(items[i]) for i in index if rows[i] == row)
        feet.append(y)
        tops.append(y + tall)
        y += tall + ROOM
    high = y - ROOM + (LANE if lanes else 0.0)
    return Frame(block, 2 * layout.half + LANE * len(lanes), high, [], rows, feet, tops, layout, lanes)


def _rows(items: list[Item], own: list[int], index: dict[int, int], most: int) -> dict[int, int]:
    """An item above those of the group that it is made from, in the first row that has room."""
    rows: dict[int, int] = {}
    held: dict[int, int] = {}
    users: dict[int, list[int]] = {}
    for i in own:
        for a in items[i].before:
            users.setdefault(a, []).append(i)
        row = 1 + max((rows[a] for a in items[i].before if a in rows), default=-1)
        while held.get(row, 0) >= most:
            row += 1
        rows[i] = row
        held[row] = held.get(row, 0) + 1
    for i in own:
        # What starts from outside stands right below its first user, where there is room.
        row = min((rows[u] for u in users.get(i, ())), default=0) - 1
        if row > rows[i] and not any(a in rows for a in items[i].before) and held.get(row, 0) < most:
            held[rows[i]] -= 1
            held[row] += 1
            rows[i] = row
    return _closed(rows)


def _closed(rows: dict[int, int]) -> dict[int, int]:
    """Rows without gaps."""
    number = {row: k for k, row in enumerate(sorted({*rows.values()}))}
    return {i: number[row] for i, row in rows.items()}


def stand(found: Frame, left: float, foot: float) -> None:
    """Put a frame, and those in it, at its place."""
    found.left, found.foot = left, foot
    if isinstance(found.block, LoopCard):
        x = left + (found.width - sum(p.width for p in found.parts) - APART * (len(found.parts) - 1)) / 2
        tall = max(part.height + part.behind for part in found.parts)
        base = foot + found.height - CAPTION - MARGIN - tall
        for part in found.parts:
            stand(part, x, base + (tall - part.height - part.behind) / 2)
            x += part.width + APART


def leaves(found: Frame) -> list[Frame]:
    """The frames of groups in a frame."""
    return [leaf for part in found.parts for leaf in leaves(part)] if found.parts else [found]


def centres(found: Frame) -> dict[int, Point]:
    """Where the items of a group stand."""
    assert isinstance(found.block, ItemGroup)
    return {
        i: (found.middle + x, found.foot + (found.feet[found.rows[i]] + found.tops[found.rows[i]]) / 2)
        for i, x in zip(found.block.items, found.layout.x, strict=True)
    }


def tracks(pairs: Iterable[tuple[int, int]]) -> float:
    """Room that the tracks take under the blocks."""
    many = sum(b - a > 1 for a, b in pairs)
    return 16 + TRACK * many if many else 0.0
