"""The views by name: what each shows of a graph, and what it may leave out to fit into an area."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

from ..core.errors import GraphError
from .fitting import fitted
from .options import Options
from .picture import Picture

ViewFunction = Callable[[Any, Options], Picture]
"""A view maps the first argument of `draw` and the options to a placed `Picture`."""


def _later(module: str, name: str, *kind: str) -> ViewFunction:
    """Returns a view that is imported at its first use: with all views `import tinygraph` takes twice as long."""

    def view(target: Any, options: Options) -> Picture:
        picture: Picture = getattr(import_module(module, __package__), name)(target, options, *kind)
        return picture

    return view


MAPS = ("states", "gates", "attention", "saliency")
"""The views that are heat maps over time."""
VIEWS: dict[str, ViewFunction] = {
    "unrolled": _later(".views.unrolled", "unrolled"),
    "both": _later(".views.unrolled", "both"),
    "backward": _later(".views.backward", "backward"),
    "rolled": _later(".views.rolled", "rolled"),
    "flow": _later(".views.flow", "flow"),
    "compiled": _later(".compiled", "compiled"),
    **{name: _later(".maps", "heat_map", name) for name in MAPS},
}
"""The views by name; a new view needs one line here."""


def shown(node: Any, view: str, options: Options) -> Picture:
    """The picture of a view, with as much detail as its area has room for."""
    if options.ax is not None and view not in MAPS:
        raise GraphError(
            f"draw: ax= is for heat maps, not for the view {view}", expected=", ".join(MAPS), fix="save it"
        )
    if options.area is None:
        return VIEWS[view](node, options)
    return fitted(candidates(node, view, options), options.area)


def candidates(node: Any, view: str, options: Options) -> Iterator[Picture]:
    """Yields what a view may show, from the most to the least detail."""
    if view == "both":
        view, options = "unrolled", options if options.has_gradients else replace(options, gradients=True)
    room = ".maps" if view in MAPS else ".compiled" if view == "compiled" else f".views.{view}"
    yield from import_module(room, __package__).candidates(node, options, *[view] * (view in MAPS))
