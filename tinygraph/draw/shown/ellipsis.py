"""Draws many time steps as few: the first and last ones, and one column of dots between them."""

from __future__ import annotations

from dataclasses import replace

from ...core.node import Node
from .folding import Folded, Link, When
from .repetition import Repetition


def like(folded: Folded, repetition: Repetition | None) -> dict[Node, int]:
    """Maps each box with a step to a number; boxes that do the same at different steps get the same number."""
    if repetition is not None:
        return {x: g for g, members in enumerate(repetition.groups) for x in members if x.step is not None}
    known: dict[tuple[str, int], int] = {}
    ranks: dict[tuple[When | None, str], int] = {}
    numbers: dict[Node, int] = {}
    for node in folded.nodes:
        if node.step is not None:
            kind = node.kind if node.op is None else node.op.name
            column = folded.column(node)
            rank = ranks[column, kind] = ranks.get((column, kind), -1) + 1
            numbers[node] = known.setdefault((kind, rank), len(known))
    return numbers


def elide(folded: Folded, kinds: dict[Node, int], hidden: list[When], roots: list[Node]) -> Folded:
    """Returns the graph without the columns ``hidden``, side by side, except the last of them, drawn as dots."""
    shortened = _Shortened(folded, kinds, hidden)
    arrows = {x: shortened.arrows(x) for x in folded.nodes if x not in shortened.gone}
    shown = set(roots)
    for node in reversed(folded.nodes):
        if node in shown:
            shown.update(x.source for x in arrows.get(node, ()))
    nodes = [x for x in folded.nodes if x in shown]
    dots = {x for x in nodes if folded.column(x) == shortened.kept}
    users: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in arrows[node]:
            users.setdefault(x.source, []).append(node)
    dots |= {x for x in nodes if x.op is None and x in users and all(u in dots for u in users[x])}
    return replace(
        folded,
        nodes=nodes,
        operands={x: folded.operands[x] for x in nodes},
        arrows={x: arrows[x] for x in nodes},
        bundles=shortened.bundles,
        dots=(folded.dots | dots) - set(roots),
        dotted=folded.dotted | {shortened.kept: (hidden[0][1], hidden[-1][1])},
    )


class _Shortened:
    """How arrows run when only the last of the hidden steps is kept."""

    def __init__(self, folded: Folded, kinds: dict[Node, int], hidden: list[When]) -> None:
        self.folded, self.kinds, self.bundles = folded, kinds, dict(folded.bundles)
        self.kept = hidden[-1]
        columns = folded.columns()
        at = columns.index(hidden[0])
        self.first, self.before = hidden[0], columns[at - 1] if at else None
        beside = {c: members for c, members in folded.members.items() if c in (self.before, self.first, self.kept)}
        self.at = {(kinds[x], c): x for c, members in beside.items() for x in members if x in kinds}
        self.gone = {x for c in hidden[:-1] for x in folded.members.get(c, ())}

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
                y = self._entering(node, x) if self.folded.column(node) == self.kept else self._leaving(x)
                if y is not None and y.source not in redrawn:
                    redrawn[y.source] = y
        return kept + [y for y in redrawn.values() if not any(y.source is x.source for x in kept)]

    def _leaving(self, link: Link) -> Link | None:
        """Redraw an arrow that leaves a hidden step so that it leaves the kept step."""
        kind = self.kinds.get(link.source)
        source = None if kind is None else self.at.get((kind, self.kept))
        return None if source is None else self._redrawn(link, source)

    def _entering(self, node: Node, link: Link) -> Link | None:
        """Redraw an arrow from a hidden step to the kept step: it starts at the last step shown before the dots."""
        kind, own = self.kinds.get(link.source), self.kinds.get(node)
        source = None if kind is None or self.before is None else self.at.get((kind, self.before))
        first = None if own is None else self.at.get((own, self.first))
        real = [x for x in self.folded.arrows[first] if x.source is source] if first is not None else []
        return real[0] if real else None if source is None else self._redrawn(link, source)

    def _redrawn(self, link: Link, source: Node) -> Link:
        """Returns the link with another source; its gradient is still that of the original link."""
        drawn = link._replace(source=source)
        self.bundles[drawn] = self.folded.bundles.get(link, [link])
        return drawn
