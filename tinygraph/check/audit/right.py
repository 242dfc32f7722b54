"""The right graph: the user's own forward pass with the gradients of this library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import grad
from ...ops.writing import copy
from .activations import slopes
from .lines import Line, key_of, line_of
from .subject import Outcome

GATHERING = frozenset(("getitem", "copy", "take", "reshape", "transpose", "stack", "concatenate", "write"))
"""Ops that compute nothing."""

LINEAR = frozenset(("matmul", "add", "subtract", "einsum", "broadcast_to")) | GATHERING


@dataclass(frozen=True)
class Thing:
    """One array of the right graph.

    Attributes:
        kind: "value", "adjoint", "part" of an adjoint, or "sum" of parts.
        of: what it is the value or the adjoint of.
        step: the time step; None outside of time.
        family: equal for the same thing at each step.
        array: its numbers.
        own: whether an op computed it; an array that only joins others, or a part of one, has adjoints of some uses.
        inner: whether it is only a part of what its statement computes, so that nobody can read it.
    """

    kind: str
    of: str
    step: int | None
    family: Hashable
    array: np.ndarray
    own: bool = True
    inner: bool = False

    def __str__(self) -> str:
        what = {"value": "", "adjoint": "the adjoint of ", "part": "a part of the adjoint of "}.get(self.kind, "")
        what = "the running sum of the gradient of " if self.kind == "sum" else what
        return f"{what}{self.of}" + ("" if self.step is None else f" at step {self.step}")

    @property
    def when(self) -> int | None:
        """The time step that a finding tells."""
        return self.step


class Right:
    """What a right backward pass makes, as nodes and as arrays.

    Args:
        outcome: of a run on nodes.
        steps: the number of time steps, for arrays that hold all of them; None where it is not known.

    Attributes:
        things: arrays of the forward pass and of its gradients.
        gradients: the right gradients by the names of the parameters.
        forward: all nodes of the forward pass.
        initial: by the family of a state what the first step reads in its place.
    """

    def __init__(self, outcome: Outcome, steps: int | None = None) -> None:
        self.loss: Node = outcome.loss
        self.forward = {*ancestors([self.loss])}
        order = [x for x in ancestors([self.loss]) if x.dtype.kind == "f"]
        self._names = {leaf: name for name, leaf in outcome.leaves.items()}
        self._length = steps
        self._steps = steps_of(order)
        self._inner = _inner(order)
        first = _before_first(order).items()
        self.initial = dict[Hashable, np.ndarray]((("value", key, ()), x.value) for key, x in first)
        self._first_reader = {y: (x, k) for x in reversed(order) for k, y in enumerate(x.inputs)}
        self._gradients = dict(zip(order, grad(self.loss, order), strict=True))
        none = {name: np.zeros(leaf.shape) for name, leaf in outcome.leaves.items()}
        self.gradients = none | {n: self._gradients[x].value for n, x in outcome.leaves.items() if x in self._gradients}
        self._parts: dict[str, list[np.ndarray]] = defaultdict(list)
        self._factors: dict[int, np.ndarray] = {}
        self._adjoint_of: dict[str, Hashable] = {}
        self.of_quotients = {("adjoint", self._family(x), ()) for x in order if x.op and x.op.name == "divide"}
        self._sums_with = self._linear(order)
        things = [*self._of_forward(order), *self._of_gradients()]
        self.things = [*things, *(t for name in self.gradients for t in self._sums(name))]

    def _of_forward(self, order: list[Node]) -> list[Thing]:
        things = []
        for x in order:
            if x.size > 1:
                things += self._thing("value", x, x.value)
                data = x.op is None and x in self._steps and x not in self._names  # whose adjoint nobody needs
                vain = data or self._is_target(x) or self._is_in_sigmoid(x)
                things += [] if vain else self._thing("adjoint", x, self._gradients[x].value)
                self._keep_parts(x)
                if x.op is not None and x.op.name == "divide" and x.value.min() > 0 and x.value.max() < 1:
                    things += self._thing("part", x, x.value * (1 - x.value), "slope")  # of 1 / (1 + np.exp(-z))
        return things

    def _is_target(self, x: Node) -> bool:
        """Whether it is what outputs are compared with: nobody's backward pass makes its adjoint, -(y - t)."""
        reader = self._first_reader[x][0].op if x in self._first_reader else None
        return x.op is None and x not in self._names and reader is not None and reader.name == "subtract"

    def _is_in_sigmoid(self, x: Node) -> bool:
        """Whether it is exp(-z), or 1 + exp(-z), of a sigmoid: the slope, h * h but for a sign, is nobody's aim."""
        reader = self._first_reader[x][0] if x in self._first_reader else x
        names = x.op and x.op.name, reader.op and reader.op.name
        if names == ("exp", "add"):
            return any(y.size == 1 for y in reader.inputs)
        return names == ("add", "divide") and any(y.op and y.op.name == "exp" for y in x.inputs)

    def _linear(self, order: list[Node]) -> dict[str, set[Node]]:
        """For each parameter the nodes that are linear in it, or in another of the same sum."""
        reached: dict[str, set[Node]] = {name: {leaf} for leaf, name in self._names.items()}
        for x in order:
            if x.op is not None and x.op.name in LINEAR:
                for nodes in reached.values():
                    if not nodes.isdisjoint(x.inputs):
                        nodes.add(x)
        return reached

    def _thing(self, kind: str, x: Node, array: np.ndarray, more: Hashable = ()) -> list[Thing]:
        """The array, and its steps if it holds all of them."""
        name, step, family = self._name(x), self._steps.get(x), (kind, self._family(x), more)
        own = not _only_gathers(x) and (x.op is not None or x in self._names)
        inner = kind == "value" and x in self._inner
        things = [Thing(kind, name, step, family, array, own, inner)]
        for axis in range(min(2, array.ndim)):
            if step is None and array.ndim > 1 and array.shape[axis] == self._length and not self._parameter(x):
                rows = np.moveaxis(array, axis, 0)
                things += [Thing(kind, name, t, (*family, axis), row, own, inner) for t, row in enumerate(rows)]
        return things

    def _keep_parts(self, z: Node) -> None:
        """What each step adds to the gradient of a parameter, also where one op reads all steps."""
        names = [self._parameter(x) for x in z.inputs]
        if z.op is None or not z.op.differentiable or z.op is copy or not any(names):
            return
        self._adjoint_of |= {name: ("adjoint", self._family(z), ()) for name in names if name}
        for part in self._by_step(z, self._gradients[z].value, names):
            for name, gx in zip(names, part, strict=True):
                if name and gx is not None and np.shape(gx) == self.gradients[name].shape:
                    self._parts[name].append(np.asarray(gx))

    def _by_step(self, z: Node, gz: np.ndarray, names: list[str | None]) -> list[Any]:
        whole = [x.value for x in z.inputs]
        backward: Any = z.op.backward  # type: ignore[union-attr]
        at = [axis for axis in range(min(2, z.ndim)) if self._steps.get(z) is None and z.shape[axis] == self._length]
        for axis in at if z.ndim > 1 else ():
            try:
                parts = []
                for t in range(z.shape[axis]):
                    inputs = [v if name else np.take(v, t, axis) for v, name in zip(whole, names, strict=True)]
                    parts.append(backward(np.take(gz, t, axis), np.take(z.value, t, axis), *inputs, **z.attributes))
                return [p if isinstance(p, (tuple, list)) else (p,) for p in parts]
            except Exception:  # the op has no meaning for one step, such as a reshape
                continue
        part = backward(gz, z.value, *whole, **z.attributes)
        return [part if isinstance(part, (tuple, list)) else (part,)]

    def _of_gradients(self) -> list[Thing]:
        things = []
        count: dict[Any, int] = defaultdict(int)
        of_targets = {g for x, g in self._gradients.items() if self._is_target(x)}
        for g in ancestors([*self._gradients.values()]):
            origin = g.origin
            if g in of_targets or origin is None or g.dtype.kind != "f" or g.size == 1:
                continue
            word = g.op.name if g.op else ""
            nth = count[origin, word, g.shape] = count[origin, word, g.shape] + 1
            things += self._thing("part", origin, g.value, (word, g.shape, nth))
        return things

    def _sums(self, name: str) -> list[Thing]:
        """Sums of the parts of a parameter's gradient, from the first and from the last step on."""
        parts = self._parts[name]
        things = [Thing("part", name, k, ("step", name), part) for k, part in enumerate(parts)]
        for word, ordered in (("first", parts), ("last", parts[::-1])):
            running: Any = np.cumsum(ordered, axis=0) if parts else []
            order = range(len(parts)) if word == "first" else range(len(parts))[::-1]
            things += [Thing("sum", name, k, ("sum", word, name), x) for k, x in zip(order, running, strict=True)]
        return things

    @cached_property
    def families(self) -> Mapping[Hashable, list[Thing]]:
        """The things by family."""
        families: dict[Hashable, list[Thing]] = defaultdict(list)
        for thing in self.things:
            families[thing.family].append(thing)
        return families

    def factors(self, size: int) -> np.ndarray:
        """In rows of this size all arrays, and slopes of them, that may be a factor of something."""
        if size not in self._factors:
            arrays = [t.array.ravel() for t in self.things if t.array.size == size]
            forms = [form for v in arrays for form in (v, *slopes(v), 1 - v)]
            self._factors[size] = np.array(forms).reshape(-1, size)
        return self._factors[size]

    def is_repeated(self, name: str) -> bool:
        """Whether it is a parameter that each step reads."""
        return len(self._parts.get(name, ())) > 1

    def is_needed(self, thing: Thing, name: str) -> bool:
        """Whether it is the adjoint of what a parameter goes into, of which its gradient is made."""
        return thing.family == self._adjoint_of.get(name)

    def is_part(self, name: str, array: np.ndarray) -> bool:
        """Whether it is what one step adds to the gradient of a parameter."""
        parts = self._parts.get(name, ())
        return any(part.shape == array.shape and np.allclose(part, array, 1e-8, 1e-12) for part in parts)

    def together(self, name: str) -> set[str]:
        """The parameters that meet in one sum of the forward pass: ``Wx @ x + Wh @ h + b``."""
        own = self._sums_with[name]
        return {other for other, sums in self._sums_with.items() if not sums.isdisjoint(own)}

    def _family(self, x: Node) -> Hashable:
        if x.op is None and x in self._steps:
            reader, place = self._first_reader[x]
            return key_of(reader), place
        return self._parameter(x) or key_of(x) or id(x)

    def _parameter(self, x: Node) -> str | None:
        """The name of a parameter, or of a copy of it, which the user's code may write into or bind."""
        while x.op is copy:
            x = x.inputs[0]
        return self._names.get(x)

    def _name(self, x: Node) -> str:
        name = self._parameter(x)
        if name:
            return name
        line: Line | None = line_of(x)
        if line is None:
            return "an input"
        return line.target if line.whole and line.target else line.expression


