"""The table of costs: counts by hand, equal steps in one row, compiled loops as often as they run."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.draw.summary import _span, aligned

from .networks import lstm, perceptron, weights, word_rnn


def by_op(found, where):
    return {(row.op, row.shape): row for row in found.rows if row.where == where}


def test_the_numbers_of_a_word_rnn_are_those_counted_by_hand():
    hidden, words, steps = 6, 5, 4
    found = tg.summary(word_rnn(steps))
    rows = by_op(found, "t = 1 … 4")
    assert rows["matmul", (hidden,)].flops == 2 * (2 * hidden * hidden)
    assert rows["matmul", (hidden,)].count == 2 and rows["tanh", (hidden,)].bytes == 8 * hidden
    assert rows["matmul", (words,)].parameters == words * hidden
    assert found.parameters == 2 * hidden * hidden + words * hidden
    assert found.parameters == sum(row.parameters for row in found.rows)
    loss = rows["softmax_cross_entropy", ()].flops
    step = 4 * hidden * hidden + 2 * words * hidden + hidden + hidden + loss
    assert found.flops == steps * step + (steps - 1) + 1 + 1, "0 + loss, sums, and the mean"


def test_totals_are_the_rows_times_their_steps():
    for root in (lstm(5, truncate=2), perceptron(), word_rnn(3)):
        found = tg.summary(root)
        assert found.flops == sum(row.steps * row.flops for row in found.rows) > 0
        assert found.bytes == sum(row.steps * row.bytes for row in found.rows) > 0


def test_a_thousand_steps_are_no_more_rows_than_ten():
    assert len(tg.summary(word_rnn(1000)).rows) == len(tg.summary(word_rnn(10)).rows) < 10
    assert len(str(tg.summary(word_rnn(1000, cut=2))).splitlines()) < 20


def test_steps_that_differ_are_told_apart():
    where = {row.where for row in tg.summary(word_rnn(6, cut=2)).rows}
    assert where == {"4 of t = 1 … 6", "2 of t = 3 … 5", ""}


def test_a_compiled_loop_counts_what_the_unrolled_one_counts():
    w = weights(W=(4, 4), V=(2, 4))

    def cell(x, h):
        h = tg.tanh(x + w["W"] @ h)
        return w["V"] @ h, h

    def network(xs):
        outputs, _ = tg.unroll(cell, xs, np.zeros(4))
        return tg.sum(tg.square(outputs))

    xs = np.ones((50, 4))
    compiled = tg.compile(network, backend="numpy")
    compiled(xs)
    loop, unrolled = tg.summary(compiled.graph("before")), tg.summary(network(xs))
    assert (loop.flops, loop.parameters) == (unrolled.flops, unrolled.parameters)
    assert {row.steps for row in loop.rows if row.where.startswith("loop 1: 50 steps")} == {50}
    assert tg.summary(compiled.graph()).parameters == 24


def test_a_custom_op_counts_one_for_an_element_and_is_not_run():
    class Costly(tg.Op):
        ran = 0

        def forward(self, x):
            Costly.ran += 1
            return x

    node = Costly()(tg.constant(np.ones((2, 3))))
    found = tg.summary(node)
    assert found.flops == 6 and Costly.ran == 1


def test_it_prints_a_line_a_row_and_the_total():
    found = tg.summary(word_rnn(4))
    lines = str(found).splitlines()
    assert len(lines) == len(found.rows) + 4 and repr(found) == str(found)
    assert lines[0].startswith("steps") and lines[-1].startswith("total") and " 102 " in lines[-1]


def test_a_leaf_has_no_rows_and_a_stranger_is_refused():
    assert tg.summary(tg.parameter(np.ones(3))).parameters == 3
    assert str(tg.summary(tg.constant(1.0))).splitlines()[-1].startswith("total")
    for stranger in ([], 3, None):
        with pytest.raises(tg.GraphError, match="needs a node"):
            tg.summary(stranger)


def test_a_row_shows_the_parameters_that_it_is_the_first_to_use():
    w = tg.parameter(np.ones((40, 50)), name="w")
    lines = str(tg.summary(tg.tanh(w @ tg.constant(np.ones(50))) + 1.0)).splitlines()
    rows = {line.split()[0]: line.split() for line in lines[2:-2]}
    assert rows["matmul"] == ["matmul", "40", "1", "2,000", "4.0", "kFLOP", "320", "B", "4.0", "kFLOP", "320", "B"]
    assert "2,000" not in rows["tanh"] and "0" not in rows["tanh"] and lines[-1].split()[:2] == ["total", "2,000"]


@pytest.mark.parametrize(
    ("steps", "text"),
    [([], ""), ([3], "t = 3"), ([0, 1, 2], "t = 0 … 2"), ([4, 3, 2], "t = 2 … 4"), ([0, 2, 4], "3 of t = 0 … 4")],
)
def test_steps_are_told_as_a_span(steps, text):
    assert _span(steps) == text


def test_a_table_has_its_columns_in_line_and_its_last_line_under_a_rule():
    lines = aligned([("a", "n", "x"), ("long", "1", ""), ("b", "1,000", "y"), ("total", "7", "")], "<><").splitlines()
    assert lines == ["a          n  x", "-" * 15, "long       1", "b      1,000  y", "-" * 15, "total      7"]
    lines = aligned([("a", "n", "x"), ("层", "1", "隐藏"), ("total", "7", "")], "<><").splitlines()
    assert lines == ["a      n  x", "-" * 14, "层     1  隐藏", "-" * 14, "total  7"], "a wide letter takes two cells"


def test_a_loop_within_a_loop_is_counted_as_often_as_it_runs():
    """Also one that runs backwards; what a loop reads is a parameter of the row that reads it first."""
    w, v = (tg.parameter(np.eye(3), name) for name in "wv")

    def inner(x, h):
        h = tg.tanh(x + h @ w)
        return h, h

    def outer(xs, h):
        h = tg.tanh(tg.unroll(inner, xs, h, reverse=True)[1] @ v)
        return h, h

    compiled = tg.compile(lambda xs: tg.sum(tg.unroll(outer, xs, np.zeros(3))[0]), backend="numpy")
    compiled(np.ones((5, 4, 3)))
    rows = {(row.where, row.op): row for row in tg.summary(compiled.graph("before")).rows}
    wheres = sorted({where for where, _ in rows if where})
    assert wheres == ["loop 1: 5 steps", "loop 2: 20 steps, backwards"]
    for where, steps in zip(wheres, (5, 20), strict=True):
        row = rows[where, "matmul"]
        assert (row.steps, row.count, row.parameters, row.flops) == (steps, 1, 9, 2 * 3 * 3)
    assert tg.summary(compiled.graph("before")).parameters == 18
