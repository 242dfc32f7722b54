"""How far an iterator has come: another digest after each value taken, the same one while nothing is taken."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.outside.iterators import is_iterator, position


def counting() -> Iterator[int]:
    n = 0
    while True:
        n += 1
        yield n


def lines() -> Iterator[int]:
    yield 1
    yield 1
    yield 1


SAME = [1, 1, 1, 1]
MAKERS: dict[str, Callable[[], Any]] = {
    "list": lambda: iter(SAME),
    "tuple": lambda: iter((1, 1, 1)),
    "str": lambda: iter("aaa"),
    "range": lambda: iter(range(3)),
    "dict": lambda: iter({1: 1, 2: 1, 3: 1}),
    "set": lambda: iter({1, 2, 3}),
    "reversed": lambda: reversed(SAME),
    "array": lambda: iter(np.ones(3)),
    "flat": lambda: np.ones((2, 2)).flat,
    "zip of map": lambda: zip(map(abs, iter(SAME)), SAME, strict=False),
    "filter": lambda: filter(None, iter(SAME)),
    "enumerate": lambda: enumerate(iter(SAME)),
    "chain": lambda: itertools.chain([1], [1], [1]),
    "islice": lambda: itertools.islice(iter(SAME), 4),
    "accumulate": lambda: itertools.accumulate(iter(SAME)),
    "count": itertools.count,
    "product": lambda: itertools.product([1, 1], [1, 1]),
    "cycle, from its second round on": lambda: itertools.cycle([1, 1]),
    "generator of other lines": lines,
    "generator that counts": counting,
}


@each("name", [*MAKERS])
def test_each_value_that_is_taken_moves_it_and_a_look_does_not(name: str) -> None:
    it = MAKERS[name]()
    assert is_iterator(type(it))
    if name.startswith("cycle"):
        [next(it) for _ in range(2)]
    before = position(it)
    assert position(it) == before
    for _ in range(3 - (name == "cycle, from its second round on")):
        next(it)
        after = position(it)
        assert after != before, name
        before = after


@each("name", ["list", "generator of other lines", "zip of map", "filter", "reversed", "dict"])
def test_one_that_has_ended_stays_where_it_is(name: str) -> None:
    it = MAKERS[name]()
    for _ in it:
        pass
    end = position(it)
    assert next(it, None) is None and position(it) == end


def test_what_is_no_iterator_of_python_or_numpy_is_none() -> None:
    class Mine:
        def __iter__(self) -> Mine:
            return self

        def __next__(self) -> int:
            return 1

    assert not is_iterator(Mine) and not is_iterator(list) and is_iterator(type(iter([])))
