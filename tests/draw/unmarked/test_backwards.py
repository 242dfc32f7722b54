"""Which loops go through a sequence from its end: those whose own header says so."""

from __future__ import annotations

import numpy as np

from tests.each import each
from tinygraph.draw.unmarked.bytecode import read_code

from .running import run, told

HEADERS = {
    "reversed(xs)": True,
    "reversed(range(4))": True,
    "xs[::-1]": True,
    "np.flip(xs, 0)": True,
    "range(3, -1, -1)": True,
    "xs": False,
    "range(4)": False,
    "xs[-3:]": False,
    "xs[:-1]": False,
    "zip(xs[:-1], ys[1:])": False,
    "range(3, -1)": False,
    "range(-1, 3)": False,
    "enumerate(xs)": False,
    "zip(xs, ys[::-1])": True,
    "(a for a in xs)": False,
}


def directions(source: str) -> list[bool]:
    """Of each loop, in the order of the lines, whether it goes from the end."""
    names: dict[str, object] = {"np": np}
    exec(compile(source, "<loops>", "exec"), names)
    code = read_code(names["loops"].__code__)  # type: ignore[attr-defined]
    return [begin in code.backwards for begin in sorted(code.loops)]


@each("header", HEADERS)
def test_a_loop_goes_from_the_end_if_its_header_says_so(header: str) -> None:
    assert directions(f"def loops(xs, ys):\n for x in {header}:\n  x + 1") == [HEADERS[header]]


@each("header", HEADERS)
def test_what_stands_around_a_loop_does_not_turn_it(header: str) -> None:
    """The same words before, within and after it, and other loops before and after it."""
    more = " ys = list(reversed(xs)) + xs[::-1] + [*range(3, -1, -1)] + list(np.flip(xs, 0))\n"
    source = f"def loops(xs, ys):\n{more} for x in {header}:\n {more} x + 1\n{more}"
    assert directions(source) == [HEADERS[header]]
    two = f"def loops(xs, ys):\n for x in ys[::-1]:\n  x\n for x in {header}:\n  x\n for x in ys:\n  x"
    assert directions(two) == [True, HEADERS[header], False]
    nested = f"def loops(xs, ys):\n for y in reversed(ys):\n  for x in {header}:\n   x\n  y"
    assert directions(nested) == [True, HEADERS[header]]


def test_a_while_loop_has_no_header_to_say_so() -> None:
    assert directions("def loops(xs, ys):\n a = xs[::-1]\n while a[::-1]:\n  a = a[:-1]") == [False]
    assert directions("def loops(xs, ys):\n n = 3\n while list(reversed(xs[:n])):\n  n -= 1") == [False]


@each("turned", [True, False])
def test_steps_count_down_in_a_loop_from_the_end(turned: bool) -> None:
    order = "[::-1]" if turned else ""
    source = f"""
xs = [*X][::-1]
h = np.zeros((2, 3))
for x in xs{order}:
    h = np.tanh(x @ U + h @ W)
loss = np.mean(h)
"""
    steps = [x.step for x in told(run(source)) if x.op is not None and x.op.name == "tanh"]
    assert steps == ([3, 2, 1, 0] if turned else [0, 1, 2, 3])
