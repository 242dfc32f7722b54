"""Options of `tg.draw`, and the checks of their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from types import NoneType
from typing import Any, NamedTuple

from ..core.checks import integer, one_of
from ..core.errors import GraphError, OptionError, shown
from ..core.node import Node
from ..core.options import option
from ..core.structure import leaves
from ..core.traced import Traced
from .labels import clean
from .words import LANGUAGES

LEVELS = ("auto", "op", "cell", "layer", "whole")
MAX_NODES = 5000
"""Default limit of boxes: more than anyone reads, and drawn in under a second."""


class Area(NamedTuple):
    """An area for a picture, and the least size of its texts, in points."""

    width: float
    height: float
    least: float = 7.0


AREAS = {"slide": Area(960.0, 540.0, 12.0), "a4": Area(453.0, 700.0), "column": Area(234.0, 648.0)}
"""A widescreen slide of PowerPoint (13.33 by 7.5 inches); an A4 page with margins of 2.5 cm; a column of a paper in two
columns, 3.25 by 9 inches (that of ICML: IEEE's and ACM's are a little wider)."""


@dataclass(frozen=True)
class Options:
    """The options of `tg.draw`, with the same names."""

    level: str = "auto"
    gradients: bool | Mapping[Node, Any] | None = None
    values: bool = False
    truncate: int | None = None
    title: str | None = None
    tokens: Sequence[str] | Mapping[int, str] | None = None
    max_nodes: int | None = MAX_NODES
    steps: Sequence[int] | None = None
    fit: Any = None
    lang: str = "en"
    item: int = 0
    ax: Any = None
    scale: tuple[float, float] | None = None
    """The ends of the colour scale where several pictures share one; else each has its own."""

    def __post_init__(self) -> None:
        one_of(f"draw has no level {shown(self.level)}", self.level, LEVELS)
        one_of(f"draw knows no language {shown(self.lang)}", self.lang, LANGUAGES)
        if self.truncate is not None:
            integer("draw", "truncate", self.truncate, 1)
        if self.max_nodes is not None:
            integer("draw", "max_nodes", self.max_nodes, 1)
        integer("draw", "item", self.item)
        steps = self.steps if isinstance(self.steps, Sequence) and not isinstance(self.steps, (str, bytes)) else ()
        whole = all(isinstance(x, Integral) and type(x) is not bool for x in steps)
        if self.steps is not None and not (steps and whole):
            expected = "a list of integers, such as [0, 1, -1]"
            raise GraphError("draw: steps must be places in time", expected=expected, got=shown(self.steps))
        if self.ax is not None and not hasattr(self.ax, "imshow"):
            raise GraphError("draw: ax must be axes of matplotlib", expected="ax=plt.gca()", got=shown(self.ax))
        _ = self.area
        if not isinstance(self.values, bool):
            raise GraphError("draw: values must be a bool", expected="True or False", got=type(self.values).__name__)
        if not isinstance(self.gradients, (bool, Mapping, NoneType)):
            problem = "draw: gradients must be a bool, None or a dict"
            fix = "gradients=True computes them; or pass a dict from nodes to their gradients"
            expected = "True, None, or a dict from nodes to arrays"
            raise GraphError(problem, expected=expected, got=type(self.gradients).__name__, fix=fix)

    @property
    def heading(self) -> str | None:
        """Returns the title as it is shown."""
        return None if self.title is None else clean(str(self.title), 120)

    @property
    def limits(self) -> list[str]:
        """Returns the options that fix how much a picture shows."""
        return ["level="] * (self.level != "auto") + ["steps="] * (self.steps is not None)

    @property
    def area(self) -> Area | None:
        """Returns the area that the picture has to fit."""
        if self.fit is None or (isinstance(self.fit, str) and self.fit in AREAS):
            return None if self.fit is None else AREAS[self.fit]
        sizes = self.fit if isinstance(self.fit, (tuple, list)) else []
        real = [float(x) for x in sizes if isinstance(x, Real) and type(x) is not bool]
        if len(real) != len(sizes) or len(real) != 2 or not 0 < min(real) <= max(real) < 1e6:
            expected = f"{', '.join(AREAS)}, or width and height in points"
            raise GraphError("draw: fit is no area", expected=expected, got=shown(self.fit))
        return Area(*real)

    @property
    def has_gradients(self) -> bool:
        return self.gradients is not None and self.gradients is not False


WITHDRAWN = {
    "layout": "leave it out: all graphs are placed here; drawing.source is DOT text, which Graphviz may place anew",
    "params": "leave it out: a parameter is a chip in its ops and a row of the table; on a page (save it as .html) "
    "pointing at the row lights all uses",
}
"""Options that there were, and what to do now."""


def refuse_others(options: Mapping[str, Any]) -> None:
    """Raises a `GraphError` for an option that `tg.draw` does not have, or no longer has."""
    for name, value in options.items():
        own = [x.name for x in fields(Options) if x.name != "scale"]
        fix = WITHDRAWN.get(name) or option([name], own)
        raise OptionError(f"draw has no option {name}", expected=", ".join(own), got=f"{name}={shown(value)}", fix=fix)


def roots_of(target: Any) -> list[Node]:
    """Returns the nodes of a structure, each once.

    Raises:
        GraphError: the structure has no nodes, or something other than nodes.
    """
    nodes = leaves(target)
    other_types = [type(x).__name__ for x in nodes if not isinstance(x, Node)]
    if other_types or not nodes:
        compiled = any(hasattr(x, "graph") for x in nodes)
        raise GraphError(
            "draw needs a node",
            expected="a node, or a list of nodes",
            got=", ".join(other_types) or "nothing",
            fix='of a compiled function: view="compiled", or its graph("after")'
            if compiled
            else "pass a result of ops, such as the loss",
        )
    return [*dict.fromkeys(nodes)]


def one_loss(roots: list[Node], what: str, *, expected: str, fix: str = "", floats: bool = False) -> Node:
    """Returns the only root.

    Raises:
        GraphError: there are several, or it has more than one element, or no floating-point number where it has to.
    """
    root = roots[0]
    if len(roots) != 1 or root.size != 1 or (floats and root.dtype.kind != "f"):
        got = ", ".join(f"{x.label()} {x.shape} {x.dtype}" for x in roots)
        raise GraphError(f"draw: {what} needs one loss of one element", expected=expected, got=got, fix=fix)
    return root


def refuse_traced(root: Node, view: str) -> None:
    """Raises a `GraphError` for a graph without values."""
    if isinstance(root, Traced):
        problem = f"draw: the view {view} needs values, but the graph of a compiled function has none"
        raise GraphError(problem, got=root.label(), fix="draw the result of the function without tg.compile")
