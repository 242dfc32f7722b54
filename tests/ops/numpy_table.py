"""Tries every name of `numpy_forms` on nodes, and makes docs/numpy.md of what came out.

Run as ``python -m tests.ops.numpy_table --write``; without ``--write`` it prints the page.
"""

from __future__ import annotations

import re
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygraph as tg
from tinygraph.core.structure import leaves

from .numpy_forms import GROUPS, INPUTS, X

PAGE = Path(__file__).parents[2] / "docs" / "numpy.md"
BACKENDS = ("numpy", "native")
RIGHT, ZERO, PLAIN, REFUSED, ABSENT, WRONG = "✓", "0", "plain", "refused", "–", "WRONG"

WRITE = {"copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"}
"""Functions that write into an array; tests/recording tries them."""

INTRODUCTION = """\
# NumPy on nodes

<!-- Made by tests/ops/numpy_table.py from what it tries: python -m tests.ops.numpy_table --write -->

What NumPy's functions do when a node is among their arguments. Every call below is run by the tests on arrays and on
nodes, eagerly and compiled, and the marks are what came out. x, p, u, v, t and m are parameters, X an array.

{counts}

- *eager*: ✓ the numbers, the shape and the dtype are numpy's. `plain`: the answer is no node but plain numpy, which
  carries no gradient.
- *order 2*: ✓ the gradient and the gradient of the gradient are those of finite differences. `0`: they are zero, since
  the function is constant between its jumps. Empty where the result holds no floating-point numbers.
- *numpy*, *native*: ✓ a compiled function gives the same value and gradient on this backend. `refused`: it asks for
  values, which there are none of while a function is compiled; the error says what to write.
- `–`: refused on nodes; the error says what to write.

What writes into an array (`x[i] = v`, `x += v`, `out=`, copyto, fill_diagonal, place, put, putmask, put_along_axis,
add.at) works where arrays may be written: [writing into arrays](guide.md#writing-into-arrays).
"""


class Row(NamedTuple):
    """What came out for one name: a mark for each column."""

    name: str
    calls: tuple[str, ...]
    eager: str
    order2: str
    numpy: str
    native: str

    @property
    def kind(self) -> str:
        """What the count at the top calls it."""
        if ABSENT in "".join(self[2:]):
            return "refused in a form"
        return "answered by plain numpy" if self.eager == PLAIN else "right in every form"


def run(call: str, inputs: dict[str, Any]) -> list[Any]:
    """The parts of the call's result."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        z = eval(call, {"np": np, "X": X}, inputs)
    return leaves(list(z) if isinstance(z, tuple) else z)


def used(call: str) -> list[str]:
    return [name for name in INPUTS if re.search(rf"\b{name}\b", call)]


def nodes(call: str, moved: float = 0.0) -> dict[str, tg.Node]:
    """The inputs as parameters, each moved along its own direction."""
    return {name: tg.parameter(INPUTS[name] + moved * direction(name, 1)) for name in used(call)}


def direction(name: str, seed: int) -> np.ndarray:
    return np.sin(np.arange(INPUTS[name].size) * 1.7 + seed + 0.1 * len(name)).reshape(INPUTS[name].shape)


def weighed(parts: list[Any]) -> Any:
    """One number of all floating parts."""
    total: Any = 0.0
    for k, z in enumerate(parts):
        if hasattr(z, "dtype") and z.dtype.kind == "f":
            total = total + (z * np.cos(np.arange(z.size) + k).reshape(z.shape)).sum()
    return total


def slope(call: str, inputs: dict[str, Any], seed: int) -> Any:
    """The derivative of the weighed result along directions, as a node."""
    gradients = tg.grad(weighed(run(call, inputs)), [*inputs.values()])
    return sum((tg.sum(g * direction(n, seed)) for n, g in zip(inputs, gradients, strict=True)), start=tg.constant(0.0))


def same(got: Any, right: Any) -> bool:
    if isinstance(right, (np.ndarray, np.generic)) and (got.shape, got.dtype) != (right.shape, right.dtype):
        return False
    value = got.value if isinstance(got, tg.Node) else got
    return bool(value == right if isinstance(right, (str, np.dtype)) else np.allclose(value, right, 1e-11, 1e-11))


@cache
def tried(call: str) -> tuple[str, str]:
    """The marks of one call for eager and order 2."""
    right = run(call, {name: INPUTS[name] for name in used(call)})
    try:
        got = run(call, nodes(call))
    except (tg.GraphError, AttributeError):
        return ABSENT, ABSENT
    if len(got) != len(right) or not all(map(same, got, right)):
        return WRONG, ""
    if not any(isinstance(z, tg.Node) for z in got):
        return PLAIN, ""
    return RIGHT, differentiated(call) if any(z.dtype.kind == "f" for z in got) else ""


def differentiated(call: str) -> str:
    """Slopes of order 1 by differences of numpy's values, of order 2 by differences of our slopes."""
    h, inputs, turned = 1e-5, nodes(call), nodes(call)
    ends = [weighed(run(call, {n: INPUTS[n] + s * h * direction(n, 1) for n in used(call)})) for s in (1, -1)]
    turns = [slope(call, nodes(call, s * h), 2).item() for s in (1, -1)]
    gradients = tg.grad(weighed(run(call, inputs)), [*inputs.values()])
    changes = tg.grad(slope(call, turned, 2), [*turned.values()])
    found = [
        sum(np.sum(g.value * direction(n, 1)) for n, g in zip(inputs, gs, strict=True)) for gs in (gradients, changes)
    ]
    if not np.allclose(found, [(a - b) / (2 * h) for a, b in (ends, turns)], 1e-6, 1e-6):
        return WRONG
    return RIGHT if any(g.value.any() for g in gradients) else ZERO


