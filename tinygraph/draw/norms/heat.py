"""The heat map of gradient norms: the norm at each box and each arrow, and the colour scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from ...core.checks import as_array
from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import derive
from ..colours import mixed
from ..labels import number
from ..options import one_loss
from ..shown.folding import Folded, Link, crosses

RAMP = [(255, 247, 236), (253, 212, 158), (252, 141, 89), (215, 48, 31), (127, 0, 0)]
"""Light to dark orange-red, after ColorBrewer's OrRd: lightness falls evenly, so it also works in grey print."""
ZERO, ODD, ABSENT = "#eef0f3", "#c9a7e8", "#ffffff"
"""Fill for a norm of exactly 0, for NaN or infinity, and for a gradient that was not computed."""

GONE = -12
"""Of a norm below this power of ten nothing is left: scales end here, unless all norms are small."""


class Slopes(dict[Node, np.ndarray]):
    """Maps nodes to their gradients, sent back once for all pictures of a graph, as are their norms."""

    def __init__(self, arrays: Iterable[tuple[Node, np.ndarray]] = ()) -> None:
        super().__init__(arrays)
        self._norms: dict[Node, float] = {}

    def norm(self, node: Node) -> float | None:
        if node not in self._norms and node in self:
            self._norms[node] = norm_of(self[node])
        return self._norms.get(node)


@dataclass
class Heat:
    """Gradient norms of a picture.

    Attributes:
        norms: maps each node to the norm of its gradient, None if it was not computed.
        flows: maps each link to the norm of the gradient along it, None if there is none.
        back: maps each node to the norm of the sum of the gradients from other time steps.
        low, high: the ends of the colour scale, at least a factor of ten apart.
        least: the smallest norm that the scale is for.
    """

    norms: dict[Node, float | None] = field(default_factory=dict)
    flows: dict[Link, float | None] = field(default_factory=dict)
    back: dict[Node, float] = field(default_factory=dict)
    low: float = 0.1
    high: float = 1.0
    least: float = math.inf

    def level(self, norm: float) -> float:
        """Returns the position of a norm on the logarithmic scale, 0 to 1."""
        if not norm > 0:
            return 0.0
        low, high = math.log10(self.low), math.log10(self.high)
        return min(max((math.log10(norm) - low) / (high - low), 0.0), 1.0)

    def colour(self, norm: float | None) -> str:
        if norm is None:
            return ABSENT
        if not math.isfinite(norm):
            return ODD
        return ramp(self.level(norm)) if norm else ZERO

    def within(self, scale: tuple[float, float] | None) -> Heat:
        """Returns it with other ends of its scale, if there are any."""
        self.low, self.high = scale or (self.low, self.high)
        return self

    def span(self, beside: set[Node]) -> Heat:
        """Returns it with ends of its scale that cover all norms except those of the nodes ``beside``."""
        shown = [v for x, v in self.norms.items() if v and math.isfinite(v) and x not in beside]
        if shown:
            self.least, top = min(shown), math.log10(max(shown))
            middle = (max(math.log10(self.least), min(GONE, math.floor(top) - 6)) + top) / 2
            reach = max(top - middle, 0.5)
            low = min(max(middle - reach, -307), 307)  # both ends are floats of full precision
            self.low, self.high = 10**low, 10 ** min(max(middle + reach, low + 1), 308)
        return self

    @property
    def keys(self) -> list[tuple[str, str]]:
        """What the legend says of norms below the scale, if there are some."""
        return [(ramp(0), f"below {number(self.low, 1)}: nothing left")] if self.least < 0.999 * self.low else []


def between_powers(norms: Iterable[float]) -> Heat:
    """Returns a scale between powers of ten that covers norms, but not below `GONE` unless all are small."""
    shown = [x for x in norms if 0 < x < math.inf]
    if not shown:
        return Heat()
    high = min(math.ceil(math.log10(max(shown))), 308)
    low = min(max(math.floor(math.log10(min(shown))), min(GONE, high - 6), -307), 307)
    return Heat(low=10.0**low, high=10.0 ** max(high, low + 1), least=min(shown))


