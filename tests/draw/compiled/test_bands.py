"""Blocks of the two bands: in the order in which they run from left to right, the same loops over one another."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from tests.each import each
from tinygraph.draw.compiled.items import Item, ItemGroup, LoopCard, Side
from tinygraph.draw.compiled.sketch import APART, BETWEEN, STACK, Sketch, stacked


def side(kinds: str) -> Side:
    """A band of blocks, ``g`` for a group and ``l`` for a loop of one op, the k-th with a name of k signs."""
    made = Side()
    for k, kind in enumerate(kinds, 1):
        item = Item([], "x" * 9 * k, [], "add", None, 1)
        if kind == "g":
            made.add(made.parts, item)
        else:
            card = LoopCard("loop", k + 1, [])
            made.add(card.parts, item)
            made.parts.append(card)
    return made


KINDS = ["g", "l", "gl", "lg", "ll", "glg", "lgl", "gllg", "glgl"]


@each("above, below", [(a, b) for a, b in product(KINDS, KINDS) if len(a + b) > 2])
def test_blocks_stand_in_their_order_and_loops_over_loops(above: str, below: str) -> None:
    sketches = [Sketch(name, side(kinds)) for name, kinds in (("a", above), ("b", below))]
    stacked(sketches)
    columns: dict[int, list[tuple[float, float]]] = {}
    for sketch, kinds in zip(sketches, (above, below), strict=True):
        assert [card.is_loop for card in sketch.cards] == [k == "l" for k in kinds]
        ends = [(f.left, f.left + f.width + f.behind) for f in sketch.cards]
        assert all(b[0] - a[1] >= APART - 1e-9 for a, b in pairwise(ends))
        assert [f.behind for f in sketch.cards] == [STACK * min(k, 3) * (x == "l") for k, x in enumerate(kinds, 1)]
        for k, end in enumerate(ends):
            columns.setdefault(2 * kinds[:k].count("l") + (kinds[k] == "l"), []).append(end)
    middles = {c: {round((a + b) / 2, 6) for a, b in ends} for c, ends in columns.items()}
    assert all(len(x) == 1 for x in middles.values()), "in the middle of its column"
    edges = [(min(a for a, _ in ends), max(b for _, b in ends)) for _, ends in sorted(columns.items())]
    assert [b[0] - a[1] for a, b in pairwise(edges)] == pytest.approx([APART] * (len(edges) - 1))
    assert sketches[1].foot == 0 and sketches[0].foot == pytest.approx(sketches[1].top + BETWEEN)
    assert isinstance(side("g").parts[0], ItemGroup)
