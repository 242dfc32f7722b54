"""What is a view, a part, a read or a pick; its words; and which sums and stacks have no box of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.phases import phases
from tinygraph.draw.shown.same_names import full_names, short_names
from tinygraph.draw.shown.slices import (
    ByOp,
    by_op,
    chain,
    index_text,
    is_part,
    is_read,
    row_of,
    short_index,
    tag_of,
    turned,
)
from tinygraph.draw.shown.sums import chained, stacked

X = tg.tanh(tg.constant(np.ones((6, 4)), name="x"))
DATA, W = tg.constant(np.ones((6, 4)), name="data"), tg.parameter(np.ones((6, 4)), "W")
STACK = tg.stack([tg.tanh(tg.constant(np.ones(4))), tg.exp(tg.constant(np.ones(4)))])
IDS = np.array([0, 2])


@each(
    "index, text",
    [
        (3, "3"),
        (-1, "-1"),
        (slice(None), ":"),
        (slice(4, 8), "4:8"),
        (slice(None, 8), ":8"),
        (slice(4, None), "4:"),
        (slice(None, None, -1), "::-1"),
        (slice(8, 2, -2), "8:2:-2"),
        (Ellipsis, "…"),
        (None, "None"),
        ((slice(None), slice(0, 128)), ":, 0:128"),
        ((Ellipsis, 2), "…, 2"),
        ((0, (1, 2)), "0, 1, 2"),
        ((), ""),
    ],
)
def test_an_index_is_told_as_code(index: Any, text: str) -> None:
    assert index_text(index) == text


K = tg.constant(np.ones((2, 3, 4)))


@each(
    "view, told",
    [
        (X.T, ".T"),
        (np.transpose(X, (1, 0)), ".T"),
        (np.transpose(X, (0, 1)), ""),
        (K.T, ".T"),
        (np.transpose(K, (2, 1, 0)), ".T"),
        (np.transpose(K, (0, -1, -2)), ".T"),
        (np.transpose(K, (1, 0, 2)), ""),
        (np.swapaxes(K, 2, -2), ".T"),
        (np.swapaxes(K, 0, 2), ""),
        (X[0].T, ""),
        (tg.reshape(X, (4, 6)), ""),
    ],
)
def test_an_array_is_turned_if_its_axes_are_reversed_or_the_last_two_are_swapped(view: Any, told: str) -> None:
    assert turned([view]) == told and turned([view, view]) == ""


@each(
    "view, tag, row, short",
    [
        (X[2], "2", 2, "[2]"),
        (X[(2,)], "2", 2, "[2]"),
        (X[2, 1], "2, 1", None, "[2, 1]"),
        (X[:, 1:3], "1:3", None, "[:, 1:3]"),
        (X[..., 0], "0", None, "[…, 0]"),
        (X[None, 2], "2", None, "[None, 2]"),
        (X[1:3], "1:3", None, "[1:3]"),
        (X[:], "", None, "[:]"),
        (X[100:102, 10:1], "100:102, 10:1", None, "[…]"),
        (X[1:555, 0], "1:555, 0", None, "[1:555, 0]"),
        (X[11:555, 0], "11:555, 0", None, "[11:555, 0]"),
        (X[11:555, 10:], "11:555, 10:", None, "[…]"),
    ],
)
def test_a_part_is_told_by_its_index_without_what_takes_all(view: tg.Node, tag: str, row: Any, short: str) -> None:
    assert (tag_of([view]), row_of(view), short_index(view)) == (tag, row, short)
    assert tag_of([tg.reshape(X, (4, 6)), view, view.T]) == tag, "what has no index tells nothing"
    assert row_of(X[()]) is None


def test_tags_of_several_views_follow_each_other() -> None:
    assert tag_of([X[1:3], X[:, 0]]) == "1:3, 0" and tag_of([]) == ""


def test_a_chain_goes_down_to_what_is_no_view() -> None:
    y = tg.stop_gradient(tg.reshape(X[1:3], (8,)).astype(np.float32))
    assert [x.op and x.op.name for x in chain(y)] == ["stop_gradient", "astype", "reshape", "getitem", "tanh"]
    assert chain(W.T)[1] is W and [len(chain(x)) for x in (W.T, W, DATA, X)] == [2, 1, 1, 1]
    for view in (tg.swapaxes(X, 0, 1), np.moveaxis(X, 0, 1), np.expand_dims(X, 0), tg.broadcast_to(X, (2, 6, 4))):
        assert chain(view)[-1] is X and len(chain(view)) >= 2
    assert chain(np.squeeze(X[:1], 0))[-1] is X


@each(
    "node, source, right",
    [
        (X[1:3], X, True),
        (X[:, 2], X, True),
        (X[2], X, True),
        (X[..., None], X, True),
        (tg.reshape(X, (4, 6)), X, True),
        (X.T, X, True),
        (tg.exp(X), X, False),
        (X[IDS], X, False),
        (X[1:3, IDS], X, False),
        (DATA[2], DATA, False),
        (DATA[1:3], DATA, False),
        (DATA.T, DATA, False),
        (STACK[1], STACK, False),
        (STACK[:, 1], STACK, False),
        (STACK[0:1], STACK, True),
        (STACK[..., None], STACK, True),
        (STACK.T, STACK, True),
        (tg.concatenate([X, X])[3], tg.concatenate([X, X]), False),
        (tg.reshape(X, (4, 6), name="mine"), X, False),
        (DATA, DATA, False),
    ],
)
def test_a_part_is_a_view_of_a_result_that_picks_no_step(node: tg.Node, source: tg.Node, right: bool) -> None:
    """One step out of a stack, rows of data and rows by an array of numbers have boxes of their own."""
    assert is_part(node, source) == right


def test_a_read_takes_a_part_of_data_alone() -> None:
    assert is_read(DATA[2]) and is_read(tg.take(DATA, IDS)) and is_read(DATA[1:3])
    for other in (W[2], X[2], tg.take(W, IDS), DATA, tg.tanh(DATA), DATA.T, DATA[1][2]):
        assert not is_read(other)


def outside(*terms: tg.Node) -> tg.Node:
    total = terms[0]
    for x in terms[1:]:
        total = total + x
    return total


def ops_of(roots: list[tg.Node]) -> ByOp:
    return by_op(ancestors(roots))


def test_sums_that_one_other_sum_reads_and_stacks_that_one_op_reads_have_no_boxes() -> None:
    a, b, c, d = (tg.tanh(tg.constant([float(k)])) for k in range(4))
    total = outside(a, b, c, d)
    assert [x.serial for x in sorted(chained(ops_of([total]), {total}), key=lambda x: x.serial)] == [
        total.inputs[0].inputs[0].serial,
        total.inputs[0].serial,
    ]
    inner = a + b
    assert chained(ops_of([(inner + c) * inner]), set()) == set(), "read twice"
    named = tg.add(a, b, name="mine")
    assert chained(ops_of([named + c]), set()) == set() and chained(ops_of([inner + c]), {inner}) == set()
    with tg.step(0):
        timed = a + b
    assert chained(ops_of([timed + c]), set()) == set()
    assert chained(ops_of([tg.exp(inner)]), set()) == set(), "another op has it as its operand"
    for make, held in (
        (tg.mean, True),
        (lambda s: s[0], False),
        (lambda s: tg.take(s, IDS), False),
        (tg.stop_gradient, False),
        (lambda s: tg.mean(s) + tg.sum(s), False),
    ):
        stack = tg.stack([a, b, c])
        assert stacked(ops_of([make(stack)]), set()) == ({stack} if held else set())
    stack = tg.stack([a, b])
    with tg.step(1):
        inside = tg.mean(stack)
    assert stacked(ops_of([inside]), set()) == set() and stacked(ops_of([tg.mean(stack)]), {stack}) == set()


def named(root: tg.Node) -> list[str]:
    nodes = ancestors([root])
    return list(full_names(nodes, phases([root], nodes)).values())


def two(scopes: Any = ("", ""), steps: Any = (0, 0)) -> tg.Node:
    total: Any = 0.0
    for scope, step in zip(scopes, steps, strict=True):
        w = tg.parameter(np.ones(2), "w")
        with tg.scope(scope or None) if scope else tg.step(step), tg.step(step):
            total = total + tg.sum(tg.tanh(tg.reshape(w, (1, 2))))
    return total


def test_parameters_of_one_name_are_told_by_scope_or_by_number() -> None:
    assert named(two(("a", "b"))) == ["a.w", "b.w"] and named(two(("a", "a"))) == ["w #1", "w #2"]
    assert named(two(("a", ""))) == ["w #1", "w #2"], "one of them without a scope"
    bare = tg.parameter(np.ones(2)) * tg.parameter(np.ones(2), " v ") * tg.parameter(np.ones(2))
    assert named(bare) == ["θ1", "v", "θ3"]
    unused = tg.parameter([1.0], "w") * tg.parameter([1.0], "w")
    assert named(unused) == ["w #1", "w #2"]


def test_chips_have_the_last_part_of_long_dotted_names() -> None:
    w, v = W, tg.parameter([1.0], "v")
    for name, chips in {
        "encoder.weight": ("encoder.weight", "a.b"),
        "decoders.weight": ("weight", "b"),
        "a_name_that_is_long": ("a_name_that_is_long", "a.b"),
    }.items():
        told = short_names({w: name, v: "a.b"})
        assert (told[w], told[v]) == chips, name


def test_a_sum_over_steps_has_one_box_with_all_its_terms() -> None:
    terms = [tg.tanh(tg.constant([float(k)])) for k in range(5)]
    folded = fold([outside(*terms)])
    total = folded.nodes[-1]
    assert [x.source for x in folded.arrows[total]] == terms and len(folded.nodes) == 11