def ramp(level: float) -> str:
    """Returns the colour at a level from 0 to 1, as ``#rrggbb``."""
    return mixed(RAMP, level)


def slopes(folded: Folded, roots: list[Node], gradients: Any) -> Slopes:
    """Returns the gradients of all boxes, parameters and links, and of what is later joined or hidden of them.

    Args:
        gradients: True to differentiate the root, or a dict: node -> array, node or None.

    Raises:
        GraphError: there is no single root of one element, or a gradient has another shape than its node.
    """
    return _checked(gradients) if isinstance(gradients, Mapping) else _computed(folded, roots)


def heat(folded: Folded, roots: list[Node], arrays: Slopes) -> Heat:
    """Returns the norms for all boxes and parameters."""
    norms = {x: _box_norm(arrays, folded, x) for x in (*folded.nodes, *folded.names)}
    return Heat(norms).span({*roots, *folded.names})


def _real_links(folded: Folded) -> list[Link]:
    links = [link for x in folded.nodes for link in folded.arrows[x]]
    return [real for x in links for real in folded.bundles.get(x, [x])] if folded.bundles else links


def _checked(gradients: Mapping[Any, Any]) -> Slopes:
    arrays = Slopes()
    for node, g in gradients.items():
        if not isinstance(node, Node):
            problem = "draw: a key of the gradients dict is no node"
            raise GraphError(problem, expected="a dict from nodes to arrays", got=type(node).__name__)
        if g is not None:
            array = g.value if isinstance(g, Node) else _numbers(g, node)
            if array.shape != node.shape:
                problem = f"draw: the shape of the gradient of {node.label()} does not fit the node"
                raise GraphError(problem, expected=str(node.shape), got=str(array.shape))
            arrays[node] = array
    return arrays


def _numbers(gradient: Any, node: Node) -> np.ndarray:
    try:
        array = as_array(gradient)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiub":
        raise GraphError(
            f"draw: the gradient of {node.label()} is no array of real numbers",
            expected=f"an array of shape {node.shape}, a node or None",
            got=type(gradient).__name__ + f" of dtype {array.dtype}" * hasattr(gradient, "dtype"),
        )
    return array


def _computed(folded: Folded, roots: list[Node]) -> Slopes:
    """Returns the gradients of the root with respect to all drawn nodes that it reaches."""
    fix = "draw the loss, or pass gradients= a dict from nodes to arrays"
    root = one_loss(roots, "gradients=True", expected="tg.draw(loss, gradients=True)", fix=fix)
    shown = [x for part in folded.parts.values() for x in part.shown]
    ends = [x for link in _real_links(folded) for x in (link.source, link.user)]
    return slopes_of(root, [*folded.nodes, *folded.names, *shown, *ends])


def slopes_of(root: Node, nodes: Iterable[Node]) -> Slopes:
    """Returns the gradients of a loss with respect to those of the nodes that it reaches and that are floats."""
    order = ancestors([root], gradients=True)
    reached = set(order)
    wrt = [x for x in dict.fromkeys(nodes) if x in reached and x.dtype.kind == "f"]
    with np.errstate(all="ignore"):
        arrived = derive(order, set(wrt), {root: np.ones(root.shape, root.dtype)}, as_graph=False)
    return Slopes((x, arrived[x] if x in arrived else np.zeros(x.shape, x.dtype)) for x in wrt)


def norm_of(array: np.ndarray) -> float:
    """Returns ‖array‖, also if the squares of the elements underflow or overflow."""
    with np.errstate(all="ignore"):
        flat = array.astype(np.float64, copy=False)
        norm = math.sqrt(np.vdot(flat, flat))
        if norm < 1e-140 or norm == math.inf:
            largest = np.abs(flat).max(initial=0.0)
            if 0 < largest < math.inf:
                flat = flat / largest
                return largest * math.sqrt(np.vdot(flat, flat))
    return norm


