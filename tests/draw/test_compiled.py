"""The compiled view: what was traced over what is run, against the plan itself and hand counts."""

import re

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.draw.plans.kernels import planned
from tinygraph.plan.actions import Call, Elementwise, Product, Reduction, Repeat

from .functions import (
    BACKENDS,
    NETWORKS,
    B,
    D,
    T,
    called,
    cards,
    chips,
    draw,
    flat,
    gru,
    halves,
    lstm,
    marks,
    mlp,
    ops_traced,
    rnn,
    sizes,
    title,
)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_lower_band_is_the_plan_action_by_action(name, backend):
    step = called(NETWORKS[name](), backend)
    picture = draw(step)
    before, after = halves(picture)
    assert len(before) == ops_traced(step.graph("before"))
    assert [*before, *after] == picture.boxes
    plan = list(flat(step.plan.actions))
    assert len(after) == len(plan)
    for box, (action, around) in zip(after, plan, strict=True):
        assert sorted(times for _, times in cards(picture, box)) == sorted(around)
        if isinstance(action, Product):
            assert box.below.endswith(f"{sizes(action.a.shape)} @ {sizes(action.b.shape)}") and "@" in title(box)
        elif isinstance(action, Reduction):
            assert title(box) == action.kind and box.below.startswith(sizes(action.x.shape))
        elif isinstance(action, Call):
            assert box.below == sizes(action.out.shape)
        else:
            assert isinstance(action, Elementwise)
            names = [i.op for i in action.instructions] + [kind for kind, _, _ in action.reduces]
            *lines, shape = box.below.split("\n")
            assert shape == sizes(action.shape)
            if len(names) > 1:
                listed = [word.split(" ") for word in ", ".join(lines).split(", ")]
                told = {w[-1]: int(w[0]) if len(w) > 1 else 1 for w in listed}
                assert told == {n: names.count(n) for n in names}
                assert title(box) == f"{len(names)} ops in one pass"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "weight", "turn"), [("rnn", "W", ""), ("lstm", "W_ih", ".T")])
def test_the_input_product_is_in_the_card_before_and_outside_after(name, weight, turn, backend):
    picture = draw(called(NETWORKS[name](), backend))
    before, after = halves(picture)
    (was,) = [box for box in before if title(box) == f"data @ {weight}{turn}"]
    (now,) = [box for box in after if chips(box) == [f"{weight}{turn}"]]
    assert cards(picture, was) == [("loop", T)] and cards(picture, now) == []
    assert was.role == now.role == "moved" and was.dashed and not now.dashed
    assert now.below.startswith(f"{T * B}×{D} @")
    assert [was, now] in marks(picture).values()
    (recurrent,) = [box for box in after if chips(box) == [{"rnn": "U", "lstm": "W_hh.T"}[name]]]
    assert cards(picture, recurrent) == [("loop", T)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "both_ways", "attention"])
