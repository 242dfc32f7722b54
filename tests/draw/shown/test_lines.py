"""What lines call what they make, read from their text; and the parts of graphs that lead into themselves."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph import ops
from tinygraph.cells.around import stack
from tinygraph.cells.base import cell
from tinygraph.cells.base import linear as equations
from tinygraph.draw.shown.cells import components, upwards
from tinygraph.draw.shown.letters import _shared
from tinygraph.draw.shown.lines import Named, _expressions, _named, is_authors


def told(source: str) -> dict[str, Named]:
    """Maps the text of each expression that is named, on one line, to what is done with it."""
    lines = source.splitlines()
    out = {}
    for (first, last, begin, end), named in _expressions(source).items():
        assert first == last
        out[lines[first - 1].encode()[begin:end].decode()] = named
    return out


IN = "def step(x, h):\n    "
LINES = {
    "h = tanh(z)": {"tanh(z)": (("h",), False)},
    "self.h = tanh(z)": {"tanh(z)": (("h",), False)},
    "hs[t] = tanh(z)": {"tanh(z)": (("hs[t]",), False)},
    "self.hs[t] = tanh(z)": {"tanh(z)": (("hs[t]",), False)},
    "hs[0] = tanh(z)": {},
    "h: Any = tanh(z)": {"tanh(z)": (("h",), False)},
    "h: Any": {},
    "print(h := tanh(z))": {"tanh(z)": (("h",), False)},
    "h += tanh(z)": {"h += tanh(z)": (("h",), False)},
    "a = b = tanh(z)": {"tanh(z)": (("b",), False)},
    "a, b = tanh(z), exp(z)": {"tanh(z)": (("a",), False), "exp(z)": (("b",), False)},
    "[a, (b, c)] = f(z), g(z)": {"f(z)": (("a",), False), "g(z)": (("b", "c"), False)},
    "a, b = split(z)": {"split(z)": (("a", "b"), False)},
    "a, *rest = split(z)": {"split(z)": (("a", "*rest"), False)},
    "a, f()[0] = split(z)": {},
    "a, b = (f(x) for x in xs)": {"f(x)": (("a", "b"), False)},
    "a, b = [f(x) for x in xs]": {"f(x)": (("a", "b"), False)},
    "*all, = [f(x) for x in xs]": {"f(x)": (("*all",), False)},
    "hs = [f(x) for x in xs]": {"[f(x) for x in xs]": (("hs",), False)},
    "h = f(x) if a else g(x)": {"f(x)": (("h",), False), "g(x)": (("h",), False)},
    "a_name_of_twenty_one_x = f(x)": {},
    "a_name_of_twenty_ones = f(x)": {},
    "a_name_of_twenty_one = f(x)": {"f(x)": (("a_name_of_twenty_one",), False)},
    "cell = lambda x, h: f(x)": {"lambda x, h: f(x)": (("cell",), False), "f(x)": ((), True)},
    f"{IN}return f(x)": {"f(x)": ((), True)},
    f"{IN}return": {},
    f"{IN}h = f(x)\n    return h": {"f(x)": (("h",), True), "h": ((), True)},
    f"{IN}h = f(x)\n    return h, h": {"f(x)": (("h",), False), "h, h": ((), True)},
    f"{IN}h += f(x)\n    return h": {"h += f(x)": (("h",), True), "h": ((), True)},
    f"{IN}if a:\n        h = f(x)\n    return h": {"f(x)": (("h",), True), "h": ((), True)},
    f"{IN}for x in h:\n        h = f(x)\n    return h": {"f(x)": (("h",), False), "h": ((), True)},
    f"{IN}while x:\n        h = f(x)\n    return h": {"f(x)": (("h",), False), "h": ((), True)},
    f"{IN}return f(x) if a else g(x)": {"f(x)": ((), True), "g(x)": ((), True)},
    "h = f(x": {},
    "h = f(x)\0": {},
}


@each("source", LINES)
def test_an_expression_is_called_as_what_it_is_assigned_to(source: str) -> None:
    """And a caller may name what is returned as it is; what a loop assigns again and again is not it."""
    assert told(source) == LINES[source]


def test_a_span_is_of_all_lines_of_an_expression() -> None:
    assert _expressions("\nh = f(\n  x\n)") == {(2, 4, 4, 1): Named(("h",), False)}


def test_lines_of_the_user_and_equations_of_cells_name_what_they_make() -> None:
    assert is_authors(__file__) and is_authors(equations.__file__) and is_authors("<ipython-input-1>")
    others = (cell.__file__, stack.__file__, ops.__file__, np.__file__)
    assert not any(map(is_authors, map(str, others)))


def graph(seed: int) -> dict[int, list[int]]:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 9))
    return {a: [b for b in draw.permutation(n).tolist() if draw.random() < 0.22] for a in range(n)}


def reached(after: dict[int, list[int]]) -> set[tuple[int, int]]:
    """All pairs with a way from the one to the other, of one arrow at least."""
    ways = {(a, b) for a, bs in after.items() for b in bs}
    for k, a, b in product(after, after, after):
        if (a, k) in ways and (k, b) in ways:
            ways.add((a, b))
    return ways


@each("seed", range(60))
def test_components_are_what_leads_into_itself_and_come_after_what_they_lead_to(seed: int) -> None:
    after, ways = graph(seed), reached(graph(seed))
    order = np.random.default_rng(seed).permutation(len(after)).tolist()
    parts = components(order, after)
    assert sorted(g for part in parts for g in part) == sorted(after) and all(part == sorted(part) for part in parts)
    of = {g: k for k, part in enumerate(parts) for g in part}
    for a, b in product(after, after):
        assert (of[a] == of[b]) == (a == b or ((a, b) in ways and (b, a) in ways))
    assert all(of[b] <= of[a] for a, bs in after.items() for b in bs)


@each("seed", range(60))
def test_what_stands_on_nothing_that_goes_round_is_put_in_order(seed: int) -> None:
    below, ways = graph(seed), reached(graph(seed))
    order = upwards(below)
    round_ = {a for a in below if (a, a) in ways}
    assert sorted(order) == [a for a in below if a not in round_ and not any((a, b) in ways for b in round_)]
    assert all(order.index(b) < order.index(a) for a in order for b in below[a])
    assert upwards({5: [], 3: [], 4: []}) == [5, 3, 4], "in the order of the keys, where there is no other"


X, Y = tg.constant([1.0]), tg.constant([2.0])
TANH = [tg.tanh(tg.constant([float(k)])) for k in range(6)]


@each(
    "names, members, right",
    [
        (("h",), TANH[:1], [("h", 0)]),
        (("h",), TANH[:3], [("h", 2)]),
        (("a", "b"), TANH[:2], [("a", 0), ("b", 1)]),
        (("a", "b"), TANH[:4], [("a", 2), ("b", 3)]),
        (("a", "b"), TANH[:3], []),
        (("a", "b", "c"), TANH[:6], [("a", 3), ("b", 4), ("c", 5)]),
        (("a", "*rest"), TANH[:4], [("a", 0)]),
        (("*rest", "z"), TANH[:4], [("z", 3)]),
        (("a", "*rest", "y", "z"), TANH[:5], [("a", 0), ("y", 3), ("z", 4)]),
        (("a", "*rest", "z"), TANH[:2], [("a", 0), ("z", 1)]),
        (("a", "*rest", "z"), TANH[:1], []),
        (("*all",), TANH[:3], []),
        (("a", "b"), [tg.exp(Y), *TANH[:2]], []),
    ],
)
def test_of_the_nodes_of_a_line_the_last_have_its_names(names: Any, members: Any, right: Any) -> None:
    """Those of one op, in order; what a star takes has no name, and if they do not go into one another, none has."""
    place = {x: k for k, x in enumerate(TANH)}
    assert [(name, place.get(x)) for name, x in _shared(names, members[::-1])] == right


def test_a_list_of_several_alike_has_no_node_of_its_own() -> None:
    twice = [tg.add(X, Y), tg.add(X, Y)]
    assert _shared(("h",), twice) == [] and _shared(("h",), [tg.add(X, Y), tg.add(Y, X)]) != []


def test_code_that_does_not_tell_its_columns_names_nothing() -> None:
    """As after ``python -X no_debug_ranges``."""
    code = graph.__code__
    told = [_named(code, 2 * k) for k in range(len(code.co_code) // 2)]
    assert Named(("draw",), False) in told and Named((), True) in told
    lines_alone = b"".join(bytes([0b1_1101_000 | 7, 0]) for _ in range(len(code.co_code) // 16))
    for table in (b"", lines_alone):
        bare = code.replace(co_linetable=table)
        assert {_named(bare, 2 * k) for k in range(len(code.co_code) // 2)} == {None}
