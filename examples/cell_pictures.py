"""A cell of tg.cells as a rolled picture, its boxes named as its own equations name them.

`docs_cells.py` makes one of each for docs/cells.md.
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
"""Small, and different, so that shapes are told apart; in 4 steps tauGRU's delay of 2 does not yet repeat."""
ACTIVATIONS = {"sigmoid", "tanh", "relu", "softplus"}


def body(cell: type) -> str:
    """Of a cell's docstring what stands between its first line and its parameters: equations, and remarks to them."""
    return inspect.cleandoc(cell.__doc__ or "").partition("\n")[2].partition("\nParameters:")[0].strip("\n")


def outermost(text: str) -> dict[str, str]:
    """Each name that equations define, and the function that its right side begins with, or ``""``."""
    found: dict[str, str] = {}
    for line in re.findall(r"^ +(.*)", text, re.MULTILINE):
        left, sign, right = line.partition(" = ")
        names = re.findall(r"[a-zA-Z]\w*", left)
        calls = re.findall(r"(?:^|, )([a-z]+)\(", right.strip())
        if len(calls) != len(names):  # one right side for all
            calls = calls[:1] * len(names) if re.match(r"[a-z]+\(", right.strip()) else [""] * len(names)
        if sign:
            found |= dict(zip(names, calls, strict=True))
        if also := re.search(r" {3,}(\w(?:(?:, | and )\w)*) likewise", line):
            found |= dict.fromkeys(re.findall(r"\b\w\b", also[1]), calls[0] if calls else "")
    return found


def state_names(cell: type) -> list[str]:
    """Names of the state's arrays, as the docstring tells them: ``["h", "c"]``."""
    _, _, told = " ".join((cell.__doc__ or "").split()).partition("State: ")
    told = told.strip("`")
    inner = re.match(r"\(((?:[^()]|\([^()]*\))*)\)|(\w+)", told)
    assert inner is not None, f"the docstring of {cell.__name__} tells no state"
    return (inner[1] or inner[2]).split(", ")


class Named:
    """A cell that gives its nodes names: the state's of its docstring, others as its code calls them.

    A gate is named where its equation has it: of ``i, f = split(z)`` and ``i = sigmoid(z_i)`` the sigmoid is i.
    """

    def __init__(self, cell: tg.cells.Cell) -> None:
        self.cell = cell
        own = [kind for kind in type(cell).__mro__[:-1] if kind not in (tg.cells.Cell, PackedCell)]
        self.files = {inspect.getfile(kind) for kind in own}
        self.functions = outermost(body(type(cell)))
        self.state = state_names(type(cell))

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        """One step of the cell, (x_t, state) -> (y_t, new_state)."""
        called: dict[str, Any] = {}

        def watch(frame: FrameType, event: str, _: Any) -> None:
            if event == "return" and frame.f_code.co_filename in self.files:
                called.update(frame.f_locals)

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
        self._name_gates(called, y, new)
        return y, new

    def _name_gates(self, called: dict[str, Any], y: Any, new: Any) -> None:
        made = _made([y, *(new if isinstance(new, tuple) else (new,))])
        for name, function in self.functions.items():
            node = called.get(name)
            if isinstance(node, tg.Node) and node.op is not None:
                if function in ACTIVATIONS and node.op.name != function:
                    node = next((n for n in made if n.op.name == function and n.inputs[0] is node), None)
                _name(node, name)


def _name(node: Any, name: str) -> None:
    if isinstance(node, tg.Node) and node.op is not None and node.name is None and name.isidentifier():
        node.name = name


def _made(ends: list[tg.Node]) -> list[Any]:
    """The nodes of the step that the ends were made in, by op."""
    found: dict[int, tg.Node] = {}
    todo = list(ends)
    while todo:
        node = todo.pop()
        if node.op is not None and node.step == ends[0].step and id(node) not in found:
            found[id(node)] = node
            todo += node.inputs
    return list(found.values())


