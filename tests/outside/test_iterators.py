"""Iterators of C and generators: what a function takes of one is refused by name; one that only lies there is not."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

SAME = [1.0] * 50
X = np.ones(3)


def _late() -> Iterator[float]:
    for k in itertools.count():
        yield 1.0 if k < 100 else 2.0


def _each_of() -> Iterator[float]:
    yield from SAME


ITERATORS: dict[str, Callable[[], Any]] = {
    "list": lambda: iter(SAME),
    "tuple": lambda: iter((*SAME,)),
    "dict": lambda: iter(dict.fromkeys(range(50))),
    "items": lambda: iter(dict.fromkeys(range(50)).items()),
    "set": lambda: iter({*range(50)}),
    "deque": lambda: iter(deque(SAME)),
    "str": lambda: iter("1" * 50),
    "range": lambda: iter(range(50)),
    "array": lambda: iter(np.ones(50)),
    "flat": lambda: np.ones(50).flat,
    "reversed": lambda: reversed(SAME),
    "zip": lambda: zip(SAME, SAME, strict=True),
    "map": lambda: map(float, SAME),
    "map of a count": lambda: map(float, itertools.count(1)),
    "filter": lambda: filter(None, SAME),
    "enumerate": lambda: enumerate(SAME),
    "chain": lambda: itertools.chain(SAME, [2.0]),
    "islice": lambda: itertools.islice(SAME, 40),
    "cycle": lambda: itertools.cycle([*SAME, 2.0]),
    "product": lambda: itertools.product([1.0], SAME),
    "repeat": lambda: itertools.repeat(1.0, 50),
    "generator": _late,
    "yield from": _each_of,
    "expression": lambda: (1.0 for _ in SAME),
}


@each("word", [*ITERATORS])
def test_what_a_trace_takes_of_an_iterator_is_refused_by_its_name(word: str) -> None:
    values = ITERATORS[word]()
    with pytest.raises(tg.GraphError, match=r"changes the position of values, on which(?s:.*)call next\(\.\.\.\)"):
        tg.compile(lambda x: np.sum(x) if next(values) is not None else x, backend="numpy")(X)


def test_so_is_one_in_its_second_round() -> None:
    values = itertools.cycle([1.0, 1.0])
    assert [next(values) for _ in range(3)] == [1.0] * 3
    with pytest.raises(tg.GraphError, match="changes the position of values"):
        tg.compile(lambda x: np.sum(x) * next(values), backend="numpy")(X)


def test_so_is_one_that_an_object_holds() -> None:
    holder = SimpleNamespace(rates=iter([1.0] * 4 + [2.0] * 50))
    with pytest.raises(tg.GraphError, match=r"changes the position of holder\.rates"):
        tg.compile(lambda x: np.sum(x) * next(holder.rates), backend="numpy")(X)


@each_backend
def test_iterators_that_the_function_does_not_advance_are_not_refused(backend: str) -> None:
    values = {word: make() for word, make in ITERATORS.items()}
    f = tg.compile(lambda x: np.sum(x) * len(values), backend=backend)
    for _ in range(5):
        assert f(X) == 3 * len(values)
        assert all(next(v, 0) is not None for v in values.values())


def test_a_count_that_makes_names_is_not_refused_and_one_that_makes_numbers_is() -> None:
    count = itertools.count(1)
    f = tg.compile(lambda x: tg.sum(x, name=f"h{next(count)}"), backend="numpy")
    assert f(X) == f(X) == 3.0
    with pytest.raises(tg.GraphError, match="changes what count counts"):
        tg.compile(lambda x: np.sum(x) * next(count), backend="numpy")(X)
    constant = itertools.repeat(2.0)
    assert tg.compile(lambda x: np.sum(x) * next(constant), backend="numpy")(X) == 6.0
