"""Pictures without options, as large as can be: eight networks that every course has, shown on a slide."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.draw.fitting import measured
from tinygraph.draw.picture import Picture, Use
from tinygraph.draw.write.beside import edges, sides
from tinygraph.draw.write.look import Paint
from tinygraph.draw.write.svg import svg

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import gallery_networks as net

DEFAULT: dict[str, tuple[Any, float]] = {
    "RNN": (net.rnn, 6.0),
    "LSTM": (net.cell_lstm, 5.3),
    "LSTM of 25 steps": (partial(net.cell_lstm, 25), 5.9),
    "two layers, both ways": (net.stacked_gru, 6.4),
    "encoder and decoder": (net.encoder_decoder, 6.8),
    "truncated": (partial(net.rnn, 6, truncate=2), 7.0),
    "own cell": (net.own_cell, 6.5),
    "perceptron": (net.perceptron, 8.3),
}
"""Maps the name of a network to what makes it, and the least text of its picture on a slide of 960 × 540 points.

Before table and legend stood where there is room, it was 4.0, 3.2, 3.5, 4.2, 4.7, 4.6, 4.1 and 6.3.
"""


@cache
def drawn(name: str, lang: str = "en") -> Picture:
    return tg.draw(DEFAULT[name][0](), lang=lang).picture


def on_slide(picture: Picture) -> float:
    wide, high, least = measured(picture)
    return least * min(960 / wide, 540 / high)


@each("lang", ["en", "zh"])
@each("name", DEFAULT)
def test_the_least_text_can_be_read_on_a_slide(name: str, lang: str) -> None:
    assert on_slide(drawn(name, lang)) >= DEFAULT[name][1]


@each("name", DEFAULT)
def test_table_and_legend_stand_where_the_whole_is_largest(name: str) -> None:
    picture = drawn(name)
    named = {aside: on_slide(replace(picture, aside=aside)) for aside in ("right", "below", "over")}
    assert on_slide(picture) == pytest.approx(max(named.values()))
    tall = replace(picture, sheet=0.5)
    assert svg(tall) in [svg(replace(picture, aside=x)) for x in ("over", "below")], "a tall sheet has room over it"


@each("count", [1, 6, 7, 12, 13, 17, 40, 50])
def test_many_parameters_stand_in_columns_below(count: int) -> None:
    """At most three, of at least six rows but for the last."""
    picture = replace(drawn("LSTM"), aside="below", uses=[Use(f"W{k}", "4×4", 4, None) for k in range(count)])
    table, legend = sides(picture, edges(picture), Paint())
    columns = sum("name</text>" in row for row in table.rows)
    assert columns == min(-(-count // 6), 3) and sum("<rect" in row for row in table.rows) == min(count, 40)
    assert legend.high <= max(table.high, 62) + 1e-6 and legend.x > table.x + table.wide
    narrow = replace(drawn("perceptron"), aside="below", uses=picture.uses)
    table = sides(narrow, edges(narrow), Paint())[0]
    assert sum("name</text>" in row for row in table.rows) == 1, "no wider than the picture"
