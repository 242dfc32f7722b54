"""Backgrounds and texts of the columns: steps and tokens at their feet, the names of phases over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from itertools import pairwise
from typing import Any

from ...core.errors import GraphError, shown
from ...core.node import Node
from ..colours import INK
from ..labels import HEAD, clean, width
from ..layout.clearance import clear_of_arrows
from ..layout.spots import Placed
from ..picture import Band, Note, Picture
from ..shown.folding import Folded, When
from ..shown.regions import AFTER, Regions
from ..shown.truncation import cut_pairs

BLANKS = {"\n": "⏎", "\t": "⇥"}
"""What a blank token shows, as it would show nothing; another blank shows ␣."""


def headings(ops: Folded, folded: Folded, tokens: Any) -> list[tuple[str, str]]:
    """Returns title and text of each column: ``t = 3``, its token; of dots, how often ``ops`` are cut among them."""
    texts = by_column(ops, tokens)
    texts |= {c: " · ".join(x for x in (texts.get(c, ""), said) if x) for c, said in ops.padding.items()}
    spans: dict[When, tuple[str, str]] = {}
    gaps = {*pairwise(ops.columns())}.intersection(cut_pairs(ops) if folded.dotted else ())
    for last, (a, b) in folded.dotted.items():
        cuts = sum((last[0], a) <= before and after <= last for before, after in gaps)
        spans[last] = (f"t = {a}" if a == b else f"t = {a} … {b}", f"cut {cuts}×" * bool(cuts))
    return [spans.get(c) or (f"t = {c[1]}", texts.get(c, "")) for c in folded.columns()]


def head_widths(heads: list[tuple[str, str]]) -> list[float]:
    """Returns the widths that the texts under the columns take, in points."""
    return [width(title, HEAD, True) + width(token, 12) + 12 * bool(token) for title, token in heads]


def by_column(ops: Folded, tokens: Any) -> dict[When, str]:
    """Maps each column to its token; where an encoder feeds a decoder there may be one for each column of both."""
    steps, columns = ops.steps, ops.columns()
    if tokens is None:
        return {}
    if isinstance(tokens, Mapping):
        unknown = [t for t in tokens if t not in set(steps)]
        if unknown:
            problem = f"draw: tokens has a key {shown(unknown[0])} that is no time step of the graph"
            fix = "pass a dict from step to text, or a list with one text per step"
            expected = f"steps from {steps[0]} to {steps[-1]}" if steps else "no step"
            raise GraphError(problem, got=shown(unknown[0]), expected=expected, fix=fix)
        return {c: _seen(tokens.get(c[1], "")) for c in columns}
    texts = _listed(tokens)
    if len(texts) not in (len(steps), len(columns)):
        more = f", or of {len(columns)}, one per column" if len(columns) > len(steps) else ""
        some = f'tokens={{{steps[0]}: "the"}} gives a text to some steps alone' if steps else ""
        raise GraphError(
            "draw: the number of tokens differs from the number of time steps",
            expected=f"a list of {len(steps)} texts, one per step{more}, or a dict from step to text",
            got=f"{len(texts)} text{'s' * (len(texts) > 1)}" if texts else type(tokens).__name__,
            fix=some or "mark the steps by tg.unroll or with tg.step(t)",
        )
    places = steps if len(texts) == len(steps) else columns
    of = dict(zip(places, texts, strict=True))
    return {c: of[c[1] if places is steps else c] for c in columns}


def _listed(tokens: Any) -> list[str]:
    in_order = isinstance(tokens, Iterable) and not isinstance(tokens, (str, bytes, Mapping, Set, Node))
    listed = list(tokens) if in_order else []
    inner = next((x for x in listed if isinstance(x, (list, tuple)) or getattr(x, "ndim", False)), None)
    if inner is not None:
        problem, got = "draw: tokens holds lists, not texts", f"{len(listed)} of them, such as {shown(inner)}"
        fix = "pass the texts of one sequence: those of a batch differ"
        raise GraphError(problem, expected="a text for each step", got=got, fix=fix)
    return [_seen(token) for token in listed]


def _seen(token: Any) -> str:
    text = str(token)
    return clean("".join(BLANKS.get(c, "␣") for c in text) if text.isspace() else text)


def draw_bands(picture: Picture, placed: Placed, where: Regions, heads: list[tuple[str, str]]) -> None:
    """Draw a band for each column, and one for what is computed once after the last step."""
    for c, (head, token) in enumerate(heads):
        if c in placed.edges:  # all boxes of a step may be initial states, which stand before the columns
            picture.bands.append(Band(*placed.edges[c], placed.foot, placed.top, head, token))
    last = len(where.steps)
    results = [x for x, spot in where.place.items() if spot == AFTER and x not in where.states]
    if last and results and last in placed.edges:
        picture.bands.append(Band(*placed.edges[last], placed.foot, placed.top, "after"))


def draw_phases(picture: Picture, folded: Folded, placed: Placed, where: Regions) -> None:
    """Write the name of each phase over its columns, where no arrow passes."""
    if len(folded.phases.names) < 2:
        return
    for p, name in enumerate(folded.phases.names):
        edges = [placed.edges[c] for c, (phase, _) in enumerate(where.steps) if phase == p and c in placed.edges]
        if edges:
            y, span = placed.top + 16, (edges[0][0], edges[-1][1])
            x = clear_of_arrows(picture, span, width(name, HEAD, True), y)
            picture.notes.append(Note(x, y, name, INK, HEAD))
