"""Time steps in loops that nobody marked, told from the runs of the user's loops."""

from __future__ import annotations

from collections import Counter
from copy import copy

from ...core.graph import ancestors
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...core.scope import InnerStep
from ...core.trail import trail_of
from .runs import LostError, Nest, Run, runs_of, untangled

_GROW = {"add", "subtract", "maximum", "minimum", "concatenate", "copy", "write", "write_at"}
"""Ops that collect something over the iterations of a loop."""
_VIEWS = {"transpose", "swapaxes", "reshape", "broadcast_to", "getitem", "astype", "take", "stack"}
_PRODUCTS = {"matmul", "multiply", "einsum"}


def steps_of(nodes: list[Node]) -> dict[Node, int]:
    """Maps nodes to the time steps at which the user's loops made them; empty where the loops do not tell.

    Time is a loop that hands on a state and uses the same parameters in every iteration, or the same node that was
    computed before. Of nested ones it is the outer one: layers within a step belong to it, and a loop over layers or
    samples uses other parameters, or no state. A loop without state takes the steps of what it reads, or those of its
    readers. ``nodes`` are in the order of creation.
    """
    try:
        nests = runs_of([x for x in nodes if x.origin is None and not isinstance(x, Parameter)])
    except LostError:
        return {}
    clock = _Clock(nodes, nests)
    steps = clock.by_state()
    if steps:
        clock.by_reading(steps)
        _between(nodes, nests, steps)
        _constants(nodes, steps)
        steps |= {x: steps[x.origin] for x in nodes if x.origin in steps}
    return steps


class _Clock:
    """The runs of a graph, and which of them are time."""

    def __init__(self, nodes: list[Node], nests: dict[Node, Nest]) -> None:
        self.readers: dict[Node, list[Node]] = {}
        for node in nodes:
            for x in node.inputs:
                self.readers.setdefault(x, []).append(node)
        self.nests = untangled(nests, self._reads)
        self.timed: dict[Node, Run] = {}
        self.members: dict[Run, list[tuple[Node, int]]] = {}
        for node, nest in self.nests.items():
            for run, i in nest:
                if run.count > 1:
                    self.members.setdefault(run, []).append((node, i))

    def by_state(self) -> dict[Node, int]:
        """Steps in loops that hand on a state."""
        iteration = {(node, run): i for run, members in self.members.items() for node, i in members}
        timed = {run for run in self.members if self._carries(run, iteration) and self._shares(run)}
        steps = {}
        for node, nest in self.nests.items():
            for run, i in nest:
                if run in timed:
                    steps[node], self.timed[node] = (run.count - 1 - i if run.begin in run.code.backwards else i), run
                    break
        return steps

    def by_reading(self, steps: dict[Node, int]) -> None:
        """Adds the steps in loops without a state, of which each iteration reads or serves a single step."""
        for run, members in self.members.items():
            self._turn(run, members, steps)
        for run, members in self.members.items():
            self._follow(run, members, steps, {x: [*x.inputs] for x, _ in members})
        for run, members in reversed(self.members.items()):
            self._follow(run, members, steps, self.readers)

    def _turn(self, run: Run, members: list[tuple[Node, int]], steps: dict[Node, int]) -> None:
        """Numbers a loop from its end if another one reads it from its end, beside one that it reads from its start."""
        if any(x in steps for x, _ in members):
            return
        read: dict[Run, set[tuple[int, int]]] = {}
        for node, i in members:
            for x in node.inputs:
                if x in self.timed:
                    read.setdefault(self.timed[x], set()).add((i, steps[x]))
        forward = {(i, i) for i in range(run.count)}
        backward = {(i, run.count - 1 - i) for i in range(run.count)}
        turned = {source for source, pairs in read.items() if pairs == backward}
        if forward in read.values():
            steps.update((x, run.count - 1 - steps[x]) for x, source in self.timed.items() if source in turned)

    def _follow(
        self, run: Run, members: list[tuple[Node, int]], steps: dict[Node, int], others: dict[Node, list[Node]]
    ) -> None:
        if any(x in steps for x, _ in members):
            return
        met: dict[int, set[int]] = {i: set() for i in range(run.count)}
        for node, i in members:
            met[i].update(steps[x] for x in others.get(node, ()) if x in steps)
        at = {i: min(these) for i, these in met.items() if len(these) == 1}
        if len(at) == len(set(at.values())) == run.count:
            steps.update((node, at[i]) for node, i in members)

    def _carries(self, run: Run, iteration: dict[tuple[Node, Run], int]) -> bool:
        """Whether an iteration reads more of the one before than what it adds to."""
        return any(
            iteration.get((x, run)) == i - 1 and self._reads(node, x)
            for node, i in self.members[run]
            for x in node.inputs
        )

    def _reads(self, node: Node, x: Node) -> bool:
        """Whether a node reads another one for more than to add to it."""
        names = {y.op.name for y in (x, node) if y.op is not None}
        return len(self.readers[x]) > 1 or not names <= _GROW

    def _shares(self, run: Run) -> bool:
        """Whether it uses parameters, most products the same ones in every iteration."""
        used: dict[tuple[object, ...], dict[int, set[object]]] = {}
        for node, i in self.members[run]:
            key = _weight(node)
            if key is not None:
                place = tuple([x for code, position in trail_of(node) for x in (id(code), position)])
                used.setdefault(place, {}).setdefault(i, set()).add(key)
        equal = Counter(len({frozenset(keys) for keys in by.values()}) == 1 for by in used.values() if len(by) > 1)
        return equal[True] >= max(equal[False], 1) or (not used and self._takes_again(run))

    def _takes_again(self, run: Run) -> bool:
        """Whether a product takes in every iteration a node from before the loop, as a weight that was computed."""
        inside, taken = {x for x, _ in self.members[run]}, dict[Node, set[int]]()
        for node, i in self.members[run]:
            if node.op is not None and node.op.name in _PRODUCTS:
                for x in node.inputs:
                    if x.op is not None and x not in inside:
                        taken.setdefault(x, set()).add(i)
        return any(len(iterations) == run.count for iterations in taken.values())


