"""Gates over time: numbers from 0 to 1 by which something is multiplied, with the letters of the cell's paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ...core.graph import ancestors
from ...core.leaves import Parameter
from ...core.node import Node
from ...ops.einsum import einsum, spell_out
from ..labels import clean, op_words
from ..shown.folding import When
from ..shown.letters import known, timeless, uncut
from ..shown.same_names import numbered
from ..shown.slices import RESHAPED, index_text, tag_of
from .reading import Reading
from .sheets import Sheet
from .states import of_nodes
from .trials import unbounded

GateKey = tuple[tuple[int, str], int, str]
"""A gate: number and name of its cell, the number of its group, and the part of a joint result that it is."""


def gate_sheets(reading: Reading) -> list[Sheet]:
    """Returns a sheet for each gate, those of a cell in the order of their computation, the last cell first.

    Raises:
        GraphError: there is no gate; it says what the network has.
    """
    at: dict[GateKey, dict[When, Node]] = {}
    letters: dict[GateKey, str] = {}
    places: dict[GateKey, list[int]] = {}
    beyond, never = unbounded(reading.nodes, len(reading.folded.steps)), set[GateKey]()
    for gate, base, views, product in _factors(reading, beyond):
        box = base if base in reading.cells else product  # a row of what was made before time has no box
        column = reading.folded.column(base)
        if column is not None and box in reading.cells:
            indices = [x.attributes["index"] for x in views if tag_of([x])]
            key = reading.cells[box], reading.group_of[box], "".join(f"[{index_text(i)}]" for i in indices)
            never |= {key} if gate in beyond else set()
            at.setdefault(key, {})[column] = gate
            letters.setdefault(key, _letter(reading, gate, base))
            entries = [x for i in indices for x in (i if isinstance(i, tuple) else (i,))]
            starts = [x.start or 0 if isinstance(x, slice) else x for x in entries if isinstance(x, (int, slice))]
            places.setdefault(key, [base.serial, *starts])
    order = sorted(at.keys() - never, key=lambda key: (-key[0][0], places[key]))
    if not order:
        problem = "draw: the view gates finds no gate: nothing from 0 to 1 is multiplied with something"
        raise reading.nothing(problem, "a cell with gates, such as tg.cells.LSTM or tg.cells.GRU")
    sheets = []
    for (_, cell), keys in groupby(order, lambda key: key[0]):
        own = [*keys]
        named = [letters[key] for key in own]
        parts = [x + key[2] * (named.count(x) > 1) for x, key in zip(named, own, strict=True)]
        for key, name in zip(own, numbered(parts), strict=True):
            sheets.append(of_nodes(reading, f"{cell} · {name}" if cell else name, name, at[key]))
    return sheets


def _factors(reading: Reading, beyond: set[Node]) -> Iterator[tuple[Node, Node, list[Node], Node]]:
    """Yields factors, the result that each is, or is a part of, the views between them, and the product.

    Left out are those that are the same at all steps, made of parameters alone, or of no number but 0 and 1, as masks
    are, and those that are made of the other factor alone, as of an activation x * sigmoid(x).
    """
    moving, real = set[Node](), set[Node]()
    for node in reading.nodes:
        if node.op is None:
            moving |= {node} if node.size > 1 and not isinstance(node, Parameter) else set()
            real |= {node} if node.size > 1 and node.dtype.kind == "f" else set()
            continue
        for kind in (moving, real):
            kind |= set() if kind.isdisjoint(node.inputs) else {node}
        for x, other in _multiplied(node):
            gate, base, views = _behind_views(x, reading.folded.letters, beyond)
            varies = uncut(base).op is not None and gate.dtype.kind == "f" and base in moving and base in real
            number = other.op is None and other.size == 1
            if varies and not number and (gate in beyond or not _is_of_alone(base, other, moving)):
                yield gate, base, views, node


def _multiplied(node: Node) -> list[tuple[Node, Node]]:
    """Returns (factor, other factor) for the factors whose elements a node multiplies, each by itself."""
    name, pair = node.op and node.op.name, node.inputs
    both = [(x, y) for x, y in (pair, pair[::-1])] if len(pair) == 2 else []
    if node.op is einsum:
        terms, result = spell_out(node.attributes["subscripts"], [x.ndim for x in pair])
        return [both[i] for i, term in enumerate(terms) if both and set(term) <= set(result)]
    return both if name == "multiply" else []


def _is_of_alone(base: Node, other: Node, moving: set[Node]) -> bool:
    """Whether a result is a function of another one, and of nothing else that its step has or reads."""
    depends, among = set[Node](), ancestors([base], lambda x: x is not other and x.step == base.step)
    for x in among:
        inner = x.op is not None and x.step == base.step
        if x is not other and (not depends.isdisjoint(x.inputs) if inner else x in moving):
            depends.add(x)
    return base not in depends and any(x is other for x in among)


def _behind_views(x: Node, letters: dict[Node, str], beyond: set[Node]) -> tuple[Node, Node, list[Node]]:
    """Looks for a gate behind 1 - x without a letter, and for the result of the same step of which it is a view."""
    gate, views = x, list[Node]()
    while (op := x.op) is not None:
        first, last = x.inputs[0], x.inputs[-1]
        if op.name == "subtract" and x not in letters and first.op is None and first.size == 1 and last not in beyond:
            gate, views, x = last, [], last
        elif op.name in RESHAPED and first.op is not None and first.step == x.step:
            views.insert(0, x)
            x = first
        else:
            break
    return gate, x, views


def _letter(reading: Reading, gate: Node, base: Node) -> str:
    """Returns the name of a gate, or of what it alone is made of: ``sigmoid(f)`` is called f, and sigmoid without f."""
    way = [gate, base]
    while len(own := [y for y in way[-1].inputs if y.op is not None or y.size > 1]) == 1 and own[0].op is not None:
        way += own
        if own[0].op.name in RESHAPED:
            break
    names = (known(x, reading.folded.letters) for x in way)
    word = op_words(base.op.name) if base.op is not None and len(base.inputs) == 1 else "gate"
    return next((clean(timeless(name)) for name in names if name), word)
