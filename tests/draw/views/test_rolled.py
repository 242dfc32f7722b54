"""The rolled view: what repeats is found from the graph alone, and drawn once on a stack of cards."""

import re
import time
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import lstm, perceptron, weights, word_rnn
from tests.draw.recurrent import NETWORKS, tanh_cell
from tests.draw.write.test_render import NASTY, shown, texts
from tests.draw.write.test_render import rendered as rendered
from tests.each import each
from tinygraph.draw import Drawing
from tinygraph.draw.colours import STATE
from tinygraph.draw.picture import Picture
from tinygraph.draw.shown.cells import cells
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.repetition import Repetition, find_repetition


def picture(name: str) -> Picture:
    return tg.draw(NETWORKS[name][0], "rolled").picture


def found(node: tg.Node) -> Repetition:
    answer = find_repetition(fold([node]))
    assert answer is not None
    return answer


def titles(drawn: Picture) -> list[str]:
    return [" ".join(part.text for part in box.title) for box in drawn.boxes]


def draw(node: Any, title: str | None = None) -> Drawing:
    return tg.draw(node, title=title, view="rolled")


@pytest.mark.parametrize("name", NETWORKS)
def test_each_cell_is_one_card_with_its_arrows_through_time(name):
    node, cards, lags = NETWORKS[name]
    drawn = picture(name)
    assert [(band.title, band.times) for band in drawn.bands] == cards
    assert sorted(e.lag for e in found(node).edges if e.lag and e.only is None) == lags
    assert sum(arrow.colour == STATE for arrow in drawn.arrows) == len(lags)
    before = {1: "t−1 → t", -1: "t+1 → t"}
    assert {n.text for n in drawn.notes if n.colour == STATE and "→" in n.text} == {before[lag] for lag in lags}


@pytest.mark.parametrize("name", NETWORKS)
def test_no_two_boxes_overlap_and_arrows_start_and_end_at_boxes(name):
    drawn = picture(name)
    for i, a in enumerate(drawn.boxes):
        for b in drawn.boxes[:i]:
            assert max(abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2) > 0, (a, b)
    for arrow in drawn.arrows:
        assert len(arrow.points) % 3 == 1
        for (x, y), box in ((arrow.points[0], drawn.boxes[arrow.tail]), (arrow.points[-1], drawn.boxes[arrow.head])):
            assert abs(x - box.x) <= box.width / 2 + 1e-6 and abs(y - box.y) <= box.height / 2 + 1e-6


@pytest.mark.parametrize("name", NETWORKS)
def test_boxes_of_a_cell_stand_on_its_card_and_all_others_beside(name):
    node = NETWORKS[name][0]
    drawn, folded = picture(name), fold([node])
    answer = found(node)
    inside = {g: i for i, cell in enumerate(cells(folded, answer)) for g in cell.groups}
    for g, box in enumerate(drawn.boxes):
        on = [
            i
            for i, c in enumerate(drawn.bands)
            if c.left < box.x - box.width / 2
            and box.x + box.width / 2 < c.right
            and c.foot < box.y - box.height / 2
            and box.y + box.height / 2 < c.top
        ]
        assert on == ([inside[g]] if g in inside else [])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_node_of_the_graph_is_in_one_box(name):
    node = NETWORKS[name][0]
    members = [x for group in found(node).groups for x in group]
    assert sorted(x.serial for x in members) == sorted(x.serial for x in fold([node]).nodes)
    assert len(set(members)) == len(members)


def test_the_word_network_reads_as_it_is_written():
    drawn = picture("rnn")
    assert sorted(titles(drawn)) == sorted(
        [
            *("h0", "xₜ", "U @ xₜ", "W @ hₜ₋₁", "U @ xₜ + W @ hₜ₋₁", "hₜ = tanh", "V @ hₜ"),
            *("lossₜ = softmax cross-entropy", "total = sum of 4", "total / 4"),
        ]
    )
    below = dict(zip(titles(drawn), (b.below for b in drawn.boxes), strict=True))
    assert below["lossₜ = softmax cross-entropy"] == "target yₜ" and below["xₜ"] == "6 · 4 of them"
    assert below["total / 4"] == f"{NETWORKS['rnn'][0].item():.4g}"
    roles = dict(zip(titles(drawn), (b.role for b in drawn.boxes), strict=True))
    assert (roles["h0"], roles["hₜ = tanh"], roles["xₜ"], roles["total / 4"]) == ("state", "state", "input", "loss")
    (start,) = [a for a in drawn.arrows if a.dashed]
    assert titles(drawn)[start.tail] == "h0" and titles(drawn)[start.head] == "W @ hₜ₋₁"
    assert "t = 1 only" in {n.text for n in drawn.notes}
    (arc,) = [a for a in drawn.arrows if a.colour == STATE]
    assert titles(drawn)[arc.tail] == "hₜ = tanh" and titles(drawn)[arc.head] == "W @ hₜ₋₁"
    assert {(u.name, u.uses) for u in drawn.uses} == {("U", 4), ("W", 4), ("V", 4)}


