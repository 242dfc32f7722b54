"""Gradient norms as colour: what each box and each arrow receives, and the scale from light to dark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.node import Node
from ...engine.grad import grad
from ..shown.folding import Folded, Link, crosses

_RAMP = [(255, 247, 236), (253, 212, 158), (252, 141, 89), (215, 48, 31), (127, 0, 0)]
"""Light to dark orange-red, after ColorBrewer's OrRd: even in lightness, so it also reads in grey print."""
ZERO, ODD, ABSENT = "#eef0f3", "#c9a7e8", "#ffffff"
"""Fill of a norm of exactly 0, of NaN or infinity, and of a gradient that was not computed."""


@dataclass
class Heat:
    """Gradient norms of a picture.

    Attributes:
        norms: of each node, None where no gradient was computed.
        flows: of each arrow the norm of what comes back along it, None where nothing does.
        back: of each node the norm of all that other time steps send back to it.
        low, high: the ends of the colour scale, powers of ten at least a decade apart.
    """

    norms: dict[Node, float | None] = field(default_factory=dict)
    flows: dict[Link, float | None] = field(default_factory=dict)
    back: dict[Node, float] = field(default_factory=dict)
    low: float = 0.1
    high: float = 1.0

    def level(self, norm: float) -> float:
        """Where a norm lies on the scale, 0 to 1."""
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

    def span(self, beside: set[Node]) -> None:
        """Set the ends of the scale so that all norms lie on it, but those of the nodes ``beside``."""
        shown = [v for x, v in self.norms.items() if v and math.isfinite(v) and x not in beside]
        if shown:
            middle = (math.log10(min(shown)) + math.log10(max(shown))) / 2
            reach = max(math.log10(max(shown)) - middle, 0.5)
            low = max(middle - reach, -307)  # both ends are floats of full precision
            self.low, self.high = 10**low, 10 ** min(max(middle + reach, low + 1), 308)


