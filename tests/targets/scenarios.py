"""What every target has to do: each cell of the index and some users' own, in each of the ways in which they are used.

``SCENARIOS`` lists them all. A scenario makes its `Case` in float64 or float32: a function of arrays, the parameters
that it reads, the arguments at which a target builds it (``example``), and those at which it is run; ``expected`` is
what eager tinygraph computes there in float64. Both dtypes hold the same numbers, which are exact in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tests.cells.driven import CELLS, KINDS
from tests.compiled.cells import CASES
from tinygraph.core.structure import leaves, map_leaves, rebuild

T, B, I, H = 5, 3, 3, 4  # noqa: E741  the axes' own letters
OTHER = 7, 2
"""T and B of a run at new sizes."""


@dataclass
class Case:
    """A scenario in one dtype.

    Attributes:
        fn: takes arrays or nodes, as ``example`` has them, and returns nodes in any nesting.
        parameters: what it is computed from besides, by name.
        example: the arguments that a target may look at before it is run.
        arguments: those at which it is run; of other sizes than ``example`` where the scenario says so.
        cell: the cell that it drives, or None.
        forward: where ``fn`` computes a gradient, the function of the same arguments whose gradient it is.
    """

    fn: Callable[..., Any]
    parameters: dict[str, tg.Parameter]
    example: tuple[Any, ...]
    arguments: tuple[Any, ...]
    cell: Any = None
    forward: Any = None


@dataclass(frozen=True)
class Scenario:
    """A cell, or a user's function, in one of the ways in which it is used; its name is ``cell/use``."""

    cell: str
    use: str

    @property
    def name(self) -> str:
        return f"{self.cell}/{self.use}"

    @property
    def quick(self) -> bool:
        """Whether it runs in the README's test command, too: uses that go other ways for one cell of each kind only."""
        return self.use in ("value", "state", "reverse", "sizes") or self.cell in KINDS.values()

    def case(self, dtype: Any = np.float64) -> Case:
        """The scenario in a dtype."""
        dtype = np.dtype(dtype)
        return own(self.cell, self.use, dtype) if self.cell in CASES else USES[self.use](self.cell, dtype)

    @cached_property
    def expected(self) -> list[ndarray]:
        """The leaves of the results, by eager tinygraph in float64."""
        return _expected(self.cell, self.use)


@cache
def _expected(cell: str, use: str) -> list[ndarray]:
    case = Scenario(cell, use).case()
    return [y.value for y in leaves(case.fn(*map_leaves(tg.constant, case.arguments)))]


def exact(array: Any, dtype: np.dtype) -> ndarray:
    """Numbers that float32 holds exactly, in a dtype; integers and booleans stay as they are."""
    array = np.asarray(array)
    return array.astype(np.float32).astype(dtype) if array.dtype.kind == "f" else array


def built(name: str, dtype: np.dtype) -> Any:
    """The cell, its parameters moved away from where they start; one that needs I = H has that."""
    size = H if name == "IntersectionRNN" else I
    cell = getattr(tg.cells, name)(size, H, rng=0, dtype=dtype, **CELLS[name])
    rng = np.random.default_rng(1)
    for x in cell.named_state().values():
        moved = 0.3 * rng.normal(size=x.shape) if x.trained else 0.0
        x.value = exact(x.value.astype(np.float64) + moved, dtype)
    return cell


def begun(cell: Any, batch: int, dtype: np.dtype) -> Any:
    """A state at which the cell may be: a clock stands at its start, a normaliser is above 0."""
    zeros, rng = cell.initial_state(batch), np.random.default_rng(2)
    states = [0.5 * rng.normal(size=s.shape) for s in leaves(zeros)]
    if isinstance(cell, tg.cells.ClockworkRNN):
        states[1][...] = 0
    if isinstance(cell, tg.cells.PhasedLSTM):
        states[2] = np.linspace(0.0, 1.0, batch).reshape(batch, -1) + np.zeros_like(states[2])
    if isinstance(cell, tg.cells.sLSTM):
        states[2] = np.abs(states[2]) + 0.5
    return rebuild(zeros, [exact(s, dtype) for s in states])


