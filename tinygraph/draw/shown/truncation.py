"""Cuts of the gradient's way through time: found in a graph, put in every k steps, taken out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from ...core.graph import ancestors
from ...core.node import Node
from ...core.op import Op
from ...core.traced import Traced
from ...ops import stop_gradient
from ..options import Options
from .cells import cells
from .folding import Folded, Link, crosses, fold
from .repetition import repetition
from .roles import roles


class Crossing(NamedTuple):
    """An arrow on which state goes on in time: from step ``start`` of its cell to step ``end``, both counted from 0.

    Counted is in the direction of the arrow: of a cell that runs backwards the last step has number 0.
    """

    link: Link
    start: int
    end: int

    def passes(self, k: int) -> bool:
        """Whether a multiple of k lies on it, where `tg.unroll` with ``truncate=k`` cuts the state."""
        return self.end // k > self.start // k


def crossings(folded: Folded, roots: list[Node]) -> list[Crossing]:
    """The arrows through time that stay within one cell.

    What an encoder hands to a decoder starts another cell's time, and a loss added up from step to
    step is no state: neither is cut where time is.
    """
    links = [x for node in folded.nodes for x in folded.arrows[node] if crosses(x)]
    if not links:
        return []
    rank = {t: i for i, t in enumerate(sorted({x.step for x in folded.nodes if x.step is not None}))}
    cell = _cell_of(folded)
    role = roles(folded, roots)
    spans: dict[int, list[int]] = {}
    for node in folded.nodes:
        if node.step is not None and node in cell:
            spans.setdefault(cell[node], []).append(rank[node.step])
    ends = {c: (min(found), max(found)) for c, found in spans.items()}
    return [
        _crossing(x, rank, ends[cell[x.source]])
        for x in links
        if x.source in cell and cell[x.source] == cell.get(x.user) and role[x.source] != "loss"
    ]


def _crossing(link: Link, rank: dict[int, int], ends: tuple[int, int]) -> Crossing:
    assert link.source.step is not None and link.user.step is not None
    a, b = rank[link.source.step], rank[link.user.step]
    return Crossing(link, a - ends[0], b - ends[0]) if a < b else Crossing(link, ends[1] - a, ends[1] - b)


def _cell_of(folded: Folded) -> dict[Node, int]:
    """The cell of every op; one for all where nothing repeats."""
    found = repetition(folded)
    if found is None:
        return {x: 0 for x in folded.nodes if x.op is not None}
    return {x: i for i, c in enumerate(cells(folded, found)) for g in c.groups for x in found.groups[g]}


def spacing(crossed: Iterable[Crossing]) -> int | None:
    """The k of cuts at every k-th step of each cell, 0 of cuts in no such order, None where there is none."""
    crossed = list(crossed)
    cut = {x.end for x in crossed if x.link.cut}
    if not cut:
        return None
    k = min(cut)
    return k if all(x.passes(k) == x.link.cut for x in crossed) else 0


def truncated(roots: list[Node], k: int | None) -> dict[Node, Node]:
    """The graph with the gradient's way through time cut every k steps, or nowhere for None.

    Cuts through time that are there go first; a stop_gradient inside of a step stays. Values are not
    computed again, and parameters, leaves, and what no cut lies under are shared with the old graph.

    Returns:
        of every node behind the roots the one that stands for it.
    """
    nodes = ancestors(roots)
    new = {x: x for x in nodes}
    stops: dict[Node, Node] = {}
    changes = {
        (x.link.user, x.link.slot): (x.link.source, k is not None and x.passes(k))
        for x in crossings(fold(roots), roots)
        if x.link.cut or (k is not None and x.passes(k))
    }
    for node in nodes:
        inputs = []
        for slot, x in enumerate(node.inputs):
            source, cut = changes.get((node, slot), (x, False))
            if cut and source not in stops:
                stops[source] = _made(stop_gradient, [new[source]], source, node, source.serial + 0.5)
            inputs.append(stops[source] if cut else new[source])
        if any(a is not b for a, b in zip(inputs, node.inputs, strict=True)):
            new[node] = _made(node.op, inputs, node, node, node.serial)
    return new


def _made(op: Op | None, inputs: list[Node], like: Node, beside: Node, serial: float) -> Node:
    """A node with the value of another, of the step and scope of a third.

    It is as old as what it stands for: the order of computation is drawn, and a gradient is
    refused where a parameter was set after its users were computed. Between two nodes is room for halves.
    """
    copied = op is like.op
    attributes, name = (like.attributes, like.name) if copied else ({}, None)
    if isinstance(like, Traced):
        node: Node = Traced(op, tuple(inputs), attributes, (like.shape, like.dtype), name)
    else:
        node = Node(op, tuple(inputs), attributes, like.value, name)
    node._place = beside._place
    node.serial = serial  # type: ignore[assignment]
    return node


def cut_as_asked(roots: list[Node], options: Options) -> tuple[list[Node], Options]:
    """Roots and options after the cuts that ``truncate`` asks for; gradients given by node go over to the new nodes."""
    if options.truncate is None:
        return roots, options
    new = truncated(roots, options.truncate)
    given = options.gradients
    if isinstance(given, Mapping):
        given = {new.get(x, x): g for x, g in given.items()}
    return [new[x] for x in roots], replace(options, gradients=given)
