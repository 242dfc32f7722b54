"""Gradients in pictures: norms, what flows along arrows, cuts, and what is not there."""

import math

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn
from tinygraph.core.graph import ancestors
from tinygraph.draw.norms import heat as module
from tinygraph.draw.norms.heat import ABSENT, ODD, ZERO, Heat, add_flows, heat, slopes
from tinygraph.draw.shown.folding import fold
from tinygraph.engine.grad import derive


def heat_of(folded, roots, gradients):
    arrays = slopes(folded, roots, gradients)
    norms = heat(folded, roots, arrays)
    add_flows(norms, folded, arrays)
    return norms


def named(root, name):
    return next(x for x in ancestors([root]) if x.name == name)


def test_norms_are_those_of_central_differences():
    x = np.array([0.3, -0.2])
    w = np.array([[0.5, 0.1], [-0.4, 0.8]])

    def loss(h):
        return float(np.sum(np.tanh(w @ np.tanh(h)) ** 2))

    h = tg.constant(x, name="h")
    y = tg.sum(tg.square(tg.tanh(tg.parameter(w) @ tg.tanh(h))))
    step = 1e-6
    slopes = [(loss(x + step * e) - loss(x - step * e)) / (2 * step) for e in np.eye(2)]
    assert heat_of(fold([y]), [y], True).norms[h] == pytest.approx(np.linalg.norm(slopes), rel=1e-6)


@pytest.mark.parametrize("root", [word_rnn(4), lstm(4)])
def test_what_flows_into_a_box_adds_up_to_its_gradient(root):
    """Of a box whose arrows all carry one direction the norms add; in general they bound the box's norm."""
    folded = fold([root])
    found = heat_of(folded, [root], True)
    arriving = {}
    for node in folded.nodes:
        for link in folded.arrows[node]:
            arriving.setdefault(link.source, []).append(found.flows[link])
    checked = 0
    for node, flows in arriving.items():
        norm = found.norms[node]
        if norm is not None and None not in flows:
            assert norm <= sum(flows) + 1e-12
            assert norm >= 2 * max(flows) - sum(flows) - 1e-12
            checked += 1
    assert checked > 10


def test_what_time_sends_back_is_the_whole_gradient_less_the_own_loss():
    root = word_rnn(3)
    h, later = named(root, "h2"), named(root, "h3")
    found = heat_of(fold([root]), [root], True)
    w = named(root, "W").value
    g = tg.grad(root, later).value * (1 - later.value**2)
    assert found.back[h] == pytest.approx(np.linalg.norm(w.T @ g), rel=1e-12)


def test_nothing_comes_back_over_a_cut():
    root = word_rnn(4, cut=2)
    drawn = tg.draw(root, gradients=True, level="op").picture
    assert len(drawn.cuts) == 1 and drawn.bands[1].right < drawn.cuts[0].x < drawn.bands[2].left
    assert [a.tip for a in drawn.arrows if a.dashed] == ["stop_gradient: nothing comes back"]
    assert len(drawn.notes) == 2, "one norm beside each state that hears from later"
    assert not tg.draw(word_rnn(4), gradients=True, level="op").picture.cuts
    assert len(tg.draw(root, level="op").picture.cuts) == 1, "the cut shows without gradients too"


def test_an_lstm_is_cut_in_both_states():
    drawn = tg.draw(lstm(4, truncate=2), gradients=True, level="op").picture
    assert len(drawn.cuts) == 1 and sum(a.dashed for a in drawn.arrows) == 2


def test_the_gradient_that_was_not_computed_is_never_shown_as_zero():
    x, y = tg.constant([1.0], name="x"), tg.constant([2.0], name="y")
    root = tg.sum(tg.exp(tg.stop_gradient(tg.tanh(x, name="blocked"))) * (y * 0.0 + 1.0))
    boxes = tg.draw(root, gradients=True, level="op").picture.boxes
    drawn = {" ".join(part.text for part in b.title): b for b in boxes}
    assert drawn["x"].below.endswith("not computed") and drawn["x"].fill == ABSENT
    assert drawn["y"].below.endswith("‖∂‖ 0") and drawn["y"].fill == ZERO


