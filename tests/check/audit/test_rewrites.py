"""Rewrites of an expression: all that are meant and no other, the likely ones first."""

from __future__ import annotations

import ast
from itertools import groupby
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit import rewrites as kinds
from tinygraph.check.audit.atoms import Scope
from tinygraph.check.audit.forms import expression
from tinygraph.check.audit.rewrites import Rewrites
from tinygraph.check.audit.source import source_of


def back(W: Any, U: Any, b: Any, x: Any, hs: Any, lr: Any) -> Any:
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    dnext = np.zeros_like(b)
    n = len(x)
    for t in reversed(range(n)):
        dh = 1 + dnext
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ x[t].T
        dnext = U.T @ dz
    return dW, dU


SHAPES: dict[str, tuple[int, ...]] = {
    "W": (3, 2),
    "U": (3, 3),
    "x": (4, 2, 1),
    "x[t]": (2, 1),
    "lr": (),
    "n": (),
    "t": (),
    **dict.fromkeys(("dz", "dh", "dnext", "di", "df", "hs[t]", "hs[t + 1]"), (3, 1)),
}
VECTORS = [name for name, shape in SHAPES.items() if shape == (3, 1)]


def scope() -> Scope:
    """What a run would have seen; two names of gates besides, of which nobody reads one."""
    one = Scope(source_of(back))  # type: ignore[arg-type]
    one.shapes, one.nodes = dict(SHAPES), {name: expression(name) for name in SHAPES}
    one.whole = {"n", "t"}
    return one


REWRITES = Rewrites(scope())
APART = {kinds.LESS, kinds.FACTOR_LESS, kinds.NAME, kinds.GATE}
"""Kinds with tests of their own."""


def variants(text: str, place: str) -> list[tuple[float, str, str]]:
    """Weight, text and kind of the variants of an expression itself, by weight."""
    tree: Any = expression(f"a[{text}]" if place == "index" else text)
    rows = REWRITES._own(tree.slice if place == "index" else tree, place)
    return sorted([(round(w, 6), shown(new), kind) for new, kind, w in rows], key=lambda row: row[0])


def shown(node: ast.expr) -> str:
    whole = ast.Subscript(ast.Name("a"), node) if isinstance(node, ast.Slice) else node
    return (
        ast.unparse(ast.fix_missing_locations(whole)).removeprefix("a[").removesuffix("]" * isinstance(node, ast.Slice))
    )


def tiers(text: str, place: str = "value") -> list[set[tuple[str, str]]]:
    """The variants but for names and what is missing, in groups of one weight."""
    told = [row for row in variants(text, place) if row[2] not in APART]
    return [{row[1:] for row in group} for _, group in groupby(told, key=lambda row: row[0])]


def of(kind: str, *texts: str) -> set[tuple[str, str]]:
    return {(text, kind) for text in texts}


