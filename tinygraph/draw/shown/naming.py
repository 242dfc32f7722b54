"""Names of cells: encoder and decoder, layers, directions, or the scopes that the user gave."""

from __future__ import annotations

from itertools import takewhile

from ..labels import clean
from .cells import CellGroup, starts
from .repetition import Repetition


def name_cells(found: Repetition, made: list[CellGroup]) -> None:
    """Encoder and decoder where one starts from the other's state, else layers, directions, or the scopes' names."""
    home = {g: i for i, cell in enumerate(made) for g in cell.groups}
    cores = [cell for cell in made if not cell.joint]
    for cell in made:
        one = "" if cell.joint else _common([found.groups[g][-1].scope for g in cell.groups])
        cell.name = "each step" if cell.joint else clean(one, 24) if one else "cell" if len(cores) == 1 else ""
    aside = starts(found, made)
    for edge in found.edges:
        origin = _origin(found, home, edge.source) if edge in aside else None
        if origin is not None and origin != home[edge.target]:
            for i, name in ((origin, "encoder"), (home[edge.target], "decoder")):
                made[i].name = made[i].name or name
    lags = [_direction(found, cell) for cell in cores]
    both = len(set(lags) - {0}) > 1
    for k, (cell, lag) in enumerate(zip(cores, lags, strict=True), 1):
        turn = {1: "forward", -1: "backward"}.get(lag, "") if both else ""
        cell.name = cell.name or (turn if len(cores) == 2 and turn else f"layer {k} {turn}".strip())


def _origin(found: Repetition, home: dict[int, int], group: int) -> int | None:
    """The cell that a group is in, or is made from."""
    into: dict[int, list[int]] = {}
    for edge in found.edges:
        into.setdefault(edge.target, []).append(edge.source)
    seen = [group]
    for g in seen:
        if g in home:
            return home[g]
        seen += [s for s in into.get(g, ()) if s not in seen]
    return None


def _common(scopes: list[str]) -> str:
    """The path that all scopes share that are one."""
    paths = [x.split("/") for x in scopes if x]
    shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    return "/".join(parts[0] for parts in shared)


def _direction(found: Repetition, cell: CellGroup) -> int:
    inside = set(cell.groups)
    lags = [e.lag for e in found.edges if e.source in inside and e.target in inside and e.only is None and e.lag]
    return 0 if not lags else 1 if lags[0] > 0 else -1
