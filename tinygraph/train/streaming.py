"""One step at a time, as fast as a compiled step can be called: the state stays inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..compiled import compile
from ..core.checks import function
from ..core.errors import GraphError, refusing
from ..core.leaves import array_of, switches
from ..core.scope import now
from ..core.structure import leaves, map_leaves, ordered_as, rebuild
from ..time.cell_contract import returned
from ..time.precision import in_dtype_of


class Streaming:
    """Runs a cell or net on one step after the other, for sound, sensors or typing: ``y = stream(x)``.

    y_t, s_t = cell(x_t, s_{t-1}), compiled once for the shapes of the first x; parameters are read at each call.

    Args:
        cell: called with ``(x, state)``, returns ``(y, state)``.
        state: the state before the first step: nested arrays; None for the cell's ``initial_state`` of the batch of
            the first x.
        backend: as in `tg.compile`.

    Attributes:
        state: a copy of the present state, nested arrays; it may be set, to arrays of the same shapes.

    Raises:
        GraphError: ``cell`` is no function; at a call: x has another shape than the first, or another kind of dtype.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell, xs = tg.cells.GRU(3, 4, rng=0), np.ones((5, 2, 3), np.float32)
        >>> stream = tg.train.Streaming(cell)
        >>> ys = [stream(x) for x in xs]
        >>> bool(np.allclose(ys, tg.unroll(cell, xs)[0].value, atol=1e-6))
        True
    """

    @refusing
    def __init__(self, cell: Callable[[Any, Any], tuple[Any, Any]], state: Any = None, backend: str = "auto") -> None:
        self._cell = function("Streaming", cell)

        def step(x: Any, state: Any) -> Any:
            return returned("Streaming", cell(x, state), state)  # arrays go from step to step by their order

        self._compiled = compile(step, backend)
        self._state: Any = None if state is None else _copied(state)
        self._plan: Any = None
        self._arrays: list[np.ndarray] = []

    def __call__(self, x: Any) -> Any:
        """Returns y, an array, or arrays nested as the cell's output."""
        if self._plan is None or now.watching:  # which looks at every value, so that no plan runs
            return self._begin(x)
        if type(x) is not np.ndarray or x.shape != self._shape or x.dtype != self._dtype or not x.flags.c_contiguous:
            x = self._fitting(x)
        if self._switches != switches.latest:
            return self._begin(x)
        # The plan itself: to describe the arguments of a compiled function, as each call of it does, takes 4 us.
        with self._compiled._lock:
            results = self._plan.flat([x, *self._arrays])
        y, self._state = self._plan.build(results)
        self._arrays = results[self._first :]
        return y

    @property
    def state(self) -> Any:
        return None if self._state is None else _copied(self._state)

    @state.setter
    def state(self, state: Any) -> None:
        new = _copied(state)
        if self._plan is not None:
            problem = "Streaming: the state does not fit"
            try:
                new = ordered_as(new, self._state)
            except KeyError as error:
                raise GraphError(problem, expected="the same keys", got=error.args[0]) from error
            if _kinds(new) != _kinds(self._state):
                raise GraphError(problem, expected=_kinds(self._state), got=_kinds(new))
            new = rebuild(self._state, leaves(new))
        self._state, self._arrays = new, leaves(new)

    def _begin(self, x: Any) -> Any:
        x = array_of(in_dtype_of(self._cell, x))
        if self._state is None and hasattr(self._cell, "initial_state"):
            self._state = map_leaves(array_of, self._cell.initial_state(*x.shape[:-1]))
        self._switches = switches.latest
        y, state = self._compiled(x, self._state)
        if _kinds(state) != _kinds(self._state):
            problem = "Streaming: the cell returns another state than it takes"
            fix = "pass the state before the first step"
            raise GraphError(problem, expected=_kinds(self._state), got=_kinds(state), fix=fix)
        if not now.watching:
            self._plan, self._shape, self._dtype = self._compiled.plan, x.shape, x.dtype
        self._state, self._arrays = state, leaves(state)
        self._first = len(leaves(y))
        return y

    def _fitting(self, x: Any) -> np.ndarray:
        array = np.ascontiguousarray(array_of(x))
        if array.dtype.kind == self._dtype.kind == "f":
            array = array.astype(self._dtype, copy=False)
        if array.shape != self._shape or array.dtype != self._dtype:
            expected, got = f"{self._shape} {self._dtype}", f"{array.shape} {array.dtype}"
            raise GraphError("Streaming: x is not as the first one", expected=expected, got=got)
        return array


def _kinds(state: Any) -> str:
    return ", ".join(f"{a.shape} {a.dtype}" for a in leaves(state)) or "no state"


def _copied(state: Any) -> Any:
    return map_leaves(lambda x: np.array(array_of(x)), state)  # the caller may write into it
