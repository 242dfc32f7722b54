"""Writes that are refused say which array, how it would be changed, at which line, why, and what to write instead."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.scope import Kept, now, settle

P = np.arange(6.0).reshape(2, 3) + 1.0


def before_any_recording() -> tg.Node:
    """Other files' `tinygraph.numpy` records for as long as the process lives."""
    with Kept():
        now.recorder = None
        settle()
        return tg.parameter(P, "w_out") * 2.0


OUTSIDE = before_any_recording()
WAYS: dict[str, tuple[Any, str]] = {
    "item assignment": (lambda a: a.__setitem__(0, 1.0), "item assignment"),
    "'+='": (lambda a: a.__iadd__(1.0), r"'\+='"),
    "'*='": (lambda a: a.__imul__(2.0), r"'\*='"),
    "out=": (lambda a: np.tanh(P, out=a), r"np\.tanh \(out=\)"),
    "np.add.at": (lambda a: np.add.at(a, 0, 1.0), r"np\.add\.at"),
    "copyto": (lambda a: np.copyto(a, P), "item assignment"),
    "fill": (lambda a: a.fill(1.0), "item assignment"),
}


def compiled_reader(p: Any) -> Any:
    z = np.zeros((2, 3))
    z[0] = p[0]
    tg.compile(lambda x: x * z, backend="numpy")(P)
    return z


WHY: dict[str, tuple[Any, str, str]] = {
    "a parameter": (lambda p: p, "it is a parameter", r"set its value after the gradient(?s:.*)np\.copy\(w\)"),
    "from outside": (lambda p: OUTSIDE, "it was made outside of the recording", r"copy it first: a = np\.copy\(a\)"),
    "a view of a parameter": (lambda p: p[:1], "it is a view of a parameter or of other data", "copy it first"),
    "a view of a view of it": (lambda p: p[:, 1:].T, "it is a view of a parameter or of other data", "copy it first"),
    "a view of what is outside": (lambda p: OUTSIDE[1:], "it is a view of a parameter|made outside", "copy it first"),
    "read by a compiled function": (compiled_reader, "a compiled function has read it from outside", "copy it first"),
}


@each("way", list(WAYS))
@each("why", list(WHY))
def test_in_a_recording_the_reason_is_told(way: str, why: str) -> None:
    write, how = WAYS[way]
    make, reason, fix = WHY[why]

    def run(p: Any) -> None:
        write(make(p))

    if way in ("out=", "copyto") and why.startswith("a view"):
        return  # of other shapes
    with pytest.raises(tg.MutationError) as told:
        tg.recorded(run)(tg.parameter(P, "w"))
    words = str(told.value)
    assert re.search(f"cannot be changed by {how}: ({reason})", words), words
    assert re.search(fix, words) and re.search(r"test_why_not\.py:\d+", words), words


@each("way", [way for way in WAYS if way not in ("copyto", "fill")])
def test_outside_of_a_recording_it_is_told_how_to_record(way: str) -> None:
    write, how = WAYS[way]
    node = tg.parameter(P, "w") * 2.0
    with pytest.raises(tg.MutationError, match=rf"cannot be changed by {how}|would change an array in place") as told:
        write(node)
    assert "import tinygraph.numpy as np" in str(told.value) and "tg.recorded" in str(told.value)


@each("name", ["sort", "partition"])
def test_before_any_recording_methods_that_work_in_place_say_so(name: str) -> None:
    with Kept():
        now.recorder = None
        settle()
        with pytest.raises(tg.MutationError) as told:
            getattr(OUTSIDE, name)(*[0] * (name == "partition"))
    words = (
        rf"(?s)cannot be changed by \.{name}\(\), which works in place.*test_why_not\.py:\d+.*np\.sort\(x\); .*numpy"
    )
    assert re.search(words, str(told.value)) and (OUTSIDE.value == 2 * P).all()


def test_what_shows_an_array_read_only_is_refused() -> None:
    def run(p: Any) -> None:
        z = np.zeros(3) + p[0]
        wide = np.broadcast_to(z, (2, 3))
        wide[0] = 1.0

    with pytest.raises(tg.MutationError, match=r"cannot be changed(?s:.*)copy it first"):
        tg.recorded(run)(tg.parameter(P))


@each(
    "write, words",
    [
        (
            lambda z, p: z.__iadd__(np.ones((2, 2, 3))),
            r"the result does not fit into the array(?s:.*)\(2, 3\)(?s:.*)\(2, 2, 3\)(?s:.*)write a = a \+ b",
        ),
        (
            lambda z, p: z.__setitem__(0, p[:, 0]),
            r"setitem of .*: the value does not fit(?s:.*)broadcasts to \(3,\)(?s:.*)\(2,\)",
        ),
        (lambda z, p: z.__setitem__((0, 0, 0), 1.0), "indices|axes"),
        (lambda z, p: np.tanh(p.T, out=z), r"does not fit into the array(?s:.*)\(2, 3\)(?s:.*)\(3, 2\)"),
    ],
)
def test_what_does_not_fit_is_told_with_both_shapes(write: Any, words: str) -> None:
    def run(p: Any) -> None:
        write(np.zeros((2, 3)) + 0.0 * p, p)

    with pytest.raises((tg.GraphError, IndexError), match=words):
        tg.recorded(run)(tg.parameter(P))


@each("why", list(WHY))
@each("copied", [np.copy, lambda a: a.copy(), lambda a: a * 1.0, lambda a: np.array(a)])
def test_copies_may_be_written_where_their_originals_may_not(copied: Any, why: str) -> None:
    def run(p: Any) -> Any:
        z = copied(WHY[why][0](p))
        z[0] = 7.0
        return z

    assert (tg.recorded(run)(tg.parameter(P)).value[0] == 7).all() and (OUTSIDE.value == 2 * P).all()
