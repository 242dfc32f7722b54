"""Time: a cell applied step by step over sequences, cut, padded, turned round or fed back as is wished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.leaves import as_nodes
from ..core.structure import map_leaves
from .arguments import check_settings, first_state, steps_of, time_at, time_first
from .cell_contract import Step, as_cell
from .driver import Driver
from .feedback import Feedback
from .noise import drawing
from .padding import as_lengths, as_mask, emptied, filled, held, real_steps


def unroll(
    cell: Step,
    inputs: Any,
    state: Any = None,
    *,
    lengths: Any = None,
    mask: Any = None,
    reverse: bool = False,
    truncate: int | None = None,
    window: str = "chunk",
    feedback: Feedback | Callable[[Any], Any] | None = None,
    zero_output: bool = True,
    axis: int = 0,
) -> tuple[Any, Any]:
    """Apply ``cell`` to each step of ``inputs`` and carry its state: y_t, s_t = cell(x_t, s_{t-1}).

    Args:
        cell: takes ``(x_t, state)`` and gives ``(y_t, new_state)``.
        inputs: array or node (T, B, ...), or (T, ...) without a batch, or a structure of them with one T.
        state: the state before the first step, any structure of nodes or arrays; None for the cell's own
            ``initial_state``, where it has one.
        lengths: integers (B,), or one for all: how many steps of each sequence are real. The others, its padding,
            change no state and no gradient, whatever lies there (the cell sees zeros); the last state is that of the
            last real step. States and outputs have the batch as their first axis then.
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
        GraphError: no step, inputs of different lengths or of another size than the cell's, a state of another form
            than the cell's own, no such axis, lengths, mask or feedback of another shape, truncate below 1, an
            unknown window, or a cell that does not give a pair.

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
    as_cell("unroll", cell)
    check_settings("unroll", truncate, window, axis)
    xs, time = time_first(inputs, axis)
    T = steps_of(cell, inputs, xs)
    until = None if lengths is None else as_lengths(lengths, xs)
    real = real_steps(until, None if mask is None else as_mask(time_first(mask, time)[0], xs), T)
    if real is not None:
        xs = filled(xs, real, inputs)
    drive = Driver(reverse, truncate, window, until if real is not None else None, real)
    with drawing(once={}):
        begun = first_state(cell, state, xs, real)
        if feedback is None:
            outputs, state = drive(cell, xs, begun)
        else:
            outputs, state = _fed_back(drive, cell, xs, begun, feedback)
        if real is not None:
            outputs = emptied(outputs, real)
        if real is not None and not zero_output:
            outputs, _ = Driver(reverse)(held, (outputs, real), _zeros_before(outputs))
    return map_leaves(lambda y: time_at(y, time), outputs), state


def _fed_back(drive: Driver, cell: Step, xs: Any, state: Any, feedback: Any) -> tuple[Any, Any]:
    if not isinstance(feedback, Feedback):
        feedback = Feedback(feedback)
    batch = () if drive.real is None else drive.real.shape[1:]
    outputs, (state, _, _) = drive(*feedback.begin(cell, xs, state, batch))
    return outputs, state


def _zeros_before(outputs: Any) -> Any:
    """An output before the first."""
    return map_leaves(lambda y: as_nodes((np.zeros(y.shape[1:], y.dtype),))[0], outputs)
