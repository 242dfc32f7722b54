"""A loop over time steps as one node; its body is traced once, and its gradient is a loop in reverse order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.graph import ancestors, replace
from ..core.leaves import Constant
from ..core.node import Node
from ..core.op import Op, Spec
from ..core.traced import Slot
from ..engine.grad import derive
from ..ops import sum as sum_over


@dataclass(frozen=True, eq=False)
class Body:
    """The graph of one time step; three kinds of slots stand for its inputs, which differ from step to step.

    Attributes:
        slices: slots for x[t], one for each input (T, ...) of the loop.
        carries: slots for the state before the step.
        fixed: slots for values that are the same at every step, such as weights.
        nexts: the state after the step, one node for each carry, of its shape and dtype.
        steps: T.
        reverse: whether the last step runs first. Values over time keep the order of the inputs.
        recompute: whether the gradient recomputes the body's values instead of storing them for every step.
    """

    slices: tuple[Slot, ...]
    carries: tuple[Slot, ...]
    fixed: tuple[Slot, ...]
    nexts: tuple[Node, ...]
    steps: int
    reverse: bool = False
    recompute: bool = False

    def __repr__(self) -> str:
        return f"<body of {self.steps} steps{' backwards' if self.reverse else ''}>"

    @property
    def slots(self) -> tuple[Slot, ...]:
        return self.slices + self.carries + self.fixed


class Loop(Op):
    """Runs ``body`` at each time step      inputs: slices (T, ...), initial states, fixed values, in this order

    The loop node stands for the values of all nodes of the body at all steps; `each` and `last` select from them.
    """

    def infer(self, *specs: Spec, body: Any = None) -> Spec:  # type: ignore[override]
        return Spec((), np.dtype(bool))

    def flops(self, *specs: Spec, body: Any = None) -> int:  # type: ignore[override]
        nodes = [n for n in ancestors(body.nexts) if n.op is not None]
        return body.steps * sum(n.op.flops(*(Spec(x.shape, x.dtype) for x in n.inputs), **n.attributes) for n in nodes)  # type: ignore[union-attr, misc]

    def forward(self, *inputs: Any, body: Any = None) -> Any:
        raise GraphError("loop: it runs only in compiled functions", fix="tg.compile(fn)")

    def backward(self, gz: Any, z: Any, *inputs: Any, body: Any = None, wanted: Any = ()) -> Any:
        return _Reverse(z, body, wanted or (True,) * len(inputs)).gradients(gz)


class _Selection(Op):
    """z = some of a loop's values"""

    selects = True

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        return 0


class Each(_Selection):
    """z = the values of ``of``, a node of the loop's body, at every step      z: (T, ...)"""

    def infer(self, *specs: Spec, of: Any = None, steps: int = 0) -> Spec:  # type: ignore[override]
        return Spec((steps, *of.shape), of.dtype)

    def forward(self, trajectories: Any, of: Any = None, steps: int = 0) -> Any:
        return trajectories[of]


class Last(_Selection):
    """z = carry number ``of`` after the last step, of the state's shape"""

    def infer(self, *specs: Spec, of: int = 0, like: Any = None) -> Spec:  # type: ignore[override]
        return Spec(like.shape, like.dtype)

    def forward(self, trajectories: Any, of: int = 0, like: Any = None) -> Any:
        return trajectories[of]


loop, _each, _last = Loop(), Each(), Last()


def each(loop_node: Node, of: Node) -> Node:
    """The values of the body's node ``of`` at every step: (T, \\*of.shape)."""
    return _each(loop_node, of=of, steps=loop_node.attributes["body"].steps)


def last(loop_node: Node, carry: int) -> Node:
    """The value of carry number ``carry`` after the last step."""
    return _last(loop_node, of=carry, like=loop_node.attributes["body"].nexts[carry])


def close(results: Sequence[Node], own: set[Node], outer: dict[Node, Slot]) -> list[Node]:
    """Copies the results with a slot in place of each node from outside of the body.

    Args:
        results: nodes of the body.
        own: the nodes of the body: its slots, and what depends on them.
        outer: maps each outside node to its slot, and is filled here. Constants are shared and need no slot.
    """
    new: dict[Node, Node] = {}
    for node in ancestors(results, own.__contains__):
        if node not in own and not isinstance(node, Constant):
            if node not in outer:
                outer[node] = Slot(Spec(node.shape, node.dtype), node.name)
            new[node] = outer[node]
    return replace(results, new)


