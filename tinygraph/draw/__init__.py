"""Pictures: a graph becomes boxes and arrows with places, and these become DOT text."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from ..core.errors import GraphError
from ..core.node import Node
from .drawing import Drawing
from .options import MAX_NODES, Options
from .picture import Picture
from .summary import summary

__all__ = ["VIEWS", "Drawing", "draw", "summary"]


ViewFunction = Callable[[Any, Options], Picture]
"""What a view is: (what was given to `draw`, options) to a placed `Picture`."""


def _later(module: str, name: str) -> ViewFunction:
    """A view that is loaded when it is first drawn: with all of them `import tinygraph` takes twice as long."""

    def view(given: Any, options: Options) -> Picture:
        drawn: Picture = getattr(import_module(module, __package__), name)(given, options)
        return drawn

    return view


VIEWS: dict[str, ViewFunction] = {
    "unrolled": _later(".views.unrolled", "unrolled"),
    "both": _later(".views.backward", "both"),
    "backward": _later(".views.backward", "backward"),
    "rolled": _later(".views.rolled", "rolled"),
    "flow": _later(".views.flow", "flow"),
    "compiled": _later(".compiled", "compiled"),
}
"""The views by name. A new one is one line here."""


def draw(
    node: Any,
    view: str = "unrolled",
    *,
    level: str = "auto",
    gradients: bool | Mapping[Node, Any] | None = None,
    values: bool = False,
    truncate: int | None = None,
    title: str | None = None,
    tokens: Sequence[str] | Mapping[int, str] | None = None,
    max_nodes: int | None = MAX_NODES,
    layout: str = "auto",
    params: str = "chip",
) -> Drawing:
    """The graph behind a node as a picture: one column per time step, in the order of time.

    Data stands at the foot of a column, the loss on top; state crosses to the next column in
    green; a parameter is a gold chip in the ops that use it and one line of a table.

    Args:
        node: a node, or a structure of nodes; what they were made from is drawn. For
            ``"compiled"`` a compiled function.
        view: one of `VIEWS`. ``"unrolled"``: a column each step. ``"rolled"``: each cell that repeats over time once,
            on a stack of cards, with a red arrow for each state from t-1 to t. Where nothing repeats it is
            drawn unrolled, and a line under the title says so. ``"both"``: unrolled with an arrow forward and
            one back each. ``"backward"``: beside each box the gradient of one loss with respect to it and the rule
            that sends it on; under all columns the gradients of parameters, as sums over time.
            ``"flow"``: of a loss the matrix of
            ‖d loss at t / d state at s‖, where gradients that vanish or explode are seen. ``"compiled"``: of what
            `compile` gave, called once, the traced ops over the actions of its plan; what left a loop has the
            same number in both, what no action does is grey and dashed, and a bar is as long as the work.
        level: how much a box holds: ``"op"``, one op; ``"cell"``, a cell at one step; ``"layer"``, a cell at all
            steps; ``"whole"``. ``"auto"``: ops, of more than 8 steps the first 3 and the last 2; of more than 25
            steps cells, the first 6 and the last 4. For all steps name the level.
        gradients: True to colour each box by the norm of d node / d box, for a node of one element;
            or a dict from nodes to arrays of their shapes, nodes, or None ("not computed").
        values: write the numbers of small arrays into their boxes.
        truncate: cut the gradient's way through time every so many steps, as ``tg.unroll(truncate=...)`` does.
        title: shown over the picture.
        tokens: a text for each step, in time order or by step, shown under its column.
        max_nodes: of more boxes steps in the middle of time are folded, and a line says how many; None for no limit.
        layout: ``"time"``, places by time and role; ``"dot"``, places by Graphviz's dot, which keeps no order of time
            and draws no columns; ``"auto"``: dot where no step is marked, up to 400 boxes.
        params: ``"chip"``: inside the ops that use it; ``"ghost"``: a pale box each step; ``"hub"``: one box for all.

    Returns:
        a `Drawing`, a `graphviz.Digraph`: ``.source``, ``.text()``, ``.save("x.svg")``, ``.pipe(format="svg")``.
        No Graphviz program is needed until one of the last two is called.

    Other options that a view has no use for change nothing in it: ``"rolled"`` and ``"flow"`` have one level.

    Raises:
        GraphError: not a node, or not a compiled function that was called; gradients of something that is not one
            number; tokens that do not fit the steps; an unknown view or option; gradients or tokens of a compiled
            function.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> W, h = tg.parameter([[0.5]], name="W"), tg.constant(np.zeros((1, 1)), name="h0")
        >>> for t in range(3):
        ...     with tg.step(t):
        ...         h = tg.tanh(W @ h + 1.0, name=f"h{t + 1}")
        >>> drawing = tg.draw(tg.sum(h), gradients=True, tokens=["a", "b", "c"])
        >>> "t = 2" in drawing.source
        True
        >>> "cell × 3" in tg.draw(h, "rolled").source
        True
    """
    if not isinstance(view, str) or view not in VIEWS:
        raise GraphError(f"draw has no view {view!r}", expected=", ".join(VIEWS), got=repr(view))
    from .write.dot import lines
    from .write.unpinned import layout_of, unpinned_lines

    options = Options(level, gradients, values, truncate, title, tokens, max_nodes, layout, params)
    with _uncollected():
        picture = VIEWS[view](node, options)
        picture.layout = layout_of(picture, layout, view)
        by_dot = picture.layout == "dot"
        drawing = Drawing(engine="dot" if by_dot else "neato", format="svg")
        drawing.picture = picture
        drawing.body.extend(unpinned_lines(picture) if by_dot else lines(picture))
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
