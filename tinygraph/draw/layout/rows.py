"""Rows of the boxes in their columns: layers as bands, directions as halves of a band, a straight rail for a state."""

from __future__ import annotations

from typing import NamedTuple

from ...core.node import Node
from ..shown.cells import components
from ..shown.folding import Folded
from ..shown.regions import Regions
from ..shown.repetition import runs
from ..shown.roles import LOOKUPS

PLAIN = {"add", "multiply", "subtract", "where", "maximum", "minimum"}
"""Ops that a rail may run through: a textbook draws them as small circles on the line of the state."""
SHORT = 4
"""Most boxes of a rail in a column."""


class Kinds(NamedTuple):
    """A column as numbers: what each box is, and the boxes of this column that it reads."""

    kinds: tuple[tuple[str, object], ...]
    below: tuple[tuple[int, ...], ...]


class Bands(NamedTuple):
    """Where the boxes of columns of one form stand.

    Attributes:
        band: the band of each box; outputs, which lead to no state, have the number after the last band.
        rails: for a band, maps the boxes through which its state runs straight, from its first use to its new value,
            to 0, and those of the same cell that the new value leads to, such as ``tanh(c)``, to how far they hang
            under the rail.
    """

    band: list[int]
    rails: dict[int, dict[int, int]]


def rows(folded: Folded, where: Regions, columns: dict[int, list[Node]], *, banded: bool = True) -> dict[Node, int]:
    """Returns the row of each box, in linear time, since columns of one form are looked at once.

    ``banded``: whether each cell has rows of its own, and its state a rail; else an op is right above its inputs.
    """
    loops = runs(folded)
    plans = {c: _column(folded, members, loops) for c, members in columns.items()}
    groups: dict[Kinds, list[int]] = {}
    for c, plan in plans.items():
        groups.setdefault(plan, []).append(c)
    row_of: dict[Node, int] = {}
    kind_of = {x: kind for c, members in columns.items() for x, kind in zip(members, plans[c].kinds, strict=True)}
    for column, group in groups.items():
        edges = _recurrent(folded, where, kind_of, {c: columns[c] for c in group}) if banded else {}
        reads = [bool(folded.arrows[x]) or (x.op is not None and x.op.name not in LOOKUPS) for x in columns[group[0]]]
        # data and lookups start one row below an op that starts from a parameter
        numbers = _numbered(column, _bands(column, edges), [0 if y else -1 for y in reads])
        for c in group:
            row_of.update(zip(columns[c], numbers, strict=True))
    if banded and folded.phases.turns:
        _level_loops(folded, {x: c for c, members in columns.items() for x in members}, loops, row_of)
    _level_states(folded, where, row_of)
    foot = min(row_of.values(), default=0)
    return {x: row - foot for x, row in row_of.items()}


def _column(folded: Folded, members: list[Node], loops: dict[Node, frozenset[int]]) -> Kinds:
    index = {x: i for i, x in enumerate(members)}
    ranks: dict[tuple[str, frozenset[int]], int] = {}
    kinds: list[tuple[str, object]] = []
    for x in members:
        key = name, loop = x.kind if x.op is None else x.op.name, loops[x]
        ranks[key] = ranks.get(key, -1) + 1
        kinds.append((name, (loop, ranks[key])))
    reads = (tuple(index[y.source] for y in folded.arrows[x] if y.source in index) for x in members)
    return Kinds(tuple(kinds), tuple(reads))


def _recurrent(
    folded: Folded, where: Regions, kind_of: dict[Node, tuple[str, object]], columns: dict[int, list[Node]]
) -> dict[tuple[int, int], bool]:
    """Maps (state, box that uses it in another column) to whether it runs forward; boxes are told by what they do."""
    at = {kind_of[x]: i for i, x in enumerate(next(iter(columns.values())))}
    edges: dict[tuple[int, int], bool] = {}
    for c, members in columns.items():
        for j, node in enumerate(members):
            for link in folded.arrows[node]:
                other = where.place[link.source]
                i = at.get(kind_of[link.source]) if isinstance(other, int) and other != c else None
                if i is not None:
                    edges[i, j] = c > other  # type: ignore[operator]
    return edges


def _bands(column: Kinds, recurrent: dict[tuple[int, int], bool]) -> Bands:
    n = len(column.kinds)
    if not recurrent:
        return Bands([0] * n, {})
    users: list[list[int]] = [[] for _ in range(n)]
    for j, below in enumerate(column.below):
        for i in below:
            users[i].append(j)
    after = {i: [*above] for i, above in enumerate(users)}
    for i, j in recurrent:
        after[i].append(j)
    parts = components(list(range(n)), after)[::-1]
    part_of = {i: k for k, part in enumerate(parts) for i in part}
    forward = {part_of[i]: ahead for (i, j), ahead in recurrent.items() if part_of[i] == part_of[j]}
    number = _order(column, parts, part_of, forward)
    own = {k: [e for e in recurrent if part_of[e[0]] == part_of[e[1]] == k] for k in number}
    rails = {b: _rail(column, users, set(parts[k]), own[k]) for k, b in number.items()}
    return Bands(_leading(column, parts, part_of, number), rails)


