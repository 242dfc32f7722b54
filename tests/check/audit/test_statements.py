"""Edits of each kind of statement, likely ones first; atoms, loops and indices of a function; repairs that are near."""

from __future__ import annotations

import ast
from itertools import groupby
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit import atoms, edits
from tinygraph.check.audit.edits import Edit, Edits, placed
from tinygraph.check.audit.inserts import MISSING
from tinygraph.check.audit.mended import Edited, credible, weight_at, with_edit
from tinygraph.check.audit.ranking import EditSpot
from tinygraph.check.audit.source import BLOCKS, blocks, source_of, statements, statements_at
from tinygraph.check.audit.trials import Clock

from .test_rewrites import back, scope, shown

SCOPE = scope()
MADE = Edits(SCOPE)


def tiers(text: str, *kinds: str) -> list[set[str]]:
    """The statements that come for one, of some kinds, in groups of one weight."""
    (at,) = ast.parse(text).body
    own = [(round(e.weight, 6), one_line(e.new[0])) for e in MADE.of(at) if e.kind in kinds]
    return [{row[1] for row in group} for _, group in groupby(own, key=lambda row: row[0])]


def one_line(new: ast.stmt) -> str:
    return "; ".join(line.strip() for line in ast.unparse(ast.fix_missing_locations(new)).splitlines())


ASSIGNED = (edits.ADDED, edits.SET, edits.SIGN)


@each(
    "text, kinds, due",
    [
        ("dz = dh", (edits.ADDED,), [{"dz += dh"}, {"dz -= dh"}, {"dz *= dh"}]),
        ("a, b = dh", (edits.ADDED,), []),
        ("[a, b] = dh", (edits.ADDED,), []),
        ("dz = di = dh", (edits.ADDED,), [{"dz += dh"}, {"dz -= dh"}, {"dz *= dh"}]),
        ("dz += n", (edits.ADDED, edits.SET), [{"dz = n"}, {"dz *= n"}]),
        ("dz *= n", (edits.ADDED, edits.SET), [{"dz += n", "dz = n"}, {"dz -= n"}]),
        ("dz = dh", (edits.EXTRA,), [{"pass"}]),
        ("dz += dh", (edits.EXTRA,), [{"pass"}]),
        ("f(dz)", (edits.EXTRA,), [{"pass"}]),
        ("return dz", (edits.EXTRA,), []),
        ("dz = dh", (edits.WHEN,), [{f"if {test}:; dz = dh" for test in ("t > 0", "t == 0", "t == n - 1")}]),
        ("if dz: pass", (edits.WHEN,), [{"if True:; pass", "if False:; pass"}]),
        ("while dz: pass", (edits.WHEN,), [{"while True:; pass", "while False:; pass"}]),
        (
            "for t in range(n): pass",
            (edits.BOUND,),
            [
                {"for t in reversed(range(n)):; pass"}
                | {f"for t in range({b}):; pass" for b in ("n - 1", "n + 1", "0", "-1", "1")},
                {"for t in range(1, n):; pass"},
            ],
        ),
        (
            "for t in reversed(range(1, n)): pass",
            (edits.BOUND,),
            [
                {"for t in reversed(reversed(range(1, n))):; pass"}
                | {f"for t in reversed(range({b}, n)):; pass" for b in ("1 - 1", "1 + 1", "0", "-1", "1")}
                | {f"for t in reversed(range(1, {b})):; pass" for b in ("n - 1", "n + 1", "0", "-1", "1")},
                {"for t in range(1, n):; pass"},
            ],
        ),
        ("for x in xs: pass", (edits.BOUND,), [{"for x in reversed(xs):; pass"}]),
        ("pass", (edits.EXTRA, edits.WHEN, *ASSIGNED), []),
    ],
)
def test_a_statement_is_put_right_in_each_way(text: str, kinds: tuple[str, ...], due: list[set[str]]) -> None:
    assert tiers(text, *kinds) == due


def test_signs_of_sums_and_targets_of_assignments() -> None:
    assert {"dz -= n"} in tiers("dz += n", edits.SIGN) and {"dz += n"} in tiers("dz -= n", edits.SIGN)
    for text in ("dz = n", "dz += n"):
        every = {x for tier in tiers(text, "another variable", "another gate's variable") for x in tier}
        assert {text.replace("dz", "dh"), text.replace("n", "t")} <= every and text not in every
    assert not any("=" in x and x.startswith("dh") for tier in tiers("dz = di = n", "another variable") for x in tier)
    returned = {x for tier in tiers("return dz, dh", "parts in the wrong order") for x in tier}
    assert returned == {"return (dh, dz)"}


def test_edits_are_by_weight_and_have_the_lines_of_what_they_replace() -> None:
    at: Any = next(x for x in statements(SCOPE.source.tree) if ast.unparse(x).startswith("dnext = U.T"))
    every = MADE.of(at)
    weights = [e.weight for e in every]
    assert weights == sorted(weights) and len(every) == len(MADE.values(at)) + len(MADE.others(at))
    for edit in every[::40]:
        (new,) = placed(edit)
        assert new.lineno == at.lineno
        compile(ast.Module([new], []), "edited", "exec")  # each part has a line
    assert {ast.unparse(e.new[0]) for e in MADE.values(at)} >= {"dnext = U @ dz"}
    more = Edit(SCOPE.source.function, at, (at, ast.Pass()), "", 0.0)
    assert more.line == at.end_lineno and Edit(SCOPE.source.function, at, (at,), "", 0.0).line == at.lineno


