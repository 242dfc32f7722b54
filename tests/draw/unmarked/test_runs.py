"""Runs of loops are told from trails as the programs themselves count them: each loop, each iteration, each call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.draw.unmarked.runs import runs_of

OPS = (
    "x = np.tanh(x @ W)",
    "x = x / 2 + W",
    "x = (x / 9 + W) * np.var(x)",
    "x = tg.softmax(x)",
    "x = x * np.mean(x)",
)
"""Some make one node, some make several within this library."""


def written(draw: Random) -> str:
    """A program of loops and functions that notes of its nodes the iterations of all loops that they are made in.

    Each loop begins with an op of its own, without which nobody could tell its iterations from those of a loop within.
    """
    lines = ["def work(x, at):", *_body(draw, 1, "at", 2, ""), "    return x"]
    return "\n".join([*lines, "if True:", "    x = W * 0.5", *_body(draw, 1, "()", 3, "work")])


def _body(draw: Random, indent: int, at: str, depth: int, work: str) -> list[str]:
    pad, lines = "    " * indent, []
    for k in range(draw.choice((1, 2, 3))):
        kind = draw.choice(("op", "for", "while", "call", "list"))
        lines += [f"{pad}{draw.choice(OPS)}", f"{pad}note(x, {at})"]
        name = f"i{indent}_{k}"
        inner = f"(*{at}, {name})"
        if kind == "call" and work:
            lines += [f"{pad}x = {work}(x, {at})"]
        elif kind == "list":
            lines += [f"{pad}x = sum([note(x * float(j + 1), (*{at}, j)) for j in range(3)])", f"{pad}note(x, None)"]
        elif kind == "for" and depth:
            lines += [f"{pad}for {name} in range({draw.choice((1, 2, 3))}):"]
            lines += _body(draw, indent + 1, inner, depth - 1, work)
        elif kind == "while" and depth:
            lines += [f"{pad}{name} = -1", f"{pad}while {name} < 1:", f"{pad}    {name} += 1"]
            lines += _body(draw, indent + 1, inner, depth - 1, work)
    return lines


@each("seed", range(40))
def test_iterations_are_those_that_the_program_counts(seed: int) -> None:
    counted: list[tuple[tg.Node, Any]] = []

    def note(x: tg.Node, at: Any) -> tg.Node:
        if at is not None:
            counted.append((x, at))
        return x

    W = tg.parameter(np.eye(2) / 2)
    names = {"np": np, "tg": tg, "W": W, "note": note}
    with ThreadPoolExecutor(1) as thread:  # whose frames are no loops of a test's
        thread.submit(exec, compile(written(Random(seed)), "<program>", "exec"), names).result()
    nodes = sorted(ancestors([x for x, _ in counted]), key=lambda x: x.serial)
    nests = runs_of(nodes)
    for x, at in counted:
        assert tuple(k for run, k in nests[x] if run.begin is not None) == at


@each(
    "call, indices",
    [
        ("reduce(cell, [x, x, x], x)", [0, 0, 1, 1, 2, 2]),
        ("[*map(cell, [x, x, x], [x, x, x])]", [0, 0, 1, 1, 2, 2]),
        ("sum([x, x, x])", [0, 0, 1]),
        ("sum([x, x, x], x)", [0, 1, 2]),
    ],
)
def test_calls_of_one_place_are_counted(call: str, indices: list[int]) -> None:
    source = f"""
from functools import reduce
def cell(h, x):
    y = np.tanh(h)
    return note(y * x)
x = W * 0.5
out = {call}
note(out[-1] if type(out) is list else out)
"""
    ends: list[tg.Node] = []
    names = {"np": np, "W": tg.parameter(np.eye(2)), "note": lambda x: ends.append(x) or x}
    with ThreadPoolExecutor(1) as thread:
        thread.submit(exec, compile(source, "<program>", "exec"), names).result()
    nests = runs_of(sorted(ancestors(ends), key=lambda x: x.serial))
    (first, *inside) = [nests[x][0] for x in sorted(nests, key=lambda x: x.serial)]
    assert first[1] == 0 and all(run.begin is None for run, _ in inside)
    assert [k for _, k in inside] == indices and len({id(run) for run, _ in inside}) == 1
    assert inside[0][0].count == indices[-1] + 1 and inside[0][0] is not first[0]
