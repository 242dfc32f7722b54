"""A net with the shape of its input: a table of its layers, a picture, and the net as it was before."""

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

RNG = np.random.default_rng(5)
"""A generator of this file, from which a net below draws."""


class Words(tg.Module):
    """Ids to logits, with a dropout, a buffer that it writes, a generator of its own and one of its file."""

    def __init__(self) -> None:
        self.embed, self.cell = tg.Embedding(27, 8, rng=0), tg.cells.GRU(8, 6, rng=1)
        self.drop, self.head = tg.Dropout(0.5, rng=3), tg.Linear(6, 27, rng=2)
        self.calls, self.rng = tg.buffer(np.zeros(1)), np.random.default_rng(0)
        self.last: Any = None

    def __call__(self, ids: Any, state: Any = None) -> tuple[Any, Any]:
        outputs, self.last = tg.unroll(self.cell, self.embed(ids), state)
        self.calls.value = self.calls.value + 1
        noise = self.rng.normal() + RNG.normal() + np.random.normal() + random.random()
        return self.head(self.drop(outputs)) + 0.0 * noise, self.last


def state_of(net: Any) -> Any:
    drawn = [g.bit_generator.state for g in [*net.generators(), RNG]]
    ours = np.random.get_state()
    return [
        {name: x.tobytes() for name, x in net.state_dict().items()},
        [*drawn, ours[1].tobytes(), ours[2:], random.getstate()],
        [net.training, *map(id, vars(net).values())],
    ]


def test_the_table_of_a_net_has_its_layers_with_shapes_counts_and_bytes() -> None:
    net = Words().freeze("embed.*")
    told = tg.summary(net, (5, 3))
    rows = {row.name: row for row in told.rows}
    shapes = {"": (5, 3, 27), "embed": (5, 3, 8), "cell": (5, 3, 6), "drop": (5, 3, 6), "head": (5, 3, 27)}
    assert {name: row.output for name, row in rows.items()} == shapes
    counts = {"": 1, "embed": 27 * 8, "cell": 3 * 6 * (8 + 6) + 2 * 3 * 6, "drop": 0, "head": 27 * 6 + 27}
    assert {name: row.parameters for name, row in rows.items()} == counts
    assert told.parameters == sum(counts.values()) == sum(x.size for x in net.state_dict().values())
    assert told.trained == counts["cell"] + counts["head"] == sum(x.size for x in net.parameters().values())
    assert told.bytes == 4 * (told.parameters - 1) + 8, "the buffer is of float64"
    assert [(row.kind, row.calls) for row in told.rows][:3] == [("Words", 1), ("Embedding", 1), ("GRU", 5)]
    text = str(told)
    assert re.search(r"embed +Embedding +5×3×8 +1 +216 +864 B +frozen", text)
    assert re.search(r"cell +GRU +5×3×6 +5 +288 +1.2 kB$", text, flags=re.MULTILINE)
    assert re.search(r"total +694 .* 477 trained", text)
    assert told.ops.flops == tg.summary(net(np.zeros((5, 3), int))).flops


def shared() -> tg.Module:
    class Tied(tg.Module):
        def __init__(self) -> None:
            self.first = tg.Linear(4, 4, rng=0)
            self.second = tg.Linear(4, 4, rng=1)
            self.second.weight = self.first.weight

        def __call__(self, x: Any) -> Any:
            return self.second(self.first(self.first(x)))

    return Tied()


STACK = tg.cells.Stack.of(tg.cells.LSTM, 3, 4, num_layers=2, bidirectional=True, rng=0)
NETS: dict[str, Any] = {
    "cell": (tg.cells.LSTM(3, 4, rng=0), [(6, 2, 3)], {"": (6, 2, 4)}),
    "one step": (tg.cells.LSTM(3, 4, rng=0), [(2, 3), ((2, 4), (2, 4))], {"": (2, 4)}),
    "layers": (STACK, [(6, 2, 3)], {"": (6, 2, 8), "cells.1.backward": (6, 2, 4), "cells.0": (6, 2, 8)}),
    "layer": (tg.Recurrent(tg.cells.GRU(3, 4, rng=0), axis=1), [(2, 6, 3)], {"": (2, 6, 4), "cell": (6, 2, 4)}),
    "scan": (tg.cells.Parallel(tg.cells.minGRU(3, 4, rng=0)), [(6, 2, 3)], {"": (6, 2, 4), "cell": None}),
    "linear": (tg.Linear(3, 4, rng=0), [(2, 3)], {"": (2, 4)}),
    "array": (tg.Embedding(9, 4, rng=0), [np.zeros((2, 3), np.int64)], {"": (2, 3, 4)}),
    "shared": (shared(), [(2, 4)], {"first": (2, 4), "second": (2, 4)}),
    "state": (Words(), [(5, 3), (3, 6)], {"": (5, 3, 27)}),
}


@each("name", NETS)
def test_cells_layers_and_nets_of_several_inputs(name: str) -> None:
    net, inputs, shapes = NETS[name]
    before = state_of(net)
    told = tg.summary(net, *inputs)
    outputs = {row.name: row.output for row in told.rows}
    assert {part: outputs[part] for part in shapes} == shapes
    arrays = net.state_dict().values()
    assert told.parameters == sum(row.parameters for row in told.rows) == sum(x.size for x in arrays)
    assert told.bytes == sum(x.nbytes for x in arrays)
    drawing = tg.draw(net, *inputs)
    assert {use.name for use in drawing.picture.uses} <= set(net.state_dict())
    assert sum(np.prod(net.state_dict()[use.name].shape) for use in drawing.picture.uses) == told.parameters - (
        "calls" in net.state_dict()
    )
    assert state_of(net) == before


