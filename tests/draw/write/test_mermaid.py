"""Mermaid text: the boxes and arrows of the picture in its grammar, whatever a label holds; too much is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, perceptron, word_rnn
from tests.draw.test_safety import RAW, given, network
from tests.each import each
from tinygraph.draw import VIEWS
from tinygraph.draw.colours import FORWARD
from tinygraph.draw.shown.roles import BORDERS

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
