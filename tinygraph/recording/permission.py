"""Permission: which arrays may be written, and by which files."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any
from weakref import ref

from ..core.errors import OFFER, MutationError, users_frame, users_line
from ..core.node import Node
from ..core.scope import now
from .record import own, root

COPY_FIRST = "copy it first: a = np.copy(a), which may hold nodes"
OURS = f"{__name__.partition('.')[0]}.numpy"


def check(node: Node, what: str, fix: str) -> None:
    """Raises unless the array of ``node`` may be written here.

    Args:
        what: how it would be changed.
        fix: what to write where nothing is recorded.
    """
    recorder, record = now.recorder, node._record
    if recorder is None or not (recorder.anywhere or _by_name(node) or _file_asks()):
        problem = f"{node.label()} cannot be changed by {what}"
        raise MutationError(problem, got=users_line(), fix=f"{fix}; {OFFER}")
    if record is None or record.session is not recorder.session:
        why = "it is a parameter" if node.kind == "parameter" else "it was made outside of the recording"
    elif record.compiled:
        why = "a compiled function has read it from outside"
    elif record.base is not None:
        return check(record.base, what, fix)
    elif record.unsure:
        why = "it may be a view or a copy of another array"
    elif record.shows_foreign:
        why = "it is a view of a parameter or of other data"
    elif any(map(_is_in_use, record.maybe)):
        why = "what was made of it by reshape or asarray, and is still in use, may be a view or a copy of it"
    else:
        return None
    problem = f"{node.label()} cannot be changed by {what}: {why}"
    update = "set its value after the gradient: w.value = w.value - 0.1 * g; or copy it: a = np.copy(w)"
    raise MutationError(problem, got=users_line(), fix=update if node.kind == "parameter" else COPY_FIRST)


def _is_in_use(reference: ref[Node]) -> bool:
    """Whether anything but ops that have read it holds a node, or a view of it."""
    node = reference()
    if node is None:
        return False
    record = own(node)
    if any(map(_is_in_use, record.views)):
        return True
    holders = sum([x is node for reader in record.session.readers(node) for x in reader._inputs])
    holders += sum([view() is not None for view in record.views])  # as their base
    return sys.getrefcount(node) > 2 + holders  # the name here, and the argument


def _by_name(node: Node) -> bool:
    record = root(node)._record
    return record is not None and record.made_by_name


def _file_asks() -> bool:
    """Whether the file, or the function, of the user's line has a name for `tinygraph.numpy` or for a part of it."""
    frame = users_frame()
    ours = sys.modules.get(OURS)
    return any(_is_ours(value, ours) for value in (*frame.f_globals.values(), *frame.f_locals.values()))


def _is_ours(value: Any, ours: Any) -> bool:
    return value is ours or (isinstance(value, FunctionType) and value.__module__ == OURS)
