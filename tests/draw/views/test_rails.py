"""Ways of gradients that pass a whole column or all bars: each has one of its own."""

from itertools import pairwise

import numpy as np

import tinygraph as tg
from tests.draw.curves import spaced
from tests.draw.layout.test_ways_of_arrows import crowded
from tests.draw.networks import lstm, weights, word_rnn
from tests.draw.recurrent import encoder_decoder
from tests.draw.test_arrows import made_weights

from .seen_backward import is_parameter, picture


def gradients_of(drawn, node):
    """The arrows that leave the gradient of a node, by the node to whose gradient they run."""
    boxes = drawn.boxes
    leaving = [x for x in drawn.arrows if boxes[x.tail].role == "gradient" and boxes[x.tail].node.origin is node]
    return {boxes[x.head].node.origin: x for x in leaving}


def test_what_a_bar_gives_a_parameter_and_what_it_gives_a_bar_further_down_run_apart():
    w = weights(W=(3, 3), p=(3,))
    h, states = tg.constant(np.ones((2, 3))), []
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(h @ w["W"])
            states.append(h)
    a = tg.stack(states)
    loss = tg.einsum("tbi,tbi,i->", tg.tanh(tg.exp(a)), a, w["p"])
    drawn = picture(loss)
    ways = gradients_of(drawn, loss)
    past, share = (spaced(ways[node], 1.0) for node in (a, w["p"]))
    assert max(band.right for band in drawn.bands) < min(past[:, 0].max(), share[:, 0].max())
    assert np.hypot(*(past[:, None] - share[None]).transpose(2, 0, 1)).min() > 3


def test_two_shares_of_parameters_run_down_at_the_right_end_of_their_column():
    w = weights(A=(3, 3), B=(3, 3), C=(3, 3))
    h, products = tg.constant(np.ones((2, 3))), []
    for t in range(2):
        with tg.step(t):
            for name in "ABC":
                products.append(h @ w[name])
                h = tg.tanh(products[-1])
    drawn = picture(tg.sum(h))
    for t, band in enumerate(sorted(drawn.bands, key=lambda band: band.left)):
        boxes = [box for box in drawn.boxes if band.left < box.x < band.right and band.foot < box.y < band.top]
        edge, places = max(box.x + box.width / 2 for box in boxes), []
        for product in products[3 * t : 3 * t + 3]:
            (way,) = [x for node, x in gradients_of(drawn, product).items() if is_parameter(node)]
            places.append(next(x for x, y in way.points if y <= band.foot))
        beside = sorted(x for x in places if edge < x < band.right)
        assert len(beside) == 2 and beside[1] - beside[0] >= 5, "the third runs under its box"
        assert beside == sorted(places[1:]), "the highest boxes have most boxes to pass"
        assert places[0] < edge, "under its box"


def test_what_a_computed_weight_gets_comes_from_above_its_box():
    drawn = picture(made_weights())
    boxes, band = drawn.boxes, drawn.bands[0]
    falls = [x for x in drawn.arrows if boxes[x.tail].role == boxes[x.head].role == "gradient"]
    falls = [x for x in falls if boxes[x.head].y < band.foot < boxes[x.tail].y]
    into = [x for x in falls if not is_parameter(boxes[x.head].node.origin)]
    assert len(into) == 6, "of two weights at three steps"
    for arrow in into:
        box = boxes[arrow.head]
        assert arrow.points[-1][1] == box.y + box.height / 2 == min(y for _, y in arrow.points)


def test_gradients_of_bars_stand_right_of_all_bars_those_of_parameters_left_of_the_columns():
    """Of one size, and so near that a seam is between."""
    for root in (made_weights(), lstm(3), word_rnn(3)):
        drawn = picture(root)
        top, foot = drawn.bands[0].top, drawn.bands[0].foot
        bars = [b for b in drawn.boxes if b.y > top and b.role != "gradient"]
        twins = [b for b in drawn.boxes if b.y > top and b.role == "gradient"]
        right = max(b.x + b.width / 2 for b in bars)
        assert twins and {b.width for b in twins} == {max(b.width for b in twins)}
        for y in {b.y for b in twins}:
            row = sorted(b.x - b.width / 2 - right for b in twins if b.y == y)
            assert row == [24 + k * (twins[0].width + 24) for k in range(len(row))]
        under = [b for b in drawn.boxes if b.y < foot and b.role == "gradient"]
        edge = min(b.left for b in drawn.bands if "t =" in b.title)
        edge = min([edge, *(b.x - b.width / 2 for b in drawn.boxes if b.y < foot and b.role != "gradient")])
        assert under and all(b.x + b.width / 2 == edge - 50 for b in under)


