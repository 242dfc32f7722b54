"""Saliency over time: the gradient of the loss with respect to what each step reads, per feature and per token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...core.errors import GraphError
from ...core.node import Node
from ..norms.heat import norm_of, slopes_of
from ..norms.states import shared_name
from ..options import one_loss
from ..shown.letters import timeless
from ..shown.same_names import numbered
from ..shown.slices import tag_of
from .reading import Entrances, Reading
from .sheets import Sheet, Ticks


def saliency_sheets(reading: Reading) -> list[Sheet]:
    """Returns two sheets for each input: the norm of the gradient at each step, and its size for each feature.

    Raises:
        GraphError: it is no loss of one element, or no gradient reaches an input with a time step.
    """
    root = one_loss(reading.roots, "the view saliency", expected='tg.draw(loss, "saliency")', floats=True)
    read = reading.inputs
    slopes = slopes_of(root, [x for group in read for x, _ in group.values()])
    if not any(map(np.any, slopes.values())):
        raise GraphError(
            "draw: no gradient of the loss reaches an input with a time step",
            expected="inputs of floating-point numbers, or embeddings, that the steps read",
            got=f"{len(reading.folded.steps)} time steps, {len(slopes)} inputs",
            fix=reading.way_out if not reading.folded.steps else "",
        )
    names = numbered([_name(reading, group) for group in read])
    return [x for group, name in zip(read, names, strict=True) for x in _sheets(reading, group, slopes, name)]


def _sheets(reading: Reading, group: Entrances, slopes: dict[Node, np.ndarray], heading: str) -> list[Sheet]:
    letter = heading.rpartition(" · ")[2]
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


def _name(reading: Reading, group: Entrances) -> str:
    """Returns phase and letter, and which part of an array is read whole: its rows need not be the steps."""
    letters = {timeless(reading.folded.letters.get(x, "")) for x, _ in group.values()}
    letter = letters.pop() if len(letters) == 1 and "" not in letters else "x"
    tags = {tag_of([x]) for x, row in group.values() if row is not None} - {""}
    name = (shared_name([x for x, _ in group.values()], {}) or letter) + "".join(f"[{x}]" for x in tags)
    return " · ".join(x for x in (reading.folded.phases.names[next(iter(group))[0]], name) if x)