def drawing(name: str) -> tg.Drawing:
    """The cell of this name over some steps, rolled."""
    kind = getattr(tg.cells, name)
    try:
        cell = kind(INPUT, HIDDEN, rng=0)
    except tg.GraphError:  # one that asks for I = H
        cell = kind(HIDDEN, HIDDEN, rng=0)
    drawn = rolled(cell, STEPS)
    unrolled = drawn.picture is not None and drawn.picture.subtitle.startswith("unrolled")
    return rolled(cell, 2) if unrolled else drawn


def rolled(cell: tg.cells.Cell, steps: int) -> tg.Drawing:
    """Any cell from zeros over so many steps."""
    named, zeros = Named(cell), cell.initial_state(BATCH)
    starts = zeros if isinstance(zeros, tuple) else (zeros,)
    state = tuple(tg.constant(a, f"{n} at first") for a, n in zip(starts, named.state, strict=False))
    xs = tg.constant(np.ones((steps, BATCH, cell.input_size), cell.dtype), "x")
    outputs, last = tg.unroll(named, xs, state if isinstance(zeros, tuple) else state[0])
    outputs.name = "outputs"
    return tg.draw((outputs, last), "rolled")


BOX = re.compile(
    r'<path (fill="[^"]*" stroke="[^"]*"(?: stroke-width="[^"]*")?) d="(M[^"C]*(?:C[^" ]*(?: [^" ]*){23}))"/>'
)
"""What Graphviz draws for a box with round corners: eight curves, 25 points."""
LOOKS = {
    "a": ' fill="none" stroke="#8b93a0" stroke-width="1.1"',
    "b": ' fill="#8b93a0" stroke="#8b93a0" stroke-width="1.1"',
    "c": ' fill="#f6d365" stroke="transparent"',
    "d": ' fill="#ffffff" stroke="#5a6270"',
    "e": ' font-weight="bold" font-size="13.00"',
    "f": ' font-size="9.00"',
}
"""What most arrows, heads, chips, boxes and texts look like: said once, as a style."""
SHARED = ' font-family="Helvetica,sans-Serif"', ' text-anchor="middle"', ' fill="#222222"'


def svg(drawn: tg.Drawing) -> str:
    """The picture as SVG without what only hovering shows, and with less repeated: a third of Graphviz's bytes."""
    text = drawn.pipe(format="svg", encoding="utf-8")
    text = re.sub(r"<!--.*?-->|<!DOCTYPE.*?>|<title>.*?</title>|</?a\b[^>]*>|</?g\b[^>]*>", "", text, flags=re.DOTALL)
    text = BOX.sub(_rectangle, text)
    for setting in SHARED:
        text = text.replace(setting, "")
    styles = ""
    for name, look in LOOKS.items():
        text = text.replace(look, f' class="{name}"')
        rules = ";".join(look.replace('="', ":").replace('"', "").split())
        styles += f".{name}{{{rules}}}"
    head, size, rest = re.split(r'(viewBox="[^"]*".*?>\n)', text, maxsplit=1)
    corner, height = re.search(r'points="([-\d.]+),([-\d.]+)', rest), re.search(r' ([\d.]+)"', size)
    assert corner is not None and height is not None  # the first shape is the white ground
    place = f"translate({-float(corner[1]):g} {float(height[1]) - float(corner[2]):g})"
    rest = f'<style>{styles}</style>\n<g{"".join(SHARED)} transform="{place}">\n{rest.replace("</svg>", "</g></svg>")}'
    return re.sub(r"\n\s*\n+", "\n", f"{head}{size}{rest}")


def _rectangle(path: re.Match[str]) -> str:
    points = [tuple(map(float, p.split(","))) for p in re.split("[ MC]+", path[2])[1:]]
    (left, right), (top, foot) = ((min(a), max(a)) for a in zip(*points, strict=True))
    round_by = min(points[0][0] - left, right - points[0][0])
    numbers = left, top, right - left, foot - top, round_by
    return "<rect {}/>".format(
        " ".join(map('{}="{:g}"'.format, ("x", "y", "width", "height", "rx"), numbers)) + f" {path[1]}"
    )
