"""Reverse-mode differentiation: `tg.grad` builds gradients as nodes, `backward` computes them as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..core.checks import flag
from ..core.errors import GraphError, refusing, users_line
from ..core.graph import ancestors
from ..core.habits import no_node
from ..core.kept_state import as_traced
from ..core.leaves import Constant, Parameter, node_of
from ..core.node import Node
from ..core.nonfinite import watch_backward
from ..core.op import value_of
from ..core.scope import now
from ..core.structure import leaves, rebuild
from ..core.together import set_together
from ..ops import getitem, matmul
from .kept_memory import keep_freed_memory
from .parts import Parts


@refusing
def grad(y: Node, wrt: Any, gy: Any = None, *, strict: bool = False) -> Any:
    """The gradient of ``y`` with respect to ``wrt`` as nodes, which can be drawn, compiled and differentiated again.

    gx = sum over the elements of y of gy * dy/dx, for each x in ``wrt``.

    Args:
        y: a node; of one element unless ``gy`` is passed.
        wrt: a node, or lists, tuples, dicts of nodes; parameters, constants, or results of ops.
        gy: the gradient with respect to y, an array or node of y's shape; 1 by default.
        strict: whether to raise if ``y`` does not depend on a node in ``wrt``; by default its gradient is zeros.

    Returns:
        nodes in the structure of ``wrt``, each of the shape and dtype of its node.

    Raises:
        GraphError: ``y`` is not one number and ``gy`` is missing; the shape of ``gy`` is not that of ``y``; a
            parameter's value was set after ``y`` was computed; ``strict``, and ``y`` does not depend on a node.

    Example:
        >>> import tinygraph as tg
        >>> x = tg.parameter(3.0)
        >>> g = tg.grad(x * x * x, x)
        >>> g.item(), tg.grad(g, x).item()
        (27.0, 18.0)
    """
    nodes = _nodes_of("grad", y, wrt)
    seed = _seed("grad", y, gy)
    order = ancestors([y], gradients=True)
    for guard in now.guards:
        guard(y, order, nodes)
    gradients = derive(order, set(nodes), {y: seed}, as_graph=True)
    for x in nodes:
        if x not in gradients and flag("grad", "strict", strict):
            fix = "remove it from wrt, or omit strict=True to get zeros"
            raise GraphError(f"grad: {y.label()} does not depend on {x.label()}", fix=fix)
    return rebuild(wrt, [gradients[x] if x in gradients else Constant(np.zeros(x.shape, x.dtype)) for x in nodes])


@refusing
def backward(y: Node, gy: Any = None) -> None:
    """Adds the gradient of ``y`` to the ``.grad`` of every parameter that it depends on.

    It computes arrays and makes no nodes, which suits training. The ``.grad`` of other nodes does not change.

    Args:
        y: a node; of one element unless ``gy`` is passed.
        gy: the gradient with respect to y, an array of y's shape; 1 by default.

    Raises:
        GraphError: as in `grad`; or ``y`` depends on no parameter that is trained.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter([1.0, 2.0])
        >>> tg.sum(w * w).backward()
        >>> w.grad
        array([2., 4.])
    """
    if now.tracing:
        fix = "compile tg.value_and_grad(loss, parameters)"
        raise GraphError("backward: a compiled function cannot set .grad", got=users_line(), fix=fix)
    seed = _seed("backward", y, gy).value
    order = ancestors([y], gradients=True)
    parameters: list[Node] = [x for x in order if x._op is None and isinstance(x, Parameter) and x.trained]
    if not parameters:
        fix = "make the weights with tg.parameter, or pass them: tg.grad(y, wrt)"
        raise GraphError(f"backward: {y.label()} depends on no parameter that is trained", fix=fix)
    gradients = derive(order, set(parameters), {y: seed}, as_graph=False)
    arrived = [x for x in parameters if x in gradients]
    set_together([(x, "_grad", gradients[x] if x._grad is None else x._grad + gradients[x]) for x in arrived])


@refusing
def zero_grad(parameters: Any) -> None:
    """Sets the ``.grad`` of every node in the structure to None.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(1.0)
        >>> (w * w).backward()
        >>> tg.zero_grad([w])
        >>> w.grad is None
        True
    """
    nodes = leaves(parameters)
    others = [x for x in nodes if not isinstance(x, Node)]
    if others:
        got, fix = ", ".join(type(x).__name__ for x in others), no_node(*others)
        raise GraphError("zero_grad needs nodes", expected="nested lists or dicts of parameters", got=got, fix=fix)
    if now.tracing:
        raise GraphError("zero_grad: a compiled function cannot set .grad", got=users_line(), fix="call it outside")
    set_together([(x, "_grad", None) for x in nodes])


def derive(order: list[Node], wrt: set[Node], arrived: dict[Node, Any], *, as_graph: bool) -> dict[Node, Any]:
    """Maps each node in ``wrt`` to its gradient: calls the ops' `backward` in reverse topological order.

    It is a loop, not a recursion, so a graph may have any depth.

    Args:
        order: nodes in topological order.
        wrt: the nodes whose gradients are returned.
        arrived: maps nodes to the gradients to start from; it is modified.
        as_graph: whether `backward` runs on nodes and so builds nodes, or on arrays.
    """
    path, needed = _between(order, wrt)
    walk = _Walk(needed, wrt, as_graph)
    parts, begun, strict = walk.parts, walk.parts.begun, as_graph or walk.watched
    owned: set[Node] = set()
    gradients: dict[Node, Any] = {}
    place = now.place
    try:
        for node in reversed(path):
            gz = arrived.pop(node, None)
            if node in begun:
                gz = parts.total(node, gz)
                owned.add(node)
            if gz is None:
                continue
            if node in wrt:
                # `backward` may return a view or its own argument, so the result is a copy.
                gradients[node] = gz if as_graph or node in owned else np.array(gz)
            op = node._op
            if op is None or not op.differentiable:
                continue
            if as_graph:
                now.place = (node.step, node.scope, node)
            for x, gx in zip(node._inputs, walk.leaving(op, node, gz), strict=False):
                if gx is None or x not in needed:
                    continue
                value = x._value
                if strict or gx.shape != value.shape or gx.dtype is not value.dtype or type(gx) is not ndarray:
                    gx = walk.fit(node, x, gx)
                if x not in arrived:
                    arrived[x] = gx
                elif x in owned:
                    arrived[x] += gx
                else:
                    arrived[x] = arrived[x] + gx
                    if not as_graph:
                        owned.add(x)
    finally:
        now.place = place
    return gradients


def _between(order: list[Node], wrt: set[Node]) -> tuple[list[Node], set[Node]]:
    """The nodes through which gradients flow to ``wrt``; raises if a parameter was set after they were computed."""
    needed: set[Node] = set()
    path, changed = [], -1
    for node in order:
        op = node._op
        if op is None and isinstance(node, Parameter):
            changed = max(changed, node.changed)
        if node in wrt or (op is not None and op.differentiable and not needed.isdisjoint(node._inputs)):
            needed.add(node)
            path.append(node)
    for node in path:
        if node.serial >= changed:
            break
        _refuse_stale(node)
    return path, needed


def _refuse_stale(node: Node) -> None:
    for x in node._inputs:
        if isinstance(x, Parameter) and x.changed > node.serial:
            problem = f"{node.label()}: the value of {x.label()} was set after this graph was computed"
            expected = "gradients before the update, or a new forward pass after it"
            raise GraphError(problem, expected=expected, fix="compute the loss again, then differentiate it")


class _Walk:
    """The settings of one `derive`: which nodes need a gradient, and whether gradients are nodes or arrays."""

    def __init__(self, needed: set[Node], wrt: set[Node], as_graph: bool) -> None:
        self.needs = needed.__contains__
        self.as_graph = as_graph
        self.watched = now.watching
        self.parts = Parts(wrt)

    def leaving(self, op: Any, node: Node, gz: Any) -> Any:
        """A gradient or None for each input, from the op's `backward`; of inputs that need none it may be anything.

        Gradients that are cheaper to sum at once, when all have arrived, go to ``parts`` instead.
        """
        if op is getitem or op.selects:
            self.parts.keep(node, gz)
            return ()
        try:
            gradients = self._by_rule(op, node, gz)
        except GraphError:
            raise
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            raise _explained(node, error) from error
        if type(gradients) is ndarray or not isinstance(gradients, (tuple, list)):
            gradients = (gradients,)
        if len(gradients) != len(node._inputs):
            problem = f"{node.label()}: backward returned a wrong number of gradients"
            expected = f"{len(node._inputs)}, one for each input, or None"
            raise GraphError(problem, expected=expected, got=str(len(gradients)))
        return gradients

    def _by_rule(self, op: Any, node: Node, gz: Any) -> Any:
        """What `backward` returns. A call of a few arguments takes a third of the time of one with a star."""
        inputs, settings = node._inputs, node._attributes
        if op.selective and len(inputs) > 1:
            wanted = [*map(self.needs, inputs)]
            if op is matmul and not (self.as_graph or self.watched):
                self.parts.keep_factors(node, gz, wanted)
            if False in wanted:
                if True not in wanted:
                    return [None] * len(inputs)
                settings = {**settings, "wanted": wanted}
        if self.as_graph:
            return as_traced(op, node).backward(gz, node, *inputs, **settings)
        if settings or len(inputs) > 2:
            return op.backward(gz, node._value, *map(value_of, inputs), **settings)
        if len(inputs) == 1:
            return op.backward(gz, node._value, inputs[0]._value)
        x, y = inputs
        return op.backward(gz, node._value, x._value, y._value)

    def fit(self, node: Node, x: Node, gx: Any) -> Any:
        """The gradient from ``node`` to its input ``x``, checked, in the dtype of ``x``, as a node or an array."""
        if isinstance(gx, Node) is not self.as_graph:
            gx = node_of(gx) if self.as_graph else gx.value
        value = x if self.as_graph else x._value
        if gx.shape != value.shape:
            problem = f"{node.label()}: backward returned a gradient of the wrong shape for {x.label()}"
            fix = "sum it over the axes that were broadcast: tg.ops.sum_to"
            raise GraphError(problem, expected=str(x.shape), got=str(gx.shape), fix=fix)
        if self.watched:
            watch_backward(node, gx, x)
        return gx if gx.dtype is value.dtype or gx.dtype == value.dtype else gx.astype(x.dtype)


def _explained(node: Node, error: Exception) -> GraphError:
    fix = "write gz = gz * 2, which makes a new array, not gz *= 2" if "read-only" in str(error) else ""
    return GraphError(f"{node.label()}: backward: {error}", got=type(error).__name__, fix=fix)


def _nodes_of(who: str, y: Any, wrt: Any) -> list[Node]:
    nodes = leaves(wrt)
    integers = [x.label() for x in nodes if isinstance(x, Node) and x.dtype.kind != "f"]
    if integers:
        problem = f"{who}: {', '.join(integers)} does not hold floating-point numbers"
        fix = "make it with a floating dtype, or remove it from wrt"
        raise GraphError(problem, expected="float32 or float64", fix=fix)
    others = [x for x in [y, *nodes] if not isinstance(x, Node)]
    if others or not nodes:
        got, fix = ", ".join(type(x).__name__ for x in others), no_node(*others) or "make leaves with tg.parameter"
        got = got or "an empty wrt"
        raise GraphError(f"{who} needs nodes", expected="y a node, wrt one node or more", got=got, fix=fix)
    return nodes


def _seed(who: str, y: Node, gy: Any) -> Node:
    if gy is None:
        if y.size != 1:
            problem, fix = f"{who}: {y.label()} is not one number", "tg.sum(y), or gy=, an array of y's shape"
            raise GraphError(problem, expected="one element, or gy=", got=f"shape {y.shape}", fix=fix)
        gy = np.ones(y.shape, y.dtype)
    seed = node_of(gy)
    if seed.shape != y.shape:
        problem = f"{who}: the shape of gy is not that of {y.label()}"
        raise GraphError(problem, expected=str(y.shape), got=str(seed.shape))
    return seed if seed.dtype == y.dtype else seed.astype(y.dtype)


keep_freed_memory()
setattr(Node, "backward", backward)  # noqa: B010  core/node.py declares it for type checkers