CASES: list[tuple[str, str, list[set[tuple[str, str]]]]] = [
    (
        "U.T @ dz",
        "value",
        [
            of(kinds.ORDER, "dz @ U.T"),
            of(kinds.TURNED, "U @ dz", "U.T @ dz.T"),
            of(kinds.TURNED, "U @ dz.T"),
            of(kinds.ORDER, "dz.T @ U.T", "dz @ U"),
            of(kinds.ORDER, "dz.T @ U"),
        ],
    ),
    (
        "np.dot(U, dz)",
        "value",
        [
            of(kinds.ORDER, "np.dot(dz, U)"),
            of(kinds.TURNED, "np.dot(U.T, dz)", "np.dot(U, dz.T)"),
            of(kinds.TURNED, "np.dot(U.T, dz.T)"),
            of(kinds.ORDER, "np.dot(dz.T, U)", "np.dot(dz, U.T)"),
            of(kinds.ORDER, "np.dot(dz.T, U.T)"),
        ],
    ),
    (
        "U.dot(dz)",
        "value",
        [
            of(kinds.ORDER, "dz.dot(U)"),
            of(kinds.TURNED, "U.T.dot(dz)", "U.dot(dz.T)"),
            of(kinds.TURNED, "U.T.dot(dz.T)"),
            of(kinds.ORDER, "dz.T.dot(U)", "dz.dot(U.T)"),
            of(kinds.ORDER, "dz.T.dot(U.T)"),
        ],
    ),
    ("U.T", "value", [of(kinds.TURNED, "U")]),
    ("1 + dh", "value", [of(kinds.MORE, "1", "dh") | of(kinds.SIGN, "1 - dh")]),
    ("1 - dh", "value", [of(kinds.MORE, "1", "-dh") | of(kinds.SIGN, "1 + dh"), of(kinds.SIGN, "dh - 1")]),
    ("dz * dh", "value", [of(kinds.FACTOR_MORE, "dz", "dh")]),
    ("dz * 2", "value", [of(kinds.SCALE, "dz", "2")]),
    ("2 * dz", "value", [of(kinds.SCALE, "dz", "2")]),
    ("dz / n", "value", [of(kinds.FACTOR_MORE, "dz")]),
    ("dz / 2", "value", [of(kinds.SCALE, "dz")]),
    ("dz ** 2", "value", [of(kinds.FACTOR_MORE, "dz")]),
    ("-dz", "value", [of(kinds.SIGN, "dz")]),
    ("not dz", "value", []),
    ("2", "value", [of(kinds.SCALE, "1", "0.5", "0")]),
    ("0.5", "value", [of(kinds.SCALE, "1", "2", "0")]),
    ("True", "value", []),
    ("[dz, dh]", "value", [of(kinds.PARTS, "[dh, dz]")]),
    ("(dz, dh)", "target", [of(kinds.PARTS, "(dh, dz)")]),
    ("dz > 0", "value", [of(kinds.SIGN, "dz < 0", "dz >= 0", "dz <= 0", "dz != 0", "dz == 0")]),
    ("0 < dz < 1", "value", []),
    (
        "np.exp(dz)",
        "value",
        [
            of(kinds.SLOPE, "1 - dz ** 2", "dz * (1 - dz)", "1 - np.tanh(dz) ** 2", "1 - dz", "dz > 0", "dz"),
            of(kinds.FACTOR_MORE, "dz"),
        ],
    ),
    ("np.exp(dz + 1)", "value", [of(kinds.FACTOR_MORE, "dz + 1")]),
    ("np.stack((dz, dh))", "value", []),
    ("f(dz, dh)", "value", [of(kinds.PARTS, "f(dh, dz)")]),
    ("f(dz, axis=2)", "value", [of(kinds.INDEX, "f(dz, axis=0)", "f(dz, axis=1)", "f(dz, axis=-1)")]),
    (
        "f(dz, axis=2, out=dh)",
        "value",
        [of(kinds.INDEX, *(f"f(dz, out=dh, axis={k})" for k in (0, 1, -1)))],
    ),
    (
        "dh * dz * (1 - dz)",
        "value",
        [
            of(kinds.FACTOR_MORE, "dh * dz", "1 - dz")
            | of(
                kinds.SLOPE,
                *("dh * (1 - dz ** 2)", "dh * (dz * (1 - dz))", "dh * (1 - np.tanh(dz) ** 2)"),
                *("dh * (1 - dz)", "dh * (dz > 0)", "dh * dz"),
            )
        ],
    ),
    ("t", "index", [of(kinds.INDEX, "t + 1", "t - 1"), of(kinds.INDEX, "-1", "0"), of(kinds.INDEX, "n - 1 - t")]),
    ("-1", "index", [of(kinds.INDEX, "t", "t + 1", "t - 1"), of(kinds.INDEX, "0"), of(kinds.INDEX, "n - 1 - t")]),
    ("'key'", "index", []),
    ("t", "base", []),
    ("np.dot", "function", []),
    (
        "n:",
        "index",
        [of(kinds.INDEX, ":n"), of(kinds.INDEX, "lr:", ":lr", "n:", ":n")],
    ),
    ("t:n", "index", []),
]


@each("text, place, due", CASES)
def test_what_is_wrong_in_an_expression_is_put_right_in_each_way(
    text: str, place: str, due: list[set[tuple[str, str]]]
) -> None:
    assert tiers(text, place) == due


@each("text", ["dot(dz)", "np.dot(U, dz, dh)", "U.dot(dz, dh, dz)", "U.dot()", "np.dot()", "dot()"])
def test_of_a_product_without_two_operands_nothing_is_turned(text: str) -> None:
    assert not {kinds.ORDER, kinds.TURNED} & {kind for _, _, kind in variants(text, "value")}


def test_what_a_keyword_gets_lacks_no_factor_and_no_term() -> None:
    lacking = {kinds.LESS, kinds.FACTOR_LESS, kinds.SLOPE}
    assert not lacking & {kind for _, _, kind in variants("1 - dz ** 2", "keyword")}
    assert lacking <= {kind for _, _, kind in variants("1 - dz ** 2", "value")}


def test_names_are_those_of_the_shape_first_and_of_them_what_nobody_reads_or_is_called_alike() -> None:
    def named(text: str, place: str = "value") -> list[set[str]]:
        told = [row for row in variants(text, place) if row[2] in (kinds.NAME, kinds.GATE)]
        return [{row[1] for row in group} for _, group in groupby(told, key=lambda row: row[0])]

    assert named("dz") == [{"di", "df"}, {"dh", "dnext"}, {"hs[t]", "hs[t + 1]"}, {"lr"}, {"W", "U", "x", "x[t]"}]
    assert named("dz", "target") == [{"di", "df"}, {"dh", "dnext"}, {"lr"}, {"W", "U", "x"}]
    assert named("hs[t]") == [{"di", "df"}, {"hs[t + 1]"}, {"dz", "dh", "dnext"}, {"lr"}, {"x[t]"}, {"W", "U", "x"}]
    assert named("n") == [{"t"}] and named("t") == [{"n"}]
    assert {row[1] for row in variants("di", "value") if row[2] == kinds.GATE} == {"df", "dz"}
    assert named("unknown")[-1] >= {"W", "x"} and len(named("unknown")) == 2  # any shape may be meant


def missing(text: str, place: str, kind: str) -> list[str]:
    return [row[1] for row in variants(text, place) if row[2] == kind]


