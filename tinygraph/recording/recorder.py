"""The recorder: what ops read and make while arrays may be written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np

from .. import ops
from ..core import errors
from ..core.errors import MutationError, users_line
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import now
from ..core.trail import leave_users_trail, reach_user
from ..ops.einsum import spell_out
from ..ops.operators import basic
from . import makers
from .change import row
from .layout import KEEPS_C_ORDER, SHOWS, VIEWS, in_order, is_in_c_order, is_odd, is_scattered, layout, viewed
from .permission import COPY_FIRST, check
from .python_names import number, takes_part
from .record import LOCK, Session, doubt, is_number, meant, own, root, tie
from .writing import overwrite, scattered

_ERRORS = errors.__file__
"""The file of what stands around public methods."""

SHARING = VIEWS | {ops.copy, ops.stop_gradient, ops.within, ops.einsum}
"""Ops whose result may lie in the memory of their first input."""


class Recorder:
    """Notes what ops read and make, so that arrays can be written.

    Args:
        anywhere: whether every file may write, not only those that use `tinygraph.numpy`.
        session: the recording that it continues; a new one by default.
        follows: whether each node knows the user's line, however deep in this library it is made.
    """

    def __init__(self, anywhere: bool = False, session: Session | None = None, follows: bool = False) -> None:
        self.anywhere, self.follows = anywhere, follows
        self.session = session or Session()

    def inner(self) -> Recorder:
        """The recorder of a function that is traced now: arrays from outside cannot be written there."""
        return Recorder(self.anywhere)

    def read(self, inputs: tuple[Node, ...]) -> tuple[Node, ...]:
        """The inputs of an op, where a row that was just written is the node that was written there."""
        for x in inputs:
            record = x._record
            if record is not None and record.stands_for is not None:
                return tuple([meant(x) for x in inputs])
        return inputs

    def made(self, node: Node, read: tuple[Node, ...]) -> None:
        """Notes a new node, as a reader of its inputs and perhaps as a view of the array that was read."""
        session = self.session
        log, node._record = session.log, session.blank
        log.append((node.serial, ref(node)))  # as `enter` does, which costs a call more for each op
        if len(log) > session.most:
            session.forget()
        if self.follows:
            reach_user(node)
        if node._op in SHARING:
            _note_sharing(node, read[0])
        if now.tracing:
            self._note_traced(node)
        elif session.odd and node.ndim > 1 and node._op not in VIEWS and any(map(is_odd, node._inputs)):
            own(node).scattered = not (node._op is ops.matmul and node.ndim == 2)  # in C order whatever it multiplies

    def _note_traced(self, node: Node) -> None:
        for x in node._inputs:
            if x._record is not None and x._record.session is not self.session:
                own(x).compiled = True
        if node._op not in VIEWS and is_scattered(node):
            own(node).scattered = True

    def copied(self, node: Node, order: str = "K") -> Node:
        """A copy that may be written, in the order in memory that numpy's would have; that of data is data."""
        known = in_order(layout(node), node.shape, order)
        if type(node) is Constant:
            copy: Node = Constant(np.array(node._value))
            copy._record = self.session.blank
            own(copy).owned = True
        else:
            copy = ops.copy(node)
            leave_users_trail(copy)
        if node.ndim > 1:
            own(copy).layout, own(copy).scattered, self.session.odd = known, known is None, True
        return copy

    def composed(self, node: Any, function: Any, args: tuple[Any, ...]) -> Any:
        """The result of a function of numpy's that is made of ops. Where numpy's is no view of an argument, it is none,
        either, and its order in memory may be another one than that of numpy's."""
        if not isinstance(node, Node):
            return node
        base = root(node)
        if any(base is root(x) for x in args if isinstance(x, Node)):
            return node if function in SHOWS else self.copied(node)
        if node.ndim != 1:
            parts = [x for x in args if isinstance(x, Node)]
            if function in (np.stack, np.concatenate) and isinstance(args[0], (list, tuple)):
                parts = [x for x in args[0] if isinstance(x, Node) and x.ndim > 1]
            if not (node.ndim and function in KEEPS_C_ORDER and all(map(is_in_c_order, parts))):
                record = own(node)
                record.base, record.layout, record.scattered = None, None, node.ndim > 0  # a number is no view
                self.session.odd |= record.scattered
        return node

    def shown(self, view: Node, base: Node, op: Any = ops.broadcast_to, settings: Any = None) -> Node:
        """Notes that ``view``, which is ``op(base, **settings)``, shows ``base`` and cannot be written to."""
        if base._record is not None:
            tie(view, base, op, view._attributes if settings is None else settings)
        return view

    data = staticmethod(makers.writable)
    """What numpy made of data, as an array that may be written."""

    def keeps_numbers(self, node: Node) -> bool:
        """Whether a number of ``node`` that Python asks for has a gradient to keep, in a file that is recorded."""
        if not self.anywhere or type(node) is Constant or node.dtype.kind != "f":
            return False
        frame = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_filename == _ERRORS:
            frame = frame.f_back
        return takes_part(frame.f_globals)

    def number(self, node: Node, index: tuple[Any, ...] = ()) -> Node:
        """``node.item(*index)`` as a node without axes."""
        if len(index) == 1 and isinstance(index[0], tuple):
            (index,) = index
        if len(index) == 1 and node.ndim != 1:
            node = ops.reshape(node, node.size)
        return number(node[tuple(map(int, index))] if index else node)

    def numbers(self, node: Node) -> Any:
        """``node.tolist()``, as nodes."""
        return [self.numbers(node[k]) for k in range(len(node))] if node.ndim else number(node)

    def row(self, node: Node, key: Any) -> Node | None:
        """``node[key]`` of an array with rows that were written, while no other thread writes into it; else None."""
        record = node._record
        if record.pieces is None or record.session is not self.session:
            return None
        with LOCK:
            piece = row(node, key)
            index = basic(key) if piece is None else None
            return piece if index is None else ops.getitem(node, index=index)

    def written(self, who: str, target: Node, compute: Callable[[], Any]) -> Node:
        """Writes what ``compute`` returns into ``target``, for ``out=target``."""
        check(target, f"{who} (out=)", "omit out= and use the result")
        overwrite(target, compute())
        return target

    def add_at(self, ufunc: Any, target: Node, key: Any, value: Any) -> None:
        """``np.add.at(target, key, value)``: equal places are added up."""
        sign = {np.add: 1, np.subtract: -1}.get(ufunc)
        if sign is None or not isinstance(target, Node):
            problem = f"np.{ufunc.__name__}.at is not supported on nodes" + (" in a plain array" if sign else "")
            loop = f"for i, v in zip(index, values): a[i] = np.{ufunc.__name__}(a[i], v)"
            raise MutationError(problem, got=users_line(), fix=COPY_FIRST if sign else loop)
        check(target, f"np.{ufunc.__name__}.at", "a + the scattered values")
        overwrite(target, target + sign * scattered(target, key, value))


