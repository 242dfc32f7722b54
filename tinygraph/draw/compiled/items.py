"""The content of a compiled picture's bands: one item per box, in groups, loops as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.node import Node
from ..picture import Part

OUTSIDE = -1
"""Stands for the number of a loop where there is none."""


@dataclass
class Item:
    """One traced op, or one action of the plan.

    Attributes:
        title, below, tip: as in a `picture.Box`; ``below`` may be several lines.
        kind: the name of its op, or of its action.
        loop: the number of the loop around it.
        flops, bytes: of one call, all steps together; bytes only if they are known.
        before: its inputs, items of the same step.
        late: its inputs, items of the previous step.
        node: the traced node of an op.
        is_view: whether the op places numbers in memory, and computes none.
        role: ``"op"``; `fates` changes it to ``"removed"`` or ``"moved"``.
        mark: the number, equal in both bands, of an op that left its loop.
        gone: whether it is not done where it is drawn.
    """

    title: list[Part]
    below: str
    tip: list[str]
    kind: str
    loop: int
    flops: int
    bytes: int = 0
    before: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    node: Node | None = None
    is_view: bool = False
    role: str = "op"
    mark: int = 0
    gone: bool = False


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
    """All items of a band, in order, and their nesting.

    ``loops``: for each loop the enclosing loop, and its steps; ``loop_of``: maps a traced loop to its number;
    ``names``: what the user calls nodes.
    """

    items: list[Item] = field(default_factory=list)
    parts: list[Block] = field(default_factory=list)
    loops: list[tuple[int, int]] = field(default_factory=list)
    loop_of: dict[Node, int] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

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
