"""A wrapper that computes all steps of a linear cell at once, by a scan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.checks import flag
from ...core.errors import GraphError
from ...core.node import Node
from ...core.scope import now
from ...core.structure import leaves, rebuild
from ...time.padding import awaited, cut, flipped
from ...time.scan import linear_scan, preceded
from ..base.linear import LinearCell
from .wrapper import Wrapper


class Parallel(Wrapper):
    """Computes a cell with the step s' = a * s + b, whose a and b depend on the input alone, for all steps at once.

    A single step is the cell's own. `tg.unroll` or a layer computes a and b of all steps as whole arrays, the states
    by one `linear_scan`, and the outputs as whole arrays: the results equal those of the step-by-step loop up to
    rounding, and the size of the graph does not depend on T. Lengths, masks, both directions and truncation in chunks
    work. A sliding window and resets run the steps one by one, and so does a compiled function, whose loop is native.

    Args:
        cell: `LRU`, `minGRU`, `minLSTM`, `QRNN`, `TRNN`, `TGRU`, `TLSTM`, or your own `LinearCell`.
            State: the cell's.
        compiled: whether compiled functions scan, too. With the backend "numpy" training steps of an LRU took 0.2 to
            1.0 times as long as with the loop, of a minGRU 0.35 to 1.4 times; with "native" the loop was always faster.

    Raises:
        GraphError: the cell is not linear in its state.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.Parallel(tg.cells.minGRU(3, 4, rng=0))
        >>> outputs, h = tg.unroll(cell, np.ones((1000, 2, 3), np.float32))
        >>> outputs.shape, h.shape
        ((1000, 2, 4), (2, 4))

    Source: E. Martin, C. Cundy, "Parallelizing linear recurrent neural nets over sequence length", 2018, 1709.04057.
    """

    def __init__(self, cell: LinearCell, compiled: bool = False) -> None:
        super().__init__(cell)
        if not isinstance(cell, LinearCell):
            raise GraphError(
                "Parallel: the cell is not known to be linear in its state",
                got=type(cell).__name__,
                expected="s' = a * s + b with a and b from the input: LRU, minGRU, QRNN, TRNN, ...",
                fix="unroll the cell without Parallel, or derive it from LinearCell",
            )
        self.compiled = flag("Parallel", "compiled", compiled)

    def over_time(self, drive: Any, xs: Any, state: Any) -> tuple[Any, Any]:
        """All steps of inputs (T, B, I) from a state, with the driver's settings: outputs (T, ...), the last state."""
        if drive.window == "sliding" or drive.resets is not None or (now.tracing and not self.compiled):
            return drive(self.cell, xs, state)
        if not isinstance(xs, Node):
            raise GraphError("Parallel: the inputs are one array", expected="(T, B, I)", got=type(xs).__name__)
        turn = _turning(drive)
        real = None if drive.real is None else turn(drive.real)
        outputs, state = self._chunks(turn(xs), state, real, drive.truncate)
        return turn(outputs), state

    def _chunks(self, xs: Node, state: Any, real: Node | None, length: int | None) -> tuple[Node, Any]:
        """All steps, chunk by chunk; gradients stop where a chunk starts."""
        T = xs.shape[0]
        length = length or T
        awaits = None if real is None or length == T else awaited(real, reverse=False)
        outputs = []
        for start in range(0, T, length):
            chunk = slice(start, start + length)
            if start:
                state = cut(state, None if awaits is None else awaits[start])
            y, state = self._chunk(xs[chunk], state, None if real is None else real[chunk])
            outputs.append(y)
        return outputs[0] if len(outputs) == 1 else ops.concatenate(outputs), state

    def _chunk(self, xs: Node, state: Any, real: Node | None) -> tuple[Node, Any]:
        """All steps of one chunk; at a step of padding s' = 1 * s + 0."""
        s, *before = state if self.cell.looks_back else (state,)
        latest = [_latest(xs, x, real) for x in before]
        shifted = [preceded(x, first)[:-1] for first, x in zip(before, latest, strict=True)]
        a, b, read = self.cell.linear(xs, *shifted)
        if real is not None:
            a, b = _paused(a, real, b, 1), _paused(b, real, b, 0)
        states = linear_scan(a, b, s)
        last = rebuild(s, [x[-1] for x in leaves(states)])
        return read(states), (last, *(x[-1] for x in latest)) if before else last


def _turning(drive: Any) -> Callable[[Node], Node]:
    """A function that reverses time where the driver runs backwards; applied twice, it restores the order."""
    if not drive.reverse:
        return lambda x: x
    if drive.lengths is None:
        return lambda x: x[::-1]
    return lambda x: flipped(x, drive.lengths)


def _latest(xs: Node, before: Node, real: Node | None) -> Node:
    """The last real input up to each step, (T, B, I)."""
    if real is None:
        return xs
    mask = _broadcastable(real, xs)
    one, zero = np.ones((), xs.dtype), np.zeros((), xs.dtype)
    return linear_scan(ops.where(mask, zero, one), ops.where(mask, xs, zero), before)


def _paused(terms: Any, real: Node, like: Any, neutral: int) -> Any:
    """a or b, with the neutral 1 or 0 at steps of padding."""
    if isinstance(terms, tuple):
        return _paused(terms[0], real, like[0], neutral), _paused(terms[1], real, like[1], 0)
    return ops.where(_broadcastable(real, like), terms, np.array(neutral, like.dtype))


def _broadcastable(real: Node, like: Node) -> Node:
    return real.reshape(real.shape + (1,) * (like.ndim - real.ndim))
