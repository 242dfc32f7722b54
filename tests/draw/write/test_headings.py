"""Title and subtitle over a picture: their lines, how low they stand, and what they leave free."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests.each import each
from tinygraph.draw.labels import width
from tinygraph.draw.picture import Arrow, Band, Box, Cut, Note, Part, Picture, Tile, Use
from tinygraph.draw.write.beside import Heading, edges, headings, roof, sides
from tinygraph.draw.write.look import Paint

WORDS = ["a", "GRU,", "two", "layers,", "unrolled", "truncated", "gradients", "of", "everything"]


def boxes(random: Random, wide: float) -> list[Box]:
    return [
        Box(random.uniform(0, wide), random.uniform(0, 300), 40, 30, "op", "#fff", [Part("h")], "", []) for _ in "abcd"
    ]


def pictures(count: int) -> list[tuple[Picture, Any]]:
    """Pictures with titles and tables of all sizes, and what stands over each if its place is there."""
    made = []
    for seed in range(count):
        random = Random(seed)
        drawn = Picture(
            boxes(random, random.choice([100, 300, 700, 1500])), aside=random.choice(["right", "below", "over"])
        )
        drawn.uses = [Use(f"W{k}", "2×2", 1, None) for k in range(random.choice([0, 1, 9]))]
        drawn.title, drawn.subtitle = (
            " ".join(random.choices(WORDS, k=random.randrange(1, most))) for most in (20, 40)
        )
        drawn.subtitle *= random.random() < 0.8
        inner = edges(drawn)
        made.append((drawn, sides(drawn, inner, Paint()) if drawn.aside == "over" else ()))
    return made


PICTURES = pictures(60)


def room_of(drawn: Picture, bars: Any) -> tuple[float, bool]:
    """How wide a line may be; and whether the lines stand over all, as beside what is over the picture is no room."""
    inner = edges(drawn)
    free = min([inner.right, *(bar.x - 28 for bar in bars)]) - inner.left
    above = len(bars) > 0 and free < 320
    aside = drawn.aside == "right" or above
    sheet = 0.0 if bars else drawn.sheet * (inner.top - inner.foot)
    return max(inner.right - inner.left + 320 if aside else free, sheet, 160.0), above


def texts(lines: list[Heading], size: float) -> list[str]:
    return [line.words for line in lines if line.size == size][::-1]


def test_lines_are_as_long_as_there_is_room() -> None:
    over = 0
    for drawn, bars in PICTURES:
        lines, (room, _) = headings(drawn, edges(drawn), bars), room_of(drawn, bars)
        for whole, size in ((drawn.title or "", 21.0), (drawn.subtitle, 13.0)):
            shown, bold = texts(lines, size), size > 13
            assert " ".join(shown).split() == whole.split()
            for line, after in pairwise([*shown, ""]):
                assert width(line, size, bold) <= room or " " not in line
                assert not after or width(f"{line} {after.split()[0]}", size, bold) > room
                over += bool(after)
    assert over > 40


def test_lines_stand_over_each_other_and_as_low_as_what_is_under_them_lets_them() -> None:
    """Five points between lines of one text, eighteen under each text; never lower than beside the top."""
    kinds = set()
    for drawn, bars in PICTURES:
        inner = edges(drawn)
        lines, (_, above) = headings(drawn, inner, bars), room_of(drawn, bars)
        for low, high in pairwise(lines):
            assert high.y - low.y - 0.8 * low.size == pytest.approx(5 if low.size == high.size else 18)
        foot, top = lines[0].y - 18, max([inner.top, *(bar.y for bar in bars)])
        end = lines[-1].y + 0.8 * lines[-1].size
        wide = max(width(x.words, x.size, x.size > 13) for x in lines)
        under = [b.y + b.height / 2 for b in drawn.boxes if b.x - b.width / 2 < inner.left + wide + 28]
        least = max([0.0, *under])
        assert foot == pytest.approx(top if above else max(least, top - (end - foot)))
        kinds.add("above" if above else "on a part" if foot == pytest.approx(least) else "beside the top")
    assert kinds == {"above", "on a part", "beside the top"}


@each(
    "part, right",
    [
        (Box(50, 10, 40, 30, "op", "#fff", [], "", []), [(30, 70, 25)]),
        (Tile(50, 10, 40, 30, "#fff", ""), [(30, 70, 25)]),
        (Note(50, 10, "nn", "#000", 10), [(50 - width("nn", 10, True) / 2, 50 + width("nn", 10, True) / 2, 20)]),
        (Band(30, 70, 0, 40, "t = 0"), [(6, 94, 40)]),
        (Band(30, 70, 0, 40, "cell", times=3), [(6, 94, 64)]),
        (Cut(50, 0, 40), [(49, 51, 40)]),
        (Arrow(0, 0, [(30, 10), (40, 60), (60, 5), (70, 20)], "#000", 1.0), [(30, 70, 60)]),
    ],
    ids=["box", "tile", "note", "column", "cards", "cut", "arrow"],
)
def test_over_each_part_the_roof_is_its_top_and_beside_it_the_ground(part: Any, right: Any) -> None:
    """Over a column there is room at both sides for what passes there; a stack has cards behind."""
    kind = {Box: "boxes", Tile: "tiles", Note: "notes", Band: "bands", Cut: "cuts", Arrow: "arrows"}[type(part)]
    drawn, ((low, high, top),) = Picture(**{kind: [part]}), right
    near = 1e-6
    assert roof(drawn, low - 50, low - near) == roof(drawn, high + near, high + 50) == 0.0
    for left, end in ((low - 50, low + near), (high - near, high + 50), (low + 1e-3, low + 2e-3), (low - 9, high + 9)):
        assert roof(drawn, left, end) == top
