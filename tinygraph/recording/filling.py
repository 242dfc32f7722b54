"""An array that is filled row by row: while nobody looks at it, a row that is written is noted among its pieces."""

from __future__ import annotations

import math
from typing import Any
from weakref import ref

from .. import ops
from ..core.node import Node
from ..core.scope import next_serial, now
from .change import views_of
from .record import LOCK, meant
from .region import ALL, places, region_of, tiled

MOST = 8
"""So many arrays are filled at a time."""


class FilledByRow(Node):
    """A node of `write` of which the last rows are no inputs yet. Whoever looks at it makes it a plain node.

    So nobody has read it since, and the next row takes a third of the time of one that has to ask who has.
    """

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        with LOCK:
            if not _is_next_row(self, key, value):
                Node.__setitem__(self, key, value)

    def __copy__(self) -> Node:
        return Node.__copy__(show(self))


def _is_next_row(node: Node, key: Any, value: Any) -> bool:
    """Writes a new row, if the value is one and no view shows its place."""
    record, recorder = node._record, now.recorder
    pieces = record.pieces
    if recorder is None or recorder.session is not record.session or not (recorder.anywhere or record.made_by_name):
        return False
    place = None if pieces is None or type(value) is not Node else pieces.along(key)
    if place is None or place[1] in pieces.nodes or (record.views and views_of(node, pieces.region(place[1]))):
        return False
    piece = meant(value)
    if type(piece) is not Node or type(node) is not FilledByRow:  # a look at the views may have made it a plain one
        return False
    row, memory, before = piece._value, _memory(node), record.before[0][-1]._value
    if row.shape != before.shape or row.dtype != before.dtype or place[1] >= memory.shape[pieces.lane]:
        return False
    memory[key] = row
    pieces.nodes[place[1]], record.since = piece, next_serial()
    if len(pieces.nodes) == memory.shape[pieces.lane]:
        show(node)
    return True


def fill_on(node: Node) -> None:
    """After a row was written, of which no view was renewed: writes the next ones the short way."""
    record, filled = node._record, node._record.session.filled
    pieces = record.pieces
    if type(node) is Node and node._op is ops.write and pieces.lane is not None and record.owned:
        record.before = node._inputs, node._attributes["indexes"], record.covered, len(pieces.nodes)
        for other in [*filled.values()][: 1 - MOST]:
            show(other)
        filled[id(node)] = node
        node.__class__ = FilledByRow


def show(node: Node) -> Node:
    """Makes the rows that were written inputs of the array; it is filled no longer."""
    with LOCK:
        if type(node) is FilledByRow:
            record = node._record
            *before, count = record.before
            waiting = [*record.pieces.nodes.items()][count:]
            if waiting:
                places, pieces = zip(*waiting, strict=True)
                extend(node, before, [(*(ALL,) * record.pieces.lane, k) for k in places], pieces, record.since)
            record.session.filled.pop(id(node), None)
            node.__class__, record.before = Node, None  # type: ignore[assignment]
            if record.covered == node.size > 0:
                join(node)
    return node


def extend(node: Node, before: Any, indexes: Any, pieces: Any, serial: int) -> None:
    """More pieces, of one shape, for a node of `write` that nobody has read yet: T rows make one node, not T arrays."""
    record, (inputs, at, covered) = node._record, before
    node._attributes, node._inputs, node.serial = {"indexes": (*at, *indexes)}, (*inputs, *pieces), serial
    record.covered = covered + len(pieces) * math.prod(pieces[0].shape)
    if len(node._place) > 3:
        node._place = node._place[:3]  # it belongs to no line, and so to no step
    record.session.log.append((next_serial(), ref(node)))  # not `enter`, which may shorten a log that is looked at


def join(node: Node) -> None:
    """A node of `write` of which every place was written becomes one of `stack` or `concatenate`, if it is like one."""
    pieces = node._record.pieces
    if pieces.lane is not None:  # the regions need not be looked at
        node._op, node._attributes = ops.stack, {"axis": pieces.lane}
        node._inputs = tuple([pieces.nodes[place] for place in sorted(pieces.nodes)])
        return
    regions = [region_of(index, node.shape) for index in node._attributes["indexes"]]
    axis = tiled(regions, node.shape)
    if axis is not None:
        order = sorted(range(len(regions)), key=lambda k: places(regions[k][axis]).start)
        node._op = ops.stack if isinstance(regions[0][axis], int) else ops.concatenate
        node._inputs, node._attributes = tuple([node._inputs[1 + k] for k in order]), {"axis": axis}


_memory = vars(Node)["_value"].__get__


def _looked_at(slot: Any) -> property:
    return property(lambda node: slot.__get__(show(node)), slot.__set__)


for _name in ("_value", "_inputs", "_attributes", "_op", "serial"):
    setattr(FilledByRow, _name, _looked_at(vars(Node)[_name]))
