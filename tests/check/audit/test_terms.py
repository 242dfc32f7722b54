"""What can stand in a sum or in a line that is missing: every product of names of a shape, held against NumPy."""

from __future__ import annotations

import ast
import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.forms import expression
from tinygraph.check.audit.inserts import GROWS, Gap, Inserts, _GapBlock
from tinygraph.check.audit.terms import Terms, renamed, unread
from tinygraph.check.audit.whole import unpacked_wrongly

from .test_rewrites import SHAPES, scope

rng = np.random.default_rng(3)
ARRAYS = {name: rng.normal(size=shape) for name, shape in SHAPES.items() if shape}
NAMES: dict[str, Any] = {
    "np": np,
    "lr": 0.1,
    "n": 4,
    "t": 1,
    "hs": [ARRAYS["hs[t]"], ARRAYS["hs[t]"], ARRAYS["hs[t + 1]"]],
}
NAMES |= {name: x for name, x in ARRAYS.items() if name.isidentifier()}
TERMS = Terms(scope())
UNREAD = {"di", "df"}


def text_of(node: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(node))


def of(shape: tuple[int, ...]) -> dict[str, float]:
    """The terms of a shape with the least weight of each."""
    weights: dict[str, float] = {}
    for node, weight in TERMS.of(shape):
        weights[text_of(node)] = min(weight, weights.get(text_of(node), 9.0))
    return weights


def products(shape: tuple[int, ...]) -> set[str]:
    """All products of two arrays, each perhaps turned, of which one has two axes."""
    told = set()
    for (a, x), (b, y) in itertools.product(ARRAYS.items(), repeat=2):
        for left, right in itertools.product((False, True), repeat=2):
            try:
                fits = np.shape((x.T if left else x) @ (y.T if right else y)) == shape
            except ValueError:
                continue
            if fits:
                told.add(f"{a}{'.T' * left} @ {b}{'.T' * right}")
    return told


@each("shape", [(3, 1), (3, 2), (3, 3), (2, 1), (1, 1), (2, 3), (4, 2, 1), (7,)])
def test_terms_of_a_shape_are_all_products_of_two_names_that_have_it(shape: tuple[int, ...]) -> None:
    weights = of(shape)
    alike = [name for name, x in ARRAYS.items() if x.shape == shape]
    due = products(shape) if len(shape) == 2 else set()
    assert due <= {*weights}
    assert {f"{a} * {b}" for a, b in itertools.combinations(sorted(alike), 2)} <= {*weights}
    for text in weights:
        assert np.shape(eval(text, dict(NAMES))) == shape, text
    written = {text_of(node) for node in ast.walk(scope().source.tree) if isinstance(node, ast.expr)}
    assert {text for text in weights if text not in due and " * " not in text and "np." not in text} <= written


def test_terms_that_nobody_reads_come_before_others_and_what_stands_there_before_both() -> None:
    weights = of((3, 3))
    seen = ["dz @ x[t].T", "U.T @ dz"]
    assert [of(shape)[text] for text, shape in zip(seen, ((3, 2), (3, 1)), strict=True)] == [1.9, 1.9]
    assert weights["di @ df.T"] < weights["di @ dz.T"] == weights["dz @ di.T"] < weights["dz @ dh.T"]
    vectors = of((3, 1))
    assert vectors["U @ dh"] < vectors["dh * dz"] and vectors["df * di"] < vectors["di * dz"] < vectors["dh * dz"]
    assert vectors["U.T @ dz"] == vectors["U.T @ di"] < vectors["U @ di"] < vectors["U @ dh"]  # z and i are gates
    assert "dz * dh" not in vectors and "di * di" not in vectors


def test_of_vectors_there_are_outer_products_before_others() -> None:
    one = scope()
    one.shapes = {"u": (3,), "v": (2,), "W": (3, 2), "U": (3, 2), "n": ()}
    one.nodes = {name: expression(name) for name in one.shapes}
    weights = {
        text_of(node): weight
        for node, weight in Terms(one).of((3, 2))
        if "np." not in text_of(node) or "outer" in text_of(node)
    }
    assert weights["np.outer(u, v)"] < weights["U * W"] and "np.outer(v, u)" not in weights
    assert {text for text in weights if "@" in text} == set()
    of_u = [text_of(node) for node, _ in Terms(one).of((3,))]
    assert {text.replace("v.T", "v") for text in of_u if "@" in text} == {"W @ v", "U @ v", "v @ W.T", "v @ U.T"}
    assert {"W.T @ u", "u @ W"} <= {text_of(node) for node, _ in Terms(one).of((2,))}
    assert not any("@" in text_of(node) for node, _ in Terms(one).of(()))  # of vectors with themselves
    one.shapes, one.nodes = {"u": (2,), "W": (3, 4)}, {"u": expression("u"), "W": expression("W")}
    assert not any("outer" in text_of(node) for node, _ in Terms(one).of((2, 3, 4)))


