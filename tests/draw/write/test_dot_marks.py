"""DOT text says of each part what the picture says: its colours, lines, ends, sizes and words."""

from __future__ import annotations

import html
import math
import re
from typing import Any

import pytest

from tests.each import each
from tinygraph.draw.colours import FORWARD, INK
from tinygraph.draw.shown.roles import BORDERS
from tinygraph.draw.write.look import LINES, legible

from .page.test_marks import DRAWINGS, numbers

every_drawing = each("name", DRAWINGS)


def statements(name: str, pattern: str) -> dict[str, dict[str, str]]:
    """The settings of the nodes or edges whose name fits, in their order; one edge's name is made unlike another's."""
    out: dict[str, dict[str, str]] = {}
    for line in DRAWINGS[name].source.splitlines():
        match = re.fullmatch(rf"\t({pattern}) \[(.*)\]", line)
        if match:
            found = re.findall(r'(\w+)=(?:"((?:\\.|[^"\\])*)"|<(.*?)>(?=, \w+=|$)|([^,]*))', match[2])
            out[match[1] + "'" * len(out)] = {key: "".join(values) for key, *values in found}
    return out


@every_drawing
def test_an_arrow_has_its_line_and_its_ends(name: str) -> None:
    picture = DRAWINGS[name].picture
    shown = statements(name, r"n\d+ -> n\d+")
    for (ends, settings), arrow in zip(shown.items(), picture.arrows, strict=True):
        assert ends.rstrip("'") == f"n{arrow.tail} -> n{arrow.head}"
        assert (settings.get("style") == "dashed") == arrow.dashed
        assert (settings.get("arrowhead") == "none") == (not arrow.pointed)
        assert settings.get("color", FORWARD) == arrow.colour and settings.get("tooltip", "") == arrow.tip
        assert arrow.colour == FORWARD or float(settings["penwidth"]) == pytest.approx(arrow.width, abs=0.006)
        at = numbers(settings["pos"])
        tip, at = (at[:2], at[2:]) if arrow.pointed else (at[-2:], at)
        assert settings["pos"].startswith("e,") == arrow.pointed
        assert at[:-2] == pytest.approx([v for point in arrow.points[:-1] for v in point], abs=0.06)
        assert tip == pytest.approx(arrow.points[-1], abs=0.06)
        (x, y), (ex, ey) = arrow.points[-2:]
        along = math.dist((x, y), (ex, ey)) or 1.0
        back = 7.0 * arrow.pointed
        assert at[-2:] == pytest.approx([ex - back * (ex - x) / along, ey - back * (ey - y) / along], abs=0.06)


@every_drawing
def test_a_box_has_its_size_its_colours_and_its_words(name: str) -> None:
    boxes = DRAWINGS[name].picture.boxes
    for (key, settings), (i, box) in zip(statements(name, r"n\d+").items(), enumerate(boxes), strict=True):
        assert key.rstrip("'") == f"n{i}"
        assert numbers(settings["pos"]) == pytest.approx([box.x, box.y], abs=0.06)
        ring = 8 * (settings.get("peripheries") == "2")  # Graphviz draws its second line around the size
        assert float(settings["width"]) * 72 + ring == pytest.approx(box.width, abs=0.05)
        assert float(settings.get("height", "0.556")) * 72 + ring == pytest.approx(box.height, abs=0.1)
        assert ("dashed" in settings.get("style", "")) == (box.dashed or bool(LINES[box.role].dashes))
        assert bool(ring) == LINES[box.role].double
        fills = re.fullmatch(r"#ffffff;[\d.]+:(#\w+);([\d.]+):#ffffff", settings.get("fillcolor", ""))
        assert (fills[1] if fills else settings.get("fillcolor", "#ffffff")) == box.fill
        assert (float(fills[2]) * box.width if fills else 0.0) == pytest.approx(box.core, abs=0.2)
        assert settings.get("color", BORDERS["op"]) == BORDERS[box.role]
        assert settings.get("penwidth", "1.1") == f"{LINES[box.role].width:g}"
        label = settings["label"]
        assert label.count(' bgcolor="') == sum(part.kind == "chip" for part in box.title)
        words = [re.sub(r"<[^>]*>|&#\d+;|\s|\xa0", "", x) for x in re.split(r"<br/>|<tr>", label)]
        assert all(re.sub(r"[&<>\"'\s]", "", x) in re.sub(r"&\w+;", "", "".join(words)) for x in box.below.split("\n"))
        assert bool(box.below) == ('point-size="11"' in label)
        assert is_read(settings.get("fontcolor", INK), box.fill), (settings, box)


