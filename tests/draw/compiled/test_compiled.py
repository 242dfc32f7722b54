"""The compiled view: what was traced over what is run, against the plan itself and hand counts."""

import re

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import BACKENDS
from tinygraph.draw.compiled.kernels import planned
from tinygraph.plan.actions import Call, Elementwise, Product, Reduction, Repeat

from .functions import (
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
    (zero,) = [box for box in halves(picture)[0] if title(box).endswith("+ 0")]
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
    counts = [int(n) for n in re.findall(r"(\d+) (?:ops traced|actions run|ops left|are done)", picture.subtitle)]
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


def ends(action):
    """What an action reads, and what it writes."""
    if isinstance(action, Elementwise):
        return action.loads, [v for _, v in action.stores] + [v for _, _, v in action.reduces]
    if isinstance(action, Product):
        return [action.a, action.b], [action.out]
    return [action.x] if isinstance(action, Reduction) else action.inputs, [action.out]


def sources(actions):
    """Of each action who wrote what it reads, at the same step and at an earlier one: the plan done by elements.

    A writer is the number of an action, with the loops around and the steps at which they stood.
    """
    numbers = {id(action): k for k, (action, _) in enumerate(flat(actions))}
    same, late = {k: set() for k in numbers.values()}, {k: set() for k in numbers.values()}
    last = {}

    def do(actions, loops, at):
        for action in actions:
            if isinstance(action, Repeat):
                for k in range(action.steps):
                    do(action.actions, (*loops, id(action)), (*at, k))
                continue
            number = numbers[id(action)]
            loads, stores = ends(action)
            for v in loads:
                for element in elements(v, at):
                    writer = last.get((id(v.buffer), element))
                    if writer is not None:
                        mine = writer[1][: len(loops)] == loops
                        (late if mine and writer[2][: len(at)] != at else same)[number].add(writer[0])
            for v in stores:
                last.update(((id(v.buffer), element), (number, loops, at)) for element in elements(v, at))

    do(actions, (), ())
    return same, late


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_values_come_from_the_actions_that_wrote_them(name, backend):
    plan = called(NETWORKS[name](), backend).plan
    actions = plan.actions
    items = planned(plan.journal(), {}).items
    same, late = sources(actions)
    assert {k: {*item.before} for k, item in enumerate(items)} == same
    assert {k: {*item.late} for k, item in enumerate(items)} == late


def test_a_training_step_is_drawn_with_its_optimizer():
    w = tg.parameter(np.ones(3), "w")
    adam = tg.train.Adam([w])
    step = tg.train.step(lambda x: tg.mean((x @ w) ** 2), [w], adam, clip=1.0, backend="numpy")
    with pytest.raises(tg.GraphError, match="no plan before the first call"):
        tg.draw(step, "compiled")
    step(np.ones((4, 3)))
    before, after = halves(draw(step))
    assert len(after) == len(step.plan.actions) and "sqrt" in " ".join(map(title, before))
    eager = tg.train.step(lambda x: tg.mean((x @ w) ** 2), [w], adam, backend="eager")
    with pytest.raises(tg.GraphError, match="an eager step has no plan"):
        tg.draw(eager, "compiled")
