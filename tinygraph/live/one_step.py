"""One step of a network as a graph with places for what enters it: the input, the target and each state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.checks import as_array
from ..core.errors import GraphError, shown
from ..core.graph import ancestors
from ..core.leaves import Constant, Parameter, as_nodes, constant
from ..core.node import Node
from ..core.scope import step
from ..core.structure import leaves, map_leaves
from ..draw.nets import Twin, is_net
from ..time.cell_contract import Layer, as_cell, takes
from ..time.unroll import unroll

Loss = Callable[[Node, Node], Node]


@dataclass(eq=False)
class OneStep:
    """A step as a graph.

    Attributes:
        x: the input, a constant.
        before, after: the states before and after the step.
        y: the output, (1, O).
        last: whether the network returns the output of its last step alone.
    """

    x: Node
    before: list[Node]
    after: list[Node]
    y: Node
    last: bool

    def run(self, inputs: list[ndarray]) -> list[ndarray]:
        """The outputs of all steps, from the first state."""
        nodes = ancestors([*self.after, self.y])
        states, outputs = [s._value for s in self.before], []
        for x in inputs:
            values: dict[Node, Any] = dict(zip([self.x, *self.before], [x, *states], strict=True))
            for node in nodes:
                if node not in values:
                    op, own = node._op, [values[y] for y in node._inputs]
                    values[node] = node._value if op is None else op.forward(*own, **node._attributes)
            states = [values[s] for s in self.after]
            outputs.append(np.asarray(values[self.y]))
        return outputs

    @property
    def output_state(self) -> int:
        """Which state the output is, -1 for none."""
        return next((k for k, s in enumerate(self.after) if s is self.y), -1)

    @property
    def parameters(self) -> list[Parameter]:
        """What is trained, in order of its making."""
        own = ancestors([*self.after, self.y])
        return [x for x in own if isinstance(x, Parameter) and x.trained]


def step_of(model: Any, inputs: list[ndarray], state: Any = None) -> OneStep:
    """The step of a cell, a layer or a net.

    Args:
        model: see `live`.
        inputs: what enters each step, (1, I) or, of ids, (1,).
        state: the first state; None for the model's own.

    Raises:
        GraphError: it is none of them, or its steps are not all alike.
    """
    weights = model.named_state().values() if is_net(model) else ()
    dtype = next((p.dtype for p in weights), None)
    inputs = [x.astype(dtype) if dtype is not None and x.dtype.kind == "f" else x for x in inputs]
    if isinstance(model, Layer) and hasattr(model, "cell"):
        return _of_net(model, lambda net, xs: net(xs)[0], inputs)
    if hasattr(model, "initial_state") or (state is not None and takes(model, 2)):
        return _of_cell(model, inputs, state)
    if is_net(model):
        return _of_net(model, lambda net, xs: net(xs), inputs)
    fix = "tg.draw.live(cell, xs), or tg.draw.live(net, xs) with a net whose __call__(xs) unrolls its cell"
    if takes(model, 2):
        fix = "a function has no first state: tg.draw.live(cell, (xs, state))"
    problem, expected = "draw.live: this has no step that a page could compute", "a cell, a layer or a tg.Module"
    raise GraphError(problem, expected=expected, got=shown(model, 80), fix=fix)


def _of_cell(cell: Any, inputs: list[ndarray], state: Any) -> OneStep:
    own = Twin("draw.live", cell).net.eval() if is_net(cell) else as_cell("draw.live", cell)
    first = own.initial_state(1) if state is None else map_leaves(_row, state)
    state = map_leaves(_placed, first)
    with step(0):
        x = constant(inputs[0], name="x")
        y, after = own(x, state)
    one = OneStep(x, leaves(state), _nodes(after), _output(y), last=False)
    _check_stepwise(cell, one, inputs, _first(unroll(own, np.stack(inputs), state)[0]))
    return one


def _check_stepwise(model: Any, one: OneStep, inputs: list[ndarray], whole: Node) -> None:
    """Raises an error if the steps, one after the other, give other outputs than the model's call does."""
    outputs = one.run(inputs)
    ours, theirs = (outputs[-1] if one.last else np.concatenate(outputs)).reshape(-1), whole._value.reshape(-1)
    if ours.size == theirs.size and np.allclose(ours, theirs, 1e-3, 1e-4, equal_nan=True):
        return
    raise GraphError(
        f"draw.live: {type(model).__name__} is not one step after the other",
        expected="outputs of step t that depend on the inputs up to t, through states alone",
        got=f"other numbers at T = {len(inputs)} than step by step",
        fix="no mean, attention, second direction or noise over time; draw.live(net.cell, xs) shows a cell alone",
    )


