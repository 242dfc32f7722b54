"""Mermaid text: the boxes and arrows of the picture in its grammar, whatever a label holds; too much is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, perceptron, word_rnn
from tests.draw.test_safety import RAW, given, network
from tests.each import each
from tinygraph.draw import VIEWS
from tinygraph.draw.colours import DEAD, FORWARD, RED
from tinygraph.draw.picture import Arrow, Box, Part, Picture
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.look import LINES
from tinygraph.draw.write.mermaid import mermaid

from .test_render import shown

BAD = [
    "%%{init: {}}%%",
    "fa:fa-user",
    "$$x^2$$",
    "a\\nb",
    "1. x",
    "- y",
    "`code`",
    "end",
    "#quot;",
    "click n0 href",
    "__u__",
]
LABEL = r'"(?:[\w ,=().]|[^\x00-\x7f]|#\d+;|<br/>)*"'
GRAMMAR = re.compile(
    rf"---|title: \".*\"|flowchart LR|  subgraph t\d+\[{LABEL}\]|  end|  (  )?n\d+\[{LABEL}\]"
    rf"|  n\d+ (-->|==>|-\.->)(\|{LABEL}\|)? n\d+|  parameters\[{LABEL}\]:::parameters"
    r"|  classDef \w+ fill:#\w{6}(,[a-z-]+:[#\w. ]+)+|  class n\d+(,n\d+)* \w+"
    r"|  style n\d+ fill:#\w{6},color:#\w{6}|  linkStyle \d+(,\d+)* stroke:#\w{6}"
)
"""A subset of Mermaid's; texts of these forms were drawn by Mermaid 11 in a browser."""
DRAWN: dict[str, Any] = {
    "rnn": tg.draw(word_rnn(4), gradients=True, tokens=["I", "like", "to", "play"]),
    "cut": tg.draw(word_rnn(5, cut=2), gradients=True, lang="zh"),
    "ops": tg.draw(lstm(3), level="op"),
    "both ways": tg.draw(both_ways(4)),
    "layers": tg.draw(both_ways(4), level="layer"),
    "no time": tg.draw(perceptron(), gradients=True),
    "rolled": tg.draw(lstm(5), "rolled"),
    "backward": tg.draw(word_rnn(2), "backward"),
}


def read(label: str) -> str:
    return re.sub(r"#(\d+);", lambda number: chr(int(number[1])), label).replace("\u2060", "")


def boxes(text: str) -> Iterator[tuple[str, str]]:
    for number, label in re.findall(r"^ +(n\d+)\[\"(.*)\"\]$", text, re.M):
        yield number, read(label)


@each("name", DRAWN)
def test_every_line_is_in_the_grammar(name: str) -> None:
    lines = DRAWN[name].mermaid().splitlines()
    assert not [line for line in lines if not GRAMMAR.fullmatch(line)]
    assert lines.count("flowchart LR") == 1 and sum("subgraph" in x for x in lines) == lines.count("  end")


@each("name", ["ops", "layers", "rolled"])
def test_boxes_and_arrows_are_those_of_the_picture(name: str) -> None:
    text, picture = DRAWN[name].mermaid(), DRAWN[name].picture
    told = dict(boxes(text))
    assert len(told) == len(picture.boxes)
    for i, box in enumerate(picture.boxes):
        words = [" ".join(part.text for part in box.title), *(box.below.split("\n") if box.below else [])]
        assert told[f"n{i}"] == "<br/>".join(words)
    arrows = re.findall(r"^  (n\d+) \S*> ?(?:\|.*\|)? ?(n\d+)$", re.sub(r'\|".*"\|', "", text), re.M)
    assert arrows == [(f"n{x.tail}", f"n{x.head}") for x in picture.arrows]


def test_a_box_is_a_cell_at_one_step_unless_a_level_is_named() -> None:
    text = tg.draw(lstm(3), gradients=True).mermaid()
    told = [words.partition("<br/>")[0] for _, words in boxes(text)]
    assert told.count("cell") == 3 and len(told) < 12 < len(tg.draw(lstm(3)).picture.boxes)
    assert text == tg.draw(lstm(3), gradients=True, level="cell").mermaid()
    assert len(list(boxes(DRAWN["ops"].mermaid()))) == len(DRAWN["ops"].picture.boxes)


def test_states_cross_thick_with_the_norm_that_comes_back() -> None:
    drawing = tg.draw(word_rnn(4), gradients=True, level="cell")
    crossing = [(x.tail, x.head) for x in drawing.picture.arrows if x.colour == BORDERS["state"]]
    back = {(x.head, x.tail): x.tip for x in drawing.picture.arrows if x.colour not in (FORWARD, BORDERS["state"])}
    for tail, head in crossing:
        assert re.search(rf"  n{tail} ==>\|.*\| n{head}\n", read(drawing.mermaid()))
        assert f'  n{tail} ==>|"{back[tail, head]}"| n{head}\n' in read(drawing.mermaid())
    plain = [x for x in drawing.picture.arrows if x.colour == FORWARD and (x.tail, x.head) in back]
    assert plain and all(f"  n{x.tail} --> n{x.head}\n" in read(drawing.mermaid()) for x in plain), "without its norm"
    cut = read(DRAWN["cut"].mermaid())
    assert cut.count("-.->") == 2 and "BPTT 截断" in cut and "t = 1" in cut


@each("name", [*RAW, *BAD])
def test_no_text_breaks_it(name: str) -> None:
    text = tg.draw(network(name), title=name, tokens=[name] * 3).mermaid()
    assert not [line for line in text.splitlines() if not GRAMMAR.fullmatch(line)]
    if len(name) < 20:
        assert sum(shown(name) in words for _, words in boxes(text)) >= 3
    apart = re.sub(r"#(\d+);", lambda number: chr(int(number[1])), text.partition("flowchart")[2])
    assert not re.search(r"fa:fa-|\$\$|\\n", apart)


