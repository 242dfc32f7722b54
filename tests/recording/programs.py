"""Random programs that write into arrays, as source text: numpy itself runs each and says what is right."""

from __future__ import annotations

import random
from typing import Any, ClassVar

SHAPE = (3, 4)
KEYS = [
    *("1", "-1", "0", ":", "...", "1:", "::2", "::-1", "0:0", "1, 2", ":, 1", ":, 1:3", "..., 0", "None, 1", ":2, ::2"),
    *("2, None", "-2:, -1"),
]
FANCY = ["[0, 2]", "[1, 1]", "np.array([2, 0]), np.array([1, 3])", ":, [3, 0]", "[0, 0], 1"]
MASKS = ["{a} > 0", "np.array([True, False, True])"]
UNARY = ["np.tanh({a})", "-{a}", "{a} * 0.5", "np.copy({a})", "{a}.copy()", "np.exp(0.1 * {a})", "np.abs({a}) + 1.0"]
BINARY = ["{a} + {b}", "{a} * {b}", "np.maximum({a}, {b})", "{a} - 0.3 * {b}"]
VIEWS = ["{a}[:]", "{a}[::-1]", "{a}.T.T", "{a}.reshape(4, 3).reshape(3, 4)", "{a}.ravel().reshape(3, 4)"]
ROWS = ["{a}[1]", "{a}[-1]", "{a}[0, :]", "{a}.ravel()[4:8]", "{a}.T[1:, 1:].ravel()[:4]"]
IN_PLACE = ["+= {b}", "*= 0.7", "-= {b}.mean()", "/= 2.0", "+= {b}[0]", "**= 2"]


class Program:
    """A program over arrays of `SHAPE` (a, b, ...) and rows of 4 numbers (r, ...); ``seed`` makes it."""

    def __init__(self, seed: int, steps: int = 12) -> None:
        self.draw = random.Random(seed)
        self.arrays, self.rows = ["x", "w"], list[str]()
        self.lines = ["x = np.array(p) * 1.0", "w = np.zeros((3, 4))", "w[0] = p[1]"]
        for _ in range(steps):
            self.lines.append(self.draw.choice(self.kinds)(self))
        names = ", ".join([*self.arrays, *self.rows])
        self.source = "def program(np, p):\n    " + "\n    ".join([*self.lines, f"return [{names}]"]) + "\n"

    def pick(self, some: list[str]) -> str:
        return self.draw.choice(some)

    def fill(self, text: str) -> str:
        return text.format(a=self.pick(self.arrays), b=self.pick(self.arrays))

    def new_array(self) -> str:
        name = f"a{len(self.arrays)}"
        line = f"{name} = {self.fill(self.pick(UNARY + BINARY + VIEWS))}"
        self.arrays.append(name)
        return line

    def new_row(self) -> str:
        name = f"r{len(self.rows)}"
        line = f"{name} = {self.fill(self.pick(ROWS))}"
        self.rows.append(name)
        return line

    def write(self) -> str:
        a, key = self.pick(self.arrays), self.pick(KEYS)
        value = self.pick(["0.5", f"np.tanh({self.pick(self.arrays)})[{key}]", f"{self.pick(self.arrays)}[{key}]"])
        return f"{a}[{key}] = {value}"

    def write_row(self) -> str:
        if not self.rows:
            return self.new_row()
        arrays = self.fill("{{r}}[...] = {a}[2]"), self.fill("{a}[1] = {{r}} * {{r}}")
        return self.pick([*arrays, "{r}[1:3] = 0.25", "{r} *= 1.5", "{r}[[0, 2]] = {r}[[1, 1]]"]).format(
            r=self.pick(self.rows)
        )

    def write_at(self) -> str:
        a, key = self.pick(self.arrays), self.pick(FANCY)
        return f"{a}[{key}] {self.pick(['=', '+=', '*='])} {self.pick(['0.5', f'{self.pick(self.arrays)}[{key}]'])}"

    def write_masked(self) -> str:
        a = self.pick(self.arrays)
        return f"{a}[{self.pick(MASKS).format(a=self.pick(self.arrays))}] {self.pick(['= 0.1', '*= 0.5'])}"

    def change(self) -> str:
        return f"{self.pick(self.arrays)} {self.fill(self.pick(IN_PLACE))}"

    def out(self) -> str:
        return self.fill(self.pick(["np.add({a}, {b}, out={a})", "np.tanh({b}, out={a})", "np.copyto({a}, {b})"]))

    def row_in_place(self) -> str:
        return f"{self.pick(self.arrays)}[{self.pick(KEYS)}] {self.pick(['+= 1.0', '*= 0.5'])}"

    kinds: ClassVar[list[Any]] = [
        new_array,
        new_row,
        write,
        write,
        write_row,
        write_at,
        write_masked,
        change,
        out,
        row_in_place,
    ]


def run(source: str, numpy: Any, p: Any) -> list[Any]:
    """What the program returns, with ``numpy`` as its np."""
    names: dict[str, Any] = {"numpy_of_this_file": numpy}
    exec(source, names)
    results: list[Any] = names["program"](numpy, p)
    return results