TREE = ast.parse(
    """
def f(a, xs, *, k=1):
    for t, x in enumerate(xs):
        a.h[t + 1] = g(a.W.T @ x, hs[t]['k'], y[-1, t], a.W.shape[0])
    return [b[i] for i in range(len(xs) - 1)] + [c for c in xs] + list(reversed(range(T)))
"""
).body[0]


def test_atoms_loops_and_indices_of_a_function() -> None:
    own = atoms.atoms_of(TREE)
    assert own[:3] == ["a", "xs", "k"] and len(own) == len({*own})
    assert {"a.h[t + 1]", "a.h", "hs[t]['k']", "hs[t]", "y[-1, t]", "a.W", "t", "x", "b[i]", "T"} <= {*own}
    assert not {"a.W.T", "a.W.shape", "g", "enumerate", "a.W.shape[0]"} & {*own} - {"a.W.shape[0]"}
    assert atoms.loop_names(TREE) == ["t", "i"]
    indices = atoms.indices_of(TREE)
    assert indices[0] == "t + 1" and len(indices) == len({*indices})
    assert {*indices} == {
        "t + 1",
        "t",
        "i",
        "t - 1",
        "i - 1",
        "i + 1",
        "-1",
        "0",
        *(f"{e} - 1 - {n}" for e in ("T", "len(xs)") for n in "ti"),
    }
    assert indices.index("t - 1") < indices.index("-1") < indices.index("0") < indices.index("len(xs) - 1 - t")
    assert atoms.indices_of(ast.parse("x[3]")) == [] and atoms.loop_names(ast.parse("for t in x: y")) == []


@each(
    "text, yes",
    [
        ("a", True),
        ("a.b", True),
        ("a[0]", True),
        ("a.b[0].c", True),
        ("f(a)", False),
        ("f(a).b", False),
        ("f(a)[0]", False),
        ("1", False),
    ],
)
def test_what_is_an_atom(text: str, yes: bool) -> None:
    assert atoms.is_atom(ast.parse(text, mode="eval").body) is yes


@each(
    "value, read, yes",
    [
        ([1], True, True),
        ((1,), True, True),
        ({}, True, True),
        (np.ones(3), False, False),
        (np.ones((2, 2)), False, True),
        (np.ones((2, 2)), True, False),
        (np.ones((2, 2, 2)), True, True),
        (3, False, False),
    ],
)
def test_whose_places_may_be_meant(value: Any, read: bool, yes: bool) -> None:
    assert atoms._is_open(value, read) is yes


def test_blocks_and_statements_by_line() -> None:
    rows = ["def f():", "    'doc'", "    if a:", "        b = 1", "    else:", "        c = 2", "    try:"]
    text = "\n".join([*rows, "        d = (3 +", "             4)", "    finally:", "        e = 5"])
    tree = ast.parse(text).body[0]
    assert len(list(blocks(tree))) == 5 and len(BLOCKS) == 3
    every = statements(tree)
    assert [x.lineno for x in every] == [3, 4, 6, 7, 8, 11]
    assert [[ast.unparse(x) for x in statements_at(tree, n)] for n in (4, 6, 9, 11)] == [
        ["b = 1"],
        ["c = 2"],
        ["d = 3 + 4"],
        ["e = 5"],
    ]
    assert [type(x) for x in statements_at(tree, 3)] == [ast.If] and statements_at(tree, 2) == []


def test_states_of_edits_leave_the_trees_before_as_they_are() -> None:
    source = source_of(back)  # type: ignore[arg-type]
    function, tree = source.function, source.tree
    at = next(x for x in statements(tree) if ast.unparse(x).startswith("dh = "))
    before, dump = Edited({function: tree}), ast.dump(tree)
    edit = Edit(function, at, tuple(ast.parse("dh = 2 + dnext").body), "", 0.0)
    after = with_edit(before, edit)
    assert ast.dump(tree) == dump and after.edits == (edit,) and "dh = 2 + dnext" in ast.unparse(after.trees[function])
    assert "dh = 1 + dnext" not in ast.unparse(after.trees[function])
    assert with_edit(after, Edit(function, ast.Pass(), (ast.Pass(),), "", 0.0)) is after


def test_repairs_that_are_near_are_more_credible() -> None:
    source = source_of(back)  # type: ignore[arg-type]
    short, long = (
        next(x for x in statements(source.tree) if ast.unparse(x).startswith(text)) for text in ("dh = ", "dz = ")
    )
    one, other = (Edit(source.function, at, (at,), "a wrong sign", 1.0) for at in (short, long))
    lost = Edit(source.function, long, (long, ast.Pass()), MISSING, 1.0)
    rows = [(1.2, 0, one), (1.0, 3, other), (1.0, 1, other), (1.0, 9, one), (1.001, 5, lost)]
    assert [row[:2] for row in sorted(rows, key=credible)] == [(1.001, 5), (1.0, 9), (1.0, 1), (1.0, 3), (1.2, 0)]
    near, far = EditSpot(source.function, short), EditSpot(source.function, short, far=5)
    assert weight_at(one, near) == 1.0 < weight_at(one, far) and weight_at(lost, far) == 1.0


def test_a_clock_ends_after_its_seconds_of_work() -> None:
    clock, late = Clock(0.05), Clock(0.0)
    assert late.over and not clock.over and clock.seconds == 0.05
    import time

    while time.process_time() < clock._end:
        sum(range(1000))
    assert clock.over and clock.over
    waiting = Clock(0.02)
    time.sleep(0.05)
    assert not waiting.over  # waiting is no work


def test_the_helper_shows_slices() -> None:
    tree: Any = ast.parse("a[1:]", mode="eval").body
    assert shown(tree.slice) == "1:" and shown(ast.Name("a")) == "a"
