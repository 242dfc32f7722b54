"""`tg.unroll`: applies a cell to each time step of sequences, with padding, truncation, reversal and feedback."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..core.checks import flag
from ..core.errors import refusing
from ..core.leaves import as_nodes
from ..core.scope import now
from ..core.structure import map_leaves
from .arguments import check_settings, first_state, side_by_side, steps_of, time_at, time_first
from .cell_contract import Step, as_cell, state_none
from .driver import Driver
from .feedback import Feedback
from .noise import drawing
from .padding import as_lengths, as_mask, real_steps, repeat_output, zero_inputs, zero_outputs
from .precision import in_dtype_of, with_numbers


@refusing
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
    """Applies a cell to each time step of the inputs and carries its state: y_t, s_t = cell(x_t, s_{t-1}).

    Args:
        cell: called with ``(x_t, state)``, it returns ``(y_t, new_state)``.
        inputs: array or node (T, B, ...), or (T, ...) without a batch; several inputs of every step are a tuple or
            dict of them, nested or not, with the same T. A list is refused: np.stack joins time steps. They take the
            dtype of the weights of a cell that has one, as those of `cells` have.
        state: the state before the first step, any structure of nodes or arrays; None for the cell's
            ``initial_state``, if it has one.
        lengths: integers (B,), or one integer: the number of real steps of each sequence. The steps after them are
            padding: they change no state and no gradient, whatever values they hold (the cell sees zeros), and the
            final state is that of the last real step. The cell's states and outputs must have a batch axis first.
        mask: booleans (T, B), False where a step is padding; alone or together with ``lengths``. Padding between
            real steps counts as steps for ``truncate``.
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
            cell's ``input_size``; the state does not match the cell's ``initial_state``, or changes its dtype at the
            first step; ``axis`` does not exist; lengths, mask or feedback do not match the inputs; truncate is below
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
    inputs = in_dtype_of(cell, side_by_side("unroll", inputs))
    xs, time = time_first(inputs, axis)
    T = steps_of(cell, xs)
    until = None if lengths is None else as_lengths(lengths, xs)
    if isinstance(mask, (list, tuple)):
        mask = np.asarray(mask)
    real = real_steps(until, None if mask is None else as_mask(time_first(mask, time)[0], xs), T)
    if real is not None:
        xs = zero_inputs(xs, real, inputs)
    drive = Driver(reverse, truncate, window, until if real is not None else None, real)
    with drawing(once={}, around=now.draws):
        run = partial(drive, cell, xs) if feedback is None else partial(_fed_back, drive, feedback, cell, xs)
        with state_none(first := first_state(cell, state, xs, real)):
            outputs, state = with_numbers(run, first, state)
        if real is not None:
            outputs = zero_outputs(outputs, real)
        if real is not None and not zero_output:
            outputs, _ = Driver(reverse)(repeat_output, (outputs, real), _zeros_like_step(outputs))
    return map_leaves(lambda y: time_at(y, time), outputs), state


def _fed_back(drive: Driver, feedback: Any, cell: Step, xs: Any, state: Any) -> tuple[Any, Any]:
    if not isinstance(feedback, Feedback):
        feedback = Feedback(feedback)
    batch = () if drive.real is None else drive.real.shape[1:]
    outputs, (state, _, _) = drive(*feedback.begin(cell, xs, state, batch))
    return outputs, state


def _zeros_like_step(outputs: Any) -> Any:
    return map_leaves(lambda y: as_nodes((np.zeros(y.shape[1:], y.dtype),))[0], outputs)
