"""Options of a drawing, nets that are run on zeros, and their tables: what is taken, and what is refused."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn
from tests.each import each
from tinygraph.core.structure import leaves
from tinygraph.draw.nets import Twin, is_net
from tinygraph.draw.options import Area, Options, roots_of
from tinygraph.draw.summary import aligned

LOSS = word_rnn(2)
ONES = (1, np.int64(1), 5)


@each(
    "name, right, wrong",
    [
        ("truncate", (None, *ONES), (0, -1, True, 1.0, "1")),
        ("max_nodes", (None, *ONES), (0, -1, True, 2.0, "5")),
        ("item", (0, *ONES), (-1, True, 0.0, None, "0")),
        ("values", (True, False), (1, None, "yes")),
        ("gradients", (None, True, False, {}), (1, "yes", [LOSS])),
        ("level", ("auto", "op", "cell", "layer", "whole"), ("ops", None, 1)),
        ("lang", ("en", "zh"), ("fr", None, "")),
        ("ax", (None,), (3, "ax", object())),
        ("steps", (None, [0], (0, -1), [np.int64(3)], range(2)), ([], "01", b"01", [0.0], [True], 3, {0})),
        (
            "fit",
            (None, "slide", "a4", "column", (100, 50), [100.0, 50]),
            ("A4", (1,), (1, 2, 3), (0, 1), (-1, 2), (1, 1e6), ("1", 2), (True, 2), 3),
        ),
    ],
)
def test_what_an_option_takes(name: str, right: Any, wrong: Any) -> None:
    for value in right:
        assert getattr(Options(**{name: value}), name) is value
    for value in wrong:
        with pytest.raises(tg.GraphError, match=name if name not in ("level", "lang") else "level|language") as refusal:
            Options(**{name: value})
        assert "expected" in str(refusal.value) and "got" in str(refusal.value)


def test_draw_and_compare_have_the_defaults_of_the_options() -> None:
    known = {x.name: getattr(Options(), x.name) for x in fields(Options) if x.name != "scale"}
    asked = inspect.signature(tg.draw).parameters
    assert {name: asked[name].default for name in known} == known and Options().scale is None
    both = inspect.signature(tg.draw.compare).parameters
    assert [both[name].default for name in ("view", "titles", "title", "fit", "lang")] == [
        asked["view"].default,
        *(None, known["title"], known["fit"], known["lang"]),
    ]
    assert not Options().has_gradients and Options(gradients={}).has_gradients


def test_areas_titles_and_gradients() -> None:
    assert (
        Options().area is None
        and Options(fit="slide").area == Area(960, 540, 12)
        and Options(fit="a4").area == (453, 700, 7)
        and Options(fit="column").area == (234, 648, 7)
    )
    assert Options(fit=(10, 20)).area == Area(10.0, 20.0, 7.0) and Options(fit=(1, 1)).area == (1, 1, 7)
    assert Options(title=" a\n").heading == " a " or Options(title="a").heading == "a"
    assert len(Options(title="x" * 900).heading or "") == 120 and Options().heading is None
    asked = [Options(gradients=x).has_gradients for x in (None, False, True, {}, {LOSS: None})]
    assert asked == [False, False, True, True, True]


class Like:
    graph = 3


def test_roots_are_nodes_each_once() -> None:
    a, b = tg.constant(1.0), tg.constant(2.0)
    assert roots_of([a, {"x": b, "y": a}]) == [a, b] and roots_of(a) == [a]
    for wrong, got, fix in (
        ([], "nothing", "pass a result"),
        (3, "int", "pass a result"),
        ([a, "x", 3], "str, int", "pass a result"),
        (Like(), "Like", 'view="compiled"'),
    ):
        with pytest.raises(tg.GraphError, match=f"(?s)needs a node.*{got}.*{fix}"):
            roots_of(wrong)


@each("name", ["layout", "params", "colour", "grad"])
def test_options_that_there_are_not_are_told_with_those_that_there_are(name: str) -> None:
    for call in (tg.draw, lambda x, **more: tg.draw.compare(x, x, **more)):
        with pytest.raises(
            tg.GraphError, match=rf"(?s)draw has no option {name}.*level, gradients.*{name}='x'"
        ) as refusal:
            call(LOSS, **{name: "x"})
        assert "scale" not in str(refusal.value)
        assert name not in ("layout", "params") or "leave it out" in str(refusal.value)


def test_the_view_is_named_once_anywhere() -> None:
    for wrong in (
        lambda: tg.draw(LOSS, "rolled", "flow"),
        lambda: tg.draw(LOSS, "rolled", view="flow"),
        lambda: tg.draw(LOSS, "rolled", view=3),
    ):
        with pytest.raises(tg.GraphError, match="one view"):
            wrong()
    assert tg.draw(LOSS, "flow").picture.view == tg.draw(LOSS, view="flow").picture.view == "flow"


class Asks(tg.Module):
    """A net of inputs of many kinds; it says what it was called with."""

    def __init__(self, **more: Any) -> None:
        self.head, self.got = tg.Linear(3, 2, rng=0, **more), []

    def __call__(self, x: Any, state: Any = None, scale: float = 1.0) -> Any:
        self.got.append((x, state))
        return self.head(x), state


@each("dtype", [np.float32, np.float64])
def test_shapes_become_zeros_of_the_nets_own_kind(dtype: type) -> None:
    net = Asks(dtype=dtype)
    twin = Twin("draw", net)
    twin([(2, 3), {"h": (2, 4), "c": [(1,), (2, 2)], "k": None}])
    ((x, state),) = twin.net.got
    assert net.got == [] and twin.net is not net
    assert [a.shape for a in (x, state["h"], *state["c"])] == [(2, 3), (2, 4), (1,), (2, 2)] and state["k"] is None
    assert all(a.dtype == dtype and not a.any() for a in (x, state["h"], *state["c"])) and isinstance(state["c"], list)
    given = np.ones((2, 3))
    twin([given])
    assert twin.net.got[1][0] is given and twin.net.got[1][1] is None, "an array is passed as it is"
    twin([np.array([2, 3])[:0].reshape(0, 3)])
    for wrong in ([], [(2, 3)] * 4):
        with pytest.raises(tg.GraphError, match=rf"(?s)Asks takes other inputs.*{len(wrong)} inputs?,"):
            twin(wrong)
    with pytest.raises(tg.GraphError, match=r"(?s)1 input, .*fix +tg\.draw\(net"):
        Twin("draw", Two())([(2, 3)])


class Two(tg.Module):
    def __call__(self, a: Any, b: Any) -> Any:
        return a + b


class Ids(tg.Module):
    def __init__(self) -> None:
        self.embed = tg.Embedding(4, 3, rng=0)

    def __call__(self, ids: Any) -> Any:
        return self.embed(ids)


class Broken(tg.Module):
    def __init__(self, words: str) -> None:
        self.head, self.words = tg.Linear(3, 2, rng=0), words

    def __call__(self, x: Any) -> Any:
        raise ValueError(self.words + ("" if x.dtype.kind == "f" else " of ids"))


def test_integers_are_tried_and_the_error_is_that_of_the_kind_that_fits() -> None:
    (rows,) = leaves(Twin("draw", Ids())([(2, 3)]))
    assert rows.shape == (2, 3, 3)
    for words, told in (
        ("too wide\nmore", "too wide"),
        ("an integer is due", "an integer is due of ids"),
        ("", "ValueError"),
    ):
        with pytest.raises(
            tg.GraphError, match=rf"(?s)Broken does not run on zeros of these shapes.*\(2, 3\): {told}"
        ) as refusal:
            Twin("summary", Broken(words))([(2, 3)])
        assert "more" not in str(refusal.value) and isinstance(refusal.value.__cause__, ValueError)


class Locked(tg.Module):
    def __init__(self) -> None:
        self.head = tg.Linear(3, 2, rng=0)

    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("no copies of me")

    def __call__(self, x: Any) -> Any:
        return self.head(x)


def test_a_net_that_cannot_be_copied_is_told() -> None:
    with pytest.raises(
        tg.GraphError, match=r"(?s)Locked cannot be copied.*TypeError: no copies of me.*tg\.summary of what it returns"
    ):
        tg.summary(Locked(), (2, 3))


def test_what_is_a_net() -> None:
    cell = tg.cells.RNN(3, 4)
    assert is_net(cell) and is_net(tg.Linear(3, 4)) and not is_net(tg.Linear) and not is_net(LOSS) and not is_net(len)
    twin = Twin("draw", tg.cells.Stack([cell, tg.cells.GRU(4, 4)]))
    assert [*twin.parts] == ["", "cells.0", "cells.1"] and twin.parts["cells.0"] is not cell
    weights = dict(twin.net.named_state())
    assert any(x is cell.weight_ih for x in weights.values()), "the parameters themselves are shared"


def test_tables_have_their_columns_in_line() -> None:
    lines = [("a", "b"), ("long", "1"), ("x", "234"), ("total", "5")]
    assert aligned(lines, "<>") == "a        b\n----------\nlong     1\nx      234\n----------\ntotal    5"
    assert aligned(lines, "><").splitlines()[0] == "    a  b"


def test_a_page_of_a_table_has_all_its_rows() -> None:
    for told in (tg.summary(lstm(3)), tg.summary(tg.cells.LSTM(3, 4, rng=0), (5, 2, 3))):
        html = told._repr_html_()
        assert html.count("<tr") == len(told.rows) + 2 and ">total<" in html
        first = str(told).splitlines()[0].split("  ")[0]
        assert f">{first}<" in html
    net = tg.summary(
        tg.cells.Stack([tg.cells.RNN(3, 4, rng=0), tg.cells.RNN(4, 4, rng=1)]).freeze("cells.0.*"), (5, 2, 3)
    )
    lines = str(net).splitlines()
    assert lines[2].split()[0] == "(net)" and any(re.search(r"cells\.0 .*frozen$", x) for x in lines)
    assert lines[-1].startswith("one forward pass: ") and lines[-1].endswith(" of results")
    assert [x.split()[-1] for x in lines if "cells.1" in x] == ["B"], "what is trained is not told"
    part = tg.cells.RNN(3, 4, rng=0).freeze("weight_hh")
    assert re.search(r"RNN .* 20 trained$|RNN .* 16 trained$", str(tg.summary(part, (5, 2, 3))), re.M)


class Costly(tg.Op):
    def forward(self, x: Any) -> Any:
        return x * 2.0

    def flops(self, x: Any) -> float:
        return 3.0 * x.shape[0]


def test_costs_are_those_that_an_op_reports_and_steps_are_told() -> None:
    x = tg.constant(np.ones((5, 2), np.float32))
    nodes = []
    for t in (0, 1, 4):
        with tg.step(t):
            nodes.append(Costly()(x))
    (row,) = tg.summary(nodes).rows
    assert (row.where, row.steps, row.count, row.flops, row.bytes, row.parameters) == (
        "3 of t = 0 … 4",
        3,
        1,
        15,
        40,
        0,
    )
    with tg.step(7):
        alone = tg.tanh(x)
    (row,) = tg.summary(alone).rows
    assert (row.where, row.flops, row.shape) == ("t = 7", 10, (5, 2))
    (row,) = tg.summary(tg.tanh(x)).rows
    assert (row.where, row.steps) == ("", 1)
    assert [r.count for r in tg.summary([tg.tanh(x), tg.tanh(x * 1.0)]).rows] == [2, 1]


def test_what_is_outside_of_time_or_in_another_loop_has_rows_of_its_own() -> None:
    x = tg.constant(np.ones((5, 2)))
    nodes = [tg.tanh(x)]
    for t in (0, 1):
        with tg.step(t):
            nodes.append(tg.tanh(x))
    assert [(r.where, r.steps, r.count) for r in tg.summary(nodes).rows] == [("", 1, 1), ("t = 0 … 1", 2, 1)]

    turned = []
    for t, ops in enumerate(((tg.tanh, tg.exp), (tg.exp, tg.tanh))):
        with tg.step(t):
            turned += [op(x) for op in ops]
    rows = tg.summary(turned).rows
    assert [(r.where, r.op, r.count) for r in rows] == [("t = 0 … 1", "tanh", 1), ("t = 0 … 1", "exp", 1)], (
        "in any order"
    )

    def cell(x: Any, h: Any) -> Any:
        h = tg.tanh(x + h)
        return h, h

    def network(xs: Any) -> Any:
        ways = [tg.unroll(cell, xs, np.zeros(2), reverse=back)[0] for back in (False, True)]
        return tg.sum(ways[0]) + tg.sum(ways[1])

    step = tg.compile(network, "numpy")
    step(np.ones((4, 2)))
    rows = [r for r in tg.summary(step.graph("before")).rows if r.where]
    assert {r.where for r in rows} == {"loop 1: 4 steps", "loop 2: 4 steps, backwards"}
    assert all(r.steps == 4 and r.count == 1 for r in rows if r.op == "tanh")
