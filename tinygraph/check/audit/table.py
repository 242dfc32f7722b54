"""The table: how far each hand-written gradient is from the right one, in which direction, and by which number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...engine.grad import grad
from .cases import Cases
from .clipped import Clipping, clipping_in
from .scales import NEAR, Sizes, name_of_scale, sizes_of
from .subject import Case, Outcome, Subject


@dataclass(frozen=True)
class TableRow:
    """One gradient at one number of steps.

    Attributes:
        parameter: its name.
        steps: the number of steps; None where it is not known.
        error: |hand - right| / |right|, in the norm over all elements.
        cosine: of the angle between the two.
        scale: the number with hand = scale * right, as nearly as there is one.
        name: what the scale is ("sign", "2", "T", "1/B", "ln 2 * 1/T"), or what else is to be said ("missing").
        right: whether it is right, perhaps clipped.
    """

    parameter: str
    steps: int | None
    error: float
    cosine: float
    scale: float
    name: str
    right: bool = False


@dataclass(frozen=True)
class Probe:
    """Hand-written and right gradients at one number of steps, by the names of the parameters."""

    steps: int | None
    hand: Mapping[str, np.ndarray | None]
    right: Mapping[str, np.ndarray]
    sizes: Sizes


def tolerance_of(subject: Subject) -> float:
    """The largest error of a right gradient: half the digits of the dtype, as of `tg.check.gradients`."""
    return float(max(np.finfo(x.dtype).eps for x in subject.parameters.values()) ** 0.5)


def right_gradients(outcome: Outcome) -> dict[str, np.ndarray]:
    """The gradients of the loss of a run on nodes."""
    if not outcome.right:
        outcome.right.update({name: g.value for name, g in grad(outcome.loss, outcome.leaves).items()})
    return {**outcome.right}


def probe(subject: Subject, cases: Cases, case: Case) -> Probe:
    """Runs the passes on arrays, and the forward pass on nodes."""
    outcome = subject.on_nodes(case, back=False)
    outputs = outcome.outputs
    return Probe(case.steps, subject.gradients(case), right_gradients(outcome), sizes_of(cases, case, outputs))


def rows(probes: Sequence[Probe], tolerance: float = 1.5e-8) -> tuple[TableRow, ...]:
    """A row for each parameter and number of steps.

    A name holds at all numbers of steps where there is such a one: 2 and T are the same at T = 2 alone.
    """
    clipping = clipping_in([(p.hand, p.right) for p in probes], tolerance)
    return tuple([row for name in probes[0].right for row in _of_parameter(name, probes, clipping, tolerance)])


def _of_parameter(name: str, probes: Sequence[Probe], clipping: Clipping, tolerance: float) -> list[TableRow]:
    table = [compared(name, probe, tolerance) for probe in probes]
    limits = [clipping.words(k, name) for k in range(len(table))]
    table = [replace(row, name=words, right=True) if words else row for row, words in zip(table, limits, strict=True)]
    open_rows = [k for k, row in enumerate(table) if not row.name and row.error != 0]
    scaled = [k for k in open_rows if 1 - table[k].cosine ** 2 <= max((10 * tolerance) ** 2, 1e-13)]
    if all(table[k].right for k in open_rows):
        return table
    near, joint = max(NEAR, 10 * tolerance), ""
    if scaled == open_rows:
        joint = name_of_scale([table[k].scale for k in scaled], [probes[k].sizes for k in scaled], near)
    for k in scaled:
        alone = {size: n for size, n in probes[k].sizes.items() if size != "T"}
        told = joint or name_of_scale([table[k].scale], [alone], near)
        table[k] = table[k] if table[k].right else replace(table[k], name=told)
    return table


ORDINARY = 1e-2
"""Where the largest gradient is smaller, the network is flat and its gradients may be rounding alone: the numbers that
an audit draws are of ordinary size."""


def compared(name: str, probe: Probe, tolerance: float) -> TableRow:
    """One comparison, without the name of its scale."""
    due, hand = np.asarray(probe.right[name], float), probe.hand.get(name)
    floor = 1e-4 * tolerance * max(ORDINARY, *(float(np.linalg.norm(g)) for g in probe.right.values()))
    words = _words(hand, due, floor)
    if hand is None or words:
        return TableRow(name, probe.steps, float("inf") if words != "zeros" else 1.0, 0.0, 0.0, words)
    size, own = float(np.linalg.norm(due)), float(np.linalg.norm(hand))
    away = float(np.linalg.norm(hand - due))
    if away <= floor:  # both are zeros, up to rounding
        return TableRow(name, probe.steps, 0.0, 1.0, 1.0, "", True)
    if size <= floor:
        return TableRow(name, probe.steps, float("inf"), 0.0, float("inf"), "zeros are due")
    product = float(np.vdot(hand, due))
    error = away / size
    return TableRow(name, probe.steps, error, product / size / own, product / size**2, "", error <= tolerance)


def _words(hand: np.ndarray | None, due: np.ndarray, floor: float) -> str:
    """What is to be said of a gradient that cannot be compared."""
    if hand is None:
        return "missing"
    if hand.shape != due.shape:
        turned = hand.T.shape == due.shape and np.allclose(hand.T, due)
        return f"of shape {hand.shape}, not {due.shape}" + (": transposed" if turned else "")
    if not np.isfinite(hand).all():
        return "NaN" if np.isnan(hand).any() else "infinite"
    return "zeros" if not np.any(hand) and np.linalg.norm(due) > floor else ""
