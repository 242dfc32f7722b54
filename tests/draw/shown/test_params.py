"""Parameters as chips, as a pale box for each use, and as one box for all."""

from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, perceptron, weights, word_rnn
from tests.draw.recurrent import losses_outside
from tinygraph.draw.shown.params import GHOST, HUB

NETWORKS = {
    "rnn": word_rnn(4),
    "lstm": lstm(3, truncate=2),
    "both ways": both_ways(3),
    "perceptron": perceptron(),
    "losses outside": losses_outside(3),
}


def title(box):
    return " ".join(part.text for part in box.title)


def parameters(picture):
    return [(i, box) for i, box in enumerate(picture.boxes) if box.role == "parameter"]


def forward(picture):
    """(tail, head) of the arrows that lead on, by the titles of their boxes; arrows back end where those begin."""
    leading = {(a.tail, a.head) for a in picture.arrows if a.tail < a.head or a.tail in dict(parameters(picture))}
    return [(title(picture.boxes[a]), title(picture.boxes[b])) for a, b in leading]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("params", ["ghost", "hub"])
@pytest.mark.parametrize("gradients", [None, True])
def test_no_two_boxes_overlap_and_no_chip_is_left(name, params, gradients):
    picture = tg.draw(NETWORKS[name], params=params, gradients=gradients).picture
    boxes = picture.boxes
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2
            assert max(apart) > 0, (a, b)
    assert not any(part.kind == "chip" for box in boxes for part in box.title)


def test_ghosts_stand_below_each_use_in_its_step():
    picture = tg.draw(word_rnn(3), params="ghost").picture
    ghosts = parameters(picture)
    assert sorted(title(b) for _, b in ghosts) == ["U"] * 3 + ["V"] * 3 + ["W"] * 3
    for i, ghost in ghosts:
        (arrow,) = [a for a in picture.arrows if a.tail == i]
        user = picture.boxes[arrow.head]
        assert title(user).startswith(f"{title(ghost)} @") and ghost.y < user.y and ghost.fill == GHOST
        assert any(band.left < ghost.x < band.right and band.left < user.x < band.right for band in picture.bands)
    assert [(u.name, u.uses) for u in picture.uses] == [("U", 3), ("W", 3), ("V", 3)], "one copy each all the same"


def test_a_hub_is_one_box_left_of_a_rail_under_all_columns():
    picture = tg.draw(word_rnn(4), params="hub").picture
    hubs = parameters(picture)
    assert sorted(title(b) for _, b in hubs) == ["U", "V", "W"]
    for i, hub in hubs:
        arrows = [a for a in picture.arrows if a.tail == i]
        users = [picture.boxes[a.head] for a in arrows]
        assert len(arrows) == 4 and all(title(u).startswith(f"{title(hub)} @") for u in users)
        (rail,) = [t for t in picture.tiles if t.tip == title(hub)]
        assert hub.x + hub.width / 2 == pytest.approx(rail.x - rail.width / 2) and hub.fill == rail.fill == HUB
        assert rail.y == hub.y < picture.bands[0].foot and hub.x < picture.bands[0].left
        for arrow in arrows:
            x, y = arrow.points[0]
            assert y == rail.y + rail.height / 2 and abs(x - rail.x) < rail.width / 2
    rails = sorted(t.y for t in picture.tiles)
    assert len(rails) == 3 and all(b - a > 40 for a, b in pairwise(rails))


def test_norms_of_a_parameters_uses_are_what_each_adds():
    """Of one use the box tells the parameter's norm; of several, dL/dW of a use is the outer product of gz and x."""
    x = np.array([0.3, -0.5])
    w = tg.parameter(np.array([[0.5, 0.1], [-0.4, 0.8]]), name="W")
    with tg.step(0):
        first = w @ tg.constant(x, name="x")
    with tg.step(1):
        second = w @ tg.tanh(first)
    loss = tg.sum(second, name="loss")
    h = np.tanh(w.value @ x)
    adds = [np.outer(w.value.T @ np.ones(2) * (1 - h**2), x), np.outer(np.ones(2), h)]
    drawn = {p: tg.draw(loss, gradients=True, params=p).picture for p in ("ghost", "hub", "chip")}
    by_x = sorted(parameters(drawn["ghost"]), key=lambda pair: pair[1].x)
    assert [b.norm for _, b in by_x] == pytest.approx([np.linalg.norm(a) for a in adds])
    ((_, hub),) = parameters(drawn["hub"])
    assert hub.norm == pytest.approx(np.linalg.norm(adds[0] + adds[1]))
    assert drawn["ghost"].scale == drawn["hub"].scale == drawn["chip"].scale
    assert [u.norm for u in drawn["ghost"].uses] == [u.norm for u in drawn["chip"].uses]
    assert f"2×2 · ‖∂‖ {hub.norm:.1f}" == hub.below


def test_nothing_comes_back_past_a_stop_gradient_of_a_parameter():
    w = tg.parameter([2.0, 3.0], name="w")
    loss = tg.sum(tg.tanh(tg.stop_gradient(w) * tg.constant([1.0, 1.0], name="x")) * w)
    for params in ("ghost", "hub"):
        picture = tg.draw(loss, gradients=True, params=params).picture
        numbers = {i for i, _ in parameters(picture)}
        assert sum(a.head in numbers and not a.dashed for a in picture.arrows) == 1
        assert sum(a.head in numbers and a.dashed for a in picture.arrows) == 1


