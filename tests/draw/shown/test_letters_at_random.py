"""Letters of random cells: the program itself notes what each of its lines calls what it makes."""

from __future__ import annotations

import linecache
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.core.trail import trail_of
from tinygraph.draw.shown.letters import letters

STEPS = 5
SHOWN = {"alpha": "α", "s.k": "k"}
SELDOM = [
    "abs",
    "arcsinh",
    "arctan",
    "cos",
    "exp",
    "expm1",
    "floor",
    "log1p",
    "negative",
    "relu",
    "sin",
    "sinh",
    "square",
    "sign",
    "softplus",
    "trunc",
]
WHEN = ("t % 2", "t > 0", "t == 3", "t < 4", "t != 1")


class Cell:
    """The lines of a cell under construction, in which each product has a parameter of its own.

    What only some steps compute has an op of its own, too: of later steps that differ from the first two in no op
    nobody keeps which lines made them.
    """

    def __init__(self, draw: Random) -> None:
        self.draw, self.lines, self.names, self.count = draw, list[str](), ["x", "h"], 0
        self.seldom = draw.sample(SELDOM, len(SELDOM))
        for _ in range(draw.randrange(2, 7)):
            self.block(draw.random() < 0.4)
        self.line("h", f"tanh({self.sum()} + h)")

    def block(self, seldom: bool) -> None:
        if not seldom:
            self.names.append(self.line(self.name(), self.value()))
            return
        self.lines.append(f"if {self.draw.choice(WHEN)}:")
        for _ in range(self.draw.choice((1, 2))):
            self.line(self.name(), f"tg.{self.seldom.pop()}({self.value()})", "    ")
        if self.draw.random() < 0.5:
            self.lines.append("else:")
            self.line(self.name(), f"tg.{self.seldom.pop()}({self.value()})", "    ")

    def name(self) -> str:
        """One that is new, or one that a line before had, too."""
        return self.draw.choice((*"abcdef", "alpha", "s.k", "hs[t]"))

    def value(self) -> str:
        return self.draw.choice((f"tanh({self.sum()})", self.sum(), f"gate({self.sum()})", f"sigmoid({self.sum()})"))

    def sum(self) -> str:
        """A product with its own parameter, so that no two lines compute the same; maybe with another one."""
        terms = []
        for _ in range(self.draw.choice((1, 2))):
            self.count += 1
            terms.append(f"P[{self.count - 1}] * {self.draw.choice(self.names)}")
        return " + ".join(terms)

    def line(self, name: str, value: str, pad: str = "") -> str:
        self.lines += [f"{pad}{name} = {value}", f'{pad}note(t, "{SHOWN.get(name, name)}", {name}, {len(self.lines)})']
        return name

    def source(self) -> str:
        lines = ["def gate(z):", "    return sigmoid(z)", "def step(t, x, h):", *(f"    {x}" for x in self.lines)]
        lines += [
            "    return h",
            f"for t in range({STEPS}):",
            "    with tg.step(t):",
            "        h = step(t, xs[t], h)",
            "root.append(h)",
        ]
        return "\n".join([*lines, ""])


def run(seed: int) -> tuple[Any, list[tuple[int, str, Any, int]]]:
    """The last state, and what each line made, between its step and name and its number."""
    cell, told = Cell(Random(seed)), list[tuple[int, str, Any, int]]()
    file, source = f"<cell {seed}>", cell.source()
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    parameters = [tg.parameter(np.array(0.5 + k / 50), f"p{k}") for k in range(cell.count)]
    names = {"P": parameters, "xs": np.linspace(0.1, 1, 2 * STEPS).reshape(STEPS, 2), "h": tg.constant(np.ones(2))}
    names |= {"tg": tg, "tanh": tg.tanh, "sigmoid": tg.sigmoid, "s": SimpleNamespace(), "hs": {}}
    exec(compile(source, file, "exec"), names | {"note": lambda *x: told.append(x), "root": (root := [])})
    return root[-1], told


@each("seed", range(60))
def test_what_a_line_made_last_at_a_step_has_its_name(seed: int) -> None:
    root, noted = run(seed)
    nodes = ancestors([root])
    last = {(t, name): (x, line) for t, name, x, line in noted if x in {*nodes}}
    models = {line for (t, _), (_, line) in last.items() if t < 2}
    # A line that is drawn at later steps alone, before their first odd op, has left no trail.
    right = {x: name for (_, name), (x, line) in last.items() if line in models or trail_of(x)}
    assert {x: name for x, name in letters(nodes).items() if x.step is not None} == right
    assert len(right) > 0.8 * len(last)
