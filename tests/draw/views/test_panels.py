"""Panels of the flow view, measured: the matrix is a grid, labels stand at their rows, bars on a line, all apart."""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.flowing import linear, losses_of_both, sliding
from tests.draw.networks import both_ways, lstm, word_rnn
from tests.draw.recurrent import encoder_decoder, uneven
from tests.draw.test_free_of_arrows import text_width
from tests.draw.views.test_flow import norms
from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.maps.plot import marked
from tinygraph.draw.picture import Note, Picture, Tile

CALLS: dict[str, Any] = {
    "few steps": lambda **k: tg.draw(word_rnn(4), "flow", **k),
    "tokens": lambda **k: tg.draw(word_rnn(4), "flow", tokens=["I", "like", "to", "dance"], **k),
    "long tokens": lambda **k: tg.draw(word_rnn(3), "flow", tokens=["word" * 8, "", "b"], **k),
    "eleven": lambda **k: tg.draw(word_rnn(11), "flow", tokens=list("abcdefghijk"), **k),
    "two states": lambda **k: tg.draw(lstm(30), "flow", **k),
    "one row": lambda **k: tg.draw(uneven(5), "flow", **k),
    "one row of many": lambda **k: tg.draw(linear(0.97, 40, loss_at_end=True), "flow", **k),
    "both ways": lambda **k: tg.draw(both_ways(4), "flow", **k),
    "both ways, longer": lambda **k: tg.draw(both_ways(12), "flow", **k),
    "encoder": lambda **k: tg.draw(encoder_decoder(5, 3), "flow", **k),
    "encoder's losses": lambda **k: tg.draw(losses_of_both(5, 3), "flow", **k),
    "a row of an encoder beside": lambda **k: tg.draw(losses_of_both(9, 9, slice(8, 9)), "flow", **k),
    "cut": lambda **k: tg.draw(word_rnn(6, cut=2), "flow", **k),
    "cut at each step": lambda **k: tg.draw(word_rnn(12, cut=1), "flow", **k),
    "many": lambda **k: tg.draw(linear(0.97, 200), "flow", **k),
    "windows": lambda **k: tg.draw(sliding(), "flow", **k),
}
every_flow = each("name", CALLS)


@cache
def picture(name: str) -> Picture:
    return CALLS[name]().picture


def box(x: Tile | Note) -> tuple[float, float, float, float]:
    """Left, right, foot and top of a tile or a text."""
    wide, high = (x.width, x.height) if isinstance(x, Tile) else (text_width(x.text, x.size), 0.7 * x.size)
    return x.x - wide / 2, x.x + wide / 2, x.y - high / 2, x.y + high / 2


def apart(a: Any, b: Any) -> float:
    """How far two rectangles are apart; negative if they overlap."""
    return max(a[0] - b[1], b[0] - a[1], a[2] - b[3], b[2] - a[3])


def is_bars(matrix: dict[tuple[int, int], Tile]) -> bool:
    """Whether a matrix has a single row, whose norms are bars."""
    return len({t for t, _ in matrix}) == 1


def panels(drawn: Picture) -> list[tuple[Tile, dict[tuple[int, int], Tile], list[Tile], list[Note]]]:
    """Of each panel its ground, the tiles by (t, s), other tiles, and its texts."""
    grounds = [x for x in drawn.tiles if x.fill == "#f8fafc"]
    out = []
    for ground in grounds:
        left, right, *_ = box(ground)
        inside = [x for x in drawn.tiles if x is not ground and left < x.x < right]
        told = [(re.match(r"‖∂ loss(?: of \w+)? at (\d+) / ∂ .+ at (\d+)‖", x.tip), x) for x in inside]
        matrix = {(int(m[1]), int(m[2])): x for m, x in told if m}
        out.append((ground, matrix, [x for m, x in told if not m], [n for n in drawn.notes if left < n.x < right]))
    return out