def test_uses_within_a_chain_of_sums_have_arrows():
    a, b = tg.parameter(1.0, name="a"), tg.parameter(2.0, name="b")
    picture = tg.draw(tg.exp(a) + b + tg.exp(b), params="hub").picture
    last = title(picture.boxes[-1])
    assert last.startswith("add b")
    assert sorted(forward(picture)) == [("a", "exp a"), ("b", last), ("b", "exp b"), ("exp a", last), ("exp b", last)]


def test_a_parameter_of_a_bar_stands_beside_it():
    for params, colour in (("ghost", GHOST), ("hub", HUB)):
        picture = tg.draw(both_ways(3), params=params).picture
        ((i, v),) = [(i, b) for i, b in parameters(picture) if title(b) == "V"]
        (arrow,) = [a for a in picture.arrows if a.tail == i]
        bar = picture.boxes[arrow.head]
        assert title(bar) == "@ V.T" and v.y == bar.y and v.fill == colour
        assert v.x + v.width / 2 < arrow.points[-1][0] == bar.x - bar.width / 2


def test_a_parameter_of_columns_and_of_a_bar_stands_by_both():
    w = weights(W=(3, 3))["W"]
    h, total = tg.constant(np.ones(3)), []
    for t in range(2):
        with tg.step(t):
            h = tg.tanh(w @ h)
        total.append(h)
    loss = tg.sum(tg.stack(total) @ w)
    picture = tg.draw(loss, gradients=True, params="hub").picture
    (_, low), (_, high) = sorted(parameters(picture), key=lambda pair: pair[1].y)
    assert low.y < picture.bands[0].foot and high.y > picture.bands[0].top and len(picture.tiles) == 1
    assert high.norm < low.norm == pytest.approx(np.linalg.norm(tg.grad(loss, w).value))


def test_a_cell_in_one_box_has_one_arrow_from_each_parameter():
    loss = lstm(4)
    norms = {u.name: u.norm for u in tg.draw(loss, gradients=True).picture.uses}
    hub = tg.draw(loss, gradients=True, params="hub", level="cell").picture
    assert {title(b): b.below.rpartition(" ")[2] for _, b in parameters(hub)} == norms
    assert len([a for a in hub.arrows if a.tail in dict(parameters(hub))]) == 4 * 4
    ghost = tg.draw(loss, gradients=True, params="ghost", level="cell").picture
    op = tg.draw(loss, gradients=True, params="ghost", level="op").picture
    assert sorted((title(b), b.norm) for _, b in parameters(ghost)) == sorted(
        (title(b), b.norm) for _, b in parameters(op)
    )


def test_arrows_from_several_parameters_into_one_box_run_side_by_side():
    picture = tg.draw(lstm(3), params="hub", level="cell").picture
    lanes = {}
    for arrow in (a for a in picture.arrows if a.tail in dict(parameters(picture))):
        x, y = arrow.points[0]
        lanes.setdefault(arrow.head, []).append(x)
        assert arrow.points[3][0] == pytest.approx(x), "upright from the rail on"
        upright = max(end for (start, _), (here, end) in pairwise([(x, y), *arrow.points[3::3]]) if start == here)
        for box in picture.boxes:
            assert abs(box.x - x) > box.width / 2 + 4 or not y < box.y < upright, "past the data, not over it"
    assert len(lanes) == 3
    for xs in lanes.values():
        assert len(xs) == 4 and all(b - a > 12 for a, b in pairwise(sorted(xs)))


@pytest.mark.parametrize("params", ["chip", "ghost", "hub"])
def test_a_parameter_may_be_drawn_for_itself(params):
    w, v = tg.parameter([1.0], name="w"), tg.parameter([1.0], name="v")
    with tg.step(0):
        h = tg.tanh(w * tg.constant([1.0], name="x"))
    with tg.step(1):
        h = tg.tanh(w * h)
    titles = [title(b) for b in tg.draw([h, w, v], params=params).picture.boxes]
    assert titles.count("v") == 1 and titles.count("w") == {"chip": 1, "hub": 1, "ghost": 3}[params]


def test_steps_left_out_have_no_ghosts():
    picture = tg.draw(word_rnn(12), params="ghost").picture
    assert sum(title(b) == "W" for _, b in parameters(picture)) == 5


def test_the_texts_under_columns_stand_between_the_arrows():
    picture = tg.draw(word_rnn(3), params="hub", gradients=True, tokens=["I", "like", "to"]).picture
    for band in picture.bands:
        xs = [
            x
            for a in picture.arrows
            for x, y in (a.points[0], a.points[-1])
            if band.left < x < band.right and y < band.foot
        ]
        assert len(xs) == 6 and min(abs(x - band.middle) for x in xs) > 25
    assert all(b.at is None for b in tg.draw(word_rnn(3)).picture.bands)


def test_unnamed_parameters_have_the_names_of_the_table():
    with tg.step(0):
        loss = tg.sum(tg.parameter([1.0]) * tg.parameter([2.0]))
    for params in ("ghost", "hub"):
        picture = tg.draw(loss, params=params).picture
        assert {title(b) for _, b in parameters(picture)} == {"θ1", "θ2"} == {u.name for u in picture.uses}


def test_the_legend_tells_of_parameters_as_they_are_drawn():
    sources = {p: tg.draw(word_rnn(2), params=p).source for p in ("chip", "ghost", "hub")}
    for p, line in (("chip", "parameter of the op<"), ("ghost", ">parameter<"), ("hub", ">parameter<")):
        assert line in sources[p]
        assert tg.draw(word_rnn(2), params=p).source == sources[p], "the same graph twice"
    assert "parameter of the op<" not in sources["ghost"] and len(set(sources.values())) == 3