def _weight(node: Node) -> object:
    """What of parameters alone a product uses; None of others, and where all inputs are such, as in ``E[word] @ W``."""
    if node.op is None or node.op.name not in _PRODUCTS:
        return None
    keys = [_parameter(x) for x in node.inputs]
    return tuple(keys) if None in keys and any(keys) else None


def _parameter(node: Node) -> object:
    """A parameter, or a view of one; None for all else."""
    if node.op is None:
        return id(node) if isinstance(node, Parameter) else None
    if node.op.name not in _VIEWS:
        return None
    keys = [(x.shape, x._value.tobytes()) if isinstance(x, Constant) else _parameter(x) for x in node.inputs]
    return None if None in keys else (node.op.name, str(node.attributes), *keys)


def _between(nodes: list[Node], nests: dict[Node, Nest], steps: dict[Node, int]) -> None:
    """Adds what a step made in functions of ours that called so many others that the user's line is not known."""
    unknown: list[Node] = []
    before = None
    for node in nodes:
        if node in steps:
            step, codes = steps[node], {code for code, _ in trail_of(node)}
            for x in unknown:
                within = step == before and all(steps.get(y, step) == step for y in x.inputs)
                if within or trail_of(x)[-1][0] in codes:  # the function of ours that made both
                    steps[x] = step
            before, unknown = step, []
        elif node.op is not None and trail_of(node) and node not in nests:
            unknown.append(node)


def _constants(nodes: list[Node], steps: dict[Node, int]) -> None:
    """Adds the arrays that became nodes within an op, with the step of that op."""
    for node in steps.copy():
        for x in node.inputs:
            within = isinstance(x, Constant) and node.serial - x.serial <= len(node.inputs)
            if within and not trail_of(x):  # no line of the user's made it
                steps.setdefault(x, steps[node])


def marked(roots: list[Node], nodes: list[Node]) -> dict[Node, Node]:
    """Maps each node of a graph to itself, or to its copy in the same graph with the steps of the user's loops.

    Where steps are marked these stay, but a step within another is a part of that one. ``nodes``: the roots' ancestors.
    """
    new = {x: x for x in nodes}
    if any(x.step is not None for x in nodes):
        steps: dict[Node, int] = {x: InnerStep(t.other, t) for x in nodes if type(t := x._place[0]) is InnerStep}
    else:
        origins = {x.origin for x in nodes if x.origin is not None}
        steps = steps_of(ancestors([*roots, *origins])) if origins else steps_of(nodes)
    for node in nodes if steps else ():
        inputs = tuple([new[x] for x in node._inputs])
        if node in steps or any(a is not b for a, b in zip(inputs, node._inputs, strict=True)):
            new[node] = twin = copy(node)
            origin = None if node.origin is None else new.get(node.origin, node.origin)
            twin._inputs, twin._place = inputs, (steps.get(node, node._place[0]), node.scope, origin, *node._place[3:])
    return new