def compiled(calls: list[str], backend: str) -> dict[str, str]:
    """The mark of each call; all in one function, and in halves where that cannot be compiled."""

    def everything(inputs: dict[str, Any]) -> list[Any]:
        results = []
        for call in calls:
            parts = run(call, inputs)
            floats = any(isinstance(z, tg.Node) and z.dtype.kind == "f" for z in parts)
            results.append([parts, tg.grad(weighed(parts), [inputs[n] for n in used(call)]) if floats else []])
        return results

    try:
        step = tg.compile(everything, backend=backend)
        got, right = step(INPUTS), everything({name: tg.parameter(x) for name, x in INPUTS.items()})
    except tg.GraphError:
        half = len(calls) // 2
        if not half:
            return {calls[0]: REFUSED}
        return compiled(calls[:half], backend) | compiled(calls[half:], backend)
    return {
        call: RIGHT if all(map(same, leaves(a), map(plain, leaves(b)))) else WRONG
        for call, a, b in zip(calls, got, right, strict=True)
    }


def plain(z: Any) -> Any:
    return z.value if isinstance(z, tg.Node) else z


@cache
def rows() -> dict[str, list[Row]]:
    """All rows by their headings."""
    calls = [call for group in GROUPS.values() for forms in group.values() for call in forms]
    there = [call for call in calls if tried(call)[0] not in (ABSENT, WRONG)]
    marks = {backend: compiled(there, backend) for backend in BACKENDS}
    table: dict[str, list[Row]] = {}
    for heading, group in GROUPS.items():
        table[heading] = []
        for name, forms in group.items():
            columns = [[tried(call)[k] for call in forms] for k in (0, 1)]
            columns += [[marks[backend].get(call, ABSENT) for call in forms] for backend in BACKENDS]
            table[heading].append(Row(name, forms, *map(joined, columns)))
    return table


def joined(marks: list[str]) -> str:
    """The mark of all forms: one, or those that there are, with counts of the right ones."""
    kinds = [*dict.fromkeys(mark for mark in marks if mark)]
    if len(kinds) < 2:
        return "".join(kinds)
    return ", ".join(f"{kind} {marks.count(kind)}" for kind in kinds)


def page() -> str:
    kinds = [row.kind for group in rows().values() for row in group]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted({*kinds}, key=kinds.count, reverse=True))
    text = [INTRODUCTION.format(counts=f"**{len(kinds)} names: {counts}.**")]
    for heading, group in rows().items():
        text += [f"## {heading}\n", "| name | calls | eager | order 2 | numpy | native |", "|---|---|---|---|---|---|"]
        text += [f"| `{code(row.name)}` | {calls(row)} | {' | '.join(row[2:])} |" for row in group]
        text.append("")
    return "\n".join(text)


def calls(row: Row) -> str:
    return ", ".join(f"`{code(call)}`" for call in row.calls)


def code(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