class _Reverse:
    """The gradient of one loop: a loop in the opposite direction that reads the forward loop's values.

    Attributes:
        active: the slots through which gradients flow to the inputs that need one.
        back: maps each active carry to the slot, in the new body, of the gradient from the step after.
        forward: the nodes whose values are read from the forward loop; the others are computed in the new body.
    """

    back: dict[Slot, Slot]
    forward: set[Node]

    def __init__(self, loop_node: Node, body: Body, wanted: Sequence[bool]) -> None:
        self.loop_node, self.body = loop_node, body
        self.slices, self.fixed = {*body.slices}, {*body.fixed}
        self.input_of: dict[Node, Node] = dict(zip(body.slots, loop_node.inputs, strict=True))
        self.active = self._active({s for s, w in zip(body.slots, wanted, strict=True) if w})

    def _active(self, wanted: set[Slot]) -> set[Node]:
        """The slots through which gradients flow to the slots ``wanted``, over any number of steps."""
        active: set[Node] = {*wanted}
        order = ancestors(self.body.nexts)
        while True:
            flowing = set(active)
            for node in order:
                if node.op is not None and node.op.differentiable and not flowing.isdisjoint(node.inputs):
                    flowing.add(node)
            new = {c for c, n in zip(self.body.carries, self.body.nexts, strict=True) if n in flowing} - active
            if not new:
                return active
            active |= new

    def gradients(self, arrived: list[tuple[Node, Any]]) -> list[Node | None]:
        """One gradient for each input of the loop, from the gradients that arrived at `each` and `last` nodes."""
        seeds, sequences, final = self._seeds(arrived)
        order = ancestors(seeds, gradients=True)
        self.forward = {*self.body.slots} if self.body.recompute else {*ancestors([*seeds, *self.body.nexts])}
        gradients = derive(order, self.active & {*order}, dict(seeds), as_graph=True)
        nexts = [gradients[c] if c in gradients else _zeros(c) for c in self.back]
        sums = {s: Slot(Spec(s.shape, s.dtype)) for s in self.body.fixed if s in gradients and self.body.recompute}
        steps = [s for s in self.body.slices + self.body.fixed if s in gradients and s not in sums]
        carries = self.back | sums
        results = [*nexts, *(slot + gradients[s] for s, slot in sums.items()), *(gradients[s] for s in steps)]
        loop_node, leaving = self._build(results, sequences, carries, final)
        total = {s: last(loop_node, k) for k, s in enumerate(carries)}
        for s, g in zip(steps, leaving, strict=True):
            total[s] = each(loop_node, g) if s in self.slices else sum_over(each(loop_node, g), axis=0)
        return [total.get(s) for s in self.body.slots]

    def _seeds(self, arrived: list[tuple[Node, Any]]) -> tuple[dict[Node, Node], dict[Slot, Node], dict[Node, Node]]:
        """The gradients of nodes of one step, the sequences that their slots stand for, those of the final state."""
        seeds: dict[Node, Node] = {}
        sequences: dict[Slot, Node] = {}
        final: dict[Node, Node] = {}

        def add(to: dict[Node, Node], node: Node, g: Node) -> None:
            to[node] = to[node] + g if node in to else g

        for selection, g in arrived:
            of = selection.attributes["of"]
            if isinstance(of, int):
                add(final, self.body.carries[of], g)
                continue
            slot = Slot(Spec(g.shape[1:], g.dtype))
            sequences[slot] = g
            add(seeds, of, slot)
        self.back = {c: Slot(Spec(c.shape, c.dtype)) for c in self.body.carries if c in self.active}
        for c, n in zip(self.body.carries, self.body.nexts, strict=True):
            if c in self.active:
                add(seeds, n, self.back[c])
        return seeds, sequences, final

    def _build(
        self, results: list[Node], sequences: dict[Slot, Node], carries: dict[Slot, Slot], final: dict[Node, Node]
    ) -> tuple[Node, list[Node]]:
        """Returns the loop whose body computes ``results``: the next carries, then other nodes, which are returned too.

        Args:
            sequences: maps slots of arriving gradients to their values over time.
            carries: maps slots of the forward body to the slots of their gradients in the new body.
            final: maps carries to the gradients of the final state.
        """
        forward = self.forward - {*sequences} - {*carries.values()}
        order = ancestors(results, lambda n: n not in forward)
        # `each` and `last` of an inner loop are read from the forward loop like any other value.
        forward |= {n for n in order if n.op is not None and n.op.selects and n.inputs[0] in forward}
        own = {*order} - forward
        outer: dict[Node, Slot] = {}
        closed = close(results, own, outer)
        fixed = {slot: self.input_of[n] for n, slot in outer.items() if n in self.fixed}
        varying = [n for n in outer if n not in self.fixed]
        values = {outer[n]: self.input_of[n] if n in self.slices else each(self.loop_node, n) for n in varying}
        start = [final[c] if c in final else _zeros(c) for c in carries]
        slices = sequences | values
        slots, nexts = (tuple(slices), tuple(carries.values()), tuple(fixed)), tuple(closed[: len(carries)])
        body = Body(*slots, nexts, self.body.steps, not self.body.reverse, self.body.recompute)
        return loop(*slices.values(), *start, *fixed.values(), body=body), closed[len(carries) :]


def _zeros(like: Node) -> Constant:
    return Constant(np.zeros(like.shape, like.dtype))
