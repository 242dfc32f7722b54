"""The flow view: a heat map of the gradient of each step's loss with respect to each step's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...core.errors import GraphError
from ...core.node import Node
from ..norms.heat import Heat, between_powers
from ..norms.reach import Reach, reaches, seeds_of
from ..norms.states import State, states
from ..norms.verdict import matrix_text
from ..options import Options, one_loss, refuse_traced, roots_of
from ..picture import Picture
from ..shown.folding import Folded, When, fold
from ..shown.naming import heading, names
from ..shown.roles import roles
from ..shown.truncation import crossings, cut_as_asked, cuts_in_words, spacing
from ..views.heads import by_column
from .axes import into_axes
from .panel import matrix, medians
from .plot import Room, plot
from .sheets import Sheet, notes

MOST, LAST = 64, 50
"""Most steps that a matrix shows; of more steps it shows so many of the last ones."""
PANELS = 4
ROOM, TALLEST = 480.0, 26.0
"""Width and height of a matrix, without an area to fit; the highest tile without a number."""


def candidates(target: Any, options: Options) -> Iterator[Picture]:
    """Yields one panel per state: the state's time s runs to the right, the loss's time t upward.

    Then smaller pictures: without medians, at last of the first state alone.
    """
    roots, options = cut_as_asked(roots_of(target), options)
    root = one_loss(roots, "the flow view", expected='tg.draw(loss, "flow")')
    refuse_traced(root, "flow")
    if isinstance(options.gradients, Mapping):
        problem = "draw: the flow view computes its gradients itself, one for each time step of the loss"
        raise GraphError(problem, expected="no gradients argument", got="a dict")
    folded = fold(roots)
    all_states = states(folded, roots)
    _check(folded, all_states)
    seeds = seeds_of(root, folded, roles(folded, roots))
    if not seeds:
        problem = "draw: no gradient of the loss reaches a time step"
        fix = "look for a stop_gradient or an op without a gradient between the steps and the loss"
        raise GraphError(problem, got=root.label(), fix=fix)
    shown, count = reaches(root, all_states, seeds, MOST, LAST, PANELS)
    if options.ax is not None:
        sheets = _stacked(shown, by_column(folded, options.tokens))
        into_axes(options.ax, sheets, _scale(shown, options), heading(folded, options, "gradient flow"))
    for room, panels in SIZES:
        told = _subtitle(folded, roots, shown[:panels], count)
        yield _drawn(folded, shown[:panels], room, told, options)


SIZES = ((ROOM, PANELS), (260.0, PANELS), (160.0, PANELS), (130.0, PANELS), (160.0, 1), (130.0, 1), (90.0, 1))
"""Widths of a matrix, and how many of them, from the most to the least room."""


def _drawn(folded: Folded, shown: list[Reach], room: float, subtitle: list[str], options: Options) -> Picture:
    heat_map, tokens = _scale(shown, options), by_column(folded, options.tokens)
    picture = Picture(title=heading(folded, options, "gradient flow"), names=names(folded, options))
    matrices = [matrix(reach, reach.columns, tokens, heat_map.level) for reach in shown]
    for k, sheet in enumerate(matrices):
        sheet.block = k
    bars = [[*medians(reach, heat_map.level)] for reach in shown]
    blocks = [[one, *(below if room == ROOM else [])] for one, below in zip(matrices, bars, strict=True)]
    count = plot(picture, blocks, heat_map.colour, Room(room * len(shown), room, TALLEST))
    less = ["without medians"] * (room < ROOM and any(bars))
    picture.subtitle = "; ".join([*subtitle, *less, *notes(0, 1, matrices, matrices, count)])
    picture.scale, picture.keys = (heat_map.low, heat_map.high), heat_map.keys
    texts = [[options.heading]] if options.heading else []
    texts += [matrix_text(reach) for reach in shown]
    picture.plain_text = [line for text in texts for line in ("", *text)][1:]
    return picture


def _scale(shown: list[Reach], options: Options) -> Heat:
    seen = [(reach, set(reach.columns)) for reach in shown]
    norms = (x for reach, columns in seen for (_, s), x in reach.norms.items() if s in columns)
    return between_powers(norms).within(options.scale)


def _stacked(shown: list[Reach], tokens: dict[When, str]) -> list[Sheet]:
    """Returns the matrices over the steps of all of them, so that they stand one over the other."""
    steps = sorted({s for reach in shown for s in reach.columns})
    sheets = [matrix(reach, steps, tokens) for reach in shown]
    if len({x.of_state for x in shown}) > 1:
        sheets[-1].across.tokens = []  # a column is a step of several phases
    return sheets


def _check(folded: Folded, all_states: list[State]) -> None:
    if not folded.steps:
        problem = "draw: the flow view needs time steps, but no node of this graph has one"
        fix = "mark the steps by tg.unroll or with tg.step(t)"
        raise GraphError(problem, expected="nodes with a time step", got="no steps", fix=fix)
    if not all_states:
        problem = "draw: the flow view shows gradients of states, but no state crosses from one step to another"
        expected = "a state that one step computes and the next step uses"
        raise GraphError(problem, expected=expected, got=f"{len(folded.steps)} steps")


def _subtitle(folded: Folded, roots: list[Node], shown: list[Reach], count: int) -> list[str]:
    parts = ["‖∂ loss at t / ∂ state at s‖"]
    k = spacing(crossings(folded, roots))
    if k is not None:
        parts.append(cuts_in_words(k, folded))
    parts += _window(folded, shown)
    if count > len(shown):
        parts.append(f"the first {len(shown)} of {count} {'states' if shown[0].loss == 'loss' else 'panels'}")
    return parts


def _window(folded: Folded, shown: list[Reach]) -> list[str]:
    """Says which of many steps are shown."""
    columns = [reach.columns for reach in shown if len(reach.columns) < len(reach.state.at)]
    if not columns and all(len(reach.rows) <= MOST for reach in shown):
        return []
    at_end = all(reach.columns[-1] == max(reach.state.at) for reach in shown)
    count = max((len(reach.state.at) for reach in shown), default=len(folded.steps))
    return [f"the last {LAST} of {count} steps" if at_end else f"{LAST} of {count} steps, up to where the loss enters"]
