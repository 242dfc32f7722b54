"""Functions built on `grad`: value_and_grad, and products with Jacobians (vjp, jvp) and Hessians (hvp)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.checks import function
from ..core.errors import GraphError, refusing
from ..core.leaves import Constant, node_of
from ..core.node import Node
from ..core.structure import leaves, map_leaves
from ..ops import multiply
from ..ops import sum as sum_
from .grad import grad


@refusing
def value_and_grad(fn: Callable[..., Node], wrt: Any) -> Callable[..., tuple[Node, Any]]:
    """Returns a function that calls ``fn`` and returns its result with the gradient with respect to ``wrt``.

    Args:
        fn: returns a node of one element.
        wrt: nodes in any structure, usually the parameters that ``fn`` uses.

    Returns:
        a function of fn's arguments that returns ``(y, grad(y, wrt))``.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter([1.0, 2.0])
        >>> y, g = tg.value_and_grad(lambda x: tg.sum(w * x), w)([3.0, 4.0])
        >>> y.item(), g.value
        (11.0, array([3., 4.]))
    """

    fn = refusing(function("value_and_grad", fn), "value_and_grad")

    def call(*args: Any, **kwargs: Any) -> tuple[Node, Any]:
        y = fn(*args, **kwargs)
        return y, grad(y, wrt)

    call.__wrapped__ = fn  # type: ignore[attr-defined]  # for the names of its parameters
    return call


@refusing
def vjp(fn: Callable[..., Node], *primals: Any) -> tuple[Node, Callable[[Any], tuple[Any, ...]]]:
    """The vector-Jacobian product: the result of ``fn(*primals)`` and a function from gy to gy^T dy/dx.

    Args:
        fn: takes nodes, returns one node.
        primals: arrays or nodes, or structures of them.

    Returns:
        ``(y, pull)``; ``pull(gy)`` takes an array of y's shape and returns one gradient for each primal,
        gx = gy^T dy/dx, as nodes of the primals' shapes.

    Example:
        >>> import tinygraph as tg
        >>> import numpy as np
        >>> y, pull = tg.vjp(lambda x: x * x, np.array([1.0, 2.0, 3.0]))
        >>> pull(np.array([1.0, 1.0, 0.0]))[0].value
        array([2., 4., 0.])
    """
    inputs = _lift(primals)
    y = _result("vjp", fn, inputs)
    return y, lambda gy: grad(y, inputs, gy)


@refusing
def jvp(fn: Callable[..., Node], primals: Any, tangents: Any) -> tuple[Node, Node]:
    """The Jacobian-vector product: the result of ``fn(*primals)`` and its derivative along ``tangents``.

    dy = sum of dy/dx dx. It is the derivative with respect to gy of the gradient that `grad` returns, which is
    linear in gy, so ops need no rule for forward mode.
    Source: J. Townsend, "A new trick for calculating Jacobian vector products", 2017.

    Args:
        fn: takes nodes, returns one node.
        primals: tuple or list of arrays or nodes.
        tangents: the same structure, arrays of the same shapes.

    Returns:
        ``(y, dy)``, both of y's shape.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.jvp(lambda x: x * x, (np.array(3.0),), (np.array(1.0),))[1].item()
        6.0
    """
    inputs, directions = _pair("jvp", primals, tangents)
    y = _result("jvp", fn, inputs)
    u = Constant(np.ones(y.shape, y.dtype))
    along = _inner(leaves(grad(y, inputs, u)), directions)
    return y, grad(along, u)


@refusing
def hvp(fn: Callable[..., Node], primals: Any, tangents: Any) -> tuple[Node, Any]:
    """The Hessian-vector product: the result of ``fn(*primals)``, one number, and its Hessian times ``tangents``.

    Args:
        fn: takes nodes, returns a node of one element.
        primals: tuple or list of arrays or nodes.
        tangents: the same structure, arrays of the same shapes.

    Returns:
        ``(y, Hv)``, Hv in the structure of ``primals``.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> x, v = np.array([1.0, 2.0]), np.array([1.0, 0.0])
        >>> tg.hvp(lambda x: tg.sum(x * x * x), (x,), (v,))[1][0].value
        array([6., 0.])
    """
    inputs, directions = _pair("hvp", primals, tangents)
    y = _result("hvp", fn, inputs)
    return y, grad(_inner(leaves(grad(y, inputs)), directions), inputs)


def _result(who: str, fn: Any, inputs: Any) -> Node:
    """What the function gives for the inputs, one node."""
    y = refusing(function(who, fn), who)(*inputs)
    if not isinstance(y, Node):
        raise GraphError(f"{who}: the function must return one node", got=type(y).__name__)
    return y


def _inner(gradients: list[Node], directions: list[Node]) -> Node:
    terms = [sum_(multiply(g, v)) for g, v in zip(gradients, directions, strict=True)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _lift(structure: Any) -> Any:
    return map_leaves(node_of, structure)


def _pair(who: str, primals: Any, tangents: Any) -> tuple[Any, list[Node]]:
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        problem = f"{who}: primals and tangents must be tuples with one entry for each argument of fn"
        types = f"{type(primals).__name__}, {type(tangents).__name__}"
        raise GraphError(problem, got=types, fix="(x,) for one argument")
    inputs, directions = _lift(primals), leaves(_lift(tangents))
    expected, got = [x.shape for x in leaves(inputs)], [v.shape for v in directions]
    if expected != got:
        raise GraphError(f"{who}: tangents do not match the primals", expected=str(expected), got=str(got))
    return inputs, directions