def _order(column: Kinds, parts: list[list[int]], part_of: dict[int, int], forward: dict[int, bool]) -> dict[int, int]:
    """Maps each core, a part through which a state runs, to its band: above the cores that it reads, backward last."""
    depth = [0] * len(parts)
    for k, part in enumerate(parts):
        below = {part_of[i] for j in part for i in column.below[j]} - {k}
        depth[k] = max((depth[x] for x in below), default=0) + (k in forward)
    order = sorted(forward, key=lambda k: (depth[k], not forward[k], parts[k][0]))
    return {k: b for b, k in enumerate(order)}


def _leading(column: Kinds, parts: list[list[int]], part_of: dict[int, int], number: dict[int, int]) -> list[int]:
    """Returns the band of each box: of its core, else the lowest core that it leads to, else after the last."""
    last = len(number)
    band = [number.get(part_of[i], last) for i in range(len(column.kinds))]
    for j in reversed(range(len(band))):
        for i in column.below[j]:
            if part_of[i] not in number:
                band[i] = min(band[i], band[j])
    return band


def _rail(column: Kinds, users: list[list[int]], core: set[int], recurrent: list[tuple[int, int]]) -> dict[int, int]:
    """Returns the rail of the first state of a core that runs through a few plain ops, such as c of an LSTM."""
    for state, use in sorted(recurrent):
        rail = _run(column, users, use, state)
        if rail is not None:
            depth = dict.fromkeys(rail, 0)
            reached = {state}
            for j in range(state + 1, len(column.kinds)):
                over = reached.intersection(column.below[j])
                if over and j in core:
                    reached.add(j)
                    depth[j] = 1 + max(depth[i] for i in over)
            return depth
    return {}


def _run(column: Kinds, users: list[list[int]], use: int, state: int) -> list[int] | None:
    """Returns the boxes from the use of a state to its new value, if each but the last is used by the next alone."""
    rail = [use]
    while rail[-1] != state:
        if len(users[rail[-1]]) != 1 or len(rail) == SHORT or column.kinds[rail[-1]][0] not in PLAIN:
            return None
        rail.append(users[rail[-1]][0])
    return rail if len(rail) == 1 or column.kinds[state][0] in PLAIN else None


def _numbered(column: Kinds, bands: Bands, feet: list[int]) -> list[int]:
    """Returns the rows: in each band an op is above its inputs, data is right below its user."""
    n = len(column.kinds)
    row = [0] * n
    base = 0
    for b in range(max(bands.band, default=0) + 1):
        members = [i for i in range(n) if bands.band[i] == b]
        if b:
            base = 1 + max(row[i] for i in range(n) if bands.band[i] < b)
            base += any(feet[i] < 0 and not column.below[i] for i in members)
        _stack(column, bands, b, members, feet, row, base)
    return row


def _stack(column: Kinds, bands: Bands, b: int, members: list[int], feet: list[int], row: list[int], base: int) -> None:
    depths = bands.rails.get(b, {})
    users: dict[int, list[int]] = {}
    for j in members:
        for i in column.below[j]:
            users.setdefault(i, []).append(j)
        if j not in depths:
            inner = [row[i] + 1 for i in column.below[j]]
            row[j] = max([*inner, base]) if inner else base + feet[j]
    beside = (row[i] + 1 + depth for j, depth in depths.items() for i in column.below[j] if i not in depths)
    top = max([base, *beside])
    for j, depth in depths.items():
        row[j] = top - depth
    for i in members:
        if i in users and not column.below[i]:
            row[i] = max(row[i], min(row[j] for j in users[i]) - 1)


def _level_loops(
    folded: Folded, column: dict[Node, int], loops: dict[Node, frozenset[int]], row_of: dict[Node, int]
) -> None:
    """Move what a loop with a state has in a column up to where it is highest, as it drops where another has ended."""
    reads = {x for x in column if folded.arrows[x] or (x.op is not None and x.op.name not in LOOKUPS)}
    at = {x: (c, loops[x]) for x, c in column.items() if x in folded.phases.loop and x in reads}
    feet: dict[tuple[int, frozenset[int]], int] = {}
    for x, key in at.items():
        feet[key] = min(row_of[x], feet.get(key, row_of[x]))
    pairs = [(at[y.source], at[x]) for x in at for y in folded.arrows[x] if y.source in at]
    carrying = {i for (c, i), (d, j) in pairs if c != d and i == j}
    highest: dict[frozenset[int], int] = {}
    for (_, i), foot in feet.items():
        highest[i] = max(foot, highest.get(i, foot))
    lifts, data = dict[Node, int](), dict[Node, int]()
    for x, c in column.items():
        near = [y.source for y in folded.arrows[x] if column.get(y.source) == c]
        own = highest[at[x][1]] - feet[at[x]] if x in at and at[x][1] in carrying else 0
        lifts[x] = max([own, *(lifts[y] for y in near)])
        data |= {y: min(lifts[x], data.get(y, lifts[x])) for y in near if y not in at}
    row_of.update({x: row_of[x] + lift for x, lift in (lifts | data).items()})


def _level_states(folded: Folded, where: Regions, row_of: dict[Node, int]) -> None:
    """Move initial states to the row of their users, one state per row."""
    lowest: dict[Node, int] = {}
    for node in folded.nodes:
        for link in folded.arrows[node]:
            if link.source in where.states and node in row_of:
                lowest[link.source] = min(row_of[node], lowest.get(link.source, row_of[node]))
    occupied: set[tuple[int | str, int]] = set()
    for node, row in lowest.items():
        while (where.place[node], row) in occupied:
            row += 1
        occupied.add((where.place[node], row))
        row_of[node] = row
