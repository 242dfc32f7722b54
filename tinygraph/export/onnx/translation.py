"""Translates a traced graph to nodes of ONNX, in the order of its ops; loops become recurrent nodes or Scans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ...cells.base.masks import Mask
from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...loops.loop import Body, Loop
from ...ops.broadcasting import Elementwise
from ...passes.decompose import decompose
from ...time.noise import Noise
from ...time.scan import Scan
from ..traced.free import Free
from ..traced.sizes import Filled
from . import elementwise, native, reductions, shapes
from .scans import looped, running
from .values import Value
from .writer import Writer

ROWS = shapes.ROWS | reductions.ROWS


class Translation:
    """The values of nodes that are written, those of the main graph and of the bodies around the current place.

    Attributes:
        natives: the recurrent nodes that stand for loops, with the cells, in order.
    """

    def __init__(self, writer: Writer, free: Free) -> None:
        self.writer, self.free = writer, free
        self._values: list[dict[Node, Value]] = [{}]
        self._names = {p: name for name, p in free.exported.parameters.items()}
        self.natives: list[tuple[str, Any]] = []
        self.parameters: dict[str, str] = {}

    def set(self, node: Node, value: Value) -> None:
        self._values[-1][node] = value

    def value(self, node: Node) -> Value:
        """The value of a node that is written."""
        for values in reversed(self._values):
            if node in values:
                return values[node]
        raise AssertionError(f"{node.label()} is not written")

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

    def write(self, results: Sequence[Node]) -> list[Value]:
        """Writes what the results depend on; returns their values."""
        order = [n for n in ancestors(results, lambda n: not self.known(n)) if not self.known(n)]
        selections: dict[Node, list[Node]] = {}
        for node in order:
            if node._op is not None and node._op.selects:
                selections.setdefault(node._inputs[0], []).append(node)
        for node in order:
            if isinstance(node._op, Loop):
                self._loop(node, selections.get(node, []))
            elif node._op is None or not node._op.selects:
                self.set(node, self._leaf(node) if node._op is None else self._op(node))
        return [self.value(y) for y in results]

    def _loop(self, node: Node, selections: list[Node]) -> None:
        body: Body = node._attributes["body"]
        with self.writer.at(node.scope):
            cell = self.free.driven.get(id(body))
            values = None if cell is None else native.written(self, node, selections, *cell[:2])
            for selection, value in zip(selections, values or looped(self, node, selections), strict=True):
                self.set(selection, value)

    def _leaf(self, node: Node) -> Value:
        w = self.writer
        if isinstance(node, Parameter):
            name = w.initializer(self._names.get(node) or node.name or "parameter", node._value)
            self.parameters[name] = name
            return Value(w, name, node.dtype)
        if isinstance(node, Constant):
            array = self.free.constant(node)
            return Value(w, w.filled(array) if isinstance(array, Filled) else w.constant(array), node.dtype)
        if isinstance(node, Noise):
            return Value(w, w.constant(self._silent(node), node.dtype), node.dtype)
        raise self.refused(node, f"{node.label()} is no input of the function", "pass it as an argument")

    def _silent(self, node: Noise) -> Any:
        """What a mask is in evaluation, one number."""
        draw = node.draw
        if isinstance(draw, Mask) and not draw.owner.training:
            return draw.owner.odds(draw.place)[2]
        problem = "random numbers are drawn at each call, which a file cannot do as NumPy does"
        fix = "layer.eval() before, if it is dropout; or draw outside and pass them as an argument"
        raise self.refused(node, problem, fix)

    def _op(self, node: Node) -> Value:
        op, w = node._op, self.writer
        assert op is not None
        inputs = [self.value(x) for x in node._inputs]
        with w.at(node.scope):
            if isinstance(op, Scan) or op.name == "cumprod":
                return running(self, node, inputs)
            own = type(op).__module__.startswith("tinygraph.")
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

    def _rewritten(self, node: Node) -> Value:
        """The value of an op that is made of others: a composite one, or a user's whose `forward` takes nodes."""
        op = node._op
        assert op is not None
        if op.name in reductions.REFUSED and type(op).__module__.startswith("tinygraph."):
            raise self.refused(node, reductions.REFUSED[op.name], "compute it outside, and pass it as an argument")
        try:
            new = self.free.rewritten(node, _by_rule)
        except Exception as error:
            problem = f"its forward does not run on nodes: {str(error).partition(chr(10))[0]}"
            raise self.refused(
                node, problem, "write its forward by NumPy functions of its inputs, as ops know"
            ) from None
        if new.shape != node.shape or new.dtype != node.dtype:
            problem = f"its forward on nodes gives {new.shape} {new.dtype} instead of {node.shape} {node.dtype}"
            raise self.refused(node, problem, "write its forward by NumPy functions of its inputs")
        return self.write([new])[0]

    def refused(self, node: Node, problem: str, fix: str) -> GraphError:
        """The error of a node that cannot be exported."""
        where = f"{node.label()}{f' in {node.scope}' if node.scope else ''}"
        return GraphError(f"{self.writer.what}: {where}: {problem}", fix=fix)


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
