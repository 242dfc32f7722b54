"""Saliency over time: the gradient of the loss with respect to what each step reads, per feature and per token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...core.errors import GraphError
from ...core.graph import ancestors
from ...core.leaves import Parameter
from ...core.node import Node
from ...engine.grad import derive
from ..norms.heat import norm_of
from ..norms.states import shared_name
from ..options import one_loss
from ..shown.folding import When
from ..shown.letters import timeless
from ..shown.roles import roles
from ..shown.slices import row_of
from .reading import Reading
from .sheets import Sheet, Ticks


def saliency_sheets(reading: Reading) -> list[Sheet]:
    """Returns two sheets for each input: the norm of the gradient at each step, and its size for each feature.

    Raises:
        GraphError: it is no loss of one element, or no gradient reaches an input with a time step.
    """
    root = one_loss(reading.roots, "the view saliency", expected='tg.draw(loss, "saliency")', floats=True)
    read = _inputs(reading)
    nodes = dict.fromkeys(x for group in read.values() for x, _ in group.values())
    order = ancestors([root], gradients=True)
    slopes = {x: np.zeros(x.shape) for x in nodes}
    with np.errstate(all="ignore"):
        slopes |= derive(order, set(nodes), {root: np.ones(root.shape, root.dtype)}, as_graph=False)
    if not any(map(np.any, slopes.values())):
        raise GraphError(
            "draw: no gradient of the loss reaches an input with a time step",
            expected="inputs of floating-point numbers, or embeddings, that the steps read",
            got=f"{len(reading.folded.steps)} time steps, {len(nodes)} inputs",
            fix=reading.way_out if not reading.folded.steps else "",
        )
    return [sheet for group in read.values() for sheet in _sheets(reading, group, slopes)]


Entrances = dict[When, tuple[Node, int | None]]
"""Maps columns to the node that is read there, and to its row if the node holds those of all steps."""


def _inputs(reading: Reading) -> dict[tuple[int, int], Entrances]:
    """Maps (phase, n-th input) to what the steps read; targets, with which all outputs are compared, are no inputs."""
    folded = reading.folded
    role = roles(folded, reading.roots)
    before = set(ancestors([x for x in reading.nodes if x.step is not None]))
    reached = {x for x in ancestors(reading.roots, gradients=True) if x in before}
    groups: dict[tuple[int, int], Entrances] = {}
    ranks: dict[When, int] = {}
    boxes = [x for x in folded.nodes if role[x] == "input" and x.dtype.kind == "f" and x.name != "real"]
    for x in sorted({*boxes, *_rows_of_tables(reading)} & reached, key=lambda x: x.serial):
        column = folded.column(x)
        at = {column: (x, None)} if column is not None else _rows(reading, x)
        for when, read in at.items():
            rank = ranks[when] = ranks.get(when, -1) + 1
            groups.setdefault((when[0], rank), {})[when] = read
    return groups


def _rows_of_tables(reading: Reading) -> list[Node]:
    """Returns what steps read of a parameter by a number, as ``E[3]``, which has no box; not if all read the same."""
    rows: dict[Node, list[Node]] = {}
    for x in reading.nodes:
        picks = x.op is not None and x.op.name == "getitem" and row_of(x) is not None
        if picks and x.step is not None and isinstance(x.inputs[0], Parameter) and x not in reading.folded.operands:
            rows.setdefault(x.inputs[0], []).append(x)
    moving = [group for group in rows.values() if len({x.attributes["index"] for x in group}) > 1]
    return [x for group in moving for x in group]


def _rows(reading: Reading, x: Node) -> Entrances:
    """Returns the rows of an array that is read whole, outside of time, with a row for each step."""
    phases = {c[0] for c in reading.folded.columns()}
    columns = next((c for p in sorted(phases) if x.ndim > 1 and len(c := reading.columns(p)) == x.shape[0]), [])
    return {c: (x, t) for t, c in enumerate(columns)}


def _sheets(reading: Reading, group: Entrances, slopes: dict[Node, np.ndarray]) -> list[Sheet]:
    letter = shared_name([x for x, _ in group.values()], {}) or _letter(reading, group)
    heading = " · ".join(x for x in (reading.folded.phases.names[next(iter(group))[0]], letter) if x)
    parts = {c: np.abs(slopes[x] if row is None else slopes[x][row]) for c, (x, row) in group.items()}
    each = reading.sheet(
        f"{heading}, each feature",
        parts,
        "feature ↓",
        lambda row, column: f"|∂ loss / ∂ {letter}[{row}]| at t = {column}",
    )
    if len(each.values) == 1:
        return [each]
    columns = zip(each.values.T, each.absent.T, strict=True)
    whole = replace(
        each,
        heading=f"{heading}, all features",
        values=np.array([[norm_of(column[~absent]) for column, absent in columns]]),
        absent=np.atleast_2d(each.absent.all(axis=0)),
        down=Ticks([""], "‖∂‖"),
        told=lambda _, column: f"‖∂ loss / ∂ {letter}‖ at t = {column}",
        strip=True,
        padding=each.padding[:1],
    )
    return [whole, each]


def _letter(reading: Reading, group: Entrances) -> str:
    letters = {timeless(reading.folded.letters.get(x, "")) for x, _ in group.values()}
    return letters.pop() if len(letters) == 1 and "" not in letters else "x"
