"""Drives a cell over a whole sequence: step by step, as one loop node, or by the cell's own method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import Constant
from ..core.node import Node
from ..core.scope import WindowStep, now, step
from ..core.structure import leaves, map_leaves, ordered_as, rebuild
from ..ops import stack, where
from .border import border
from .cell_contract import Step, returned
from .noise import Replay, drawing
from .padding import awaited, cut, flipped, keeping_state, last_of
from .precision import check_first_step, in_dtype_of
from .resets import Resets
from .traced_loop import roll
from .traced_segments import memory, roll_segments
from .traced_windows import roll_windows


@dataclass(frozen=True, eq=False)
class Driver:
    """Called with ``(cell, xs, state)``, it returns the outputs (T, ...) and the final state.

    A cell may have a method ``over_time(drive, xs, state)``: then that is called with the driver instead, as in
    stacked layers, bidirectional layers and scans.

    Attributes:
        reverse: whether it goes from the last step to the first.
        truncate, window: how far gradients reach back, as in `unroll`.
        lengths: integers (B,), or None.
        real: booleans (T, B), False where a step is padding, which keeps every state as it is; None without padding.
        resets: where rows start anew; None if none does.
    """

    reverse: bool = False
    truncate: int | None = None
    window: str = "chunk"
    lengths: Node | None = None
    real: Node | None = None
    resets: Resets | None = None

    def __call__(self, cell: Step, xs: Any, state: Any) -> tuple[Any, Any]:
        xs = in_dtype_of(cell, xs)
        over_time = getattr(cell, "over_time", None)
        if over_time is not None:
            outputs, last = over_time(self, xs, state)
            check_first_step(cell, xs, state, last)
            return outputs, last
        if self.reverse and self.truncate is not None and self.lengths is not None:
            return self._flipped(cell, xs, state)
        own, cell = cell, _checked(cell)
        if self.real is not None:
            cell, xs = keeping_state(cell), (xs, self.real)
        if self.resets is not None:
            cell, xs, state = self.resets.around(cell, xs, state, self.reverse)
        if now.tracing:
            rolled = self._rolled(cell, xs, state)
            if rolled is not None:
                results = leaves(rolled)
                border().ends.update({s: [y for y in results if y is not s] for s in leaves(rolled[1])})
                if now.driven is not None:
                    now.driven += [(own, self, y.inputs[0].attributes["body"]) for y in results[-1:] if y.op.selects]
                return rolled
        return self._stepwise(cell, xs, state)

    def turned(self) -> Driver:
        """The driver in the opposite direction."""
        return replace(self, reverse=not self.reverse)

    def _flipped(self, cell: Step, xs: Any, state: Any) -> tuple[Any, Any]:
        """Goes forward over flipped sequences, so that the chunks of each begin at its own last step."""
        lengths, real = self.lengths, self.real
        assert lengths is not None and real is not None
        resets = self.resets and self.resets.turned_round(lengths)
        forwards = replace(self, reverse=False, real=flipped(real, lengths), resets=resets)
        outputs, state = forwards(cell, map_leaves(lambda x: flipped(x, lengths), xs), state)
        return map_leaves(lambda y: flipped(y, lengths), outputs), state

    def _rolled(self, cell: Step, xs: Any, state: Any) -> Any:
        """The results as nodes whose number does not grow with T; None if there is no such form."""
        if self.window == "sliding":
            assert self.truncate is not None
            return roll_windows(cell, xs, state, self.truncate, self.reverse, self.real)
        rolled = roll_segments if memory.checkpoint else roll
        return rolled(cell, xs, state, reverse=self.reverse, cuts=self._cuts(leaves(xs)[0].shape[0]))

    def _cuts(self, T: int) -> Node | None:
        """Booleans (T,), or (T, B) with padding: whether the state's gradient is cut before the step."""
        if self.truncate is None:
            return None
        steps = np.arange(T)[:: -1 if self.reverse else 1]
        cuts = (steps % self.truncate == 0) & (steps > 0)
        rows = self._carrying()
        return Constant(cuts) if rows is None else where(rows, cuts.reshape((T,) + (1,) * (rows.ndim - 1)), False)

    def _carrying(self) -> Node | None:
        """Booleans (T, B): whether a row has a real step to come and goes on from the one before; None if all do."""
        rows = None if self.real is None else awaited(self.real, self.reverse)
        if self.resets is None:
            return rows
        return where(self.resets.begun(self.reverse), False, True if rows is None else rows)

    def _stepwise(self, cell: Step, xs: Any, state: Any) -> tuple[Any, Any]:
        times = list(range(leaves(xs)[0].shape[0]))[:: -1 if self.reverse else 1]
        if self.truncate is None or self.window == "chunk":
            outputs, state = self._chunks(cell, xs, state, times)
        else:
            outputs, state = self._windows(cell, xs, state, times, self.truncate)
        if self.reverse:
            outputs.reverse()
        outputs = [_like_the_first(y, outputs[0]) for y in outputs]
        counts = [len(leaves(y)) for y in outputs]
        if len(set(counts)) > 1:
            problem = "unroll: the outputs of the time steps differ in structure"
            raise GraphError(problem, expected="the same number of arrays at every step", got=str(counts))
        columns = zip(*(leaves(y) for y in outputs), strict=True)
        return rebuild(outputs[0], [stack(list(column)) for column in columns]), state

    def _chunks(self, cell: Step, xs: Any, state: Any, times: list[int]) -> tuple[list[Any], Any]:
        outputs = []
        awaits = None if self.truncate is None else self._carrying()
        for n, t in enumerate(times):
            with step(t):
                if n and self.truncate is not None and n % self.truncate == 0:
                    state = cut(state, None if awaits is None else awaits[t])
                before = state
                y, state = _call(cell, xs, state, t)
                if n < 2:  # a cell may make its state in the first
                    check_first_step(cell, xs, before, state)
            outputs.append(y)
        return outputs, state

    def _windows(self, cell: Step, xs: Any, state: Any, times: list[int], reach: int) -> tuple[list[Any], Any]:
        """Computes each output by a separate run over ``reach`` steps before its own and its own step.

        The final state of a window has the values of a plain run, so its cut copy starts the window that
        begins after it.
        """
        states = [state]
        outputs = []
        draws: dict[int, list[Node]] = {t: [] for t in times}
        for n, end in enumerate(times):
            first = max(0, n - reach)
            with step(WindowStep(times[first], end)):
                state = cut(states[first]) if n >= reach else states[0]
            for t in times[first : n + 1]:
                with step(WindowStep(t, end)), drawing(replay=Replay(draws[t])):
                    y, state = _call(cell, xs, state, t)
                if not n:
                    check_first_step(cell, xs, states[0], state)
            outputs.append(y)
            states.append(state)
        return outputs, state if self.real is None else _ends(states, self.real[:: -1 if self.reverse else 1])


def _like_the_first(y: Any, first: Any) -> Any:
    try:
        return ordered_as(y, first)
    except KeyError as error:
        problem = "unroll: the outputs of the time steps have other keys than the first"
        raise GraphError(problem, got=error.args[0]) from None


def _call(cell: Step, xs: Any, state: Any, t: int) -> tuple[Any, Any]:
    return cell(map_leaves(lambda x: x[t], xs), state)


def _ends(states: list[Any], real: Node) -> Any:
    """Each sequence's state after its last real step; ``states``: before the first step and after each step."""
    columns = zip(*(leaves(s) for s in states), strict=True)
    return rebuild(states[0], [last_of(stack(list(column)), real) for column in columns])


def _checked(cell: Step) -> Step:
    """Wraps the cell with a check that it returns a pair."""

    def call(x: Any, state: Any) -> tuple[Any, Any]:
        return returned("unroll", cell(x, state), state)

    return call
