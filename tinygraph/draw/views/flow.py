"""The flow view: how much of the loss at each step reaches the state at each step, as a matrix of colours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...core.errors import GraphError
from ...core.node import Node
from ...core.traced import Traced
from ..norms.heat import Heat
from ..norms.reach import Reach, reaches, seeds_of
from ..norms.states import states
from ..norms.verdict import matrix_text
from ..options import Options, roots_of
from ..picture import Picture
from ..shown.folding import Folded, fold
from ..shown.roles import roles
from ..shown.truncation import crossings, cut_as_asked, spacing
from .panel import Look, panel
from .unrolled import token_texts

MOST = 64
"""Steps that a matrix shows: of more, so many evenly spaced ones."""
PANELS = 4
APART = 26.0


def flow(given: Any, options: Options) -> Picture:
    """A panel for each state: time s to the right, upwards the time t of the loss.

    The loss at t is what of the root leaves the recurrence in step t: where per-step losses are
    added up, that step's loss. The vectors whose norms are shown add up over t to the gradient
    d root / d state at s.
    """
    roots, options = cut_as_asked(roots_of(given), options)
    root = _one_loss(roots, options)
    folded = fold(roots)
    made = states(folded, roots)
    _check(folded, bool(made))
    seeds = seeds_of(root, folded, roles(folded, roots))
    if not seeds:
        raise GraphError(
            "draw: no gradient of the loss comes back to a time step",
            got=root.label(),
            fix="look for a stop_gradient, or an op without a gradient, on the way",
        )
    shown = reaches(root, made[:PANELS], seeds, MOST)
    warmth = _scale(shown)
    picture = Picture(title=options.heading)
    picture.told = [picture.title] if picture.title else []
    look = Look(warmth, shown, token_texts(folded.steps, options.tokens))
    left = 0.0
    for reach in shown:
        left = panel(picture, reach, look, left) + APART
        picture.told += ["", *matrix_text(reach)]
    picture.scale = (warmth.low, warmth.high)
    picture.told = picture.told[not picture.title :]
    picture.subtitle = _told(folded, roots, shown, len(made))
    return picture


def _one_loss(roots: list[Node], options: Options) -> Node:
    if len(roots) != 1 or roots[0].size != 1:
        raise GraphError(
            "draw: the flow view needs one loss of one element",
            expected='tg.draw(loss, "flow")',
            got=", ".join(f"{x.label()} {x.shape}" for x in roots),
        )
    if isinstance(roots[0], Traced):
        raise GraphError(
            "draw: the flow view needs values, and the graph of a compiled function has none",
            got=roots[0].label(),
            fix="draw what the function gives when it is not compiled",
        )
    if isinstance(options.gradients, Mapping):
        raise GraphError(
            "draw: the flow view computes its gradients, one for each time step of the loss",
            expected="gradients left out",
            got="a dict",
        )
    return roots[0]


def _check(folded: Folded, has_states: bool) -> None:
    if not folded.steps:
        raise GraphError(
            "draw: the flow view shows time, and this graph has no time steps",
            expected="nodes of steps",
            got="none",
            fix="mark the steps by tg.unroll or with tg.step(t)",
        )
    if not has_states:
        raise GraphError(
            "draw: the flow view shows what state carries, and no state crosses from one step to another",
            expected="a state made in one step and used in the next",
            got=f"{len(folded.steps)} steps",
        )


def _scale(shown: list[Reach]) -> Heat:
    """From light to dark between powers of ten."""
    logs = [math.log10(x) for reach in shown for x in reach.norms.values() if 0 < x < math.inf]
    if not logs:
        return Heat()
    low, high = max(math.floor(min(logs)), -307), min(math.ceil(max(logs)), 308)
    return Heat(low=10.0 ** min(low, 307), high=10.0 ** max(high, low + 1))


def _told(folded: Folded, roots: list[Node], shown: list[Reach], count: int) -> str:
    told = ["‖∂ loss at t / ∂ state at s‖"]
    k = spacing(crossings(folded, roots))
    if k is not None:
        told.append(f"truncated BPTT, k = {k}" if k else "truncated BPTT")
    stride = max(_stride(x) for reach in shown for x in (reach.rows, reach.columns))
    if stride > 1:
        told.append(f"every {stride}{'nd' if stride == 2 else 'th'} step")
    if count > len(shown):
        told.append(f"the first {len(shown)} of {count} states")
    return "; ".join(told)


def _stride(steps: list[int]) -> int:
    return (steps[-1] - steps[0]) // (len(steps) - 1) if len(steps) > 1 else 1
