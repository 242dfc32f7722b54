"""Pictures: a graph becomes boxes and arrows with places, and these become SVG, a page, text or DOT."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from ..core import errors
from ..core.checks import one_of
from ..core.errors import GraphError
from ..core.node import Node
from .comparing import compared, in_pairs, roomy, shared_ends, two_titles, with_compare, with_own_tokens
from .drawing import Drawing
from .fitting import fitted
from .layers import summary
from .nets import is_net, nodes_of
from .options import MAX_NODES, Options, refuse_others
from .picture import Picture
from .view_names import VIEWS, candidates, refuse_unfit, shown
from .words import translated

__all__ = ["VIEWS", "Drawing", "compare", "draw", "summary"]
SHARED = ("level", "gradients", "values", "truncate", "tokens", "max_nodes", "steps", "item")
"""Options of both pictures of a comparison."""


@errors.refusing
def compare(
    a: Any,
    b: Any,
    view: str = "unrolled",
    *,
    titles: Sequence[str] | None = None,
    title: str | None = None,
    fit: str | tuple[float, float] | None = None,
    lang: str = "en",
    **options: Any,
) -> Drawing:
    """Draw two graphs beside each other: one view, one colour scale and legend, and marks where they differ.

    A frame of two lines is around what is in one of them only, a dashed one around what differs; where more than half
    differs, it is around what differs 2-fold, 10-fold or more, as the legend says. All of it is listed in words, the
    largest differences first. Boxes and numbers belong together that have the same name and step.

    Args:
        a, b: what `draw` takes, such as the losses of two networks, or of one before and after a change.
        view: one of `VIEWS`, the same for both.
        titles: two texts, one over each; by default what is drawn.
        title, fit, lang: as of `draw`, for the whole.
        options: others of `draw`, for both; a dict of tokens may hold steps that one of the two has not.

    Returns:
        a `Drawing`, as of `draw`.

    Raises:
        GraphError: what `draw` raises; titles that are not two texts.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> def loss(gain):
        ...     h = tg.constant(np.ones(2), name="h0")
        ...     for t in range(3):
        ...         with tg.step(t):
        ...             h = tg.tanh(tg.parameter(np.eye(2) * gain, "W") @ h, name="h")
        ...     return tg.sum(h, name="loss")
        >>> drawing = tg.draw.compare(loss(0.5), loss(2.0), "flow", titles=["small", "large"])
        >>> "differ" in drawing.text()
        True
    """
    one_of(f"draw has no view {errors.shown(view)}", view, VIEWS)
    names = two_titles(titles)
    refuse_others({name: x for name, x in options.items() if name not in SHARED})
    asked = Options(**options, title=None if title is None else str(title), fit=fit, lang=lang)
    refuse_unfit(view, asked)
    with _uncollected():
        both = with_own_tokens((a, b), view, replace(asked, title=None, lang="en"))
        ends = shared_ends(next(in_pairs(candidates(x, view, own) for x, own in both)))
        pairs = in_pairs(candidates(x, view, replace(own, scale=ends)) for x, own in both)
        pictures = compared(
            pairs if fit is not None else roomy(pairs), names, asked.heading, lang, brief=fit is not None
        )
        return Drawing(next(pictures) if asked.area is None else fitted(pictures, asked.area, asked.limits))


@with_compare(compare)
@errors.refusing
def draw(
    node: Any,
    *inputs: Any,
    view: str = "unrolled",
    level: str = "auto",
    gradients: bool | Mapping[Node, Any] | None = None,
    values: bool = False,
    truncate: int | None = None,
    title: str | None = None,
    tokens: Sequence[str] | Mapping[int, str] | None = None,
    max_nodes: int | None = MAX_NODES,
    steps: Sequence[int] | None = None,
    fit: str | tuple[float, float] | None = None,
    lang: str = "en",
    item: int = 0,
    ax: Any = None,
    **others: Any,
) -> Drawing:
    """Draw the graph of a node, or of a net, ``draw(net, (T, B, I))``: one column per time step, in time order.

    Data is at the foot of a column and the loss at the top; green arrows carry state to the next column. A parameter is
    a gold chip in the ops that use it, and a row of a table. Steps are those of `unroll` and `step`; if no
    node has one, they are told from the loops in which the user's code made the nodes.

    Args:
        node: a node, or a structure of nodes; all their ancestors are drawn. For ``"compiled"``, a compiled function.
            Or a `Module`: a net, a layer or a cell.
        inputs: the view, which may also be named. For a net, before it, a shape for each argument of its call, or an
            array or None, as for `summary`; what a copy of the net returns for zeros is drawn.
        view: one of `VIEWS`. ``"unrolled"``: a column per step. ``"rolled"``: each cell that repeats over time once, on
            a stack of cards, with a green arrow from t-1 to t for each state; if nothing repeats, the graph is drawn
            unrolled, and the subtitle says so. ``"both"``: unrolled, with a forward and a backward arrow for each link.
            ``"backward"``: beside each box the gradient of the loss with respect to it, and the rule that computes it;
            under the columns the gradients of parameters, as sums over time. ``"flow"``: a heat map of
            ‖d loss at t / d state at s‖, which shows vanishing and exploding gradients. ``"compiled"``: for a function
            of `compile` that was called, the traced ops over the actions of its plan; an op that left a loop has the
            same number in both, an op that no action does is grey and dashed, and the length of a bar shows the work.
            Four heat maps over time show the numbers of one sequence: ``"states"``, each unit of each state;
            ``"gates"``, the gates by their papers' letters; ``"attention"``, the weights, a row for each query;
            ``"saliency"``, the gradient of the loss with respect to the inputs, per step and per feature.
        level: the content of a box: ``"op"``, one op; ``"cell"``, a cell at one step; ``"layer"``, a cell at all steps;
            ``"whole"``. ``"auto"``: ops of at most 8 steps, or of the first 3 and the last 2, or 2 and 1; cells if
            that is too wide or if there are more than 25 steps. Name a level to see all steps.
        gradients: True to colour each box by the norm of d node / d box, for a node of one element; or a dict from
            nodes to arrays of their shapes, nodes, or None ("not computed").
        values: write the numbers of small arrays into their boxes.
        truncate: cut the gradient through time every so many steps, as ``tg.unroll(truncate=...)`` does.
        title: a title above the picture.
        tokens: a text for each step, in time order or as a dict from step to text, shown under its column.
        max_nodes: if there are more boxes, steps in the middle of time are folded, and the subtitle says how many; None
            for no limit.
        steps: the places in time of the steps to show, such as ``[0, 1, -1]``: the first two and the last. Dots stand
            for the others.
        fit: an area to scale the picture into: ``"slide"`` (960 × 540 points), ``"a4"`` (text of an A4 page, 453 ×
            700), ``"column"`` (of a paper in two columns, 234 × 648), or width and height in points. Level, steps,
            gaps and texts are chosen so that no text is smaller than 12 points on a slide, else 7; the subtitle says
            what was left out. What you name, such as ``level="op"``, is kept. A rolled view has a box for each cell
            where its ops have no room, a compiled one lists of ops and actions.
        item: for heat maps, the place in the batch of the sequence to show; the subtitle says it.
        ax: for heat maps, axes of matplotlib to draw the same numbers into, too.
        lang: the language of legend, verdicts, page and all other words of ours: ``"en"`` or ``"zh"``. Names stay.
        others: nothing: each is an unknown option, and the error says what replaces one that was withdrawn.

    Returns:
        a `Drawing`: ``.save("x.svg")``, ``.text()``, ``.pipe(format="svg")``, which a notebook shows by itself. PNG,
        PDF and other formats need a Graphviz program, for which ``.source`` is DOT text and ``.digraph`` a
        `graphviz.Digraph`.

    A view ignores options of how boxes look where it has none, such as the level of ``"flow"``.

    Raises:
        GraphError: ``node`` is not a node, or not a compiled function that was called; gradients of a node with more
            than one element; tokens that do not fit the steps; an unknown view or option; gradients or tokens of a
            compiled function; ``item`` of a graph, or ``steps`` of a heat map; a net does not run on inputs of these
            shapes.

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
        >>> tg.draw(tg.cells.LSTM(3, 4, rng=0), (10, 2, 3), "rolled").picture.title
        'LSTM, 10 steps, rolled'
    """
    inputs, view = _view_apart(inputs, view)
    one_of(f"draw has no view {errors.shown(view)}", view, VIEWS)
    refuse_others(others)
    options = Options(level, gradients, values, truncate, title, tokens, max_nodes, steps, fit, lang, item, ax)
    refuse_unfit(view, options)
    if inputs or is_net(node):
        node = nodes_of(node, inputs)
    cells = partial(_at_cells, node, view, options)
    return Drawing(_drawn(node, view, options), None if options.area is None and level != "auto" else cells)


def _view_apart(inputs: tuple[Any, ...], view: str) -> tuple[tuple[Any, ...], str]:
    """Returns the shapes of inputs, and the view, which may be named or stand before or after them."""
    views = [x for x in inputs if isinstance(x, str)]
    if len(views) + (not isinstance(view, str) or view != "unrolled") > 1:
        views_told = errors.shown([*views, view])
        raise GraphError("draw has one view", expected="one name", got=views_told, fix='view="rolled"')
    return tuple(x for x in inputs if not isinstance(x, str)), views[0] if views else view


def _drawn(node: Any, view: str, options: Options) -> Picture:
    with _uncollected():
        picture = replace(shown(node, view, options), view=view)
    return picture if options.lang == "en" else translated(picture, options.lang, titled=options.title is not None)


def _at_cells(node: Any, view: str, options: Options) -> Picture:
    """Returns the same picture with a box for each cell and step, for a program that places the boxes itself."""
    if options.area is not None:
        fix = "draw without fit=, and with level= and steps= if you wish"
        raise GraphError("mermaid: a picture fitted to an area", expected="no fit=, as Mermaid places boxes", fix=fix)
    return _drawn(node, view, replace(options, level="cell"))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector: no garbage arises here, and its walks took a third of the time at T = 5,000."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
