"""The content of a compiled picture's bands: one item per box, in groups, loops as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...core.node import Node
from ..picture import Part
from ..views.unrolled import box_width
from ..views.wording import Words

HEIGHT, LOW, LINE = 50.0, 36.0, 12.5
"""Height of a box with one line under its title, and with none; of each further line."""


@dataclass
class Item:
    """One traced op, or one action of the plan.

    Attributes:
        title, below, tip: as in a `picture.Box`; ``below`` may be several lines.
        kind: the name of its op, or of its action.
        loop: the traced loop in which it is done, None outside of all.
        flops, bytes: of one call, all steps together; bytes only if they are known.
        before: its inputs, items of the same step.
        late: its inputs, items of the previous step.
        nodes: the traced node of an op, or those that an action computes.
        is_view: whether the op places numbers in memory, and computes none.
        role: ``"op"``; `fates` changes it to ``"removed"`` or ``"moved"``.
        mark: the number, equal in both bands, of an op that left its loop.
        gone: whether it is not done where it is drawn.
        x, y: the centre of its box.
    """

    title: list[Part]
    below: str
    tip: list[str]
    kind: str
    loop: Node | None
    flops: int
    bytes: int = 0
    before: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    nodes: Sequence[Node] = ()
    is_view: bool = False
    role: str = "op"
    mark: int = 0
    gone: bool = False
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> float:
        return HEIGHT + LINE * self.below.count("\n") if self.below else LOW

    @cached_property
    def width(self) -> float:
        return box_width(Words(self.title, max(self.below.split("\n"), key=len), self.tip))


@dataclass
class Oblong:
    """The outline of a group or a card, whose lower left corner is at ``left, foot``.

    ``behind``: how far the cards behind a card stick out.
    """

    width: float = field(default=0.0, init=False)
    height: float = field(default=0.0, init=False)
    left: float = field(default=0.0, init=False)
    foot: float = field(default=0.0, init=False)
    behind: float = field(default=0.0, init=False)


@dataclass
class ItemGroup(Oblong):
    """Items in rows over one another, by their numbers in the band.

    Attributes:
        rows: maps each item to its row; ``feet`` and ``tops``: of the rows, from the group's foot.
        lanes: maps each item with a value for the next step to the side of its lane, and the number of the lane there.
        bends: as in `layers.Ordering`, but keyed by items.
        offsets: of the items from the ``middle`` of the rows, of which ``half`` is half the width.
    """

    items: list[int]
    rows: dict[int, int] = field(default_factory=dict)
    feet: list[float] = field(default_factory=list)
    tops: list[float] = field(default_factory=list)
    lanes: dict[int, tuple[int, int]] = field(default_factory=dict)
    bends: dict[tuple[int, int], list[tuple[float, int]]] = field(default_factory=dict)
    offsets: list[float] = field(default_factory=list)
    half: float = 0.0
    middle: float = 0.0


@dataclass
class LoopCard(Oblong):
    """A loop that runs ``steps`` times, or what is done once: groups and cards side by side."""

    name: str
    steps: int
    parts: list[ItemGroup | LoopCard]
    is_loop: bool = True


Block = ItemGroup | LoopCard


@dataclass
class Side:
    """All items of a band, in order, and their nesting.

    ``names``: what the user calls nodes; ``parameters``: maps each parameter to its name, the same in both bands.
    """

    items: list[Item] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    parameters: dict[Node, str] = field(default_factory=dict)

    def name(self, parameter: Node) -> str:
        return self.parameters.setdefault(parameter, (parameter.name or "").strip() or f"θ{len(self.parameters) + 1}")

    def add(self, parts: list[Block], item: Item) -> int:
        """Append the item to ``parts`` and return its number."""
        group = parts[-1] if parts else None
        if not isinstance(group, ItemGroup):
            group = ItemGroup([])
            parts.append(group)
        self.items.append(item)
        group.items.append(len(self.items) - 1)
        return group.items[-1]


def members(block: Block) -> list[int]:
    """Returns the numbers of all items in a group or card."""
    if isinstance(block, ItemGroup):
        return block.items
    return [i for part in block.parts for i in members(part)]


def handed(side: Side, blocks: Sequence[Block]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Maps pairs of blocks, where the first passes values to the second, to pairs of source and target items."""
    where = {i: k for k, block in enumerate(blocks) for i in members(block)}
    links: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for k, block in enumerate(blocks):
        for i in members(block):
            for source in side.items[i].before:
                if where.get(source, k) < k:
                    links.setdefault((where[source], k), []).append((source, i))
    return links
