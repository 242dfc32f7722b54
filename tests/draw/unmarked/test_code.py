"""Loops and orders read from bytecode, against what Python's own tracing of each instruction tells."""

from __future__ import annotations

import sys
from itertools import pairwise
from types import CodeType, FrameType
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.draw.unmarked.bytecode import read_code

SOURCES = {
    "straight": "a = n + 1\nb = a * 2\nreturn b",
    "for": "s = 0\nfor i in range(n):\n s = s + i\nreturn s + 1",
    "while": "s = 0\nwhile s < n:\n s = s + 1\nreturn s",
    "nested": "s = 0\nfor i in range(n):\n a = s + 1\n for j in range(2):\n  s = s + a\n s = s * 2\nreturn s",
    "one after another": "s = 0\nfor i in range(n):\n s = s + i\nfor j in range(n):\n s = s * 2\nreturn s",
    "if": "s = 0\nfor i in range(n):\n if i % 2:\n  s = s + 1\n else:\n  s = s * 3\n s = s - 1\nreturn s",
    "continue": "s = 0\nfor i in range(n):\n if i == 1:\n  continue\n s = s + i\nreturn s",
    "break": "s = 0\nfor i in range(n):\n if i == 2:\n  break\n s = s + i\nelse:\n s = 5\nreturn s",
    "with": "s = 0\nfor i in range(n):\n with Quiet():\n  s = s + i\nreturn s",
    "comprehension": "s = [i + 1 for i in range(n)]\nreturn sum(s)",
    "while true": "s = 0\nwhile True:\n s = s + 1\n if s > n:\n  return s\n s = s + 0",
    "generator": "s = 0\nfor i in (k * 2 for k in range(n)):\n s = s + i\nreturn s",
    "long": "s = 0\nfor i in range(n):\n" + "".join(f" s = s + {k} * i\n" for k in range(150)) + "return s",
}


class Quiet:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: Any) -> None:
        return None


def compiled(source: str) -> Any:
    names: dict[str, Any] = {"Quiet": Quiet, "np": np}
    body = "".join(f"    {line}\n" for line in source.splitlines())
    exec(compile(f"def run(n):\n{body}", "<loops>", "exec"), names)
    return names["run"]


def passed(function: Any, n: int) -> list[int]:
    """The places that a call goes through, one instruction after another."""
    code, places = function.__code__, list[int]()

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code is not code:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            places.append(frame.f_lasti)
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        function(n)
    finally:
        sys.settrace(before)
    return places


def loops_of(places: list[int]) -> set[int]:
    """Where a call jumped back to: where its loops begin."""
    return {b for a, b in pairwise(places) if b < a}


@each("name", SOURCES)
def test_a_loop_begins_where_a_run_jumps_back_to(name: str) -> None:
    function = compiled(SOURCES[name])
    code = read_code(function.__code__)
    seen = set().union(*(loops_of(passed(function, n)) for n in (0, 1, 3, 5)))
    reached = set().union(*(passed(function, n) for n in (0, 1, 3, 5)))
    assert seen == {begin for begin in code.loops if begin in reached}
    assert code.users and {code.place(x) for x in reached} == reached
    for begin in seen:
        for n in (3, 5):
            places = passed(function, n)
            turns = [i for i, x in enumerate(places) if x == begin]
            for a, b in pairwise(turns):
                if all(begin <= x for x in places[a:b]):
                    assert set(places[a:b]) <= code.loops[begin], "what is done between two turns is in the loop"
        last = max(i for i, x in enumerate(places) if x == begin)
        after = [x for x in places[last + 1 :] if x > max(code.loops[begin])]
        assert all(begin not in code.around(x) for x in after) and code.around(begin)[-1] == begin


@each("name", SOURCES)
def test_what_followed_in_one_iteration_can_follow(name: str) -> None:
    """And what came again only after a jump back cannot, unless it stands in a loop that was left."""
    function = compiled(SOURCES[name])
    code = read_code(function.__code__)
    for n in (1, 3):
        places = passed(function, n)
        some = places[:: max(len(places) // 60, 1)]
        for i, a in enumerate(some):
            for b in some[i + 1 :]:
                common = [x for x in code.around(a) if x in code.around(b)]
                if not any(a != b and x == begin for begin in common for x in places[places.index(a) + 1 :]) and a < b:
                    assert code.follows(a, b), (a, b)
            assert not code.follows(places[-1], a) or code.around(places[-1]), "nothing comes after the end"


@each("name", ["nested", "one after another", "if", "for"])
def test_the_order_of_lines(name: str) -> None:
    """Of the places of additions and multiplications, one for each, in the order of the lines."""
    function = compiled(SOURCES[name])
    code = read_code(function.__code__)
    ops = [x.offset for x in code._instructions if x.opname == "BINARY_OP" and x.argrepr in ("+", "*", "-")]
    meant = {
        "nested": [
            (0, 1, True),
            (1, 2, True),
            (2, 1, False),
            (0, 2, True),
            (2, 0, False),
            (1, 0, False),
            (1, 1, False),
        ],
        "one after another": [(0, 1, True), (1, 0, False), (0, 0, False)],
        "if": [(0, 1, False), (1, 0, False), (0, 2, True), (1, 2, True), (2, 0, False), (2, 1, False)],
        "for": [(0, 1, True), (1, 0, False), (0, 0, False)],
    }
    for a, b, can in meant[name]:
        assert code.follows(ops[a], ops[b]) == can, (a, b)


def test_loops_around_a_place_are_from_the_outside_in() -> None:
    code = read_code(compiled(SOURCES["nested"]).__code__)
    inner, outer = sorted(code.loops, key=lambda begin: len(code.loops[begin]))
    assert code.around(inner) == [outer, inner] and code.around(outer) == [outer] and outer < inner
    assert code.loops[inner] < code.loops[outer]


def test_calls_are_told_from_operators_and_users_code_from_libraries() -> None:
    code = read_code(compiled("a = len([n]) + n\nb = max(*[n, a])\nreturn a * b").__code__)
    calls = [x.offset for x in code._instructions if code.calls_at(x.offset)]
    names = {x.opname for x in code._instructions if x.offset in calls}
    assert names <= {"CALL", "PRECALL", "CALL_FUNCTION_EX"} and "CALL_FUNCTION_EX" in names
    for library in (np.stack, read_code, each, __import__("functools").reduce):
        inner = getattr(library, "__wrapped__", library)
        if isinstance(getattr(inner, "__code__", None), CodeType):
            assert read_code(inner.__code__).users == (library is each)


def test_a_position_within_an_instruction_is_its_start() -> None:
    code = read_code(compiled(SOURCES["for"]).__code__)
    offsets = [x.offset for x in code._instructions]
    for a, b in pairwise(offsets):
        assert {code.place(x) for x in range(a, b)} == {a}
    assert code.place(10**6) == offsets[-1]


def test_a_loop_that_goes_back_is_told_by_its_columns_and_not_without_them() -> None:
    """As after ``python -X no_debug_ranges``, where nobody knows which numbers stand in its header."""
    code = compiled("a = -1\nfor i in range(n, 3, -1):\n a = a + i\nreturn a").__code__
    (loop,) = read_code(code).backwards
    assert loop in read_code(code).loops
    assert not read_code(code.replace(co_linetable=b"")).backwards
