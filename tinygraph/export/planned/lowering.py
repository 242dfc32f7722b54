"""A function lowered to actions over named buffers, as the exporters of C and JavaScript take it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray

from ...cells.base.masks import Mask
from ...core.errors import GraphError
from ...core.graph import ancestors, replace
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ...core.op import Spec
from ...core.scope import Kept
from ...core.traced import Live, Slot, Tracing
from ...loops.loop import loop
from ...ops import broadcast_to
from ...outside.door import Copies
from ...outside.function import Function
from ...outside.keys import flatten, is_array, named, parameter_names
from ...outside.numbers import Scalar
from ...outside.values import Census, planned
from ...passes import optimise
from ...plan.actions import Buffer
from ...plan.planner import Program, lay
from ...plan.schedule import is_view
from ...run.backends import NUMPY
from ...run.runner import Runner
from ...time.noise import Noise
from .bits import check_bits
from .naming import result_words


@dataclass(frozen=True, eq=False)
class Port:
    """An argument or a result; ``word`` is how the user calls it, ``""`` if that is not known.

    Attributes:
        buffer: None for a float among the arguments.
    """

    word: str
    shape: tuple[int, ...]
    dtype: np.dtype
    buffer: Buffer | None


@dataclass(frozen=True, eq=False)
class Small:
    """A matrix in whole numbers of 8 bits: each row times its scale.

    Attributes:
        numbers: (rows, columns).
        scales: (rows,).
    """

    numbers: ndarray
    scales: ndarray

    @property
    def columns(self) -> int:
        return int(self.numbers.shape[1])


@dataclass(eq=False)
class Lowered:
    """A function as actions.

    Attributes:
        inputs, outputs: arguments and results in their order; floats among the arguments have shape ().
        computed: the buffers of Python's arithmetic on floats, each with what is computed, as `Number.written` says.
        floats: the position among ``inputs`` of each float, by its number.
        arrays, expected: the example: the arrays of ``inputs``, and of ``outputs`` as numpy computes them.
        program: the plan.
        small: the matrices among the constants that are written in 8 bits.
    """

    inputs: list[Port]
    outputs: list[Port]
    computed: dict[Buffer, Any]
    floats: dict[int, int]
    actions: list[Any]
    arrays: list[ndarray]
    expected: list[ndarray]
    program: Program
    small: dict[Buffer, Small] = field(default_factory=dict)


class Lowering:
    """Traces a function, and lowers it.

    Args:
        fn: the function.
        args: its arguments, as examples.
        names: how its arguments are called; by default as the function calls them.
        words: words for all results, from their nesting; by default from what the function returns.
        held: parameters that change from call to call: they become arguments, after those of the function.

    Attributes:
        results: the nodes after the passes; to be changed before `finish`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any],
        held: Sequence[Parameter] = (),
        names: Sequence[str] | None = None,
        words: Callable[[Any], list[str]] | None = None,
    ) -> None:
        self.fn, self.held = fn, list(held)
        self.result_words = words or (lambda structure: result_words(fn, structure))
        self.arrays: list[ndarray] = []
        self.numbers: list[float] = []
        flatten(tuple(args), [], self.arrays, self.numbers)
        words_of = _worded(fn, args, parameter_names(fn) if names is None else list(names))
        self.function, valued = planned(
            lambda *more: Function(fn, (tuple(args), {}), False, Copies(), *more), words_of, self.numbers, Census(fn)
        )
        floats = [w for w, x in words_of.items() if type(x) is float]
        self.read = {w: k for k, w in enumerate(floats) if k not in valued}
        self.words = [w for w, x in words_of.items() if is_array(x) or w in self.read]
        trial = self.function.trial
        if not trial.results:
            raise GraphError("export: the function returns nothing", fix="return the nodes that are wanted")
        more: dict[Node, Node] = {p: Slot(Spec(p.shape, p.dtype), p.name) for p in self.held}
        self.slots = [*trial.slots, *(x for x in more.values() if isinstance(x, Slot))]
        self.before = _with_constants(in_evaluation(replace(trial.results, {**more})))
        self.results = folded(optimise(self.before, fuses=True)[0])
        check_drawn("export", self.results)

    def run(self, results: Sequence[Node] | None = None) -> list[ndarray]:
        """What numpy computes of the example."""
        nodes = optimise(self.before, fuses=False)[0] if results is None else list(results)
        program = lay(nodes, self.slots, fuses=False)
        with np.errstate(all="ignore"):
            return Runner(program, NUMPY).run([*self.arrays, *(p._value for p in self.held)])

    def finish(self, expected: list[ndarray] | None = None) -> Lowered:
        """The function as actions."""
        program = lay(self.results, self.slots, fuses=True)
        rest = iter(zip(program.arguments, self.slots, strict=True))
        inputs: list[Port] = []
        arrays: list[ndarray] = []
        values = iter(self.arrays)
        for word in self.words:
            if word in self.read:
                inputs.append(Port(word, (), np.dtype(float), None))
                arrays.append(np.array(self.numbers[self.read[word]]))
            else:
                buffer, slot = next(rest)
                inputs.append(Port(word, slot.shape, slot.dtype, buffer))
                arrays.append(next(values).reshape(slot.shape))
        for p, (buffer, slot) in zip(self.held, rest, strict=True):
            inputs.append(Port(p.name or "", slot.shape, slot.dtype, buffer))
            arrays.append(p._value)
        check_bits(program.actions, arrays)
        floats = {k: self.words.index(w) for w, k in self.read.items()}
        computed = {b: b.source.written for b in program.parameters}  # weights are constants, so these are numbers
        numbers = self.run() if expected is None else expected
        outputs = self._outputs(program)
        return Lowered(inputs, outputs, computed, floats, program.actions, arrays, numbers, program)

    def _outputs(self, program: Program) -> list[Port]:
        words = self.result_words(self.function.trial.structure)
        views = zip(words, program.results, strict=True)
        return [Port(word, view.shape, view.dtype, view.buffer) for word, view in views]


