"""Findings by themselves: a loop that is too short, several of one line, lines to be mended, neighbours of a line."""

from __future__ import annotations

import ast
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import findings
from tinygraph.check.audit.lines import Line
from tinygraph.recording.recorded import code_of

from .test_report import FIRST, SECOND


def helper(h: Any) -> Any:
    return h


def backward(x: Any, truncate: int = 4) -> Any:
    for t in range(len(x)):
        for i in range(t, max(-1, t - 2), -1):
            helper(i)
    return x


def after(x: Any) -> Any:
    return x


LOOP: Any = next(
    x for x in ast.walk(ast.parse("for i in range(t, max(-1, t - 2), -1): pass")) if isinstance(x, ast.For)
)
LINE = backward.__code__.co_firstlineno + 2


@each(
    "functions, back, due",
    [
        ((backward,), 2, "2 steps back"),
        ((helper, backward, after), 1, "1 step back"),
        ((after, backward, helper), 2, "2 steps back"),
        ((backward,), 4, ""),
        ((helper, after), 2, ""),
    ],
)
def test_a_loop_goes_back_as_far_as_an_argument_says(functions: Any, back: int, due: str) -> None:
    LOOP.lineno = LINE
    subject: Any = SimpleNamespace(functions=tuple(map(code_of, functions)))
    told = [*findings.too_short(subject, LOOP, back)]
    assert len(told) == bool(due)
    for one in told:
        assert (one.file, one.line, one.function, one.makes) == (__file__, LINE, "backward", due)
        assert one.due == "4 steps back, as truncate = 4 says" and one.kind == "a wrong range"
        assert one.source == "for i in range(t, max(-1, t - 2), -1):" and one.parameters == ()


def test_a_loop_before_all_functions_is_nobodys() -> None:
    LOOP.lineno = 1
    subject: Any = SimpleNamespace(functions=(code_of(backward),))
    assert [*findings.too_short(subject, LOOP, 2)] == []


def test_of_one_line_there_is_one_finding_with_the_parameters_of_all() -> None:
    other = replace(FIRST, kind="a term missing", parameters=("b", "V"))
    elsewhere = replace(FIRST, file="/b/net.py")
    told = findings._by_line([FIRST, SECOND, other, elsewhere])
    assert told == [replace(FIRST, parameters=("Wx", "b", "V")), SECOND, elsewhere]


def test_the_lines_of_functions_are_suspects() -> None:
    subject: Any = SimpleNamespace(functions=(code_of(helper), code_of(backward)))
    own = [replace(FIRST, file=__file__, line=n) for n in (LINE, LINE - 2, LINE + 2, LINE + 3, LINE + 4, 1)]
    assert findings.suspects(subject, [*own, FIRST]) == [(code_of(backward), n) for n in (LINE, LINE - 2, LINE + 2)]


class Neighbours:
    """The gradients of five parameters, of which some meet in one sum; each is made at a line of its own."""

    def __init__(self, **lines: int | None) -> None:
        self.results = {name: tg.parameter(np.ones(2)) if n else None for name, n in lines.items()}
        self.at = {id(x): n for x, n in zip(self.results.values(), lines.values(), strict=True) if x is not None}
        self.right = SimpleNamespace(together=lambda name: {"Wx", "Wh", "b"} if name in ("Wx", "Wh", "b") else {name})

    def last_line(self, node: Any) -> Any:
        return Line("net.py", "f", self.at[id(node)], "", "", "", True)


@each(
    "name, due",
    [
        ("Wx", [("Wh", 5), ("b", 6), ("Wy", 4), ("c", 8)]),
        ("Wh", [("b", 6), ("Wx", 3), ("Wy", 4), ("c", 8)]),
        ("Wy", [("Wh", 5), ("Wx", 3), ("b", 6), ("c", 8)]),
        ("c", [("b", 6), ("Wh", 5), ("Wy", 4), ("Wx", 3)]),
    ],
)
def test_neighbours_are_those_of_one_sum_and_then_those_that_are_near(name: str, due: list[tuple[str, int]]) -> None:
    written: Any = Neighbours(Wx=3, Wy=4, Wh=5, b=6, U=None, c=8)
    assert [(other, line.number) for other, line in findings._beside(written, name)] == due


class Silent(Neighbours):
    """No line keeps, or prepares, anything but those that are named."""

    def __init__(self, keeps: int = 0, prepares: int = 0, **lines: int | None) -> None:
        super().__init__(**lines)
        self.keeps, self.prepares = keeps, prepares

    def _line(self, number: int) -> Any:
        return Line(__file__, "f", number, "", "", "", True) if number else None

    def last_line(self, node: Any) -> Any:
        return self._line(self.at[id(node)])

    def line_that_keeps(self, name: str) -> Any:
        return self._line(self.keeps)

    def line_that_prepares(self, name: str) -> Any:
        return self._line(self.prepares)


@each(
    "name, taken, told, lines",
    [
        ("Wh", {1}, 3, {"Wx": 3, "Wh": None, "b": 6}),  # after the line of one of its sum
        ("Wh", {3}, 6, {"Wx": 3, "Wh": None, "b": 6}),  # unless something is told there
        ("Wh", {3, 6}, 4, {"Wx": 3, "Wh": None, "b": 6}),  # then behind it
        ("Wx", {6}, 5, {"Wx": None, "Wh": 6}),  # or before it, if its parameter comes after
        ("b", {6, 3}, 7, {"Wx": 3, "Wh": 6, "b": None}),
        ("c", {1}, 2, {"prepares": 2, "Wx": 3, "c": None}),
        ("c", {2}, 3, {"prepares": 2, "Wx": 3, "c": None}),
        ("a", {2}, 3, {"prepares": 2, "a": None, "Wx": 3}),
        ("c", {1}, 2, {"prepares": 2, "c": None}),
        ("Wx", {1}, 6, {"prepares": 2, "Wx": None, "b": 6}),
        ("c", {1}, 9, {"keeps": 9, "prepares": 2, "c": None}),
        ("c", {9}, 9, {"keeps": 9, "prepares": 2, "c": None}),
    ],
)
def test_a_gradient_that_no_line_makes_has_a_place(name: str, taken: set[int], told: int, lines: Any) -> None:
    one = findings._silent(Silent(**lines), name, None, taken)  # type: ignore[arg-type]
    assert one is not None and (one.line, one.parameters, one.kind) == (told, (name,), "a line is missing")
    assert one.due.startswith(f"the gradient of {name}, which no line makes")


def test_a_gradient_that_no_line_makes_and_that_has_no_neighbour_has_none() -> None:
    assert findings._silent(Silent(c=None), "c", None, ()) is None  # type: ignore[arg-type]
