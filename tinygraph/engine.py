"""Differentiation: `grad` writes the gradient as nodes, `backward` computes it as arrays, by one walk."""

from __future__ import annotations

from typing import Any

import numpy as np

from .core.errors import GraphError
from .core.graph import ancestors
from .core.node import Constant, Node, Parameter, as_nodes
from .core.nonfinite import watch_backward
from .core.scope import now
from .core.structure import leaves, rebuild
from .ops import getitem, put


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
    found = _derive(y, nodes, _seed("grad", y, gy), as_graph=True)
    for x in nodes:
        if x not in found and strict:
            raise GraphError(f"grad: {y.label()} does not depend on {x.label()}",
                             fix="remove it from wrt, or leave strict=True away to get zeros")  # fmt: skip
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
    seed = _seed("backward", y, gy).value
    parameters: list[Node] = [x for x in ancestors([y], _differentiable) if isinstance(x, Parameter)]
    if not parameters:
        raise GraphError(f"backward: {y.label()} depends on no parameter",
                         fix="make the weights by tg.parameter, or name them: tg.grad(y, wrt)")  # fmt: skip
    found = _derive(y, parameters, seed, as_graph=False)
    for x in parameters:
        if x in found:
            # A rule may hand on a view or its own argument: what is kept must be the parameter's alone.
            x.grad = np.array(found[x]) if x.grad is None else x.grad + found[x]


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


def _derive(y: Node, wrt: list[Node], seed: Any, *, as_graph: bool) -> dict[Node, Any]:
    """Walk from ``y`` towards ``wrt``, later nodes first, and collect what each of ``wrt`` receives.

    A loop over a list, so no depth is too deep. With ``as_graph`` the rules run on nodes and so
    build nodes, else on arrays.
    """
    way = _between(y, set(wrt))
    needed, wanted = set(way), set(wrt)
    arrived: dict[Node, Any] = {y: seed}
    pieces: dict[Node, list[tuple[Any, Any]]] = {}
    owned: set[Node] = set()
    found: dict[Node, Any] = {}
    place = now.place
    try:
        for node in reversed(way):
            gz = _total(node, arrived, pieces)
            if gz is None:
                continue
            if node in wanted:
                found[node] = gz
            if node.op is None or not node.op.differentiable:
                continue
            if as_graph:
                now.place = (node.step, node.scope, node)
            for x, gx in _leaving(node, gz, needed, as_graph):
                if node.op is getitem:
                    pieces.setdefault(x, []).append((gx, node.attributes["index"]))
                elif x not in arrived:
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


def _between(y: Node, wrt: set[Node]) -> list[Node]:
    """The nodes through which a gradient flows from ``y`` to ``wrt``, inputs before their ops."""
    needed: set[Node] = set()
    way = []
    for node in ancestors([y], _differentiable):
        if node in wrt or (node.op is not None and node.op.differentiable and not needed.isdisjoint(node.inputs)):
            needed.add(node)
            way.append(node)
    return way


def _differentiable(node: Node) -> bool:
    return node.op is None or node.op.differentiable


def _total(node: Node, arrived: dict[Node, Any], pieces: dict[Node, list[tuple[Any, Any]]]) -> Any:
    """All that arrived at ``node``; the gradients of its slices are put into one array together."""
    whole = arrived.pop(node, None)
    if node not in pieces:
        return whole
    parts, indexes = zip(*pieces.pop(node), strict=True)
    joined = put.of(*parts, shape=node.shape, indexes=indexes)
    return joined if whole is None else whole + joined


def _leaving(node: Node, gz: Any, needed: set[Node], as_graph: bool) -> list[tuple[Node, Any]]:
    """Pairs of input and gradient for the inputs that need one, by the op's own rule."""
    op, inputs = node.op, node.inputs
    assert op is not None
    settings = node.attributes
    if op.selective:
        settings = {**settings, "wanted": [x in needed for x in inputs]}
    if op is getitem:
        gradients: Any = (gz,)
    elif as_graph:
        gradients = op.backward(gz, node, *inputs, **settings)
    else:
        gradients = op.backward(gz, node._value, *[x._value for x in inputs], **settings)
    if not isinstance(gradients, (tuple, list)):
        gradients = (gradients,)
    if len(gradients) != len(inputs):
        raise GraphError(f"{node.label()}: backward gave a wrong number of gradients",
                         expected=f"{len(inputs)}, one an input, None where there is none", got=str(len(gradients)))  # fmt: skip
    leaving = []
    for x, gx in zip(inputs, gradients, strict=True):
        if gx is not None and x in needed:
            leaving.append((x, gx if op is getitem else _fit(node, x, gx, as_graph)))
    return leaving


def _fit(node: Node, x: Node, gx: Any, as_graph: bool) -> Any:
    """The gradient that leaves ``node`` for ``x``, checked, and in the dtype of ``x``."""
    if isinstance(x, Parameter) and x.changed > node.serial:
        raise GraphError(f"{node.label()}: the value of {x.label()} was set after this graph was computed",
                         expected="gradients before the update, or a new forward pass after it",
                         fix="compute the loss again, then differentiate it")  # fmt: skip
    if not as_graph and isinstance(gx, Node):
        gx = gx.value
    if gx.shape != x.shape:
        raise GraphError(f"{node.label()}: backward gave a gradient of a wrong shape for {x.label()}",
                         expected=str(x.shape), got=str(gx.shape),
                         fix="sum it over the axes that were broadcast (tg.ops.sum_to)")  # fmt: skip
    if now.watch == "raise":
        watch_backward(node, gx, x)
    return gx if gx.dtype == x.dtype else gx.astype(x.dtype)


def _nodes_of(who: str, y: Any, wrt: Any) -> list[Node]:
    nodes = leaves(wrt)
    strangers = [type(x).__name__ for x in [y, *nodes] if not isinstance(x, Node)]
    if strangers or not nodes:
        raise GraphError(f"{who} needs nodes", expected="y a node, wrt one node or more",
                         got=", ".join(strangers) or "an empty wrt", fix="make leaves by tg.parameter")  # fmt: skip
    return nodes


def _seed(who: str, y: Node, gy: Any) -> Node:
    if gy is None:
        if y.size != 1:
            raise GraphError(f"{who}: {y.label()} is not one number", expected="one element, or gy=",
                             got=f"shape {y.shape}", fix="tg.sum(y), or gy= an array of y's shape")  # fmt: skip
        gy = np.ones(y.shape, y.dtype)
    seed = as_nodes((gy,))[0]
    if seed.shape != y.shape:
        raise GraphError(f"{who}: gy does not fit {y.label()}", expected=str(y.shape), got=str(seed.shape))
    return seed if seed.dtype == y.dtype else seed.astype(y.dtype)


setattr(Node, "backward", backward)  # noqa: B010  type checkers know it from core/node.py
