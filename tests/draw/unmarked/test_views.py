"""Pictures of loops that nobody marked are those of the marked ones, to the byte."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

from .networks import NETWORKS
from .running import run, without_marks
from .shapes import LOOPS, TIMELESS

DRAWN = [*NETWORKS.values(), LOOPS["layers within steps"], LOOPS["steps within layers"], LOOPS["if t > 0"]]


def both(source):
    return run(without_marks(source)), run(source)


@each("source", DRAWN)
def test_columns_and_cards_are_those_of_the_marked_graph(source):
    plain, by_hand = both(source)
    for view in ("unrolled", "rolled"):
        assert tg.draw(plain, view).source == tg.draw(by_hand, view).source


def test_an_article_is_drawn_in_columns_and_rolls():
    plain, _ = both(NETWORKS["column vectors"])
    columns = tg.draw(plain)
    assert [band.title for band in columns.picture.bands] == [f"t = {t}" for t in range(4)]
    assert "cell × 4" in tg.draw(plain, "rolled").source


@each("name", ["LSTM with functions", "a class", "encoder and decoder", "column vectors"])
def test_flow_has_the_numbers_of_the_marked_graph(name):
    plain, by_hand = both(NETWORKS[name])
    assert tg.draw(plain, "flow").text() == tg.draw(by_hand, "flow").text()


def test_options_go_on_working():
    plain, by_hand = both(NETWORKS["LSTM with functions"])
    for options in ({"gradients": True}, {"truncate": 2}, {"tokens": [*"abcd"]}, {"level": "cell"}, {"values": True}):
        assert tg.draw(plain, **options).source == tg.draw(by_hand, **options).source
    for view in ("both", "backward"):
        assert tg.draw(plain, view, truncate=2).source == tg.draw(by_hand, view, truncate=2).source


def test_gradients_by_node_are_found_in_unmarked_graphs():
    W, hs = tg.parameter(np.eye(3) * 0.5, name="W"), [np.zeros(3)]
    for x in np.ones((4, 3)):
        hs.append(np.tanh(x + W @ hs[-1]))
    loss = np.sum(hs[-1])
    given = dict(zip([*hs[1:], W], tg.grad(loss, [*hs[1:], W]), strict=True))
    norms = {box.node.step: box.norm for box in tg.draw(loss, gradients=given).picture.boxes if box.role == "state"}
    for t, h in enumerate(hs[1:]):
        np.testing.assert_allclose(norms[t], np.linalg.norm(given[h].value))


def test_the_summary_counts_a_step_once():
    plain, by_hand = both(NETWORKS["LSTM with functions"])
    assert str(tg.summary(plain)) == str(tg.summary(by_hand))
    assert len(tg.summary(plain).rows) < 30


def test_without_time_the_rolled_view_says_so_and_flow_refuses():
    plain = run(TIMELESS["layers"])
    assert "no time steps are marked" in tg.draw(plain, "rolled").source
    with pytest.raises(tg.GraphError, match="needs time steps"):
        tg.draw(plain, "flow")


def test_a_history_that_grows_beside_the_steps_is_no_state():
    source = """
class Net:
    def __init__(self):
        self.near, self.history = [np.zeros((2, 3))], np.zeros((0, 2, 3))

    def step(self, x):
        h = np.tanh(x @ U + sum(self.near) / len(self.near) @ W)
        self.near = [*self.near, h][-3:]
        self.history = np.append(self.history, h[None], axis=0)

net = Net()
for x in X:
    net.step(x)
loss = net.history.var(axis=0).sum() + sum(net.near).sum()
"""
    text = tg.draw(run(source), "flow").picture.plain_text
    assert [line for line in text if " at " in line][-1].split()[-3:] == ["0", "1", "2"]
