"""Translates a traced graph to nodes of ONNX, in the order of its ops; loops become recurrent nodes or Scans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import numpy as np

from ...cells.base.masks import Mask
from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...loops.loop import Body, Loop
from ...ops import getitem, stop_gradient, where
from ...ops.broadcasting import Elementwise
from ...passes.decompose import decompose
from ...time.noise import Noise
from ...time.scan import Scan
from ..traced.free import Free
from ..traced.sizes import Filled
from . import elementwise, native, reductions, scattering, shapes
from .scans import looped, running
from .wires import Wire
from .writer import Writer

ROWS = shapes.ROWS | scattering.ROWS | reductions.ROWS


class Translation:
    """The values of nodes that are written, those of the main graph and of the bodies around the current place.

    Attributes:
        natives: the recurrent nodes that stand for loops, with the cells, in order.
    """

    def __init__(self, writer: Writer, free: Free) -> None:
        self.writer, self.free = writer, free
        self._values: list[dict[Node, Wire]] = [{}]
        self._names = {p: name for name, p in free.exported.parameters.items()}
        self.natives: list[tuple[str, Any]] = []
        self.parameters: dict[str, str] = {}

    def put(self, node: Node, value: Wire) -> None:
        self._values[-1][node] = value

    def value(self, node: Node) -> Wire:
        """The value of a node that is written."""
        return next(values[node] for values in reversed(self._values) if node in values)

    def known(self, node: Node) -> bool:
        return any(node in values for values in self._values)

    @contextmanager
    def inside(self) -> Iterator[list[Any]]:
        """A context in which nodes of a body are written; gives the list of them."""
        self._values.append({})
        try:
            with self.writer.body() as nodes:
                yield nodes
        finally:
            self._values.pop()

    def write(self, results: Sequence[Node]) -> list[Wire]:
        """Writes what the results depend on; returns their values."""
        order, selections = self._needed(results)
        parts = self._parts(order)
        for node in order:
            if self.known(node):
                continue
            if (number := self.silent(node)) is not None:
                self.put(node, self.evenly(number, node))
            elif node in parts:
                self._split(parts[node])
            elif isinstance(node._op, Loop):
                self._loop(node, selections.get(node, []))
            elif node._op is None or not node._op.selects:
                self.put(node, self._leaf(node) if node._op is None else self._op(node))
        return [self.value(y) for y in results]

    def _parts(self, order: Sequence[Node]) -> dict[Node, list[Node]]:
        """Maps the first of the slices that part an array among them, as `split` makes them, to all of these."""
        slices: dict[Node, list[Node]] = {}
        for node in order:
            if node._op is getitem:
                slices.setdefault(node._inputs[0], []).append(node)
        whole = {s: nodes for s, nodes in slices.items() if len(nodes) > 1 and self._split_axis(nodes) is not None}
        return {nodes[0]: nodes for nodes in whole.values()}

    def _split_axis(self, nodes: Sequence[Node]) -> int | None:
        sizes = self.free.shape(nodes[0]._inputs[0])
        axis = scattering.tiled([self.free.setting(n, "index") for n in nodes], sizes)
        return axis if axis is not None and sizes[axis] == sum(n.shape[axis] for n in nodes) else None

    def _split(self, nodes: Sequence[Node]) -> None:
        """Writes one Split for slices that part an array."""
        axis, w = self._split_axis(nodes), self.writer
        assert axis is not None
        sizes = w.constant([n.shape[axis] for n in nodes], np.int64)
        names = w.write("Split", self.value(nodes[0]._inputs[0]), sizes, outputs=len(nodes), axis=axis)
        for node, name in zip(nodes, names, strict=True):
            self.put(node, Wire(w, name, node.dtype))

    def _needed(self, results: Sequence[Node]) -> tuple[list[Node], dict[Node, list[Node]]]:
        """The nodes that are still to be written, in order, and what selects from each loop among them."""
        selections: dict[Node, list[Node]] = {}
        for node in ancestors(results, lambda n: not self.known(n)):
            if node._op is not None and node._op.selects:
                selections.setdefault(node._inputs[0], []).append(node)
        visited, left = set[Node](), [*results]
        while left:
            node = left.pop()
            if node not in visited and not self.known(node):
                visited.add(node)
                left += self._read(node, selections.get(node, []))
        return sorted(visited, key=attrgetter("serial")), selections

    def _read(self, node: Node, selections: list[Node]) -> Sequence[Node]:
        """The inputs of a node that its value depends on."""
        if self.silent(node) is not None:
            return ()
        if isinstance(node._op, Loop):
            body: Body = node._attributes["body"]
            if (cell := self._native(node, selections)) is not None:
                return native.read(node, *cell)
            picked = [s._attributes["of"] for s in selections if isinstance(s._attributes["of"], Node)]
            used = {*body.carries} | self.used(body, picked)
            return [x for slot, x in zip(body.slots, node._inputs, strict=True) if slot in used]
        return [only] if (only := _cut(node)) is not None else node._inputs

    def used(self, body: Body, picked: Sequence[Node]) -> set[Node]:
        """The slots of a body, among other nodes, on which its next state and what is picked depend."""
        return {*self._needed([*body.nexts, *picked])[0]}

    def _native(self, node: Node, selections: list[Node]) -> tuple[Any, Any] | None:
        """The cell and the driver of a loop that becomes a node of ONNX's own; None of another."""
        driven = self.free.driven.get(id(node._attributes["body"]))
        return driven[:2] if driven is not None and native.matches(node, selections, *driven[:2]) else None

    def _loop(self, node: Node, selections: list[Node]) -> None:
        with self.writer.at(node.scope):
            cell = self._native(node, selections)
            values = looped(self, node, selections) if cell is None else native.written(self, node, selections, *cell)
            for selection, value in zip(selections, values, strict=True):
                self.put(selection, value)

    def _leaf(self, node: Node) -> Wire:
        w = self.writer
        if isinstance(node, Parameter):
            name = w.initializer(self._names.get(node) or node.name or "parameter", node._value)
            self.parameters[name] = name
            return Wire(w, name, node.dtype)
        if isinstance(node, Constant):
            array = self.free.constant(node)
            return Wire(w, w.filled(array) if isinstance(array, Filled) else w.constant(array), node.dtype)
        if isinstance(node, Noise):
            problem = "random numbers are drawn at each call, which a file cannot do as NumPy does"
            fix = "layer.eval() before, if it is dropout; or draw outside and pass them as an argument"
            raise self.refused(node, problem, fix)
        raise self.refused(node, f"{node.label()} is no input of the function", "pass it as an argument")

    def silent(self, node: Node) -> float | None:
        """What a random mask is in evaluation, one number; None for what is no such mask."""
        while node._op is getitem:
            node = node._inputs[0]
        draw = node.draw if isinstance(node, Noise) else None
        if isinstance(draw, Mask) and not draw.owner.training:
            return draw.owner.odds(draw.place)[2]
        return None

    def evenly(self, number: float, node: Node) -> Wire:
        """An array of one number in the shape of a node."""
        return Wire(self.writer, self.writer.filled(Filled(number, self.free.shape(node), node.dtype)), node.dtype)

    def _op(self, node: Node) -> Wire:
        op, w = node._op, self.writer
        assert op is not None
        if (only := _cut(node)) is not None:
            return self.value(only)
        inputs = [self.value(x) for x in node._inputs]
        with w.at(node.scope):
            if isinstance(op, Scan) or op.name == "cumprod":
                return running(self, node, inputs)
            own = op.__module__.startswith("tinygraph.")
            try:
                if own and isinstance(op, Elementwise) and op.name in elementwise.KNOWN:
                    settings = {k: self.free.setting(node, k) for k in node._attributes}
                    return elementwise.written(op.name, node.dtype, inputs, settings)
                if own and op.name in ROWS:
                    return ROWS[op.name](w, self.free, node, inputs)
            except GraphError as error:
                problem = str(error).partition("\n")[0].removeprefix(f"{w.what}: ")
                raise self.refused(node, problem, str(error).partition("fix       ")[2]) from None
        return self._rewritten(node)

    def _rewritten(self, node: Node) -> Wire:
        """The value of an op that is made of others: a composite one, or a user's whose `forward` takes nodes."""
        op = node._op
        assert op is not None
        if op.name in reductions.REFUSED and type(op).__module__.startswith("tinygraph."):
            raise self.refused(node, reductions.REFUSED[op.name], "compute it outside, and pass it as an argument")
        try:
            new = self.free.rewritten(node, _by_rule)
        except Exception as error:
            problem = f"its forward does not run on nodes: {str(error).partition(chr(10))[0]}"
            raise self.refused(node, problem, "write its forward by NumPy functions, which know nodes") from None
        if new.shape != node.shape or new.dtype != node.dtype:
            problem = f"its forward on nodes gives {new.shape} {new.dtype} instead of {node.shape} {node.dtype}"
            raise self.refused(node, problem, "write its forward by NumPy functions, which know nodes")
        return self.write([new])[0]

    def refused(self, node: Node, problem: str, fix: str) -> GraphError:
        """The error of a node that cannot be exported."""
        where = f"{node.label()}{f' in {node.scope}' if node.scope else ''}"
        return GraphError(f"{self.writer.what}: {where}: {problem}", fix=fix)


def _cut(node: Node) -> Node | None:
    """Of where(cut, stop_gradient(s), s), by which gradients are truncated, the s; None of another node."""
    if node._op is where:
        x, y = (b._inputs[0] if b._op is stop_gradient else b for b in node._inputs[1:])
        return x if x is y else None
    return None


def _by_rule(node: Node) -> Node:
    op = node._op
    assert op is not None
    new = decompose(node)
    if new is None:
        rule = type(op).__dict__.get("forward", type(op).forward)
        new = getattr(rule, "__wrapped__", rule)(op, *node._inputs, **node._attributes)
    if not isinstance(new, Node):
        raise TypeError(f"it gives {type(new).__name__}")
    return new
