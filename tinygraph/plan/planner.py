"""The planner turns a graph into actions: it gives each value a view of a buffer, each node an action."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import GraphError
from ..core.graph import ancestors
from ..core.leaves import Constant, Parameter
from ..core.node import Node
from ..core.traced import Live, Slot
from ..loops.loop import loop
from ..passes.journal import Journal
from . import emission, views
from .actions import Buffer, View
from .carrying import Carrying
from .schedule import VIEWS, is_view, schedule

Home = Callable[[], View]


@dataclass
class Program:
    """The planner's result: the actions and the buffers of arguments, parameters and results.

    Attributes:
        arguments, parameters: their buffers; a `Live` leaf counts as a parameter.
        results: the view of each result.
    """

    actions: list[Any]
    arguments: list[Buffer]
    parameters: list[Buffer]
    results: list[View]


def lay(results: Sequence[Node], arguments: Sequence[Slot], fuses: bool, journal: Journal | None = None) -> Program:
    """Plan the actions that compute ``results`` from ``arguments``.

    Args:
        results: nodes of the outermost level.
        arguments: slots for the arrays of each call.
        fuses: whether element-wise nodes are fused into groups.
        journal: where to note which action computes which nodes, if it is wanted.
    """
    level = Level(results, None, fuses)
    level.journal = journal
    for k, slot in enumerate(arguments):
        level.views[slot] = views.whole(Buffer("argument", slot.size, slot.dtype, k), slot.shape)
    result_views = level.results()
    buffers = [level.views[slot].buffer for slot in arguments]
    parameters = [b for b in level.leaves.values() if b.kind == "parameter"]
    return Program(level.actions, buffers, parameters, result_views)


class Level:
    """Plans the nodes outside of all loops, or the nodes of one loop's body.

    Attributes:
        units: the schedule: lists of nodes that one action computes together.
        when: maps each scheduled node to the index of its unit.
        views: maps each node that has memory already to its view.
        homes: maps a node with a prescribed target to the function that returns the target view.
        within: maps a node to the concatenation into whose memory it is written.
        actions: the actions so far, in order.
        leaves: maps constants and parameters to their buffers; the outermost level holds them all.
    """

    journal: Journal | None = None

    def __init__(self, roots: Sequence[Node], outer: Level | None, fuses: bool, fixed: Sequence[Node] = ()) -> None:
        self.roots, self.outer, self.fuses = list(roots), outer, fuses
        self.root: Level = outer.root if outer else self
        self.depth: int = outer.depth + 1 if outer else 0
        self.order = ancestors(roots)
        self.units = schedule(self.order, {*roots}, fuses)
        self.when = {n: k for k, unit in enumerate(self.units) for n in unit}
        self.users: defaultdict[Node, list[Node]] = defaultdict(list)
        for n in self.order:
            for x in n._inputs:
                self.users[x].append(n)
        self.kept, self.fixed = {*roots}, {*fixed}
        self.views: dict[Node, View] = {}
        self.homes: dict[Node, Home] = {}
        self.within: dict[Node, Node] = {}
        self.actions: list[Any] = []
        self.leaves: dict[Any, Buffer] = {}
        self.selections = {(n._inputs[0], n._attributes["of"]): n for n in self.order if n._op and n._op.selects}

    def is_computed(self, node: Node) -> bool:
        """Whether an action of this level computes the node."""
        return node in self.when and not is_view(node) and node._op is not loop

    def base(self, node: Node) -> Node:
        """The node that owns the memory of a view node; any other node is its own base."""
        while node._op in VIEWS:
            node = node._inputs[0]
        return node

    def allocate(self, shape: Sequence[int], dtype: np.dtype) -> View:
        """A contiguous view of a new scratch buffer."""
        size = prod(shape)
        return views.whole(Buffer("scratch", size, dtype, depth=self.depth), shape)

    def place(self, node: Node) -> View:
        """The view that ``node`` is to be written to; allocated at the first request."""
        if node not in self.views:
            home = self.homes.get(node)
            self.views[node] = home() if home else self.allocate(node.shape, node.dtype)
        return self.views[node]

    def view(self, node: Node) -> View:
        """The view that holds the value of ``node``."""
        if node in self.views:
            return self.views[node]
        if isinstance(node, (Constant, Parameter, Live)):
            return self._leaf(node)
        raise GraphError(
            f"compile: {node.label()} was computed inside the cell of an unroll and is used outside of it",
            fix="return it from the cell as part of y_t or of the state",
        )

    def _leaf(self, node: Node) -> View:
        buffers = self.root.leaves
        if node not in buffers:
            if isinstance(node, (Parameter, Live)):
                buffers[node] = Buffer("parameter", node.size, node.dtype, node)
            else:
                buffers[node] = Buffer("constant", node.size, node.dtype, np.ascontiguousarray(node._value).reshape(-1))
        return views.whole(buffers[node], node.shape)

    def copy(self, source: View, target: View) -> None:
        """Append an action that copies a view to another view of the same shape."""
        self.actions.append(emission.copy(source, target))

    def is_read_outside(self, node: Node, group: set[Node]) -> bool:
        """Whether the node is a root or a node outside of ``group`` reads it."""
        return node in self.kept or any(user not in group for user in self.users[node])

    def is_fixed(self, node: Node) -> bool:
        """Whether the value is loop-invariant: computed before the loop around and equal at every step."""
        base = self.base(node)
        return self.outer is not None and (base in self.fixed or isinstance(base, Constant))

    def claim_memory(self) -> None:
        """Decide which values are written directly into the memory of a concatenation."""
        for node in reversed(self.order):
            if node._op is ops.concatenate:
                self._claim_parts(node)

    def _claim_parts(self, whole: Node) -> None:
        axis, at = whole._attributes.get("axis", 0) % whole.ndim, 0
        for part in whole._inputs:
            index = (*(slice(None),) * axis, slice(at, at + part.shape[axis]))
            at += part.shape[axis]
            source = part
            while source._op is ops.reshape and _adds_ones_alone(source):
                source = source._inputs[0]
            if source in self.homes or source.dtype != whole.dtype or not self._can_redirect(source):
                continue
            self.homes[source] = lambda i=index, s=source.shape: self._part_of(whole, i, s)  # type: ignore[misc]
            self.within[source] = whole

    def _can_redirect(self, node: Node) -> bool:
        """Whether the action that computes the node can write it to a prescribed view."""
        if node._op is not None and node._op.selects and not isinstance(node._attributes["of"], int):
            of, body = node._attributes["of"], node._inputs[0]._attributes["body"]
            return of._op is not None and not is_view(of) and of._op is not loop and of not in {*body.nexts}
        return self.is_computed(node)

    def _part_of(self, whole: Node, index: tuple[slice, ...], shape: tuple[int, ...]) -> View:
        part = views.reshaped(views.indexed(self.place(whole), index), shape)
        assert part is not None  # axes of size 1 can be added or removed whatever the strides
        return part

    def emit(self) -> None:
        """Append the actions of all units."""
        for unit in self.units:
            first = unit[0]
            if first._op is loop:
                Carrying(self, first).emit()
            elif first._op is not None and first._op.selects:
                continue  # planned with its loop
            elif is_view(first):
                self._emit_view(first)
            else:
                emitted = emission.emit(self, unit)
                self.actions += emitted
                if self.root.journal is not None:
                    self.root.journal.made(unit, emitted)

    def _emit_view(self, node: Node) -> None:
        """Assign the view of the input that the op returns; emit a copy where strides cannot express it."""
        x = self.view(node._inputs[0])
        view: View | None
        if node._op is ops.reshape:
            view = views.reshaped(x, node.shape)
        elif node._op is ops.transpose:
            axes = node._attributes.get("axes")
            view = views.transposed(x, [a % node.ndim for a in axes] if axes else range(node.ndim)[::-1])
        elif node._op is ops.getitem:
            view = views.indexed(x, node._attributes["index"])
        else:
            view = views.broadcast(x, node.shape)
        if view is not None:
            self.views[node] = view
            return
        target = views.reshaped(self.place(node), x.shape)
        assert target is not None  # a view that is stored has memory of its own, or rows of it
        self.copy(x, target)

    def results(self) -> list[View]:
        """Emit all actions and return the views of the roots, each in a result buffer of its own."""
        homes: dict[int, View] = {}
        for k, node in enumerate(self.roots):
            view = homes[k] = views.whole(Buffer("result", node.size, node.dtype, k), node.shape)
            while node._op is ops.reshape:
                node = node._inputs[0]
            if self._can_redirect(node) and node not in self.homes:
                self.homes[node] = lambda v=view, s=node.shape: views.reshaped(v, s)  # type: ignore[misc, assignment]
        self.claim_memory()
        self.emit()
        for k, node in enumerate(self.roots):
            if self.view(node).buffer is not homes[k].buffer:
                self.copy(self.view(node), homes[k])
        return list(homes.values())


def _adds_ones_alone(node: Node) -> bool:
    """Whether a reshape only adds or removes axes of size 1."""
    return [n for n in node.shape if n != 1] == [n for n in node._inputs[0].shape if n != 1]