def is_read(ink: str, ground: str) -> bool:
    """Whether a text has enough contrast: 4.5 to 1 at least, by WCAG's formula."""

    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05

    a, b = sorted((light(ink), light(ground)))
    return b / a >= 4.5


@every_drawing
def test_columns_tiles_notes_and_cuts_are_where_they_belong(name: str) -> None:
    picture = DRAWINGS[name].picture
    meant: list[Any] = []
    for band in picture.bands:
        for k in [*range(min(band.times - 1, 3), 0, -1), 0]:
            middle = [(band.left + band.right) / 2 + 8 * k, (band.foot + band.top) / 2 + 8 * k]
            meant.append([*middle, band.right - band.left, band.top - band.foot])
    shown = [x for x in statements(name, r"band\d+_\d+").values() if not x["label"]]
    grounds = [[*numbers(x["pos"]), float(x["width"]) * 72, float(x["height"]) * 72] for x in shown]
    assert [v for x in grounds for v in x] == pytest.approx([v for x in meant for v in x], abs=0.1)
    tiles, told = statements(name, r"tile\d+_0").values(), statements(name, r"tile\d+_1")
    assert [f"tile{i}_1" for i, tile in enumerate(picture.tiles) if tile.text] == [x.rstrip("'") for x in told]
    for x, tile in zip(tiles, picture.tiles, strict=True):
        assert numbers(x["pos"]) == pytest.approx([tile.x, tile.y], abs=0.18)  # its ends were rounded
        assert x["fillcolor"] == tile.fill and bool(tile.tip) == ("tooltip" in x)
        assert float(x["width"]) * 72 == pytest.approx(tile.width, abs=0.1)
    for x, note in zip(statements(name, r"note\d+_0").values(), picture.notes, strict=True):
        assert numbers(x["pos"]) == pytest.approx([note.x, note.y - 0.05 * note.size], abs=0.06)
        assert f'<font point-size="{note.size:g}" color="{legible(note.colour)}"><b>' in x["label"]
    lines = statements(name, r"cut\d+_0a0 -> cut\d+_0b0").values()
    for x, cut in zip(lines, picture.cuts, strict=True):
        assert x["style"] == "dashed" and x["arrowhead"] == "none"
        heights = [cut.top, cut.top, *[cut.foot - 2 * cut.badge] * 2]
        assert numbers(x["pos"]) == pytest.approx([v for y in heights for v in (cut.x, y)], abs=0.06)
    assert len(statements(name, r"cut\d+_1")) == sum(cut.badge for cut in picture.cuts)


@every_drawing
def test_columns_have_their_words_and_the_margin_has_its_parts(name: str) -> None:
    picture = DRAWINGS[name].picture
    heads = {key: x for key, x in statements(name, r"band\d+_\d+").items() if x["label"]}
    assert len(heads) == len(picture.bands)
    for settings, band in zip(heads.values(), picture.bands, strict=True):
        words = re.sub(r"<[^>]*>|\s|\xa0|&#\d+;", "", settings["label"])
        meant = band.title + (band.token if not band.headed else "") + f" × {band.times}" * (band.times > 0)
        assert words == re.sub(r"\s", "", meant), "no generator, no other text"
        _, y = numbers(settings["pos"])
        at_top = band.headed or band.times > 0
        assert y == pytest.approx(band.top - 25.8 if at_top else band.foot + 23.2, abs=0.1)
    beside = [x for x in statements(name, r"beside\d+").values() if len(x["label"]) > 3]
    titles = [x for x in beside if re.search('point-size="(13|21)"', x["label"])]
    plain = " ".join(html.unescape(re.sub(r"<[^>]*>", "", x["label"])) for x in titles)
    words = f"{picture.title or ''} {picture.subtitle}".split()
    assert sorted(plain.replace("\xa0", " ").split()) == sorted(words), "titles may break into lines, no word is lost"
    assert any("parameters:" in x["label"] for x in beside) == bool(picture.uses)
    parts = [(x.x - x.width / 2, x.x + x.width / 2, x.y + x.height / 2) for x in (*picture.boxes, *picture.tiles)]
    parts += [(band.left, band.right, band.top) for band in picture.bands]
    for x in titles:
        middle, y = numbers(x["pos"])
        half = float(re.findall(r'width="(\d+)"', x["label"])[0]) / 2
        under = [top for left, right, top in parts if right > middle - half and left < middle + half]
        assert y > max(under, default=-1e9) + 10, "no part is under a title"
