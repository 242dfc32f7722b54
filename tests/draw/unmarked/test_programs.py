"""Programs put together at random from the parts of articles: their steps are told as they would be marked."""

from __future__ import annotations

from itertools import product
from random import Random

import tinygraph as tg
from tests.each import each
from tinygraph.core.graph import ancestors

from .running import ops_at_steps, run, told, without_marks

CELLS = {
    "line": ["h = np.tanh({x} @ {a} + h @ {b})"],
    "two lines": ["z = {x} @ {a} + h @ {b}", "h = np.tanh(z)"],
    "gate": ["z = 1 / (1 + np.exp(-({x} @ {a} + h @ {b})))", "h = (1 - z) * np.tanh({x} @ V) + z * h"],
    "function": ["h = cell({x}, h, {a}, {b})"],
    "deep": ["h = outer({x}, h, {a}, {b})"],
    "residual": ["h = h + np.tanh({x} @ {a} + h @ {b})"],
    "gates in a loop": [
        "g = []",
        "for u in ({a}, {b}):",
        "    g.append(np.tanh({x} @ u + h @ u))",
        "h = g[0] * h + g[1]",
    ],
    "the input before": ["own = tg.constant({x})", "h = np.tanh(own @ {a} + c @ {b} + h @ V)", "c = own"],
    "several states": ["c = np.tanh(h @ {b}) * c + {x} @ {a}", "h = np.tanh(c)"],
}
KEPT = {
    "list": ("hs = []", "hs.append(h)", "hs[{t}]"),
    "dict": ("hs = {{}}", "hs[{t}] = h", "hs[{t}]"),
    "list with a start": ("hs = [h]", "hs.append(h)", "hs[{t} + 1]"),
}
HEADS = {
    "range": ("for t in range(4):", "X[t]", "t"),
    "enumerate": ("for t, x in enumerate(X):", "x", "t"),
    "while": ("t = 0\nwhile t < 4:", "X[t]", "t"),
}
LOSSES = {
    "last": ["loss = np.mean(h @ E)"],
    "stack": ["loss = np.mean(np.stack([{all}]) ** 2)"],
    "second loop": [
        "loss = 0",
        "for t in range(4):",
        "    with tg.step(t):",
        "        loss = loss + np.mean({kept} @ E)",
    ],
    "second network": [
        "s = np.zeros((2, 3))",
        "for t in range(4):",
        "    with tg.step(t):",
        "        s = np.tanh({kept} @ B + s @ C)",
        "loss = np.mean(s)",
    ],
    "backwards": [
        "s = np.zeros((2, 3))",
        "for t in reversed(range(4)):",
        "    with tg.step(t):",
        "        s = np.tanh({kept} @ B + s @ C)",
        "loss = np.mean(s) + np.mean(h)",
    ],
}
FUNCTIONS = """
def cell(x, h, a, b):
    return np.tanh(x @ a + h @ b)
def outer(x, h, a, b):
    y = cell(x, h, a, b)
    return y * np.tanh(x @ a)
"""


def program(cell: str, kept: str, head: str, loss: str, inside: bool) -> str:
    first, add, at = KEPT[kept]
    start, x, t = HEADS[head]
    lines = ["h = np.zeros((2, 3))", "c = h", first.replace("{{}}", "{}"), *start.split("\n"), "    with tg.step(t):"]
    lines += [f"        {line.format(x=x, a='U', b='W')}" for line in CELLS[cell]]
    lines += [f"        {add.format(t=t)}"] + ["    t += 1"] * (head == "while")
    every = ", ".join(at.format(t=k) for k in range(4))
    after = [line.replace("{all}", every).replace("{kept}", at.format(t="t")) for line in LOSSES[loss]]
    if not inside:
        return "\n".join([FUNCTIONS, *lines, *after])
    body = [f"    {line}" for line in (*lines, *after, "return loss")]
    return "\n".join([FUNCTIONS, "def forward():", *body, "loss = forward()"])


