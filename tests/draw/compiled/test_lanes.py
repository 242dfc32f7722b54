"""Ways of arrows in the compiled view: within their card, and from block to block of a row."""

from dataclasses import dataclass
from itertools import combinations

import pytest

from tests.draw.compiled import functions
from tests.draw.curves import spaced
from tests.draw.test_arrows import picture
from tests.each import each
from tinygraph.draw.compiled.frames import across

from .functions import inside


@each("name", functions.NETWORKS)
def test_an_arrow_stays_in_the_smallest_card_that_holds_both_its_boxes(name):
    drawn = picture("compiled", name)
    for arrow in drawn.arrows:
        ends = drawn.boxes[arrow.tail], drawn.boxes[arrow.head]
        around = [band for band in drawn.bands if all(inside(box, band) for box in ends)]
        card = min(around, key=lambda b: (b.right - b.left) * (b.top - b.foot))
        for x, y in arrow.points:
            assert card.left <= x <= card.right and card.foot <= y <= card.top, arrow


@dataclass
class Block:
    left: float
    width: float
    height: float
    foot: float = 0.0
    behind: float = 9.0


@dataclass
class Way:
    points: list


BLOCKS = [Block(0, 100, 80), Block(150, 120, 60), Block(320, 90, 90), Block(460, 100, 50), Block(600, 100, 70)]


def test_neighbours_are_joined_by_a_level_line_at_half_the_height_of_the_lower_one():
    for (a, b), way in across(BLOCKS, [(0, 1), (1, 2), (2, 3)]).items():
        (x0, y0), (x1, y1) = way[0], way[-1]
        assert (x0, x1) == (BLOCKS[a].left + BLOCKS[a].width + 9, BLOCKS[b].left)
        assert y0 == y1 == min(BLOCKS[a].height, BLOCKS[b].height) / 2


PAIRS = [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 4)]


def test_further_on_each_runs_on_a_track_of_its_own_under_all_blocks():
    ways = across(BLOCKS, PAIRS)
    tracks = {pair: min(y for _, y in way) for pair, way in ways.items()}
    assert len({*tracks.values()}) == len(PAIRS) and max(tracks.values()) < 0
    for (a, b), way in ways.items():
        (x0, y0), (x1, y1) = way[0], way[-1]
        assert y0 == y1 == 0 and BLOCKS[a].left + 60 < x0 < BLOCKS[a].left + BLOCKS[a].width
        assert BLOCKS[b].left < x1 < BLOCKS[b].left + 60
        assert min(x for x, _ in way) == x0 and max(x for x, _ in way) == x1


def meet(a, b):
    """How many times two ways come nearer than a point to each other, counted in stretches."""
    p, q = spaced(Way(a), 0.5), spaced(Way(b), 0.5)
    near = [bool((abs(q - point).max(axis=1) < 0.6).any()) for point in p]
    return sum(now and not before for before, now in zip([False, *near], near, strict=False))


@pytest.mark.parametrize("pairs", [[p for p in PAIRS if p[0] == 0], [p for p in PAIRS if p[1] == 4]], ids=str)
def test_ways_from_one_block_or_into_one_do_not_cross(pairs):
    ways = across(BLOCKS, pairs)
    assert not any(meet(ways[a], ways[b]) for a, b in combinations(pairs, 2))


@each("name", functions.NETWORKS)
def test_arrows_at_one_side_of_a_box_stand_in_the_order_of_their_ways(name):
    """They leave at equal distances around its middle, and do not cross before they turn."""
    drawn = picture("compiled", name)
    sides = {}
    for arrow in drawn.arrows:
        if not arrow.tip:
            sides.setdefault((arrow.tail, "top"), []).append((arrow.points[0], arrow.points[3]))
            sides.setdefault((arrow.head, "foot"), []).append((arrow.points[-1], arrow.points[-4]))
    assert any(len(ends) > 1 for ends in sides.values())
    for (i, _), ends in sides.items():
        box = drawn.boxes[i]
        ends.sort()
        ports, ways = ([x for x, _ in points] for points in zip(*ends, strict=True))
        apart = min(16.0, (box.width - 16) / len(ports))
        middle = (len(ports) - 1) / 2
        assert ports == pytest.approx([box.x + (k - middle) * apart for k in range(len(ports))])
        assert ways == sorted(ways)
