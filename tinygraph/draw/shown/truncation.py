"""Gradient cuts through time: finds them in a graph, inserts them every k steps, removes them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

from ...core.errors import GraphError, shown
from ...core.graph import ancestors
from ...core.node import Node
from ...core.traced import Traced
from ...ops import stop_gradient
from ..options import Options
from ..unmarked.steps import marked
from .by_use import read_twice
from .folding import Folded, Link, When, crosses, fold
from .loops import window
from .padding import computed
from .roles import roles


class Crossing(NamedTuple):
    """A link that carries state from step ``start`` of a cell to step ``end``.

    Steps are counted from 0 in the direction of the link: in a cell that runs backward the last step has number 0.
    """

    link: Link
    start: int
    end: int

    def passes(self, k: int) -> bool:
        """Whether the link passes a multiple of k, where `tg.unroll` with ``truncate=k`` cuts the state."""
        return self.end // k > self.start // k


def crossings(folded: Folded, roots: list[Node]) -> list[Crossing]:
    """Returns the links through time that stay within one loop."""
    rank: dict[int | None, int] = {t: i for i, t in enumerate(folded.steps)}
    loop, role = folded.phases.loop, roles(folded, roots)
    spans: dict[int, list[int]] = {}
    for node in folded.nodes:
        if node.op is not None and node in loop:
            spans.setdefault(loop[node], []).append(rank[node.step])
    ends = {i: (min(steps), max(steps)) for i, steps in spans.items()}
    result: list[Crossing] = []
    for x in [x for node in folded.nodes for x in folded.arrows[node] if crosses(x) and x.source.op is not None]:
        i, a, b = loop.get(x.source), rank[x.source.step], rank[x.user.step]
        if i is not None and i == loop.get(x.user) and role[x.source] != "loss":
            first, last = ends[i]
            result.append(Crossing(x, a - first, b - first) if a < b else Crossing(x, last - a, last - b))
    return result


def spacing(crossed: Iterable[Crossing]) -> int | None:
    """Returns k if the cuts are at every k-th step of each cell, 0 if at other steps, None if there are none."""
    crossed = list(crossed)
    cut = {x.end for x in crossed if x.link.cut}
    if not cut:
        return None
    k = min(cut)
    return k if all(x.passes(k) == x.link.cut for x in crossed) else 0


def cut_pairs(folded: Folded, states: Container[Node] | None = None) -> list[tuple[When, When]]:
    """Returns the pairs of columns between which all links are cut, or all of the states, as a step computes them."""
    is_cut: dict[tuple[When, When], bool] = {}
    links = [(x, node) for node in folded.nodes for x in folded.arrows[node]]
    for x, node in links if any(x.cut for x, _ in links) else ():
        here, there = folded.column(node), folded.column(x.source)
        if here and there and here != there and (states is None or computed(x.source) in states):
            pair = (here, there) if here < there else (there, here)
            is_cut[pair] = is_cut.get(pair, True) and x.cut
    return sorted(pair for pair, cut in is_cut.items() if cut)


def cuts_in_words(k: int, folded: Folded) -> str:
    """Says how the gradient is cut; ``k`` as of `spacing`."""
    ends = [(end, x.step or 0) for x in folded.nodes if (end := window(x)) is not None]
    reach = max((abs(end - step) for end, step in ends), default=0)
    windows = f" in sliding windows of {reach + 1} steps" if reach else ""
    return f"truncated BPTT, k = {k}" if k else f"truncated BPTT{windows}"


def truncated(roots: list[Node], k: int | None) -> dict[Node, Node]:
    """Rebuild the graph with the gradient cut through time every k steps, or nowhere if k is None.

    Existing cuts through time are removed; a stop_gradient inside a step stays. Values are not computed again.
    Parameters, leaves and all nodes that depend on no changed cut are shared with the old graph.

    Returns:
        a dict that maps every ancestor of the roots to its node in the new graph.
    """
    nodes = ancestors(roots)
    new = {x: x for x in nodes}
    stops: dict[Node, Node] = {}
    changes = {
        x.link.entry: (x.link.source, k is not None and x.passes(k))
        for x in crossings(fold(roots), roots)
        if x.link.cut or (k is not None and x.passes(k))
    }
    for node in nodes:
        inputs = []
        for slot, x in enumerate(node.inputs):
            source, cut = changes.get((node, slot), (x, False))
            if cut and source not in stops:
                stops[source] = _stop(new[source], node, slot)
            inputs.append(stops[source] if cut else new[source])
        new[node] = _of(node, inputs)
    return new


def _read_once(roots: list[Node], nodes: list[Node]) -> dict[Node, Node]:
    """Maps every node of a graph to its node in one in which a step reads the same data once; empty if it is that."""
    twins = read_twice(roots, nodes)
    new: dict[Node, Node] = {}
    for node in nodes if twins else ():
        new[node] = new[twins[node]] if node in twins else _of(node, [new[x] for x in node.inputs])
    return new


def _of(node: Node, inputs: list[Node]) -> Node:
    """Returns a node with other inputs, itself if they are its own.

    A copy keeps its serial number, because the order of computation is drawn, and because `tg.grad` refuses a
    parameter that was set after its users were computed.
    """
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    twin = copy(node)
    twin._inputs = tuple(inputs)
    return twin


def _stop(source: Node, user: Node, slot: int) -> Node:
    """Returns a cut of the gradient before an input of a node, in the step and scope of this node."""
    if isinstance(source, Traced):
        stop: Node = Traced(stop_gradient, (source,), {}, (source.shape, source.dtype), None)
    else:
        stop = Node(stop_gradient, (source,), {}, source.value, None)
    stop._place = user._place
    # Right before its user: between the ops of the step before, it would end a loop over time there.
    stop.serial = user.serial - 1 / (slot + 2)  # type: ignore[assignment]
    return stop


def cut_as_asked(roots: list[Node], options: Options) -> tuple[list[Node], Options]:
    """The graph as it is drawn: with the steps of loops that nobody marked, what several of them read once, and cut.

    Returns:
        new roots and options, with per-node gradients for the new nodes.
    """
    nodes = ancestors(roots)
    for rebuilt in (marked, _read_once):
        new = rebuilt(roots, nodes)
        if any(new.get(x, x) is not x for x in roots):
            roots, options = _moved(new, roots, options)
            nodes = ancestors(roots)
    for name, asked in (("steps", options.steps), ("truncate", options.truncate)):
        if asked is not None and all(x.step is None for x in nodes):
            problem, fix = f"draw: {name}= of a graph without time steps", "omit it, or mark them: with tg.step(t): ..."
            raise GraphError(problem, expected="nodes made at time steps", got=f"{name}={shown(asked)}", fix=fix)
    if options.truncate is None:
        return roots, options
    return _moved(truncated(roots, options.truncate), roots, options)


def _moved(new: dict[Node, Node], roots: list[Node], options: Options) -> tuple[list[Node], Options]:
    gradients = options.gradients
    if isinstance(gradients, Mapping):
        moved: dict[Node, Any] = {}
        for x, g in gradients.items():
            twin, known = new.get(x, x), moved.get(new.get(x, x))
            moved[twin] = g if known is None else known if g is None else known + g
        gradients = moved
    return [new.get(x, x) for x in roots], replace(options, gradients=gradients)
