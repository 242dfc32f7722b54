"""A line that was lost is put back where it stood: after the line before it, for gradients and for what is carried."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.atoms import Scope, ScopeWatch
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.inserts import CARRIED, GROWS, MISSING, MORE, Gap, Inserts
from tinygraph.check.audit.objects import Objects
from tinygraph.check.audit.source import blocks, statements
from tinygraph.check.audit.subject import Subject
from tinygraph.check.audit.terms import Terms

from .passes import PASSES, loaded

LOST = {
    "columns_tuple": ["dWy += ", "dby += ", "dWx += ", "dWh += ", "dbh += ", "dh_next = Wh"],
    "batch_dict": ['grads["V"] += ', 'grads["W"] += ', 'grads["U"] += ', 'grads["b"] += ', "carry = da"],
    "layers": ["self.dWx += ", "self.dWh += ", "self.db += "],
    "tagger": ["dV += ", "dc += ", "dR += ", "dU += ", "db += ", "ds_next = self"],
    "cache_norm": ["dWh += ", "dbh += ", "dWo += ", "dbo += ", "dnext = dpre"],
}
"""By pass the beginnings of lines of which each is lost once."""


@functools.cache
def scopes(name: str) -> tuple[Subject, list[Scope], list[Terms]]:
    """The functions of the backward pass with what a run has seen there."""
    arguments, keywords = PASSES[name].call(loaded(PASSES[name].file))
    if len(arguments) == 4:
        subject: Subject = Functions(*arguments)
    else:
        subject = (
            Functions(arguments[0], None, **keywords) if "parameters" in keywords else Objects(*arguments, **keywords)
        )
    cases = Cases(subject)
    seen = ScopeWatch(subject, cases.case(2 if cases.places else None)).scopes.values()
    every = [scope for scope in seen if scope.backward]
    return subject, every, [*map(Terms, every)]


@contextmanager
def lost(scope: Scope, at: ast.stmt) -> Iterator[ast.stmt]:
    """A context in which a statement is not there; its value is the one before it."""
    block = next(b for b in blocks(scope.source.tree) if any(x is at for x in b))
    before = [*block]
    k = next(k for k, x in enumerate(block) if x is at)
    try:
        del block[k]
        yield block[k - 1] if k else block[0]
    finally:
        block[:] = before


def gaps(scope: Scope, inserts: Inserts) -> list[Gap]:
    return [gap for at in statements(scope.source.tree) for gap in inserts.gaps(at)]


@each("name", list(LOST))
def test_a_lost_line_comes_after_the_line_that_was_before_it(name: str) -> None:
    subject, every, terms = scopes(name)
    shapes, tried = {x.shape for x in subject.parameters.values()}, 0
    for scope, term in zip(every, terms, strict=True):
        for at in statements(scope.source.tree):
            if not any(scope.source.line(at.lineno).strip().startswith(text) for text in LOST[name]):
                continue
            assert isinstance(at, (ast.AugAssign, ast.Assign))
            target = ast.unparse(at.target if isinstance(at, ast.AugAssign) else at.targets[0])
            role = GROWS if isinstance(at, ast.AugAssign) else CARRIED
            with lost(scope, at) as before:
                inserts = Inserts(term, shapes, [*subject.parameters])
                own = [g for g in gaps(scope, inserts) if ast.unparse(g.node) == target and g.role == role]
                rows = [inserts.line(g, getattr(at, "op", None), at.value, 1.0) for g in own]
            (first, new), kind, _ = min(rows, key=lambda row: row[2])
            assert (first.lineno, kind) == (before.lineno, MISSING), ast.unparse(at)
            assert ast.unparse(ast.fix_missing_locations(new)) == ast.unparse(at)
            tried += 1
    assert tried == len(LOST[name])


def named(name: str, line: str, role: int) -> set[tuple[str, bool]]:
    """What lines of a role may set where a line is lost, and whether that is at the end of a block alone."""
    subject, (scope,), (term,) = scopes(name)
    at = next(x for x in statements(scope.source.tree) if scope.source.line(x.lineno).strip().startswith(line))
    with lost(scope, at):
        inserts = Inserts(term, {(5, 5)}, [*subject.parameters])
        own = [g for g in gaps(scope, inserts) if g.role == role]
        assert all(
            scope.arrays[ast.unparse(g.node)] == np.shape(subject.parameters["Wh"]) for g in own if role == GROWS
        )
        return {
            (ast.unparse(g.node), all(h.last for h in own if ast.unparse(h.node) == ast.unparse(g.node))) for g in own
        }


def test_what_a_lost_line_may_set_is_a_wrong_gradient_or_what_is_read_before_it_is_set() -> None:
    assert named("columns_tuple", "dWh += ", GROWS) == {("dWh", False)}
    assert named("columns_tuple", "dWy += ", GROWS) == set()  # a line makes it
    assert {name for name, _ in named("columns_tuple", "dh_next = Wh", CARRIED)} >= {"dh_next"}
    assert all(last for _, last in named("columns_tuple", "dh_next = Wh", CARRIED))
    more = named("columns_tuple", "dWh += ", MORE)
    assert {("dz", True), ("dh", True), ("dWx", True)} <= more and not {"Wx", "dWh", "hs"} & {name for name, _ in more}


def test_each_kind_of_line_has_its_operators() -> None:
    node = ast.parse("dW", mode="eval").body
    own = [Gap(ast.Pass(), node, 0, 0, False, role).operators for role in (GROWS, CARRIED, MORE)]
    assert [[type(op) for op in ops] for ops in own] == [[ast.Add, ast.Sub], [type(None)], [ast.Add]]


def test_a_variable_that_no_line_sets_is_likelier_to_be_carried_than_one_that_is_set() -> None:
    subject, (scope,), (term,) = scopes("columns_tuple")
    at: Any = next(
        x for x in statements(scope.source.tree) if scope.source.line(x.lineno).strip().startswith("dh_next = Wh")
    )
    with lost(scope, at):
        inserts = Inserts(term, {(5, 5)}, [*subject.parameters])
        *_, gap = (
            g for g in gaps(scope, inserts) if g.role == CARRIED and ast.unparse(g.node) == "dh_next"
        )  # the loop's

        def weight(name: str) -> float:
            return inserts.line(replace(gap, node=ast.parse(name, mode="eval").body), None, at.value, 1.0)[2]

        assert weight("dh_next") + 0.3 < weight("dz") == weight("dh")


def test_values_for_a_gap_have_its_shape() -> None:
    _, (scope,), (term,) = scopes("columns_tuple")
    inserts = Inserts(term, {(5, 5)}, [])
    gap = next(g for g in gaps(scope, inserts) if ast.unparse(g.node) == "dh")
    arrays = {name: np.ones(shape) for name, shape in scope.arrays.items() if name.isidentifier()}
    numbers = {**arrays, "np": np, **{name: 2 for name in scope.sizes if name.isidentifier()}}
    checked = set()
    for value, _ in inserts.values(gap):
        text = ast.unparse(ast.fix_missing_locations(value))
        if not any("[" in n for n in map(ast.unparse, ast.walk(value)) if n):
            assert np.shape(eval(text, numbers)) == scope.arrays["dh"], text
            checked.add(text)
    assert {"dz", "Wh.T @ dz", "Wy.T @ dy"} <= checked and len(checked) > 8
