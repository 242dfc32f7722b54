"""A function and its gradient as two compiled functions: the first also returns what the second needs of it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from types import FunctionType
from typing import Any

import numpy as np
from numpy import ndarray

from ...compiled import Compiled, compile
from ...core.errors import GraphError, shown
from ...core.graph import ancestors, replace
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...core.op import Spec
from ...core.structure import leaves, map_leaves, rebuild
from ...core.traced import Slot, Traced
from ...engine.grad import derive
from ...ops.numpy_functions import as_node

Needs = tuple[bool, ...]
"""For each parameter, then for each array among the arguments, whether it needs a gradient."""


class Halves:
    """A function of its parameters and arguments, with a gradient for whichever of them need one.

    Args:
        fn: takes arrays in any nesting and plain values, returns nodes in any nesting.
        parameters: those that it is computed from, by their names; the compiled functions take their values.
        backend: as for `compile`.
    """

    def __init__(self, fn: Any, parameters: dict[str, Parameter], backend: str) -> None:
        self.fn, self.parameters, self.backend = fn, parameters, backend
        self._compiled: dict[tuple[str, Needs], Compiled] = {}

    def __reduce__(self) -> Any:
        if isinstance(self.fn, FunctionType) and self.parameters:
            problem = "export.torch: a function that is loaded elsewhere reads parameters of its own"
            fix = "a tg.Module that holds them; or save module.state_dict()"
            raise GraphError(problem, got=shown(self.fn), fix=fix)
        return Halves, (self.fn, self.parameters, self.backend)

    def __deepcopy__(self, memo: dict[int, Any]) -> Halves:
        """A function is not copied, so the parameters that it names are not either: their values are arguments."""
        if isinstance(self.fn, FunctionType):
            return Halves(self.fn, self.parameters, self.backend)
        return Halves(*deepcopy((self.fn, self.parameters, self.backend), memo))

    def value(self, weights: Sequence[ndarray], call: Any) -> Any:
        """What the function returns, as arrays in its nesting."""
        return self._half("value", ())([*weights], *call)

    def forward(self, needs: Needs, weights: Sequence[ndarray], call: Any) -> tuple[Any, list[ndarray]]:
        """What the function returns, and the arrays that `backward` needs of it."""
        results, kept = self._half("forward", needs)([*weights], *call)
        return results, kept

    def backward(self, needs: Needs, weights: Sequence[ndarray], call: Any, kept: Any, gy: Any) -> list[ndarray]:
        """The gradients of those that need one, from the gradients of the floats among the results' leaves, or None."""
        gradients: list[ndarray] = self._half("backward", needs)([*weights], *call, [*kept], [*gy])
        return gradients

    def _half(self, which: str, needs: Needs) -> Compiled:
        half = self._compiled.get((which, needs))
        if half is None:
            half = compile(Half(self.fn, tuple(self.parameters.values()), which, needs), self.backend)
            half = self._compiled.setdefault((which, needs), half)
        return half


class Half:
    """The function that is compiled for one half, see `Halves`."""

    def __init__(self, fn: Any, parameters: tuple[Parameter, ...], which: str, needs: Needs) -> None:
        self.fn, self.parameters, self.which, self.needs = fn, parameters, which, needs

    def __call__(self, weights: list[Node], args: Any, kwargs: Any, kept: Any = (), gy: Any = ()) -> Any:
        results = map_leaves(as_node, self.fn(*args, **kwargs))
        new: dict[Node, Node] = dict(zip(self.parameters, weights, strict=True))
        if self.which == "value":
            return rebuild(results, self._with(leaves(results), new))
        floats = [y for y in leaves(results) if y.dtype.kind == "f"]
        seeds = [Slot(Spec(y.shape, y.dtype)) for y in floats]
        gradients = self._gradients(floats, seeds, leaves((args, kwargs)))
        border = _border(leaves(results), gradients, {*seeds})
        if self.which == "forward":
            count = len(leaves(results))
            copies = self._with([*leaves(results), *border], new)
            return rebuild(results, copies[:count]), copies[count:]
        arrived = [Constant(np.zeros(s.shape, s.dtype)) if g is None else g for s, g in zip(seeds, gy, strict=True)]
        return self._with(gradients, new | dict(zip([*border, *seeds], [*kept, *arrived], strict=True)))

    def _gradients(self, results: list[Node], seeds: list[Slot], arguments: list[Any]) -> list[Node]:
        arrived: dict[Node, Any] = {}
        for y, seed in zip(results, seeds, strict=True):
            arrived[y] = arrived[y] + seed if y in arrived else seed
        arrays = [x for x in arguments if isinstance(x, Node)]
        wrt = [x for x, wanted in zip([*self.parameters, *arrays], self.needs, strict=True) if wanted]
        order = ancestors(results, lambda n: n.op is None or n.op.differentiable)
        gradients = derive(order, {*wrt}, arrived, as_graph=True)
        return [gradients[x] if x in gradients else Constant(np.zeros(x.shape, x.dtype)) for x in wrt]

    def _with(self, nodes: list[Node], new: dict[Node, Node]) -> list[Node]:
        copies = replace(nodes, dict(new))
        for node in ancestors(copies):
            if isinstance(node, Parameter) and node.trained:
                fix = "set it as an attribute of the module, or pass parameters={name: parameter}"
                raise GraphError(f"export.torch: {node.label()} is used, but is no parameter of the module", fix=fix)
        return copies


def _border(results: list[Node], gradients: list[Node], seeds: set[Node]) -> list[Node]:
    """The nodes of the function whose values its gradient needs; what is made of parameters alone is computed again."""
    order = ancestors([*results, *gradients])
    forward = {*ancestors(results)}
    cheap = set[Node]()
    for node in order:
        if isinstance(node, (Constant, Parameter)) or (node.op is not None and cheap.issuperset(node.inputs)):
            cheap.add(node)

    def kept(node: Node) -> bool:
        if isinstance(node, Slot) or node in cheap:
            return False
        picks = node.op is not None and node.op.selects and node.inputs[0] in forward
        return isinstance(node, Traced) and (node in forward or picks)

    reached = ancestors(gradients, lambda n: not kept(n))
    return [n for n in reached if kept(n)]
