"""`tg.unroll`: applies a cell to each time step of sequences, with padding, truncation, reversal and feedback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.checks import flag
from ..core.errors import refusing
from ..core.leaves import node_of
from ..core.node import Node
from ..core.nonfinite import nonfinite
from ..core.scope import now
from ..core.structure import map_leaves
from .arguments import check_settings, first_state, side_by_side, steps_of, time_at, time_first
from .cell_contract import Step, as_cell, state_none
from .driver import Driver
from .feedback import Feedback
from .noise import drawing
from .padding import as_lengths, as_mask, real_inputs, real_steps, repeat_output, zero_outputs
from .precision import in_dtype_of, with_numbers
from .resets import resets, starts


@refusing
def unroll(
    cell: Step,
    inputs: Any,
    state: Any = None,
    *,
    lengths: Any = None,
    mask: Any = None,
    reset: Any = None,
    reset_to: Any = None,
    reverse: bool = False,
    truncate: int | None = None,
    window: str = "chunk",
    feedback: Feedback | Callable[[Any], Any] | None = None,
    zero_output: bool = True,
    axis: int = 0,
) -> tuple[Any, Any]:
    """Applies a cell to each time step of the inputs and carries its state: y_t, s_t = cell(x_t, s_{t-1}).

    Args:
        cell: called with ``(x_t, state)``, it returns ``(y_t, new_state)``.
        inputs: array or node (T, B, ...), or (T, ...) without a batch; several inputs of every step are a tuple or
            dict of them, nested or not, with the same T. A list is refused: np.stack joins time steps. They take the
            dtype of the weights of a cell that has one, as those of `cells` have.
        state: the state before the first step, any structure of nodes or arrays; None for ``reset_to``, or for the
            cell's ``initial_state``, if it has one.
        lengths: integers (B,), or one integer: the number of real steps of each sequence. The steps after them are
            padding: they change no state and no gradient, whatever values they hold (the cell sees a real input), and
            the final state is that of the last real step. The cell's states and outputs must have a batch axis first.
        mask: booleans (T, B), False where a step is padding; alone or together with ``lengths``. Padding between
            real steps counts as steps for ``truncate``.
        reset: booleans (T, B), or (T,) without a batch: True where a new sequence begins in the row. Its state there is
            ``reset_to``, and no gradient goes from its steps to those before: outputs and gradients are those of each
            sequence by itself. In the padding it is ignored. In `reverse` the state starts anew at the sequences' ends.
        reset_to: the state that they start from; None for the cell's ``initial_state``. It gets gradients.
        reverse: whether to go from the last real step to the first; outputs keep the order of the inputs.
        truncate: truncated backpropagation through time: how many steps gradients reach back; None for all.
        window: ``"chunk"`` stops the gradient of the state at every multiple of ``truncate`` steps, so the gradient
            of step t reaches back to the start of its chunk. ``"sliding"`` lets the gradient of each y_t reach
            exactly ``truncate`` steps before its own: the cell runs again over each window, from a state whose
            gradient is stopped, at ``truncate + 1`` times the work.
        feedback: a function that computes the next input from y_t: only the first input is used then. With a
            `Feedback`, some of the other inputs are used too.
        zero_output: whether the outputs in the padding are 0; else they repeat the last real output, 0 before the
            first.
        axis: the time axis of inputs, mask and outputs.

    Returns:
        ``(outputs, final_state)``: the y_t stacked to (T, B, ...), and the state after the last step.

    Raises:
        GraphError: the inputs contain a list; there is no time step; the inputs differ in length or do not match the
            cell's ``input_size``; the state does not match the cell's ``initial_state``, or changes its structure, or
            its dtype at the first step; ``axis`` does not exist; lengths, mask, reset or feedback do not match the
            inputs; reset_to is missing or does not match the state; there are reset and feedback; truncate is below
            1; the window is unknown; or the cell does not return a pair.

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
    reverse, zero_output = flag("unroll", "reverse", reverse), flag("unroll", "zero_output", zero_output)
    padded = lengths is not None or mask is not None
    with nonfinite("allow") if padded and now.watching else nullcontext():  # padding may hold anything
        inputs = in_dtype_of(cell, side_by_side("unroll", inputs))
        xs, time = time_first(inputs, axis)
    T = steps_of(cell, xs)
    until = None if lengths is None else as_lengths(lengths, xs)
    real = real_steps(until, None if mask is None else as_mask(_flags(mask, time), xs), T)
    if real is not None:
        xs = real_inputs(xs, real, inputs)
    at = None if reset is None else starts(_flags(reset, time), xs, real, feedback)
    drive = Driver(reverse, truncate, window, until if real is not None else None, real)
    with drawing(once={}, around=now.draws):
        outputs, state = _driven(drive, feedback, cell, xs, reset_to if state is None else state, at, reset_to)
        if real is not None:
            outputs = zero_outputs(outputs, real)
        if real is not None and not zero_output:
            zeros = map_leaves(lambda y: node_of(np.zeros(y.shape[1:], y.dtype)), outputs)
            outputs, _ = Driver(reverse)(repeat_output, (outputs, real), zeros)
    return map_leaves(lambda y: time_at(y, time), outputs), state


def _driven(
    drive: Driver, feedback: Any, cell: Step, xs: Any, state: Any, at: Node | None, reset_to: Any
) -> tuple[Any, Any]:
    fresh = None if at is None else first_state(cell, reset_to, xs, at)

    def run(state: Any) -> tuple[Any, Any]:
        own = drive
        if at is not None:
            anew, state = resets(at, drive.real, state, fresh)
            own = replace(drive, resets=anew)
        return own(cell, xs, state) if feedback is None else _fed_back(own, feedback, cell, xs, state)

    with state_none(first := first_state(cell, state, xs, at if drive.real is None else drive.real)):
        return with_numbers(run, first, state)


def _flags(flags: Any, time: int) -> Any:
    """A mask with time as its first axis."""
    return time_first(np.asarray(flags) if isinstance(flags, (list, tuple)) else flags, time)[0]


def _fed_back(drive: Driver, feedback: Any, cell: Step, xs: Any, state: Any) -> tuple[Any, Any]:
    if not isinstance(feedback, Feedback):
        feedback = Feedback(feedback)
    batch = () if drive.real is None else drive.real.shape[1:]
    outputs, (state, _, _) = drive(*feedback.begin(cell, xs, state, batch))
    return outputs, state