def _worded(fn: Callable[..., Any], args: Sequence[Any], own: list[str]) -> dict[str, Any]:
    """The leaves of the arguments by the user's words for them."""
    own += [f"input_{k + 1}" for k in range(len(own), len(args))]
    return named(fn, (), dict(zip(own, args, strict=False)))


def _with_constants(results: list[Node]) -> list[Node]:
    """The graph with constants in place of parameters."""
    parameters = [x for x in ancestors(results) if isinstance(x, Parameter)]
    return replace(results, {p: Constant(p._value, p.name) for p in parameters})


def in_evaluation(results: list[Node]) -> list[Node]:
    """The graph with what the masks of dropout are in evaluation, where their modules are."""
    new: dict[Node, Node] = {}
    with Kept(), Tracing():
        for node in ancestors(results):
            draw = node.draw if isinstance(node, Noise) else None
            if isinstance(draw, Mask) and not draw.owner.training:
                new[node] = broadcast_to(Constant(np.asarray(draw((1,))[0], node.dtype)), node.shape)
        return replace(results, new)


def folded(results: list[Node]) -> list[Node]:
    """The graph with what depends on constants alone computed, unless that is a view or much larger.

    In a plan weights may change between two calls, here they do not: what a plan does once a call is done once here.
    """
    values: dict[Node, ndarray] = {}
    new: dict[Node, Node] = {}
    for node in ancestors(results):
        if type(node) is Constant:
            values[node] = node._value
        op = node._op
        if op is not None and op is not loop and not op.selects and all(x in values for x in node._inputs):
            with np.errstate(all="ignore"):
                value = np.asarray(op.forward(*(values[x] for x in node._inputs), **node._attributes))
            values[node] = value.astype(node.dtype, copy=False)
            if not is_view(node) and node.size <= sum(x.size for x in node._inputs):
                new[node] = Constant(np.ascontiguousarray(values[node]))
    with Kept(), Tracing():
        return replace(results, new)


def check_drawn(owner: str, results: list[Node]) -> None:
    """Refuses random numbers."""
    for node in ancestors(results):
        if isinstance(node, Live) and not isinstance(node, Scalar):
            problem = f"{owner}: the function draws random numbers at each call"
            fix = "net.eval() turns dropout off; or draw outside, and pass the numbers as an argument"
            raise GraphError(problem, got=node.label(), fix=fix)
