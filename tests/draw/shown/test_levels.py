"""Levels: ops, cells, layers, the whole; time steps left out; and what a joined box and its arrows tell."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, perceptron, weights, word_rnn
from tests.draw.recurrent import NETWORKS, encoder_decoder, two_scopes, uneven
from tinygraph.draw.layout.spots import Placed
from tinygraph.draw.options import Options
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.levels import Levels
from tinygraph.draw.views.unrolled import SPARE, WIDE, _has_room


def title(box):
    return " ".join(part.text for part in box.title)


def heads(drawn):
    return [b.title for b in drawn.picture.bands]


def ends(drawn):
    """Arrows as pairs of boxes' titles, without the numbers found."""
    names = [" ".join(p.text for p in b.title if p.kind != "value") for b in drawn.picture.boxes]
    return [(names[a.tail], names[a.head]) for a in drawn.picture.arrows]


def wide(drawn):
    bands = drawn.picture.bands
    return max(b.right for b in bands) - min(b.left for b in bands)


def leaky(steps):
    """A cell of two boxes a step, so that eight columns are narrow."""
    h = tg.constant(np.ones(2), name="h0")
    for t in range(steps):
        with tg.step(t):
            h = tg.multiply(tg.tanh(h), 0.5, name="h")
    return tg.sum(h)


@pytest.mark.parametrize(("steps", "shown"), [(7, 7), (8, 8), (9, 6), (25, 6), (26, 11), (40, 11)])
def test_how_many_columns_are_shown_unless_told(steps, shown):
    drawn = tg.draw(leaky(steps))
    assert len(heads(drawn)) == shown and len(heads(tg.draw(leaky(steps), level="op"))) == steps
    dots = [h for h in heads(drawn) if "…" in h]
    assert dots == {9: ["t = 3 … 6"], 25: ["t = 3 … 22"], 26: ["t = 6 … 21"], 40: ["t = 6 … 35"]}.get(steps, [])
    assert ("dots" in drawn.picture.subtitle) == bool(dots)


def test_what_is_too_wide_shows_fewer_steps_or_cells():
    """The level looks at width: eight steps of a wide cell are as much as fifty of a narrow one."""
    for root in (word_rnn(8), word_rnn(26), lstm(8), tg.cells.LSTM(3, 4, rng=0), tg.cells.GRU(3, 40, rng=0)):
        loss = root if isinstance(root, tg.Node) else tg.sum(tg.unroll(root, np.ones((8, 2, 3), "f4"))[0])
        drawn = tg.draw(loss)
        assert wide(drawn) <= 2600 and ("dots" in drawn.picture.subtitle or "cell" in drawn.picture.subtitle)
    layers = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, bidirectional=True, rng=0)
    drawn = tg.draw(tg.sum(tg.unroll(layers, np.ones((4, 2, 3), "f4"))[0]))
    assert drawn.picture.subtitle == "a box is a cell at one step" and wide(drawn) <= 2600


def test_chosen_steps_are_shown_and_dots_stand_for_the_others():
    drawn = tg.draw(word_rnn(9), steps=[0, 1, -1])
    assert heads(drawn) == ["t = 1", "t = 2", "t = 3 … 8", "t = 9"]
    assert drawn.picture.subtitle == "the dots are 6 steps of 9"
    assert tg.draw(word_rnn(4), steps=[0, 1, -1]).picture.subtitle == "the dots are 1 step of 4"
    assert tg.draw(word_rnn(4), steps=[0, 1, -1], lang="zh").picture.subtitle == "省略号代表 4 步中的 1 步"
    drawn = tg.draw(word_rnn(9), steps=[0, 4, 8], level="op", gradients=True)
    assert heads(drawn) == ["t = 1", "t = 2 … 4", "t = 5", "t = 6 … 8", "t = 9"]
    full, some = (
        {title(b): b.norm for b in tg.draw(word_rnn(9), level="op", gradients=True, steps=x).picture.boxes}
        for x in (None, [0, 4, 8])
    )
    common = full.keys() & some.keys() - {"⋯"}
    assert len(common) > 15 and all(full[k] == some[k] for k in common)
    assert heads(tg.draw(word_rnn(3), steps=[1])) == ["t = 1", "t = 2", "t = 3"], "a step alone keeps its number"


