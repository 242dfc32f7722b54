"""The hand-written graph: which way its loop runs, what is known, settled and clipped, and what if it changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.book import Match
from tinygraph.check.audit.candidates import fits, turned
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.present import Present
from tinygraph.check.audit.right import Right, Thing
from tinygraph.check.audit.written import Written

T, I, H = 3, 2, 4  # noqa: E741
rng = np.random.default_rng(4)
WEIGHTS = {"W": rng.normal(size=(H, I)), "U": rng.normal(size=(H, H)), "b": rng.normal(size=(H, 1))}
DATA = {"xs": rng.normal(size=(T, I, 1)), "ts": rng.normal(size=(T, H, 1))}


def states(W: Any, U: Any, b: Any, xs: Any) -> Any:
    hs = [np.zeros((H, 1))]
    for x in xs:
        hs.append(np.tanh(W @ x + U @ hs[-1] + b))
    return hs


def loss(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    return sum(np.sum((h - t) ** 2) for h, t in zip(states(W, U, b, xs)[1:], ts, strict=True))


def back(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    hs = states(W, U, b, xs)
    dW, dU, db, late = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(b)
    for t in reversed(range(len(xs))):
        dh = 2 * (hs[t + 1] - ts[t]) + late
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
        late = U.T @ dz
    return dW, dU, np.clip(db, -1e9, 1e9)


def ahead(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """Right for what does not go back: the last step's part is all that is right."""
    hs = states(W, U, b, xs)
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in range(len(xs)):
        dh = 2 * (hs[t + 1] - ts[t])
        dz = dh * (1 - hs[t + 1] ** 2)
        dW += dz @ xs[t].T
        dU += dz @ hs[t].T
        db += dz
    return dW, dU, db


