"""While a function is compiled: parameters are read by nodes alone, and what makes float64 of float32 is noted."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.trail import LONGEST, leave_users_trail, reach_user, trail_of
from tinygraph.core.widening import noting

W = tg.parameter(np.array([1.0, 2.0], np.float32), "w")
X4 = np.ones(2, np.float32)


def reads(x: Any) -> Any:
    return x * float(W.value[0])


def sets(x: Any) -> Any:
    W.value = np.zeros(2, np.float32)
    return x


@each("fn, words", [(reads, "the value of parameter 'w' was read"), (sets, "the value of parameter 'w' was set")])
def test_a_parameters_numbers_are_neither_read_nor_set(fn: Any, words: str) -> None:
    with pytest.raises(tg.GraphError, match=words) as caught:
        tg.compile(fn, backend="numpy")(X4)
    assert "test_while_traced.py" in str(caught.value) and "while a function is compiled" in str(caught.value)
    assert W.value.tolist() == [1, 2]


def test_a_buffer_is_a_parameter_that_is_not_trained() -> None:
    array = np.array([3.0, 4.0])
    b = tg.buffer(array, "b")
    array[:] = 0
    assert (b.name, b.value.tolist(), b.trained, W.trained) == ("b", [3.0, 4.0], False, True)
    with pytest.raises(tg.GraphError, match="depends on no parameter that is trained"):
        tg.sum(b * b).backward()
    tg.sum(b * W).backward()
    assert b.grad is None and W.grad is not None and W.grad.tolist() == [3, 4]
    W.grad = None
    for wrong in ([1, 2], "text", None):
        with pytest.raises(tg.GraphError):
            tg.buffer(wrong)


class Odd:
    """Its array cannot be made."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise self.error


def test_what_an_objects_own_array_raises_is_told() -> None:
    with pytest.raises(tg.GraphError, match=r"a leaf needs an array: no memory[\s\S]*rows of equal length"):
        tg.constant(Odd(RuntimeError("no memory")))
    own = tg.GraphError("told by the object")
    with pytest.raises(tg.GraphError) as caught:
        tg.constant(Odd(own))
    assert caught.value is own


def widened(fn: Any, *args: Any) -> list[str]:
    """The ops that are noted."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        step = tg.compile(fn, backend="numpy")
        step(*args)
        step(*args)
        step(*(np.concatenate([a, a]) for a in args))
    assert all(w.category is tg.WideningWarning for w in told)
    assert len(told) <= 1, "once for a function"
    return [str(w.message) for w in told]


WIDE = np.arange(2.0)


@each(
    "fn, op",
    [
        (lambda x: x + np.float64(2), "add"),
        (lambda x: tg.exp(x) * np.array(2.0), "multiply"),
        (lambda x: tg.where(x > 0, x, np.array(0.5)), "where"),
        (lambda x: tg.concatenate([x, WIDE]), "concatenate"),
        (lambda x: x * 2.0 + 1, None),
        (lambda x: x.astype(np.float64) * 2.0, None),
        (lambda x: tg.constant(WIDE) * WIDE + tg.sum(x > 0), None),
        (lambda x: x.astype(np.float16) + x, None),
    ],
)
def test_the_first_op_that_widens_is_named_with_its_inputs(fn: Any, op: str | None) -> None:
    told = widened(fn, X4)
    if op is None:
        assert told == []
        return
    (text,) = told
    assert f"float32 becomes float64 in {op}" in text and "float32 (2,)" in text and "test_while_traced.py" in text
    assert "float(...)" in text


def test_notes_are_of_the_context_alone() -> None:
    with noting() as outer:
        with noting() as inner:
            pass
        assert inner == [] == outer and inner is not outer
    assert tg.core.scope.now.widenings is None


def deep(n: int) -> tg.Node:
    return deep(n - 1) if n else W * 2


def test_trails_begin_where_the_node_was_made_and_reach_the_user() -> None:
    node = deep(7)
    trail = trail_of(node)
    names = [code.co_name for code, _ in trail]
    assert len(trail) == 4 and names.count("deep") >= 3
    lines = [code.co_filename for code, _ in trail]
    assert sum(name == __file__ for name in lines) >= 3
    here = W * 2
    place = here._place
    reach_user(here)
    assert here._place == place, "it reaches the user's frames already"
    node._place = (None, None, None)
    assert trail_of(node) == []
    reach_user(node)
    code, _ = trail_of(node)[0]
    assert code.co_name == "test_trails_begin_where_the_node_was_made_and_reach_the_user"
    assert 1 <= len(trail_of(node)) <= LONGEST
    for other in ((1, None, None), (None, None, node)):
        node._place = other
        reach_user(node)
        leave_users_trail(node)
        assert node._place == other, "a step of a loop and a node of a gradient have other places"


@each("text", ["%d", "%5.1f", "%s"])
def test_a_number_may_be_shown_by_percent_and_is_lost_by_float_alone(text: str) -> None:
    x = tg.parameter(2.0)
    y = x * 3
    assert text % y == text % (y if text == "%s" else 6.0)
    shown = text
    shown %= y
    assert shown == text % (y if text == "%s" else 6.0)


SCRIPT = """
import tinygraph as tg
from tinygraph.core.trail import trail_of

def f(n):
    return f(n - 1) if n else tg.tanh(w)

w = tg.parameter(1.0)
for x in (w, tg.constant(1.0), tg.tanh(w), w * 2, *map(f, range(4))):
    print(*[code.co_name for code, _ in trail_of(x)])
"""


def test_in_a_script_trails_are_as_short_as_its_stack() -> None:
    root = Path(tg.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=root, check=True)
    names = [line.split() for line in done.stdout.split("\n")[:-1]]
    assert names[0] == [] and names[1] == ["call", "<module>"] and names[3] == ["operator", "<module>"]
    assert [names[2], *names[4:]] == [["<module>"], *([*["f"] * n, "<module>"] for n in (1, 2, 3)), ["f"] * 4]
