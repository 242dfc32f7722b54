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
    "both": (".views.unrolled", "unrolled"),
    "backward": (".views.backward", "backward"),
    "rolled": (".views.rolled", "rolled"),
    "flow": (".views.flow", "flow"),
    "compiled": (".compiled", "compiled"),
    **dict.fromkeys(MAPS, (".maps", "heat_map")),
}
"""Maps views to their modules and functions, which are imported at their first use: with all of them
`import tinygraph` takes twice as long. A new view needs one line here."""

UNFIT = {"ax": VIEWS.keys() - MAPS, "item": VIEWS.keys() - MAPS, "steps": {*MAPS, "flow"}, "level": {*MAPS}}
"""Options, and the views that cannot obey them."""


def refuse_unfit(view: str, options: Options) -> None:
    """Raises a `GraphError` for an option that a view cannot obey."""
    for name, views in UNFIT.items():
        if view in views and getattr(options, name) != getattr(Options, name):
            what = "graphs" if name in ("steps", "level") else "heat maps"
            problem = f"draw: {name}= is for {what}, not for the view {view}"
            fix = "save it" if name == "ax" else "leave it out"
            raise GraphError(problem, expected=", ".join(x for x in VIEWS if x not in views), fix=fix)


def shown(node: Any, view: str, options: Options) -> Picture:
    """The picture of a view, with as much detail as its area has room for."""
    if options.area is not None:
        return fitted(candidates(node, view, options), options.area, options.limits)
    module, function = VIEWS[view]
    picture: Picture = getattr(import_module(module, __package__), function)(node, *_asked(view, options))
    return picture


def candidates(node: Any, view: str, options: Options) -> Iterator[Picture]:
    """Yields what a view may show, from the most to the least detail."""
    yield from import_module(VIEWS[view][0], __package__).candidates(node, *_asked(view, options))


def _asked(view: str, options: Options) -> tuple[Any, ...]:
    """The options of a view, of which one with arrows both ways has gradients; a heat map is told its name, too."""
    options = replace(options, gradients=True) if view == "both" and not options.has_gradients else options
    return (options, view) if view in MAPS else (options,)