@pytest.mark.parametrize("steps", [[9], [-10], [], "01", [0.5], 3, [True]])
def test_steps_that_there_are_not(steps):
    with pytest.raises(tg.GraphError, match="steps"):
        tg.draw(word_rnn(9), steps=steps)


def test_a_cell_at_a_step_is_one_box():
    assert any(title(b) == "cell" for b in tg.draw(word_rnn(26)).picture.boxes)
    boxes = [title(b) for b in tg.draw(word_rnn(30), level="cell").picture.boxes]
    assert sum(b == "cell" for b in boxes) == 30 and sum("softmax" in b for b in boxes) == 30
    assert len(boxes) == 3 * 30 + 3, "x, cell and loss at each step; h0, the sum and the division"


def test_dots_have_the_arrows_of_the_step_they_stand_for():
    drawn = tg.draw(word_rnn(12))
    assert (
        ("h3 = tanh", "⋯") in ends(drawn)
        and ("⋯", "W @ h10") in ends(drawn)
        and ("⋯", "total = sum of 12") in ends(drawn)
    )
    assert ("⋯", "⋯") not in ends(drawn)
    lines = drawn.text().splitlines()
    assert any("t = 4 … 10" in line for line in lines)


def test_what_comes_back_from_the_dots_is_what_the_first_of_them_sends():
    """Of the op level, the norm on the arrow from t = 4 back to h3; and from t = 11 back into the dots."""

    def tips(drawn):
        boxes = drawn.picture.boxes
        return {(title(boxes[a.tail]), title(boxes[a.head])): a.tip for a in drawn.picture.arrows if "∂" in a.tip}

    root = word_rnn(12)
    full, short = (
        tips(tg.draw(root, gradients=True, level="op")),
        tips(tg.draw(root, gradients=True, steps=[0, 1, 2, -2, -1])),
    )
    assert short["⋯", "h3 = tanh"] == full["W @ h3", "h3 = tanh"]
    assert short["W @ h10", "⋯"] == full["W @ h10", "h10 = tanh"]
    assert short["W @ h2", "h2 = tanh"] == full["W @ h2", "h2 = tanh"]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("level", ["cell", "layer", "whole"])
def test_every_level_of_every_network_is_drawn(name, level):
    root = NETWORKS[name][0]
    drawn = tg.draw(root, level=level)
    few = len(tg.draw(root, level="op").picture.boxes)
    assert len(drawn.picture.boxes) < few and "op by op" not in drawn.picture.subtitle
    assert drawn.source == tg.draw(root, level=level).source and drawn.text()


def test_a_joined_box_tells_the_norm_over_its_states():
    """h and c of an LSTM end to end, against the gradients themselves."""
    root = lstm(5)
    (box, *_) = [b for b in tg.draw(root, gradients=True, level="cell").picture.boxes if title(b) == "cell"]
    ops = tg.draw(root, level="op").picture.boxes
    states = [b.node for b in ops if b.role == "state" and b.node.step == 0]
    assert len(states) == 2
    h, c = tg.grad(root, states)
    assert np.isclose(box.norm, np.sqrt(np.sum(h.value**2) + np.sum(c.value**2)), rtol=1e-12)


def test_of_several_arrows_in_one_the_norms_add_as_vectors():
    """Two uses of h in the next step: what comes back is one vector, the sum of both."""
    w = weights(A=(3, 3), B=(3, 3))
    h = tg.constant(np.ones(3), name="h")
    first = None
    for t in range(2):
        with tg.step(t):
            h = tg.tanh(w["A"] @ h) * tg.sigmoid(w["B"] @ h)
            first = first if first is not None else h
    drawn = tg.draw(tg.sum(h), gradients=True, level="cell").picture
    (tip,) = [a.tip for a in drawn.arrows if "∂" in a.tip and drawn.boxes[a.head].node is first]
    (g,) = tg.grad(tg.sum(h), [first])
    assert float(tip.split()[1]) == pytest.approx(np.linalg.norm(g.value), rel=1e-3)


