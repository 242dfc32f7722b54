"""How often a function is traced: once where it leaves nothing behind, and again where it does or may."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each


def still(x: Any, own: dict[str, int]) -> Any:
    return x * 2


def moving(x: Any, own: dict[str, int]) -> Any:
    own["n"] += 1
    return x * 2


def drawing(x: Any, own: dict[str, int]) -> Any:
    os.urandom(1)
    return x * 2


def asking(x: Any, own: dict[str, int]) -> Any:
    return x * 2 if getattr(own, "n", True) else x


def writing_once(x: Any, own: dict[str, int]) -> Any:
    own["n"] = 7
    return x * 2


TRIES = {
    still: [1, 1, 1, 1, 1, 1],
    moving: [9, 13, 17, 17, 21, 21],  # eight times more, and four times at each look: at the calls 2, 3, 5, 9, ...
    drawing: [5, 6, 7, 7, 8, 8],
    asking: [2, 3, 4, 4, 5, 5],
    writing_once: [2, 2, 2, 2, 2, 2],
}


@each("function", TRIES)
def test_a_function_is_traced_so_often(function: Any) -> None:
    calls: list[int] = []
    own = {"n": 0}

    def traced(x: Any) -> Any:
        calls.append(0)
        return function(x, own)

    compiled, counts = tg.compile(traced, backend="numpy"), []
    for _ in range(6):
        assert compiled(np.ones(2)).tolist() == [2.0, 2.0]
        counts.append(len(calls))
    assert counts == TRIES[function]
