"""Two faults or one: each step of the decision by itself, with the answers of the graph given."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import pairs
from tinygraph.check.audit.book import Match
from tinygraph.check.audit.departures import Departure
from tinygraph.check.audit.kinds import PLAIN
from tinygraph.check.audit.pairs import FaultPairs
from tinygraph.check.audit.right import Thing
from tinygraph.check.audit.written import Operation

from .test_pairs import A, Graph, half, operation, plain

WRONG = frozenset("abc")
REPLAYED: dict[Any, Any] = {"all": "of it"}


class World:
    """Three lines, each of which reads what the one before makes; what the graph says of them is set by each test."""

    def __init__(self) -> None:
        self.leaf = tg.parameter(A)
        a = np.tanh(self.leaf)
        b = np.tanh(a)
        self.a, self.b, self.c = (operation(k, x) for k, x in enumerate((a, b, np.tanh(b)), start=1))
        self.operation_of = {x: o for o in (self.a, self.b, self.c) for x in o.nodes}
        self.written, self.values, self.zeros = self, {"now": "it is"}, set[Any]()
        self.still, self.matches, self.read = frozenset[str](), list[Match](), set[Any]()
        self.results: dict[str, Any] = {}
        self.right = SimpleNamespace(gradients={})

    def departure(self, o: Operation, mended: str = "", family: Any = ("h",)) -> Departure:
        node = o.nodes[0]
        right = {node: node.value + 1}
        return Departure(o, node, Thing("adjoint", "h", 1, family, right[node]), right, frozenset(mended), {})

    def value(self, x: Any) -> Any:
        return 0 * x.value if x in self.zeros else x.value

    def reads_right(self, x: Any) -> bool:
        return x in self.read

    def replayed(self, _: Any) -> Any:
        return REPLAYED

    def left_wrong(self, _: Any) -> Any:
        return self.still

    def look(self, *_: Any) -> list[Match]:
        return self.matches

    def upstream(self, *_: Any) -> list[Operation]:
        return [self.b]

    def readers(self, x: Any) -> list[Any]:
        return [tg.parameter(A)]  # of which no line is known

    def pairs(self, **methods: Any) -> Any:
        own = FaultPairs(self, SimpleNamespace())  # type: ignore[arg-type]
        vars(own).update(methods)
        return own


@each(
    "surer, told, first, due",
    [
        ("other", False, "f", "wother"),
        ("other", True, "f", "wother"),
        ("", True, "f", "wrsd"),
        ("", False, "f", "rf"),
        ("", False, None, "rsd"),
    ],
)
def test_what_explains_a_departure_is_what_has_a_name(surer: str, told: bool, first: Any, due: str) -> None:
    own = World().pairs(
        what_is_scaled=lambda d, _: f"s{d}",
        what_is_read=lambda d, _: f"r{d}",
        where_scaled=lambda d, _: f"w{d}",
        _surer=lambda d, _: surer or d,
        is_told=lambda _: told,
        first_of_two=lambda *_: first,
    )
    assert own.explained("d", [], WRONG) == due


@each(
    "sure, zeros, reads, told, due",
    [
        (False, "", "ac", "ac", "c"),  # c mends more
        (True, "", "ac", "ac", "b"),
        (False, "c", "ac", "ac", "a"),
        (False, "", "a", "ac", "a"),
        (False, "", "ac", "a", "a"),
        (False, "", "bc", "ab", "b"),  # b is the one itself
        (False, "ac", "ac", "ac", "b"),
    ],
)
def test_what_mends_less_but_reads_right_things_is_surer(
    sure: bool, zeros: str, reads: str, told: str, due: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, asked = World(), list[Any]()
    for name in "abc":
        node = getattr(world, name).nodes[0]
        world.zeros |= {node} if name in zeros else set()
        world.read |= {node} if name in reads else set()

    def runs(_: Any, departure: Departure) -> list[Any]:
        asked.append(departure.values)
        return [SimpleNamespace(reads_right=False), SimpleNamespace(reads_right=sure)]

    monkeypatch.setattr(pairs, "runs_of", runs)
    own = world.pairs(is_told=lambda d: any(d.operation is getattr(world, name) for name in told))
    whole = world.departure(world.b, "abc")
    others = [world.departure(world.a, "a"), world.departure(world.c, "ab"), world.departure(world.b, "abc")]
    assert own._surer(whole, others).operation is getattr(world, due) and asked == [REPLAYED]
    assert due != "b" or own._surer(whole, others) is whole


@each(
    "zeros, first, second, due",
    [
        (True, "", "plain", True),
        (True, "plain nameable", "told nameable", False),
        (False, "plain", "told", True),
        (False, "plain", "", False),
        (False, "nameable", "plain", True),
        (False, "nameable", "told nameable", False),
        (False, "", "plain told nameable", False),
    ],
)
def test_two_faults_have_names_both(
    zeros: bool, first: str, second: str, due: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, seen = World(), list[Departure]()
    world.zeros = {*world.a.nodes} if zeros else set()

    def among(kinds: Any, _: Any, departure: Departure) -> bool:
        seen.append(departure)
        told = first if departure.operation is world.a else second
        return ("plain" if kinds == PLAIN else "nameable") in told.split()

    monkeypatch.setattr(pairs, "is_among", among)
    monkeypatch.setattr(pairs, "is_told", lambda _, d: "told" in (first if d.operation is world.a else second).split())
    whole = world.departure(world.c, "a")
    both = {x: x.value + k for k, o in enumerate((world.a, world.b)) for x in o.nodes}
    assert world.pairs()._are_two(world.departure(world.a), world.b, whole, both) is due
    assert all(d.values is REPLAYED for d in seen)
    others = [d for d in seen if d.operation is world.b]
    assert all(d.due is whole.due and d.right == {x: both[x] for x in world.b.nodes} and not d.mended for d in others)


CASES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"reads": []}, False),
    ({"family": ()}, False),
    ({"told": True}, False),
    ({"told": True, "zeros": True, "less": True}, True),
    ({"told": True, "zeros": True}, False),
    ({"told": True, "less": True}, False),
    ({"reads": ["leaf"]}, False),
    ({"reads": ["b"]}, False),  # of the line itself
    ({"reads": ["a", "c"]}, False),  # of two lines
    ({"matches": [("adjoint", 2.0)]}, False),
    ({"matches": [("value", 1.0)]}, False),
    ({"matches": [("value", 1.0), ("part", 1.0)]}, True),
    ({"matches": []}, False),
    ({"still": "c"}, True),
    ({"still": "a"}, False),  # what it mends alone
    ({"still": "d"}, False),
    ({"named": False}, False),
    ({"named": False, "zeros": True}, True),
]


@each("more, moved", CASES)
def test_of_a_line_without_a_named_fault_what_it_reads_is_blamed(
    more: dict[str, Any], moved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    nodes = [world.leaf if name == "leaf" else getattr(world, name).nodes[0] for name in more.get("reads", ["a"])]
    run = SimpleNamespace(made={x: 0 * A if more.get("zeros") else A for x in nodes})
    whole = world.departure(world.b, "a", more.get("family", ("h",)))
    asked = list[Any]()

    def operand(_: Any, departure: Departure) -> list[Any]:
        asked.append(departure)
        return [(run, x, x.value.T + 2) for x in nodes]

    monkeypatch.setattr(pairs, "operand_of", operand)
    monkeypatch.setattr(pairs, "is_told", lambda *_: more.get("told", False))
    monkeypatch.setattr(pairs, "is_among", lambda *_: more.get("less", False))
    world.still = frozenset(more.get("still", "bc"))
    found = more.get("matches", [("adjoint", 1.0)])
    world.matches = [Match(Thing(kind, "z", 1, ("z",), A), factor, False) for kind, factor in found]
    own = world.pairs(is_told=lambda _: more.get("named", True)).what_is_read(whole, WRONG)
    assert all(d.values is REPLAYED for d in asked) and bool(asked) is bool(whole.due.family)
    assert (own is not whole) is moved
    if moved:
        assert own.operation is world.a and own.node is nodes[0] and own.mended == WRONG - world.still
        assert own.due.kind == found[-1][0] and own.values is world.values
        np.testing.assert_array_equal(own.right[nodes[0]], A * 0 + np.tanh(A) + 2)


@each(
    "least, still, spoilt, due",
    [
        (2, "cd", {"d": 2.0}, True),
        (2, "bcd", {"d": 2.0}, False),  # mends one
        (4, "cd", {"d": 2.0}, False),
        (2, "c", {}, False),  # makes none a multiple
        (2, "cde", {"d": 2.0, "e": 2.0}, False),
        (2, "cd", {"d": None}, False),  # there is no such gradient
        (2, "cd", {"d": 0.0}, False),  # nor a multiple
        (3, "d", {"d": -0.5}, True),
        (2, "", {}, False),
    ],
)
def test_a_multiple_that_another_undoes(
    least: int, still: str, spoilt: dict[str, Any], due: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    whole, node = world.departure(world.b), world.b.nodes[0]
    monkeypatch.setattr(pairs, "but_for_a_factor", lambda _, o: {node: "thing"} if o is world.b else {})
    monkeypatch.setattr(pairs, "mending_none", lambda *_: whole)
    values = {x: A * (spoilt[name] or 0) for name, x in zip(spoilt, (world.leaf, node), strict=False)}
    world.replayed = lambda right: values if right is whole.right else {}  # type: ignore[method-assign]
    world.wrong = lambda _: frozenset(still)  # type: ignore[attr-defined]
    world.results = {
        name: None if spoilt[name] is None else x for name, x in zip(spoilt, (world.leaf, node), strict=False)
    }
    world.right.gradients = dict.fromkeys(spoilt, A)
    own = world.pairs().undone([world.a, world.b], WRONG, least)
    assert (own is not None) is due
    if own is not None:
        assert own == replace(whole, mended=WRONG - frozenset(still))


@each(
    "names, two, due",
    [("b", True, True), ("bc", True, True), ("a", True, False), ("d", True, False), ("b", False, False)],
)
def test_the_first_of_two_faults_leaves_wrong_what_both_do(
    names: str, two: bool, due: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, asked = World(), list[Any]()
    first = world.departure(world.b)

    class Left:
        def __init__(self, _: Any, dues: Any) -> None:
            asked.extend(dues)

        def left_wrong(self, rows: Any) -> list[frozenset[str]]:
            return [frozenset(names) for _ in rows]

    monkeypatch.setattr(pairs, "Outlook", Left)
    own = world.pairs(
        _adjoints_for=lambda o: [first] if o is world.b else [world.departure(o)], _are_two=lambda *_: two
    )
    whole = world.departure(world.c, "a")
    told = own.first_of_two(whole, WRONG)
    assert (told is first) is due and own.firsts == ({world.b} if due else set()) and (due or told is None)
    assert [{*both} for both in asked] == [{*world.b.nodes, *world.c.nodes}]


def test_what_also_scales_another_thing_is_not_blamed_for_one() -> None:
    graph = Graph(plain, half)
    departure = graph.departure(0.25, "adjoint")
    assert graph.pairs().where_scaled(departure, WRONG) is not departure
    graph.second.nodes.append(tg.parameter(A) * 3.0)
    assert graph.pairs().where_scaled(departure, WRONG) is departure
