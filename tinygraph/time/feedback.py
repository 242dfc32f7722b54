"""Outputs fed back as inputs: generation, teacher forcing, scheduled sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import GraphError, shown
from ..core.leaves import Constant, node_of
from ..core.node import Node
from ..core.structure import leaves, map_leaves, rebuild
from ..core.traced import Traced
from ..ops import astype, broadcast_to, less, where
from .cell_contract import Step, takes
from .noise import generator, noise


class Feedback:
    """For `unroll`: the input at a step is computed from the cell's output at the step before.

    Args:
        choose: takes y_t and returns the next input, of the shape (and structure) of an input x_t.
        teacher: where the sequence's own input is used instead (teacher forcing): its probability at each step,
            a number, (T,), or (T, B) to draw for each sequence separately; or booleans (T,) or (T, B).
            The first real step of a sequence always uses the sequence's own input.
        rng: a seed or a numpy Generator for the draws.

    Raises:
        GraphError: ``choose`` is not a function of y_t alone, a probability is outside of 0 to 1, or ``rng`` is
            neither a seed nor a generator; in `unroll`, if ``choose`` returns another shape than an input's, or
            ``teacher`` does not match the inputs.

    Source: R. J. Williams, D. Zipser, "A learning algorithm for continually running fully recurrent neural
    networks", 1989 (teacher forcing); S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer, "Scheduled sampling for
    sequence prediction with recurrent neural networks", 2015 (with a probability).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> def cell(x, s):
        ...     s = s + x
        ...     return s, s
        >>> inputs = np.array([1.0, 10.0, 100.0])
        >>> tg.unroll(cell, inputs, 0.0, feedback=lambda y: y)[0].value
        array([1., 2., 4.])
        >>> half = tg.Feedback(lambda y: y, teacher=[True, False, True])
        >>> tg.unroll(cell, inputs, 0.0, feedback=half)[0].value
        array([  1.,   2., 102.])
    """

    def __init__(
        self, choose: Callable[[Any], Any], teacher: Any = 0.0, rng: int | np.random.Generator | None = None
    ) -> None:
        if not takes(choose, 1):
            fix = "feedback=lambda y: tg.argmax(y, axis=-1), for example"
            raise GraphError("feedback: choose must be a function of y_t", got=shown(choose, 80), fix=fix)
        self.choose, self.rng = choose, generator("Feedback", rng)
        self.teacher = node_of(teacher)
        values = None if isinstance(self.teacher, Traced) else self.teacher.value
        if values is not None and not ((values >= 0) & (values <= 1)).all():
            got = f"{values.min()} to {values.max()}"
            raise GraphError("feedback: teacher is not a probability", expected="0 to 1, or booleans", got=got)

    def begin(self, cell: Step, xs: Any, state: Any, batch: tuple[int, ...]) -> tuple[Step, Any, Any]:
        """Returns a cell, inputs and an initial state with which a driver feeds the outputs back.

        Args:
            xs: inputs (T, B, ...).
            batch: (B,) if lengths or a mask mark padding, else ().
        """
        T = leaves(xs)[0].shape[0]
        fed = map_leaves(lambda x: np.zeros(x.shape[1:], x.dtype), xs)
        started = np.zeros(batch, bool)
        forced = self._forced(xs, T)
        if batch and forced.ndim == 1:
            forced = broadcast_to(forced.reshape((T, 1)), (T, *batch))
        return self._feeding(cell), (xs, forced), map_leaves(node_of, (state, fed, started))

    def _forced(self, xs: Any, T: int) -> Node:
        """Booleans (T,) or (T, B): where the sequence's own input is used."""
        teacher = self.teacher
        if any(x.shape[: teacher.ndim] != teacher.shape for x in leaves(xs)):
            expected = f"a number, (T,) or (T, B) of {[x.shape for x in leaves(xs)]}"
            raise GraphError("feedback: teacher does not match the inputs", got=str(teacher.shape), expected=expected)
        if teacher.dtype.kind == "b" and teacher.ndim:
            return teacher
        known = None if isinstance(teacher, Traced) else teacher.value
        if known is not None and ((known == 0) | (known == 1)).all():  # nothing to draw
            return Constant(np.broadcast_to(known == 1, teacher.shape or (T,)))
        return less(noise(self.rng.random, teacher.shape or (T,)), teacher)

    def _feeding(self, cell: Step) -> Step:
        """A cell with inputs ``(x_t, forced_t)`` and state ``(the cell's state, its next input, whether started)``."""

        def step(inputs: tuple[Any, Node], state: tuple[Any, Any, Node]) -> tuple[Any, Any]:
            (x, forced), (inner, fed, started) = inputs, state
            y, inner = cell(_either(where(started, forced, True), x, fed), inner)
            return y, (inner, self._next_input(y, x), np.ones(started.shape, bool))

        return step

    def _next_input(self, y: Any, like: Any) -> Any:
        """``choose(y)`` in the structure and dtypes of ``like``, an input; its shapes must be the same."""
        chosen, xs = [node_of(c) for c in leaves(self.choose(y))], leaves(like)
        if [c.shape for c in chosen] != [x.shape for x in xs]:
            got, expected = str([c.shape for c in chosen]), f"shapes {[x.shape for x in xs]}, as x_t"
            raise GraphError("feedback: choose did not return an input of the cell", got=got, expected=expected)
        return rebuild(like, [c if c.dtype == x.dtype else astype(c, x.dtype) for c, x in zip(chosen, xs, strict=True)])


def _either(forced: Node, xs: Any, fed: Any) -> Any:
    """The sequence's own inputs where ``forced``, else those fed back."""
    if not isinstance(forced, Traced) and (forced.value.all() or not forced.value.any()):
        return xs if forced.value.all() else fed
    pairs = zip(leaves(xs), leaves(fed), strict=True)
    return rebuild(xs, [where(_aligned(forced, x), x, f) for x, f in pairs])


def _aligned(x: Node, like: Node) -> Node:
    """``x`` with trailing axes of size 1, as many axes as ``like``."""
    return x if x.ndim >= like.ndim else x.reshape(x.shape + (1,) * (like.ndim - x.ndim))
