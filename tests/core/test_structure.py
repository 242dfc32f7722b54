"""Nestings of lists, tuples, named tuples and dicts: taken apart and put together again in the same order."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, defaultdict
from random import Random
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.structure import builder, leaves, map_leaves, ordered_as, rebuild


class Pair(NamedTuple):
    h: Any
    c: Any


def nesting(draw: Random, depth: int = 3) -> Any:
    """A nesting of any kind and depth, with None and empty parts among its leaves, which are numbered texts."""
    kind = draw.choice(["leaf", "leaf", "none", "list", "tuple", "dict", "pair"]) if depth < 3 else "list"
    if kind == "none":
        return None
    if kind == "leaf" or depth == 0:
        return str(draw.random())
    if kind == "pair":
        return Pair(nesting(draw, depth - 1), nesting(draw, depth - 1))
    parts = [nesting(draw, depth - 1) for _ in range(draw.randrange(4))]
    return dict(zip("badc", parts, strict=False)) if kind == "dict" else (tuple if kind == "tuple" else list)(parts)


def in_order(structure: Any) -> list[Any]:
    """The leaves, told by the text of the structure, in which they stand in order."""
    return [part for part in repr(structure).split("'") if part[:2] == "0."]


def shape(structure: Any) -> str:
    return re.sub(r"'0[.]\d+'", "_", repr(structure))


NESTINGS = [nesting(Random(seed)) for seed in range(60)]


@each("structure", NESTINGS)
def test_leaves_stand_in_order_and_go_back_to_their_places(structure: Any) -> None:
    parts = leaves(structure)
    assert parts == in_order(structure)
    assert shape(rebuild(structure, parts)) == shape(builder(structure)(parts)) == shape(structure)
    new = [f"0.{k}" for k in range(len(parts))]
    for again in (
        rebuild(structure, new),
        builder(structure)(new),
        map_leaves(dict(zip(parts, new, strict=True)).get, structure),
    ):
        assert in_order(again) == new and shape(again) == shape(structure)


def test_one_builder_serves_many_times() -> None:
    build = builder({"a": [0, (0, None)], "b": Pair(0, {})})
    for k in range(3):
        assert build([k, k + 1, k + 2]) == {"a": [k, (k + 1, None)], "b": Pair(k + 2, {})}


def test_dicts_come_in_the_order_of_others() -> None:
    like = {"b": 1, "a": [{"y": 2, "x": 3}, 4]}
    other = {"a": [{"x": 30, "y": 20}, 40], "b": 10}
    assert leaves(ordered_as(other, like)) == [10, 20, 30, 40] and leaves(other) == [30, 20, 40, 10]
    assert leaves(ordered_as(({"x": 1, "y": 2}, 3), ({"y": 0, "x": 0}, 0))) == [2, 1, 3]
    for wrong in ({"b": 10}, {"a": other["a"], "b": 10, "c": 1}):
        with pytest.raises(KeyError, match="in place of"):
            ordered_as(wrong, like)
    assert ordered_as({"x": 1}, {}) == {"x": 1} and ordered_as([1, 2], [1]) == [1, 2]


class Attributes(dict):
    def __init__(self, *args: Any, **items: Any) -> None:
        super().__init__(*args, **items)
        self.__dict__ = self


@each("make", [Attributes, OrderedDict, Counter])
def test_a_dict_of_a_class_stays_one(make: Any) -> None:
    structure = make({"a": 1, "b": make({"c": 2})})
    for new in (map_leaves(lambda x: x + 1, structure), builder(structure)([2, 3]), rebuild(structure, [2, 3])):
        assert new == {"a": 2, "b": {"c": 3}} and type(new) is type(new["b"]) is make
    turned = ordered_as(make({"b": 1, "a": 2}), {"a": 0, "b": 0})
    assert type(turned) is make and [*turned] == ["a", "b"]


class Named(dict):
    """It begins with something else than its items."""

    def __init__(self, title: str) -> None:
        self.title = title


class Titled(list):
    title = ""


class Fixed(dict):
    def update(self, *items: Any, **more: Any) -> None:
        raise AttributeError("it is fixed")


class Alone(Fixed):
    def __init__(self) -> None:
        pass


def test_a_dict_or_list_keeps_what_it_holds_beside_its_items() -> None:
    named, titled, alone = Named("two"), Titled([1]), Alone()
    named["a"], titled.title = 1, "two"
    dict.update(alone, a=1)
    for structure in (defaultdict(float, a=1), named, titled, Fixed(a=1)):
        for new in (map_leaves(lambda x: x + 1, structure), builder(structure)([2]), rebuild(structure, [2])):
            assert type(new) is type(structure) and leaves(new) == [2] and leaves(structure) == [1]
            for word in ("title", "default_factory"):
                assert getattr(new, word, None) == getattr(structure, word, None)
    assert type(map_leaves(lambda x: x, alone)) is dict


@each("backend", ["numpy", "native"])
def test_compiled_functions_get_them_so_and_tell_them_apart(backend: str) -> None:
    compiled = tg.compile(lambda d: {"y": d["a"] * d.default_factory()}, backend=backend)
    for k in (2.0, 3.0, 2.0):
        y = compiled(defaultdict(lambda k=k: k, a=np.ones(2)))
        assert y["y"].tolist() == [k, k]
    named, compiled = Named("two"), tg.compile(lambda d: d["a"] * len(d.title), backend=backend)
    named["a"] = np.ones(2)
    for named.title in ("a", "abc", "a"):
        assert compiled(named).tolist() == [len(named.title)] * 2
    named.title = [1]
    with pytest.raises(tg.GraphError, match="may change"):
        compiled(named)


def test_states_arguments_and_gradients_with_keys_as_attributes() -> None:
    def cell(inputs: Any, state: Any) -> Any:
        h = np.tanh(inputs.x + state.h)
        return h, Attributes(h=h)

    def last(xs: Any, state: Any) -> Any:
        return tg.unroll(cell, xs, state)[1]

    xs, state = Attributes(x=np.ones((3, 2))), Attributes(h=np.zeros(2))
    right = last(xs, state)
    assert type(right) is Attributes
    for backend in ("numpy", "native"):
        np.testing.assert_allclose(tg.compile(last, backend=backend)(xs, state).h, right.h.value, rtol=1e-12)
    weights = Attributes(w=tg.parameter([1.0, 2.0]))
    _, gradients = tg.value_and_grad(lambda: tg.sum(weights.w**2), weights)()
    assert gradients.w.value.tolist() == [2.0, 4.0]
