"""The texts under the columns: a column is as wide as they are in the file, with a little room at both ends."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn
from tests.draw.recurrent import encoder_decoder
from tests.draw.write.page.test_marks import SVG
from tests.each import each
from tinygraph.draw.labels import width

TOKENS = ["W@mM" * 14, "", "字" * 50]
ROOM = 6.0
"""From the end of the texts to the edge of the column."""


def said(root: ET.Element, title: str) -> float:
    """The width of title and token by the sizes and the distance that the file gives them."""
    (head,) = [x for x in root.iter(f"{SVG}text") if x.text == title]
    wide = width(title, float(head.get("font-size", 0)), bold=head.get("font-weight") in ("600", "700", "bold"))
    for token in head.iter(f"{SVG}tspan"):
        wide += float(token.get("dx", 0)) + width(token.text or "", float(token.get("font-size", 0)))
    return wide


@each("view", ["unrolled", "both", "backward"])
def test_a_column_has_room_for_its_texts_and_no_more(view: str) -> None:
    drawing = tg.draw(word_rnn(3), view, tokens=TOKENS, level="op")
    plain = tg.draw(word_rnn(3), view, level="op").picture.bands
    root = ET.fromstring(drawing.pipe(format="svg"))
    for band, bare, token in zip(drawing.picture.bands, plain, TOKENS, strict=False):
        assert band.token == token
        texts = said(root, band.title) + 2 * ROOM
        assert band.right - band.left == pytest.approx(max(texts, bare.right - bare.left))
        assert (texts > bare.right - bare.left) == bool(token), "the case is one of both kinds"


BLANKS = {
    " ": "␣",
    "\n": "⏎",
    "\t": "⇥",
    "  ": "␣␣",
    " \n\t": "␣⏎⇥",
    "\u3000": "␣",
    "": "",
    " a b ": " a b ",
    "a\n": "a ",
}
"""Tokens, and what is seen of them: signs only where there is nothing else to see."""


@each("view", ["unrolled", "backward", "states"])
@each("as_dict", [False, True])
def test_a_blank_token_is_seen(view: str, as_dict: bool) -> None:
    tokens = dict(enumerate(BLANKS, 1)) if as_dict else [*BLANKS]
    every = {} if view == "states" else {"steps": range(len(BLANKS))}
    picture = tg.draw(word_rnn(len(BLANKS)), view, tokens=tokens, **every).picture
    shown = [b.token for b in picture.bands] or [n.text for n in picture.notes]
    assert [x for x in shown if x in {*BLANKS.values()}] == [*BLANKS.values()] or view == "states"
    assert {*BLANKS.values()} - {""} <= {*shown}


def test_blank_tokens_are_seen_on_cards_and_in_the_flow() -> None:
    tokens = ["a", " ", "\n", "\t"]
    assert tg.draw(word_rnn(4), "rolled", tokens=tokens).picture.subtitle.endswith("; a ␣ ⏎ ⇥")
    assert {"␣", "⏎", "⇥"} <= {n.text for n in tg.draw(word_rnn(4), "flow", tokens=tokens).picture.notes}


def test_tokens_need_not_be_texts() -> None:
    assert [b.token for b in tg.draw(word_rnn(3), tokens=[1, 2.5, None]).picture.bands] == ["1", "2.5", "None"]
    assert [b.token for b in tg.draw(word_rnn(3), tokens={2: 7}).picture.bands] == ["", "7", ""]


def test_tokens_are_in_the_order_of_time_whatever_the_order_of_the_steps() -> None:
    h = tg.constant([0.5])
    for t in (9, 4, 2, 0):
        with tg.step(t):
            h = tg.tanh(h + 1.0)
    bands = tg.draw(tg.sum(h), tokens=list("abcd"), level="op").picture.bands
    assert [(b.title, b.token) for b in bands] == [("t = 0", "a"), ("t = 2", "b"), ("t = 4", "c"), ("t = 9", "d")]
    assert "; a b c d" in tg.draw(tg.sum(h), "rolled", tokens=list("abcd")).picture.subtitle


def test_an_encoder_and_a_decoder_have_tokens_of_their_own_or_one_for_each_step() -> None:
    root = encoder_decoder(4, 3)
    seven = list("abcdefg")
    for view in ("unrolled", "backward"):
        bands = tg.draw(root, view, tokens=seven, level="op").picture.bands
        assert [b.token for b in bands if b.title.startswith("t =")] == seven
    shared = tg.draw(root, tokens=["a", "b", "c", "d"], level="op").picture.bands
    assert [b.token for b in shared] == [*"abcd", *"abc"]
    one = tg.draw(root, tokens={2: "x"}, level="op").picture.bands
    assert [b.token for b in one] == ["", "", "x", "", "", "", "x"]
    for wrong in (list("abc"), list("abcde"), list("abcdef"), list("abcdefgh"), "abcdefg", {4: "x"}, 3):
        with pytest.raises(tg.GraphError, match=r"draw: (the number of )?tokens"):
            tg.draw(root, tokens=wrong)


def test_padding_is_told_after_the_token() -> None:
    xs = np.ones((3, 2, 2))
    outputs, _ = tg.unroll(tg.cells.RNN(2, 2, rng=0), xs, lengths=[3, 1])
    bands = tg.draw(tg.sum(outputs), tokens=["a", "", "c"], level="op").picture.bands
    assert [b.token for b in bands] == ["a", "1 of 2 real", "c · 1 of 2 real"]
    zh = tg.draw(tg.sum(outputs), tokens=["a", "", "c"], level="op", lang="zh").picture.bands
    assert zh[0].token == "a" and zh[2].token == f"c · {zh[1].token}" and "real" not in zh[1].token