def test_layers_and_directions_are_told_apart_and_data_is_one_box():
    layers = [title(b) for b in tg.draw(two_scopes(5), level="layer").picture.boxes]
    assert {"lower × 5 A B", "upper × 5 C D V", "xₜ"} <= set(layers)
    assert not tg.draw(two_scopes(5), level="layer").picture.bands
    coder = [title(b) for b in tg.draw(encoder_decoder(5, 3), level="layer").picture.boxes]
    assert [b for b in coder if "coder" in b] == ["encoder × 5 A B", "decoder × 3 C D"]
    assert len([b for b in tg.draw(both_ways(5), level="cell").picture.boxes if "ward" in title(b)]) == 10


def test_the_whole_is_one_box_with_its_data_and_its_loss():
    boxes = [title(b) for b in tg.draw(perceptron(), level="whole").picture.boxes]
    assert [b for b in boxes if b.startswith("network")] == ["network W0 b0 W1"] and len(boxes) <= 5


def test_data_of_a_joined_box_does_not_pass_for_a_state():
    drawn = tg.draw(two_scopes(4), level="cell").picture
    assert {b.role for b in drawn.boxes if title(b).startswith("x")} == {"input"}


def test_max_nodes_folds_the_middle_of_time_and_says_so():
    drawn = tg.draw(word_rnn(20), level="op", max_nodes=70)
    assert len(drawn.picture.boxes) <= 70 and "max_nodes = 70 of 143 boxes" in drawn.picture.subtitle
    assert len(heads(drawn)) >= 7 and heads(drawn)[0] == "t = 1" and heads(drawn)[-1] == "t = 20"
    assert len(heads(tg.draw(word_rnn(20), level="op", max_nodes=None))) == 20


def test_a_graph_without_time_of_too_many_boxes_is_joined_by_scope():
    h = tg.constant(np.ones(2), name="x")
    for i in range(3):
        with tg.scope(f"block{i}"):
            for _ in range(4):
                h = tg.tanh(h * 2)
    drawn = tg.draw(h, max_nodes=10).picture
    assert [title(b) for b in drawn.boxes] == ["x", "block0", "block1", "block2"] and "max_nodes = 10" in drawn.subtitle


def test_cuts_and_tokens_are_seen_at_every_level_of_time():
    assert len(tg.draw(word_rnn(6, cut=2), level="cell", gradients=True).picture.cuts) == 2
    assert [b.token for b in tg.draw(word_rnn(12), tokens=list("abcdefghijkl")).picture.bands] == [*"abc", "", *"kl"]


def test_a_first_step_without_a_state_is_in_its_cell_too():
    boxes = [title(b) for b in tg.draw(uneven(5), level="cell").picture.boxes]
    assert sum(b.startswith("cell") for b in boxes) == 5


def test_data_of_hidden_steps_alone_are_dots_and_shared_data_are_not():
    w, shared = tg.parameter(np.eye(2), "W"), tg.constant(np.ones(2), "shared")
    h = tg.constant(np.zeros(2), "h0")
    for t in range(12):
        with tg.step(t):
            h = tg.tanh(w @ h + tg.constant(np.ones(2) * t, name=f"x{t}") + shared, name="h")
    drawn = tg.draw(tg.sum(h)).picture
    leaves = {box.title[0].text: box.role for box in drawn.boxes if box.node is not None and box.node.op is None}
    assert leaves["shared"] == "input" and "x5" not in leaves
    assert {f"x{t}" for t in (0, 1, 2, 10, 11)} <= {name for name, role in leaves.items() if role == "input"}
    assert sum(box.role == "dots" for box in drawn.boxes) >= 3


