"""Gradients and tokens in the rolled view: one cell tells of all its steps together."""

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn
from tests.draw.recurrent import NETWORKS, attention
from tinygraph.core.graph import ancestors
from tinygraph.draw.labels import width
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.repetition import find_repetition


@pytest.mark.parametrize("name", NETWORKS)
def test_a_box_is_coloured_by_its_gradients_of_all_steps_together(name):
    root = NETWORKS[name][0]
    drawn = tg.draw(root, "rolled", gradients=True).picture
    reached = [x for x in ancestors([root]) if x.dtype.kind == "f"]
    found = find_repetition(fold([root]))
    assert found is not None
    norms = {x: np.linalg.norm(g.value) for x, g in zip(reached, tg.grad(root, reached), strict=True)}
    assert "over all steps together" in drawn.subtitle and len(found.groups) == len(drawn.boxes)
    for members, box in zip(found.groups, drawn.boxes, strict=True):
        whole = np.sqrt(sum(norms.get(x, 0.0) ** 2 for x in members))
        assert (box.norm or 0.0) == pytest.approx(whole, rel=1e-12)
    assert sum(box.fill != "#ffffff" for box in drawn.boxes) >= len(drawn.boxes) - 2
    assert {use.name: use.norm for use in drawn.uses} == {
        use.name: use.norm for use in tg.draw(root, gradients=True).picture.uses
    }


def test_without_gradients_no_scale_is_shown_and_with_them_the_red_arrows_are_not_explained_as_backward():
    drawing = tg.draw(word_rnn(3), "rolled", gradients=True)
    assert drawing.picture.scale is not None and "red arrows: backward" not in drawing.source
    plain = tg.draw(word_rnn(3), "rolled").picture
    assert plain.scale is None and "∂" not in plain.subtitle and {box.fill for box in plain.boxes} == {"#ffffff"}


def test_tokens_are_told_in_one_line():
    assert "; I like to play" in tg.draw(word_rnn(4), "rolled", tokens=["I", "like", "to", "play"]).picture.subtitle
    with pytest.raises(tg.GraphError, match="tokens"):
        tg.draw(word_rnn(4), "rolled", tokens=["I"])


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("gradients", [None, True])
def test_texts_fit_into_their_boxes(name, gradients):
    for box in tg.draw(NETWORKS[name][0], "rolled", gradients=gradients).picture.boxes:
        assert width(box.below, 9) <= box.width and width(" ".join(p.text for p in box.title), 13, True) <= box.width


def test_what_an_encoder_hands_over_runs_beside_the_cards():
    """One dashed arrow into the lane of the decoder's state; between the boxes it touches no box."""
    drawn = tg.draw(attention(4, 3), "rolled").picture
    (arrow,) = [a for a in drawn.arrows if a.dashed and drawn.boxes[a.tail].title[0].text == "hₜ ="]
    assert {b.title for b in drawn.bands} == {"encoder", "decoder"}
    ends = {arrow.tail, arrow.head}
    for i, box in enumerate(drawn.boxes):
        for x, y in arrow.points if i not in ends else ():
            assert abs(x - box.x) > box.width / 2 or abs(y - box.y) > box.height / 2, box.title
    left = min(b.left for b in drawn.bands)
    assert min(x for x, _ in arrow.points) < left, "it runs outside of the cards"
    assert "t = 3 → t = 0" in {n.text for n in drawn.notes}
