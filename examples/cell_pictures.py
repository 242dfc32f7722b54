"""Draws a cell of tg.cells as a rolled picture, with the names of its equations on the boxes.

`docs_cells.py` makes a picture of each cell for docs/cells.md.
"""

from __future__ import annotations

import inspect
import re
import sys
from types import FrameType
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.cells.base.packed import PackedCell

STEPS, BATCH, INPUT, HIDDEN = 5, 2, 3, 4
"""Small and different sizes, so that shapes differ; with 4 steps tauGRU's delay of 2 does not repeat yet."""
ACTIVATIONS = {"sigmoid", "tanh", "relu", "softplus"}


def body(cell: type) -> str:
    """The part of a cell's docstring between its first line and its parameters: equations and remarks."""
    return inspect.cleandoc(cell.__doc__ or "").partition("\n")[2].partition("\nParameters:")[0].strip("\n")


def outermost(text: str) -> dict[str, str]:
    """Maps each name that the equations define to the function that its right side begins with, or ``""``."""
    functions: dict[str, str] = {}
    for line in re.findall(r"^ +(.*)", text, re.MULTILINE):
        left, sign, right = line.partition(" = ")
        names = re.findall(r"[a-zA-Z]\w*", left)
        calls = re.findall(r"(?:^|, )([a-z]+)\(", right.strip())
        if len(calls) != len(names):  # one right side for all names
            calls = calls[:1] * len(names) if re.match(r"[a-z]+\(", right.strip()) else [""] * len(names)
        if sign:
            functions |= dict(zip(names, calls, strict=True))
        if also := re.search(r" {3,}(\w(?:(?:, | and )\w)*) likewise", line):
            functions |= dict.fromkeys(re.findall(r"\b\w\b", also[1]), calls[0] if calls else "")
    return functions


def state_names(cell: type) -> list[str]:
    """The names of the state's arrays in the docstring: ``["h", "c"]``."""
    _, _, text = " ".join((cell.__doc__ or "").split()).partition("State: ")
    inner = re.match(r"\(((?:[^()]|\([^()]*\))*)\)|(\w+)", text.strip("`"))
    assert inner is not None, f"the docstring of {cell.__name__} has no 'State: '"
    return (inner[1] or inner[2]).split(", ")


class Named:
    """Wraps a cell and names its nodes: states as in its docstring, other nodes like the variables of its code.

    A gate's name goes to the node of its equation: with ``i, f = split(z)`` and ``i = sigmoid(z_i)`` to the sigmoid.
    """

    def __init__(self, cell: tg.cells.Cell) -> None:
        self.cell = cell
        own = [cls for cls in type(cell).__mro__[:-1] if cls not in (tg.cells.Cell, PackedCell)]
        self.files = {inspect.getfile(cls) for cls in own}
        self.equations = outermost(body(type(cell)))
        self.state = state_names(type(cell))

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        """One step of the cell, (x_t, state) -> (y_t, new_state)."""
        variables: dict[str, Any] = {}

        def watch(frame: FrameType, event: str, _: Any) -> None:
            if event == "return" and frame.f_code.co_filename in self.files:
                variables.update(frame.f_locals)

        _name(x, "x")
        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            with tg.scope(type(self.cell).__name__):
                y, new = self.cell(x, state)
        finally:
            sys.setprofile(before)
        for name, node in zip(self.state, new if isinstance(new, tuple) else (new,), strict=False):
            _name(node, name)
        _name(y, "y")
        self._name_gates(variables, y, new)
        return y, new

    def _name_gates(self, variables: dict[str, Any], y: Any, new: Any) -> None:
        nodes = _nodes_of_step([y, *(new if isinstance(new, tuple) else (new,))])
        for name, function in self.equations.items():
            node = variables.get(name)
            if isinstance(node, tg.Node) and node.op is not None:
                if function in ACTIVATIONS and node.op.name != function:
                    node = next((n for n in nodes if n.op.name == function and n.inputs[0] is node), None)
                _name(node, name)


def _name(node: Any, name: str) -> None:
    if isinstance(node, tg.Node) and node.op is not None and node.name is None and name.isidentifier():
        node.name = name


def _nodes_of_step(results: list[tg.Node]) -> list[Any]:
    """All nodes with an op that the results depend on, in the time step of the results."""
    nodes: dict[int, tg.Node] = {}
    stack = list(results)
    while stack:
        node = stack.pop()
        if node.op is not None and node.step == results[0].step and id(node) not in nodes:
            nodes[id(node)] = node
            stack += node.inputs
    return list(nodes.values())


def drawing(name: str) -> tg.Drawing:
    """The rolled picture of the cell of this name."""
    cls = getattr(tg.cells, name)
    try:
        cell = cls(INPUT, HIDDEN, rng=0)
    except tg.GraphError:  # a cell that needs I = H
        cell = cls(HIDDEN, HIDDEN, rng=0)
    drawn = rolled(cell, STEPS)
    unrolled = drawn.picture is not None and drawn.picture.subtitle.startswith("unrolled")
    return rolled(cell, 2) if unrolled else drawn


def rolled(cell: tg.cells.Cell, steps: int) -> tg.Drawing:
    """The rolled picture of a cell that runs over this number of steps from a state of zeros."""
    named, zeros = Named(cell), cell.initial_state(BATCH)
    starts = zeros if isinstance(zeros, tuple) else (zeros,)
    state = tuple(tg.constant(a, f"{n} at first") for a, n in zip(starts, named.state, strict=False))
    xs = tg.constant(np.ones((steps, BATCH, cell.input_size), cell.dtype), "x")
    outputs, last = tg.unroll(named, xs, state if isinstance(zeros, tuple) else state[0])
    outputs.name = "outputs"
    return tg.draw((outputs, last), "rolled")


def svg(drawn: tg.Drawing) -> str:
    """The picture as SVG without tooltips."""
    text = drawn.pipe(format="svg", encoding="utf-8")
    text = re.sub(r"(<g[^>]*>)<title>.*?</title>", r"\1", text, flags=re.DOTALL)
    # An attribute's quotes are none of a text's, where they are written as &quot;.
    return re.sub(r' class="\w+"|(?<=\d)\.0(?=[" C)][^<>?]*>)', "", text)