CALLS = {
    "cell": {"": 6},
    "one step": {"": 1},
    "layers": {"": 1, "cells.0": 1, "cells.1.backward": 6},
    "layer": {"": 1, "cell": 6},
    "scan": {"": 1, "cell": 0},
    "shared": {"": 1, "first": 2, "second": 1},
    "state": {"": 1, "embed": 1, "cell": 5, "head": 1},
}


@each("name", CALLS)
def test_calls_are_counted_and_told_in_the_table(name: str) -> None:
    net, inputs, _ = NETS[name]
    told = tg.summary(net, *inputs)
    rows = {row.name: row.calls for row in told.rows}
    assert {part: rows[part] for part in CALLS[name]} == CALLS[name]
    for row, line in zip(told.rows, str(told).splitlines()[2:], strict=False):
        parts = line.split()
        assert parts[:2] == [row.name or "(net)", row.kind]
        shown = [] if row.output is None else ["×".join(map(str, row.output))]
        assert parts[2 : 3 + len(shown)][: len(shown)] == shown
        assert (str(row.calls) in parts[2 : 4 + len(shown)]) == (row.calls > 0)


def test_a_net_is_as_it_was_in_training_and_in_evaluation() -> None:
    for mode in (True, False):
        net = Words().train(mode)
        output = Words().eval()(np.zeros((2, 1), int))[0].value
        before = state_of(net)
        tg.summary(net, (5, 3))
        tg.draw(net, (5, 3))
        assert state_of(net) == before and net.last is None and type(net) is Words
        assert np.array_equal(net.eval()(np.zeros((2, 1), int))[0].value, output)


def test_a_net_that_keeps_what_it_computed_is_summed_up_too() -> None:
    net = Words()
    net(np.zeros((2, 3), int))
    kept = net.last
    assert tg.summary(net, (5, 3), (3, 6)).rows[0].output == (5, 3, 27) and net.last is kept
    assert tg.draw(net, (5, 3)).picture.uses and net.last is kept


def test_a_net_is_drawn_in_any_view_and_with_all_options() -> None:
    net = Words()
    assert (
        "4 steps, rolled"
        in tg.draw(net, (4, 3), "rolled").picture.title
        == tg.draw(net, (4, 3), view="rolled").picture.title
    )
    assert tg.draw(net, "rolled", (4, 3)).source == tg.draw(net, (4, 3), view="rolled").source
    with pytest.raises(tg.GraphError, match="one view"):
        tg.draw(net, (4, 3), "rolled", view="flow")
    assert len(tg.draw(net, (4, 3), level="op").picture.bands) == 4
    assert tg.draw(net, (4, 3), title="mine").picture.title == "mine"
    loss = tg.mean(net(np.zeros((4, 3), int))[0])
    assert tg.draw(loss, "rolled").source == tg.draw(loss, view="rolled").source


class Three(tg.Module):
    def __call__(self, a: Any, b: Any, c: Any) -> Any:
        return a @ b + c


class Deaf(tg.Module):
    def __call__(self, x: Any) -> Any:
        return 3


ALL = r"[\s\S]*"
WRONG = {
    "no shape": (lambda f: f(Words()), rf"the shape of a net's input is missing{ALL}fix +tg\.\w+\(net, \(5, 2, 3\)\)"),
    "inputs": (lambda f: f(Three(), (2, 3)), rf"Three takes other inputs{ALL}Three\(a.*b.*c.*\){ALL}1 input{ALL}fix"),
    "sizes": (lambda f: f(tg.Linear(3, 4), (2, 5)), rf"Linear does not run on zeros{ALL}Linear: the last axis{ALL}fix"),
    "ids": (lambda f: f(Words(), (2, 3), (7, 7)), rf"Words does not run on zeros{ALL}\(7, 7\): (?!.*integ){ALL}fix"),
    "class": (lambda f: f(tg.cells.GRU, (5, 2, 3)), rf"shapes of inputs are for a net{ALL}class{ALL}fix"),
    "no net": (lambda f: f(tg.constant([1.0]), (2, 3)), rf"shapes of inputs are for a net{ALL}fix"),
}


@each("name", WRONG)
def test_what_does_not_fit_is_one_error_with_its_fix(name: str) -> None:
    call, words = WRONG[name]
    for function in (tg.summary, tg.draw):
        with pytest.raises(tg.GraphError, match=words):
            call(function)


def test_a_net_that_returns_no_node_is_refused() -> None:
    for function in (tg.summary, tg.draw):
        with pytest.raises(tg.GraphError, match=r"needs a node|returns no node"):
            function(Deaf(), (2, 3))


class Final(tg.Linear):
    """A layer of which no class can be made."""

    def __init_subclass__(cls, **options: Any) -> None:
        raise TypeError


def test_a_layer_of_which_no_class_can_be_made_has_a_row_without_a_shape() -> None:
    class Two(tg.Module):
        def __init__(self) -> None:
            self.first, self.second = Final(3, 4, rng=0), tg.Linear(4, 2, rng=1)

        def __call__(self, x: Any) -> Any:
            return self.second(self.first(x))

    net = Two()
    shapes = {row.kind: (row.output, row.calls, row.parameters) for row in tg.summary(net, (5, 3)).rows if row.name}
    assert shapes == {"Final": (None, 0, 16), "Linear": ((5, 2), 1, 10)}