def plain_loss(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    """Without a state that goes on."""
    return sum(np.sum((np.tanh(W @ x + U @ t + b) - t) ** 2) for x, t in zip(xs, ts, strict=True))


def plain_back(forwards: bool) -> Callable[..., Any]:
    def backward(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
        dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
        order = range(len(xs)) if forwards else range(len(xs) - 1, -1, -1)
        for t in order:
            h = np.tanh(W @ xs[t] + U @ ts[t] + b)
            dz = 2 * (h - ts[t]) * (1 - h**2)
            dW += dz @ xs[t].T
            dU += dz @ ts[t].T
            db += dz
        return dW, dU, db

    return backward


def keeping_loss(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    hs = states(W, U, b, xs)
    return sum(np.sum((h - t) ** 2) for h, t in zip(hs[1:], ts, strict=True)), hs


def of_what_was_kept(W: Any, U: Any, b: Any, xs: Any, ts: Any, hs: Any) -> Any:
    """Of the last state alone, with the forward pass's own states."""
    dz = 2 * (hs[-1] - ts[-1]) * (1 - hs[-1] ** 2)
    db, late = np.zeros_like(b), dz
    for t in range(len(xs) - 1, -1, -1):
        db += late
        late = (U.T @ late + 2 * (hs[t] - ts[t - 1])) * (1 - hs[t] ** 2)
    return np.zeros_like(W), np.zeros_like(U), db


def none(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    return W, U, b


def written(backward: Any, of: Any = loss, steps: int = T) -> Written:
    subject = Functions(backward, of, WEIGHTS, DATA)
    outcome = subject.on_nodes(Cases(subject).case(steps))
    return Written(outcome, Right(outcome, steps))


@each(
    "backward, of, steps, due",
    [
        (back, loss, 3, True),
        (plain_back(False), plain_loss, 3, True),
        (plain_back(True), plain_loss, 3, False),
        (of_what_was_kept, keeping_loss, 3, True),
        (none, plain_loss, 3, None),
        (back, loss, 1, None),
    ],
)
def test_which_way_the_loop_runs(backward: Any, of: Any, steps: int, due: bool | None) -> None:
    assert written(backward, of, steps).runs_backwards is due


def operation(graph: Written, expression: str) -> Any:
    return next(o for o in graph.operations if o.line.expression == expression)


def is_known(graph: Written, x: Any) -> bool:
    return graph.is_data(x, x._value) or any(m.is_exact for m in graph.look(x, x._value))


def test_of_a_right_pass_all_is_known_and_nothing_wrong() -> None:
    graph = written(back)
    assert graph.wrong() == frozenset() and all(is_known(graph, x) for x in graph.order)
    assert [graph.is_missing(name) for name in WEIGHTS] == [False] * 3
    dz = operation(graph, "dh * (1 - hs[t + 1] ** 2)")
    assert len(dz.nodes) == T and dz.is_statement and graph.operation_of[dz.nodes[1]] is dz
    assert (
        not operation(graph, "1 - hs[t + 1] ** 2").is_statement and operation(graph, "dW += dz @ xs[t].T").is_statement
    )
    assert all(graph.is_settled(x) for x in dz.nodes)
    plain = operation(graph, "hs[t + 1] - ts[t]").nodes[0]
    assert is_known(graph, plain) and not graph.is_settled(plain)  # an adjoint but for the 2
    slope = operation(graph, "1 - hs[t + 1] ** 2").nodes[0]
    assert graph.is_part_of(slope, dz.nodes[0]) and not graph.is_part_of(dz.nodes[0], slope)
    assert not graph.is_part_of(operation(graph, "2 * (hs[t + 1] - ts[t]) + late").nodes[0], dz.nodes[0])


@each(
    "matches, settled",
    [
        ([], False),
        ([("adjoint", 1.0)], True),
        ([("adjoint", 2.0)], False),
        ([("value", 1.0)], True),
        ([("value", 2.0)], False),
        ([("value", 1.0), ("adjoint", 2.0)], False),
        ([("part", 1.0)], False),
        ([("quotient", 1.0), ("adjoint", 2.0)], True),
        ([("quotient", 2.0), ("adjoint", 2.0)], False),
        ([("joined", 1.0)], False),
    ],
)
def test_what_is_right_whoever_reads_it_is_a_whole_adjoint_or_a_value(matches: Any, settled: bool) -> None:
    graph = written(back)
    node = operation(graph, "dh * (1 - hs[t + 1] ** 2)").nodes[0]
    graph.right.of_quotients = {("quotient",)}
    told = [
        Match(
            Thing(kind.replace("joined", "adjoint"), "z", 1, (kind,), node.value, own=kind != "joined"), factor, False
        )
        for kind, factor in matches
    ]
    assert graph.is_settled(node, told) is settled


def test_a_clipped_gradient_is_the_one_before_it_was_clipped() -> None:
    graph = written(back)
    result: Any = graph.results["b"]
    assert result.op.name != "clip" and [line.source[:6] for line in graph.clipped] == ["return"]
    assert graph.is_result(result) and not graph.is_result(graph.order[0])


def test_what_would_be_if_a_node_had_another_value() -> None:
    graph = written(back)
    present = Present(graph)
    dz = operation(graph, "dh * (1 - hs[t + 1] ** 2)")
    last = dz.nodes[0]  # of the last step, which all others depend on
    zeros = {last: np.zeros_like(last.value)}
    values = present.replayed(zeros)
    parts = [x.value for x in operation(graph, "dz @ xs[t].T").nodes]
    dW: Any = graph.results["W"]
    assert not np.allclose(values[dW], dW.value)
    assert present.left_wrong(zeros) == {"W", "U", "b"} and present.left_wrong({last: last.value}) == frozenset()
    first = dz.nodes[-1]
    here = present.replayed({first: np.zeros_like(first.value)})
    np.testing.assert_allclose(here[dW], sum(parts) - parts[-1], rtol=1e-9)
    assert all(x in here for x in (first, dW)) and dz.nodes[0] not in here
    present.mend({first: 2 * first.value})
    assert present.value(first) is present.overrides[first] and not present.is_known(first)
    np.testing.assert_allclose(present.value(dW), sum(parts) + parts[-1], rtol=1e-9)
    assert present.value(dz.nodes[0]) is dz.nodes[0].value or (present.value(dz.nodes[0]) == dz.nodes[0].value).all()


def test_what_was_blamed_stays_right_whatever_comes_before_it() -> None:
    graph = written(back)
    present, (last, before, _) = Present(graph), operation(graph, "dh * (1 - hs[t + 1] ** 2)").nodes
    own = 5 * before.value
    present.mend({before: own})
    values = present.replayed({last: np.zeros_like(last.value)})
    assert values[before] is own


def test_gradients_that_no_line_makes_are_missing() -> None:
    graph = written(none)
    assert [graph.is_missing(name) for name in WEIGHTS] == [True] * 3 and graph.wrong() == {"W", "U", "b"}
    assert {name: graph.last_line(x) is None for name, x in graph.results.items() if x is not None}


def reshaped_loss(W: Any, U: Any, b: Any, xs: Any, ts: Any) -> Any:
    V = np.reshape(W, (H, I))
    return sum(np.sum((np.tanh(V @ x + U @ t + b) - t) ** 2) for x, t in zip(xs, ts, strict=True)), V


def picking(W: Any, U: Any, b: Any, xs: Any, ts: Any, V: Any) -> Any:
    """With a line of whole numbers, one of booleans, and a product of one number that is stretched."""
    h = np.tanh(W @ xs[0] + b)
    order = np.argsort(h, axis=0)
    positive = h > 0
    dU = np.take(U, np.reshape(order, -1), axis=0)
    db = (np.ones((1, H)) @ h) * positive + b
    return V, dU, db


def test_whole_numbers_are_no_lines_booleans_are_and_a_stretched_number_is_none() -> None:
    graph = written(picking, reshaped_loss)
    kinds = {x.dtype.kind for x in graph.order}
    assert "i" in kinds and {o.nodes[0].dtype.kind for o in graph.operations} == {"f", "b"}
    whole, positive = (next(x for x in graph.order if x.dtype.kind == kind and x.size == H) for kind in "ib")
    assert graph.is_data(whole, whole.value) and graph.is_data(positive, positive.value)
    product = operation(graph, "np.ones((1, H)) @ h").nodes[0]
    ones = product.inputs[0]
    assert product.shape == (1, 1) and not graph.is_number(product) and not graph.is_data(product, product.value)
    assert ones.op is None and graph.is_settled(ones) and not graph.is_settled(product)


def test_the_line_that_keeps_a_gradient_is_none_of_the_forward_pass() -> None:
    subject = Functions(picking, reshaped_loss, WEIGHTS, DATA)
    outcome = subject.on_nodes(Cases(subject).case(T), bindings=False)  # the node itself is what is returned
    graph = Written(outcome, Right(outcome, T))
    assert graph.line_that_keeps("W") is None and graph.line_that_keeps("nobody") is None
    assert getattr(written(picking, reshaped_loss).line_that_keeps("W"), "source", "") == "return V, dU, db"


def test_stacks_are_held_as_a_gradient_of_something() -> None:
    graph = written(back)
    dz = operation(graph, "dh * (1 - hs[t + 1] ** 2)").nodes
    state = operation(graph, "W @ x").nodes[0]  # a value of the forward pass, and no gradient
    stack = np.array([dz[0].value, 2 * dz[0].value, state.value, dz[1].value])
    assert graph.holding(stack).tolist() == [True, False, False, True]


@each(
    "shape, other, yes",
    [((3, 1), (3,), True), ((3, 1), (1, 3), True), ((3, 2), (2, 3), True), ((3, 2), (3, 3), False), ((1, 1), (), True)],
)
def test_arrays_fit_but_for_turns_and_axes_of_length_one(shape: Any, other: Any, yes: bool) -> None:
    array = np.arange(float(np.prod(shape))).reshape(shape)
    assert fits(array, other) is yes
    if yes:
        due = array.reshape(other) if shape != (3, 2) else array.T
        np.testing.assert_array_equal(turned(array, other), due)