ALL = None
USUAL: dict[int, list[tuple[str, tuple[int, int] | None]]] = {
    1: [("op", ALL), ("cell", ALL)],
    4: [("op", ALL), ("cell", ALL)],
    5: [("op", ALL), ("op", (2, 1)), ("cell", ALL)],
    7: [("op", ALL), ("op", (3, 2)), ("op", (2, 1)), ("cell", ALL), ("cell", (3, 2))],
    8: [("op", ALL), ("op", (3, 2)), ("op", (2, 1)), ("cell", ALL), ("cell", (3, 2))],
    9: [("op", (3, 2)), ("op", (2, 1)), ("cell", ALL), ("cell", (3, 2))],
    25: [("op", (3, 2)), ("op", (2, 1)), ("cell", ALL), ("cell", (6, 4)), ("cell", (3, 2))],
    26: [("cell", (6, 4)), ("cell", (3, 2))],
}
"""What is tried for so many steps, in this order, until there is room."""


def plain(level, ends=ALL, terse=0):
    return level, ends, terse, False


def tried(root, **options):
    return [*Levels(fold([root]), [root], Options(**options)).details()]


@pytest.mark.parametrize("steps", USUAL)
def test_what_is_tried_where_there_is_no_room(steps):
    """A picture from which steps of its level can be left out must be narrower than the last of the level."""
    root, levels = leaky(steps), [level for level, _ in USUAL[steps]]
    assert tried(root) == [(*x, 0, x[0] in levels[k + 1 :]) for k, x in enumerate(USUAL[steps])]
    for level in ("op", "whole"):
        assert tried(root, level=level) == [plain(level)]
    assert tried(root, steps=[0]) == [plain("op"), plain("cell")]


@pytest.mark.parametrize(
    ("steps", "few"),
    [
        (3, [ALL]),
        (4, [ALL, (1, 1)]),
        (5, [ALL, (2, 1), (1, 1)]),
        (25, [ALL, (3, 2), (2, 1), (1, 1)]),
        (26, [(3, 2), (2, 1), (1, 1)]),
    ],
)
def test_what_is_tried_for_an_area(steps, few):
    """Of each level all steps, unless they are too many, then few; of each first with shapes."""
    ends = {"op": few, "cell": few, "layer": [ALL], "outline": [ALL], "whole": [ALL]}
    right = {level: [plain(level, x, terse) for x in ends[level] for terse in (0, 2)] for level in ends}
    root = leaky(steps)
    assert tried(root, fit="a4") == [x for details in right.values() for x in details]
    for level in ("op", "cell", "whole"):
        assert tried(root, fit="a4", level=level) == right[level]
    assert tried(root, fit="a4", level="layer") == right["layer"] + right["outline"]
    assert tried(root, fit="a4", level="cell", steps=[0, -1]) == [plain("cell"), plain("cell", terse=2)]


def test_without_time_there_are_ops_or_for_too_many_boxes_layers():
    assert tried(perceptron()) == [plain("op")]
    assert tried(perceptron(), max_nodes=3) == tried(perceptron(), max_nodes=3, level="op") == [plain("layer")]
    assert tried(perceptron(), max_nodes=3, level="cell") == [plain("cell")]


@pytest.mark.parametrize(
    ("left", "right", "foot", "top", "fits"),
    [
        (0, 2600, 0, 1300, True),
        (-100, 2500, -650, 650, True),
        (0, 2601, 0, 100, False),
        (-1, 2600, 0, 100, False),
        (0, 100, 0, 1301, False),
        (0, 100, -1, 1300, False),
    ],
)
def test_columns_have_room_up_to_2600_by_1300_points_if_no_step_can_be_spared(left, right, foot, top, fits):
    placed = Placed(edges={0: (left, left + 10), 1: (right - 10, right)}, foot=foot, top=top)
    assert (WIDE, SPARE) == (2600, 2100)
    assert _has_room(placed, WIDE) == fits and _has_room(Placed(), WIDE)
    assert not _has_room(placed, SPARE) or right - left <= SPARE