def test_a_number_stands_in_both_bands_and_only_what_left_a_loop_has_one(name, backend):
    picture = draw(called(NETWORKS[name](), backend))
    before, after = halves(picture)
    found = marks(picture)
    assert sorted(found) == list(range(1, len(found) + 1)) and found
    for boxes in found.values():
        above, below = [b for b in boxes if b in before], [b for b in boxes if b in after]
        assert above and below and all(b.dashed for b in above) and not any(b.dashed for b in below)
        assert len(cards(picture, below[0])) < len(cards(picture, above[0])) or name == "attention"
    assert sum(b.role == "moved" for b in before) == sum(b in before for boxes in found.values() for b in boxes)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ops_that_change_nothing_or_are_done_twice_are_grey_and_dashed(backend):
    def extra(h):
        return tg.maximum(h * 1.0, tg.exp(h)) + tg.exp(h) * 0.5

    plain, more = draw(called(mlp(), backend)), draw(called(mlp(extra), backend))
    before, after = halves(more)
    once = [box for box in before if title(box) == "* 1"]
    twice = [box for box in before if title(box) == "exp"]
    assert once and all(box.dashed and box.role == "removed" for box in once)
    assert [box.dashed for box in twice] == [False, True]
    assert any("changes nothing" in line for line in once[0].tip)
    assert any("equal to another" in line for line in twice[1].tip)
    assert not any(box.dashed for box in after)
    assert not any(title(box) == "* 1" for box in halves(plain)[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_within_a_cell_too(backend):
    picture = draw(called(rnn(lambda h: h + 0.0), backend))
    (zero,) = [box for box in halves(picture)[0] if title(box) == "+ 0"]
    assert zero.dashed and zero.role == "removed" and cards(picture, zero) == [("loop", T)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_joined_products_are_one_box_with_both_weights(backend):
    picture = draw(called(gru(), backend))
    before, after = halves(picture)
    (joined,) = [box for box in after if "2 joined" in box.below and {*chips(box)} >= {"Wz", "Wr"}][:1]
    assert joined.role == "op" and ("loop", T) in cards(picture, joined)
    parts = [box for box in before if chips(box) in (["Wz.T"], ["Wr.T"]) and "@" in title(box)]
    assert len(parts) == 2 and not any(box.dashed for box in parts)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_line_below_the_title_counts_right(backend):
    step = called(lstm(), backend)
    picture = draw(step)
    before, after = halves(picture)
    counts = [int(n) for n in re.findall(r"(\d+) (?:ops traced|actions|left|are done)", picture.subtitle)]
    removed = sum(box.role == "removed" for box in before)
    assert counts == [
        len(before),
        len(after),
        sum(len([b for b in x if b in before]) for x in marks(picture).values()),
        removed,
    ]
    run = re.match(rf"plan for {backend}: ([\d.]+ \w+)", str(step.plan))
    assert picture.subtitle.endswith(f"{run[1]} after")


def test_checkpoints_are_cards_in_cards():
    step = called(rnn(), xs=np.ones((100, B, D)), memory="checkpoint")
    picture = draw(step)
    before, after = halves(picture)
    assert len(before) == ops_traced(step.graph("before")) and len(after) == len(list(flat(step.plan.actions)))
    (cell,) = [box for box in before if title(box) == "tanh" and "backwards" not in str(cards(picture, box))]
    assert cards(picture, cell) == [("loop", 10), ("loop", 10)]


def elements(view, at):
    """The numbers of the elements that a view sees when the loops around stand at the steps ``at``."""
    start = view.offset + sum(k * move for k, move in zip(at, view.per_step, strict=False))
    found = np.array([start])
    for n, stride in zip(view.shape, view.strides, strict=True):
        found = (found[:, None] + stride * np.arange(n)).ravel()
    return found


def sources(actions):
    """Of each action, by its number, who wrote what it reads: found by doing the plan element by element."""
    number = {id(action): k for k, (action, _) in enumerate(flat(actions))}
    writers, found = {}, {k: set() for k in number.values()}

    def do(actions, at):
        for action in actions:
            if isinstance(action, Repeat):
                for k in range(action.steps):
                    do(action.actions, (*at, k))
                continue
            if isinstance(action, Elementwise):
                loads, stores = action.loads, [v for _, v in action.stores] + [v for _, _, v in action.reduces]
            elif isinstance(action, Product):
                loads, stores = [action.a, action.b], [action.out]
            else:
                loads, stores = [action.x] if isinstance(action, Reduction) else action.inputs, [action.out]
            for v in loads:
                last = writers.setdefault(id(v.buffer), np.full(v.buffer.size, -1))
                found[number[id(action)]] |= {*last[elements(v, at)].tolist()} - {-1}
            for v in stores:
                writers.setdefault(id(v.buffer), np.full(v.buffer.size, -1))[elements(v, at)] = number[id(action)]

    do(actions, ())
    return found


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_values_come_from_the_actions_that_wrote_them(name, backend):
    actions = called(NETWORKS[name](), backend).plan.actions
    drawn = {k: {*item.before, *item.late} for k, item in enumerate(planned(actions).items)}
    assert drawn == sources(actions)
