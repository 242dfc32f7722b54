"""Runs of loops are told from trails as the programs themselves count them: each loop, each iteration, each call."""

from __future__ import annotations

import _thread
import threading
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


def alone(function: Any, *args: Any) -> None:
    """Runs it in a thread with hardly a call around it."""
    done = threading.Semaphore(0)
    _thread.start_new_thread(lambda: (function(*args), done.release()), ())
    assert done.acquire(timeout=60)


def test_calls_that_nothing_holds_are_runs_of_their_own() -> None:
    """Nobody tells that such threads are one after another."""
    W, states = tg.parameter(np.eye(2)), [tg.constant(np.ones(2))]
    for _ in range(3):
        done = threading.Semaphore(0)

        def bare() -> None:
            states.append(np.tanh((states[-1] * 0.5) @ W))  # type: ignore[arg-type]
            done.release()  # noqa: B023

        _thread.start_new_thread(bare, ())
        assert done.acquire(timeout=60)
    nests = runs_of(sorted(ancestors(states[-1:]), key=lambda x: x.serial))
    assert len(nests) == 3 * 3 + 1 == len({id(run) for nest in nests.values() for run, _ in nest})
    assert {(run.begin, run.count, i) for nest in nests.values() for run, i in nest} == {(None, 1, 0)}


def test_a_function_deeper_than_a_trail_is_before_the_loop_that_its_caller_runs() -> None:
    source = """
def a(x): return b(x)
def b(x): return c(x)
def c(x): return d(x)
def d(x): return np.tanh(x @ W)
ends.append(a(np.ones(2)))
for t in range(3):
    ends.append(np.tanh(ends[-1] @ W))
"""
    ends: list[tg.Node] = []
    alone(exec, compile(source, "<program>", "exec"), {"np": np, "W": tg.parameter(np.eye(2)), "ends": ends})
    nests = runs_of(sorted(ancestors(ends), key=lambda x: x.serial))
    assert [[i for run, i in nests[x] if run.begin is not None] for x in ends] == [[], [0], [1], [2]]
    assert {run.count for x in ends[1:] for run, _ in nests[x] if run.begin is not None} == {3}