def _note_sharing(node: Node, x: Node) -> None:
    """Notes that the value of ``node`` may lie in the memory of the value of ``x``, and perhaps that it is a view."""
    if x._record is not None and x._record.owned:
        x._record.owned = False
    if (node._op in VIEWS or _only_turns(node)) and _shows(node, x):
        if x._record is None:
            own(node).shows_foreign = True
        else:
            tie(node, x, node._op, node._attributes)


def _shows(node: Node, x: Node) -> bool:
    """Whether numpy makes a view: a reshape may have to copy, and an index that leaves one number does."""
    record = x._record
    followed = record is not None and (record.layout is not None or record.base is not None or record.scattered)
    if not (now.tracing or followed):
        return _is_array(node, x) and np.may_share_memory(node._value, x._value)
    record = own(node)
    record.layout, shows = viewed(node._op, node._attributes, x)
    record.scattered = record.layout is None
    if not shows and layout(x) is None:
        doubt(node, x)
    return shows and _is_array(node, x)


def _only_turns(node: Node) -> bool:
    """Whether numpy's einsum makes a view: of one array, of which it sums nothing up."""
    if node._op is not ops.einsum or len(node._inputs) > 1:
        return False
    (term,), out = spell_out(node._attributes["subscripts"], [node._inputs[0].ndim])
    return {*term} == {*out} != set()


def _is_array(node: Node, x: Node) -> bool:
    """Whether numpy gives an array, not a number: ``x[1, ...]`` and ``x[:1].reshape(())`` are arrays of no axes."""
    if node._op is not ops.getitem:
        return node.ndim > 0 or not is_number(x)
    return node.ndim > 0 or ... in node._attributes["index"]
