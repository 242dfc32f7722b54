"""Arrows of all views as a reader's eye follows them: from box to box, smooth, around boxes and beside each other."""

from functools import cache

import numpy as np

import tinygraph as tg
from tests.draw.compiled import functions
from tests.draw.networks import weights
from tests.draw.recurrent import NETWORKS as ROLLED
from tests.draw.views.seen_backward import NETWORKS
from tests.each import each

from .curves import from_edge, kinks, lying_on_another, passed

VIEWS = ("both", "rolled", "backward")  # "both" has the arrows of "unrolled"


def running_sum():
    """A state that no other needs, so that its lane turns on itself."""
    w = weights(A=(3, 3))
    h, total = tg.constant(np.ones((2, 3))), tg.constant(np.zeros((2, 3)))
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(h @ w["A"])
            total = total + h * h
    return tg.sum(total)


def made_weights():
    """Weights that boxes under the columns make: their gradients are gathered over time there."""
    w = weights(W=(3, 3), V=(3, 3))
    inner, outer = tg.tanh(w["W"]), tg.exp(w["V"])
    h = tg.constant(np.ones((2, 3)))
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(tg.tanh(h @ inner) @ outer)
    return tg.sum(h)


ROOTS = {**{name: root for name, (root, *_) in ROLLED.items()}, **NETWORKS}
ROOTS |= {"running sum": running_sum(), "made weights": made_weights()}
DRAWN = [(view, name) for view in VIEWS for name in ("lstm", "both ways", "perceptron", "gru", "two scopes", "cut")]
DRAWN += [(view, name) for view in VIEWS for name in ("running sum", "made weights")]
DRAWN += [("rolled", name) for name in ROLLED if ("rolled", name) not in DRAWN]
DRAWN += [("compiled", name) for name in functions.NETWORKS]
every_picture = each("view, name", DRAWN)
CROWDED = {"gru", "lagging", "side_by_side", "made weights"}
"""Where a few arrows, of many past the same boxes, share a way."""
THROUGH = {("both", "made weights"), ("backward", "made weights")}
"""Where arrows of one bar under the columns run through another bar, since both are as wide as all columns."""


@cache
def picture(view, name):
    if view == "compiled":
        return functions.draw(functions.called(functions.NETWORKS[name]()))
    return tg.draw(ROOTS[name], view, level="op").picture


@every_picture
def test_an_arrow_runs_round_every_box_between(view, name):
    drawn = picture(view, name)
    assert drawn.arrows
    for arrow in drawn.arrows:
        assert not passed(drawn, arrow) or (view, name) in THROUGH, arrow


@every_picture
def test_an_arrow_has_no_kinks(view, name):
    assert max(angle for arrow in picture(view, name).arrows for angle in [0.0, *kinks(arrow)]) < 3


@every_picture
def test_an_arrow_starts_and_ends_at_the_edge_of_its_box(view, name):
    """A value between cards ends at their edges."""
    drawn = picture(view, name)
    for arrow in drawn.arrows:
        if not arrow.tip.endswith(("value", "values")):
            assert from_edge(arrow.points[0], drawn.boxes[arrow.tail]) < 0.1, arrow
            assert from_edge(arrow.points[-1], drawn.boxes[arrow.head]) < 0.1, arrow


@every_picture
def test_arrows_run_beside_each_other(view, name):
    drawn = picture(view, name)
    assert len(lying_on_another(drawn)) <= (len(drawn.arrows) / 15 if name in CROWDED else 0)