def gathers(x: Node) -> bool:
    return x.op is not None and x.op.name in GATHERING


def _only_gathers(x: Node) -> bool:
    """Whether an op computes nothing but a factor: the adjoint of -z is, but for its sign, that of z."""
    if x.op is None:
        return False
    numbers = [y for y in x.inputs if y.op is None and y.size == 1]
    return gathers(x) or x.op.name == "negative" or (x.op.name in ("multiply", "divide") and bool(numbers))


def steps_of(order: list[Node]) -> dict[Node, int]:
    """The time step of each node: the n-th node of one line is that of step n, if there is more than one.

    Data that one step alone reads is of that step.
    """
    groups: dict[Hashable, list[Node]] = defaultdict(list)
    readers: dict[Node, list[Node]] = defaultdict(list)
    for x in order:
        if key_of(x) and x.op is not copy:
            groups[key_of(x)].append(x)
        for y in x.inputs:
            readers[y].append(x)
    steps = {x: step for group in groups.values() if len(group) > 1 for step, x in enumerate(group)}
    data = [x for x in order if x.op is None and len(readers[x]) == 1 and readers[x][0] in steps]
    return steps | {x: steps[readers[x][0]] for x in data}


def _inner(order: list[Node]) -> set[Node]:
    """The nodes that are read within their own statement, in the same run of it."""
    first: dict[Hashable, tuple[int, tuple[Any, ...]]] = {}
    keys = {x: key_of(x) for x in order}
    for x, key in keys.items():
        if key not in first:
            first[key] = x.serial, (line_of(x) or ())[:3]
    computed = (x for x in order if x.op is not copy)  # what is bound as it is can be read
    pairs = ((y, first[keys[y]], first[keys[x]]) for x in computed for y in x.inputs if y in keys)
    return {y for y, inner, outer in pairs if inner[1] == outer[1] != () and inner[0] < outer[0]}


def _before_first(order: list[Node]) -> dict[Hashable, Node]:
    """By the key of a state's nodes what is read at the first step in the place of the state before."""
    readers: dict[Hashable, list[Node]] = defaultdict(list)
    for x in order:
        readers[key_of(x)].append(x)
    several = [group[:2] for key, group in readers.items() if key and len(group) > 1]
    pairs = [(x, y) for a, b in several for x, y in zip(a.inputs, b.inputs, strict=False) if key_of(x) != key_of(y)]
    return {key_of(y): x for x, y in pairs if x.shape == y.shape and len(readers[key_of(y)]) > 1}
