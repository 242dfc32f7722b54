"""Records of nodes that may be written: who has read them, which views and rows they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import ref

from ..core.node import Node
from .pieces import Pieces
from .region import Region


class Record:
    """What is known of one node while its array may be written.

    Attributes:
        session: the recording that made the node; in another one its readers are not known.
        fill: the number that all of a new array is; None where it is not known.
        made_by_name: whether `zeros`, `array` or the like made it.
        unread: whether no op has read the array since it was last written.
        owned: whether nobody else has the memory of the node's value.
        readers: the nodes that have read it.
        views: the nodes that show a part of it.
        pieces: the nodes that were written, each with its region.
        regions: those of the pieces of its `write`, in order.
        covered: how many places the pieces of its `write` fill.
        stands_for: the node of the same value that ops read in its place: a row that was just written.
        base: the array that it is a view of, with the op and the settings of the view in `how`.
        shows_foreign: whether it is a view of a parameter, or of data from outside.
        layout: where its value does not show it, see `layout.py`.
        scattered: whether a traced array that is no view may lie in another order than C.
        unsure: whether it may be a view or a copy.
        compiled: whether a compiled function has read it from outside.
    """

    made_by_name = False
    fill: float | None = None
    unread = True
    owned = False
    compiled = False
    shows_foreign = False
    layout: Any = None
    scattered = False
    unsure = False
    stands_for: Node | None = None
    base: Node | None = None
    how: Any = None
    views: Sequence[ref[Node]] = ()
    pieces: Pieces | None = None
    regions: Sequence[Region] = ()
    covered = 0

    def __init__(self, session: object) -> None:
        self.session = session
        self.readers: list[ref[Node]] = []


def tie(view: Node, base: Node, op: Any, settings: dict[str, Any]) -> None:
    """Notes that ``view`` shows what ``op`` makes of the array ``base``."""
    view._record.base, view._record.how = base, (op, settings)
    base._record.views = [*(r for r in base._record.views if r() is not None), ref(view)]