@each("view", list(VIEWS))
def test_a_view_that_is_no_flowchart_is_refused_by_name(view: str) -> None:
    drawing = tg.draw(given(view, "h"), view)
    if drawing.picture.boxes and not drawing.picture.tiles:
        assert drawing.mermaid().count("flowchart LR") == 1
    else:
        with pytest.raises(tg.GraphError, match=f"(?s)'{view}' is no flowchart.*unrolled"):
            drawing.mermaid()


def test_what_cannot_hold_is_refused() -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)fitted to an area.*fit="):
        tg.draw(lstm(4), fit="slide").mermaid()
    with pytest.raises(tg.GraphError, match=r"(?s)500 arrows.*steps="):
        tg.draw(lstm(60), level="op", max_nodes=None).mermaid()
    some = tg.draw(lstm(60), steps=[0, 1, -1]).mermaid()
    assert some.count("subgraph") == 4 and "2 … 58" in some


@each("name", DRAWN)
def test_colours_and_lines_are_those_of_the_picture(name: str) -> None:
    text, drawing = DRAWN[name].mermaid(), DRAWN[name]
    picture = drawing.picture if drawing._cells is None else drawing._cells()
    lines = text.splitlines()
    classes = {m[1]: m[2] for x in lines if (m := re.match(r"  classDef (\w+) (.*)$", x))}
    members = {m[2]: m[1].split(",") for x in lines if (m := re.match(r"  class (\S+) (\w+)$", x))}
    assert sorted(x for own in members.values() for x in own) == sorted(f"n{i}" for i in range(len(picture.boxes)))
    for role, own in members.items():
        assert {picture.boxes[int(x[1:])].role for x in own} == {role}
        line = LINES[role]
        assert f"stroke:{BORDERS[role]},stroke-width:{line.width:g}px" in classes[role]
        assert ("stroke-dasharray" in classes[role]) == bool(line.dashes) and line.dashes in classes[role]
    fills = {m[1]: m[2] for x in lines if (m := re.match(r"  style (n\d+) fill:(#\w+),color:#\w+$", x))}
    meant = {f"n{i}": box.fill for i, box in enumerate(picture.boxes) if box.fill.lower() != "#ffffff"}
    assert fills == meant
    assert ("classDef parameters" in text) == bool(picture.uses) == ("]:::parameters" in text)
    shown = [x for x in picture.arrows if picture.view == "backward" or x.colour in (FORWARD, BORDERS["state"])]
    inks = {
        int(k): m[2] for x in lines if (m := re.match(r"  linkStyle (\S+) stroke:(#\w+)$", x)) for k in m[1].split(",")
    }
    assert [inks[k] for k in range(len(shown))] == [{DEAD: RED}.get(x.colour, x.colour) for x in shown]
    if picture.uses:
        (table,) = re.findall(r'parameters\["(.*)"\]:::', text)
        rows = read(table).split("<br/>")
        assert len(rows) == 1 + len(picture.uses) and all(
            r.startswith(u.name) for r, u in zip(rows[1:], picture.uses, strict=True)
        )
        assert all(f"{use.uses}×" in row and use.shape in row for row, use in zip(rows[1:], picture.uses, strict=True))
    titles = [read(m[1]) for x in lines if (m := re.match(r'  subgraph t\d+\["(.*)"\]$', x))]
    bands = sorted(picture.bands, key=lambda b: b.left)
    assert titles == [f"{b.title} × {b.times}" if b.times else f"{b.title} {b.token}".strip() for b in bands]
    assert (
        lines[:2] == ["---", f"title: {json.dumps(picture.title, ensure_ascii=False)}"]
        if picture.title
        else lines[0] == "flowchart LR"
    )


def test_an_arrow_tells_what_it_carries() -> None:
    boxes = [Box(0, 0, 9, 9, "op", "#ffffff", [Part("a")], "", []) for _ in range(3)]
    way = [(0.0, 0.0)] * 4
    arrows = [
        Arrow(0, 1, way, FORWARD, 1),
        Arrow(0, 1, way, FORWARD, 1, dashed=True),
        Arrow(0, 1, way, BORDERS["state"], 1, tip="t−1 → t"),
        Arrow(1, 2, way, BORDERS["state"], 1),
        Arrow(0, 2, way, FORWARD, 1, tip="stop_gradient: x"),
        Arrow(2, 1, way, "#b02a1a", 2, tip="0.5"),
    ]
    picture = Picture(boxes, arrows)
    told = [read(x.strip()) for x in mermaid(picture).splitlines() if re.match(r"  n\d+ .*> ?.*n\d+$", x)]
    assert told == ["n0 --> n1", "n0 -.-> n1", 'n0 ==>|"t−1 → t"| n1', 'n1 ==>|"0.5"| n2', 'n0 -.->|"BPTT cut"| n2']
    for count, fits in ((500, True), (501, False)):
        many = Picture(boxes, [Arrow(0, 1, way, FORWARD, 1)] * count)
        if fits:
            assert mermaid(many).count("-->") == 500
        else:
            with pytest.raises(tg.GraphError, match=r"(?s)500 arrows and 50,000 letters.*501 and"):
                mermaid(many)
    with pytest.raises(tg.GraphError, match="larger than what Mermaid draws"):
        mermaid(Picture([Box(0, 0, 9, 9, "op", "#ffffff", [Part("a" * 50_000)], "", [])]))
