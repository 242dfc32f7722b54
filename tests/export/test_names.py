"""The words for results: what the user's function returns them as, as far as that can be known."""

from __future__ import annotations

import json
import math
import operator
import re
from functools import partial, update_wrapper, wraps
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.core.structure import map_leaves
from tinygraph.export.planned.arithmetic import expression
from tinygraph.export.planned.naming import Names, function_name, legal, result_words

W = tg.parameter(np.ones((2, 2)), "W")


class Pair(NamedTuple):
    left: Any
    right: Any


class Net(tg.Module):
    def __init__(self) -> None:
        self.w = tg.parameter(np.ones(2), "w")

    def __call__(self, x: Any) -> Any:
        self.last = x * 2.0
        hidden = x + self.w
        return hidden, self.last


def named(x: Any) -> Any:
    total, both = x + 1.0, (x, x)
    if x.shape == ():
        return both

    def inner(y: Any) -> Any:
        return y

    return total, both, inner(x)


def in_a_dict(x: Any) -> Any:
    mean, parts = x * 0.5, [x, x]
    return {"score": mean, "parts": parts, "deep": {"a": (mean, x * 2.0)}}


def of_one(x: Any) -> Any:
    return np.tanh(x)


def scaled(fn: Any, wrt: Any) -> Any:
    """A decorator of the user's, whose variable has the name of one of ours."""

    @wraps(fn)
    def of(x: Any) -> Any:
        return tuple([y * wrt for y in fn(x)])

    return of


def in_one_list(x: Any) -> Any:
    rows = [x, x + 1.0]
    rows[0] = x * 2.0
    return rows


def one_part(x: Any) -> dict[str, Any]:
    return {"a": x.mean()}


def named_loss(x: Any) -> Any:
    error = tg.mean(x @ W)
    if x.ndim != 2:
        error = error * 2.0
    return error


first, second = lambda x: x, lambda y: (y, y)  # two in one line, which cannot be told apart


@each(
    "fn, words",
    [
        (named, ["total", "both_0", "both_1", ""]),
        (in_a_dict, ["score", "parts_0", "parts_1", "mean", ""]),
        (of_one, [""]),
        (in_one_list, ["rows_0", "rows_1"]),
        (lambda x: {"a": x, "none": None, "b": (None, x, x)}, ["a", "x", "x"]),
        (Net(), ["hidden", "last"]),
        (lambda x: (x.mean(), *[W]), ["", "W"]),
        (lambda x: {**one_part(x), "b": x + 1.0}, ["a", "b"]),
        (lambda x: Pair(x, x * 2.0), ["left", "right"]),
        (second, ["", ""]),
        (np.tanh, [""]),
        (partial(of_one), [""]),
        (update_wrapper(partial(of_one), of_one), [""]),
        (scaled(lambda x: (x, x, x), 2.0), ["x", "x", "x"]),
        (lambda x: (x.mean(),) if x.ndim else (x, x), [""]),
        (lambda energy: {"all": [energy, tg.mean(energy)]}, ["energy", ""]),
        (tg.value_and_grad(lambda x: tg.mean(x @ W), [W]), ["loss", "d_W"]),
        (tg.value_and_grad(named_loss, [W, tg.parameter(1.0)]), ["error", "d_W", ""]),
        (tg.value_and_grad(named_loss, {"weight": W}), ["error", "d_weight"]),
    ],
)
def test_the_words_of_results(fn: Any, words: list[str]) -> None:
    results = fn(np.ones((2, 2)) if not isinstance(fn, Net) else np.ones(2))
    assert result_words(fn, map_leaves(lambda y: y if isinstance(y, tg.Node) and y.name else 0, results)) == words


def test_results_without_a_name_have_numbers_and_none_is_that_of_an_argument(tmp_path: Path) -> None:
    tg.export.c(lambda x, y_2: (x + 1.0, x * y_2, x, x - 1.0), (np.ones(2), np.ones(2)), tmp_path / "a.c")
    told = re.findall(r"\*   (in|out) +(\w+)", (tmp_path / "a.h").read_text())
    words = ["y", "y_2_out", "x_out", "y_4"]
    assert told == [("in", "x"), ("in", "y_2"), *(("out", word) for word in words)]
    tg.export.js(lambda x, y_2: (x + 1.0, x * y_2, x, x - 1.0), (np.ones(2), np.ones(2)), tmp_path / "a.js")
    (shapes,) = re.findall(r"shapes = (.*);", (tmp_path / "a.js").read_text())
    assert json.loads(shapes) == {"a": {"inputs": {"x": [2], "y_2": [2]}, "outputs": {word: [2] for word in words}}}


SIGNS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "abs", "pos"]


@each("sign", SIGNS)
def test_arithmetic_on_floats_is_pythons(sign: str) -> None:
    """``a < 0 ? b : c`` is read as Python's ``b if a < 0 else c``."""
    apply = getattr(operator, sign)
    for a, b in ((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (0.5, 3.0)):
        written = (sign, (0,), repr(b)) if sign not in ("neg", "abs", "pos") else (sign, (0,))
        text = expression(("mul", written, ("add", (1,), "True")), {0: "a", 1: "c"}, "floor", "pow")
        text = re.sub(r"\((\w+) < 0 \? (.*?) : (\w+)\)", r"(\2 if \1 < 0 else \3)", text)
        due = (apply(a, b) if len(written) == 3 else apply(a)) * 4.0
        assert eval(text, {"a": a, "c": 3.0, "floor": math.floor, "pow": math.pow}) == due, text
    assert expression("False", {}, "floor", "pow") == "0.0" and expression((1,), {1: "lr"}, "", "") == "lr"


def test_names_are_legal_and_different() -> None:
    names = Names("x", "x_2")
    assert [names.new(t) for t in ("x", "x", "y", "y", "for", "int", "2nd", "é", "a b", "a.b", "_", "")] == [
        *("x_3", "x_4", "y", "y_2", "for_", "int_", "x2nd", "e", "a_b", "a_b_2", "x_5", "x_6")
    ]
    for text in ("i0", "k12", "v3n", "tg_work", "TG", "exp", "expf", "NAN", "yield", "t1", "s2", "q7x", "p0factor"):
        assert legal(text) == f"{text}_", text
    words = {"fprintf": "fprintf_", "erf": "erf_", "lroundf": "lroundf_", "sea": "sea", "half": "half"}
    assert {text: function_name(text) for text in words} == words
    for text in ("i", "k", "x1", "value", "v", "tgx", "weight_ih", "alpha2"):
        assert legal(text) == text