def test_gradients_may_be_given():
    x = tg.constant([3.0, 4.0], name="x")
    h = tg.exp(x, name="h")
    boxes = tg.draw(h, gradients={x: np.array([3.0, 4.0]), h: None}, level="op").picture.boxes
    assert [b.below for b in boxes] == ["2 · ‖∂‖ 5.0", "2 · not computed"]


def test_through_an_op_without_a_gradient_nothing_flows_whatever_is_given():
    x = tg.constant([3.0, 4.0], name="x")
    place, h = tg.argmax(x, axis=0), tg.exp(x)
    given = {x: np.array([3.0, 4.0]), h: np.array([0.1, 0.2]), place: np.array(7.0)}
    drawn = tg.draw([place, h], gradients=given, level="op").picture
    found = heat_of(fold([place, h]), [place, h], given)
    flows = {link.user.op.name: norm for link, norm in found.flows.items()}
    assert flows["argmax"] is None and flows["exp"] == pytest.approx(np.hypot(0.1 * np.exp(3), 0.2 * np.exp(4)))
    assert len(drawn.boxes) == 3


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_no_number_is_marked(bad):
    x = tg.constant([1.0], name="x")
    h = tg.tanh(x)
    drawn = tg.draw(tg.sum(h), gradients={x: np.array([bad]), h: np.array([bad])}, level="op").picture
    assert drawn.boxes[0].fill == ODD and drawn.scale is not None and all(map(math.isfinite, drawn.scale))
    assert ODD in {a.colour for a in drawn.arrows}


def test_the_scale_spans_a_decade_at_least_and_holds_all_norms():
    root = word_rnn(4)
    found = heat_of(fold([root]), [root], True)
    assert found.high / found.low >= 10 - 1e-9
    inner = [v for x, v in found.norms.items() if v and x.op is not None and x is not root]
    assert found.low <= min(inner) * (1 + 1e-9) and max(inner) <= found.high * (1 + 1e-9)


@pytest.mark.parametrize("norms", [[2.0], [1e-320], [1e-320, 3e-320], [1e308], [1e-310, 1e305], [1e-3, 1e3]])
def test_the_scale_has_two_ends_wherever_its_norms_lie(norms):
    nodes = [tg.constant(1.0) for _ in norms]
    found = Heat(dict(zip(nodes, norms, strict=True)))
    found.span(set())
    assert found.low * (1 + 1e-9) >= 1e-307 and found.high <= 1.001e308 and found.high >= found.low * (10 - 1e-9)
    levels = [found.level(x) for x in norms]
    assert all(0 <= x <= 1 for x in levels) and levels == sorted(levels)
    if norms == [2.0]:
        assert levels[0] == pytest.approx(0.5) and found.high / found.low == pytest.approx(10)
    if len(norms) == 2 and norms[0] >= 1e-300:
        assert levels == pytest.approx([0.0, 1.0])


def test_wrong_calls_are_told():
    x = tg.constant([1.0, 2.0])
    with pytest.raises(tg.GraphError, match="one loss"):
        tg.draw(tg.exp(x), gradients=True)
    with pytest.raises(tg.GraphError, match="does not fit"):
        tg.draw(x, gradients={x: np.ones(3)})
    with pytest.raises(tg.GraphError, match="no node"):
        tg.draw(x, gradients={"x": np.ones(2)})
    for nothing in ([], 3, None, "x"):
        with pytest.raises(tg.GraphError, match="needs a node"):
            tg.draw(nothing)


def test_gradients_are_sent_back_once_whatever_is_tried(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "derive", lambda *args, **more: calls.append(1) or derive(*args, **more))
    drawn = tg.draw(lstm(25), gradients=True).picture
    assert "dots" in drawn.subtitle and len(calls) == 1
    tg.draw(lstm(25), gradients=True, fit="column")
    assert len(calls) == 2
