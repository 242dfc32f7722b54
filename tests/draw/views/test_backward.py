"""The backward view: a gradient beside each box, arrows that are the forward ones turned round, sums over time."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, weights, word_rnn
from tinygraph.core.graph import ancestors
from tinygraph.draw.colours import DEAD, FORWARD

from .seen_backward import NETWORKS, every_network, forward, is_parameter, live, picture, twins, words


@every_network
def test_each_gradient_has_the_norm_of_what_grad_gives(name):
    root = NETWORKS[name]
    found = twins(picture(root))
    nodes = list(found)
    for x, g in zip(nodes, tg.grad(root, nodes), strict=True):
        assert found[x].norm == pytest.approx(np.linalg.norm(g.value), rel=1e-9)


@every_network
def test_each_box_that_the_loss_reaches_has_its_gradient_at_its_height_and_in_its_column(name):
    drawn = picture(NETWORKS[name])
    found = twins(drawn)
    reached = set(ancestors([NETWORKS[name]], lambda x: x.op is None or x.op.differentiable))
    for node, box in forward(drawn).items():
        assert (node in found) == (node in reached and node.dtype.kind == "f")
        if node in found:
            assert found[node].y == box.y and found[node].x > box.x
            assert band_of(drawn, box) == band_of(drawn, found[node])


def band_of(drawn, box):
    return next((b.title for b in drawn.bands if b.left < box.x < b.right and b.foot < box.y < b.top), None)


@every_network
def test_no_two_boxes_overlap(name):
    boxes = picture(NETWORKS[name]).boxes
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2
            assert max(apart) > 0, (words(a), words(b))


@every_network
def test_the_gradients_arrows_are_the_forward_ones_turned_round(name):
    drawn = picture(NETWORKS[name])
    boxes, found = drawn.boxes, twins(drawn)
    gone = {DEAD}
    ahead = Counter()
    for x in drawn.arrows:
        a, b = boxes[x.tail], boxes[x.head]
        if "gradient" not in (a.role, b.role) and "stop_gradient" not in x.tip and {a.node, b.node} <= found.keys():
            ahead[b.node, a.node] += 1
    back = Counter({ends: n for ends, n in live(drawn).items() if not is_parameter(ends[1])})
    assert back == ahead
    assert sum(x.colour in gone for x in drawn.arrows) == sum("stop_gradient" in x.tip for x in drawn.arrows) / 2


@every_network
def test_the_arrows_start_and_end_at_their_boxes(name):
    drawn = picture(NETWORKS[name])
    for arrow in drawn.arrows:
        for end, (x, y) in ((arrow.tail, arrow.points[0]), (arrow.head, arrow.points[-1])):
            box = drawn.boxes[end]
            across, along = abs(x - box.x) - box.width / 2, abs(y - box.y) - box.height / 2
            assert max(across, along) == pytest.approx(0, abs=0.2), words(box)


def along(points):
    """Points on a chain of cubic curves."""
    for i in range(0, len(points) - 1, 3):
        a, b, c, d = (np.array(p) for p in points[i : i + 4])
        for t in np.linspace(0, 1, 12):
            u = 1 - t
            yield u**3 * a + 3 * u * u * t * b + 3 * u * t * t * c + t**3 * d


@every_network
def test_no_gradient_runs_through_a_box(name):
    drawn = picture(NETWORKS[name])
    for arrow in drawn.arrows:
        if drawn.boxes[arrow.tail].role == "gradient":
            points = np.array([*along(arrow.points)])
            for i, box in enumerate(drawn.boxes):
                inside = np.abs(points - (box.x, box.y)) < (box.width / 2 - 2, box.height / 2 - 2)
                assert i in (arrow.tail, arrow.head) or not inside.all(axis=1).any(), words(box)


@every_network
def test_an_arrow_and_its_gradients_run_apart(name):
    drawn = picture(NETWORKS[name])
    boxes, back = drawn.boxes, {}
    for arrow in drawn.arrows:
        if boxes[arrow.tail].role == "gradient":
            back[boxes[arrow.tail].node.origin, boxes[arrow.head].node.origin] = np.array([*along(arrow.points)])
    for arrow in drawn.arrows:
        ends = boxes[arrow.head].node, boxes[arrow.tail].node
        if ends in back:
            near = [np.hypot(*(back[ends] - x).T).min() < 4 for x in along(arrow.points)]
            assert sum(near) < len(near) / 4, "they may cross, not lie on one another"


def test_the_shares_of_one_box_run_side_by_side():
    drawn = picture(word_rnn(3), level="cell")
    boxes = drawn.boxes
    falls = [x.points for x in drawn.arrows if is_parameter(boxes[x.head].node.origin)]
    foot = drawn.bands[0].foot
    ways = {next(round(x) for (x, y) in way if y <= foot) for way in falls}
    assert len(falls) == len(ways) == 9


@every_network
def test_within_a_column_gradients_run_down(name):
    drawn = picture(NETWORKS[name])
    found = twins(drawn)
    for user, node in live(drawn):
        a, b = found[user], found[node]
        if any(band.left < a.x < band.right and band.left < b.x < band.right for band in drawn.bands):
            assert a.y > b.y or is_parameter(node)


def uses(root):
    """How often each parameter is read, by walking the graph: views of a parameter are the parameter."""
    seen = {x: x for x in ancestors([root]) if is_parameter(x)}
    count = Counter()
    for node in ancestors([root]):
        if node.op is not None and node.op.name in ("transpose", "swapaxes") and node.inputs[0] in seen:
            seen[node] = seen[node.inputs[0]]
        else:
            count.update(seen[x] for x in node.inputs if x in seen)
    return count


@every_network
def test_a_parameters_gradient_gathers_one_arrow_a_use(name):
    drawn = picture(NETWORKS[name])
    entering = Counter()
    for (_, node), n in live(drawn).items():
        if is_parameter(node):
            entering[node] += n
    read = uses(NETWORKS[name])
    # W.T is made anew at each step, but what is then done with it is one use.
    assert entering.keys() == read.keys()
    for node in read:
        box = twins(drawn)[node]
        assert entering[node] == read[node]
        assert (f"sum of {read[node]}" in box.below) == (read[node] > 1)


def test_the_shares_of_a_scalar_weight_add_up_to_its_gradient():
    """All of one sign, so that their norms, told by the arrows, add up like the numbers."""
    w = tg.parameter(0.5, name="w")
    h = tg.constant(1.0, name="h0")
    for t in range(3):
        with tg.step(t):
            h = tg.multiply(w, h, name=f"h{t + 1}")
    drawn = picture(tg.sum(h))
    boxes = drawn.boxes
    shares = [float(x.tip.split()[-1]) for x in drawn.arrows if is_parameter(boxes[x.head].node.origin)]
    assert shares == pytest.approx([0.25] * 3)
    assert twins(drawn)[w].norm == pytest.approx(3 * 0.5**2)


def test_the_chain_ends_at_a_cut():
    drawn = picture(word_rnn(4, cut=2))
    named = {x.name: x for x in twins(drawn) if x.name}
    reached = {user.step for user, node in live(drawn) if node is named["h2"]}
    assert reached == {2} and len(drawn.cuts) == 1
    assert 3 in {user.step for user, node in live(picture(word_rnn(4))) if node.name == "h2"}


def test_truncate_cuts_as_in_the_unrolled_view():
    drawn = picture(word_rnn(4), truncate=2)
    assert [round(cut.x) for cut in drawn.cuts] == [round(cut.x) for cut in picture(word_rnn(4, cut=2)).cuts]
    assert "k = 2" in drawn.subtitle and all(use.full for use in drawn.uses)


def test_both_is_the_unrolled_view_with_gradients():
    root = word_rnn(3)
    assert tg.draw(root, "both").source == tg.draw(root, gradients=True).source
    given = {x: np.full(x.shape, 7.0) for x in ancestors([root]) if x.name == "h2"}
    assert tg.draw(root, "both", gradients=given).source == tg.draw(root, gradients=given).source


def test_gradients_that_are_given_are_the_ones_told():
    root = word_rnn(2)
    given = {x: np.full(x.shape, 3.0) for x in ancestors([root]) if x.name in ("h1", "h2")}
    found = twins(picture(root, gradients=given))
    assert {x.name for x in found} == {"h1", "h2"}
    assert all(box.norm == pytest.approx(3 * 6**0.5) for box in found.values())


@pytest.mark.parametrize(
    "given",
    [tg.constant(np.ones(3)) * 2, [word_rnn(1), word_rnn(2)], tg.argmax(tg.constant(np.ones(3)))],
    ids=["many numbers", "two losses", "no float"],
)
def test_what_is_no_loss_is_refused(given):
    with pytest.raises(tg.GraphError, match="one loss of one element"):
        tg.draw(given, "backward")


def test_a_graph_whose_parameters_were_set_since_is_refused():
    w = weights(W=(2, 2))["W"]
    loss = tg.sum(w @ np.ones(2))
    w.value = np.zeros((2, 2))
    with pytest.raises(tg.GraphError, match="was set after"):
        tg.draw(loss, "backward")


def test_the_same_graph_gives_the_same_bytes():
    assert tg.draw(lstm(3), "backward").source == tg.draw(lstm(3), "backward").source


def test_the_source_is_linear_in_time():
    sizes = [len(tg.draw(word_rnn(n), "backward", level="op", max_nodes=None).source) for n in (20, 40, 80)]
    (a, b) = (y - x for x, y in pairwise(sizes))
    assert b < 2.2 * a


def test_more_nodes_than_calls_may_be_nested_are_drawn(deepest):
    steps = deepest // 2  # of more than four nodes one after the other
    assert len(picture(word_rnn(steps), max_nodes=None).boxes) == 14 * steps + 9


def test_forward_arrows_are_those_of_the_unrolled_view():
    root = lstm(3)
    seen = [x for x in picture(root).arrows if x.colour in (FORWARD, "#276749")]
    assert len(seen) == len(tg.draw(root, level="op").picture.arrows)


@pytest.mark.parametrize("root", [word_rnn(9), lstm(4), lstm(8)], ids=["RNN of 9", "LSTM of 4", "LSTM of 8"])
def test_the_columns_are_no_wider_than_twice_those_of_a_forward_picture(root):
    drawn, whole = (tg.draw(root, view="backward", level=level).picture for level in ("auto", "op"))
    wide, all_wide = (max(b.right for b in x.bands) - min(b.left for b in x.bands) for x in (drawn, whole))
    assert wide <= 2 * 2600 and whole.subtitle == ""
    assert ("the dots are" in drawn.subtitle) == (all_wide > 2 * 2600), "steps are hidden where they have no room"
    assert "tanh" in " ".join(p.text for box in drawn.boxes for p in box.title), "a box is an op"