@each(
    "text, due",
    [
        ("U.dot(dz)", (3, 1)),
        ("np.dot(U, dz)", (3, 1)),
        ("np.outer(dz, W)", (3, 6)),
        ("np.dot(U, nobody)", None),
        ("np.dot(nobody, U)", None),
        ("U.dot()", None),
        ("U.dot(dz, dz, dz)", None),
        ("net.dot(dz)", None),
        ("dot(U)", None),
        *((f"np.{name}(dz)", (3, 1)) for name in ("tanh", "exp", "square", "zeros_like", "sqrt", "copy")),
        *((text, None) for text in ("np.sum(dz)", "np.tanh(dz, dh)", "np.exp(nobody)", "tanh(dz)", "nobody.T")),
        *(("dz.T", (1, 3)), ("-dz", (3, 1)), ("2", ()), ("dz * U", (3, 3)), ("dz @ dh", None), ("W + U", None)),
    ],
)
def test_the_shape_of_an_expression_is_known_where_those_of_its_parts_are(text: str, due: Any) -> None:
    assert TERMS.shape(expression(text)) == due


def test_a_missing_line_may_be_made_of_names_products_sums_and_slices() -> None:
    one = scope()
    one.shapes |= {"wide": (3, 4), "cat": (7, 1)}
    one.nodes |= {name: expression(name) for name in ("wide", "cat", "H")}
    one.shapes["H"] = ()
    one.whole |= {"H"}
    terms = Terms(one)
    inserts = Inserts(terms, {(3, 1)}, [])
    gap = Gap(ast.Pass(), expression("dz"), 0, 0, True, GROWS)
    weights: dict[str, float] = {}
    for node, weight in inserts.values(gap):
        weights.setdefault(text_of(node), weight)
    assert inserts.values(gap) is inserts.values(gap)
    names = {"dz", "dh", "dnext", "di", "df", "hs[t]", "hs[t + 1]"}
    assert names <= {*weights} and {f"lr * {name}" for name in names} <= {*weights} and "W" not in weights
    assert weights["di"] < weights["lr * dz"] < weights["dz"] and weights["U.T @ dz"] == 2.0 == weights["dz"]
    sums = {text for text in weights if ".sum(" in text}
    assert (
        sums == {f"{name}.sum(axis=1, keepdims=True)" for name in ("W", "U", "wide", *names)}
        and weights["W.sum(axis=1, keepdims=True)"] == 2.1
    )
    slices = {text for text in weights if ":" in text}
    assert slices == {f"cat[{size}:]" for size in ("lr", "n", "H")} | {f"cat[:{size}]" for size in ("lr", "n", "H")} | {
        f"wide[:, {size}:]" for size in ("lr", "n", "H")
    } | {f"wide[:, :{size}]" for size in ("lr", "n", "H")}
    flat = {text_of(node) for node, _ in inserts.values(Gap(ast.Pass(), expression("wide"), 0, 0, True, GROWS))}
    assert "wide" in flat and not any(".sum(" in text for text in flat)


@each(
    "text, due",
    [
        ("dWi @ hi", {"dWf @ hf", "dWo @ ho"}),
        ("dWi", {"dWf", "dWo"}),
        ("dWi + x", {"dWf + x", "dWo + x"}),
        ("hf[t] + 1", {"hi[t] + 1", "hz[t] + 1", "ho[t] + 1"}),
        ("f(hi, [dWi])", {"f(hf, [dWf])", "f(ho, [dWo])"}),
        ("x @ y", set()),
        ("q + dWi.T", {"q + dWf.T", "q + dWo.T"}),
    ],
)
def test_an_expression_with_another_gates_letter_wherever_there_is_such_a_name(text: str, due: set[str]) -> None:
    one = scope()
    one.shapes = dict.fromkeys(
        ("dWi", "dWf", "dWo", "hi", "hf", "ho", "x", "y", "hi[t]", "hf[t]", "hz[t]", "ho[t]"), (2,)
    )
    one.nodes = {name: expression(name) for name in one.shapes}
    assert {text_of(node) for node in renamed(expression(text), one)} == due


def test_what_nobody_reads_is_what_is_only_set() -> None:
    assert unread(scope()) == UNREAD | {"lr"}


def test_of_a_pass_that_does_not_run_nothing_is_unpacked_another_way() -> None:
    def pass_(w: Any, x: Any) -> Any:
        a, b = x.shape
        raise ValueError(a, b)

    class Raises:
        functions = (pass_,)

        def run(self, *_: Any) -> Any:
            raise ValueError

    case: Any = SimpleNamespace(parameters={"w": np.ones(2)}, arguments={})
    right: Any = SimpleNamespace(right={"w": np.ones(2)}, loss=None, leaves={})
    subject: Any = Raises()
    subject.on_nodes = lambda case, back: right
    assert unpacked_wrongly(subject, case) is None


@each(
    "lines, value, due",
    [
        (["a = q", "c = a", "e = 1"], "a", 1),  # it is read there
        (["c = 1", "a = q", "e = 1"], "a * 2", 1),  # it is set there
        (["a = q", "c = a", "e = 1"], "a + e", 2),
        (["a = q", "c = a", "return a"], "a", 1),
        (["a = q", "c = a", "e = 1"], "q", 2),
    ],
)
def test_a_line_comes_beside_the_last_that_has_to_do_with_its_value(lines: list[str], value: str, due: int) -> None:
    block = _GapBlock(ast.parse("def f():\n    " + "\n    ".join(lines)).body[0].body)  # type: ignore[attr-defined]
    assert block.beside(expression(value)) == due
