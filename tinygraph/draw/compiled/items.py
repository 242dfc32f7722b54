"""The content of a compiled picture's bands: one item per box, in groups, loops as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..picture import Part

OUTSIDE = -1
"""Stands for the number of a loop where there is none."""


@dataclass
class Piece:
    """Work by which an op is found again: the ``kind`` of op and its amount per call, whatever the shapes."""

    kind: str
    amount: int


@dataclass
class Item:
    """One traced op, or one action of the plan.

    Attributes:
        title, below, tip: as in a `picture.Box`; ``below`` may be several lines.
        pieces: one for an op; one per member of a fused action.
        loop: the number of the loop around it.
        flops, bytes: of one call, all steps together; bytes only if they are known.
        before: its inputs, items of the same step.
        late: its inputs, items of the previous step.
        waits: whether it depends on the state.
        needed: whether a later step depends on it.
        role: ``"op"``; `fates` changes it to ``"removed"`` or ``"moved"``.
        mark: the number, equal in both bands, of an op that left its loop.
        gone: whether it is not done where it is drawn.
    """

    title: list[Part]
    below: str
    tip: list[str]
    pieces: list[Piece]
    loop: int
    flops: int
    bytes: int = 0
    before: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    waits: bool = False
    needed: bool = False
    role: str = "op"
    mark: int = 0
    gone: bool = False

    @property
    def stuck(self) -> bool:
        """Whether it cannot leave its loop."""
        return self.waits and self.needed


@dataclass
class ItemGroup:
    """Items in rows over one another, by their numbers in the band."""

    items: list[int]


@dataclass
class LoopCard:
    """A loop that runs ``steps`` times: groups and cards side by side."""

    name: str
    steps: int
    number: int
    parts: list[ItemGroup | LoopCard]


Block = ItemGroup | LoopCard


@dataclass
class Side:
    """All items of a band, in order, and their nesting; ``loops``: for each loop the enclosing loop, and its steps."""

    items: list[Item] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)
    loops: list[tuple[int, int]] = field(default_factory=list)

    def add(self, parts: list[Block], item: Item) -> int:
        """Append the item to ``parts`` and return its number."""
        if not parts or isinstance(parts[-1], LoopCard):
            parts.append(ItemGroup([]))
        last = parts[-1]
        assert isinstance(last, ItemGroup)
        self.items.append(item)
        last.items.append(len(self.items) - 1)
        return len(self.items) - 1

    def enter(self, around: int, steps: int, backwards: bool) -> LoopCard:
        """Returns a card for the next loop."""
        self.loops.append((around, steps))
        return LoopCard("loop backwards" if backwards else "loop", steps, len(self.loops) - 1, [])


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
                source_block = where.get(source)
                if source_block is not None and source_block < k:
                    links.setdefault((source_block, k), []).append((source, i))
    return links