@every_flow
def test_the_matrix_is_a_grid_in_its_frame(name: str) -> None:
    for ground, matrix, others, _ in panels(picture(name)):
        frame = [x for x in others if x.fill in ("#c3ccd8", "#ffffff") and x.height > 2]
        if is_bars(matrix):
            assert not frame
            continue
        rows, columns = (sorted({key[k] for key in matrix}) for k in (0, 1))
        for k, steps in ((0, rows), (1, columns)):
            at = {t: {(x.y, x.x)[k] for key, x in matrix.items() if key[k] == t} for t in steps}
            places = [np.mean([*at[t]]) for t in steps]
            assert all(np.ptp([*at[t]]) < 1e-9 for t in steps)
            size = {round((x.height, x.width)[k], 6) for x in matrix.values()}
            pitch = np.diff(places) / np.maximum(np.diff(steps), 1)
            assert len(size) == 1 and np.allclose(pitch, pitch[:1]) and (pitch > 0).all()
            if len(pitch):
                gap = min(pitch[0], 1.0 if min(min(x.height, x.width) for x in matrix.values()) > 7 else 0.0)
                assert pitch[0] - min(size) == pytest.approx(gap), "they touch where a gap would be much of a tile"
        assert len(frame) == 2 and [*map(box, frame)] == sorted(map(box, frame)), "a line around white"
        for x in matrix.values():
            assert apart(box(x), box(frame[1])) < 1e-6 - x.height / 2 and box(x)[0] > box(frame[1])[0]
        edges = [
            f(end) for f, end in zip((min, max, min, max), zip(*map(box, matrix.values()), strict=True), strict=True)
        ]
        if len(rows) * len(columns) == len(matrix) or rows[-1] - rows[0] == columns[-1] - columns[0]:
            assert np.allclose(np.abs(np.array(box(frame[1])) - edges), 1.25, atol=0.26)
        for x in frame:
            assert box(ground)[0] < box(x)[0] and box(x)[1] < box(ground)[1] and box(x)[3] < box(ground)[3]


@every_flow
def test_over_a_matrix_stand_its_heading_and_its_verdict_in_the_middle(name: str) -> None:
    for ground, matrix, _, notes in panels(picture(name)):
        tops = [box(x)[3] for x in matrix.values()]
        over = [n for n in notes if n.y > max(tops) + (14 if not is_bars(matrix) else 20) and n.text != "cut"]
        heading, *verdict = sorted((n for n in over if "loss at" not in n.text), key=lambda n: -n.y)
        assert verdict and heading.size == 12
        assert all(n.x == heading.x for n in verdict) and [n.y for n in verdict] == pytest.approx(
            [heading.y - 15 * (k + 1) for k in range(len(verdict))]
        )
        assert box(ground)[3] - heading.y == pytest.approx(16)


@every_flow
def test_texts_stand_on_their_panel_and_over_nothing_else(name: str) -> None:
    for ground, matrix, others, notes in panels(picture(name)):
        left, right, foot, top = box(ground)
        for note in notes:
            a = box(note)
            assert left <= a[0] + 3 and a[1] <= right + 3 and foot <= a[2] and a[3] <= top, note.text
            solid = [x for x in others if x.fill not in ("#c3ccd8", "#ffffff")] + [*matrix.values()]
            assert all(apart(a, box(x)) > -1 for x in solid), note.text
        for a, b in combinations(notes, 2):
            assert apart(box(a), box(b)) > -1.5, (a.text, b.text)
    grounds = [box(ground) for ground, *_ in panels(picture(name))]
    assert all(b[0] - a[1] == pytest.approx(24) for a, b in pairwise(grounds))


@every_flow
def test_a_step_stands_at_its_row_and_under_its_column(name: str) -> None:
    for _, matrix, _, notes in panels(picture(name)):
        x = {s: tile.x for (_, s), tile in matrix.items()}
        y = {t: tile.y for (t, _), tile in matrix.items()}
        left = min(tile.x - tile.width / 2 for tile in matrix.values())
        under = [n for n in notes if n.text.isdigit() and n.y == -11]
        beside = [n for n in notes if re.fullmatch(r"(\S+  )?\d+", n.text) and n.x < left and n.y > 0]
        assert under and beside
        assert [n.text for n in notes if n.y == -11 and not n.text.isdigit()] == ["state at s →"]
        assert all(n.x == pytest.approx(x[int(n.text)]) for n in under)
        assert is_bars(matrix) or all(n.y == pytest.approx(y[int(n.text.split()[-1])]) for n in beside)
        for marked_ones, steps in ((under, x), (beside, y)):
            told = sorted(int(n.text.split()[-1]) for n in marked_ones)
            if len(steps) <= 10:
                assert told == sorted(steps)
            every = {*np.diff(told)}
            assert len(every) <= 1, "at equal distances"
            assert len(steps) < 20 or not every or {*every} <= {1, 2, 5, 10, 20, 50}
            assert every == {1} or all(t % max(every, default=1) == 0 for t in told), "at round steps"
            assert not every or max(told[0] - min(steps), max(steps) - told[-1]) < max(every)


