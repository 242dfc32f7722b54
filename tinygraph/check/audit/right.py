"""The right graph: the user's own forward pass with the gradients of this library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import grad
from ...ops.writing import copy
from .lines import Line, key_of, line_of
from .subject import Outcome


@dataclass(frozen=True)
class Thing:
    """One array of the right graph.

    Attributes:
        kind: "value", "adjoint", "part" of an adjoint, or "sum" of parts.
        of: what it is the value or the adjoint of.
        step: the time step; None outside of time.
        family: equal for the same thing at each step.
        array: its numbers.
    """

    kind: str
    of: str
    step: int | None
    family: Hashable
    array: np.ndarray

    def __str__(self) -> str:
        what = {"value": "", "adjoint": "the adjoint of ", "part": "a part of the adjoint of "}.get(self.kind, "")
        what = "the running sum of the gradient of " if self.kind == "sum" else what
        return f"{what}{self.of}" + ("" if self.step is None else f" at step {self.step}")


class Right:
    """What a right backward pass makes, as nodes and as arrays.

    Attributes:
        things: arrays of the forward pass and of its gradients.
        gradients: the right gradients by the names of the parameters.
    """

    def __init__(self, outcome: Outcome) -> None:
        self.loss: Node = outcome.loss
        order = [x for x in ancestors([self.loss]) if x.dtype.kind == "f"]
        self._names = {leaf: name for name, leaf in outcome.leaves.items()}
        self._steps = _steps(order)
        gradients = dict(zip(order, grad(self.loss, order), strict=True))
        self.gradients = {name: gradients[x].value for name, x in outcome.leaves.items() if x in gradients}
        for name, leaf in outcome.leaves.items():
            self.gradients.setdefault(name, np.zeros(leaf.shape))
        self.things = [*self._of_forward(order, gradients), *self._of_gradients([*gradients.values()], {*order})]

    def _of_forward(self, order: list[Node], gradients: dict[Node, Node]) -> list[Thing]:
        things = []
        for x in order:
            if x.size == 1:
                continue
            name, step = self._name(x), self._steps.get(x)
            things.append(Thing("value", name, step, ("value", self._family(x)), x.value))
            things.append(Thing("adjoint", name, step, ("adjoint", self._family(x)), gradients[x].value))
        return things

    def _of_gradients(self, roots: list[Node], forward: set[Node]) -> list[Thing]:
        things = []
        count: dict[Any, int] = defaultdict(int)
        for g in ancestors(roots):
            origin = g.origin
            if g in forward or origin is None or g.dtype.kind != "f" or g.size == 1:
                continue
            word = g.op.name if g.op else ""
            nth = count[origin, word, g.shape] = count[origin, word, g.shape] + 1
            name, step = self._name(origin), self._steps.get(origin)
            things.append(Thing("part", name, step, ("part", self._family(origin), word, g.shape, nth), g.value))
        return [*things, *(thing for name, leaf in self._leaves() for thing in self._sums(name, leaf, roots))]

    def _leaves(self) -> list[tuple[str, Node]]:
        return [(name, leaf) for leaf, name in self._names.items()]

    def _sums(self, name: str, leaf: Node, roots: list[Node]) -> list[Thing]:
        """Sums of the parts of a parameter's gradient, from the first and from the last step on."""
        total = next((r for r in roots if r.shape == leaf.shape and r.value is self.gradients[name]), None)
        parts = _terms(total) if total is not None else []
        things = []
        for word, ordered in (("first", parts), ("last", parts[::-1])):
            running = np.cumsum([p.value for p in ordered], axis=0) if parts else []
            things += [Thing("sum", name, k, ("sum", word, name), part) for k, part in enumerate(running)]
        return things

    def _family(self, x: Node) -> Hashable:
        return self._parameter(x) or key_of(x) or id(x)

    def _parameter(self, x: Node) -> str | None:
        """The name of a parameter, or of the copy of it that the user's code may write into."""
        return self._names.get(x.inputs[0] if x.op is copy else x)

    def _name(self, x: Node) -> str:
        name = self._parameter(x)
        if name:
            return name
        line: Line | None = line_of(x)
        if line is None:
            return "an input"
        return line.target if line.whole and line.target else line.expression


def _terms(total: Node) -> list[Node]:
    """The terms of a sum of nodes, in the order in which they were added."""
    terms, stack = [], [total]
    while stack:
        x = stack.pop()
        if x.op is not None and x.op.name == "add" and all(y.shape == total.shape for y in x.inputs):
            stack += reversed(x.inputs)
        else:
            terms.append(x)
    return terms


def _steps(order: list[Node]) -> dict[Node, int]:
    """The time step of each node: the n-th node of one line is that of step n, if there is more than one."""
    groups: dict[Hashable, list[Node]] = defaultdict(list)
    for x in order:
        if key_of(x):
            groups[key_of(x)].append(x)
    return {x: step for group in groups.values() if len(group) > 1 and group[0].op is not copy for step, x in enumerate(group)}
