"""Gates over time: numbers from 0 to 1 by which something is multiplied, with the letters of the cell's paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ...core.errors import GraphError
from ...core.leaves import Constant, Parameter
from ...core.node import Node
from ..labels import clean, op_words
from ..shown.folding import When
from ..shown.letters import known, timeless
from ..shown.same_names import numbered
from ..shown.slices import RESHAPED, tag_of
from .reading import Reading
from .sheets import Sheet
from .states import of_nodes

OPENING = {"sigmoid", "softmax", "clip", "exp"}
"""Ops whose results are from 0 to 1, or positive."""
GateKey = tuple[tuple[int, str], int, str]
"""A gate: number and name of its cell, the number of its group, and the part of a joint result that it is."""


def gate_sheets(reading: Reading) -> list[Sheet]:
    """Returns a sheet for each gate, those of a cell in the order of their computation, the last cell first.

    Raises:
        GraphError: there is no gate; it says what the network has.
    """
    at: dict[GateKey, dict[When, Node]] = {}
    letters: dict[GateKey, str] = {}
    for gate, base, views in _gates(reading):
        column = reading.folded.column(base)
        if column is not None and base in reading.cells:
            key = reading.cells[base], reading.group_of[base], tag_of(views)
            at.setdefault(key, {})[column] = gate
            letters.setdefault(key, _letter(reading, gate, base))
    if not at:
        problem = "draw: the view gates finds no gate: nothing from 0 to 1 is multiplied with something"
        expected = "a cell with gates, such as tg.cells.LSTM or tg.cells.GRU"
        raise GraphError(problem, expected=expected, got=reading.told, fix=reading.way_out)
    sheets = []
    order = sorted(at, key=lambda key: (-key[0][0], min(x.serial for x in at[key].values())))
    for (_, cell), keys in groupby(order, lambda key: key[0]):
        own = [*keys]
        for key, name in zip(own, numbered([letters[key] for key in own]), strict=True):
            sheets.append(of_nodes(reading, f"{cell} · {name}" if cell else name, name, at[key]))
    return sheets


def _gates(reading: Reading) -> Iterator[tuple[Node, Node, list[Node]]]:
    """Yields gates, each with the result that it is, or is a part of, and the views between them.

    What is made of parameters alone is the same at all steps, and no gate.
    """
    still = set[Node]()
    for node in reading.nodes:
        if node.op is None:
            still |= {node} if isinstance(node, Parameter) or node.size == 1 else set()
        elif still.issuperset(node.inputs):
            still.add(node)
        elif node.op.name == "multiply":
            for x, other in (node.inputs, node.inputs[::-1]):
                gate, base, views = _opened(x, reading.folded.letters)
                if base is not None and base not in still and base.inputs[0] is not other and gate.dtype.kind == "f":
                    yield gate, base, views


def _opened(x: Node, letters: dict[Node, str]) -> tuple[Node, Node | None, list[Node]]:
    """Looks for a gate behind 1 - x without a letter, and behind views."""
    gate, views = x, list[Node]()
    while (op := x.op) is not None:
        if op.name in OPENING or _is_share(x):
            return gate, x, views
        if op.name == "subtract" and isinstance(x.inputs[0], Constant) and x.inputs[0].size == 1:
            gate, views = (gate, views) if x in letters else (x.inputs[1], [])
            x = x.inputs[1]
        elif op.name in RESHAPED:
            views.insert(0, x)
            x = x.inputs[0]
        else:
            break
    return gate, None, views


def _is_share(x: Node) -> bool:
    """Whether it is a / (a + b), as of minLSTM."""
    below = x.inputs[-1]
    return x.op is not None and x.op.name == "divide" and below.op is not None and x.inputs[0] in {*below.inputs}


def _letter(reading: Reading, gate: Node, base: Node) -> str:
    """Returns the name of a gate, or of what it is made of: ``sigmoid(f)`` is called f."""
    for x in (gate, base, base.inputs[0]):
        name = known(x, reading.folded.letters)
        if name and x.op is not None:
            return clean(timeless(name))
    return op_words(base.op.name if base.op else "")
