"""Draws many time steps as few: the first and last ones, and one column of dots between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...core.errors import GraphError, shown
from ...core.node import Node
from .folding import Folded, Link, When, crosses
from .grouping import ordered
from .loops import window
from .repetition import Repetition


def like(folded: Folded, repetition: Repetition | None) -> dict[Node, int]:
    """Maps each box with a step, and data of steps, to a number; what does the same at different steps has the same."""
    groups = repetition.groups if repetition is not None else []
    group = {x: g for g, members in enumerate(groups) for x in members}
    data = [x for g in repetition.data for x in groups[g]] if repetition else [x for x in folded.nodes if x.op is None]
    numbers = {x: -1 - group.get(x, 0) for x in data if x.step is None}
    known: dict[tuple[int | str, int], int] = {}
    for members in folded.members.values():
        ranks: dict[tuple[int | str, int | None], int] = {}
        for node in members:
            kind = group.get(node, node.kind if node.op is None else node.op.name)
            at = kind, window(node)
            rank = ranks[at] = ranks.get(at, -1) + 1
            numbers[node] = known.setdefault((kind, rank), len(known))
    return numbers


def elide(folded: Folded, kinds: dict[Node, int], hidden: list[When], roots: list[Node]) -> Folded:
    """Returns the graph without the columns ``hidden``, but the last, drawn as dots; what ends earlier moves there."""
    shortened = _Shortened(folded, kinds, hidden)
    arrows = {x: shortened.arrows(x) for x in folded.nodes if x not in shortened.gone}
    shown = set(roots)
    for node in reversed(folded.nodes):
        if node in shown:
            shown.update(x.source for x in arrows.get(node, ()))
    nodes = ordered({x: links for x, links in arrows.items() if x in shown})  # dots may stand for what comes later
    moved = dict.fromkeys(shortened.moved, shortened.kept)
    phases = replace(folded.phases, _columns={**folded.phases._columns, **moved})
    dots = {x for x in nodes if phases.column(x) == shortened.kept}
    inside, outside = ({y.source for x in nodes if (x in dots) is among for y in arrows[x]} for among in (True, False))
    dots |= {x for x in nodes if x.op is None and x in kinds and x in inside and x not in outside}
    return replace(
        folded,
        nodes=nodes,
        operands={x: folded.operands[x] for x in nodes},
        arrows={x: arrows[x] for x in nodes},
        bundles=shortened.bundles,
        phases=phases,
        dots=(folded.dots | dots) - set(roots),
        dotted=folded.dotted | {shortened.kept: (hidden[0][1], hidden[-1][1])},
    )


class _Shortened:
    """How arrows run when of the hidden steps only the last box of each kind is kept."""

    def __init__(self, folded: Folded, kinds: dict[Node, int], hidden: list[When]) -> None:
        self.folded, self.kinds, self.bundles = folded, kinds, dict(folded.bundles)
        self.kept = hidden[-1]
        before = [c for c in folded.columns() if c < hidden[0]][-1:]
        boxes = [x for c in hidden for x in folded.members.get(c, ())]
        self.before = {kinds[x]: x for c in before for x in folded.members[c] if x in kinds}
        self.last = {kinds[x]: x for x in boxes if x in kinds}
        self.first = {kinds[x]: x for x in boxes[::-1] if x in kinds}
        self.moved = {x for x in self.last.values() if folded.column(x) != self.kept}
        for x in reversed(boxes):  # with what it reads of its own step: the last box like that may read what moves
            if x in self.moved:
                self.moved.update(y.source for y in folded.arrows[x] if folded.column(y.source) == folded.column(x))
        self.gone = {x for x in boxes if folded.column(x) != self.kept} - self.moved

    def arrows(self, node: Node) -> list[Link]:
        links = self.folded.arrows[node]
        if self.gone.isdisjoint([x.source for x in links]):
            return links
        redrawn: dict[Node, Link] = {}
        kept: list[Link] = []
        for x in links:
            if x.source not in self.gone:
                kept.append(x)
            else:
                dots = node in self.moved or self.folded.column(node) == self.kept
                y = self._entering(node, x) if dots and crosses(x) else self._redrawn(x, self.last)
                if y is not None and y.source not in redrawn:
                    redrawn[y.source] = y
        return kept + [y for y in redrawn.values() if not any(y.source is x.source for x in kept)]

    def _entering(self, node: Node, link: Link) -> Link | None:
        """Redraw an arrow from a hidden step to the dots: from the last step shown before, or the start of its loop."""
        source = self.before.get(self.kinds.get(link.source, -1))
        first = self.first.get(self.kinds.get(node, -1), node)
        for x in self.folded.arrows[first]:
            if x.source is source or (source is None and x.slot == link.slot and x.source not in self.gone):
                return x
        return self._redrawn(link, self.before)

    def _redrawn(self, link: Link, boxes: dict[int, Node]) -> Link | None:
        """Returns the link from the box that is like its source; its gradient is still that of the original link."""
        source = boxes.get(self.kinds.get(link.source, -1))
        if source is None:
            return None
        drawn = link._replace(source=source)
        self.bundles[drawn] = self.folded.bundles.get(link, [link])
        return drawn


def chosen(phases: list[list[When]], phase: list[When], steps: Sequence[int]) -> set[When]:
    """Returns the columns of a phase at these places in its time; a negative place counts from the end."""
    for i in steps:
        if not any(-len(x) <= i < len(x) for x in phases):
            most = max(map(len, phases))
            problem = f"draw: steps has {i}, but there are {most} time steps"
            expected = f"places from {-most} to {most - 1}, of which -1 is the last"
            raise GraphError(problem, expected=expected, got=shown(steps))
    return {phase[i] for i in steps if -len(phase) <= i < len(phase)}