@every_flow
def test_bars_stand_on_a_line_at_their_number_of_steps_as_high_as_the_colour_says(name: str) -> None:
    drawn = picture(name)
    assert drawn.scale is not None
    low, high = np.log10(drawn.scale)
    for _, matrix, others, _ in panels(drawn):
        row = [tile for _, tile in sorted(matrix.items())] if is_bars(matrix) else []
        bars = row or [x for x in others if re.search(r": [\d.e-]+$", x.tip)]
        lines = [x for x in others if x.height == 1]
        columns = sorted({x.x for x in matrix.values()})
        found = 0
        for bar in bars:
            (line,) = [x for x in lines if x.y + 0.5 == pytest.approx(bar.y - bar.height / 2)]
            on_it = sum(box(x)[2] == pytest.approx(line.y + 0.5) for x in bars)
            assert apart(box(line), box(bar)) <= 1e-6 and line.width == pytest.approx(on_it * (columns[1] - columns[0]))
            norm = float(re.split("[:=] ", bar.tip)[-1].split(" · ")[0])
            level = (np.log10(norm) - low) / (high - low) if norm else 0.0
            assert bar.height == pytest.approx(2 + 54 * min(max(level, 0), 1), abs=0.5)
            if m := re.match(r"(\d+) steps from", bar.tip):
                assert bar.x == pytest.approx(columns[0] + int(m[1]) * (columns[1] - columns[0])) or "encoder" in name
            found += 1
        assert found or "encoder" in name or "many" in name or "windows" in name, name


@each("name", ["cut", "cut at each step"])
def test_a_cut_is_a_line_between_two_columns_and_words_do_not_crowd(name: str) -> None:
    drawn = picture(name)
    ((_, matrix, _, notes),) = panels(drawn)
    x = sorted({tile.x for tile in matrix.values()})
    steps, pitch = sorted({s for _, s in matrix}), x[1] - x[0]
    zero = {s for s in steps[:-1] if norms(drawn)["h", s + 1, s] == 0}
    assert [c.x for c in drawn.cuts] == pytest.approx([x[steps.index(s)] + pitch / 2 for s in sorted(zero)])
    y = [tile.y for tile in matrix.values()]
    assert all(c.foot < min(y) < max(y) < c.top and not c.badge for c in drawn.cuts)
    words = sorted(n.x for n in notes if n.text == "cut")
    assert words[0] == drawn.cuts[0].x and {*words} <= {c.x for c in drawn.cuts}
    assert all(b - a >= 30 for a, b in pairwise(words)) and len(words) >= len(drawn.cuts) * min(pitch / 60, 1)


@each("name", ["two states", "cut"])
def test_less_room_has_smaller_tiles_and_no_bars(name: str) -> None:
    whole, wide = picture(name), []
    for room in (700, 300):
        drawn = CALLS[name](fit=(room, 2000)).picture
        ((ground, _, others, _), *more) = panels(drawn)
        wide.append(sum(g.width for g, *_ in [(ground,), *more]))
        assert ("without medians" in drawn.subtitle) != any("steps from" in x.tip for x in others)
    assert wide == sorted(wide, reverse=True) and wide[-1] < sum(g.width for g, *_ in panels(whole))
    assert "the first 1 of 2 states" in drawn.subtitle or name != "two states"


@each("steps, lines", [(20, 19), (34, 33), (35, 34), (36, 0), (60, 0)])
def test_cuts_that_would_be_closer_than_a_word_are_told_in_the_subtitle_alone(steps: int, lines: int) -> None:
    """Of 480 points a line takes 14."""
    drawn = tg.draw(word_rnn(steps, cut=1), "flow").picture
    assert len(drawn.cuts) == lines and "k = 1" in drawn.subtitle
    assert any(n.text == "cut" for n in drawn.notes) == (lines > 0)


