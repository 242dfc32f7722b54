"""Pictures: a graph becomes boxes and arrows with places, and these become DOT text."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..core.errors import GraphError
from ..core.node import Node
from ..core.structure import leaves
from .dot import lines
from .drawing import Drawing
from .picture import Picture
from .rolled import rolled
from .summary import summary
from .unrolled import unrolled

__all__ = ["VIEWS", "Drawing", "draw", "summary"]


View = Callable[[list[Node], Any, str | None, Any], Picture | list[str]]
"""What a view is: (roots, gradients, title, tokens) to a placed `Picture`, or to lines of DOT that pin every node."""

VIEWS: dict[str, View] = {"rolled": rolled, "unrolled": unrolled}
"""The views by name. A new one is one line here; a `Picture` is written as DOT and text, lines are taken as given."""


def draw(node: Any, gradients: bool | Mapping[Node, Any] | None = None, title: str | None = None,
         tokens: Sequence[str] | Mapping[int, str] | None = None, *, view: str = "unrolled") -> Drawing:  # fmt: skip
    """The graph behind a node, unrolled: one column per time step, in the order of time.

    Data stands at the foot of a column, the loss on top; state crosses to the next column in
    green; a parameter is a gold chip in the ops that use it and one line of a table.

    Args:
        node: a node, or a structure of nodes; what they were made from is drawn.
        gradients: True to colour each box by the norm of d node / d box, for a node of one element;
            or a dict from nodes to arrays of their shapes, nodes, or None ("not computed").
        title: shown over the picture.
        tokens: a text for each step, in time order or by step, shown under its column.
        view: ``"unrolled"``, one of the names in `VIEWS`. ``"rolled"``: each cell that repeats over time once, on a
            stack of cards, with a red arrow for each state from t-1 to t; without gradients and tokens. Where
            nothing repeats it is drawn unrolled, and a line under the title says so.

    Returns:
        a `Drawing`, a `graphviz.Digraph`: ``.source``, ``.text()``, ``.save("x.svg")``, ``.pipe(format="svg")``.
        No Graphviz program is needed until one of the last two is called.

    Raises:
        GraphError: not a node; gradients of something that is not one number; tokens that do not fit the steps;
            an unknown view.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> W, h = tg.parameter([[0.5]], name="W"), tg.constant(np.zeros((1, 1)), name="h0")
        >>> for t in range(3):
        ...     with tg.step(t):
        ...         h = tg.tanh(W @ h + 1.0, name=f"h{t + 1}")
        >>> drawing = tg.draw(tg.sum(h), gradients=True, tokens=["a", "b", "c"])
        >>> "t = 2" in drawing.source
        True
        >>> "cell × 3" in tg.draw(h, view="rolled").source
        True
    """
    roots = leaves(node)
    strangers = [type(x).__name__ for x in roots if not isinstance(x, Node)]
    if strangers or not roots:
        raise GraphError(
            "draw needs a node",
            expected="a node, or a list of nodes",
            got=", ".join(strangers) or "nothing",
            fix="pass a result of ops, such as the loss",
        )
    if view not in VIEWS:
        raise GraphError(f"draw has no view {view!r}", expected=", ".join(VIEWS), got=repr(view))
    drawing = Drawing(engine="neato", format="svg")
    with _uncollected():
        drawn = VIEWS[view](list(dict.fromkeys(roots)), gradients, title, tokens)
        drawing.picture = drawn if isinstance(drawn, Picture) else None
        drawing.body.extend(lines(drawn) if isinstance(drawn, Picture) else drawn)
    return drawing


@contextmanager
def _uncollected() -> Iterator[None]:
    """The cycle collector pauses: no garbage arises here, and its walks took a third of the time at T = 5,000."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
