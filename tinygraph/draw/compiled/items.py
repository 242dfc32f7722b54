"""What the two bands of a compiled picture hold: one item a box, in groups that stand side by side, loops as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..picture import Part

OUTSIDE = -1
"""The number of the loop around what is in no loop."""


@dataclass
class Piece:
    """Work that can be found again: ``kind`` of op, and the amount of it in a call, whatever the shapes."""

    kind: str
    amount: int


@dataclass
class Item:
    """One op that was traced, or one action that is run.

    Attributes:
        title, below, tip: as in a `picture.Box`; ``below`` may be several lines.
        pieces: one of an op, one a member of a fused action.
        loop: the number of the loop around it.
        flops, bytes: of one call, all steps together; bytes only where they are known.
        before: items that it is made from, of the same step.
        late: items of the step before that it is made from.
        waits: whether it waits for the state.
        needed: whether a later step waits for it.
        role: ``"op"``; `fates` says ``"removed"`` or ``"moved"``.
        mark: the number that what left a loop has in both bands.
        gone: whether nothing does it where it stands.
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
    """Items that stand in rows over one another, by their numbers in the band."""

    items: list[int]


@dataclass
class LoopCard:
    """A loop: groups and cards side by side, run ``steps`` times."""

    name: str
    steps: int
    number: int
    parts: list[ItemGroup | LoopCard]


Block = ItemGroup | LoopCard


@dataclass
class Side:
    """All items of a band, in order, and how they are nested; ``loops``: of each loop the one around, its steps."""

    items: list[Item] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)
    loops: list[tuple[int, int]] = field(default_factory=list)

    def add(self, parts: list[Block], item: Item) -> int:
        """Number the item and put it at the end of ``parts``."""
        if not parts or isinstance(parts[-1], LoopCard):
            parts.append(ItemGroup([]))
        last = parts[-1]
        assert isinstance(last, ItemGroup)
        self.items.append(item)
        last.items.append(len(self.items) - 1)
        return len(self.items) - 1

    def enter(self, around: int, steps: int, backwards: bool) -> LoopCard:
        """A card for the next loop."""
        self.loops.append((around, steps))
        return LoopCard("loop backwards" if backwards else "loop", steps, len(self.loops) - 1, [])


def members(block: Block) -> list[int]:
    """The numbers of all items in a group or card."""
    if isinstance(block, ItemGroup):
        return block.items
    return [i for part in block.parts for i in members(part)]


def handed(side: Side, blocks: Sequence[Block]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Of blocks that hand values on, by their numbers, the items at both ends of each way."""
    where = {i: k for k, block in enumerate(blocks) for i in members(block)}
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for k, block in enumerate(blocks):
        for i in members(block):
            for source in side.items[i].before:
                at = where.get(source)
                if at is not None and at < k:
                    found.setdefault((at, k), []).append((source, i))
    return found