ALL = [*product(CELLS, KEPT, HEADS, LOSSES, (False, True))]
SOME = Random(0).sample(ALL, 60) + [(cell, "list", "range", "second loop", True) for cell in CELLS]


@each("parts", SOME)
def test_steps_are_those_that_would_be_marked(parts: tuple[str, str, str, str, bool]) -> None:
    source = program(*parts)
    by_hand = ops_at_steps(ancestors([run(source)]))
    assert {0, 1, 2, 3} <= {step for *_, step in by_hand}
    assert ops_at_steps(told(run(without_marks(source)))) == by_hand


@each("parts", SOME[:12])
def test_gradients_are_at_the_steps_of_what_they_are_of(parts: tuple[str, str, str, str, bool]) -> None:
    loss = run(without_marks(program(*parts)))
    tanhs = [x for x in ancestors([loss]) if x.op is not None and x.op.name == "tanh"]
    gradients = tg.grad(loss, tanhs)
    new = {x.serial: x for x in told(*gradients, loss)}
    for x, g in zip(tanhs, gradients, strict=True):
        own, of = new[g.serial], new[x.serial]
        assert of.step is not None and (own.origin is None or own.step == new[g.origin.serial].step)


AROUND = {
    "layers": "for a, b in [(U, W), (A, B), (C, E)]:",
    "samples": "for s, (a, b) in enumerate([(U, W)] * 3):",
    "a while loop": "left = [(U, W), (A, B)]\nwhile left:\n    a, b = left.pop()",
}


@each("head", AROUND)
@each("sums", [True, False])
@each("kept", [True, False])
def test_a_loop_around_that_of_time_begins_it_anew(head: str, sums: bool, kept: bool) -> None:
    """Also where all iterations of both loops add to one sum, or leave their states in one list."""
    source = "\n".join(
        [
            "loss, hs = 0, []",
            *AROUND[head].split("\n"),
            "    h = np.zeros((2, 3))",
            "    for t in range(4):",
            "        with tg.step(t):",
            "            h = np.tanh(X[t] @ a + h @ b)",
            *["            loss = loss + np.mean(h)"] * sums,
            *["            hs.append(h @ V)"] * kept,
            "    last = h",
            "loss = np.mean(last) + loss" + " + np.mean(np.stack(hs))" * kept,
        ]
    )
    by_hand = ops_at_steps(ancestors([run(source)]))
    assert ops_at_steps(told(run(without_marks(source)))) == by_hand


def calls(depth: int, inside: bool, own: bool) -> str:
    """A step made by functions that call each other; ``own``: whether each makes nodes, and not the innermost alone."""
    lines = ["def f0(x, h):", "    return np.tanh(x @ U + h @ W)"]
    for k in range(1, depth):
        lines += [f"def f{k}(x, h):", f"    y = f{k - 1}(x, h)", "    return y" + " * 0.5 + x @ A" * own]
    loop = ["h = np.zeros((2, 3))", "for t in range(4):", "    with tg.step(t):", f"        h = f{depth - 1}(X[t], h)"]
    loop += ["        h = h * 0.9"] * own
    if inside:
        loop = ["def run():", *(f"    {line}" for line in loop), "    return h", "h = run()"]
    return "\n".join([*lines, *loop, "loss = np.mean(h)"])


@each("depth", [1, 2, 3, 4, 6])
@each("inside", [False, True])
@each("own", [False, True])
def test_steps_of_deep_calls_are_told_right_or_not_at_all(depth: int, inside: bool, own: bool) -> None:
    source = calls(depth, inside, own)
    by_hand, loss = ops_at_steps(ancestors([run(source)])), run(without_marks(source))
    steps = ops_at_steps(told(loss))
    assert steps == by_hand or {step for *_, step in steps} == {None}
    assert steps == by_hand or depth > 2 or (depth == 2 and inside and not own), "these are not too deep"
