"""Where a heat map stands: a grid of equal squares, its labels beside them, tokens in rows that do not overlap."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.maps.characters import character, key, lines
from tinygraph.draw.maps.plot import PADDED, Room, folded, plot
from tinygraph.draw.maps.shades import Shade, shade_of
from tinygraph.draw.maps.sheets import Sheet, Ticks, notes
from tinygraph.draw.picture import Note, Picture, Tile

RNG = np.random.default_rng(0)
SHADE = Shade(-1.0, 1.0, True)


def sheet(rows: int, columns: int, name: str, block: int = 0, strip: bool = False, tokens: Any = None) -> Sheet:
    values = RNG.uniform(-1, 1, (rows, columns))
    absent = np.zeros(values.shape, bool)
    absent[:, -1:] = columns > 3
    across = Ticks([str(t + 3) for t in range(columns)], "t →", tokens or [])
    down = Ticks([str(i) for i in range(rows)], "unit ↓")
    words = f"{name}[{{}}] at {{}}".format
    return Sheet(name, values, absent, across, down, block, words, strip, padding=absent & (not strip))


WORDS = ["a", "quite a long word", "b", "", "another long word", "c", "d", "e"]
BLOCKS = {
    "small": [[sheet(2, 3, "h")]],
    "two": [[sheet(2, 8, "h · 1", tokens=WORDS), sheet(3, 8, "c · 1", tokens=WORDS)]],
    "side by side": [[sheet(4, 6, "a")], [sheet(4, 9, "b with a heading that is longer than its squares", 1)]],
    "strip": [[sheet(1, 8, "all", strip=True), sheet(5, 8, "each", tokens=WORDS)]],
    "narrow": [[sheet(9, 60, "h", tokens=[f"word{i}" for i in range(60)])]],
    "fine": [[sheet(30, 50, "h")], [sheet(3, 5, "k", 1)]],
    "one": [[sheet(1, 1, "h")]],
}
ROOM = Room(900.0, 520.0)


def drawn(name: str) -> tuple[Picture, list[list[Sheet]], int]:
    picture, blocks = Picture(), folded(BLOCKS[name], ROOM)
    return picture, blocks, plot(picture, blocks, SHADE.colour, ROOM)


def near(a: float, b: float) -> bool:
    return abs(a - b) < 1e-6


def sides(x: Tile | Note, bold: bool = True) -> tuple[float, float, float, float]:
    wide, high = (x.width, x.height) if isinstance(x, Tile) else (width(x.text, x.size, bold), 0.7 * x.size)
    return x.x - wide / 2, x.x + wide / 2, x.y - high / 2, x.y + high / 2


def of(picture: Picture, sheet: Sheet) -> dict[tuple[int, int], Tile]:
    """The squares of the numbers of a sheet, by row and column."""
    tiles = [x for x in picture.tiles if x.cell is not None and x.cell.table == sheet.heading]
    places = [(i, j) for i, j in np.ndindex(sheet.values.shape) if not sheet.absent[i, j]]
    return dict(zip(places, tiles, strict=True))


@each("name", BLOCKS)
def test_the_squares_are_a_grid_and_tell_their_numbers(name: str) -> None:
    picture, blocks, _ = drawn(name)
    sizes = set()
    for one in (x for block in blocks for x in block):
        at = of(picture, one)
        corner = min(x.x - x.width / 2 for x in at.values()), max(x.y + x.height / 2 for x in at.values())
        wide, high = next(iter(at.values())).width, next(iter(at.values())).height
        gap = 1.0 if min(wide, high) > 7 else 0.0
        sizes |= set() if one.strip else {(wide, high)}
        assert not one.strip or near(high + gap, 24)
        for (i, j), tile in at.items():
            assert near(tile.x, corner[0] + j * (wide + gap) + wide / 2)
            assert near(tile.y, corner[1] - i * (high + gap) - high / 2) and (tile.width, tile.height) == (wide, high)
            assert tile.fill == SHADE.colour(one.values[i, j])
            label, column = one.down.labels[i], one.across.labels[j]
            token = one.across.token(j)
            mean = "mean of " if "–" in label + column else ""
            assert tile.tip.startswith(f"{mean}{one.heading}[{label}] at {column}: ")
            assert tile.tip.endswith(f" · {token}") == bool(token)
            assert float(tile.tip.split(": ")[1].split(" ")[0]) == pytest.approx(one.values[i, j], rel=1e-3, abs=1e-4)
            assert tile.cell is not None and tile.cell[1:4] == ("unit ↓, t →", label, f"{column} {token}".strip())
            assert float(tile.cell.number) == pytest.approx(one.values[i, j], rel=6e-3, abs=1e-4)
            assert not tile.text or float(tile.text) == pytest.approx(one.values[i, j], rel=0.06)
        written = {bool(x.text) for x in at.values()}
        assert len(written) == 1 and written == {
            (wide + gap >= 44 and (high + gap >= 22)) or (one.strip and wide + gap >= 34)
        }
    assert len(sizes) == 1, "all squares of a picture are of one size"


@each("name", BLOCKS)
def test_labels_stand_at_their_rows_and_columns(name: str) -> None:
    picture, blocks, count = drawn(name)
    written = 0
    grounds = [x for x in picture.tiles if x.fill == "#f8fafc"]
    for block, ground in zip(blocks, grounds, strict=True):
        texts = [(x.text, x) for x in picture.notes if sides(ground)[0] < x.x < sides(ground)[1]]
        for one in block:
            at = of(picture, one)
            left = min(x.x - x.width / 2 for x in at.values())
            top, foot = max(sides(x)[3] for x in at.values()), min(sides(x)[2] for x in at.values())
            (heading,) = [x for text, x in texts if text == one.heading]
            assert near(sides(heading)[0] + 0.0, left) or abs(sides(heading)[0] - left) < 1.1
            assert 10 < heading.y - top < 30 and heading.size == 12
            rows = {i: x.y for (i, _), x in at.items()}
            labels = [x for text, x in texts if x.x < left and foot - 1 < x.y < top + 1 and text in one.down.labels]
            assert {x.text for x in labels} <= set(one.down.labels) and labels[0].text == one.down.labels[0]
            for x in labels:
                assert near(x.y, rows[one.down.labels.index(x.text)]) and left - 10 < sides(x, False)[1] < left - 4
            assert all(a.y - b.y > 9 for a, b in pairwise(labels))
            numbers = [one.down.labels.index(x.text) for x in labels]
            strides = {b - a for a, b in pairwise(numbers)}
            assert len(strides) <= 1 and strides <= {1, 2, 5, 10, 20, 50} and numbers[0] == 0
        across = block[-1].across
        columns = {j: x.x for (_, j), x in of(picture, block[-1]).items()}
        labels = [
            x
            for text, x in texts
            if x.y == -11 and text in across.labels and min(columns.values()) - 1 < x.x < max(columns.values()) + 50
        ]
        for x in labels:
            assert across.labels.index(x.text) not in columns or near(x.x, columns[across.labels.index(x.text)])
        assert all(a.x + width(a.text, 10, True) / 2 < b.x - width(b.text, 10, True) / 2 for a, b in pairwise(labels))
        lanes: dict[float, list[Note]] = {}
        for x in (x for text, x in texts if text in across.tokens and x.y < -20):
            lanes.setdefault(x.y, []).append(x)
            assert (
                any(near(x.x, columns[j]) for j in columns if across.tokens[j] == x.text) or x.text == across.tokens[-1]
            )
        assert sorted(lanes, reverse=True) == [-25.0, -38.0, -51.0][: len(lanes)]
        for lane in lanes.values():
            written += len(lane)
            assert all(sides(a)[1] < sides(b)[0] for a, b in pairwise(sorted(lane, key=lambda x: x.x)))
        assert across.tokens[:1] == [] or lanes[-25.0][0].text == across.tokens[0]
    assert written == count and (name != "two" or count == 7), "each word has room"


@each("name", BLOCKS)
def test_each_block_has_a_ground_that_holds_all_of_it(name: str) -> None:
    picture, blocks, _ = drawn(name)
    grounds = [x for x in picture.tiles if x.fill == "#f8fafc"]
    assert len(grounds) == len(blocks) and all(
        near(b - a, 24) for (_, a), (b, _) in pairwise([sides(x)[:2] for x in grounds])
    )
    assert sides(grounds[0])[0] == 0.0
    for x in (*(t for t in picture.tiles if t not in grounds), *picture.notes):
        left, right, foot, top = sides(x)
        assert any(a + 8 < left and right < b - 5 and c < foot and top < d for a, b, c, d in map(sides, grounds)), x
    for block, ground in zip(blocks, grounds, strict=True):
        frames = [x for x in picture.tiles if x.fill == "#c3ccd8" and sides(ground)[0] < x.x < sides(ground)[1]]
        inner = [x for x in picture.tiles if x.fill == "#ffffff" and sides(ground)[0] < x.x < sides(ground)[1]]
        assert len(frames) == len(block) == len(inner)
        assert all(
            near(a.width - b.width, 2) and near(a.height - b.height, 2) for a, b in zip(frames, inner, strict=True)
        )
        order = [picture.tiles.index(x) for x in (ground, frames[0], inner[0])]
        assert order == sorted(order), "what is behind comes first"
        for one, frame in zip(reversed(block), frames, strict=True):
            padded = [x for x in picture.tiles if x.fill == PADDED and near(x.y, frame.y)]
            last = [x for x in padded if sides(frame)[0] < x.x < sides(frame)[1]]
            assert len(last) == (one.padding.any() and not one.strip)
            if last:
                assert sides(last[0])[1] == pytest.approx(sides(frame)[1] - 2, abs=1.1) and last[0].tip == "padding"


def test_matrices_stand_over_each_other_in_their_order() -> None:
    picture, (block,), _ = drawn("two")
    tops = [max(x.y for x in of(picture, one).values()) for one in block]
    assert tops == sorted(tops, reverse=True)
    foot = min(x.y for x in of(picture, block[0]).values())
    assert foot - tops[1] > 50, "with room for a heading between them"


@each("rows, columns", [(7, 5), (128, 4), (129, 101), (300, 7), (3, 450)])
def test_what_is_too_large_is_folded_to_means(rows: int, columns: int) -> None:
    one = sheet(rows, columns, "h")
    one.absent[: rows // 2, : columns // 3] = True
    one.padding[: rows // 2, : columns // 3] = True
    ((small,),) = folded([[one]], Room(900.0, 520.0))
    high, wide = (-(-n // most) for n, most in ((rows, 128), (columns, 100)))
    assert small.values.shape == (-(-rows // high), -(-columns // wide))
    for i, j in np.ndindex(small.values.shape):
        at = np.s_[i * high : (i + 1) * high, j * wide : (j + 1) * wide]
        known = one.values[at][~one.absent[at]]
        assert small.absent[i, j] == (known.size == 0) and small.padding[i, j] == one.padding[at].all()
        assert not known.size or near(small.values[i, j], known.mean())
    first, last = (one.across.labels[k] for k in (0, wide - 1))
    assert small.across.labels[0] == (first if wide == 1 else f"{first}–{last}")
    assert small.down.labels[-1].split("–")[-1] == str(rows - 1)


def test_blocks_and_sheets_share_the_room() -> None:
    two = folded([[sheet(100, 150, "a"), sheet(100, 150, "b")], [sheet(10, 50, "c", 1)]], ROOM)
    assert [[x.values.shape for x in block] for block in two] == [[(50, 75), (50, 75)], [(10, 25)]]
    ((less,),) = folded([[sheet(100, 150, "a")]], Room(300.0, 70.0))
    assert less.values.shape == (20, 50)


def test_the_line_below_the_title_says_what_is_folded_or_left_out() -> None:
    whole = [
        sheet(20, 30, "a", tokens=["x"] * 29 + [""]),
        sheet(4, 30, "b", tokens=["x"] * 30),
        sheet(2, 8, "k", 1, tokens=WORDS),
    ]
    assert [*notes(0, 1, whole, whole, 37)] == []
    assert [*notes(3, 5, whole, whole[:2], 30)] == ["item 3 of a batch of 5", "the first 2 of 3"]
    small = [x.folded(7, 10) for x in whole]
    assert [*notes(0, 1, whole, small, 36)] == [
        "a square is the mean of 3 units × 3 steps",
        "36 of 37 tokens have room",
    ]
    assert [*notes(0, 1, whole, [x.folded(20, 10) for x in whole], 37)] == ["a square is the mean of 3 steps"]
    ticks = [Ticks([*"0123"], caption) for caption in ("key →", "query ↓")]
    keys = Sheet("a", np.zeros((4, 4)), np.zeros((4, 4), bool), *ticks, padding=np.zeros((4, 4), bool))
    assert [*notes(0, 1, [keys], [keys.folded(2, 4)], 0)] == ["a square is the mean of 2 queries"]


def test_colours_run_from_end_to_end() -> None:
    signed = shade_of(np.array([-3.0, 1.0, np.nan, np.inf]), signed=True)
    assert (signed.low, signed.high, signed.signed) == (-3.0, 3.0, True)
    plain = shade_of(np.array([0.5, 2.0]), signed=False)
    assert (plain.low, plain.high, plain.signed) == (0.0, 2.0, False)
    assert shade_of(np.array([0.0]), signed=True).high == 1.0 == shade_of(np.array([np.nan]), signed=False).high
    for shade, ends in ((signed, ("#fff3a3", "#0b2461")), (plain, ("#f4f8fc", "#08306b"))):
        ruler = shade.ruler("0")
        assert (ruler.colours[0], ruler.colours[-1]) == ends and len(ruler.colours) == 9
        assert [shade.colour(x) for x in (shade.low - 9, shade.high + 9)] == [*ends], (
            "beyond the ends it is their colour"
        )
        steps = [shade.colour(shade.low + (shade.high - shade.low) * k / 8) for k in range(9)]
        assert ruler.colours == steps and ruler[1:] == (
            f"{shade.low:#.2g}" if shade.low else "0",
            "0",
            f"{shade.high:#.2g}",
            (shade.low, shade.high),
        )


def test_text_has_numbers_in_line_or_characters() -> None:
    one = sheet(3, 8, "h", tokens=WORDS)
    heading, *rows, labels, tokens = lines(one, SHADE)
    assert heading == "h" and len({len(x) for x in (*rows, labels)}) == 1
    for row, values, absent in zip(rows, one.values, one.absent, strict=True):
        told = row.split()[1:]
        assert [x == "_" for x in told] == [*absent]
        assert [float(x) for x in told if x != "_"] == pytest.approx(values[~absent], rel=0.06)
    ends = [labels.rindex(x) + len(x) - 1 for x in one.across.labels]
    assert labels.split()[0] == "t" and ends == [len(labels) - 1 - 8 * k for k in range(7, -1, -1)]
    assert [tokens[e - 7 : e + 1].strip() for e in ends] == ["a", "quite …", "b", "", "anothe…", "c", "d", "e"]
    assert [len(lines(sheet(1, n, "h"), SHADE)[1].split()) for n in (10, 11)] == [11, 2], "of ten columns, not of more"
    few, more = (sheet(1, n, "h", strip=True) for n in (10, 11))
    assert key([few], SHADE) == [] and key([few, sheet(1, 5, "h")], SHADE) == ["", "_ padding"]
    signs = ". near 0, 1 to 9: up to 1.0, a to i: down to -1.0, ? NaN or infinite"
    assert key([few, more], SHADE) == ["", signs] and "a to i" not in key([more], Shade(0.0, 1.0))[1]
    many = sheet(40, 95, "h")
    heading, *rows, labels = lines(many, SHADE)
    whole = many.folded(32, 80)
    assert [x.split()[0] for x in rows] == whole.down.labels and len(rows) == 20
    for row, values, absent in zip(rows, whole.values, whole.absent, strict=True):
        signs = row.split()[1]
        assert len(signs) == 48 and (signs[-1] == "_") == absent[-1]
        for sign, value in zip(signs, values[~absent], strict=False):
            assert (
                ".123456789".find(sign) == int(10 * value)
                if value >= 0
                else ".abcdefghi".find(sign) == int(-10 * value)
            )
    at = [rows[0].rindex(rows[0].split()[1]) + k for k in range(0, 48, 10)]
    assert [labels[k:].split()[0] for k in at] == [many.across.labels[2 * k] for k in range(0, 48, 10)]
    assert labels.startswith(" " * (at[0] - 1 - len("unit ↓")) + "t →".rjust(len("unit ↓")))


@each(
    "value, sign",
    [
        (0.0, "."),
        (0.19, "."),
        (0.2, "1"),
        (1.1, "5"),
        (1.99, "9"),
        (2.0, "9"),
        (70.0, "9"),
        (-0.1, "."),
        (-0.2, "a"),
        (-2.0, "i"),
        (-70.0, "i"),
        (np.nan, "?"),
        (np.inf, "?"),
        (-np.inf, "?"),
    ],
)
def test_a_character_is_the_tenth_of_the_scale_that_a_number_reaches(value: float, sign: str) -> None:
    assert character(value, Shade(-2.0, 2.0, True)) == sign
