"""Rows of boxes in a group, by the rule written down as lists of rows."""

from __future__ import annotations

from random import Random

from tests.each import each
from tinygraph.draw.compiled.frames import _rows
from tinygraph.draw.compiled.items import Item


def group(random: Random) -> list[Item]:
    items = []
    for k in range(random.randrange(1, 16)):
        items.append(Item([], "", [], "add", None, 0))
        items[-1].before = [a for a in range(k) if random.random() < 2 / (k + 1)] + [99] * (random.random() < 0.3)
    return items


def by_rule(items: list[Item], most: int) -> dict[int, int]:
    """Above its inputs in the first row that has space; without any, right below its first user if there is space."""
    rows: list[list[int]] = []

    def row_of(i: int) -> int:
        return next((k for k, row in enumerate(rows) if i in row), -1)

    for i, item in enumerate(items):
        k = max([row_of(a) for a in item.before], default=-1) + 1
        while k < len(rows) and len(rows[k]) >= most:
            k += 1
        rows += [[] for _ in range(k + 1 - len(rows))]
        rows[k].append(i)
    for i, item in enumerate(items):
        users = [row_of(j) for j, other in enumerate(items) if i in other.before]
        if users and not {*item.before} - {99}:
            k = min(users) - 1
            if k > row_of(i) and len(rows[k]) < most:
                rows[row_of(i)].remove(i)
                rows[k].append(i)
    rows = [row for row in rows if row]
    return {i: k for k, row in enumerate(rows) for i in row}


@each("most", [1, 2, 3, 4])
def test_rows_are_as_the_rule_says(most: int) -> None:
    for seed in range(150):
        items = group(Random(seed))
        assert _rows(dict(enumerate(items)), most) == by_rule(items, most), seed