def ramp(level: float) -> str:
    """The colour at a level from 0 to 1, ``#rrggbb``."""
    at = level * (len(_RAMP) - 1)
    i = min(int(at), len(_RAMP) - 2)
    mixed = (round(a + (b - a) * (at - i)) for a, b in zip(_RAMP[i], _RAMP[i + 1], strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def is_dark(colour: str) -> bool:
    """Whether white text reads better on it than black."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * r + 0.587 * g + 0.114 * b < 140


def heat(folded: Folded, roots: list[Node], gradients: Any) -> Heat:
    """Norms for all boxes, parameters and arrows.

    Args:
        gradients: True to differentiate the root, or a dict: node -> array, node or None.

    Raises:
        GraphError: there is not one root of one element to differentiate, or a gradient does not fit.
    """
    links = [real for x in folded.nodes for link in folded.arrows[x] for real in folded.bundles.get(link, [link])]
    arrays = _given(gradients) if isinstance(gradients, Mapping) else _computed(folded, links, roots)
    found = Heat({x: _box_norm(arrays, folded, x) for x in (*folded.nodes, *folded.names)})
    with np.errstate(all="ignore"):  # what comes back along several arrows adds up, maybe to infinity
        _flows(found, folded, links, arrays)
    found.span({*roots, *folded.names})
    return found


def _given(gradients: Mapping[Any, Any]) -> dict[Node, np.ndarray]:
    arrays = {}
    for node, g in gradients.items():
        if not isinstance(node, Node):
            raise GraphError(
                "draw: gradients has a key that is no node",
                expected="a dict from nodes to arrays",
                got=type(node).__name__,
            )
        if g is not None:
            array = g.value if isinstance(g, Node) else _numbers(g, node)
            if array.shape != node.shape:
                raise GraphError(
                    f"draw: the gradient given for {node.label()} does not fit",
                    expected=str(node.shape),
                    got=str(array.shape),
                )
            arrays[node] = array
    return arrays


def _numbers(given: Any, node: Node) -> np.ndarray:
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiub":
        raise GraphError(
            f"draw: the gradient given for {node.label()} is no array of real numbers",
            expected=f"an array of shape {node.shape}, a node or None",
            got=type(given).__name__ + f" of dtype {array.dtype}" * hasattr(given, "dtype"),
        )
    return array


def _computed(folded: Folded, links: list[Link], roots: list[Node]) -> dict[Node, np.ndarray]:
    """The gradients of the root with respect to all that is drawn and that it reaches."""
    if len(roots) != 1 or roots[0].size != 1:
        raise GraphError(
            "draw: gradients=True needs one loss of one element",
            expected="tg.draw(loss, gradients=True)",
            got=", ".join(f"{x.label()} {x.shape}" for x in roots),
            fix="draw the loss, or pass gradients= a dict from nodes to arrays",
        )
    reached = set(ancestors(roots, lambda x: x.op is None or x.op.differentiable))
    told = [x for part in folded.parts.values() for x in part.told]
    ends = [x for link in links for x in (link.source, link.user)]
    wanted = dict.fromkeys([*folded.nodes, *folded.names, *told, *ends])
    nodes = [x for x in wanted if x in reached and x.dtype.kind == "f"]
    return {x: g.value for x, g in zip(nodes, grad(roots[0], nodes), strict=True)}


def norm_of(array: np.ndarray) -> float:
    """‖array‖, also of numbers whose squares are too small or too large to be told from 0 or infinity."""
    with np.errstate(all="ignore"):
        flat = array.ravel().astype(np.float64)
        found = math.sqrt(float(flat @ flat))
        if found < 1e-140 or found == math.inf:
            most = float(np.abs(flat).max(initial=0.0))
            if 0 < most < math.inf:
                flat /= most
                return most * math.sqrt(float(flat @ flat))
    return found


def _norm(array: np.ndarray | None) -> float | None:
    return None if array is None else norm_of(array)


def _box_norm(arrays: dict[Node, np.ndarray], folded: Folded, node: Node) -> float | None:
    """Of a box that holds several, the norm over all the states that it tells."""
    part = folded.parts.get(node)
    return _norm(arrays.get(node)) if part is None else length(_norm(arrays.get(x)) for x in part.told)


def length(norms: Iterable[float | None]) -> float | None:
    """The norm of vectors put end to end, of their norms."""
    known = [x for x in norms if x is not None]
    return math.hypot(*known) if known else None


def _flows(found: Heat, folded: Folded, links: list[Link], arrays: dict[Node, np.ndarray]) -> None:
    """What comes back along each arrow, by the local rule of the op at its upper end."""
    pieces: dict[Link, np.ndarray] = {}
    returned: dict[Node, np.ndarray] = {}
    for _, group in groupby(links, key=lambda x: x.user.serial):  # not by the node: == of nodes is an op
        mine = list(group)
        user = mine[0].user
        flowing = {x.slot for x in mine if not x.cut and x.source in arrays and user in arrays}
        shared = {x.slot for x in mine if x.slot in flowing and folded.fans[x.source] > 1}
        local = _local(user, arrays[user], shared) if shared else {}
        for link in mine:
            piece = local.get(link.slot, arrays[link.source]) if link.slot in flowing else None
            if piece is None:
                continue
            pieces[link] = piece
            if crosses(link):
                returned[link.source] = piece + returned[link.source] if link.source in returned else piece
    for arrow in (link for x in folded.nodes for link in folded.arrows[x]):
        found.flows[arrow] = _together(folded.bundles.get(arrow, [arrow]), pieces)
    back = {x: _norm(piece) for x, piece in returned.items()}
    joined = {x: length(map(back.get, part.told)) for x, part in folded.parts.items()}
    found.back = {x: norm for x, norm in (back | joined).items() if norm is not None}


def _together(links: list[Link], pieces: dict[Link, np.ndarray]) -> float | None:
    """What comes back along several arrows in one: to one source it adds up, sources stand end to end."""
    sums: dict[Node, np.ndarray] = {}
    for link in links:
        if link in pieces:
            sums[link.source] = sums[link.source] + pieces[link] if link.source in sums else pieces[link]
    return length(map(_norm, sums.values()))


def _local(node: Node, gz: np.ndarray, slots: set[int]) -> dict[int, np.ndarray | None]:
    """What a node sends back to its inputs of these slots, by its op's rule on arrays.

    Once a node and not once an arrow: the rule of a stack over T steps gives T arrays at a time.
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
