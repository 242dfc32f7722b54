"""Passes that go back anew from each step: what is due for the loss of one step alone, as far back as they go."""

from __future__ import annotations

import inspect
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import grad
from .lines import key_of
from .right import Right, Thing
from .subject import Outcome

StepPair = tuple[int, int]
"""The step whose loss is meant, and the step to which it went back."""


@dataclass(frozen=True)
class PairThing(Thing):
    """An array for the loss of one step; its step is only a place in the order in which the pass makes it."""

    def __str__(self) -> str:
        return super().__str__().removesuffix(f" at step {self.step}")

    @property
    def when(self) -> int | None:
        return None


def pairs_of(steps: int, back: int) -> list[StepPair]:
    """The pairs in the order of the loops."""
    return [(t, i) for t in range(steps) for i in range(t, max(-1, t - back - 1), -1)]


def steps_back(outcome: Outcome, steps: int) -> int | None:
    """How many steps the pass goes back from each step, by how often its lines run; None where that is not clear."""
    roots = [g for g in outcome.gradients.values() if isinstance(g, Node)]
    forward = {*ancestors([outcome.loss])}
    written = [x for x in ancestors(roots) if x not in forward and key_of(x)]
    runs = {*Counter((key_of(x), x.name) for x in written).values()}
    counts = {back: len(pairs_of(steps, back)) for back in range(1, steps)}
    return next((back for back in reversed(counts) if {counts[back], counts[back] - steps} & runs), None)


def steps_meant(functions: Iterable[FunctionType]) -> tuple[str, int] | None:
    """The argument that says how many steps the author goes back, and its default."""
    every = [p for f in functions for p in inspect.signature(f).parameters.values()]
    return next(((p.name, p.default) for p in every if "trunc" in p.name.lower() and type(p.default) is int), None)


class RightAnew(Right):
    """The right graph with the adjoints of each step's loss in the place of those of all.

    Args:
        outcome, steps: as for `Right`.
        back: how many steps it goes back; the gradients are those that are truncated there.
    """

    def __init__(self, outcome: Outcome, steps: int, back: int) -> None:
        super().__init__(outcome, steps)
        self._pairs = pairs_of(steps, back)
        self._adjoints: dict[Hashable, dict[StepPair, tuple[str, np.ndarray]]] = defaultdict(dict)
        self._of_pairs: dict[str, dict[StepPair, np.ndarray]] = defaultdict(dict)
        for term in self._terms():
            self._of_term(term, self._steps[term])
        shapes = {g.shape for g in self.gradients.values()}  # parts of the whole loss's gradients are nobody's
        kept = [t for t in self.things if t.kind == "value" or (t.kind == "part" and t.array.shape not in shapes)]
        mine = [t for family, of in self._adjoints.items() for t in self._in_order("adjoint", family, of)]
        self.things = [*mine, *(t for name in self._of_pairs for t in self._of_parameter(name)), *kept]

    @property
    def is_whole(self) -> bool:
        """Whether the loss is a sum over the steps, and so all gradients are known."""
        return all(name in self._of_pairs for name, g in self.gradients.items() if np.any(g))

    def _terms(self) -> Iterator[Node]:
        """The losses of the steps, of which the loss is the sum."""
        left = [self.loss]
        while left:
            x = left.pop()
            if x.op is not None and x.op.name in ("add", "negative", "subtract", "multiply", "divide", "copy"):
                left += [y for y in x.inputs if y.op is not None]
            elif x in self._steps:
                yield x

    def _of_term(self, term: Node, t: int) -> None:
        nodes = [x for x in ancestors([term]) if x.dtype.kind == "f"]
        scale = self._gradients[term].value
        for x, g in zip(nodes, grad(term, nodes), strict=True):
            i, gx = self._steps.get(x), g.value * scale
            if i is None or x.op is None or (t, i) not in self._pairs:
                continue
            if x.size > 1 and not self._is_in_sigmoid(x):
                self._adjoints[self._family(x)].setdefault((t, i), (self._name(x), gx))
            names = [self._parameter(y) for y in x.inputs]
            if any(names):
                for name, part in zip(names, self._by_step(x, gx, names)[0], strict=True):
                    if name:
                        parts = self._of_pairs[name]
                        parts[t, i] = parts.get((t, i), 0.0) + part

    def _in_order(self, kind: str, family: Hashable, of: Mapping[StepPair, tuple[str, np.ndarray]]) -> Iterator[Thing]:
        """The things of the pairs of a step with itself, of those before it, and of all."""
        ways = [[p for p in self._pairs if p in of and keep(p)] for keep in (_is_own, _is_before, _is_any)]
        for way, pairs in enumerate(ways):
            for k, (t, i) in enumerate(pairs):
                name, array = of[t, i]
                yield PairThing(kind, f"{name} at step {i} for the loss of step {t}", k, (kind, family, way), array)

    def _of_parameter(self, name: str) -> Iterator[Thing]:
        """What each pair adds to the gradient of a parameter, and the sums of that within a step and over all."""
        parts = {p: self._of_pairs[name][p] for p in self._pairs if p in self._of_pairs[name]}
        within: dict[StepPair, tuple[str, np.ndarray]] = {}
        whole, total = {}, np.zeros_like(self.gradients[name])
        for (t, i), part in parts.items():
            within[t, i] = name, within[t, i + 1][1] + part if (t, i + 1) in within else part
            total = total + part
            whole[t, i] = name, total
        self.gradients[name], self._parts[name] = total, [*parts.values()]
        yield from self._in_order("part", ("pair", name), {p: (name, part) for p, part in parts.items()})
        yield from self._in_order("sum", ("within", name), within)
        yield from self._in_order("sum", ("all", name), whole)
        last = {t: (t, i) for t, i in parts}
        for family, sums in (("each", within), ("total", whole)):
            for t, pair in last.items():
                yield PairThing("sum", f"{name} up to step {t}", t, ("sum", family, name), sums[pair][1])


def _is_own(pair: StepPair) -> bool:
    return pair[0] == pair[1]


def _is_before(pair: StepPair) -> bool:
    return pair[0] > pair[1]


def _is_any(_: StepPair) -> bool:
    return True