def test_states_before_the_first_step_go_into_both_lanes_of_an_lstm():
    drawn = picture("lstm")
    starts = [a for a in drawn.arrows if a.dashed]
    arcs = [a for a in drawn.arrows if a.colour == STATE]
    assert {a.head for a in starts} == {a.head for a in arcs} and len(arcs) == len({a.tail for a in arcs}) == 2


def test_a_state_used_three_times_has_one_start():
    drawn = picture("gru")
    assert sum(a.dashed for a in drawn.arrows) == 1
    assert len({a.tail for a in drawn.arrows if a.colour == STATE}) == 1


def test_the_decoder_starts_from_the_encoders_last_state():
    node = NETWORKS["encoder"][0]
    drawn, answer = picture("encoder"), found(node)
    (handed,) = [e for e in answer.edges if e.only is not None and e.source in answer.cells]
    assert [titles(drawn)[g] for g in (handed.source, handed.target)] == ["hₜ = tanh", "D @ sₜ₋₁"]
    assert "t = 4 → t = 0" in {n.text for n in drawn.notes}
    encoder, decoder = drawn.bands
    assert encoder.right < decoder.left, "side by side"


def test_layers_stand_on_each_other_and_directions_beside_each_other():
    low, high = picture("two unrolls").bands
    assert low.top < high.foot
    forward, backward = picture("both ways").bands
    assert forward.right < backward.left and forward.foot == backward.foot


def test_a_decoder_without_input_stands_beside_its_encoder():
    w = weights(A=(4, 3), B=(4, 4), D=(4, 4))
    _, s = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((4, 3)), np.zeros(4))
    for t in range(3):
        with tg.step(t):
            s = tg.tanh(w["D"] @ s)
    encoder, decoder = tg.draw(s, "rolled").picture.bands
    assert (encoder.title, decoder.title) == ("encoder", "decoder") and encoder.foot == decoder.foot


def test_data_read_at_each_step_stands_under_the_card():
    drawn = picture("lstm")
    data = dict(zip(titles(drawn), drawn.boxes, strict=True))["xₜ"]
    assert data.role == "input" and data.y < drawn.bands[0].foot


def test_a_graph_that_is_being_compiled_may_be_drawn():
    seen = []

    def step(w: Any, xs: Any, targets: Any) -> Any:
        h: Any = tg.constant(np.zeros(2))
        total: Any = 0
        for t in range(3):
            with tg.step(t):
                h = tg.tanh(w @ h + xs[t], name=f"h{t}")
                total = total + tg.softmax_cross_entropy(h, targets[t])
        seen.append(tg.draw(total, view="rolled").source)
        return total

    tg.compile(step)(tg.parameter(np.eye(2), name="W"), np.ones((3, 2)), np.zeros(3, int))
    assert "cell × 3" in seen[0]


def test_cuts_are_counted():
    assert [n.text for n in picture("cut").notes if n.text.startswith("cut")] == ["cut 2×"]
    assert not [n for n in picture("rnn").notes if n.text.startswith("cut")]


def test_a_first_step_without_state_and_a_last_one_with_a_loss_are_no_cells_of_their_own():
    drawn = picture("uneven")
    assert sorted(titles(drawn)) == sorted(
        ["xₜ", "zₜ = U @ xₜ", "W @ hₜ₋₁", "zₜ + W @ hₜ₋₁", "hₜ = tanh", "V @ h", "softmax cross-entropy"]
    )
    assert {"t = 0 only", "t = 4 only"} <= {n.text for n in drawn.notes}


def test_a_running_sum_is_no_cell_but_turns_on_itself():
    w, h, total = tg.parameter(0.5, name="w"), tg.constant(0.0, name="h0"), tg.constant(0.0, name="zero")
    for t in range(4):
        with tg.step(t):
            h = tg.tanh(w * h + 1.0)
            total = total + h
    drawn = tg.draw(total, "rolled").picture
    assert [(b.title, b.times) for b in drawn.bands] == [("cell", 4)]
    assert [a.tail == a.head for a in drawn.arrows if a.colour == STATE] == [False, True]


def test_what_does_not_repeat_is_drawn_unrolled_and_says_so():
    cases = {
        "no time steps are marked": perceptron(),
        "no part of it repeats over time": word_rnn(1),
    }
    w = weights(A=(2, 2), B=(2, 2), C=(2, 2))
    h: Any = tg.constant(np.ones(2))
    for t, name in enumerate("ABC"):
        with tg.step(t):
            h = (tg.tanh, tg.exp, tg.sigmoid)[t](w[name] @ h)
    for why, node in [*cases.items(), ("no part of it repeats over time", h)]:
        drawn = tg.draw(node, "rolled").picture
        assert drawn.subtitle == f"unrolled, for {why}" and not any(b.times for b in drawn.bands)


