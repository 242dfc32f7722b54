"""Time: a cell applied step by step over sequences, cut, padded, turned round or fed back as is wished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .core.errors import GraphError
from .core.leaves import as_nodes
from .core.node import Node
from .core.scope import sequence
from .core.structure import leaves, map_leaves
from .driver import Cell, Driver
from .feedback import Feedback
from .ops import transpose
from .padding import as_lengths, as_mask, emptied, filled, held, real_steps


def unroll(cell: Cell, inputs: Any, state: Any = None, *, lengths: Any = None, mask: Any = None, reverse: bool = False,
           truncate: int | None = None, window: str = "chunk", feedback: Feedback | Callable[[Any], Any] | None = None,
           zero_output: bool = True, axis: int = 0) -> tuple[Any, Any]:  # fmt: skip
    """Apply ``cell`` to each step of ``inputs`` and carry its state: y_t, s_t = cell(x_t, s_{t-1}).

    Args:
        cell: takes ``(x_t, state)`` and gives ``(y_t, new_state)``.
        inputs: array or node (T, B, ...), or (T, ...) without a batch, or a structure of them with one T.
        state: the state before the first step, any structure of nodes or arrays; None for the cell's own
            ``initial_state``, where it has one.
        lengths: integers (B,), or one for all: how many steps of each sequence are real. The others, its padding,
            change no state and no gradient, whatever lies there; the last state is that of the last real step.
        mask: booleans (T, B): the same for steps anywhere, alone or with ``lengths``. For ``truncate`` the
            steps between real ones count, too.
        reverse: go from the last real step to the first; outputs keep the order of the inputs.
        truncate: how far gradients reach back in time, in steps; None for all the way.
        window: ``"chunk"`` cuts the state at every multiple of ``truncate`` steps: step t is
            differentiated back to the start of its chunk. ``"sliding"`` lets each y_t look back
            at exactly ``truncate`` cells before its own: the cell runs again over each window from
            a state that is cut, at ``truncate + 1`` times the work.
        feedback: what turns y_t into the next input: the inputs after the first are not looked at then. A
            `Feedback` looks at some of them.
        zero_output: whether the outputs of padding are 0; else they repeat the last real output, 0 before the first.
        axis: which axis of inputs, mask and outputs is time.

    Returns:
        ``(outputs, final_state)``: the y_t stacked to (T, B, ...) and the last state.

    Raises:
        GraphError: no step, inputs of different lengths, no such axis, lengths, mask or feedback of another shape,
            truncate below 1, an unknown window, or a cell that does not give a pair.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> w = tg.parameter(0.5)
        >>> def cell(x, h):
        ...     h = tg.tanh(x + w * h)
        ...     return h, h
        >>> outputs, h = tg.unroll(cell, np.ones((3, 2)), np.zeros(2), lengths=[3, 1])
        >>> outputs.value.round(2)
        array([[0.76, 0.76],
               [0.88, 0.  ],
               [0.89, 0.  ]])
        >>> h.value.round(2)
        array([0.89, 0.76])
    """
    _check(truncate, window)
    xs = map_leaves(lambda x: as_nodes((x,))[0], inputs)
    time = _axis(xs, axis)
    xs = map_leaves(lambda x: _time_first(x, time), xs)
    T = _length(xs)
    until = None if lengths is None else as_lengths(lengths, xs)
    real = real_steps(until, None if mask is None else as_mask(_time_first(as_nodes((mask,))[0], time), xs), T)
    if real is not None:
        xs = filled(xs, real, inputs)
    state = map_leaves(lambda s: as_nodes((s,))[0], _begin(cell, xs, real) if state is None else state)
    drive = Driver(reverse, truncate, window, until, real)
    with sequence():
        if feedback is None:
            outputs, state = drive(cell, xs, state)
        else:
            outputs, state = _fed_back(drive, cell, xs, state, feedback)
        if real is not None:
            outputs = emptied(outputs, real)
        if real is not None and not zero_output:
            outputs, _ = Driver(reverse)(held, (outputs, real), _zeros_before(outputs))
    return map_leaves(lambda y: _time_at(y, time), outputs), state


def _fed_back(drive: Driver, cell: Cell, xs: Any, state: Any, feedback: Any) -> tuple[Any, Any]:
    if not isinstance(feedback, Feedback):
        feedback = Feedback(feedback)
    batch = () if drive.real is None else drive.real.shape[1:]
    outputs, (state, _, _) = drive(*feedback.begin(cell, xs, state, batch))
    return outputs, state


def _begin(cell: Cell, xs: Any, real: Node | None) -> Any:
    """The cell's own first state for the batch of inputs (T, B, I), or for a single sequence (T, I)."""
    initial_state = getattr(cell, "initial_state", None)
    x = leaves(xs)[0]
    has_batch = x.ndim > 1 + (x.dtype.kind == "f") if real is None else real.ndim > 1
    return initial_state and initial_state(x.shape[1] if has_batch else None)


def _zeros_before(outputs: Any) -> Any:
    """An output before the first."""
    return map_leaves(lambda y: as_nodes((np.zeros(y.shape[1:], y.dtype),))[0], outputs)


def _axis(xs: Any, axis: int) -> int:
    """The axis of time, counted from the front."""
    for x in leaves(xs)[:1]:
        if axis and not -x.ndim <= axis < x.ndim:
            raise GraphError("unroll: no such axis", expected=f"an axis of shape {x.shape}", got=f"axis={axis}")
        return axis % max(x.ndim, 1)
    return axis


def _time_first(x: Node, time: int) -> Node:
    """The node with its axis of time moved to the front."""
    if not time or time >= x.ndim:
        return x
    return transpose(x, axes=(time, *(a for a in range(x.ndim) if a != time)))


def _time_at(y: Node, time: int) -> Node:
    """The node with its first axis, time, moved to where it is in the inputs."""
    if not time:
        return y
    if time >= y.ndim:
        raise GraphError("unroll: the outputs have no such axis", expected=f"{time + 1} axes", got=f"shape {y.shape}")
    return transpose(y, axes=(*range(1, time + 1), 0, *range(time + 1, y.ndim)))


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
