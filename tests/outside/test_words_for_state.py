"""State that a function changes, or that has changed since it was traced, is called by the words of the user's code."""

from __future__ import annotations

import functools
import types
from collections import deque
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

TOTAL = 0
MODULE = types.ModuleType("settings")
MODULE.n = 0  # type: ignore[attr-defined]


class Counter:
    total = 0


class Own:
    def __init__(self) -> None:
        self.n, self.parts = 0, {"a": [0, 0]}

    def count(self, x: Any) -> Any:
        self.n += 1
        return x * self.n


class Slotted:
    __slots__ = ("n",)

    def __init__(self) -> None:
        self.n = 0


def functions() -> dict[str, Any]:
    """By the words: how the state is changed, and how it is read."""
    cache, kept, slot, own, objects, last = {"n": 0}, [0, 0], Slotted(), Own(), np.array([0, None]), deque([0])
    n = 0

    def named() -> None: ...

    named.count = 0  # type: ignore[attr-defined]

    def change_n() -> None:
        nonlocal n
        n += 1

    def change_total() -> None:
        global TOTAL
        TOTAL += 1

    def added(owner: Any, key: Any) -> None:
        owner[key] += 1

    def grown(owner: Any, name: str) -> None:
        setattr(owner, name, getattr(owner, name) + 1)

    return {
        "named.count": (lambda: grown(named, "count"), lambda: named.count),  # type: ignore[attr-defined]
        "Counter.total": (lambda: grown(Counter, "total"), lambda: Counter.total),
        "cache['n']": (lambda: added(cache, "n"), lambda: cache["n"]),
        "kept[1]": (lambda: added(kept, 1), lambda: kept[1]),
        "last[0]": (lambda: added(last, 0), lambda: last[0]),
        "slot.n": (lambda: grown(slot, "n"), lambda: slot.n),
        "own.n": (lambda: grown(own, "n"), lambda: own.n),
        "own.parts['a'][1]": (lambda: added(own.parts["a"], 1), lambda: own.parts["a"][1]),
        "objects.flat[0]": (lambda: added(objects, 0), lambda: objects[0]),
        "MODULE.n": (lambda: grown(MODULE, "n"), lambda: MODULE.n),
        "n": (change_n, lambda: n),
        "TOTAL": (change_total, lambda: TOTAL),
    }


@each("words", functions())
def test_a_place_is_called_as_the_user_writes_it(words: str) -> None:
    change, read = functions()[words]

    def counting(x: Any) -> Any:
        change()
        return x * read()

    with pytest.raises(tg.GraphError) as told:
        tg.compile(counting, backend="numpy")(np.ones(2))
    assert f"compile: the function changes {words}, on which its numbers depend" in str(told.value)
    compiled = tg.compile(lambda x: x * (read() + 1.0), backend="numpy")
    before = read()
    assert compiled(np.ones(2)).tolist() == [before + 1.0] * 2
    change()
    with pytest.raises(tg.GraphError) as told:
        compiled(np.ones(2))
    assert f"compile: {words} that the function reaches by itself has changed" in str(told.value)


def test_state_of_methods_defaults_and_partial_functions_too() -> None:
    own, counts = Own(), {"n": 0}

    def by_default(x: Any, counts: Any = counts) -> Any:
        counts["n"] += 1
        return x * counts["n"]

    def by_word(x: Any, *, counts: Any = counts) -> Any:
        return by_default(x, counts)

    for fn, words in (
        (own.count, "self.n"),
        (by_default, "a default of by_default['n']"),
        (by_word, "a default of by_word['n']"),
        (functools.partial(by_default, counts=counts), "['n']"),
    ):
        with pytest.raises(tg.GraphError) as told:
            tg.compile(fn, backend="numpy")(np.ones(2))
        assert f"{words}, on which its numbers depend" in str(told.value), str(told.value)
