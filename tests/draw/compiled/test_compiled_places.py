"""The compiled view as a picture: places, arrows, bars, plain text, and what it says of wrong requests."""

import itertools

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import BACKENDS
from tests.draw.networks import weights
from tests.draw.write.test_render import NASTY, shown, texts
from tests.draw.write.test_render import rendered as rendered
from tests.each import each
from tinygraph import GraphError

from .functions import (
    NETWORKS,
    XS,
    B,
    D,
    H,
    T,
    called,
    cards,
    draw,
    halves,
    inside,
    lstm,
    marks,
    mlp,
    rnn,
    title,
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_loop_the_bands_stand_beside_each_other(backend):
    picture = draw(called(mlp(), backend, XS[0]))
    before, after = (b for b in picture.bands if b.title.startswith(("before", "after")))
    assert before.right < after.left and (before.foot, before.top) == (after.foot, after.top)
    assert not any(band.times for band in picture.bands) and not marks(picture)
    assert all(arrow.points[-1][1] > arrow.points[0][1] for arrow in picture.arrows)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_boxes_lie_apart_and_cards_in_their_bands(name, backend):
    picture = draw(called(NETWORKS[name](), backend))
    for i, a in enumerate(picture.boxes):
        for b in picture.boxes[:i]:
            assert max(abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2) > 0
    outer = [b for b in picture.bands if b.title.startswith(("before", "after"))]
    for band in picture.bands:
        assert band.headed, "its name stands at the upper left"
        assert any(
            o.left <= band.left and band.right <= o.right and o.foot <= band.foot and band.top <= o.top for o in outer
        )
        held = [
            box
            for box in picture.boxes
            if abs(box.x - (band.left + band.right) / 2) < (band.right - band.left) / 2
            and abs(box.y - (band.foot + band.top) / 2) < (band.top - band.foot) / 2
        ]
        assert held and all(inside(box, band) for box in held)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_arrow_in_a_group_runs_from_box_to_box(name):
    picture = draw(called(NETWORKS[name]()))
    for arrow in picture.arrows:
        if arrow.tip.endswith(("value", "values")):
            continue
        tail, head = picture.boxes[arrow.tail], picture.boxes[arrow.head]
        (x0, y0), (x1, y1) = arrow.points[0], arrow.points[-1]
        assert abs(x0 - tail.x) <= tail.width / 2 and y0 == pytest.approx(tail.y + tail.height / 2)
        assert abs(x1 - head.x) <= head.width / 2 and y1 == pytest.approx(head.y - head.height / 2)


def test_bars_are_as_long_as_the_flops_of_a_call():
    picture = draw(called(rnn()))
    bars = {}
    for tile in picture.tiles:
        box = min(picture.boxes, key=lambda b: abs(b.x - b.width / 2 + 8 + tile.width / 2 - tile.x) + abs(b.y - tile.y))
        if "FLOP" in tile.tip:
            bars[picture.boxes.index(box)] = tile.width / (box.width - 16)
    before, _ = halves(picture)
    share = {title(box): bars[i] for i, box in enumerate(before) if title(box) in ("data @ W", "state @ U")}
    # Two FLOPs an element of the inner axis: 2 B D H and 2 B H H a step; no product is larger than the second.
    assert share == {"data @ W": pytest.approx(D / H), "state @ U": 1.0}
    assert any(words.endswith(f"full = {2 * B * H * H * T} FLOP") for _, words in picture.keys)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_runs_round_its_card_in_red(backend):
    picture = draw(called(lstm(), backend))
    red = [arrow for arrow in picture.arrows if arrow.tip == "to the next step"]
    for arrow in red:
        tail, head = picture.boxes[arrow.tail], picture.boxes[arrow.head]
        assert cards(picture, tail) == cards(picture, head) != []
        assert tail.role == "state" or tail.dashed
    first = {title(picture.boxes[a.head]) for a in red if picture.boxes[a.head] in halves(picture)[0]}
    assert {"state @ W_hh.T", "* state"} <= first


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_not_done_where_it_is_drawn_is_dashed(name):
    before, after = halves(draw(called(NETWORKS[name]())))
    assert all(box.dashed == (box.role in ("moved", "removed")) for box in before)
    assert not any(box.dashed or box.role == "removed" for box in after)


def test_a_last_state_that_starts_another_loop_is_an_arrow_from_card_to_card():
    w = weights(W=(D, H), U=(H, H), A=(H, H))

    def encoder(x, h):
        h = tg.tanh(x @ w["W"] + h @ w["U"])
        return h, h

    def decoder(x, h):
        h = tg.tanh(h @ w["A"])
        return h, h

    def code(xs):
        last = tg.unroll(encoder, xs, np.zeros((B, H)))[1]
        return tg.unroll(decoder, xs, last)[0]

    picture = draw(called(code))
    before, _ = halves(picture)
    (tanh, _), (reader,) = ([b for b in before if title(b) == x] for x in ("h = tanh", "state @ A"))
    between = [a for a in picture.arrows if picture.boxes[a.tail] is tanh and picture.boxes[a.head] is reader]
    assert [arrow.tip for arrow in between] == ["1 value"]
    assert len({band.left for band in picture.bands if inside(tanh, band) or inside(reader, band)}) == 3


def test_of_too_many_boxes_lists_are_left_and_in_them_the_costly_lines():
    step = called(lstm())
    whole, few = draw(step), draw(step, max_nodes=30)
    assert len(few.boxes) <= 30 < len(whole.boxes) and "a line is an action, or the ops" in few.subtitle
    assert few.subtitle.startswith(whole.subtitle) and not few.arrows
    assert any(title(box) == "state @ W_hh.T" for box in few.boxes)


def test_as_plain_text():
    step = called(rnn())
    lines = tg.draw(step, "compiled").text().splitlines()
    cut = lines.index("after: what is run")
    assert lines[0] == "before: what was traced" and any(line.strip() == f"loop × {T}:" for line in lines[:cut])
    (was,) = [line for line in lines[:cut] if "data @ W" in line]
    (now,) = [line for line in lines[cut:] if "data @ W" in line]
    assert was.split()[0] == now.split()[0] == "[1]"
    assert was.startswith("    ") and not now.startswith(" ")
    assert sum(f"2×{H}" in line or "×" in line for line in lines) > 20
    assert f"  matmul (2, {H}) is done once for all {T} steps" in lines


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_function_twice_gives_the_same_bytes(name, backend):
    sources = [tg.draw(called(NETWORKS[name](), backend), "compiled").source for _ in range(2)]
    assert sources[0] == sources[1]


def test_nothing_to_do_is_drawn_too():
    for fn in (lambda x: x, lambda x: 3.0, lambda x: {"a": x + 1, "b": []}):
        picture = draw(called(fn, xs=np.ones(2)))
        assert len(picture.boxes) >= 1


@each("name", ["lstm", "both_ways"])
def test_columns_of_cards_are_at_one_distance_and_words_over_tracks_are_free(name):
    """The cards behind a loop's card take part: before, the gap was larger on its left than on its right."""
    picture = draw(called(NETWORKS[name]()))
    columns, outer = {}, [band for band in picture.bands if ": what" in band.title]
    for side in outer:
        loops = 0
        inside = [b for b in picture.bands if b is not side and side.foot < b.foot and b.top < side.top]
        for band in sorted(inside, key=lambda b: b.left):
            ends = band.left, band.right + 8 * min(max(band.times - 1, 0), 3)
            columns.setdefault(2 * loops + bool(band.times), []).append(ends)
            loops += bool(band.times)
    edges = [(min(a for a, _ in own), max(b for _, b in own)) for _, own in sorted(columns.items())]
    assert [b - a for (_, a), (b, _) in itertools.pairwise(edges)] == pytest.approx([66.0] * (len(edges) - 1))
    tracks = [(a.points[6][1], a.width / 2) for a in picture.arrows if "value" in a.tip and len(a.points) > 7]
    for note in (n for n in picture.notes if n.text.endswith(("value", "values"))):
        assert not [y for y, half in tracks if abs(note.y - y) < half + note.size / 2], note
    assert tracks


@each("name", NASTY, ids=lambda name: ascii(name[:20]))
def test_any_name_is_shown_as_it_is(name, rendered):
    w = tg.parameter(np.ones((3, 2)), name=name)
    drawing = tg.draw(called(lambda x: tg.tanh(x @ w, name=name), xs=np.ones((2, 3))), "compiled", title=name)
    for svg in rendered(drawing):
        # In both bands the weight: to the width of a chip, with the name of the result, cut to that of a title.
        assert sum(x.startswith(shown(name)[:12]) for x in texts(svg)) >= 2
        assert not [key for x in svg.iter() for key in x.attrib if key.lower().startswith("on")]
        assert {x.tag.rpartition("}")[2] for x in svg.iter()}.isdisjoint({"script", "foreignObject", "image"})
        hrefs = [value for x in svg.iter() for key, value in x.attrib.items() if key.endswith("href")]
        assert not [value for value in hrefs if value.startswith(("javascript:", "data:"))]


@pytest.mark.parametrize("given", [None, 3, [tg.parameter(1.0)], tg.parameter(1.0), "step"])
def test_only_a_compiled_function_is_drawn(given):
    with pytest.raises(GraphError, match=r"compiled function[\s\S]*tg.compile"):
        tg.draw(given, "compiled")


def test_a_function_that_was_not_called_says_so():
    with pytest.raises(GraphError, match="no plan before the first call"):
        tg.draw(tg.compile(lambda x: x), "compiled")


@pytest.mark.parametrize("wish", [{"gradients": True}, {"values": True}, {"tokens": ["a"]}, {"truncate": 2}])
def test_numbers_of_a_call_are_not_in_it(wish):
    with pytest.raises(GraphError, match=next(iter(wish))):
        tg.draw(called(mlp()), "compiled", **wish)


def test_other_views_point_to_this_one():
    with pytest.raises(GraphError, match='view="compiled"'):
        tg.draw(called(mlp()))