def test_the_gradient_graph_whose_cells_feed_each_other_is_drawn_unrolled():
    loss = word_rnn(4)
    drawn = tg.draw([loss, *tg.grad(loss, list(fold([loss]).names))], "rolled").picture
    assert drawn.subtitle == "unrolled, for its cells feed each other both ways"


def test_steps_may_be_few_far_apart_and_built_backwards():
    h = tg.constant(np.zeros(2))
    for t in (9, 4, 2, 0):
        with tg.step(t):
            h = tg.tanh(h + 1.0)
    drawn = tg.draw(h, "rolled").picture
    assert [(b.title, b.times) for b in drawn.bands] == [("cell", 4)]
    assert "t+1 → t" in {n.text for n in drawn.notes} and "one cell, run for t = 0 … 9" in drawn.subtitle


def test_two_runs_of_one_cell_above_each_other_are_two_cards():
    w = weights(A=(3, 3), B=(3, 3))
    y: Any = np.ones((4, 3))
    for _ in range(2):
        y, _h = tg.unroll(tanh_cell(w["A"], w["B"]), y, np.zeros(3))
    assert [(b.title, b.times) for b in tg.draw(tg.sum(y), "rolled").picture.bands] == [("run 1", 4), ("run 2", 4)]


def test_a_cell_that_runs_twice_for_different_times_is_two_cards():
    w = weights(A=(3, 3), B=(3, 3))
    short, _ = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((3, 3)), np.zeros(3))
    long, _ = tg.unroll(tanh_cell(w["A"], w["B"]), tg.concatenate([short, short], axis=0), np.zeros(3))
    assert [(b.title, b.times) for b in tg.draw(long, "rolled").picture.bands] == [("part 1", 3), ("part 2", 6)]


def test_an_index_that_moves_is_told_for_any_step():
    xs, h = tg.constant(np.ones((6, 2)), name="X"), tg.constant(np.zeros(2), name="h0")
    w = tg.parameter(np.eye(2), name="W")
    for t in range(1, 5):
        with tg.step(t):
            h = tg.tanh(w @ h + xs[t - 1] * xs[t + 1] + xs[0], name=f"h{t - 1}")
    assert {"X[t−1]", "X[t+1]", "X[0]", "hₜ₋₁ = tanh", "W @ hₜ₋₂"} <= set(titles(tg.draw(h, "rolled").picture))


def test_the_same_graph_twice_gives_the_same_text_and_no_program_is_needed(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert draw(lstm(4)).source == draw(lstm(4)).source


@each("name", NETWORKS)
def test_every_box_arrow_and_card_is_in_the_svg(name, rendered):
    node, cards, _ = NETWORKS[name]
    drawn = picture(name)
    for svg in rendered(draw(node, "network")):
        names = [x.text or "" for x in svg.iter() if x.tag.endswith("}title")]
        assert sum(bool(re.fullmatch(r"n\d+", x)) for x in names) == len(drawn.boxes)
        assert sum(bool(re.fullmatch(r"n\d+->n\d+", x)) for x in names) == len(drawn.arrows)
        behind = sum(min(times - 1, 3) for _, times in cards)
        assert sum(x.startswith("band") for x in names) == behind + 2 * len(cards), "a card in front, and its title"
        assert {f"{title} × {times}" for title, times in cards} <= set(texts(svg))


@each("name", NASTY, ids=lambda name: ascii(name[:20]))
def test_a_name_is_shown_as_given_and_nothing_else_comes_of_it(name, rendered):
    w, h = tg.parameter([1.0], name=name), tg.constant([0.5], name=name)
    for t in range(3):
        with tg.step(t), tg.scope(name):
            h = tg.tanh(w * h, name=name)
    drawing = draw(tg.sum(h), name)
    for line in drawing.source.splitlines()[1:-1]:
        bare = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"label=<.*>(?=[],])", 'label=""', line))
        assert re.fullmatch(r'\t\w+( -> \w+)? \[(\w+=[\w.\-"]+(, |(?=\])))*\]', bare), line
    for svg in rendered(drawing):
        assert texts(svg).count(shown(name)) >= 2, "the state before the first step, and the table"
        for x in svg.iter():
            assert x.tag.rpartition("}")[2] != "script"
            for key in x.attrib:
                assert not key.rpartition("}")[2].lower().startswith("on") and not key.endswith("href")


def test_a_thousand_steps_take_linear_time_and_give_no_longer_text():
    def cpu(steps: int) -> tuple[float, int]:
        node = word_rnn(steps)
        start = time.process_time()
        text = draw(node).source
        return time.process_time() - start, len(text)

    small = min(cpu(250) for _ in range(3))
    large = min(cpu(1000) for _ in range(2))
    assert large[0] < 10 * small[0] and small[0] < 0.5
    assert large[1] < small[1] + 100
