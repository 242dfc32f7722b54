"""Wrong arguments as a tired person passes them: another type, shape, size, number, name or structure."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.core.op import Spec
from tinygraph.core.traced import Slot, Tracing

HUGE, BEYOND_MEMORY = 10**30, 1 << 62


def itself() -> list[Any]:
    """A list that holds itself."""
    own: list[Any] = [1.0]
    own.append(own)
    return own


def traced() -> Any:
    """A node of a compiled function, met outside of it."""
    slot = Slot(Spec((2, 3), np.dtype(float)), "x")
    with Tracing():
        return tg.tanh(slot)


def structured() -> Any:
    return np.zeros(2, [("a", float), ("b", int)])


class Bare:
    """An object that is nothing in particular."""


class Refusing:
    """Looks like an array, and is none."""

    shape, dtype, ndim, size = "wide", "real", None, "large"

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ValueError("this is no array")


PLAIN: dict[str, Callable[[], Any]] = {
    repr(x)[:20]: lambda x=x: x
    for x in (
        *(None, True, False, "", "text", "float32", b"bytes", Ellipsis, NotImplemented, 1j, ()),
        *(0, -1, 1, 3, 17, HUGE, -HUGE, BEYOND_MEMORY, 0.5, -0.5, 1e300, math.nan, math.inf, -math.inf),
        *(
            slice(0, 2),
            range(3),
            (1, 2, 3),
            (-1, -1),
            (0.5,),
            ("a", None),
            (HUGE, 2),
            np.float64,
            int,
            tg.cells.GRU,
            np,
        ),
        *(pathlib.Path("no-such-folder", "x"), print, ValueError("x"), np.int64(2), np.float32(1.5), np.bool_(True)),
    )
}

MADE: dict[str, Callable[[], Any]] = {
    "object": Bare,
    "refusing": Refusing,
    "itself": itself,
    "traced": traced,
    "structured": structured,
    "list": list,
    "dict": dict,
    "set": lambda: {1, 2},
    "frozenset": lambda: frozenset({"a"}),
    "generator": lambda: (x for x in (1.0, 2.0)),
    "function": lambda: lambda: 1.0,
    "one argument": lambda: lambda x: x,
    "dict of words": lambda: {"a": 1.0},
    "dict of numbers": lambda: {0: 1.0, 1: "x"},
    "nested": lambda: [[[1.0], 2], {"a": ()}],
    "ragged": lambda: [[1.0, 2.0], [3.0]],
    "list of None": lambda: [None, None],
    "list of words": lambda: ["a", "b"],
    "list of numbers": lambda: [1.0, 2.0],
    "list of nodes": lambda: [tg.parameter(1.0), tg.parameter([1.0])],
    "objects": lambda: np.array([None, Bare()], object),
    "words": lambda: np.array(["a", "b"]),
    "bytes array": lambda: np.array([b"a"]),
    "complex": lambda: np.ones((2, 3)) * 1j,
    "dates": lambda: np.array(["2020-01-01"], "datetime64[D]"),
    "booleans": lambda: np.ones((2, 3), bool),
    "integers": lambda: np.arange(6).reshape(2, 3),
    "empty": lambda: np.zeros((0,)),
    "empty rows": lambda: np.zeros((0, 3)),
    "five axes": lambda: np.ones((1, 2, 1, 3, 1)),
    "number array": lambda: np.array(2.0),
    "half": lambda: np.ones((2, 3), "f2"),
    "long": lambda: np.ones((2, 3), np.longdouble),
    "other shape": lambda: np.ones((4, 7)),
    "vector": lambda: np.ones(5),
    "nan array": lambda: np.full((2, 3), np.nan),
    "unsigned": lambda: np.array([255, 3], "u1"),
    "node": lambda: tg.parameter(np.ones((2, 3)), "p"),
    "node number": lambda: tg.parameter(2.0),
    "op": lambda: tg.tanh,
    "node of integers": lambda: tg.constant([1, 2]),
    "inner node": lambda: tg.tanh(tg.parameter(np.ones((3, 3)))),
    "node of nothing": lambda: tg.constant(np.zeros((0, 3))),
    "cell": lambda: tg.cells.RNN(3, 4, rng=0),
    "compiled": lambda: tg.compile(lambda x: x),
    "generator of numbers": lambda: np.random.default_rng(0),
    "drawing": lambda: tg.draw(tg.constant(1.0)),
    "many": lambda: list(range(20_000)),
    "long array": lambda: np.arange(1e5),
    "long word": lambda: "word" * 5000,
    "dtype": lambda: np.dtype("i4"),
    "recurrent": lambda: tg.Recurrent(tg.cells.RNN(3, 4)),
}

WRONG = PLAIN | MADE
"""By name, each makes a new value: nothing that a call changes reaches the next one."""

MISSPELT = ("axes", "axis1", "Axis", "keep_dims", "dimension", "hiden_size", "learning_rates", "name ", "size")
