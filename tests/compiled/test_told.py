"""What a compiled function and its plan tell of themselves: in a notebook, and by the journal of their compilation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.structure import leaves
from tinygraph.passes.journal import every

from .comparing import each_backend

W = tg.parameter(np.eye(3), "w")


def loss(xs: Any) -> Any:
    outputs, _ = tg.unroll(lambda x, h: (tg.tanh(x @ W + h),) * 2, xs, np.zeros((2, 3)))
    return tg.mean(outputs * outputs)


def text(html: str) -> list[str]:
    return unescape(re.sub(r"<[^>]+>", " ", html)).split()


@each_backend
def test_in_a_notebook_it_says_how_many_plans_there_are_and_the_latest(backend: str) -> None:
    step = tg.compile(loss, backend=backend)
    assert text(step._repr_html_()) == ["compiled", "loss:", "0", "plans"]
    for T, words in ((4, "compiled loss: 1 plan, the latest:"), (5, "compiled loss: 2 plans, the latest:")):
        step(np.ones((T, 2, 3)))
        told = " ".join(text(step._repr_html_()))
        assert told.startswith(words) and f"{T} steps of" in told
        plan = text(step.plan._repr_html_())
        assert plan == str(step.plan).split() and " ".join(plan) in told


def test_an_object_that_is_called_is_named_by_its_class() -> None:
    class Scaled:
        def __call__(self, x: Any) -> Any:
            return x * 2.0

    assert "compiled Scaled: 0 plans" in " ".join(text(tg.compile(Scaled())._repr_html_()))


def flat(actions: Any) -> Iterator[Any]:
    for action in actions:
        yield action
        yield from flat(getattr(action, "actions", ()))


@each_backend
@each("fn", [loss, tg.value_and_grad(loss, W)])
def test_the_journal_is_of_the_plans_own_actions_and_leaves_the_graph_alone(fn: Any, backend: str) -> None:
    step = tg.compile(fn, backend=backend)
    right = step(np.ones((4, 2, 3)))
    plan = step.plan
    places = [(node, node._place) for node in every(plan.before)]
    journal = plan.journal()
    assert [type(a) for a in flat(journal.actions)] == [type(a) for a in flat(plan.actions)]
    assert all(node._place is place for node, place in places)
    traced = {node for node, _ in places}
    assert {id(a) for a in flat(journal.actions)} >= journal.done_by.keys()
    assert all(node in traced for nodes in journal.done_by.values() for node in nodes) and journal.done_by
    for a, b in zip(leaves(right), leaves(step(np.ones((4, 2, 3)))), strict=True):
        np.testing.assert_array_equal(a, b)


def test_graphs_before_and_after_the_passes_are_drawn_and_no_other() -> None:
    step = tg.compile(loss, backend="numpy")
    step(np.ones((4, 2, 3)))
    for view, nodes in (("before", step.plan.before), ("after", step.plan.after)):
        assert step.graph(view) is nodes
    assert step.graph() is step.plan.after is not step.plan.before
    names = [{n.op.name for n in every(graph) if n.op is not None} for graph in (step.plan.before, step.plan.after)]
    assert "mean" in names[0] and "mean" not in names[1] and "sum" in names[1]
    with pytest.raises(tg.GraphError, match="the view is unknown"):
        step.graph("between")