def sequences(cell: Any, dtype: np.dtype, sizes: tuple[int, int] = (T, B)) -> ndarray:
    """Inputs (T, B, I of the cell)."""
    return exact(np.random.default_rng(3).normal(size=(*sizes, cell.input_size)), dtype)


def weighed(results: Any) -> tg.Node:
    """One number of all results, to which each element contributes with a weight of its own."""
    total: Any = 0.0
    for k, y in enumerate(leaves(results)):
        total = total + tg.sum(y * np.cos(np.arange(y.size) + k).reshape(y.shape).astype(y.dtype))
    return total


def _driven(name: str, dtype: np.dtype, **settings: Any) -> Case:
    """Outputs and last state from inputs alone."""
    cell = built(name, dtype)
    arguments = (sequences(cell, dtype),)
    return Case(lambda x: tg.unroll(cell, x, **settings), cell.parameters(), arguments, arguments, cell)


def _value(name: str, dtype: np.dtype) -> Case:
    return _driven(name, dtype)


def _reverse(name: str, dtype: np.dtype) -> Case:
    return _driven(name, dtype, reverse=True)


def _state(name: str, dtype: np.dtype) -> Case:
    """State in and out."""
    cell = built(name, dtype)
    arguments = sequences(cell, dtype), begun(cell, B, dtype)
    return Case(lambda x, state: tg.unroll(cell, x, state), cell.parameters(), arguments, arguments, cell)


def _gradient(name: str, dtype: np.dtype) -> Case:
    """Of a weighed sum of outputs and last state, by parameters, inputs and first state."""
    case = _state(name, dtype)
    wrt = list(case.parameters.values())

    def gradients(x: Any, state: Any) -> Any:
        return tg.grad(weighed(case.fn(x, state)), [*wrt, x, *leaves(state)])

    return Case(gradients, case.parameters, case.arguments, case.arguments, case.cell, case.fn)


def _lengths(name: str, dtype: np.dtype) -> Case:
    cell = built(name, dtype)
    arguments = sequences(cell, dtype), np.array([4, 1, 3])

    def run(x: Any, lengths: Any) -> Any:
        return tg.unroll(cell, x, lengths=lengths)

    return Case(run, cell.parameters(), arguments, arguments, cell)


def _feedback(name: str, dtype: np.dtype) -> Case:
    cell = built(name, dtype)
    shape = cell.output_size, cell.input_size
    back = tg.parameter(exact(np.random.default_rng(4).normal(size=shape), dtype), "back")

    def run(x: Any) -> Any:
        return tg.unroll(cell, x, feedback=lambda y: tg.tanh(y @ back))

    arguments = (sequences(cell, dtype),)
    return Case(run, cell.parameters() | {"back": back}, arguments, arguments, cell)


def _sizes(name: str, dtype: np.dtype) -> Case:
    """Run at another T and B than those of the example."""
    case = _state(name, dtype)
    case.arguments = sequences(case.cell, dtype, OTHER), begun(case.cell, OTHER[1], dtype)
    return case


USES: dict[str, Callable[[str, np.dtype], Case]] = {
    "value": _value,
    "state": _state,
    "gradient": _gradient,
    "reverse": _reverse,
    "lengths": _lengths,
    "feedback": _feedback,
    "sizes": _sizes,
}
"""Makes the case of a cell, by the name of the use."""


def own(name: str, use: str, dtype: np.dtype) -> Case:
    """A cell that is plain ops, as users write them, from tests/compiled/cells.py: its value, or its gradient."""
    rng = np.random.default_rng(5)
    fn, weights, arguments = CASES[name](lambda *shape: exact(rng.normal(size=shape), dtype))
    arguments = map_leaves(lambda a: exact(a, dtype), arguments)

    def gradients(*args: Any) -> Any:
        floats = [a for a in leaves(args) if a.dtype.kind == "f"]
        return tg.grad(weighed(fn(*args)), [*weights.values(), *floats])

    for w in weights.values():
        w.value = exact(w.value, dtype)
    return Case(gradients if use == "gradient" else fn, weights, arguments, arguments, None, fn)


SCENARIOS = [Scenario(cell, use) for cell in CELLS for use in USES]
SCENARIOS += [Scenario(cell, use) for cell in CASES for use in ("value", "gradient")]
