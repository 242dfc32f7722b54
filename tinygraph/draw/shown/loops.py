"""Loops over time: runs of nodes whose steps rise, or fall, in the order in which they were made."""

from __future__ import annotations

from itertools import takewhile

from ...core.node import Node
from ...core.scope import WindowStep

StepPieces = list[list[Node]]
"""Nodes of one step in pieces, between which nodes without a step were made."""


def loops(nodes: list[Node]) -> dict[Node, int]:
    """Maps each node with a step to the number of its loop; ``nodes`` are in the order in which they were made."""
    blocks = _blocks(nodes)
    loop: dict[Node, int] = {}
    number = turn = 0
    for i, pieces in enumerate(blocks):
        here = _sign(blocks[i - 1], pieces) if i else 0
        ahead = _sign(pieces, blocks[i + 1]) if i + 1 < len(blocks) else 0
        slides = [window(x[0][0]) is not None for x in blocks[max(i - 1, 0) : i + 1]]
        if (turn and here != turn) or slides[0] != slides[-1]:
            number, turn = number + 1, 0
        else:
            turn = here
        old, new = _parted(*blocks[i - 1 : i + 2]) if turn and ahead not in (0, turn) else (pieces, [])
        loop.update(dict.fromkeys([x for piece in old for x in piece], number))
        if new:
            number, turn = number + 1, 0
            loop.update(dict.fromkeys([x for piece in new for x in piece], number))
    return loop


def _blocks(nodes: list[Node]) -> list[StepPieces]:
    blocks: list[StepPieces] = []
    broken, last = False, None
    for node in nodes:
        step = _turn(node)
        if node.origin is not None:
            continue
        if step is None:
            broken = True
            continue
        if step != last:
            blocks.append([[node]])
        elif broken:
            blocks[-1].append([node])
        else:
            blocks[-1][-1].append(node)
        broken, last = False, step
    return blocks


def window(node: Node) -> int | None:
    """The last step of the sliding window that a node was made in; None of others."""
    step = node._place[0]
    return step.other if type(step) is WindowStep else None


def _turn(node: Node) -> int | None:
    """The step of a loop that made a node; windows are the steps of one loop."""
    end = window(node)
    return node.step if end is None else end


def _sign(before: StepPieces, after: StepPieces) -> int:
    return 1 if (_turn(before[0][0]) or 0) < (_turn(after[0][0]) or 0) else -1


def _parted(before: StepPieces, block: StepPieces, after: StepPieces) -> tuple[StepPieces, StepPieces]:
    """Part the block at which the direction changes: the next loop may begin in the step in which the last one ended.

    Between two loops there is a stack of outputs, or an initial state; if there is none, the last loop has what does
    the same as its step before, unless the step after does not go on from the rest: an output of the last step. What
    reads nothing of the step before, and from which the step after goes on, is the next loop's: it begins later.
    """
    followed = {y for piece in after for x in piece for y in x.inputs}
    read = {y for piece in block for x in piece for y in x.inputs}
    if not followed.isdisjoint(block[0]) and all(map(read.isdisjoint, before)):
        return [], block
    if len(block) > 1:
        return block[:-1], block[-1:]
    kinds = [[x.op and x.op.name for piece in pieces for x in piece] for pieces in (before, block)]
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(*kinds, strict=False))))
    rest = block[0][same:] if same == len(kinds[0]) else []
    return (block, []) if followed.isdisjoint(rest) else ([block[0][:same]], [rest])
