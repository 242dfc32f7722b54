"""The views by name: what each shows of a graph, and what it may leave out to fit into an area."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

from ..core.errors import GraphError
from .fitting import fitted
from .options import Options
from .picture import Picture

MAPS = ("states", "gates", "attention", "saliency")
"""The views that are heat maps over time."""
VIEWS = {
    "unrolled": (".views.unrolled", "unrolled"),
    "both": (".views.unrolled", "both"),
    "backward": (".views.backward", "backward"),
    "rolled": (".views.rolled", "rolled"),
    "flow": (".views.flow", "flow"),
    "compiled": (".compiled", "compiled"),
    **dict.fromkeys(MAPS, (".maps", "heat_map")),
}
"""Maps views to their modules and functions, which are imported at their first use: with all of them
`import tinygraph` takes twice as long. A new view needs one line here."""


def shown(node: Any, view: str, options: Options) -> Picture:
    """The picture of a view, with as much detail as its area has room for."""
    if options.ax is not None and view not in MAPS:
        problem = f"draw: ax= is for heat maps, not for the view {view}"
        raise GraphError(problem, expected=", ".join(MAPS), fix="save it")
    if options.area is not None:
        return fitted(candidates(node, view, options), options.area, options.limits)
    module, function = VIEWS[view]
    picture: Picture = getattr(import_module(module, __package__), function)(node, options, *_map(view))
    return picture


def candidates(node: Any, view: str, options: Options) -> Iterator[Picture]:
    """Yields what a view may show, from the most to the least detail."""
    if view == "both" and not options.has_gradients:
        options = replace(options, gradients=True)
    yield from import_module(VIEWS[view][0], __package__).candidates(node, options, *_map(view))


def _map(view: str) -> tuple[str, ...]:
    return (view,) if view in MAPS else ()
