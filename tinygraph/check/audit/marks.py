"""What a picture of an audit needs: which line makes which gradient, and on which arrow one departs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy as twin_of
from dataclasses import dataclass
from typing import cast

import numpy as np

from ...core.graph import ancestors
from ...core.leaves import Parameter
from ...core.node import Node
from ...draw.norms.heat import norm_of
from ...engine.grad import grad
from ...ops.writing import copy
from .blame import Blame, Departure
from .book import Book, same
from .findings import Finding
from .lines import key_of, line_of
from .present import Present
from .right import Thing
from .subject import Outcome
from .written import Written

Way = tuple[int, int]
"""Serial numbers of a node and of one that reads it, between which a gradient comes back; twice the same: all of it."""


@dataclass(frozen=True)
class Marks:
    """What the picture shows.

    Attributes:
        loss: the end of the user's forward pass, unrolled.
        hand: the norms of the hand-written gradients; None where there is none.
        lines: the number of the line that makes a gradient, for those that some line makes.
        departing: file and line of what is wrong, and where its gradient should be.
    """

    loss: Node
    hand: Mapping[str, float | None]
    lines: Mapping[Way, int]
    departing: tuple[tuple[str, int, Way], ...]


def marks_of(outcome: Outcome, blame: Blame, findings: Sequence[Finding]) -> Marks:
    """Looks up what the hand-written pass makes among the gradients of the right graph.

    Args:
        outcome: the run on nodes.
        blame: its backward pass, and what departs there.
        findings: the lines that are wrong.
    """
    written = blame.written
    loss = _readable(outcome.loss)
    book = Book(_things(loss, written))
    lines = _lines(book, written)
    hand = {n: g.value if isinstance(g, Node) else g for n, g in outcome.gradients.items()}
    norms = {n: None if g is None else norm_of(np.asarray(g, float)) for n, g in hand.items()}
    places = [
        (d.operation.line.file, d.operation.line.number, _departing(loss, book, blame, d)) for d in blame.departed
    ]
    own = {x.name: (x.serial, x.serial) for x in ancestors([loss]) if isinstance(x, Parameter)}
    for f in findings:
        missing = filter(written.is_missing, f.parameters)
        places += [(f.file, f.line, _of_one_use(loss, own[n], lines)) for n in missing]
    departing = [(file, line, edge) for file, line, edge in places if edge]
    return Marks(loss, norms, lines, tuple(departing))


def _of_one_use(loss: Node, edge: Way, lines: Mapping[Way, int], run: int = 0) -> Way:
    """Of a parameter's gradient, which has parts of all steps, the part that is the first to be wrong or left out."""
    nodes = ancestors([loss])
    if not any(x.serial == edge[0] and isinstance(x, Parameter) for x in nodes):
        return edge
    uses = sorted([(edge[0], z.serial) for z in nodes for x in z.inputs if x.serial == edge[0]], reverse=True)
    wrong = [use for use in uses if use not in lines]
    if wrong or edge[0] != edge[1]:
        return wrong[0] if wrong else edge
    return uses[min(run, len(uses) - 1)] if uses else edge  # each part is right, and the sum goes wrong in this run


def _readable(loss: Node) -> Node:
    """The graph with time steps, the user's names, and parameters in place of the copies that code may write into."""
    new: dict[Node, Node] = {}
    nodes = ancestors([loss])
    steps = _steps(nodes)
    for x in nodes:
        if x.op is not None and (x.op is copy or (x.op.name == "reshape" and x.shape == x.inputs[0].shape)):
            new[x] = new[x.inputs[0]]
        elif isinstance(x, Parameter):
            new[x] = x
        else:
            new[x] = twin = twin_of(x)
            twin._inputs = tuple([new[y] for y in x._inputs])
            twin._place = (steps.get(x), "", None)
            twin.name = _target(x) or x.name
            for y in twin._inputs:
                if y.op is not None and y.name == twin.name:  # within one statement the last op has the name
                    y.name = None
    return new[loss]