def test_gradients_through_time_run_nearer_to_boxes_than_forward_arrows():
    """Where other boxes of the row are between: over the box that they leave, under the one that they enter."""
    drawn, distances = picture(crowded()), {True: set(), False: set()}
    for arrow in drawn.arrows:
        for i, (_, y), (_, lane) in ((arrow.tail, *arrow.points[:4:3]), (arrow.head, *arrow.points[:-5:-3])):
            box, other = drawn.boxes[i], drawn.boxes[arrow.head + arrow.tail - i]
            away = abs(other.x - box.x) > box.width and abs(abs(y - box.y) - 20) < 1e-6 and 0 < abs(lane - y) < 20
            if away and all(drawn.bands[0].foot < x.y < drawn.bands[0].top for x in (box, other)):
                distances[box.role == "gradient"].add(round(abs(lane - y), 6))
    assert distances == {True: {7.0}, False: {14.0}}


def test_gradients_run_level_over_the_columns_in_lanes_and_beside_bars_at_one_distance():
    """Eight points from lane to lane; thirteen over or under a bar, five nearer on the way to a parameter."""
    seen, starts, most = set(), set(), 0
    for root in (made_weights(), lstm(3), word_rnn(3), encoder_decoder(4, 3), encoder_decoder(3, 3, bridge=True)):
        drawn = picture(root)
        named = 18 * any(n.text == "encoder" for n in drawn.notes)
        top = drawn.bands[0].top
        bars = [b for b in drawn.boxes if b.y > top]
        kinds = {"lane": {top + named + 14 + 8 * k for k in range(len(bars))}}
        kinds["under"] = {b.y - 20 - 13 for b in bars}
        kinds["to a parameter"] = {b.y - 20 - 8 for b in bars}
        kinds["over"] = {b.y + 20 + 13 for b in bars}
        kinds["from a side"] = {b.y for b in bars}
        lanes = set()
        for arrow in (a for a in drawn.arrows if drawn.boxes[a.tail].role == "gradient"):
            box, (x, y) = drawn.boxes[arrow.tail], arrow.points[0]
            starts |= {round(x - box.x, 6)} if box.y > top and y == box.y - 20 else set()
            for (_, y), (_, z) in pairwise(arrow.points[::3]):
                if abs(y - z) < 1e-6 and y > top + 1e-6:
                    near = {kind for kind, heights in kinds.items() if any(abs(y - x) < 1e-6 for x in heights)}
                    assert near, (y - top, {round(b.y - top, 3) for b in bars})
                    seen |= near if len(near) == 1 else set()
                    lanes |= {round(y - top - named, 6)} if near == {"lane"} else set()
        assert lanes == {14 + 8 * k for k in range(len(lanes))}, "the lowest lanes come first"
        most = max(most, len(lanes))
    assert seen >= {"lane", "under", "to a parameter"} and starts >= {0.0, 20.0, 28.0} and most > 1


def test_lanes_of_many_bars_are_under_the_first_one():
    w = weights(W=(3, 3))
    h, states = tg.constant(np.ones((2, 3))), []
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(h @ w["W"])
            states.append(h)
    for count in (2, 3, 6):
        ops = (np.exp, np.sin, np.cos, np.abs, np.tanh, np.square)[:count]
        drawn = picture(sum(tg.mean(op(tg.stack(states))) for op in ops))
        top = drawn.bands[0].top
        low = min(box.y - 20 for box in drawn.boxes if box.y > top)
        starts = [a for a in drawn.arrows if drawn.boxes[a.tail].y > top > drawn.boxes[a.head].y]
        lanes = {y for a in starts for (x, y), (u, z) in pairwise(a.points[::3]) if y == z and x != u and y < low + 80}
        assert len(lanes) == count and max(lanes) < low - 2.9
