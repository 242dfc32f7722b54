"""A picture as plain text: which lines there are, in which order, and how wide."""

from __future__ import annotations

from typing import Any

from tests.each import each
from tinygraph.draw.colours import FORWARD, STATE
from tinygraph.draw.labels import cells
from tinygraph.draw.picture import Arrow, Band, Box, Part, Picture, Use
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.plain import by_band, plain


def box(x: float, y: float, title: str, below: str = "", role: str = "op", value: str = "") -> Box:
    parts = [Part(title), *([Part(value, "value")] if value else [])]
    return Box(x, y, 40, 30, role, "#ffffff", parts, below, [])


def band(k: int, title: str = "", **more: Any) -> Band:
    return Band(100.0 * k, 100.0 * k + 80, 0, 200, title or f"t = {k}", **more)


def columns(count: int, arrows: Any = (), **more: Any) -> Picture:
    """A box h in each of so many columns, at one height."""
    boxes = [box(100.0 * k + 40, 100, f"h{k}", role="state") for k in range(count)]
    drawn = Picture(boxes, bands=[band(k) for k in range(count)], **more)
    drawn.arrows = [Arrow(a, b, [], colour, 1.0, tip=tip) for a, b, colour, tip in arrows]
    return drawn


def test_bars_over_the_columns_come_first_and_those_under_them_after_the_columns() -> None:
    drawn = columns(2, title="A title")
    drawn.boxes += [box(60, 300, "sum", "scalar"), box(20, 400, "loss"), box(90, 400, "other"), box(60, -80, "weights")]
    drawn.boxes += [box(-70, 100, "start")]
    assert plain(drawn).splitlines() == [
        *("A title", "", "loss", "other", "sum   scalar", ""),
        *("t = 0  t = 1", "-----  -----", "h0     h1", ""),
        *("start", "weights"),
    ]
    drawn.bands, drawn.title = [], None
    assert plain(drawn).splitlines() == ["loss", "other", "sum   scalar", "start", "h0", "h1", "weights"], "no column"


def test_what_is_high_stands_high_and_what_stands_side_by_side_under_each_other() -> None:
    drawn = columns(2)
    drawn.boxes += [box(30, 150, "b"), box(20, 150, "a"), box(140, 50, "low", "2 · ‖∂‖ 0.5")]
    assert plain(drawn).splitlines() == [
        "t = 0  t = 1",
        "-----  ---------",
        "a",
        "b",
        "h0     h1",
        "       low",
        "         ‖∂‖ 0.5",
    ]


def test_a_box_is_in_the_band_around_it() -> None:
    drawn = columns(3)
    drawn.bands = drawn.bands[::-1]
    drawn.boxes += [box(40, 250, "over"), box(90, 100, "between"), box(240, -1, "under"), box(280, 200, "corner")]
    assert by_band(drawn) == {2: [0], 1: [1], 0: [2, 6]}, "from left to right"
    assert by_band(Picture(drawn.boxes)) == {}


def test_cards_one_over_the_other_have_each_its_heading_and_its_times() -> None:
    drawn = Picture([box(40, 250, "high"), box(40, 100, "low"), box(140, 90, "beside"), box(60, 200, "between")])
    drawn.boxes += [box(40, 400, "loss"), box(-50, 100, "h₀", role="state"), box(40, -50, "xₜ")]
    drawn.bands = [Band(10, 90, 0, 150, "layer0", times=3), Band(0, 120, 220, 300, "layer1", times=3)]
    drawn.bands.append(Band(110, 190, 0, 120, "back", times=3))
    drawn.arrows = [Arrow(k, k, [], STATE, 1.0, tip="t−1 → t") for k in (0, 1)]
    drawn.arrows.append(Arrow(5, 1, [], BORDERS["state"], 1.0))
    assert by_band(drawn) == {1: [0], 0: [1], 2: [2]}
    assert plain(drawn).splitlines() == [
        *("loss", "", "layer1 × 3", "----------", "high", "", "between", ""),
        *("layer0 × 3  back × 3", "----------  --------", "low", "            beside", "", "h₀", "xₜ", "", "time:"),
        *("  layer1, t-1 → t: high ----> high", "  layer0, t-1 → t: low ----> low", "  start: h₀ ----> layer0: low"),
    ]


@each("count", [1, 5, 6, 7, 12])
def test_of_more_than_six_columns_three_and_two_are_written(count: int) -> None:
    heads = plain(columns(count)).splitlines()[0].split("  ")
    if count <= 6:
        assert heads == [f"t = {k}" for k in range(count)]
    else:
        assert heads == ["t = 0", "t = 1", "t = 2", f"… {count - 5} more …", f"t = {count - 2}", f"t = {count - 1}"]
    rule = plain(columns(count)).splitlines()[1]
    assert rule.count("-----") == min(count, 5 if count > 6 else 6)
    assert (f"另 {count - 5} 个" in plain(columns(count, lang="zh"))) == (count > 6)


def test_heads_have_their_token_or_how_often_a_card_runs() -> None:
    drawn = columns(2)
    drawn.bands = [band(0, token="I"), band(1, "cell", token="no", times=4)]
    assert plain(drawn).splitlines()[0] == "t = 0 I  cell × 4"