def _target(x: Node) -> str:
    line = line_of(x)
    if line is None or not line.whole or not line.target.replace(".", "").isidentifier():
        return ""
    return line.target.removeprefix("self.")


def _steps(nodes: Sequence[Node]) -> dict[Node, int]:
    """The steps of what is made once in each: of as many nodes of one line as most lines have, if they have several."""
    runs: dict[object, list[Node]] = defaultdict(list)
    for x in nodes:
        if x.op is not copy and key_of(x):
            runs[key_of(x)].append(x)
    lengths = Counter(len(run) for run in runs.values() if len(run) > 1)
    steps = lengths.most_common(1)[0][0] if lengths else 0
    return {x: t for run in runs.values() if len(run) == steps for t, x in enumerate(run)}


def _things(loss: Node, written: Written) -> list[Thing]:
    nodes = [x for x in ancestors([loss]) if x.dtype.kind == "f"]
    adjoints = dict(zip(nodes, grad(loss, nodes), strict=True))
    pieces = [(x, z, piece) for z in nodes for x, piece in _pieces(z, adjoints[z].value)]
    things = [Thing("part", "", None, (x.serial, z.serial), piece) for x, z, piece in pieces]
    things += [Thing("adjoint", "", None, (x.serial, x.serial), g.value) for x, g in adjoints.items()]
    own = {x.name: x.serial for x in nodes if isinstance(x, Parameter)}
    sums = [t for t in written.right.things if t.kind == "sum" and t.of in own]
    return things + [Thing("sum", "", None, (own[t.of], own[t.of]), t.array) for t in sums]


def _pieces(z: Node, gz: np.ndarray) -> Iterator[tuple[Node, np.ndarray]]:
    """What a node sends back to each of its inputs."""
    if z.op is None or not z.op.differentiable:
        return
    sent = z.op.backward(gz, z.value, *(x.value for x in z.inputs), **z.attributes)
    for x, piece in zip(z.inputs, sent if isinstance(sent, (tuple, list)) else (sent,), strict=False):
        if piece is not None:
            yield x, np.asarray(piece)


def _edge(book: Book, value: np.ndarray) -> Way | None:
    """Where this gradient is due: of equal ones the first that a backward pass makes."""
    exact = [m.thing for m in book.look(value) if m.is_exact]
    edges = [t.family for t in exact if t.kind == "part"] or [t.family for t in exact]
    return max((cast(Way, e) for e in edges), key=lambda e: e[::-1], default=None)


def _lines(book: Book, written: Written, values: Mapping[Node, np.ndarray] | None = None) -> dict[Way, int]:
    """The first line that makes each gradient; with ``values``, as they would be if some nodes had others."""
    lines: dict[Way, int] = {}
    for x in written.order:
        operation = written.operation_of.get(x)
        if operation is None or written.selects(x):
            continue
        for m in book.look((values or {}).get(x, x.value)):
            if m.is_exact and m.thing.kind != "sum":
                lines.setdefault(cast(Way, m.thing.family), operation.line.number)
    return lines


def _departing(loss: Node, book: Book, blame: Blame, departure: Departure) -> Way | None:
    """The first gradient that is wrong if all is right but this one operation; that of a part of a statement only if no
    line makes it all the same, as ``2 * dh`` is due to be ``dh``."""
    own, written = {*departure.operation.nodes}, blame.written
    others = {x: v for x, v in blame.overrides.items() if x not in own}
    right, alone = (Present(written).replayed(overrides) for overrides in (blame.overrides, others))
    lines, inner = _lines(book, written, alone), list[Way]()
    run = next(k for k, x in enumerate(departure.operation.nodes) if x is departure.node)
    for x in written.order:
        due = right.get(x)
        if due is not None and not same(alone.get(x, x.value), due):
            edge = _edge(book, due)
            if edge in lines and any(written.is_part_of(x, r) for r in written.readers(x)):
                inner.append(edge)
            elif edge is not None:
                return _of_one_use(loss, edge, lines, run)
    return _of_one_use(loss, inner[0], lines, run) if inner else None
