"""Time: a cell applied step by step, with the state cut where backpropagation is truncated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .core.errors import GraphError
from .core.leaves import Constant, as_nodes
from .core.scope import now, step
from .core.structure import leaves, map_leaves, rebuild
from .ops import stack, stop_gradient
from .rolled import roll
from .segments import roll_segments
from .windows import roll_windows

Cell = Callable[[Any, Any], tuple[Any, Any]]
"""``(x_t, state) -> (y_t, new_state)``; x, y and the state are nodes or structures of nodes."""


def unroll(cell: Cell, inputs: Any, state: Any = None, *, reverse: bool = False, truncate: int | None = None,
           window: str = "chunk") -> tuple[Any, Any]:  # fmt: skip
    """Apply ``cell`` to each step of ``inputs`` and carry its state: y_t, s_t = cell(x_t, s_{t-1}).

    Args:
        cell: takes ``(x_t, state)`` and gives ``(y_t, new_state)``.
        inputs: array or node (T, B, ...), or a structure of them with one T.
        state: the state before the first step, any structure of nodes or arrays, or None.
        reverse: go from the last step to the first; outputs keep the order of the inputs.
        truncate: how far gradients reach back in time, in steps; None for all the way.
        window: ``"chunk"`` cuts the state at every multiple of ``truncate`` steps: step t is
            differentiated back to the start of its chunk. ``"sliding"`` lets each y_t look back
            at exactly ``truncate`` cells before its own: the cell runs again over each window from
            a state that is cut, at ``truncate + 1`` times the work.

    Returns:
        ``(outputs, final_state)``: the y_t stacked to (T, B, ...) and the last state.

    Raises:
        GraphError: no step, inputs of different lengths, truncate below 1, an unknown window,
            or a cell that does not give a pair.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> w = tg.parameter(0.5)
        >>> def cell(x, h):
        ...     h = tg.tanh(x + w * h)
        ...     return h, h
        >>> outputs, h = tg.unroll(cell, np.ones((3, 2)), np.zeros(2))
        >>> outputs.shape, h.shape
        ((3, 2), (2,))
    """
    xs = map_leaves(lambda x: as_nodes((x,))[0], inputs)
    steps = _length(xs)
    _check(truncate, window)
    state = map_leaves(lambda s: as_nodes((s,))[0], state)
    if now.watch == "trace":
        found = _rolled(lambda x, s: _pair(cell(x, s), ""), xs, state, reverse, truncate, window)
        if found is not None:
            results = leaves(found)
            now.ends.update({s: [y for y in results if y is not s] for s in leaves(found[1])})
            return found
    times = list(range(steps))[::-1] if reverse else list(range(steps))
    if truncate is None:
        outputs, state = _chunks(cell, xs, state, times, steps)
    elif window == "chunk":
        outputs, state = _chunks(cell, xs, state, times, truncate)
    else:
        outputs, state = _windows(cell, xs, state, times, truncate)
    if reverse:
        outputs.reverse()
    columns = zip(*(leaves(y) for y in outputs), strict=True)
    return rebuild(outputs[0], [stack(list(column)) for column in columns]), state


def _rolled(cell: Cell, xs: Any, state: Any, reverse: bool, truncate: int | None, window: str) -> Any:
    """As nodes whose number does not grow with T; None if there is no such form."""
    if window == "sliding":
        assert truncate is not None
        return roll_windows(cell, xs, state, truncate, reverse)
    steps = np.arange(_length(xs))[:: -1 if reverse else 1]
    cuts = None if truncate is None else Constant((steps % truncate == 0) & (steps > 0))
    if now.checkpoint:
        return roll_segments(cell, xs, state, reverse=reverse, cuts=cuts)
    return roll(cell, xs, state, reverse=reverse, cuts=cuts)


def _chunks(cell: Cell, xs: Any, state: Any, times: list[int], length: int) -> tuple[list[Any], Any]:
    outputs = []
    for n, t in enumerate(times):
        with step(t):
            if n and n % length == 0:
                state = map_leaves(stop_gradient, state)
            y, state = _call(cell, xs, state, t)
        outputs.append(y)
    return outputs, state


def _windows(cell: Cell, xs: Any, state: Any, times: list[int], reach: int) -> tuple[list[Any], Any]:
    """Each output from a run of its own over the ``reach`` cells before it and its own cell.

    The values of a window's last state are those of a plain run, so it serves as the cut start of
    the window that begins after it.
    """
    before = [state]
    outputs = []
    for n in range(len(times)):
        first = max(0, n - reach)
        with step(times[first]):
            state = map_leaves(stop_gradient, before[first]) if n >= reach else before[0]
        for at in times[first : n + 1]:
            with step(at):
                y, state = _call(cell, xs, state, at)
        outputs.append(y)
        before.append(state)
    return outputs, state


def _call(cell: Cell, xs: Any, state: Any, t: int) -> tuple[Any, Any]:
    return _pair(cell(map_leaves(lambda x: x[t], xs), state), f" at step {t}")


def _pair(result: Any, where: str) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise GraphError(f"unroll: the cell{where} did not give a pair", expected="(y_t, new_state)",
                         got=type(result).__name__, fix="return h, h if the state is the output")  # fmt: skip
    return result


def _length(xs: Any) -> int:
    lengths = [x.shape[0] if x.shape else None for x in leaves(xs)]
    if not lengths or len(set(lengths)) > 1 or not lengths[0]:
        raise GraphError("unroll: inputs need one number of steps, 1 or more", expected="arrays (T, B, ...)",
                         got=str([x.shape for x in leaves(xs)]) or "nothing")  # fmt: skip
    return lengths[0]


def _check(truncate: Any, window: str) -> None:
    if window not in ("chunk", "sliding"):
        raise GraphError("unroll: unknown window", expected="'chunk' or 'sliding'", got=repr(window))
    if truncate is not None and (not isinstance(truncate, int) or isinstance(truncate, bool) or truncate < 1):
        raise GraphError("unroll: truncate is a number of steps", expected="an integer from 1, or None",
                         got=repr(truncate))  # fmt: skip
    if window == "sliding" and truncate is None:
        raise GraphError("unroll: a sliding window needs its reach", fix="truncate=2, say, for two cells back")