TOKENS = {"tokens": ["I", "like", "to", "dance"], "long tokens": ["word" * 8, "", "b"], "eleven": list("abcdefghijk")}


@every_flow
def test_tiles_have_room_for_numbers_if_there_are_few_and_words_where_they_fit(name: str) -> None:
    """Numbers if tiles of 48 by 22 points fit into a square of 480 for each panel; else tiles at most 26 high."""
    drawn = picture(name)
    shown = panels(drawn)
    steps = [[sorted({key[k] for key in matrix}) for k in (0, 1)] for _, matrix, *_ in shown]
    count, rows = sum(len(columns) for _, columns in steps), max(len(pair[0]) for pair in steps)
    room = 480 * len(shown)
    numbers = count * 48 <= room and rows * 22 <= 480
    wide, high = (48.0, 22.0) if numbers else (min(room / count, 48.0), min(480 / rows, 26.0))
    for (_, matrix, _, notes), (own_rows, columns) in zip(shown, steps, strict=True):
        for k, size, order in ((0, high, own_rows), (1, wide, columns)):
            at = {key[k]: (tile.y, tile.x)[k] for key, tile in matrix.items()}
            if len(order) > 1:
                assert (at[order[-1]] - at[order[0]]) / (order[-1] - order[0]) == pytest.approx(size)
        assert is_bars(matrix) or {bool(tile.text) for tile in matrix.values()} == {numbers}
        words = [x for x in TOKENS.get(name, ()) if x]
        assert {n.text for n in notes if n.text in words} == set(words) and "have room" not in drawn.subtitle
        beside = {n.text for n in notes if re.fullmatch(r"\S+  \d+", n.text)}
        assert len(beside) == len(words) or high < 12


@each(
    "steps, least, told",
    [
        (range(40), 0.7, range(40)),
        (range(40), 2.4, range(0, 40, 5)),
        (range(3, 43), 5.0, range(5, 43, 5)),
        (range(40), 5.1, range(0, 40, 10)),
        (range(0, 80, 2), 2.4, range(0, 80, 10)),
        (range(0, 800, 20), 1.1, range(0, 800, 100)),
        (range(0, 60, 3), 1.5, range(0, 60, 6)),
        (range(1, 60, 7), 0.9, range(1, 60, 7)),
        (range(5, 6), 3.0, range(5, 6)),
    ],
)
def test_labels_stand_at_round_steps_that_are_far_enough_apart(steps: range, least: float, told: range) -> None:
    assert [steps[i] for i in marked([*steps], least)] == [*told]


@each("steps, others", [(2, 14), (3, 3), (2, 2), (3, 20)])
def test_all_words_of_a_panel_stand_in_it_though_its_matrix_is_narrow(steps: int, others: int) -> None:
    cells = tg.cells.RNN(3, 4, rng=0), tg.cells.RNN(3, 4, rng=1)
    outputs = [tg.unroll(cell, np.ones((count, 2, 3)))[0] for cell, count in zip(cells, (steps, others), strict=True)]
    picture = tg.draw(sum(tg.mean(x**2) for x in outputs), "flow").picture
    grounds = [x for x in picture.tiles if x.fill == "#f8fafc"]
    assert len(grounds) == 2 and any("median" in note.text for note in picture.notes)
    for note in picture.notes:
        half = width(note.text, note.size, True) / 2
        inside = [x for x in grounds if abs(note.x - x.x) + half <= x.width / 2]
        assert inside, note.text


def test_tokens_without_room_are_counted_over_all_panels() -> None:
    drawn = tg.draw(lstm(30), "flow", tokens=[f"a long word {t}" for t in range(30)]).picture
    written = [n for n in drawn.notes if re.fullmatch(r"a long word \d+", n.text)]
    assert 0 < len(written) < 60 and f"{len(written)} of 60 tokens have room" in drawn.subtitle


@each("view", ["flow", "states"])
def test_the_caption_of_a_single_row_stands_beside_nothing(view: str) -> None:
    w = tg.parameter([[0.7]], "W")
    h: Any = tg.constant([0.5])
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(w @ h, name="h")
    notes = tg.draw(tg.sum(h), view).picture.notes
    (caption,) = [n for n in notes if n.text in ("loss at t ↑", "unit ↓")]
    assert all(apart(box(caption), box(n)) > 0 for n in notes if n is not caption)
