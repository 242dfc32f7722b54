"""The compiled view: the traced ops over the actions of the plan, loops as cards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ...core.errors import GraphError
from ...plan.report import amount
from ..colours import STATE
from ..labels import clean
from ..options import Options
from ..picture import Picture, Tile
from ..shown.roles import BORDERS
from .items import Block, Item, LoopCard, Side
from .kernels import planned
from .lists import DETAILS, Lines, ListCard, draw_lists, listed
from .sketch import Sketch, beside, stacked
from .traces import settle, traced

COSTS = {"FLOP": ("#2c7a7b", "FLOPs"), "B": ("#a0aec0", "bytes where no FLOPs")}
"""Colours of costs and words of the legend, by unit."""
HEADS = "before: what was traced", "after: what is run"
BAR = 5.0
"""Height of a bar that shows a cost."""


def compiled(function: Any, options: Options) -> Picture:
    """Returns the picture of a compiled function's latest plan, as lists if there are too many boxes.

    Raises:
        GraphError: ``function`` is no compiled function, or it was not called yet; JAX compiled it.
    """
    most = math.inf if options.max_nodes is None else options.max_nodes
    pictures = candidates(function, options)
    whole = next(pictures)
    if len(whole.boxes) <= most:
        return whole
    lists = next(x for x in pictures if len(x.boxes) <= most)
    lists.subtitle += f"; {len(whole.boxes)} boxes are lists, for max_nodes = {most}"
    return lists


def candidates(function: Any, options: Options) -> Iterator[Picture]:
    """Yields the pictures for an area: all boxes and arrows, then lists of fewer and shorter lines."""
    plan = _plan_of(function)
    journal, before = plan.journal(), traced(plan.before)
    if journal.actions and not plan.actions:
        problem = "draw: JAX compiles this function as a whole, so its plan has no actions"
        raise GraphError(problem, got=f"backend={plan.backend!r}", fix='tg.compile(fn, "numpy")')
    after = planned(journal, before.parameters)
    doing = settle(before, after, journal.dropped)
    title, named = options.heading or f"{_name(function)}, compiled", frozenset([*before.names, _name(function)])
    texts = listing((before, after), plan.notes)
    blank = partial(Picture, title=title, names=named, plain_text=texts, subtitle=_summary(before, after))
    yield _boxed(blank(), [before, after])
    for detail in DETAILS:
        bands = listed(before, "op", doing, detail), listed(after, "action", {}, detail)
        yield _listed(blank(), bands[detail.alone :], detail)


def _boxed(picture: Picture, sides: Sequence[Side]) -> Picture:
    """Returns the picture with all boxes, their arrows and costs."""
    sketches = [Sketch(head, side) for head, side in zip(HEADS, sides, strict=True)]
    if all(len(sketch.cards) < 2 for sketch in sketches):
        beside(sketches)
    else:
        stacked(sketches)
    for sketch in sketches:
        sketch.draw(picture)
    _bars(picture, [item for side in sides for item in side.items])
    return picture


def _listed(picture: Picture, bands: Sequence[list[ListCard]], detail: Lines) -> Picture:
    """Returns the picture with lists, and says what a line is."""
    lines = [line for cards in bands for card in cards for line in card.lines]
    said = ["what was traced is left out"] * detail.alone
    said += ["a line is an action" + ", or the ops that it does" * (not detail.alone)] * bool(lines)
    said += ["[n] left its loop"] * any(line.mark for line in lines)
    picture.subtitle = "; ".join([picture.subtitle, *said])
    draw_lists(picture, HEADS[detail.alone :], bands, detail)
    return picture


def _name(function: Any) -> str:
    """Returns the name of what was compiled, if it is a function of the user's that has one."""
    fn = getattr(function, "fn", None)
    name = "" if getattr(fn, "__module__", __name__).startswith("tinygraph.") else getattr(fn, "__name__", "")
    return clean(name) if name.isidentifier() else "function"