def test_titles_are_broken_between_words_and_a_value_stands_apart_if_there_is_no_room() -> None:
    drawn = columns(1)
    drawn.boxes = [box(40, 100, "one two three four five"), box(40, 60, "a_word_longer_than_a_column", value="0.125")]
    drawn.boxes += [box(40, 20, "h =", value="0.5", below="2 · not computed"), box(40, 10, "12345678901", value="0.5")]
    drawn.boxes += [box(40, 5, "123456789012", value="0.5")]
    assert plain(drawn).splitlines()[2:] == [
        *("one two three", "    four five", "a_word_longer_than_a_column", "  0.125"),
        *("h = 0.5", "  not computed", "12345678901 0.5", "123456789012", "  0.5"),
    ]
    drawn.boxes = [Box(40, 10, 40, 30, "op", "#ffffff", [Part("0.123456789012345", "value")], "", [])]
    assert plain(drawn).splitlines()[2:] == ["0.123456789012345"], "a value alone is never cut"


def test_no_line_is_wider_than_a_page() -> None:
    """It is cut between words, but within a long one, as a Chinese title is."""
    cases = {
        "word " * 40: "word " * 18 + "word …",
        "x" * 100: "x" * 100,
        "x" * 101: "x" * 98 + " …",
        "字" * 51: "字" * 49 + " …",
        "loss " + "字" * 60: "loss " + "字" * 46 + " …",
        "  two  ": "  two",
        "a" * 52 + " " + "b" * 52: "a" * 52 + " …",
        "a" * 50 + " " + "b" * 52: "a" * 50 + " " + "b" * 47 + " …",
    }
    assert plain(Picture(plain_text=[*cases])).splitlines() == [*cases.values()]
    assert max(map(cells, cases.values())) == 100
    assert plain(Picture(title="字" * 60)) == "字" * 49 + " …"


FORMS = {
    "ahead": ((0, 1, FORWARD, ""), "  t = 0: h0 ----> t = 1: h1"),
    "state": ((0, 1, BORDERS["state"], ""), "  t = 0: h0 ----> t = 1: h1"),
    "back in time": ((1, 0, FORWARD, ""), "  t = 0: h0 <---- t = 1: h1"),
    "cut": ((0, 1, FORWARD, "stop_gradient: nothing"), "  t = 0: h0 --|-> t = 1: h1"),
}


@each("name", FORMS)
def test_an_arrow_between_columns_is_a_line(name: str) -> None:
    arrow, line = FORMS[name]
    head, *lines = plain(columns(2, [arrow])).splitlines()[4:]
    note = ["(--|-> BPTT cut: the gradient stops here)"] * (name == "cut")
    assert head == "time:" and lines == [line, *note]


def test_arrows_of_gradients_within_columns_and_to_hidden_ones_are_no_lines() -> None:
    arrows = [(1, 0, "#ff0000", "‖∂‖ 1"), (0, 0, FORWARD, ""), (0, 4, FORWARD, ""), (4, 5, FORWARD, "")]
    assert "time:" not in plain(columns(8, arrows))
    assert plain(columns(8, [*arrows, (6, 7, FORWARD, "")])).splitlines()[-2:] == [
        "time:",
        "  t = 6: h6 ----> t = 7: h7",
    ]


@each("side", [-1, 1])
def test_a_start_stands_on_the_side_from_which_it_enters(side: int) -> None:
    drawn = columns(1, [(1, 0, BORDERS["state"], "")])
    drawn.boxes.append(box(40 + side * 200, 100, "h₋₁", role="state"))
    told = "  start: h₋₁ ----> t = 0: h0" if side < 0 else "  t = 0: h0 <---- start: h₋₁"
    assert plain(drawn).splitlines()[-2:] == ["time:", told]
    drawn.boxes[-1].role = "input"
    assert "time:" not in plain(drawn), "data is no start"
    drawn.boxes[-1].role, drawn.bands[0].times = "state", 3
    assert plain(drawn).splitlines()[-1] == "  start: h₋₁ ----> t = 0: h0", "on a card time has no side"
    drawn.lang = "zh"
    assert "start" not in plain(drawn)


def test_a_state_of_a_card_returns_to_it() -> None:
    drawn = columns(1, [(0, 1, STATE, "t−1 → t"), (1, 1, STATE, "t+1 → t; cut 2 times: nothing"), (0, 1, FORWARD, "")])
    drawn.bands = [band(0, "cell", times=4)]
    drawn.boxes.append(box(40, 50, "W @ h"))
    assert plain(drawn).splitlines()[-3:] == [
        "time:",
        "  t-1 → t: h0 ----> W @ h",
        "  t+1 → t: W @ h ----> W @ h (cut 2 times: nothing)",
    ]
    drawn = columns(2, [(0, 0, STATE, "t−1 → t"), (0, 0, STATE, "t−1 → t"), (1, 1, STATE, "t−1 → t")])
    drawn.bands = [band(0, "encoder", times=4), band(1, "decoder", times=3)]
    first, second = plain(drawn).splitlines()[-2:]
    assert first.startswith("  encoder, t-1 → t: h0") and second.startswith("  decoder, t-1 → t: h1"), "each once"


def test_the_parameters_are_in_line() -> None:
    drawn = columns(1)
    drawn.uses = [Use("W", "2×3", 4, "0.5", "0.25", size=6), Use("权重", "scalar", 1, None), Use("long", "2", 3, "1")]
    assert plain(drawn).splitlines()[-4:] == [
        "parameters: 6 numbers",
        "  W           2×3  4×  ‖∂‖ 0.5  full BPTT 0.25",
        "  权重     scalar  1×  ‖∂‖ None",
        "  long          2  3×  ‖∂‖ 1",
    ]
    drawn.uses = [Use("W", "2×3", 4, None)]
    assert plain(drawn).splitlines()[-2:] == ["parameters", "  W        2×3  4×"]
    assert plain(Picture()) == ""
