"""What the boxes of the library's cells say in letters is what they compute, and no sum is a sign alone."""

from __future__ import annotations

import re
from collections import deque
from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.shown.test_letters import PAPERS, cell_of, kinds
from tests.draw.views.test_titles_compute import WORDS
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.draw.picture import Box
from tinygraph.draw.shown.letters import letters

KNOWN = WORDS | {
    "relu": lambda a: np.maximum(a, 0),
    "sqrt": np.sqrt,
    "square": np.square,
    "cos": np.cos,
    "sin": np.sin,
    "floor": np.floor,
    "softplus": lambda a: np.logaddexp(a, 0),
    "negative": np.negative,
    "mean": lambda a: a.mean(-1, keepdims=True),
}
BEFORE = re.compile(r"(\w*[^\W\dₜ])ₜ₋₁")
STEP = re.compile(r"(?<=\w)[₀-₉ₜ]+")
PART = re.compile(r"(?<=[\w)])\[(\d+:\d+)\]")
BARE = re.compile(r"[-+*/@]|sigmoid")
BY_WORD = re.compile(rf"\b({'|'.join(KNOWN)})\b(?!\()")
FEW = 3
"""The fewest formulas of a cell that can be read whole."""


def drawn(name: str) -> tuple[Any, list[Box]]:
    cell = cell_of(kinds()[name])
    rng = np.random.default_rng(0)
    for x in cell.parameters().values():
        x.value = x.value + 0.1 * rng.normal(size=x.shape).astype(x.dtype)
    y, _ = tg.unroll(cell, rng.normal(size=(3, 2, 4)).astype(np.float32), cell.initial_state(2))
    return cell, [b for b in tg.draw(y, level="op", max_nodes=None).picture.boxes if b.node is not None]


def around(node: tg.Node, named: dict[tg.Node, str]) -> dict[str, Any]:
    """The nearest values before a node: those of its step by their letters, of the step before as ``h_before``."""
    values: dict[str, Any] = {}
    queue, seen = deque(node.inputs), set()
    while queue:
        x = queue.popleft()
        if x in seen:
            continue
        seen.add(x)
        queue.extend(x.inputs)
        letter = named.get(x) or x.name or ""
        if letter and not letter.endswith("₀"):
            before = x.step is not None and node.step is not None and x.step < node.step
            values.setdefault(STEP.sub("", letter) + "_before" * before, x.value)
    return values


def code_of(box: Box) -> str:
    """The formula of a title as code: a part is one of the last axis, but of a parameter."""
    code = ""
    for part in box.title:
        text = BEFORE.sub(r"\1_before", part.text.replace("x₀", "xₜ₋₁"))
        code += " " + (text if part.kind == "chip" else PART.sub(r"[..., \1]", STEP.sub("", text)))
    code = code.rpartition(" = ")[2].strip()
    return "…" if code[0] in "+-*/@" or BY_WORD.search(code) else code  # one side is left out, or a word


@each("name", PAPERS)
def test_the_formulas_of_a_cell_give_the_values_of_their_boxes(name: str) -> None:
    cell, boxes = drawn(name)
    named = letters(ancestors([x.node for x in boxes if x.node is not None]))
    parameters = {key: x.value for key, x in cell.parameters().items()}
    count = 0
    for box in boxes:
        node = box.node
        if node is None or node.op is None or node.step != 1:
            continue
        before, x = (
            next(b.node.value for b in boxes if b.title[0].text == t and b.node is not None) for t in ("x₀", "x₁")
        )
        env = KNOWN | parameters | {"x": x, "x_before": before} | around(node, named)
        try:
            value = eval(code_of(box), dict(env))
        except (SyntaxError, NameError, TypeError):
            continue
        if not callable(value):
            np.testing.assert_allclose(value, node.value, rtol=2e-3, atol=1e-5, err_msg=code_of(box))
            count += 1
    assert count >= FEW


@each("name", PAPERS)
def test_no_sum_product_or_gate_of_a_cell_is_a_sign_alone(name: str) -> None:
    _, boxes = drawn(name)
    assert not [x for x in (" ".join(p.text for p in b.title) for b in boxes) if BARE.fullmatch(x)]


@each("name", [x for x in PAPERS if hasattr(cell_of(kinds()[x]), "weight_ih")])
def test_the_sum_of_a_cells_products_has_the_letter_of_what_numpy_computes(name: str) -> None:
    """a_x comes from the input, a_h from the state, a is their sum; a cell's paper may have letters of its own."""
    cell, boxes = drawn(name)
    told: dict[str, list[np.ndarray]] = {}
    for node, letter in letters(ancestors([b.node for b in boxes if b.node is not None])).items():
        if node.step == 1:
            told.setdefault(letter, []).append(node.value)
    x = next(b.node.value for b in boxes if b.title[0].text == "x₁" and b.node is not None)
    products = x @ cell.weight_ih.value.T
    if "a_x" in told and name != "RAN":
        products = products + cell.bias_ih.value
    for value in told.get("a_x", []):
        np.testing.assert_allclose(value, products, rtol=1e-4, atol=1e-5)
    if "a" in told and {"a_x", "a_h"} <= told.keys() and told["a"][0].shape == told["a_x"][0].shape:
        np.testing.assert_allclose(told["a"][0], products + told["a_h"][0], rtol=1e-4, atol=1e-5)
