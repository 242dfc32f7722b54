"""A traced graph computed by JAX: node by node, each by its row of the table; a loop is one `lax.scan`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.node import Node
from ...loops.loop import Body
from .ranges import CHECKS
from .rows import JaxRow, rows

ANY_DTYPE = {"where", "take", "pick", "getitem", "astype", "one_hot", "onehot_like", "entry", "softmax_cross_entropy"}
ANY_DTYPE |= {
    "excess",
    "argmax",
    "sorting",
    "leading",
    "add_at",
    "scatter",
    "write_at",
    "last_written",
    "within",
    "copy",
}
ANY_DTYPE |= {"equal", "greater", "greater_equal", "less", "less_equal", "not_equal", "ties"}
"""Ops whose inputs are not brought to the dtype of the result first, as numpy's arithmetic does."""


class JaxGraph:
    """Computes nodes of a traced graph with JAX.

    Args:
        jax: the package.
        values: JAX arrays of the leaves that are handed in: slots, parameters, what is read at each call.

    Attributes:
        wrong: booleans, whether an index, a label or a length is out of range.
    """

    def __init__(self, jax: Any, values: Mapping[Node, Any]) -> None:
        self.jax, self.values, self.table = jax, dict(values), rows(jax)
        self.wrong: list[Any] = []

    @property
    def any_wrong(self) -> list[Any]:
        """Whether any of them is, in a list; an empty one where nothing can be."""
        return [self.jax.numpy.stack(self.wrong).any()] if self.wrong else []

    def compute(self, nodes: Sequence[Node]) -> list[Any]:
        """The values of the nodes."""
        order = ancestors(nodes, lambda n: n not in self.values)
        picked = _picked(order)
        for node in order:
            if node not in self.values:
                self.values[node] = self._value(node, picked)
        return [self.values[node] for node in nodes]

    def _value(self, node: Node, picked: Mapping[Node, list[Node]]) -> Any:
        if node._op is None:
            return self._leaf(node)
        if node._op.name == "loop":
            return self._loop(node, picked.get(node, []))
        if node._op.selects:
            finals, sequences = self.values[node._inputs[0]]
            of = node._attributes["of"]
            return sequences[of] if isinstance(of, Node) else finals[of]
        inputs = [self.values[x] for x in node._inputs]
        dtype = self.jax.dtypes.canonicalize_dtype(node.dtype)
        if node._op.name not in ANY_DTYPE and node.dtype.kind in "fc":
            inputs = [x if x.dtype == dtype else x.astype(dtype) for x in inputs]
        if node._op.name in CHECKS:
            self.wrong.append(CHECKS[node._op.name](self.jax.numpy, node, inputs))
        z = self._row(node)(*inputs, **node._attributes)
        return z if z.dtype == dtype else z.astype(dtype)

    def _leaf(self, node: Node) -> Any:
        if node._value is not None:
            return self.jax.numpy.asarray(node._value)
        problem = f"jax: {node.label()} is read anew at each call, which a pure function cannot do"
        raise GraphError(problem, fix="draw the numbers outside, and pass them as an argument")

    def _row(self, node: Node) -> JaxRow:
        op = node._op
        assert op is not None
        row = self.table.get(op.name) if type(op).__module__.startswith("tinygraph.") else None
        if row is not None:
            return row
        result = self.jax.ShapeDtypeStruct(node.shape, self.jax.dtypes.canonicalize_dtype(node.dtype))

        def called(*inputs: Any, **settings: Any) -> Any:
            def forward(*arrays: Any) -> Any:
                return np.asarray(op.forward(*map(np.asarray, arrays), **settings), result.dtype)

            return self.jax.pure_callback(forward, result, *inputs, vmap_method="sequential")

        return called

    def _loop(self, node: Node, picked: list[Node]) -> tuple[Any, dict[Node, Any]]:
        """The final states, and the values at every step of the nodes of the body that are picked."""
        body: Body = node._attributes["body"]
        inputs = [self.values[x] for x in node._inputs]
        slices, rest = inputs[: len(body.slices)], inputs[len(body.slices) :]
        states, fixed = rest[: len(body.carries)], rest[len(body.carries) :]

        def step(carries: Any, xs: Any) -> Any:
            own: dict[Node, Any] = dict(zip(body.slots, [*xs, *carries, *fixed], strict=True))
            graph = JaxGraph(self.jax, own)
            results = graph.compute([*body.nexts, *picked])
            nexts = [y.astype(c.dtype) for y, c in zip(results, carries, strict=False)]
            return tuple(nexts), (results[len(nexts) :], graph.any_wrong)

        finals, (sequences, wrong) = self.jax.lax.scan(
            step, tuple(states), slices, length=body.steps, reverse=body.reverse
        )
        self.wrong += [told.any() for told in wrong]
        return finals, dict(zip(picked, sequences, strict=True))


def _picked(order: Sequence[Node]) -> dict[Node, list[Node]]:
    """For each loop the nodes of its body that are read outside of it."""
    picked: dict[Node, dict[Node, None]] = {}
    for node in order:
        if node._op is not None and node._op.selects and isinstance(node._attributes["of"], Node):
            picked.setdefault(node._inputs[0], {})[node._attributes["of"]] = None
    return {loop: [*nodes] for loop, nodes in picked.items()}
