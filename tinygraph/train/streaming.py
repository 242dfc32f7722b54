"""One step at a time, as fast as a compiled step can be called: the state stays inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..compiled import compile
from ..core.checks import function
from ..core.errors import GraphError, refusing
from ..core.node import Node
from ..core.structure import leaves, map_leaves, rebuild
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
        state: the present state, nested arrays; it may be set, to arrays of the same shapes.

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
        self._compiled = compile(lambda x, state: cell(x, state), backend)
        self._state: Any = None if state is None else map_leaves(_array, state)
        self._plan: Any = None
        self._arrays: list[np.ndarray] = []

    def __call__(self, x: Any) -> Any:
        """Returns y, an array, or arrays nested as the cell's output."""
        if self._plan is None:
            return self._begin(x)
        if type(x) is not np.ndarray or x.shape != self._shape or x.dtype != self._dtype or not x.flags.c_contiguous:
            x = self._fitting(x)
        # The plan itself: to describe the arguments of a compiled function, as each call of it does, takes 4 us.
        with self._compiled._lock:
            results = self._plan.flat([x, *self._arrays])
        y, self._state = self._plan.build(results)
        self._arrays = results[self._first :]
        return y

    @property
    def state(self) -> Any:
        return self._state

    @state.setter
    def state(self, state: Any) -> None:
        new = map_leaves(_array, state)
        if self._plan is not None:
            kinds = [(a.shape, a.dtype) for a in self._arrays]
            if [(a.shape, a.dtype) for a in leaves(new)] != kinds:
                got = ", ".join(f"{a.shape} {a.dtype}" for a in leaves(new))
                expected = ", ".join(f"{shape} {dtype}" for shape, dtype in kinds)
                raise GraphError("Streaming: the state does not fit", expected=expected, got=got)
            new = rebuild(self._state, leaves(new))
        self._state, self._arrays = new, leaves(new)

    def _begin(self, x: Any) -> Any:
        x = _array(in_dtype_of(self._cell, x))
        if self._state is None and hasattr(self._cell, "initial_state"):
            self._state = map_leaves(_array, self._cell.initial_state(*x.shape[:-1]))
        y, state = self._compiled(x, self._state)
        if [(a.shape, a.dtype) for a in leaves(state)] != [(a.shape, a.dtype) for a in leaves(self._state)]:
            got = ", ".join(f"{a.shape} {a.dtype}" for a in leaves(state))
            expected = ", ".join(f"{a.shape} {a.dtype}" for a in leaves(self._state)) or "no state"
            fix = "pass the state before the first step"
            raise GraphError(
                "Streaming: the cell returns another state than it takes", expected=expected, got=got, fix=fix
            )
        self._plan, self._shape, self._dtype = self._compiled.plan, x.shape, x.dtype
        self._state, self._arrays = state, leaves(state)
        self._first = len(leaves(y))
        return y

    def _fitting(self, x: Any) -> np.ndarray:
        array = np.ascontiguousarray(_array(x))
        if array.dtype.kind == self._dtype.kind == "f":
            array = array.astype(self._dtype, copy=False)
        if array.shape != self._shape or array.dtype != self._dtype:
            expected, got = f"{self._shape} {self._dtype}", f"{array.shape} {array.dtype}"
            raise GraphError("Streaming: x is not as the first one", expected=expected, got=got)
        return array


def _array(x: Any) -> np.ndarray:
    return x.value if isinstance(x, Node) else np.asarray(x)
