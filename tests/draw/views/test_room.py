"""How much of its operands a formula names: what 20 characters hold, three ops deep, no losses; products in sums."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each


def named(name: str, shape: Any = (2, 2)) -> tg.Node:
    return tg.constant(np.ones(shape), name=name)


def title(node: tg.Node) -> str:
    (box,) = [box for box in tg.draw(node, level="op").picture.boxes if box.node is node]
    return " ".join(part.text for part in box.title)


@each(
    "inner, outer, text",
    [
        (4, 10, "tanh(aaaa) * " + "y" * 10),
        (4, 11, "tanh * " + "y" * 11),
        (1, 16, "tanh * " + "y" * 16),
        (1, 17, "… * " + "y" * 17),
        (1, 60, "… * " + "y" * 60),
    ],
)
def test_a_formula_of_both_operands_has_20_characters_else_words_of_them(inner: int, outer: int, text: str) -> None:
    assert title(tg.tanh(named("a" * inner)) * named("y" * outer)) == text
    left, sign, right = text.partition(" * ")
    assert title(named("y" * outer) * tg.tanh(named("a" * inner))) == f"{right}{sign}{left}"


def test_three_ops_stand_one_in_the_other_of_a_product_none() -> None:
    a, b, c, d = map(named, "abcd")
    assert title((1 - a) * b + a * c) == "(1 - a) * b + a * c"
    assert title(tg.tanh(a) - (b - c)) == "tanh(a) - (b - c)" and title(tg.tanh(a) - b * c) == "tanh(a) - b * c"
    assert title((a - b) - c) == "a - b - c" and title((a + b) * c) == "(a + b) * c"
    assert title(a / (b * c)) == "a / (b * c)" and title((a * b) / c) == "a * b / c"
    assert title((a + b) ** c) == "(a + b) ** c" and title((a * b) ** c) == "(a * b) ** c"
    assert title(a * tg.tanh(tg.exp(b))) == "a * tanh(exp(b))"
    assert title(a * tg.tanh(tg.exp(tg.sqrt(b)))) == "a * tanh", "four are too many"
    assert title(tg.tanh(a) @ b) == "tanh @ b" and title((a @ b) * c) == "… * c" and title((a @ b) @ c) == "… @ c"
    assert title(tg.softmax_cross_entropy(a, np.array([0, 1])) * 2.0) == "* 2"
    assert title(tg.tanh(a * b) * d) == "tanh(a * b) * d"


def test_of_operands_without_a_name_the_sign_stands_alone() -> None:
    nodes = [tg.tanh(named("a") @ named("b")), tg.exp(named("c") @ named("d"))]
    w = tg.parameter(np.ones((2, 2)), "W")
    told = {
        "*": nodes[0] * nodes[1],
        "z = tanh * exp": tg.multiply(nodes[0], nodes[1], name="z"),
        "* 0.5": nodes[0] * 0.5,
        "0.5 * tanh": 0.5 * nodes[0],
        "tanh + x": nodes[0] + named("x"),
        "x - exp": named("x") - nodes[1],
        "@ W": nodes[0] @ w,
        "W @ tanh": w @ nodes[0],
        "y = tanh @ W": tg.matmul(nodes[0], w, name="y"),
    }
    assert [title(node) for node in told.values()] == [*told]


@each("name, text", [("a", "exp(a)"), ("a" * 9, f"exp({'a' * 9})"), ("a" * 14, f"exp({'a' * 14})"), ("a" * 15, "exp")])
def test_an_op_of_one_operand_names_it_where_it_is_short(name: str, text: str) -> None:
    assert title(tg.exp(named(name))) == text
    assert title(tg.exp(tg.tanh(named("a")))) == "exp", "of what is computed it has its own box"
