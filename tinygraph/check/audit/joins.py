"""Concatenations that are to blame for one of the things that they join."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...core.node import Node
from .book import same
from .departures import Departure
from .present import Present


def joined(present: Present, departure: Departure) -> Departure:
    """The one thing that is wrong in what only joins others, if nobody else reads it."""
    written = present.written
    pieces = {node: _pieces(node, due) for node, due in departure.right.items()}
    first, of = departure.node, pieces[departure.node]
    places = [k for k, piece in enumerate(of) if not same(present.value(first.inputs[k]), piece)]
    picked = written.picked
    right = {picked(node.inputs[k]): of[k] for node, of in pieces.items() for k in places if of}
    node = picked(first.inputs[places[0]]) if places else first
    operation = written.operation_of.get(node)
    if len(places) != 1 or operation is None or any(len(written.readers(x)) > 1 for x in right):
        return departure
    if any(x.shape != piece.shape for x, piece in right.items()):
        return departure
    exact = [m.thing for m in written.look(node, right[node]) if m.is_exact]
    due = next((t for t in exact if t.kind == "adjoint"), replace(departure.due, array=right[node]))
    return replace(departure, operation=operation, node=node, due=due, right=right)


def _pieces(node: Node, due: np.ndarray) -> list[np.ndarray]:
    """What each input of a concatenation should be for its result to be what is due."""
    if node.op is None or node.op.name != "concatenate" or due.shape != node.shape:
        return []
    axis = node.attributes["axis"]
    return np.split(due, np.cumsum([x.shape[axis] for x in node.inputs])[:-1], axis)
