"""Differentiation: `grad` writes the gradient as nodes, `backward` computes it as arrays, by one walk."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError, users_line
from ..core.graph import ancestors
from ..core.leaves import Constant, Parameter, as_nodes
from ..core.node import Node
from ..core.nonfinite import watch_backward
from ..core.op import value_of
from ..core.scope import now
from ..core.structure import leaves, rebuild
from ..ops import getitem, matmul
from .kept_memory import keep_freed_memory
from .parts import Parts


def grad(y: Node, wrt: Any, gy: Any = None, *, strict: bool = False) -> Any:
    """The gradient of ``y`` as nodes, which can be drawn, compiled and differentiated again.

    gx = sum over y's elements of gy * dy/dx, for each x of ``wrt``.

    Args:
        y: a node; of one element unless ``gy`` is given.
        wrt: a node, or lists, tuples, dicts of nodes, leaves or not.
        gy: array or node of y's shape, 1 if left out.
        strict: raise if ``y`` does not depend on one of ``wrt``, whose gradient else is zeros.

    Returns:
        nodes in the structure of ``wrt``, each of its node's shape and dtype.

    Raises:
        GraphError: ``y`` is not one number and ``gy`` is missing; ``gy`` does not fit; a
            parameter's value was set after ``y`` was computed; ``strict`` and unreached.

    Example:
        >>> import tinygraph as tg
        >>> x = tg.parameter(3.0)
        >>> g = tg.grad(x * x * x, x)
        >>> g.item(), tg.grad(g, x).item()
        (27.0, 18.0)
    """
    nodes = _nodes_of("grad", y, wrt)
    seed = _seed("grad", y, gy)
    order = ancestors([y], _differentiable)
    for guard in now.guards:
        guard(y, order, nodes)
    found = derive(order, set(nodes), {y: seed}, as_graph=True)
    for x in nodes:
        if x not in found and strict:
            raise GraphError(
                f"grad: {y.label()} does not depend on {x.label()}",
                fix="remove it from wrt, or leave strict=True away to get zeros",
            )
    return rebuild(wrt, [found[x] if x in found else Constant(np.zeros(x.shape, x.dtype)) for x in nodes])


def backward(y: Node, gy: Any = None) -> None:
    """Add the gradient of ``y`` to ``.grad`` of every parameter that it depends on.

    Plain arrays, no new nodes: the way to train. ``.grad`` of all other nodes stays as it is.

    Args:
        y: a node; of one element unless ``gy`` is given.
        gy: array of y's shape, 1 if left out.

    Raises:
        GraphError: as for `grad`, or no parameter is reached.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter([1.0, 2.0])
        >>> tg.sum(w * w).backward()
        >>> w.grad
        array([2., 4.])
    """
    if now.tracing:
        raise GraphError(
            "backward: a function that is being compiled keeps no .grad",
            got=users_line(),
            fix="compile tg.value_and_grad(loss, parameters)",
        )
    seed = _seed("backward", y, gy).value
    order = ancestors([y], _differentiable)
    parameters: list[Node] = [x for x in order if isinstance(x, Parameter)]
    if not parameters:
        raise GraphError(
            f"backward: {y.label()} depends on no parameter",
            fix="make the weights by tg.parameter, or name them: tg.grad(y, wrt)",
        )
    found = derive(order, set(parameters), {y: seed}, as_graph=False)
    for x in parameters:
        if x in found:
            x.grad = found[x] if x.grad is None else x.grad + found[x]


def zero_grad(parameters: Any) -> None:
    """Set ``.grad`` of every node in the structure to None, "not computed".

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(1.0)
        >>> (w * w).backward()
        >>> tg.zero_grad([w])
        >>> w.grad is None
        True
    """
    for x in leaves(parameters):
        x.grad = None


def derive(order: list[Node], wrt: set[Node], arrived: dict[Node, Any], *, as_graph: bool) -> dict[Node, Any]:
    """Walk from the last nodes of ``order`` towards ``wrt``, later nodes first; what each of ``wrt`` receives.

    A loop over a list, so no depth is too deep. With ``as_graph`` the rules run on nodes and so
    build nodes, else on arrays.

    Args:
        order: nodes, inputs before their ops.
        wrt: where gradients are asked for.
        arrived: the gradients to start from, by node; used up.
    """
    way = _between(order, wrt)
    walk = _Walk(set(way), as_graph)
    parts = walk.parts
    slices, products, trajectories = parts.slices, parts.products, parts.trajectories
    owned: set[Node] = set()
    found: dict[Node, Any] = {}
    place = now.place
    try:
        for node in reversed(way):
            gz = arrived.pop(node, None)
            if node in slices or node in products or node in trajectories:
                gz = parts.total(node, gz)
                owned.add(node)
            if gz is None:
                continue
            if node in wrt:
                # A rule may hand on a view or its own argument: what is kept must be this node's alone.
                found[node] = gz if as_graph or node in owned else np.array(gz)
            if node._op is None or not node._op.differentiable:
                continue
            if as_graph:
                now.place = (node.step, node.scope, node)
            for x, gx in walk.leaving(node, gz):
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
    return found


def _between(order: list[Node], wrt: set[Node]) -> list[Node]:
    """The nodes of ``order`` through which a gradient flows to ``wrt``, refused if a parameter changed since."""
    needed: set[Node] = set()
    way = []
    changed = max((x.changed for x in order if isinstance(x, Parameter)), default=-1)
    for node in order:
        op = node._op
        if node in wrt or (op is not None and op.differentiable and not needed.isdisjoint(node._inputs)):
            needed.add(node)
            way.append(node)
            if node.serial < changed:
                _refuse_stale(node)
    return way


def _refuse_stale(node: Node) -> None:
    for x in node._inputs:
        if isinstance(x, Parameter) and x.changed > node.serial:
            raise GraphError(
                f"{node.label()}: the value of {x.label()} was set after this graph was computed",
                expected="gradients before the update, or a new forward pass after it",
                fix="compute the loss again, then differentiate it",
            )


def _differentiable(node: Node) -> bool:
    op = node._op
    return op is None or op.differentiable


_ONE = [True]


class _Walk:
    """What stays the same along a walk: which nodes need a gradient, and whether it is built of nodes or of arrays."""

    def __init__(self, needed: set[Node], as_graph: bool) -> None:
        self.needs = needed.__contains__
        self.as_graph = as_graph
        self.watched = now.watching
        self.parts = Parts()

    def leaving(self, node: Node, gz: Any) -> list[tuple[Node, Any]]:
        """Pairs of input and gradient for the inputs that need one, by the op's own rule.

        What is cheaper added up in one go for all consumers of an input goes to ``parts`` instead.
        """
        op, inputs, settings = node._op, node._inputs, node._attributes
        assert op is not None
        if op is getitem:
            self.parts.slices[inputs[0]].append((gz, settings["index"]))
            return []
        if op.selects:
            self.parts.trajectories[inputs[0]].append((node, gz))
            return []
        wanted = _ONE
        if len(inputs) > 1:
            wanted = [*map(self.needs, inputs)]
            if op is matmul and not self.as_graph and not self.watched:
                self.parts.keep_factors(node, gz, wanted)
            if op.selective and not all(wanted):
                settings = {**settings, "wanted": wanted}
        if self.as_graph:
            gradients = op.backward(gz, node, *inputs, **settings)
        else:
            gradients = op.backward(gz, node._value, *map(value_of, inputs), **settings)
        if not isinstance(gradients, (tuple, list)):
            gradients = (gradients,)
        if len(gradients) != len(inputs):
            raise GraphError(
                f"{node.label()}: backward gave a wrong number of gradients",
                expected=f"{len(inputs)}, one an input, or None",
                got=str(len(gradients)),
            )
        leaving = []
        for x, gx, asked in zip(inputs, gradients, wanted, strict=True):
            if asked and gx is not None:
                leaving.append((x, self.fit(node, x, gx)))
        return leaving

    def fit(self, node: Node, x: Node, gx: Any) -> Any:
        """The gradient that leaves ``node`` for ``x``: a node or an array as asked, checked, in the dtype of ``x``."""
        if isinstance(gx, Node) is not self.as_graph:
            gx = as_nodes((gx,))[0] if self.as_graph else gx.value
        value = x if self.as_graph else x._value
        if gx.shape != value.shape:
            raise GraphError(
                f"{node.label()}: backward gave a gradient of a wrong shape for {x.label()}",
                expected=str(x.shape),
                got=str(gx.shape),
                fix="sum it over the axes that were broadcast (tg.ops.sum_to)",
            )
        if self.watched:
            watch_backward(node, gx, x)
        return gx if gx.dtype is value.dtype or gx.dtype == value.dtype else gx.astype(x.dtype)


def _nodes_of(who: str, y: Any, wrt: Any) -> list[Node]:
    nodes = leaves(wrt)
    whole = [x.label() for x in nodes if isinstance(x, Node) and x.dtype.kind != "f"]
    if whole:
        raise GraphError(
            f"{who}: {', '.join(whole)} does not hold floating-point numbers",
            expected="float32 or float64",
            fix="make it of floats, or leave it out of wrt",
        )
    strangers = [type(x).__name__ for x in [y, *nodes] if not isinstance(x, Node)]
    if strangers or not nodes:
        raise GraphError(
            f"{who} needs nodes",
            expected="y a node, wrt one node or more",
            got=", ".join(strangers) or "an empty wrt",
            fix="make leaves by tg.parameter",
        )
    return nodes


def _seed(who: str, y: Node, gy: Any) -> Node:
    if gy is None:
        if y.size != 1:
            raise GraphError(
                f"{who}: {y.label()} is not one number",
                expected="one element, or gy=",
                got=f"shape {y.shape}",
                fix="tg.sum(y), or gy= an array of y's shape",
            )
        gy = np.ones(y.shape, y.dtype)
    seed = as_nodes((gy,))[0]
    if seed.shape != y.shape:
        raise GraphError(f"{who}: gy does not fit {y.label()}", expected=str(y.shape), got=str(seed.shape))
    return seed if seed.dtype == y.dtype else seed.astype(y.dtype)


keep_freed_memory()
setattr(Node, "backward", backward)  # noqa: B010  type checkers know it from core/node.py