def _row(x: Any) -> ndarray:
    """A first state with its batch axis."""
    array = x.value if isinstance(x, Node) else as_array(x)
    return array[None] if array.ndim == 1 else array


def _placed(s: Any) -> Node:
    """A state as a constant, in whose place another can be put."""
    if isinstance(s, Node) and any(isinstance(x, Parameter) for x in ancestors([s])):
        fix = "tg.draw.live(cell, (xs, state)) with arrays"
        raise GraphError("draw.live: the first state is made of parameters", got=s.label(), fix=fix)
    return Constant(np.array(s._value if isinstance(s, Node) else as_array(s)))


def _nodes(structure: Any) -> list[Node]:
    return list(as_nodes(tuple(leaves(structure))))


def _output(y: Any) -> Node:
    first = _nodes(y)[0]
    return first.reshape((1, -1)) if first.ndim != 2 or first.shape[0] != 1 else first


class _Notes:
    """What the cells of a net were called with: states of their own making, and what became of them."""

    def __init__(self) -> None:
        self.before: list[Node] = []
        self.after: dict[Node, Node] = {}

    def start(self, state: Any) -> Any:
        """The first state, each part as a constant that is known here."""

        def placed(s: Any) -> Any:
            if isinstance(s, Node) and any(s is x for x in self.before):
                return s
            self.before.append(_placed(s))
            return self.before[-1]

        return map_leaves(placed, state)

    def note(self, before: Any, after: Any) -> None:
        self.after |= {s: n for s, n in zip(leaves(before), _nodes(after), strict=False) if isinstance(s, Node)}


@contextmanager
def _noted(twin: Twin) -> Iterator[_Notes]:
    """While it is open, cells within the copy of a net note the states of their calls."""
    notes, old = _Notes(), []
    for part in twin.parts.values():
        if hasattr(part, "initial_state") and not isinstance(part, Layer):
            old.append((part, type(part)))
            part.__class__ = _noting(type(part), notes)
    try:
        yield notes
    finally:
        for part, own in old:
            part.__class__ = own


def _noting(own: type, notes: _Notes) -> type:
    def call(self: Any, x: Any, state: Any) -> Any:
        y, after = own.__call__(self, x, state)
        notes.note(state, after)
        return y, after

    def initial_state(self: Any, *sizes: Any, **named: Any) -> Any:
        return notes.start(own.initial_state(self, *sizes, **named))  # type: ignore[attr-defined]

    return type(own.__name__, (own,), {"__call__": call, "initial_state": initial_state, "__module__": own.__module__})


def _of_net(net: Any, call: Callable[[Any, Any], Any], inputs: list[ndarray]) -> OneStep:
    twin = Twin("draw.live", net)
    twin.net.eval()
    xs = np.stack(inputs)
    whole = _first(call(twin.net, xs))
    with _noted(twin) as notes:
        x = constant(xs[:1], name="x")
        y = _first(call(twin.net, x))
    before = [s for s in notes.before if s in notes.after]
    if not before:
        fix = "unroll a cell that has an initial_state, in __call__: tg.unroll(self.cell, xs)"
        raise GraphError(f"draw.live: {type(net).__name__} carries no state from step to step", fix=fix)
    last = whole.ndim < 3 or whole.shape[0] != len(inputs)
    one = OneStep(x, before, [notes.after[s] for s in before], _output(y), last)
    _check_stepwise(net, one, [x[None] for x in inputs], whole)
    return one


def _first(result: Any) -> Node:
    return _nodes(result)[0]
