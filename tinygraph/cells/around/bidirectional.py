"""Two cells over one sequence, one forwards and one backwards in time."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...core.errors import GraphError, shown
from ...core.scope import scope
from ...time.cell_contract import as_cell
from ..base.module import Module
from .wrapper import first_state, require_same_shape

MERGES = {
    "concatenate": lambda f, b: ops.concatenate([f, b], axis=-1),
    "sum": lambda f, b: f + b,
    "mean": lambda f, b: (f + b) * 0.5,
    "multiply": lambda f, b: f * b,
    "both": lambda f, b: (f, b),
}


class Bidirectional(Module):
    """One cell runs from the first step to the last, one from the last to the first (Schuster and Paliwal 1997)::

        y_t = merge(f_t, b_t)        f_t = forward(x_t, state at t-1), b_t = backward(x_t, state at t+1)

    With ``lengths`` in `unroll` the backward cell starts at each sequence's own last step. It needs the whole
    sequence, so that `unroll` or `Recurrent` has to run it; it cannot be called step by step.

    Args:
        forward, backward: any two cells with the same input size. State: (forward's, backward's).
        merge: ``"concatenate"`` (B, 2H), ``"sum"``, ``"mean"``, ``"multiply"`` (B, H), or ``"both"``, a pair.

    Raises:
        GraphError: merge is unknown, an argument is no cell, or the input sizes differ; in `unroll`, if the outputs
            have different shapes with ``"sum"``, ``"mean"`` or ``"multiply"``; in a call for a single step, as
            `unroll` makes it with ``feedback``.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> both = tg.cells.Bidirectional(tg.cells.GRU(3, 4, rng=0), tg.cells.GRU(3, 4, rng=1))
        >>> outputs, (forward, backward) = tg.unroll(both, np.ones((5, 2, 3), np.float32), lengths=[5, 3])
        >>> outputs.shape, backward.shape
        ((5, 2, 8), (2, 4))
    """

    def __init__(self, forward: Any, backward: Any, merge: str = "concatenate") -> None:
        if not isinstance(merge, str) or merge not in MERGES:
            raise GraphError("Bidirectional: unknown merge", expected=", ".join(MERGES), got=shown(merge))
        sizes = [getattr(as_cell("Bidirectional", cell), "input_size", None) for cell in (forward, backward)]
        if None not in sizes and sizes[0] != sizes[1]:
            problem = "Bidirectional: the cells take inputs of different sizes"
            raise GraphError(problem, expected="one input_size", got=f"{sizes[0]} and {sizes[1]}")
        self.forward, self.backward, self.merge = forward, backward, merge

    @property
    def input_size(self) -> int:
        """I, of the forward cell."""
        return self.forward.input_size

    @property
    def output_size(self) -> int:
        """The size of y_t: the sum of both cells' output sizes if they are concatenated, else that of one."""
        return self.forward.output_size + (self.backward.output_size if self.merge == "concatenate" else 0)

    @property
    def dtype(self) -> Any:
        return self.forward.dtype

    def initial_state(self, batch_size: int | None = None) -> tuple[Any, Any]:
        """The pair of the two cells' initial states."""
        return first_state(self.forward, batch_size), first_state(self.backward, batch_size)

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        problem, fix = "Bidirectional: one step alone has no future to look at", "use tg.unroll without feedback"
        raise GraphError(problem, expected="whole sequences", got="a call for one step", fix=fix)

    def over_time(self, drive: Any, xs: Any, state: Any) -> tuple[Any, tuple[Any, Any]]:
        """Both cells over all steps."""
        ahead, behind = state
        with scope("forward"):
            f, ahead = drive(self.forward, xs, ahead)
        with scope("backward"):
            b, behind = drive.turned()(self.backward, xs, behind)
        if self.merge not in ("concatenate", "both"):
            require_same_shape("Bidirectional: the cells' outputs", f, b, "merge='concatenate', or one hidden_size")
        return MERGES[self.merge](f, b), (ahead, behind)
