"""How words of ours go into another language: whole, by patterns, in lists, in every part of a picture; names stay."""

from __future__ import annotations

from typing import Any

import tinygraph as tg
from tests.each import each
from tinygraph.draw.picture import Arrow, Band, Box, Note, Part, Picture, Ruler, Tile, Use
from tinygraph.draw.words import table, told, translated

ZH = table("zh")
STATE, LOSS, SCALAR = ZH["state"], ZH["loss"], ZH["scalar"]


@each(
    "text, right",
    [
        ("loss", LOSS),
        ("", ""),
        ("no such words", "no such words"),
        ("loss\nno words", f"{LOSS}\nno words"),
        ("loss; state; x", f"{LOSS}；{STATE}；x"),
        ("loss · x", f"{LOSS} · x"),
        ("and 12 more", "另有 12 个"),
        ("loss, full = 3 B", f"{LOSS}，满格 = 3 B"),
        ("layer 2 forward", f"第 2 层（{told('forward', 'zh')}）"),
        ("x, y", "x, y"),
        ("loss, y", f"{LOSS}，y"),
        ("y, loss, state", f"y，{LOSS}，{STATE}"),
        ("loss; and 3 more · x\nstate", f"{LOSS}；另有 3 个 · x\n{STATE}"),
    ],
)
def test_texts_are_told_in_their_parts(text: str, right: str) -> None:
    assert told(text, "zh") == right and told(text, "en") == text
    assert told(right, "zh") == right, "what is told stays"


def box(*title: Part, node: Any = None, below: str = "scalar · ‖∂‖ 1", tip: Any = ("scalar", "x")) -> Box:
    return Box(0, 0, 9, 9, "op", "#ffffff", [*title], below, [*tip], node)


def test_every_part_of_a_picture_is_told_and_names_stay() -> None:
    named = tg.constant(1.0, name="state")
    boxes = [
        box(Part("loss"), Part("loss", "chip"), Part("loss", "value")),
        box(Part("state"), Part("loss"), node=named),
    ]
    boxes += [
        box(Part("loss = state"), node=tg.constant(1.0, name="loss")),
        box(Part("state"), node=tg.constant(1.0, name="other")),
    ]
    picture = Picture(
        boxes,
        [Arrow(0, 1, [], "#000000", 1, tip="loss")],
        bands=[Band(0, 9, 0, 9, "loss", "loss"), Band(0, 9, 0, 9, "t = 1", "2 of 3 real")],
    )
    picture.notes, picture.tiles = [Note(0, 0, "loss", "#000000")], [Tile(0, 0, 9, 9, "#ffffff", "loss", "state")]
    picture.keys, picture.uses = (
        [("#123456", "loss")],
        [Use("loss", "scalar", 1, "not computed"), Use("W", "2×2", 1, None)],
    )
    picture.ruler, picture.subtitle = Ruler(["#000000"], "0", "loss", "1", (0.0, 1.0)), "loss; x"
    picture.plain_text = ["  loss   x", "loss", "a  state @ W  b", "", "   "]
    for titled in (True, False):
        picture.title = "loss"
        other = translated(picture, "zh", titled=titled)
        assert other.lang == "zh" and other.title == ("loss" if titled else LOSS)
        words = [[part.text for part in x.title] for x in other.boxes]
        assert words == [[LOSS, "loss", "loss"], ["state", LOSS], ["loss = state"], [STATE]]
        assert {x.below for x in other.boxes} == {f"{SCALAR} · ‖∂‖ 1"} and other.boxes[0].tip == [SCALAR, "x"]
        assert other.arrows[0].tip == other.notes[0].text == other.tiles[0].tip == LOSS and other.tiles[0].text == STATE
        assert [(x.title, x.token) for x in other.bands] == [(LOSS, "loss"), ("t = 1", told("2 of 3 real", "zh"))]
        assert other.bands[1].token != "2 of 3 real"
        assert other.keys == [("#123456", LOSS)] and other.ruler is not None and other.ruler[1:4] == ("0", LOSS, "1")
        assert [(x.name, x.shape, x.norm) for x in other.uses] == [
            ("loss", SCALAR, ZH["not computed"]),
            ("W", "2×2", None),
        ]
        assert other.subtitle == f"{LOSS}；x"
        assert other.plain_text == [f"  {LOSS}   x", LOSS, f"a  {STATE} @ W  b", "", "   "]
    picture.title = None
    assert translated(picture, "zh", titled=False).title is None and picture.boxes[0].title[0].text == "loss", "a copy"
    empty = translated(Picture(boxes=[box()]), "zh", titled=False)
    assert empty.boxes[0].title == [] and empty.ruler is None and empty.bands == []
