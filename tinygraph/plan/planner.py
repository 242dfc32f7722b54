"""From a graph to actions: each value gets its place in memory, each node its action."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import ops
from ..core.errors import GraphError
from ..core.graph import ancestors
from ..core.leaves import Constant, Parameter
from ..core.node import Node
from ..core.traced import Slot
from ..loops.loop import loop
from ..time.noise import Noise
from . import emission, views
from .actions import Buffer, View
from .carrying import Carrying
from .schedule import is_view, schedule

Home = Callable[[], View]


@dataclass
class Program:
    """What the planner gives: actions, and where arguments, parameters and results are.

    Attributes:
        arguments, parameters: their buffers; with parameters stands what is drawn anew at each call.
        results: of each result the view that holds it.
    """

    actions: list[Any]
    arguments: list[Buffer]
    parameters: list[Buffer]
    results: list[View]


def lay(results: Sequence[Node], arguments: Sequence[Slot], fuses: bool) -> Program:
    """Actions that compute ``results`` from ``arguments``.

    Args:
        results: nodes of the outermost level.
        arguments: what is given at each call.
        fuses: whether element-wise nodes are grouped.
    """
    level = Level(results, None, fuses)
    for k, slot in enumerate(arguments):
        level.views[slot] = views.whole(Buffer("argument", slot.size, slot.dtype, k), slot.shape)
    found = level.results()
    given = [level.views[slot].buffer for slot in arguments]
    return Program(level.actions, given, [b for b in level.leaves.values() if b.kind == "parameter"], found)


class Level:
    """The nodes outside of all loops, or those of one loop's body, while they are given memory and actions.

    Attributes:
        views: where the values are that have a place already.
        homes: for nodes that shall be put at a certain place when they are made: what gives it.
        within: the concatenation into whose memory a node is put.
        actions: in order.
    """

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

    def is_made(self, node: Node) -> bool:
        """Whether some action of this level computes the node."""
        return node in self.when and not is_view(node) and node._op is not loop

    def base(self, node: Node) -> Node:
        """The node whose memory a view looks into."""
        while node._op is not None and not node._op.selects and is_view(node):
            node = node._inputs[0]
        return node

    def fresh(self, shape: Sequence[int], dtype: np.dtype) -> View:
        size = int(np.prod(shape))
        return views.whole(Buffer("scratch", size, dtype, depth=self.depth), shape)

    def place(self, node: Node) -> View:
        """Where the value of ``node`` is to be written."""
        if node not in self.views:
            home = self.homes.get(node)
            self.views[node] = home() if home else self.fresh(node.shape, node.dtype)
        return self.views[node]

    def view(self, node: Node) -> View:
        """Where the value of ``node`` is."""
        if node in self.views:
            return self.views[node]
        if isinstance(node, (Constant, Parameter, Noise)):
            return self._leaf(node)
        raise GraphError(
            f"compile: {node.label()} was made inside of the cell of an unroll and used outside of it",
            fix="give it out of the cell as part of y_t or of the state",
        )

    def _leaf(self, node: Node) -> View:
        known = self.root.leaves
        if node not in known:
            if isinstance(node, (Parameter, Noise)):
                known[node] = Buffer("parameter", node.size, node.dtype, node)
            else:
                known[node] = Buffer("constant", node.size, node.dtype, np.ascontiguousarray(node._value).reshape(-1))
        return views.whole(known[node], node.shape)

    def copy(self, source: View, target: View) -> None:
        """An action that copies one view to another of its shape."""
        self.actions.append(emission.copy(source, target))

    def is_read_outside(self, node: Node, group: set[Node]) -> bool:
        """Whether anything but the nodes of ``group`` reads the node's value."""
        return node in self.kept or any(user not in group for user in self.users[node])

    def is_fixed(self, node: Node) -> bool:
        """Whether the value is the same at every step of the loop around, and made before it."""
        base = self.base(node)
        return self.outer is not None and (base in self.fixed or isinstance(base, (Constant, Parameter, Noise)))

    def settle(self) -> None:
        """Decide which values are written straight into a concatenation."""
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
            if source in self.homes or source.dtype != whole.dtype or not self._can_be_sent(source):
                continue
            self.homes[source] = lambda i=index, s=source.shape: self._inside(whole, i, s)  # type: ignore[misc]
            self.within[source] = whole

    def _can_be_sent(self, node: Node) -> bool:
        if node._op is not None and node._op.selects and not isinstance(node._attributes["of"], int):
            of, body = node._attributes["of"], node._inputs[0]._attributes["body"]
            return of._op is not None and not is_view(of) and of._op is not loop and of not in {*body.nexts}
        return self.is_made(node)

    def _inside(self, whole: Node, index: tuple[slice, ...], shape: tuple[int, ...]) -> View:
        part = views.reshaped(views.indexed(self.place(whole), index), shape)
        assert part is not None  # axes of size 1 come and go in any strides
        return part

    def emit(self) -> None:
        """Append the actions of all units."""
        for unit in self.units:
            first = unit[0]
            if first._op is loop:
                Carrying(self, first).emit()
            elif first._op is not None and first._op.selects:
                continue  # the loop has put it in its place
            elif is_view(first):
                self._look(first)
            else:
                self.actions += emission.emit(self, unit)

    def _look(self, node: Node) -> None:
        """The view that the op is; a copy where strides cannot say it."""
        x = self.view(node._inputs[0])
        seen: View | None
        if node._op is ops.reshape:
            seen = views.reshaped(x, node.shape)
        elif node._op is ops.transpose:
            axes = node._attributes.get("axes")
            seen = views.transposed(x, [a % node.ndim for a in axes] if axes else range(node.ndim)[::-1])
        elif node._op is ops.getitem:
            seen = views.indexed(x, node._attributes["index"])
        else:
            seen = views.broadcast(x, node.shape)
        if seen is not None:
            self.views[node] = seen
            return
        target = self.place(node)
        unshaped = views.reshaped(target, x.shape)
        if unshaped is None:
            unshaped = self.fresh(x.shape, x.dtype)
            self.copy(x, unshaped)
            again = views.reshaped(unshaped, node.shape)
            assert again is not None
            self.copy(again, target)
        else:
            self.copy(x, unshaped)

    def results(self) -> list[View]:
        """Emit everything; where the roots are: each in a buffer of its own, new at each call."""
        homes: dict[int, View] = {}
        for k, node in enumerate(self.roots):
            view = homes[k] = views.whole(Buffer("result", node.size, node.dtype, k), node.shape)
            while node._op is ops.reshape:
                node = node._inputs[0]
            if self._can_be_sent(node) and node not in self.homes:
                self.homes[node] = lambda v=view, s=node.shape: views.reshaped(v, s)  # type: ignore[misc, assignment]
        self.settle()
        self.emit()
        for k, node in enumerate(self.roots):
            if self.view(node).buffer is not homes[k].buffer:
                self.copy(self.view(node), homes[k])
        return list(homes.values())


def _adds_ones_alone(node: Node) -> bool:
    return [n for n in node.shape if n != 1] == [n for n in node._inputs[0].shape if n != 1]