def _plan_of(function: Any) -> Any:
    plan = getattr(function, "plan", None)
    if plan is None or not all(hasattr(plan, name) for name in ("before", "after", "actions", "notes", "journal")):
        problem = 'draw: view="compiled" needs a compiled function'
        fix = "step = tg.compile(fn); step(x); tg.draw(step, 'compiled')"
        expected = "a result of tg.compile, or of tg.train.step, that was called at least once"
        raise GraphError(problem, got=type(function).__name__, expected=expected, fix=fix)
    return plan


def _summary(before: Side, after: Side) -> str:
    roles = [item.role for item in before.items]
    moved = sum(item.mark > 0 for item in before.items)
    flops = [amount(sum(i.flops for i in side.items), "FLOP") for side in (before, after)]
    return (
        f"{len(roles)} ops traced, {len(after.items)} actions run; {moved} ops left their loop, "
        f"{roles.count('removed')} are done by no action; {flops[0]} a call before, {flops[1]} after"
    )


def _bars(picture: Picture, items: Sequence[Item]) -> None:
    """Draw at the foot of each box its share of the largest cost: FLOPs, or bytes if it has no FLOPs."""
    costs = [("FLOP", i.flops) if i.flops else ("B", i.bytes) for i in items]
    largest = {unit: max((cost for other, cost in costs if other == unit), default=0) for unit in COSTS}
    if any(item.late for item in items):
        picture.keys.append((STATE, "state, to the next step"))
    for unit, (colour, words) in COSTS.items():
        if largest[unit]:
            picture.keys.append((colour, f"{words}, full = {amount(largest[unit], unit)}"))
    for box, item, (unit, cost) in zip(picture.boxes, items, costs, strict=True):
        if item.mark:
            x, y, wide = box.x - box.width / 2 + 3, box.y + box.height / 2 - 2, 8.0 + 6 * len(str(item.mark))
            told = f"left the loop: {item.mark}"
            picture.tiles.append(Tile(x, y, wide, 14.0, BORDERS["moved"], told, str(item.mark)))
        if cost:
            full = box.width - 16
            wide = max(full * cost / largest[unit], 1.5)
            x, y = box.x - full / 2 + wide / 2, box.y - box.height / 2 + BAR / 2 + 3
            picture.tiles.append(Tile(x, y, wide, BAR, COSTS[unit][0], f"{amount(cost, unit)} a call"))


WIDE = 44
"""Characters for an op with its mark and indent."""


def listing(sides: Sequence[Side], notes: Sequence[str]) -> list[str]:
    """Returns the lines: ``[1]`` left its loop and has the same number below, ``-`` is done by no action."""
    lines: list[str] = []
    for head, side in zip(HEADS, sides, strict=True):
        lines += [head, *_blocks(side, side.parts, 1), ""]
    if any(item.role == "removed" for item in sides[0].items):
        lines.append("-   done by no action")
    if any(item.mark for item in sides[0].items):
        lines.append("[n] left its loop; what does it now has the same number")
    return lines + (["", "changed by the passes:", *(f"  {clean(note, 200)}" for note in notes)] if notes else [])


def _blocks(side: Side, parts: Sequence[Block], depth: int) -> list[str]:
    lines = []
    for part in parts:
        if isinstance(part, LoopCard):
            lines += ["    " * depth + f"{part.name} × {part.steps}:", *_blocks(side, part.parts, depth + 1)]
        else:
            lines += [_line(side.items[i], depth) for i in part.items]
    return lines


def _line(item: Item, depth: int) -> str:
    mark = f"[{item.mark}]" if item.mark else "-" if item.role == "removed" else ""
    text = "    " * (depth - 1) + f"{mark:4}" + " ".join(part.text for part in item.title)
    cost = amount(item.flops, "FLOP") if item.flops else amount(item.bytes, "B") if item.bytes else ""
    return f"{text:{WIDE}} {cost:>10}   {item.below.replace(chr(10), ', ')}"
