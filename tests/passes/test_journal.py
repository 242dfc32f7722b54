"""The journal: each traced op is done by an action, or the reason says why by none; noting changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

import tinygraph as tg
from tests.compiled.comparing import with_gradients
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.core.leaves import Constant
from tinygraph.core.node import Node
from tinygraph.passes import PushSlices
from tinygraph.passes.journal import Journal, every, makers, marked
from tinygraph.passes.rewriting import same_nodes
from tinygraph.plan.actions import Elementwise

from .graphs import CASES, built, run, trace

W = tg.parameter(np.random.default_rng(0).normal(size=(3, 3)) * 0.5, "W")
XS = np.random.default_rng(1).normal(size=(4, 2, 3))
CONSTANT = "made of constants alone: computed once, when compiled"
SAME = "changes nothing: its input is used in its place"
EQUAL = "equal to another op: done once"


BACKENDS = ["numpy", "native"] if find_spec("llvmlite") else ["numpy"]


def plan_of(fn: Any, *args: Any, backend: str = "numpy") -> Any:
    step = tg.compile(fn, backend=backend)
    step(*args)
    return step.plan


def flat(actions: Any) -> Iterator[Any]:
    for action in actions:
        yield action
        yield from flat(getattr(action, "actions", ()))


def told(plan: Any) -> tuple[Journal, dict[str, list[str]]]:
    """The journal; and by the names of ops why they are done by no action, empty for one that does their work."""
    journal = plan.journal()
    done = {node for action in flat(journal.actions) for node in journal.done_by.get(id(action), [])}
    why: dict[str, list[str]] = {}
    for node in dict.fromkeys(every(plan.before)):
        if node._op is not None:
            why.setdefault(node._op.name, []).append("" if node in done else journal.dropped.get(node, "nobody"))
    return journal, why


REASONS: dict[str, tuple[Any, dict[str, list[str]]]] = {
    "of constants": (lambda x: x + tg.exp(tg.constant([1.0, 2.0, 3.0])), {"exp": [CONSTANT], "add": [""]}),
    "no change": (lambda x: tg.tanh(x * 1.0), {"multiply": [SAME], "tanh": [""]}),
    "equal": (lambda x: tg.tanh(x) + tg.exp(tg.tanh(x)), {"tanh": ["", EQUAL], "exp": [""], "add": [""]}),
    "a product turned": (lambda x: tg.transpose(x @ W), {"transpose": [""], "matmul": [""]}),
    "taken apart": (lambda x: tg.softmax(x * x), {"softmax": [""], "multiply": [""]}),
    "a mean": (lambda x: tg.mean(tg.exp(x)), {"mean": [""], "exp": [""]}),
}


@each("name", REASONS)
def test_the_fate_of_each_op_is_told(name: str) -> None:
    fn, expected = REASONS[name]
    _, why = told(plan_of(fn, XS[0]))
    for op, reasons in expected.items():
        assert sorted(why[op]) == sorted(reasons), (op, why)


def test_a_loop_is_done_by_its_action_and_what_leaves_it_by_another() -> None:
    def cell(x: Any, h: Any) -> Any:
        h = tg.tanh(x @ W + h @ W)
        return tg.exp(h), h

    plan = plan_of(lambda xs: tg.unroll(cell, xs, np.zeros((2, 3)))[0], XS)
    journal, why = told(plan)
    del why["each"]  # what is picked from a loop is a view
    assert why == {name: [""] * len(why[name]) for name in why} and len(why["matmul"]) == 2
    (repeat,) = [a for a in journal.actions if hasattr(a, "actions")]
    assert [node._op.name for node in journal.done_by[id(repeat)]] == ["loop"]
    inside = [x._op.name for a in flat(repeat.actions) for x in journal.done_by.get(id(a), [])]
    assert inside.count("matmul") == inside.count("tanh") == 1 and "exp" not in inside
    outside = [x._op.name for a in journal.actions if a is not repeat for x in journal.done_by.get(id(a), [])]
    assert "exp" in outside and outside.count("matmul") == 1


def sum_in_order(x: Any, h: Any, c: Any) -> Any:
    return h @ W + x @ V + BIAS + 1.0, c


def side_by_side(x: Any, h: Any, c: Any) -> Any:
    return h @ W * tg.sigmoid(h @ V) + x, c


def on_end(x: Any, h: Any, c: Any) -> Any:
    return (h * 1.5) @ W + tg.exp(c) @ V + x, h


def in_gates(x: Any, h: Any, c: Any) -> Any:
    i, f, g = tg.split(x @ WIDE + h @ WIDE + np.arange(9.0) / 9, 3, axis=1)
    return tg.sigmoid(i) * tg.tanh(g) + c, tg.sigmoid(f) * c


V, WIDE = (tg.parameter(np.random.default_rng(n).normal(size=(3, 3 * n)) * 0.5, f"V{n}") for n in (1, 3))
BIAS = tg.parameter(np.ones(3), "b")
VIEWS = {"getitem", "reshape", "transpose", "swapaxes", "broadcast_to", "each", "last", "split", "put", "sum_to"}
JOINS = VIEWS | {"concatenate", "stack", "astype"}


@each("backend", BACKENDS)
@each("cell", [sum_in_order, side_by_side, on_end, in_gates])
def test_what_is_put_in_order_joined_or_cut_is_done_by_the_actions_that_do_it(cell: Any, backend: str) -> None:
    """Each product of the trace by a product, each other op by a pass in which an instruction has its name."""

    def step(x: Any, s: Any) -> Any:
        h, c = cell(x, *s)
        return tg.tanh(h), (tg.tanh(h), c)

    def run(xs: Any) -> Any:
        outputs = tg.unroll(step, xs, (np.zeros((2, 3)), np.ones((2, 3))))[0]
        return tg.grad(tg.sum(outputs * outputs), [W])[0] if cell is not in_gates else outputs

    plan = plan_of(run, XS, backend=backend)
    journal, why = told(plan)
    assert not {op for op, reasons in why.items() if "nobody" in reasons} - JOINS, why
    works: dict[Any, set[str]] = {}
    for action in flat(journal.actions):
        names = {i.op for i in action.instructions} if isinstance(action, Elementwise) else set()
        for node in journal.done_by.get(id(action), []):
            works.setdefault(node, set()).update(names | {type(action).__name__})
    traced = [node for node in works if node._op is not None]
    assert all("Product" in works[node] for node in traced if node._op.name == "matmul")
    for node in traced:
        if node._op.name in ("tanh", "sigmoid", "exp"):
            assert node._op.name in works[node], (node, works[node])


@each("backend", BACKENDS)
def test_slices_that_are_moved_before_an_op_are_views_and_no_constants(backend: str) -> None:
    """The sum of which they are slices has a constant among its terms, and is computed slice by slice."""

    def fn(x: Any) -> Any:
        a, b = tg.split(x * 2.0 + np.arange(6.0), 2, axis=1)
        return tg.sigmoid(a) * tg.tanh(b)

    _, why = told(plan_of(fn, np.ones((2, 6)), backend=backend))
    assert why["getitem"] == ["nobody"] * 2 and not any(map(any, (why["add"], why["multiply"], why["sigmoid"])))


def test_slices_that_are_moved_before_an_op_are_made_for_it() -> None:
    def fn(x: Any) -> Any:
        return [tg.sigmoid(part) for part in tg.split(np.arange(6.0) + x * 2.0, 2, axis=1)]

    graph = trace(fn, np.ones((2, 6)))
    with marked(graph.results):
        nodes = ancestors(run(PushSlices(), graph.results))
        readers = [(n, x) for n in nodes for x in n._inputs if x._op is not None and x._op.name == "getitem"]
        assert len(readers) == 4 and all(same_nodes(makers(x), makers(n)) for n, x in readers)
        assert all(maker._op is n._op for n, _ in readers for maker in makers(n))


@each("name", list(CASES)[::4])
def test_no_op_of_a_cells_training_step_is_lost(name: str) -> None:
    fn, weights, args = built(name, "f8")
    with np.errstate(all="ignore"):
        plan = plan_of(with_gradients(fn, weights), *args)
    places = [(node, node._place) for node in every(plan.before)]
    journal, why = told(plan)
    assert all(node._place is place for node, place in places), "the graph is as it was"
    lost = {op for op, reasons in why.items() if "nobody" in reasons}
    assert not lost - JOINS and all(
        reason.split()[0] in ("made", "changes", "equal") for reason in journal.dropped.values()
    )


def test_marked_nodes_are_their_own_origin_for_as_long_as_the_context_lasts() -> None:
    graph = trace(lambda xs: tg.unroll(lambda x, h: (tg.exp(h), x @ W), xs, np.zeros((2, 3)))[0], XS)
    nodes = [n for n in every(graph.results) if n._op is not None]
    assert {"matmul", "exp", "loop", "each"} <= {n._op.name for n in nodes if n._op is not None}
    places = [n._place for n in nodes]
    try:
        with marked(graph.results):
            assert all(makers(n) == (n,) for n in nodes)
            assert [n._place[:2] for n in nodes] == [place[:2] for place in places]
            raise KeyError
    except KeyError:
        pass
    assert all(n._place is place for n, place in zip(nodes, places, strict=True))


def node(*origins: Any) -> Node:
    made = tg.tanh(tg.parameter([1.0]))
    made._place = (None, None, *origins)
    return made


def test_what_replaces_a_node_tells_its_reason_once() -> None:
    a, b = tg.parameter([1.0]), tg.parameter([2.0])
    for new, why in [(Constant(np.ones(1)), CONSTANT), (node("other"), EQUAL)]:
        journal, old = Journal(), node("mine", "and mine")
        journal.replaced(old, new)
        assert journal.dropped == {"mine": why, "and mine": why}
    journal, total = Journal(), a + b
    total._place = (None, None, "sum")
    journal.replaced(total, total._inputs[1])
    assert journal.dropped == {"sum": SAME}
    journal, own = Journal(), node("mine")
    journal.replaced(node("mine"), own)
    assert journal.dropped == {} and makers(own) == ("mine",)
