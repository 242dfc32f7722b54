"""What a live page computes with: a step, its local backward pass and the optimizer's update as one ES module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from ..core.graph import ancestors, replace
from ..core.leaves import Constant, Parameter
from ..core.node import Node
from ..draw.shown.folding import fold
from ..draw.shown.letters import timeless
from ..engine.grad import grad
from ..export.js.dialect import JavaScript
from ..export.js.file import module_of
from ..export.planned.arithmetic import expression
from ..export.planned.subjects import collect
from ..export.planned.unit import Unit
from ..ops import sum as total_of
from ..train.optimizer import Optimizer
from ..train.step import step as training_step
from .one_step import OneStep

OPENING = {"sigmoid", "softmax", "clip", "exp"}
"""Ops whose results a page shows as gates."""


@dataclass(eq=False)
class StepRow:
    """A result within the step that the page shows: a row of the picture.

    Attributes:
        kind: ``"state"``, ``"gate"`` or ``"value"``.
        state: which state it is, -1 for none.
    """

    name: str
    node: Node
    kind: str
    state: int


def rows_of(one: OneStep) -> list[StepRow]:
    """The results of the step that have letters, and all states, in the order of their computation."""
    letters = fold([*one.after, one.y]).letters
    named = {x: timeless(x.name or letters.get(x, "")) for x in [*letters, *one.after]}
    states = {x: k for k, x in enumerate(one.after)}
    outside = {one.x, *one.before}
    every = ancestors([*one.after, one.y])
    outside |= _joint(every) - states.keys()
    inside = [x for x in every if x not in outside and (x in states or _is_row(x, named))]
    taken: dict[str, int] = {}
    rows = []
    for x in inside:
        word = named.get(x) or f"s{states[x] + 1}"
        taken[word] = taken.get(word, 0) + 1
        name = word if taken[word] == 1 else f"{word} {taken[word]}"
        gate = x.op is not None and x.op.name in OPENING
        rows.append(StepRow(name, x, "state" if x in states else "gate" if gate else "value", states.get(x, -1)))
    return rows


def _joint(nodes: Sequence[Node]) -> set[Node]:
    """Returns what holds several gates side by side: it is read in parts alone, or adds up to what is."""
    users: dict[Node, list[Node]] = {}
    for x in nodes:
        for y in x.inputs:
            users.setdefault(y, []).append(x)
    joint: set[Node] = set()
    for x in reversed(nodes):
        ops = {(y.op and y.op.name, y in joint) for y in users.get(x, ())}
        if ops and ops <= {("getitem", False), ("getitem", True), ("add", True)}:
            joint.add(x)
    return joint


def _is_row(x: Node, named: dict[Node, str]) -> bool:
    """Whether a page shows it; what has no batch axis is made of parameters alone."""
    return bool(named.get(x)) and x.op is not None and x.dtype.kind == "f" and x.ndim == 2 and x.shape[0] == 1


class Computing:
    """The step of a page, its rows and its parameters as functions in JavaScript.

    Args:
        one: the step.
        loss: of the output (1, O) and the target, a node of one element.
        target: an example of the target.
        optimizer: whose update a step of training is.
        names: of the parameters.
    """

    def __init__(self, one: OneStep, loss: Any, target: Any, optimizer: Optimizer, names: dict[Parameter, str]) -> None:
        self.one, self.rows, self.names = one, rows_of(one), names
        self.target = Constant(target)
        self.loss = loss(one.y, self.target)
        self.parameters: list[Parameter] = optimizer._flat
        self.floating = [k for k, s in enumerate(one.before) if s.dtype.kind == "f"]
        unit = Unit(JavaScript(), lambda written, names: expression(written, names, "Math.floor", "Math.pow"))
        states = [s._value for s in one.before]
        masks = [np.ones(s.shape, s.dtype) for s in states]
        values = [p._value for p in self.parameters]
        train = training_step(self._linear, self.parameters, optimizer, backend="eager")
        functions = {"forward": self.forward, "backward": self.backward, "update": train}
        entering = one.x._value, self.target._value, states, masks
        arriving = [states[k] for k in self.floating]
        examples = {"forward": entering, "backward": (*entering, 1.0, arriving), "update": (values,)}
        collect("draw.live", unit, "step", functions, examples)
        self.unit = unit

    def module(self) -> str:
        """The text of the module, in 64 bits whatever the weights have."""
        return module_of(self.unit, "step", exact=True)

    def forward(self, x: Any, target: Any, states: Sequence[Any], masks: Sequence[Any]) -> Any:
        new, after = self._entered(x, target, states, masks)
        y, loss, *rows = replace([self.one.y, self.loss, *(r.node for r in self.rows if r.state < 0)], new)
        return {"y": y, "loss": loss, "after": after, "rows": rows}

    def backward(
        self, x: Any, target: Any, states: Sequence[Any], masks: Sequence[Any], weight: Any, arriving: Sequence[Any]
    ) -> Any:
        """Gradients of weight * loss + sum(arriving * states after the step)."""
        new, after = self._entered(x, target, states, masks)
        loss, *rows = replace([self.loss, *(r.node for r in self.rows if r.state < 0)], new)
        goal = loss * weight
        for k, g in zip(self.floating, arriving, strict=True):
            goal = goal + total_of(after[k] * g)
        floats = [x] if x.dtype.kind == "f" else []
        ours = [states[k] for k in self.floating], self.parameters, rows, [after[k] for k in self.floating], floats
        flat = iter(grad(goal, [n for part in ours for n in part], strict=False))
        before, weights, inner, of_after, of_x = ([next(flat) for _ in part] for part in ours)
        return {"before": before, "weights": weights, "rows": inner, "after": of_after, "x": of_x}

    def _entered(
        self, x: Any, target: Any, states: Sequence[Any], masks: Sequence[Any]
    ) -> tuple[dict[Node, Node], list[Node]]:
        """The step with other nodes in its places: each state after it times its mask, for all that reads it."""
        one = self.one
        new: dict[Node, Node] = dict(zip([one.x, self.target, *one.before], [x, target, *states], strict=True))
        after: dict[int, Node] = {}
        leaves_before = {*one.before}
        for k in sorted(range(len(one.after)), key=lambda k: one.after[k].serial):
            node = one.after[k]
            own = replace([node], new)[0]
            after[k] = own * masks[k] if node.dtype.kind == "f" else own
            if node not in leaves_before:
                new[node] = after[k]
        return new, [after[k] for k in range(len(one.after))]

    def _linear(self, gradients: Sequence[Any]) -> Node:
        """A loss whose gradients are these."""
        return reduce(add, [total_of(p * g) for p, g in zip(self.parameters, gradients, strict=True)])
