"""The compiled view where its boxes have no room: a card for each block, with a line for each action or its ops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from ...plan.report import amount
from ..colours import GREY
from ..labels import HEAD, clean, width
from ..picture import TITLE, Band, Box, Note, Part, Picture, Point
from .items import Block, Item, LoopCard, Side
from .kernels import wrapped

ROW, LINE, CAPTION, OVER, EDGE, APART = 24.0, 18.0, 53.0, 40.0, 10.0, 12.0
"""Distance of lines, height of one, room for the words of a card and of a band, padding, gap between cards."""
SHORT = 15
"""Letters of lines so short that a card says its work alone."""


class Lines(NamedTuple):
    """How much lists show: what is run ``alone``, or what was traced too; ``most`` lines in a card.

    ``letters``: those of a line; ``folds``: the rows of cards in a band, or its columns if cards stand ``upright``.
    """

    alone: bool
    most: int
    letters: int
    folds: int
    upright: bool


DETAILS = [
    Lines(alone, *form)
    for alone, counts in ((False, (99, 8, 6, 5, 4, 3, 2)), (True, (99, 8, 5, 3, 2)), (False, (0,)), (True, (0,)))
    for form in product(counts, (40, 22, SHORT), (1, 2, 3), (True, False))
]
"""From the most to the least."""


class ListCard(NamedTuple):
    """The lines of a group of ops or actions; ``cost``: how many there are, and their work."""

    name: str
    cost: str
    lines: list[Item]

    @property
    def size(self) -> Point:
        rooms = [width(self.name, HEAD), width(self.cost, TITLE), *(x.width for x in self.lines)]
        return max(rooms) + 2 * EDGE, CAPTION + ROW * len(self.lines) + EDGE


def listed(side: Side, noun: str, doing: Mapping[int, Sequence[int]], detail: Lines) -> list[ListCard]:
    """Returns the cards of a band; ``doing``: maps ops to the actions that do them; ops of one action are a line."""
    cards = []
    for name, groups in _groups(side, side.parts, doing, "once", 1):
        items = [x for group in groups for x in group]
        work, moved = sum(x.flops for x in items), sum(x.bytes for x in items)
        cost, short = amount(work, "FLOP") if work else amount(moved, "B"), detail.letters == SHORT
        count = "" if short else f"{len(items)} {noun}{'s' * (len(items) != 1)} · "
        lines = _costly([_line(group, detail.letters) for group in groups], detail.most)
        cards.append(ListCard(name.replace("loop b", "b") if short else name, count + cost, lines))
    return cards


def _groups(
    side: Side, parts: Sequence[Block], doing: Mapping[int, Sequence[int]], name: str, times: int
) -> Iterator[tuple[str, list[list[Item]]]]:
    """Yields the name of each group that is run, and the items of each line; what no action does has none."""
    for part in parts:
        if isinstance(part, LoopCard):
            yield from _groups(side, part.parts, doing, part.name if part.is_loop else name, times * part.steps)
            continue
        lines: dict[int, list[Item]] = {}
        for i in part.items:
            if side.items[i].role != "removed":
                lines.setdefault(doing.get(i, [i])[0], []).append(side.items[i])
        if lines:
            yield name + f" × {times}" * (name != "once"), [*lines.values()]


def _costly(lines: list[Item], most: int) -> list[Item]:
    """Returns the lines that left their loop or have most work, in order, and one that counts the others."""
    if len(lines) <= most or not most:
        return lines[:most]
    order = sorted(range(len(lines)), key=lambda k: (not lines[k].mark, -lines[k].flops, -lines[k].bytes))
    kept, rest = ([lines[k] for k in sorted(x)] for x in (order[: most - 1], order[most - 1 :]))
    return [*kept, Item([Part(f"{len(rest)} more")], "", [line for x in rest for line in x.tip], "", None, 0)]


def _line(group: list[Item], letters: int) -> Item:
    """Returns ops of one action, or an action, as one line; it begins with the number of an op that left its loop."""
    first, title = group[0], group[0].title
    if first.kind == "fused pass":
        title = [Part(", ".join(first.below.split("\n")[:-1]))]
    elif len(group) > 1:
        title = [Part(", ".join(wrapped([x.kind for x in group])))]
    title = [*[Part(f"[{first.mark}]")] * bool(first.mark), *title]
    words = " ".join(part.text for part in title)
    if len(words) > letters:  # a parameter's name is known by its end
        start = letters // 2 if any(part.kind == "chip" for part in title) else letters - 1
        title = [Part(clean(f"{words[:start]}…{words[len(words) - letters + 1 + start :]}"))]
    role = "state" if "state" in [x.role for x in group] else first.role
    costs, tip = (sum(x.flops for x in group), sum(x.bytes for x in group)), [line for x in group for line in x.tip]
    return Item(title, "", tip, first.kind, first.loop, *costs, role=role, mark=first.mark, gone=first.gone)


def draw_lists(picture: Picture, heads: Sequence[str], bands: Sequence[list[ListCard]], detail: Lines) -> None:
    """Draw the bands; their cards stand in the order in which they are run."""
    left = top = 0.0
    for words, cards in zip(heads, bands, strict=True):
        head, first = words.partition(":")[0] if detail.letters == SHORT else words, len(picture.bands)
        right, foot, beside = left + width(head, HEAD, bold=True) + 20, top - OVER, 0.0
        count = -(-len(cards) // detail.folds) or 1
        for run in (cards[k : k + count] for k in range(0, len(cards), count)):
            broad, along = max(x.size[not detail.upright] for x in run), 0.0
            for card in run:
                x, y = (beside, along) if detail.upright else (along, beside)
                x, y, (wide, high) = left + EDGE + x, top - OVER - y, card.size
                right, foot = max(right, x + wide + EDGE), min(foot, y - high - EDGE)
                _draw(picture, card, x, y, broad if detail.upright else wide)
                along += APART + (high if detail.upright else wide)
            beside += broad + APART
        picture.bands.insert(first, Band(left, right, foot, top, head, headed=True))
        left, top = (right + APART, top) if detail.upright else (left, foot - APART)


def _draw(picture: Picture, card: ListCard, left: float, top: float, wide: float) -> None:
    """Draw a card: its name, its cost, and its lines from above."""
    x = left + wide / 2
    picture.bands.append(Band(left, left + wide, top - card.size[1], top, card.name, headed=True))
    picture.notes.append(Note(x, top - 41, card.cost, GREY, TITLE))
    for k, line in enumerate(card.lines):
        place = x, top - CAPTION - ROW * k - LINE / 2, wide - 2 * EDGE, LINE
        picture.boxes.append(Box(*place, line.role, "#ffffff", line.title, "", line.tip, dashed=line.gone))
