"""Outputs that become inputs: generation, and training in which some steps are fed what the cell said itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import as_nodes
from ..core.node import Node
from ..core.structure import leaves, map_leaves, rebuild
from ..core.traced import Traced
from ..ops import astype, broadcast_to, less, where
from .cell_contract import Step, takes
from .noise import generator, noise


class Feedback:
    """For `unroll`: what the cell chose at a step is its input at the next.

    Args:
        choose: takes y_t and gives the next x, of the shape (and structure) of an input x_t.
        teacher: how often the given input is taken instead (teacher forcing): the probability of each step,
            a number, (T,), or (T, B) for draws of each sequence's own; or booleans (T,) or (T, B) that say where.
            The first real step of a sequence always takes its given input.
        rng: a seed or a numpy Generator for the draws.

    Raises:
        GraphError: ``choose`` is no function of y_t alone, a probability is outside of 0 to 1, ``rng`` is neither seed
            nor generator; when driven, if ``choose`` gives another shape than an input's, or ``teacher`` does not fit
            the inputs.

    Source: R. J. Williams, D. Zipser, "A learning algorithm for continually running fully recurrent neural
    networks", 1989 (teacher forcing); S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer, "Scheduled sampling for
    sequence prediction with recurrent neural networks", 2015 (with a probability).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> def cell(x, s):
        ...     s = s + x
        ...     return s, s
        >>> given = np.array([1.0, 10.0, 100.0])
        >>> tg.unroll(cell, given, 0.0, feedback=lambda y: y)[0].value
        array([1., 2., 4.])
        >>> half = tg.Feedback(lambda y: y, teacher=[True, False, True])
        >>> tg.unroll(cell, given, 0.0, feedback=half)[0].value
        array([  1.,   2., 102.])
    """

    def __init__(
        self, choose: Callable[[Any], Any], teacher: Any = 0.0, rng: int | np.random.Generator | None = None
    ) -> None:
        if not takes(choose, 1):
            raise GraphError(
                "feedback: what chooses the next input is a function of y_t",
                got=f"{choose!r}"[:80],
                fix="feedback=lambda y: tg.argmax(y, axis=-1), say",
            )
        self.choose, self.rng = choose, generator("Feedback", rng)
        (self.teacher,) = as_nodes((teacher,))
        known = None if isinstance(self.teacher, Traced) else self.teacher.value
        if known is not None and not ((known >= 0) & (known <= 1)).all():
            raise GraphError(
                "feedback: teacher is a probability",
                expected="0 to 1, or booleans",
                got=f"{known.min()} to {known.max()}",
            )

    def begin(self, cell: Step, xs: Any, state: Any, batch: tuple[int, ...]) -> tuple[Step, Any, Any]:
        """The cell, its inputs and first state such that outputs are fed back.

        Args:
            xs: inputs (T, B, ...).
            batch: the shape of lengths, (B,); () where there are none.
        """
        T = leaves(xs)[0].shape[0]
        fed = map_leaves(lambda x: np.zeros(x.shape[1:], x.dtype), xs)
        begun = np.zeros(batch, bool)
        forced = self._forced(xs, T)
        if batch and forced.ndim == 1:
            forced = broadcast_to(forced.reshape((T, 1)), (T, *batch))
        return self._fed(cell), (xs, forced), map_leaves(lambda s: as_nodes((s,))[0], (state, fed, begun))

    def _forced(self, xs: Any, T: int) -> Node:
        """Where the given input is taken: booleans (T,) or (T, B)."""
        teacher = self.teacher
        if teacher.ndim and any(x.shape[: teacher.ndim] != teacher.shape for x in leaves(xs)):
            raise GraphError(
                "feedback: teacher does not fit the inputs",
                got=str(teacher.shape),
                expected=f"a number, (T,) or (T, B) of {[x.shape for x in leaves(xs)]}",
            )
        if teacher.dtype.kind == "b" and teacher.ndim:
            return teacher
        return less(noise(self.rng.random, teacher.shape or (T,)), teacher)

    def _fed(self, cell: Step) -> Step:
        """The cell on ``(x_t, forced_t)`` and ``(state, what it chose before, whether it has begun)``."""

        def step(given: tuple[Any, Node], state: tuple[Any, Any, Node]) -> tuple[Any, Any]:
            (x, forced), (inner, fed, begun) = given, state
            taken = where(begun, forced, True)
            y, inner = cell(_either(taken, x, fed), inner)
            return y, (inner, self._chosen(y, x), np.ones(begun.shape, bool))

        return step

    def _chosen(self, y: Any, x: Any) -> Any:
        """The next input, of the dtype and shape of x."""
        chosen = [as_nodes((c,))[0] for c in leaves(self.choose(y))]
        wanted = leaves(x)
        if [c.shape for c in chosen] != [w.shape for w in wanted]:
            raise GraphError(
                "feedback: what choose gave is no input of the cell",
                got=str([c.shape for c in chosen]),
                expected=f"shapes {[w.shape for w in wanted]}, as x_t",
            )
        return rebuild(
            x, [c if c.dtype == w.dtype else astype(c, w.dtype) for c, w in zip(chosen, wanted, strict=True)]
        )


def _either(taken: Node, given: Any, fed: Any) -> Any:
    """The given input where it is taken, else the one fed back."""
    if not isinstance(taken, Traced) and (taken.value.all() or not taken.value.any()):
        return given if taken.value.all() else fed
    pairs = zip(leaves(given), leaves(fed), strict=True)
    return rebuild(given, [where(_aligned(taken, x), x, f) for x, f in pairs])


def _aligned(x: Node, like: Node) -> Node:
    """``x`` with further axes of one place, up to those of ``like``."""
    return x if x.ndim >= like.ndim else x.reshape(x.shape + (1,) * (like.ndim - x.ndim))
