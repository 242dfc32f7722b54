"""What a title says in code is what its box computes: read as Python, it gives the box's value."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

WORDS = {"tanh": np.tanh, "exp": np.exp, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "σ": lambda a: 1 / (1 + np.exp(-a))}
SIGNS = "+-*/"


def tree(rng: Any, leaves: list[Any], deep: int) -> tg.Node:
    """An expression of named arrays, parameters and numbers."""
    if deep == 0:
        return leaves[rng.integers(len(leaves))]
    if rng.random() < 0.3:
        return [tg.tanh, tg.exp, tg.sigmoid][rng.integers(3)](tree(rng, leaves, deep - 1))
    a, b = (tree(rng, leaves, int(rng.integers(0, deep))) for _ in range(2))
    if not isinstance(a, tg.Node) and not isinstance(b, tg.Node):
        a = leaves[0]
    sign = rng.choice([*SIGNS, "@", "**"], p=[0.25, 0.25, 0.2, 0.15, 0.1, 0.05])
    if sign == "@" and isinstance(a, tg.Node) and isinstance(b, tg.Node) and a.ndim == b.ndim == 2:
        return a @ b
    if sign == "**":
        return tg.exp(a) ** 2 if isinstance(a, tg.Node) else tg.exp(b) ** 2
    return {"+": tg.add, "-": tg.subtract, "*": tg.multiply, "/": tg.divide, "@": tg.add}[sign](a, b)


@each("seed", range(4))
def test_a_title_read_as_code_gives_the_value_of_its_box(seed: int) -> None:
    rng = np.random.default_rng(seed)
    leaves: list[Any] = [tg.constant(rng.uniform(0.5, 1.5, (2, 2)), name=name) for name in "xyz"]
    leaves += [tg.parameter(rng.uniform(0.5, 1.5, (2, 2)), name=name) for name in "UW"] + [0.5, 3.0, 0.0]
    known = {x.name: x.value for x in leaves if isinstance(x, tg.Node)} | WORDS
    with tg.step(0), np.errstate(all="ignore"):
        roots = [tree(rng, leaves, int(rng.integers(1, 4))) for _ in range(40)]
    titles: dict[str, Any] = {}
    for box in tg.draw([x for x in roots if x.op is not None], max_nodes=None, level="op").picture.boxes:
        titles[" ".join(part.text for part in box.title if part.kind != "value")] = box.node
    values = {}
    for title, node in titles.items():
        try:
            with np.errstate(all="ignore"):
                values[title] = eval(title, dict(known))
        except (SyntaxError, TypeError, NameError, ValueError):
            assert re.search(r"…|^\W|\b(tanh|exp|sigmoid)\b(?!\()", title) or node.op is None, title
    values = {title: value for title, value in values.items() if not callable(value)}
    for title, value in values.items():
        np.testing.assert_allclose(value, titles[title].value, rtol=1e-9, err_msg=title)
    assert len(values) > 18


def test_which_side_of_a_sign_has_brackets() -> None:
    """Only where Python needs them, and around what a product or a power takes."""
    x, y, z = (tg.constant(np.full((2, 2), v), name=n) for v, n in zip((2.0, 3.0, 5.0), "xyz", strict=True))
    cases = {
        "x - y + z": lambda: (x - y) + z,
        "x - (y - z)": lambda: x - (y - z),
        "x - (y + z)": lambda: x - (y + z),
        "x + y + z": lambda: x + (y + z),
        "x + y - z": lambda: x + (y - z),
        "x * y * z": lambda: (x * y) * z,
        "x / y / z": lambda: (x / y) / z,
        "x / (y / z)": lambda: x / (y / z),
        "x / (y * z)": lambda: x / (y * z),
        "x * (y + z)": lambda: x * (y + z),
        "(x + y) * z": lambda: (x + y) * z,
        "(x - y) / z": lambda: (x - y) / z,
        "(x * y) ** 2": lambda: (x * y) ** 2.0,
        "(x + y) ** 2": lambda: (x + y) ** 2.0,
        "x * y - z * x": lambda: x * y - z * x,
        "tanh(x) * σ(y)": lambda: tg.tanh(x) * tg.sigmoid(y),
        "tanh(x + y)": lambda: tg.tanh(x + y),
        "0 * x": lambda: 0.0 * x,
        "0 / x": lambda: 0.0 / x,
        "- x": lambda: 0.0 - x,
    }
    with tg.step(0):
        for title, make in cases.items():
            drawn = tg.draw(make()).picture.boxes[-1]
            assert " ".join(part.text for part in drawn.title) == title


@each("count, title", [(3, "t = sum of 3 + s[0] + s[1] + s[2]"), (9, "t = sum of 18")])
def test_a_sum_of_boxes_and_parameters_says_all_its_terms(count: int, title: str) -> None:
    s = tg.parameter(np.arange(9.0), "s")
    t: Any = 0
    for k in range(count):
        t = t + np.exp(-s[k]) * 2.0 + s[k]
    title_of = tg.draw(t).picture.boxes[-1].title
    words = " ".join(part.text for part in title_of if part.kind != "value")
    assert words == title
