"""Records of nodes that may be written: which views and rows they have; and the log of who has read what."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from threading import RLock, active_count
from typing import Any
from weakref import WeakValueDictionary, ref

from ..core.node import Node
from ..core.scope import next_serial, now
from .pieces import Pieces
from .region import Region

LOCK = RLock()
"""Held while an array changes and while what is known of it does: threads may fill the rows of one array."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release)


MOST_WAITING = 64


class Session:
    """One recording: its nodes in the order in which they were made, by which the readers of one are found.

    Attributes:
        blank: the record that all nodes have in common of which there is nothing to note.
        stand_ins: whether there is a row that ops read as another node.
        odd: whether there is an array whose value lies otherwise than numpy's would, see `layout.py`.
        layered: arrays by id that were read between two writes: a node of their pieces may be no input of theirs.
        filled: arrays by id that are filled, see `filling.py`.
        calls: what runs in it, see `recorded.py`; that of `tinygraph.numpy` is never empty.
        late: so many entries of the log may be later than their stamps: one of each thread.
    """

    def __init__(self) -> None:
        self.blank = Record(self)
        self.stand_ins = self.odd = False
        self.calls: set[object] = set()
        self.late = 1
        self.layered: WeakValueDictionary[int, Node] = WeakValueDictionary()
        self.filled: WeakValueDictionary[int, Node] = WeakValueDictionary()
        # One list of pairs, not two lists: Ctrl-C between two appends would leave them of unlike lengths.
        self.log: list[tuple[int, ref[Node]]] = []
        self.most = 4096

    def enter(self, node: Node, stamp: int) -> None:
        """Notes that ``node`` has read its inputs by the time of ``stamp``."""
        self.log.append((stamp, ref(node)))
        if len(self.log) > self.most:
            self.forget()

    def again(self, node: Node) -> None:
        """Notes that ``node`` has other inputs now."""
        self.enter(node, next_serial())

    def readers(self, node: Node) -> list[Node]:
        """The nodes that have read ``node`` since it was last written and are still there."""
        if self.filled:
            self._show_to(node)
        readers: dict[int, Node] = {}
        since = own(node).since
        late = self.late = self.late if now.threads == 1 else max(self.late, active_count())
        for stamp, reference in reversed(self.log):
            if stamp <= since:
                late -= 1
                if late < 0:
                    break
            reader = reference()
            if reader is not None:
                for x in _inputs(reader):
                    if x is node:
                        readers[id(reader)] = reader
        return [*readers.values()]

    def _show_to(self, node: Node) -> None:
        """Makes ``node`` an input of the arrays that are filled with it; where that takes long to find out, of all."""
        with LOCK:
            for array in [*self.filled.values()]:
                nodes: dict[Any, Node] = array._record.pieces.nodes
                waiting = len(nodes) - array._record.before[-1]
                if waiting > MOST_WAITING or id(node) in map(id, islice(reversed(nodes.values()), waiting)):
                    bool(array._inputs)  # a look at it

    def is_unread(self, node: Node) -> bool:
        """Whether no node that is still there has read ``node`` since it was last written."""
        for reader in self.readers(node):
            if reader is not node:  # a `write` has many inputs, and is none of them
                return False
        own(node).since = next_serial()
        return True

    def end(self) -> None:
        """Nothing of it can be written any more, so nobody asks for readers: a gradient has less garbage to pass by."""
        self.log = []

    def forget(self) -> None:
        with LOCK:
            count = len(self.log)
            self.log[:count] = [entry for entry in self.log[:count] if entry[1]() is not None]  # threads may add to it
            self.most = max(4096, 2 * len(self.log))


_inputs = vars(Node)["_inputs"].__get__
"""The inputs of a node, or those of an array that is filled at its beginning."""


class Record:
    """What is known of one node while its array may be written.

    Attributes:
        session: the recording that made the node; in another one its readers are not known.
        fill: the number that all of a new array is; None where it is not known.
        made_by_name: whether `zeros`, `array` or the like made it.
        since: the serial number from which on it may have been read as it is.
        owned: whether nobody else has the memory of the node's value.
        views: the nodes that show a part of it.
        pieces: the nodes that were written, each with its region.
        covered: how many places the pieces of its `write` fill.
        stands_for: the node of the same value that ops read in its place: a row that was just written.
        base: the array that it is a view of, with the op and the settings of the view in `how`.
        before: while it is filled, its inputs, indexes, places and pieces at the beginning.
        region: the region of the base that it shows, where that is known.
        shows_foreign: whether it is a view of a parameter, or of data from outside.
        layout: where its value does not show it, see `layout.py`.
        scattered: whether the order in which it lies is not known.
        unsure: whether it may be a view or a copy.
        maybe: the nodes that may be a view of it or a copy.
        compiled: whether a compiled function has read it from outside.
    """

    made_by_name = False
    fill: float | None = None
    since = -1
    owned = False
    compiled = False
    shows_foreign = False
    layout: Any = None
    scattered = False
    unsure = False
    maybe: Sequence[ref[Node]] = ()
    stands_for: Node | None = None
    base: Node | None = None
    how: Any = None
    views: Sequence[ref[Node]] = ()
    pieces: Pieces | None = None
    before: Any = None
    region: Region | None = None
    covered = 0

    def __init__(self, session: Session) -> None:
        self.session = session


def own(node: Node) -> Record:
    """The record of ``node`` alone."""
    record: Record = node._record
    if record is not record.session.blank:
        return record
    with LOCK:
        if node._record is record:
            node._record = Record(record.session)
            node._record.since = node.serial
        return node._record


def tie(view: Node, base: Node, op: Any, settings: dict[str, Any]) -> None:
    """Notes that ``view`` shows what ``op`` makes of the array ``base``."""
    record, shown = own(view), own(base)
    record.base, record.how = base, (op, settings)
    with LOCK:
        shown.views = [*[r for r in shown.views if r() is not None], ref(view)]


def doubt(node: Node, x: Node) -> None:
    """Notes that ``node`` may be a view of the array ``x`` or a copy."""
    shown, own(node).unsure = own(root(x)), True
    with LOCK:
        shown.maybe = [*[r for r in shown.maybe if r() is not None], ref(node)]


def root(x: Node) -> Node:
    """The array that a view shows in the end; of others the node itself."""
    while x._record is not None and x._record.base is not None:
        x = x._record.base
    return x


def meant(x: Node) -> Node:
    """The node that ops read in place of ``x``."""
    while x._record is not None and x._record.stands_for is not None:
        x = x._record.stands_for
    return x


def is_number(x: Node) -> bool:
    """Whether numpy would have a number, which nobody can change, not an array without axes: np.zeros(()) or a view."""
    record = x._record
    return x.ndim == 0 and (record is None or not (record.made_by_name or record.base is not None))
