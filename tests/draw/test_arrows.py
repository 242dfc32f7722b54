"""Arrows of all views as a reader's eye follows them: from box to box, smooth, around boxes and beside each other."""

from functools import cache

import tinygraph as tg
from tests.draw.compiled import functions
from tests.draw.views.seen_backward import NETWORKS
from tests.each import each

from .curves import from_edge, kinks, lying_on_another, passed

VIEWS = ("both", "rolled", "backward")  # "both" has the arrows of "unrolled"
DRAWN = [(view, name) for view in VIEWS for name in ("rnn", "lstm", "both ways", "perceptron", "gru", "stack", "cut")]
DRAWN += [("compiled", name) for name in functions.NETWORKS]
CROWDED = {"gru", "lagging", "side_by_side"}
"""Where a few arrows, of many past the same boxes, share a way."""
every_picture = each("view, name", DRAWN)


@cache
def picture(view, name):
    if view == "compiled":
        return functions.draw(functions.called(functions.NETWORKS[name]()))
    return tg.draw(NETWORKS[name], view, level="op").picture


@every_picture
def test_an_arrow_runs_round_every_box_between(view, name):
    drawn = picture(view, name)
    assert drawn.arrows
    for arrow in drawn.arrows:
        assert not passed(drawn, arrow), arrow


@every_picture
def test_an_arrow_has_no_kinks(view, name):
    assert max(angle for arrow in picture(view, name).arrows for angle in [0.0, *kinks(arrow)]) < 3


@every_picture
def test_an_arrow_starts_and_ends_at_the_edge_of_its_box(view, name):
    """Gradients beside an arrow stand up to 5 points aside of it; a value between cards ends at their edges."""
    drawn = picture(view, name)
    for arrow in drawn.arrows:
        if not arrow.tip.endswith(("value", "values")):
            assert from_edge(arrow.points[0], drawn.boxes[arrow.tail]) < 5.1, arrow
            assert from_edge(arrow.points[-1], drawn.boxes[arrow.head]) < 5.1, arrow


@every_picture
def test_arrows_run_beside_each_other(view, name):
    drawn = picture(view, name)
    assert len(lying_on_another(drawn)) <= (len(drawn.arrows) / 15 if name in CROWDED else 0)
