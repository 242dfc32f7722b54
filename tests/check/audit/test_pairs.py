"""Pairs of faults by themselves: which line of several that scale is blamed, and what stands for what was made."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import findings, joins
from tinygraph.check.audit.bindings import Bindings
from tinygraph.check.audit.book import Match
from tinygraph.check.audit.departures import Departure
from tinygraph.check.audit.lines import Line
from tinygraph.check.audit.pairs import FaultPairs, _shapes_fit
from tinygraph.check.audit.right import Thing
from tinygraph.check.audit.written import Operation
from tinygraph.ops.writing import copy

rng = np.random.default_rng(2)
A, B = rng.normal(size=(2, 3, 2))
WRONG = frozenset("abc")


def operation(line: int, *nodes: Any) -> Operation:
    return Operation(Line("net.py", "f", line, "", "", "", True), [*nodes])


class Graph:
    """Two runs of a line that makes ``x``, and of one that reads it."""

    def __init__(self, make: Any, read: Any, line: int = 8, more: Any = None, runs: int = 2) -> None:
        made = [make(tg.parameter(A + k)) for k in range(2)]
        self.read = [read(x) for x in made[:runs]]
        others = [more(x) for x in made] if more else []
        self.first, self.second = operation(7, *made), operation(line, *self.read)
        third = operation(9, *others)
        self.operations = {x: o for o in (self.first, self.second, third) for x in o.nodes}
        self.left: frozenset[str] = frozenset()

    def readers(self, x: Any) -> list[Any]:
        return [r for r in self.operations if any(y is x for y in r.inputs)]

    def departure(self, factor: float, kind: str) -> Departure:
        right = {x: x.value * factor if kind else x.value + B for x in self.first.nodes}
        node = self.first.nodes[0]
        due = Thing(kind or "adjoint", "h", 1, ("h",), right[node])
        return Departure(self.first, node, due, right, frozenset("a"), {})

    def pairs(self) -> FaultPairs:
        present = SimpleNamespace(written=self, left_wrong=lambda right: self.left, value=lambda x: x.value)
        self.operation_of = self.operations
        return FaultPairs(present, SimpleNamespace())  # type: ignore[arg-type]


def plain(x: Any) -> Any:
    return np.tanh(x)


def half(x: Any) -> Any:
    return x / 2.0


def times(x: Any) -> Any:
    return 3.0 * x


@each(
    "make, read, more, moved",
    [
        (plain, half, {}, True),
        (plain, times, {}, True),
        (plain, np.tanh, {}, False),  # it does more than scale
        (half, times, {}, False),  # it scales itself
        (plain, half, {"kind": "value"}, False),
        (plain, half, {"factor": 0.0, "kind": ""}, False),  # no multiple of what is due
        (plain, half, {"line": 7}, False),
        (plain, half, {"more": np.tanh}, False),  # two readers
        (plain, half, {"runs": 1}, False),
        (plain, half, {"left": WRONG}, False),
        (plain, half, {"left": frozenset("bc")}, True),
    ],
)
def test_of_a_multiple_that_is_only_scaled_the_line_is_blamed_that_scales_it(
    make: Any, read: Any, more: dict[str, Any], moved: bool
) -> None:
    graph = Graph(make, read, **{name: x for name, x in more.items() if name in ("line", "more", "runs")})
    graph.left = more.get("left", frozenset())
    departure = graph.departure(more.get("factor", 0.25), more.get("kind", "adjoint"))
    own = graph.pairs().where_scaled(departure, WRONG)
    assert (own.operation is graph.second) is moved and (own is departure) is not moved
    if moved:
        assert own.node is graph.read[0] and [*own.right] == graph.read and own.mended == WRONG - graph.left
        for x, y in zip(own.right, departure.right, strict=True):
            assert own.right[x] is departure.right[y]


@each(
    "make, read, due, scaled",
    [
        (plain, half, 2.0, True),
        (plain, times, 2.0, True),
        (plain, lambda x: -x, 2.0, True),
        (plain, copy, 2.0, True),
        (plain, np.tanh, 2.0, False),
        (plain, half, 1.0, False),
        (plain, half, None, False),
    ],
)
def test_what_is_right_but_for_a_factor_and_scaled_again_is_not_blamed(
    make: Any, read: Any, due: float | None, scaled: bool
) -> None:
    graph = Graph(make, read)
    pairs = graph.pairs()
    matches = {
        x: [Match(Thing("adjoint", "h", 1, ("h",), x.value), due, False)] if due else [] for x in graph.first.nodes
    }
    present: Any = pairs._present
    present.look, present.is_known = lambda x: matches[x], lambda x: True
    assert pairs.is_scaled(graph.first) is scaled
    present.is_known = lambda x: False
    assert not pairs.is_scaled(graph.first)
    alone: Any = SimpleNamespace(nodes=[tg.parameter(A)])
    assert not pairs.is_scaled(alone)


def test_an_operation_fits_where_it_has_a_node_of_the_shape_for_each_value() -> None:
    def due(*shapes: Any) -> Any:
        return SimpleNamespace(right={k: np.ones(shape) for k, shape in enumerate(shapes)})

    one = operation(1, tg.parameter(A), tg.parameter(A))
    assert _shapes_fit(one, due((3, 2), (3, 2))) and _shapes_fit(one, due((3, 2)))
    assert not _shapes_fit(one, due((3, 2), (2, 3))) and not _shapes_fit(one, due((3, 2), (3, 2), (3, 2)))


@each(
    "made, due, matches, words",
    [
        (0 * A, A, [], "zeros"),
        (2 * A, A, [], "2 times what is due"),
        (-A / 3, A.ravel(), [], "-0.333333 times what is due"),
        (B, A, [], "nothing that a right backward pass makes"),
        (A[:1], A, [], "nothing that a right backward pass makes"),
        (B, A, [(1.0, False)], "the adjoint of z at step 1"),
        (B, A, [(1.0, True), (2.0, False)], "the adjoint of z at step 1, transposed"),
        (B, A, [(0.5, False)], "0.5 times the adjoint of z at step 1"),
    ],
)
def test_what_was_made_is_told_in_the_words_of_the_right_graph(made: Any, due: Any, matches: Any, words: str) -> None:
    node = tg.parameter(made)
    thing = Thing("adjoint", "z", 1, ("z",), B)
    written: Any = SimpleNamespace(matches={node: [Match(thing, factor, turned) for factor, turned in matches]})
    assert findings._in_words(written, node, Thing("adjoint", "h", 1, ("h",), due)) == words


G = rng.normal(size=(4, 3, 2))
"""Gradients of the right graph."""


class Bound:
    """A name ``a`` that lines 5 and 6 read, a name ``b`` that line 7 reads, and line 9, which is right."""

    def __init__(self) -> None:
        self.a, self.b = tg.parameter(A), tg.parameter(B)
        log = np.tanh(self.b)  # of the name alone
        self.nodes = {5: self.a * self.b, 6: self.b / self.a, 7: log * self.a, 9: tg.parameter(G[3])}
        self.operation_of = {x: operation(line, x) for line, x in self.nodes.items()}
        self.operation_of[self.nodes[6]].line = self.operation_of[self.nodes[6]].line._replace(whole=False)
        self._readers = {self.a: [self.nodes[5], self.nodes[6]], self.b: [log], log: [self.nodes[7]]}
        self.right = SimpleNamespace(things=[Thing("adjoint", "g", k, ("g",), g) for k, g in enumerate(G)])
        self.right.things += [Thing("value", "v", 0, ("v",), A + B)]

    def readers(self, x: Any) -> list[Any]:
        return self._readers[x]

    def selects(self, _: Any) -> bool:
        return False

    def is_number(self, x: Any) -> bool:
        return x.size == 1

    def come_right(self, names: str, **lines: Any) -> int | None:
        """How many lines come right with another thing for these names, if the lines make that."""
        present: Any = SimpleNamespace(written=self, value=lambda x: x.value)
        own = Bindings(present, SimpleNamespace())  # type: ignore[arg-type]
        values = {x: np.array([lines.get(f"l{line}", x.value)]) for line, x in self.nodes.items()}
        return own._come_right(values, [0], [[getattr(self, name) for name in names]]).get(0)


@each(
    "names, lines, due",
    [
        ("a", {"l5": G[0], "l6": G[1]}, 2),
        ("a", {"l5": G[0], "l6": -2 * G[1]}, 2),  # a multiple is right enough
        ("a", {"l5": G[0]}, 0),  # one of two lines may be wrong itself
        ("a", {"l5": G[0], "l6": A + B}, 0),  # a value of the forward pass is no gradient
        ("a", {"l7": G[0]}, 0),
        ("b", {"l7": G[0]}, 1),  # all that read it
        ("b", {"l5": G[0], "l6": G[1]}, 0),
        ("ab", {"l5": G[0], "l7": G[1]}, 2),
        ("ab", {"l7": G[1]}, 0),
        ("a", {"l5": G[0], "l6": G[1], "l9": A}, None),  # what was right does not stay so
        ("a", {"l5": G[0], "l6": G[1], "l9": G[2]}, 2),
        ("a", {}, 0),
    ],
)
def test_names_are_bound_wrongly_if_several_lines_or_all_that_read_them_come_right(
    names: str, lines: dict[str, Any], due: int | None
) -> None:
    assert Bound().come_right(names, **lines) == due


def joined_of(due: Any, others: bool = False, turn: bool = False) -> tuple[Departure, Departure, Any]:
    """What a concatenation of two things departs for, with that departure and the operations of the two."""
    parts = [tg.parameter(A.T if turn else A) * 2.0, tg.parameter(B) * 2.0]
    joined = [np.transpose(parts[0]) if turn else parts[0], parts[1]]
    whole = np.concatenate(joined, 0)
    operations = [operation(k, x) for k, x in enumerate((*parts, whole))]
    own = {x: o for o in operations for x in o.nodes}
    things = {0: Thing("adjoint", "first", 1, ("a",), due[:3]), 3: Thing("adjoint", "whole", 1, ("w",), due)}
    written: Any = SimpleNamespace(
        picked=lambda x: parts[0] if x is joined[0] else x,
        operation_of=own,
        readers=lambda x: [whole, whole * 2.0] if others else [whole],
        look=lambda x, value: [Match(t, 1.0, False) for t in things.values() if np.array_equal(t.array, value)],
    )
    present: Any = SimpleNamespace(written=written, value=lambda x: x.value)
    departure = Departure(operations[2], whole, things[3], {whole: due}, frozenset("a"), {})
    return joins.joined(present, departure), departure, operations


def test_of_a_join_the_one_thing_that_is_wrong_is_blamed() -> None:
    right = np.concatenate([2 * A, 2 * B])
    first, second = right.copy(), right.copy()
    first[:3] += 1
    second[3:] += 1
    for due, k in ((first, 0), (second, 1)):
        own, departure, operations = joined_of(due)
        part = operations[k].nodes[0]
        assert own.operation is operations[k] and own.node is part and own.mended == departure.mended
        np.testing.assert_array_equal(own.right[part], due[:3] if k == 0 else due[3:])
        assert own.due.of == ("first" if k == 0 else "whole") and own.due.array.shape == (3, 2)
        same, departure, _ = joined_of(due, others=True)  # another reads it, and would be wrong then
        assert same is departure
    for due in (right + 1, right):
        own, departure, _ = joined_of(due)
        assert own is departure


def test_what_is_turned_before_it_is_joined_is_not_blamed() -> None:
    """What is due of it would have another shape."""
    own, departure, _ = joined_of(np.concatenate([2 * A + 1, 2 * B]), turn=True)
    assert own is departure
