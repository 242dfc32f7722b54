"""What became of each traced op is read from the journal of passes and planner, which do the same when run again."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.draw.networks import weights
from tests.each import each
from tinygraph.draw.compiled import planned, settle, traced
from tinygraph.passes.journal import Journal, every

from .functions import NETWORKS, B, H, called, cards, draw, flat, halves, title

W = weights(W=(3, 4), U=(4, 4))


def normed(kind: Any) -> Any:
    """A cell in which something is reduced with keepdims before the loop, and after it."""

    def cell(x: Any, h: Any) -> Any:
        a = x @ W["W"]
        h = tg.tanh(a - kind(a, axis=-1, keepdims=True) + h @ W["U"])
        return h * kind(h, axis=-1, keepdims=True), h

    return lambda xs: tg.mean(tg.unroll(cell, xs, np.zeros((B, H)))[0])


def left(step: Any, name: str) -> list[Any]:
    """The boxes of an op in the upper band, each with the boxes below that bear its number."""
    picture = draw(step)
    before, after = halves(picture)
    number = {
        id(box): tile.text
        for box in picture.boxes
        for tile in picture.tiles
        if tile.text and abs(tile.x - box.x + box.width / 2 - 3) < 1 and abs(tile.y - box.y - box.height / 2 + 2) < 1
    }
    return [
        (box, [x for x in after if id(x) in number and number[id(x)] == number.get(id(box))])
        for box in before
        if title(box).split()[0] == name
    ]


@each_backend
@each("name, kind", [("mean", tg.mean), ("sum", tg.sum), ("max", tg.max)])
def test_a_reduction_with_keepdims_that_left_its_loop_is_done_by_an_action(backend: str, name: str, kind: Any) -> None:
    boxes = left(called(normed(kind), backend), name)
    inside = [(box, below) for box, below in boxes if box.below.endswith("×1")]
    assert len(inside) == 2
    for box, below in inside:
        assert box.role == "moved" and below, box.tip
        assert any(name.replace("mean", "sum") in title(x) + x.below for x in below)


@each_backend
@each("op", [tg.softmax, tg.log_softmax])
def test_a_softmax_is_done_by_what_it_is_taken_apart_into(backend: str, op: Any) -> None:
    step = called(lambda xs: tg.sum(op(xs @ W["W"]) * 2.0), backend)
    before, _ = halves(draw(step))
    (box,) = [x for x in before if "softmax" in title(x)]
    assert box.role == "op" and not box.dashed

    def cell(x: Any, h: Any) -> Any:
        h = tg.tanh(x @ W["W"] + h)
        return op(h), h

    step = called(lambda xs: tg.mean(tg.unroll(cell, xs, np.zeros((B, H)))[0]), backend)
    (told,) = left(step, title(box).split()[0])
    assert told[0].role == "moved" and told[1]


@each_backend
@each("name", NETWORKS)
def test_passes_and_planner_do_the_same_again(name: str, backend: str) -> None:
    plan = called(NETWORKS[name](), backend).plan
    places = [(node, node._place) for node in every(plan.before)]
    journal = plan.journal()
    assert all(node._place is place for node, place in places), "the graph is as it was"
    again, own = list(flat(journal.actions)), list(flat(plan.actions))
    assert [(type(a), around) for a, around in again] == [(type(a), around) for a, around in own]
    for (a, _), (b, _) in zip(again, own, strict=True):
        made = [[(i.op, i.args, i.dtype) for i in getattr(x, "instructions", ())] for x in (a, b)]
        assert made[0] == made[1]


@each_backend
@each("name", NETWORKS)
def test_each_op_that_computes_numbers_is_done_by_an_action_of_its_loop_or_around_it(name: str, backend: str) -> None:
    plan = called(NETWORKS[name](), backend).plan
    before, journal = traced(plan.before), plan.journal()
    after = planned(journal, before.parameters)
    done = settle(before, after, journal.dropped)
    for i, item in enumerate(before.items):
        if not item.is_view and i not in done:
            assert any(word in item.tip[-1] for word in ("constants alone", "changes nothing", "equal to another"))
        for at in done.get(i, []):
            assert after.items[at].loop is None or item.loop is not None


@each_backend
def test_every_cell_is_told_whole(backend: str) -> None:
    """No op of a cell's training step is lost sight of, and no action but copies stands without one."""
    names = ("LSTM", "GRU", "MGU", "QRNN", "LRU", "PhasedLSTM", "NTM", "FastWeights", "SRU", "JANET")
    for cls in (getattr(tg.cells, name) for name in names if hasattr(tg.cells, name)):
        try:
            cell = cls(3, 4, rng=0)
        except tg.GraphError:
            cell = cls(4, 4, rng=0)
        xs = np.ones((3, 2, cell.input_size), cell.dtype)
        loss = lambda xs, c=cell: tg.mean(tg.unroll(c, xs)[0] ** 2)  # noqa: E731
        step = called(tg.value_and_grad(loss, cell.parameters()), backend, xs)
        before, journal = traced(step.plan.before), step.plan.journal()
        after = planned(journal, before.parameters)
        settle(before, after, journal.dropped)
        assert not [i.tip for i in before.items if i.role == "removed" and "none of the actions" in i.tip[-1]]
        told = [journal.done_by.get(id(a)) for a, _ in flat(journal.actions)]
        assert all(x or item.kind == "copy" for x, item in zip(told, after.items, strict=True))


@each_backend
def test_a_weight_joined_before_the_loop_does_not_move_its_product(backend: str) -> None:
    picture = draw(called(NETWORKS["gru"](), backend))
    before, _ = halves(picture)
    products = [x for x in before if title(x) in ("@ Wz.T", "@ Wr.T")]
    assert len(products) == 2 and all(x.role == "op" and len(cards(picture, x)) == 1 for x in products)


def test_what_the_journal_does_not_tell_is_said_to_be_done_by_no_action() -> None:
    plan = called(NETWORKS["rnn"]()).plan
    before, journal = traced(plan.before), plan.journal()
    after = planned(Journal(actions=journal.actions), before.parameters)
    assert settle(before, after, {}) == {}
    for item in before.items:
        assert (item.role, item.gone, item.below, item.bytes, item.mark) == ("removed", True, "", 0, 0)
        why = "places in memory alone: no number is computed" if item.is_view else "none of the actions does it: "
        assert item.tip[-1].startswith(why) and len(item.tip) > 1
    assert not any(item.mark or item.gone for item in after.items)