def _box_norm(arrays: Slopes, folded: Folded, node: Node) -> float | None:
    """Returns the norm of a box; for a joined box that over all nodes whose gradient it shows, or of its last one."""
    part = folded.parts.get(node)
    if part is None:
        return arrays.norm(node)
    if not arrays.keys().isdisjoint(part.shown):
        return length(map(arrays.norm, part.shown))
    return next((arrays.norm(x) for x in part.held[::-1] if x in arrays), None)


def length(norms: Iterable[float | None]) -> float | None:
    """Returns the norm of concatenated vectors, given their norms."""
    known = [x for x in norms if x is not None]
    return math.hypot(*known) if known else None


def add_flows(heat_map: Heat, folded: Folded, arrays: Slopes) -> None:
    """Fill in ``flows`` and ``back``, with the local backward rule of the op that uses each link."""
    pieces: dict[Link, np.ndarray] = {}
    with np.errstate(all="ignore"):  # the sum of several gradients may overflow to infinity
        for _, group in groupby(_real_links(folded), key=lambda x: x.user.serial):  # not by the node: == is an op
            pieces |= _pieces(list(group), folded, arrays)
        for arrow in (link for x in folded.nodes for link in folded.arrows[x]):
            # The norm of the gradients along bundled links is that of their sums per source, concatenated.
            heat_map.flows[arrow] = length(_norms_of_sums(folded.bundles.get(arrow, [arrow]), pieces).values())
        back = _norms_of_sums(filter(crosses, pieces), pieces)
    joined = {x: length(map(back.get, part.shown)) for x, part in folded.parts.items()}
    heat_map.back = {x: norm for x, norm in (back | joined).items() if norm is not None}


def _pieces(links: list[Link], folded: Folded, arrays: Slopes) -> Iterator[tuple[Link, np.ndarray]]:
    """Yields the links to one user along which there is a gradient, and that gradient."""
    user = links[0].user
    open_slots = {x.slot for x in links if not x.cut and x.source in arrays and user in arrays}
    parts = {x: arrays[user][folded.parted[x]] for x in links if x in folded.parted and user in arrays}
    shared = {x.slot for x in links if x.slot in open_slots and folded.fans[x.source] > 1 and x not in folded.parted}
    local = _local(user, arrays[user], shared) if shared else {}
    for link in links:
        piece = local.get(link.slot, arrays[link.source]) if link.slot in open_slots else None
        for view in reversed(link.views) if link.slot in local else ():
            piece = None if piece is None else _local(view, piece, {0})[0]
        piece = parts.get(link, piece) if not link.cut else None
        if piece is not None:
            yield link, piece


def _norms_of_sums(links: Iterable[Link], pieces: dict[Link, np.ndarray]) -> dict[Node, float | None]:
    """Maps the sources of links to the norm of the sum of the gradients along them."""
    sums: dict[Node, np.ndarray] = {}
    for link in links:
        if link in pieces:
            sums[link.source] = sums[link.source] + pieces[link] if link.source in sums else pieces[link]
    return {x: norm_of(total) for x, total in sums.items()}


def _local(node: Node, gz: np.ndarray, slots: set[int]) -> dict[int, np.ndarray | None]:
    """Returns the gradients that a node sends to the inputs in these slots, by its op's backward on arrays.

    This is called once per node, not once per link: the backward of a stack over T steps returns T arrays at a time.
    """
    op = node.op
    if op is None or not op.differentiable:
        return dict.fromkeys(slots)
    settings = dict(node.attributes)
    if op.selective:
        settings["wanted"] = [i in slots for i in range(len(node.inputs))]
    gradients = op.backward(gz, node.value, *(x.value for x in node.inputs), **settings)
    if not isinstance(gradients, (tuple, list)):
        gradients = (gradients,)
    return {i: g.value if isinstance(g, Node) else g for i, g in enumerate(gradients) if i in slots}
