"""A node becomes another one: earlier readers keep a snapshot, views of it show the new content."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import next_serial, now
from ..core.traced import Traced
from ..core.trail import leave_trail, leave_users_trail
from ..ops.operators import basic
from .layout import keep_layout
from .record import own, tie
from .region import Region, overlap, region_of


def replace(node: Node, new: Node) -> None:
    """``node`` becomes what ``new`` is, a node that nobody else has; what has read it before reads a snapshot."""
    set_apart(node)
    take_over(node, new)
    leave_users_trail(node)


def set_apart(node: Node) -> None:
    """Makes a snapshot of ``node`` as it is, which all that has read it reads from now on."""
    snapshot = node.__copy__()
    record = own(node)
    for reader in record.session.readers(node):
        _reread(reader, node, snapshot)
    for array in [*record.session.layered.values()]:
        if array is not node and array._record.pieces is not None:
            array._record.pieces.exchange(node, snapshot)
    record.session.again(snapshot)
    record.since = next_serial()


def _reread(reader: Node, node: Node, snapshot: Node) -> None:
    if reader is not node:
        reader._inputs = tuple([snapshot if x is node else x for x in reader._inputs])
        record = reader._record
        if record is not None:
            if record.stands_for is node:
                record.stands_for = snapshot
            if record.pieces is not None:
                record.pieces.exchange(node, snapshot)


def take_over(node: Node, new: Node) -> None:
    """Gives ``node`` the op, the inputs and the value of ``new``."""
    keep_layout(node, new)
    if type(new) is Traced:
        node.__class__ = Traced
        node._shape, node._dtype = new._shape, new._dtype
    elif type(node) is Constant:
        node.__class__ = Node  # type: ignore[assignment]
    node._op, node._inputs, node._attributes = new._op, new._inputs, new._attributes
    node._value, node._place, node.serial = new._value, new._place, next_serial()
    record = own(node)
    record.owned, record.stands_for, record.fill = False, new._record.stands_for, None
    record.session.again(node)


def row(node: Node, key: Any) -> Node | None:
    """``node[key]`` where it was written whole, or where nothing was: the node that lies there; else None."""
    pieces = node._record.pieces
    place = None if pieces is None else pieces.along(key)
    if place is not None:
        index, region, piece = place[0], pieces.region(place[1]), pieces.nodes.get(place[1])
    else:
        index = basic(key)
        if index is None:
            return None
        region = region_of(index, node.shape)
        piece = None if pieces is None or None in index else pieces.at(region)
    if piece is None:
        below = _beneath(node, region)
        if below is node:
            return None
        piece = ops.getitem(below, index=index)
    if not piece.ndim and ... not in index:
        return piece  # one number, which numpy copies
    view = _shown(piece)
    record = own(view)
    record.stands_for, record.session.stand_ins, record.region = piece, True, region
    tie(view, node, ops.getitem, {"index": index})
    return view


def _shown(piece: Node) -> Node:
    """``ops.copy(piece)``, without the op's door: as each ``h[t - 1]`` comes here."""
    if isinstance(piece, Traced):
        return ops.copy(piece)
    view = Node(ops.copy, (piece,), {}, piece._value, None)
    if next(now.due, None) is not ops.copy:
        leave_trail(view, ops.copy)
    now.recorder.made(view, view._inputs)
    return view


def _beneath(node: Node, region: Region) -> Node:
    """The array under what was written in other regions only."""
    while node._op is ops.write:
        if any(overlap(region, region_of(index, node.shape)) for index in node._attributes["indexes"]):
            break
        node = node._inputs[0]
    return node


def renew(node: Node, region: Region | None) -> bool:
    """Makes the views of ``node`` that show a part of ``region`` (None: of anything) show what is there now, if any."""
    views = views_of(node, region) if node._record.views else []
    for view in views:
        _show_again(view, node, *view._record.how)
    return bool(views)


def views_of(node: Node, region: Region | None) -> list[Node]:
    """The views of ``node`` that are still there and show a part of ``region`` (None: of anything)."""
    views = []
    for reference in node._record.views:
        view = reference()
        if view is not None:
            record, (op, settings) = view._record, view._record.how
            if region is not None and record.region is None and op is ops.getitem:
                record.region = region_of(settings["index"], node.shape)
            if region is None or record.region is None or overlap(region, record.region):
                views.append(view)
    return views


def _show_again(view: Node, base: Node, op: Any, settings: dict[str, Any]) -> None:
    new = row(base, settings["index"]) if op is ops.getitem else None
    new = op(base, **settings) if new is None else new
    set_apart(view)
    take_over(view, new)
    view._record.pieces = None
    renew(view, None)