def test_of_terms_that_may_be_missing_there_are_all_of_the_shape() -> None:
    for place in ("value", "term"):
        told = missing("np.exp(dz)", place, kinds.LESS)
        assert {*told} == {"1 - np.exp(dz)", *(f"np.exp(dz) {sign} {v}" for sign in "+-" for v in VECTORS)}
        assert {*told[:2]} == {"np.exp(dz) + di", "np.exp(dz) + df"} and told[2] == "1 - np.exp(dz)"
        added, taken = (max(told.index(f"np.exp(dz) {sign} {v}") for v in VECTORS) for sign in "+-")
        assert added < taken
    whole = {*missing("np.exp(dz)", "root", kinds.LESS)} - {*told}
    assert {"np.exp(dz) + U.T @ dz", "np.exp(dz) - U @ dh", "np.exp(dz) + W @ x[t]"} <= whole
    assert not any("W @ dz" in text or "x[t] @" in text for text in whole)
    assert missing("n", "value", kinds.LESS) == ["1 - n"] and missing("2", "value", kinds.LESS) == []


def test_of_factors_that_may_be_missing_those_that_fit_come_first() -> None:
    told = missing("np.exp(dz)", "value", kinds.FACTOR_LESS)
    assert not any(text.endswith(("* x[t]", "* W ")) for text in told)
    slopes = [
        f"np.exp(dz) * {s.format('dh')}"
        for s in ("dh", "(1 - {0} ** 2)", "({0} * (1 - {0}))", "(1 - np.tanh({0}) ** 2)", "(1 - {0})", "({0} > 0)")
    ]
    assert [told.index(text) for text in slopes] == sorted(told.index(text) for text in slopes)
    assert {*told[:2]} == {"np.exp(dz) * di", "np.exp(dz) * df"} and told[2] == "np.exp(dz) ** 2"
    assert told.index("np.exp(dz) * (dh > 0)") < told.index("np.exp(dz) * U")
    unknown = missing("g(q)", "value", kinds.FACTOR_LESS)
    assert {f"g(q) * {name}" for name, shape in SHAPES.items() if shape} <= {*unknown}


def test_the_numbers_that_a_whole_value_may_lack_are_sizes() -> None:
    told = missing("np.exp(dz)", "root", kinds.FACTOR_LESS)
    sizes = [text for text in told if "/" in text or text.endswith(("* n", "* lr"))]
    assert [{*sizes[:1]}, sizes[1]] == [{"np.exp(dz) / lr"}, "np.exp(dz) * lr"] and sizes.index(
        "np.exp(dz) / n"
    ) < sizes.index("np.exp(dz) * n")
    assert sizes.index("np.exp(dz) / n") < sizes.index("np.exp(dz) / W.size")
    assert {"np.exp(dz) / (lr * n)", "np.exp(dz) / di.size", "np.exp(dz) / U.shape[0]"} <= {*sizes}
    assert not any("hs" in text or "/ t" in text for text in sizes)
    assert not any("/" in text for text in missing("np.exp(dz)", "value", kinds.FACTOR_LESS))
    pairs = {*told} - {*missing("np.exp(dz)", "term", kinds.FACTOR_LESS)}
    assert {"np.exp(dz) * (dz - dh)", "np.exp(dz) * (dh - dz)", "np.exp(dz) * (dh * dz)"} <= pairs
    assert "np.exp(dz) * (dz * dh)" not in pairs
    signs = [row[1:] for row in variants("np.exp(dz)", "root") if row[2] in (kinds.SIGN, kinds.SCALE)]
    assert signs == [("-np.exp(dz)", kinds.SIGN), ("2 * np.exp(dz)", kinds.SCALE), ("0.5 * np.exp(dz)", kinds.SCALE)]


def test_what_is_added_to_a_part_is_farther_off_than_what_is_added_to_the_whole() -> None:
    for text in ("np.exp(dz) * dh", "1 - np.exp(dz)", "2 * np.exp(dz)", "-np.exp(dz)"):
        weights = {
            place: [w for w, new, _ in variants("np.exp(dz)", place) if new == text]
            for place in ("root", "term", "value")
        }
        assert weights["root"] and weights["root"] < (weights["term"] or [9.0])
        assert weights["term"] == weights["value"] or not weights["value"]


def test_parts_within_an_expression_have_variants_too_and_the_rest_stays() -> None:
    every = [
        (ast.unparse(ast.fix_missing_locations(new)), kind)
        for new, kind, _ in REWRITES.of(expression("dh * (1 - hs[t + 1] ** 2)"), "root")
    ]
    assert {
        ("dh * (1 - hs[t] ** 2)", kinds.INDEX),
        ("dh * (1 - hs[-1] ** 2)", kinds.INDEX),
        ("dz * (1 - hs[t + 1] ** 2)", kinds.NAME),
    } <= {*every}
    assert {
        ("dh * (1 - hs[t + 1])", kinds.FACTOR_MORE),
        ("dh * (1 + hs[t + 1] ** 2)", kinds.SIGN),
        ("dh", kinds.FACTOR_MORE),
    } <= {*every}
